"""A classroom without a network: `python -m aigc_tf --fetch-all FOLDER` puts course, data and wheels into one folder.

On an equal machine, `make course` in a copy of that folder installs from its wheels/: see requirements/make_venv.py.
"""

import fnmatch
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

from aigc_tf import data
from aigc_tf.core import stack
from aigc_tf.core.files import file_lock

COURSE = Path(__file__).resolve().parent.parent.parent
PYTHON = f"3.{sys.version_info[1]}"
BYTES_NEEDED = 2e9  # measured: 0.85 GB of wheels, 0.1 GB of course, and what pip keeps twice for a moment
BATCH = 20  # packages a call of pip: an interruption loses no more than these
NO_PART_OF_THE_COURSE = (
    ".git", ".venv*", "build", "dist", "wheels", "*.egg-info", "__pycache__", ".*_cache", ".hypothesis",
    ".ipynb_checkpoints", "logs", "*.part",
)  # fmt: skip


def fetch_all(folder, course=COURSE):
    """Copy the course, its data and the wheels of this stack, for this Python and system, into `folder`.

    All is gathered in a folder of the same name with `.part` after it, which is renamed when it is whole. After an
    interruption the next run finds there the wheels that it need not fetch again.

    Args:
        folder: a new or empty folder outside of the course.
        course: the checkout to copy.

    Raises:
        ValueError: if `folder` cannot be used, the disk is too small, or pip cannot get a package.
    """
    folder, course = Path(folder).resolve(), Path(course).resolve()
    partial = folder.with_name(folder.name + ".part")
    check_folders(folder, partial, course)
    partial.mkdir(parents=True, exist_ok=True)
    with file_lock(partial / "lock"):
        free = shutil.disk_usage(partial).free
        if free < BYTES_NEEDED:
            raise ValueError(f"{free / 1e9:.1f} GB free at {partial.parent}, {BYTES_NEEDED / 1e9:.1f} GB needed.")
        print(f"Fetching the {stack.NAME} stack for {this_system()}.", flush=True)
        download_wheels(course, partial / "wheels", temporary=partial / "pip")
        copy_course(course, partial / "course")
        add_data(partial / "course" / "data")
        (partial / "wheels").rename(partial / "course" / "wheels")
        if folder.exists():
            folder.rmdir()  # it is empty, and in the way on Windows
        (partial / "course").rename(folder)
    shutil.rmtree(partial)
    print(what_to_do(folder), flush=True)


def check_folders(folder, partial, course):
    """Only what is new, empty or left by an earlier run is written to."""
    if not (course / "requirements" / "make_venv.py").exists():
        raise ValueError(f"only a checkout of the course can be copied, not an installed package. Received: {course}")
    if folder.is_relative_to(course):
        raise ValueError(f"name a folder outside of the course, such as ../classroom. Received: {folder}")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"the folder must be new or empty. Received: {folder}")
    if partial.exists() and not (partial / "lock").exists():
        raise ValueError(f"{partial} is in the way, and no earlier run made it. Move it, or name another folder.")


def this_system():
    """What the wheels that pip chooses here ask of a machine."""
    release = " ".join(filter(None, platform.libc_ver())) or platform.mac_ver()[0]  # wheels are built for one or newer
    system = f"Python {PYTHON} on {platform.system()} {platform.machine()}"
    return f"{system} ({release} or newer)" if release else system


# The parts of the folder.


