"""Create the course's environment from the lock files that fit the Python running this.  Standard library only.

    python make_venv.py .venv build

A stamp is written last, so an environment that was interrupted half way is made anew by the next run, and one that
is complete is left alone, without network and in no time.  Where the checkout has a folder wheels/ (a classroom's, made
by `python -m aigc_tf --fetch-all`), everything comes from there.
"""

import contextlib
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.append(str(CHECKOUT / "aigc_tf" / "core"))
import command_line  # noqa: E402  (modules of aigc_tf that need no package at all)
from files import file_lock, write_file  # noqa: E402
from stack import STACKS  # noqa: E402

BYTES_NEEDED = 3.5e9  # measured: 2.5 GB installed (classic), and pip's downloads while it unpacks them
STAMP = "aigc-tf.stamp"
WHEELS = CHECKOUT / "wheels"


def main(environment, build):
    """Make `environment` complete, logging to the folder `build`; return the exit code."""
    return command_line.run(
        "Set-up", lambda: make(Path(environment).absolute(), Path(build).absolute()),
        interrupted="The next run starts it afresh.",
        busy="another run is making this environment. Wait for it to end, then try again.",
    )


def make(environment, build):
    """Make the environment unless it is complete.

    Raises:
        ValueError: something that the reader can put right, in one line.
    """
    if sys.version_info[:2] not in STACKS:
        raise ValueError(f"the course takes Python 3.11, 3.12 or 3.13. Received: {sys.version.split()[0]}")
    stack = STACKS[sys.version_info[:2]]
    locks = [CHECKOUT / "requirements" / f"{name}.txt" for name in (stack, "plays")]
    digest = hashlib.sha256(b"".join(lock.read_bytes() for lock in locks)).hexdigest()
    stamp = f"{stack} 3.{sys.version_info[1]} {digest}\n"
    if not is_complete(environment, stamp):
        environment.parent.mkdir(parents=True, exist_ok=True)
        with file_lock(environment.with_name(environment.name + ".lock")):
            if not is_complete(environment, stamp):  # another run may have just ended
                create(environment, stack)
                install(environment, locks, build)
                write_file(environment / STAMP, stamp)
                print(f"Environment ready: {environment.name}, the {stack} stack.", flush=True)
    show_checkout(environment)


def is_complete(environment, stamp):
    with contextlib.suppress(OSError):
        return (environment / STAMP).read_text() == stamp and python_of(environment).exists()
    return False


def python_of(environment):
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def create(environment, stack):
    """An empty environment, in place of what was there."""
    if environment.exists() and any(environment.iterdir()) and not (environment / "pyvenv.cfg").exists():
        raise ValueError(f"{environment} is not a Python environment. Name another folder with VENV=...")
    shutil.rmtree(environment, ignore_errors=True)
    free = shutil.disk_usage(environment.parent).free
    if free < BYTES_NEEDED:
        raise ValueError(
            f"{free / 1e9:.1f} GB free at {environment.parent}, {BYTES_NEEDED / 1e9:.1f} GB needed. "
            "Make room, or name another place with VENV=..."
        )
    source = "from the packages in wheels/; a few minutes" if WHEELS.is_dir() else "a few minutes and a network"
    print(f"Making {environment.name}: the {stack} stack, once; {source} are needed.", flush=True)
    venv.EnvBuilder(symlinks=os.name != "nt", with_pip=True).create(environment)


def install(environment, locks, build):
    """Install the packages of the lock files: exactly those, each with its hash checked."""
    build.mkdir(parents=True, exist_ok=True)
    log = build / "setup.log"
    total = sum(len(re.findall(r"^[\w.-]+==", lock.read_text(encoding="utf-8"), re.M)) for lock in locks)
    command = [python_of(environment), "-I", "-m", "pip", "install", "--no-deps", "--require-hashes"]
    command += ["--disable-pip-version-check", "--no-input", "--no-color", "--progress-bar", "off"]
    command += [f"--requirement={lock}" for lock in locks]
    settings = os.environ
    if WHEELS.is_dir():
        command += ["--no-index", f"--find-links={WHEELS}"]  # nothing else, whatever pip is set up to use:
        settings = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
        settings["PIP_CONFIG_FILE"] = os.devnull
    with log.open("w", encoding="utf-8") as file:
        pip = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace",
            env=settings | {"PIP_USER": "0"},
        )
        try:
            done = 0
            for line in pip.stdout:
                file.write(line)
                if line.startswith(("Collecting", "Processing", "Ignoring")):
                    done += 1
                    show(f"  {done:3} of {total} packages", last=done == total, every=25, number=done)
                elif line.startswith("Installing"):
                    show("  unpacking them (a minute or two)", last=True)
        finally:
            if pip.poll() is None and sys.exc_info()[0]:
                pip.terminate()
            code = pip.wait()
    if code:
        raise ValueError(diagnose(log))


def show(text, last=True, every=1, number=0):
    """Progress: one line that changes on a terminal, a line now and then elsewhere."""
    if sys.stdout.isatty():
        print(f"\r{text}", end="\n" if last else "", flush=True)
    elif last or number % every == 0:
        print(text, flush=True)


def diagnose(log):
    """What pip's log says, in one line."""
    text = log.read_text(encoding="utf-8", errors="replace")
    if "No space left" in text:
        return f"the disk is full. Make room and run the same command again. Log: {log}"
    if WHEELS.is_dir() and (missing := re.search(r"No matching distribution found for ([\w.=-]+)", text)):
        here = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
        return (
            f"{missing[1]} is not in wheels/, which was made for {made_for()}. This is {here}. Choose another Python "
            f"with PYTHON=..., or make the folder again on a system like this one. Log: {log}"
        )
    if WHEELS.is_dir() and (damaged := re.search(r"DO NOT MATCH THE HASHES.*?\n\s+(\S+) from", text, re.S)):
        return f"the file of {damaged[1]} in wheels/ is damaged (wrong hash). Copy the folder again. Log: {log}"
    if re.search(r"NewConnectionError|ConnectTimeout|ReadTimeout|NameResolutionError|ProxyError|SSLError", text):
        return (
            "the package registry cannot be reached. Set-up needs a network, once: check the connection "
            f"(or pip's proxy and index settings) and run the same command again. Log: {log}"
        )
    errors = [line for line in text.splitlines() if line.startswith("ERROR")]
    return f"pip could not install the packages: {errors[-1] if errors else 'no reason given'}. Log: {log}"


def made_for():
    """The system that wheels/ was made for, as `course.classroom` noted it."""
    note = WHEELS / "made-for.txt"
    return note.read_text(encoding="utf-8").splitlines()[0] if note.exists() else "another system"


def show_checkout(environment):
    """Let the environment import aigc_tf from this checkout, wherever it is now."""
    folder = [environment / "Lib"] if os.name == "nt" else environment.glob("lib/python3*")
    for library in folder:
        path_file = library / "site-packages" / "aigc-tf.pth"
        if not path_file.exists() or path_file.read_text(encoding="utf-8") != f"{CHECKOUT}\n":
            write_file(path_file, f"{CHECKOUT}\n")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
