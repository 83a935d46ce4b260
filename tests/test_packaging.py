"""A wheel of the package holds every module, and each can be imported where there is no checkout."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
READS = ("aigc_tf", "pyproject.toml")  # beside what this file imports
MODULES = sorted(
    ".".join(path.relative_to(CHECKOUT).with_suffix("").parts).removesuffix(".__init__")
    for path in (CHECKOUT / "aigc_tf").rglob("*.py") if path.name != "__main__.py"
)
IMPORT_ALL = """
import importlib, sys
for name in sys.argv[1:]:
    print(importlib.import_module(name).__file__)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder into which the package was installed from a wheel."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("installed")
    shutil.copytree(CHECKOUT / "aigc_tf", source / "aigc_tf", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(CHECKOUT / name, source)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-index", "--no-deps"]
    done = subprocess.run([*pip, "--no-build-isolation", "--target", target, source], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return target


def test_every_module_is_in_the_wheel_and_can_be_imported(installed, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, *MODULES], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True, text=True,
    )
    assert done.returncode == 0, done.stderr
    places = [Path(line) for line in done.stdout.splitlines()]
    assert len(places) == len(MODULES)
    assert [place for place in places if not place.is_relative_to(installed)] == []
