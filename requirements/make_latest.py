"""Make an environment of the newest packages, whatever the locks say: a look ahead.  Needs a network.

    python make_latest.py .venv-latest

It takes the current stack's requirements from pyproject.toml without their version limits. It is for maintainers: what
breaks here breaks for readers once the locks are made again.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.append(str(CHECKOUT / "requirements"))
from make_venv import create, python_of, show_checkout  # noqa: E402

EXTRAS = ("course", "book", "quality")


def newest(project):
    """Names without versions, of what the current stack asks for.

    Args:
        project: the table `project` of pyproject.toml.
    """
    wanted = list(project["dependencies"])
    for extra in EXTRAS:
        wanted += project["optional-dependencies"][extra]
    wanted = [requirement for requirement in wanted if "python_version < '3.12'" not in requirement]
    return sorted({re.match(r"[\w.-]+", requirement)[0] for requirement in wanted})


def main(environment):
    """Make the environment anew and say which versions it holds; return pip's exit code."""
    environment = Path(environment).absolute()
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    create(environment, "newest")
    pip = [python_of(environment), "-I", "-m", "pip", "--disable-pip-version-check"]
    plays = ["--no-deps", "--require-hashes", "-r", CHECKOUT / "requirements" / "plays.txt"]
    for wanted in (["--upgrade", *newest(project)], plays):
        code = subprocess.run([*pip, "install", "--quiet", *wanted]).returncode
        if code:
            return code
    show_checkout(environment)
    subprocess.run([*pip, "list"])
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