def download_wheels(course, wheels, temporary):
    """Fetch every package of the stack's lock files as a wheel whose hash was checked."""
    locks = [(course / "requirements" / f"{name}.txt").read_text(encoding="utf-8") for name in (stack.NAME, "plays")]
    packages = [entry for lock in locks for entry in re.split(r"^(?=[\w.-]+==)", lock, flags=re.M)[1:]]
    note = f"{this_system()}\n{stack.NAME} {hashlib.sha256(''.join(locks).encode()).hexdigest()}\n"
    if not (wheels / "made-for.txt").exists() or (wheels / "made-for.txt").read_text(encoding="utf-8") != note:
        shutil.rmtree(wheels, ignore_errors=True)  # of other locks, or of another system
        wheels.mkdir()
        (wheels / "made-for.txt").write_text(note, encoding="utf-8")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    requirements = temporary / "requirements.txt"
    # Wheels alone: what must be built would need a compiler, and more packages, on every machine of the classroom.
    command = [sys.executable, "-I", "-m", "pip", "download", "--no-deps", "--require-hashes", "--only-binary=:all:"]
    command += ["--disable-pip-version-check", "--no-input", "--no-color", "--progress-bar", "off"]
    command += ["--requirement", requirements, "--dest", wheels]
    for start in range(0, len(packages), BATCH):
        requirements.write_text("".join(packages[start : start + BATCH]), encoding="utf-8")
        pip = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace",
            env=os.environ | {"TMPDIR": str(temporary)},  # /tmp may be small
        )  # fmt: skip
        if pip.returncode:
            raise ValueError(diagnose(pip.stdout))
        print(f"  {min(start + BATCH, len(packages)):3} of {len(packages)} packages", flush=True)


def diagnose(log):
    """What pip's output says, in one line."""
    if re.search(r"NewConnectionError|ConnectTimeout|ReadTimeout|NameResolutionError|ProxyError|SSLError", log):
        return "the package registry cannot be reached. Check the network; the same command goes on where it stopped."
    if missing := re.search(r"No matching distribution found for ([\w.=-]+)", log):
        return f"no wheel of {missing[1]} was found for {this_system()}. requirements/README.md lists the systems."
    reasons = [line for line in log.splitlines() if line.startswith("ERROR")] or log.splitlines() or ["no reason given"]
    return f"pip could not download the packages: {reasons[-1]}"


def copy_course(course, target):
    """Copy the files that git tracks; without git, all but environments, caches and what the commands made."""
    shutil.rmtree(target, ignore_errors=True)  # left by an earlier run
    tracked = files_in_git(course)
    if tracked is None:
        shutil.copytree(course, target, ignore=no_part_of_the_course)
        return
    for name in tracked:
        if (course / name).is_file():  # else it was deleted, and git not told yet
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(course / name, target / name)


def files_in_git(course):
    """The names of the files that git tracks, or None where git knows nothing of the course."""
    if not (course / ".git").exists() or not shutil.which("git"):
        return None
    listed = subprocess.run(["git", "-C", course, "ls-files", "-z"], capture_output=True)
    return None if listed.returncode else os.fsdecode(listed.stdout).rstrip("\0").split("\0")


def no_part_of_the_course(folder, names):
    """Of the names in a folder those that were made, not written: for `shutil.copytree`."""
    made = {name for pattern in NO_PART_OF_THE_COURSE for name in fnmatch.filter(names, pattern)}
    return made | {name for name in names if Path(folder, name, "pyvenv.cfg").exists()}


def add_data(folder):
    """Take along every data file that is not in the copy already: found on this machine, or downloaded."""
    folder.mkdir(exist_ok=True)
    for name in data.FILES:
        try:
            found = data.find_file(name, data_dir=folder)
        except FileNotFoundError:
            print(f"  {name} was not found and is left out; chapters do without it, some tests skip.", flush=True)
            continue
        if not (folder / name).exists():
            shutil.copy2(found, folder / name)


def what_to_do(folder):
    """The last words: how the folder is used."""
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e9
    commands = {
        "nt": [f"py -{PYTHON} requirements/make_venv.py .venv build", r".venv\Scripts\python -m aigc_tf.course"],
        "posix": ["make course" if stack.NAME == "classic" else f"make course PYTHON=python{PYTHON}"],
    }[os.name]
    lines = [f"Ready: {folder}, {size:.2f} GB. Copy it to a machine with {this_system()}; there, without a network:"]
    return "\n".join(lines + [f"    {command}" for command in commands])
