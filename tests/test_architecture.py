"""What the package is made of: which module may import which, and that every public thing says what it is."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
MODULES = sorted((CHECKOUT / "aigc_tf").glob("*.py"))


def lint_imports(folder):
    """import-linter's exit code and report for the contracts of pyproject.toml, on the package in `folder`."""
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=folder, capture_output=True, text=True, env={"PYTHONPATH": "."})
    return done.returncode, done.stdout + done.stderr


def test_imports_point_one_way():
    code, report = lint_imports(CHECKOUT)
    assert code == 0, report


@pytest.mark.parametrize("module, line", [
    ("vae", "from aigc_tf import plots"),
    ("metrics", "from aigc_tf import gan"),
    ("inputs", "from aigc_tf import autoencoder"),
    ("callbacks", "import tensorflow_addons"),
])
def test_an_import_against_the_direction_is_seen(tmp_path, module, line):
    shutil.copytree(CHECKOUT / "aigc_tf", tmp_path / "aigc_tf")
    shutil.copy(CHECKOUT / "pyproject.toml", tmp_path)
    path = tmp_path / "aigc_tf" / f"{module}.py"
    path.write_text(path.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")
    code, report = lint_imports(tmp_path)
    assert code == 1, report
    assert f"aigc_tf.{module} -> " in report


def test_types_hold():
    command = [sys.executable, "-m", "mypy", "--no-incremental"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_module_has_its_place_in_the_layers():
    layers = (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")
    assert [path.stem for path in MODULES if path.stem != "__init__" and f'aigc_tf.{path.stem}' not in layers] == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_and_what_it_offers_are_documented(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    offered = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_"]
    assert ast.get_docstring(tree)
    assert [node.name for node in offered if not ast.get_docstring(node)] == []
