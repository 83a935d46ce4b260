"""Write the hashed lock files from pyproject.toml: classic.txt, current.txt, plays.txt.  Needs uv and the network.

Each stack is resolved on its own and for every system at once: uv is handed the project's dependencies
together with the environments that the stack serves. Versions that a lock holds already are kept where they still
fit: delete the lock file first to bring its packages up to date. plays.txt has data for both stacks in one package
whose own dependencies must not be installed, so they are not locked either.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
# TensorFlow Addons has no Windows wheel for Python 3.11, so Windows is served by the current stack (or WSL).
ENVIRONMENTS = {
    "classic": "python_version == '3.11' and sys_platform != 'win32'",
    "current": "python_version >= '3.12' and python_version < '3.14'",
    "plays": "python_version >= '3.11' and python_version < '3.14'",
}
LOWEST_PYTHON = {"classic": "3.11", "current": "3.12", "plays": "3.11"}
HEADER = "# Written by `make locks` from pyproject.toml: do not edit.\n"


def resolve(name, uv="uv"):
    """The lock file of that name, as text."""
    project = tomllib.loads((FOLDER.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    requirements = extras["plays"] if name == "plays" else project["dependencies"] + [
        package for extra in ("course", "book", "quality") for package in extras[extra]
    ]
    with tempfile.TemporaryDirectory() as folder:
        lock = Path(folder, f"{name}.txt")
        if (FOLDER / lock.name).exists():
            shutil.copy(FOLDER / lock.name, lock)
        Path(folder, "pyproject.toml").write_text(
            f"[project]\nname = 'lock'\nversion = '0'\ndependencies = {json.dumps(requirements)}\n"
            f"[tool.uv]\nenvironments = {json.dumps([ENVIRONMENTS[name]])}\n",
            encoding="utf-8",
        )
        command = [uv, "pip", "compile", "pyproject.toml", "--quiet", "--universal", "--generate-hashes"]
        command += ["--python-version", LOWEST_PYTHON[name], "--no-header", "--no-annotate"]
        command += ["--output-file", lock.name, *(["--no-deps"] if name == "plays" else [])]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        return HEADER + lock.read_text(encoding="utf-8")


if __name__ == "__main__":
    for name in ENVIRONMENTS:
        lock = resolve(name, *sys.argv[1:])
        (FOLDER / f"{name}.txt").write_text(lock, encoding="utf-8", newline="\n")
        packages = re.findall(r"^[\w.-]+==", lock, re.M)
        print(f"requirements/{name}.txt: {len(packages)} packages")
