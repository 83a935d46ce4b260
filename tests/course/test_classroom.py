"""A tiny course whose locks hold one tiny wheel: fetched into a folder, and installed from there."""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from aigc_tf.course import classroom, preflight

CHECKOUT = Path(__file__).resolve().parent.parent.parent
READS = (".ci/offline", "aigc_tf/core", "requirements/make_venv.py")  # what a classroom's folder runs
OFFLINE = [CHECKOUT / ".ci" / "offline"] if os.name == "posix" else []
WHEEL = "tiny_course_wheel-1.0-py3-none-any.whl"


def write_wheel(path):
    """A wheel of one module, whole enough for pip."""
    files = {
        "tiny_course_wheel.py": "answer = 42\n",
        "tiny_course_wheel-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tiny-course-wheel\nVersion: 1.0\n",
        "tiny_course_wheel-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for name, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
        record += f"{name},sha256={digest},{len(text)}\n"
    files["tiny_course_wheel-1.0.dist-info/RECORD"] = record + "tiny_course_wheel-1.0.dist-info/RECORD,,\n"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """The folder that pip takes packages from: no network."""
    folder = tmp_path / "registry"
    folder.mkdir()
    write_wheel(folder / WHEEL)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def course(tmp_path, registry, monkeypatch):
    """A checkout without git, and a machine that has the data files."""
    course = tmp_path / "checkout"
    core = [f"aigc_tf/core/{name}.py" for name in ("command_line", "files", "stack")]
    for name in ("requirements/make_venv.py", *core):
        (course / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / name, course / name)
    digest = hashlib.sha256((registry / WHEEL).read_bytes()).hexdigest()
    for name in ("classic", "current"):
        lock = f"# Written by a test.\ntiny-course-wheel==1.0 \\\n    --hash=sha256:{digest}\n"
        (course / "requirements" / f"{name}.txt").write_text(lock)
    (course / "requirements" / "plays.txt").write_text("# nothing\n")
    for name in ("notebooks/01_chapter.ipynb", "data/mnist.npz"):
        (course / name).parent.mkdir()
        (course / name).write_text(name)
    (tmp_path / "machine").mkdir()
    monkeypatch.setattr(classroom, "BYTES_NEEDED", 0)
    monkeypatch.setattr(classroom.data, "find_file", find_file(tmp_path / "machine"))
    return course


def find_file(machine):
    """`data.find_file` of a machine that keeps its files in the folder `machine`; their hashes do not matter here."""

    def find(name, data_dir):
        for folder in (data_dir, machine):
            if (folder / name).exists():
                return folder / name
        raise FileNotFoundError(name)

    return find


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "class room"  # a blank in the name must not matter


@pytest.fixture
def fetched(course, registry, folder):
    """A fetched folder, when all that it was made from is gone."""
    classroom.fetch_all(folder, course)
    shutil.rmtree(course)
    shutil.rmtree(registry)
    return folder


def files_in(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def git(course, *arguments):
    subprocess.run(["git", "-C", course, *arguments], check=True, capture_output=True)


# What the folder holds.


COURSE_FILES = {
    "requirements/make_venv.py", "requirements/classic.txt", "requirements/current.txt", "requirements/plays.txt",
    "aigc_tf/core/command_line.py", "aigc_tf/core/files.py", "aigc_tf/core/stack.py", "notebooks/01_chapter.ipynb",
    "data/mnist.npz",
}  # fmt: skip


def test_folder_holds_course_and_wheels_and_nothing_else(fetched):
    assert files_in(fetched) == COURSE_FILES | {f"wheels/{WHEEL}", "wheels/made-for.txt"}


def test_nothing_is_left_beside_the_folder(course, folder):
    before = set(folder.parent.iterdir())
    classroom.fetch_all(folder, course)
    assert set(folder.parent.iterdir()) - before == {folder}


@pytest.mark.parametrize("made", [
    ".venv/lib/module.py", ".venv.lock", "build/page.html", "aigc_tf/__pycache__/a.pyc", ".pytest_cache/a", ".git/HEAD",
    "wheels/old.whl", "notebooks/.ipynb_checkpoints/a.ipynb", "notebooks/logs/a", "other-environment/pyvenv.cfg",
])  # fmt: skip
def test_what_the_commands_made_stays_behind(course, folder, made):
    (course / made).parent.mkdir(parents=True, exist_ok=True)
    (course / made).touch()
    classroom.copy_course(course, folder)
    assert files_in(folder) == COURSE_FILES


@pytest.mark.skipif(not shutil.which("git"), reason="git is needed")
def test_git_says_what_belongs_to_the_course(course, folder):
    git(course, "init")
    git(course, "add", "notebooks", "data")
    (course / "data" / "mnist.npz").unlink()  # deleted, and git not told
    classroom.copy_course(course, folder)
    assert files_in(folder) == {"notebooks/01_chapter.ipynb"}


def test_text_of_this_machine_is_taken_along(course, folder, tmp_path):
    (tmp_path / "machine" / "shakespeare.txt").write_text("First Citizen:")
    classroom.fetch_all(folder, course)
    assert (folder / "data" / "shakespeare.txt").read_text() == "First Citizen:"


def test_text_that_is_nowhere_is_said_so(course, folder, capsys):
    classroom.fetch_all(folder, course)
    assert "shakespeare.txt was not found" in capsys.readouterr().out


def test_broken_data_is_no_classroom(course, folder, monkeypatch):
    def broken(name, data_dir):
        raise ValueError(f"{name} is broken")

    monkeypatch.setattr(classroom.data, "find_file", broken)
    with pytest.raises(ValueError, match="is broken"):
        classroom.fetch_all(folder, course)
    assert not folder.exists()


def test_last_words_are_a_command_for_this_python(course, folder, capsys):
    classroom.fetch_all(folder, course)
    said = capsys.readouterr().out
    assert f"Ready: {folder}" in said and classroom.this_system() in said
    assert ("make course" if os.name == "posix" else "make_venv.py .venv build") in said


# Folders that are not written to.


def test_folder_with_something_in_it_is_left_alone(course, folder):
    folder.mkdir()
    (folder / "thesis.txt").touch()
    with pytest.raises(ValueError, match="new or empty. Received: .*class room"):
        classroom.fetch_all(folder, course)
    assert files_in(folder) == {"thesis.txt"}


def test_empty_folder_is_filled(course, folder):
    folder.mkdir()
    classroom.fetch_all(folder, course)
    assert (folder / "wheels" / WHEEL).exists()


def test_foreign_folder_under_the_temporary_name_is_left_alone(course, folder):
    partial = folder.with_name("class room.part")
    partial.mkdir()
    (partial / "thesis.txt").touch()
    with pytest.raises(ValueError, match="is in the way"):
        classroom.fetch_all(folder, course)
    assert files_in(partial) == {"thesis.txt"}


def test_folder_inside_the_course_is_refused(course):
    with pytest.raises(ValueError, match="outside of the course"):
        classroom.fetch_all(course / "classroom", course)


def test_installed_package_is_no_checkout(course, folder):
    shutil.rmtree(course / "requirements")
    with pytest.raises(ValueError, match="not an installed package"):
        classroom.fetch_all(folder, course)


def test_too_little_disk_is_said_before_anything_is_fetched(course, folder, monkeypatch):
    monkeypatch.setattr(classroom, "BYTES_NEEDED", 1e18)
    monkeypatch.setattr(classroom, "download_wheels", None)
    with pytest.raises(ValueError, match="GB needed"):
        classroom.fetch_all(folder, course)


# Interruptions and failures.


@pytest.fixture
def interrupted(course, folder, monkeypatch):
    """A fetch that was stopped when the wheels were there and half of the course."""

    def stop(course, target):
        target.mkdir()
        (target / "half").touch()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(classroom, "copy_course", stop)
        classroom.fetch_all(folder, course)


def test_interrupted_fetch_leaves_nothing_under_the_name(interrupted, folder):
    assert not folder.exists()


def test_next_run_fetches_no_wheel_that_is_there(interrupted, course, folder):
    os.utime(folder.with_name("class room.part") / "wheels" / WHEEL, (0, 0))
    classroom.fetch_all(folder, course)
    assert (folder / "wheels" / WHEEL).stat().st_mtime == 0  # the file of the run before


def test_next_run_keeps_nothing_of_the_half_copied_course(interrupted, course, folder):
    classroom.fetch_all(folder, course)
    assert files_in(folder) == COURSE_FILES | {f"wheels/{WHEEL}", "wheels/made-for.txt"}


def test_wheel_damaged_between_the_runs_is_fetched_again(interrupted, course, folder, registry):
    (folder.with_name("class room.part") / "wheels" / WHEEL).write_bytes(b"half")
    classroom.fetch_all(folder, course)
    assert (folder / "wheels" / WHEEL).read_bytes() == (registry / WHEEL).read_bytes()


def test_wheels_of_other_locks_are_not_kept(interrupted, course, folder):
    partial = folder.with_name("class room.part")
    (partial / "wheels" / "older-1.0-py3-none-any.whl").touch()
    (partial / "wheels" / "made-for.txt").write_text("other locks\n")
    classroom.fetch_all(folder, course)
    assert not (folder / "wheels" / "older-1.0-py3-none-any.whl").exists()


def test_second_run_while_one_is_going_is_refused(course, folder):
    with classroom.file_lock(folder.with_name("class room.part") / "lock"), pytest.raises(BlockingIOError):
        classroom.fetch_all(folder, course)


def test_package_without_a_wheel_is_named_with_this_system(course, folder, registry):
    (registry / WHEEL).rename(registry / "tiny-course-wheel-1.0.tar.gz")
    with pytest.raises(ValueError, match="no wheel of tiny-course-wheel==1.0 was found for Python 3"):
        classroom.fetch_all(folder, course)


@pytest.mark.parametrize("log, said", [
    ("WARNING: Retrying after NewConnectionError: ...\nERROR: No matching distribution", "registry cannot be reached"),
    ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES\n  more", "pip could not download the packages: ERROR: THESE PACK"),
    ("", "no reason given"),
])  # fmt: skip
def test_failure_of_pip_is_one_line(log, said):
    assert said in classroom.diagnose(log) and "\n" not in classroom.diagnose(log)


# Installing from the folder.


def make_venv(fetched):
    """`make_venv.py` of a fetched folder, with no network; pip is set up to use an index that nobody can reach."""
    command = [*OFFLINE, sys.executable, "requirements/make_venv.py", ".venv", "build"]
    nowhere = "http://127.0.0.1:9"
    settings = {"PIP_INDEX_URL": nowhere, "HTTPS_PROXY": nowhere, "HTTP_PROXY": nowhere, "PIP_RETRIES": "0"}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")} | settings
    return subprocess.run(command, cwd=fetched, env=environment, capture_output=True, text=True)


def test_environment_is_installed_from_the_folder_alone(fetched):
    answer = make_venv(fetched)
    assert answer.returncode == 0, answer.stderr
    assert "from the packages in wheels/" in answer.stdout and "network" not in answer.stdout
    (module,) = fetched.glob(".venv/[lL]ib/**/tiny_course_wheel.py")
    assert module.read_text() == "answer = 42\n"


def test_wheel_damaged_in_the_folder_is_refused(fetched):
    with zipfile.ZipFile(fetched / "wheels" / WHEEL, "a") as archive:
        archive.writestr("tiny_course_wheel_more.py", "planted = True\n")
    answer = make_venv(fetched)
    assert answer.returncode == 1 and "tiny-course-wheel==1.0 in wheels/ is damaged" in answer.stderr
    assert not set(fetched.glob(".venv/[lL]ib/**/tiny_course_wheel*"))


def test_folder_for_another_system_is_named(fetched):
    (fetched / "wheels" / WHEEL).rename(fetched / "wheels" / "tiny_course_wheel-1.0-cp38-cp38-win32.whl")
    (fetched / "wheels" / "made-for.txt").write_text("Python 3.8 on Windows x86\nclassic 0\n")
    answer = make_venv(fetched)
    assert answer.returncode == 1 and answer.stderr.count("\n") == 1
    assert "tiny-course-wheel==1.0 is not in wheels/, which was made for Python 3.8 on Windows x86." in answer.stderr


# The command.


@pytest.fixture
def sound_checkout(monkeypatch):
    for check in ("check_data", "check_checkpoints"):
        monkeypatch.setattr(preflight, check, lambda: ("ok", "fine"))


@pytest.mark.parametrize("error, code, said", [
    (None, 0, ""),
    (ValueError("no wheel"), 1, "Fetching: no wheel\n"),
    (BlockingIOError("held"), 1, "another run is writing to there"),
    (KeyboardInterrupt(), 130, "The same command goes on"),
])  # fmt: skip
def test_exit_code_and_one_line(sound_checkout, monkeypatch, capsys, error, code, said):
    def fetch(folder):
        if error:
            raise error

    monkeypatch.setattr(classroom, "fetch_all", fetch)
    assert preflight.main(arguments=["--fetch-all", "there"]) == code
    assert said in capsys.readouterr().err


def test_broken_checkpoints_are_not_spread(sound_checkout, monkeypatch, capsys):
    monkeypatch.setattr(preflight, "check_checkpoints", lambda: ("PROBLEM", "vae: wrong hash"))
    monkeypatch.setattr(classroom, "fetch_all", None)
    assert preflight.main(arguments=["--fetch-all", "there"]) == 1
    assert "vae: wrong hash" in capsys.readouterr().err
