"""Write classic.txt and current.txt, the hashed lock files, from pyproject.toml.  Needs uv and the network.

Each stack is resolved on its own and for every system at once: uv is handed the project's dependencies
together with the environments that the stack serves.
"""

import json
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
}
LOWEST_PYTHON = {"classic": "3.11", "current": "3.12"}
HEADER = "# Written by `make locks` from pyproject.toml: do not edit.\n"


def resolve(stack, uv="uv"):
    """The lock file of one stack, as text."""
    project = tomllib.loads((FOLDER.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    requirements = project["dependencies"] + project["optional-dependencies"]["course"]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "pyproject.toml").write_text(
            f"[project]\nname = 'lock'\nversion = '0'\ndependencies = {json.dumps(requirements)}\n"
            f"[tool.uv]\nenvironments = {json.dumps([ENVIRONMENTS[stack]])}\n",
            encoding="utf-8",
        )
        command = [uv, "pip", "compile", "pyproject.toml", "--quiet", "--universal", "--generate-hashes"]
        command += ["--python-version", LOWEST_PYTHON[stack], "--no-header", "--no-annotate"]
        done = subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, encoding="utf-8")
    return HEADER + done.stdout


if __name__ == "__main__":
    for stack in ENVIRONMENTS:
        lock = resolve(stack, *sys.argv[1:])
        (FOLDER / f"{stack}.txt").write_text(lock, encoding="utf-8", newline="\n")
        print(f"requirements/{stack}.txt: {lock.count('==')} packages")
