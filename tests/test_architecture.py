"""What the package is made of: which module may import which, and that every public thing says what it is."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
READS = ("aigc_tf", "pyproject.toml")  # docstrings, types and layers
MODULES = sorted((CHECKOUT / "aigc_tf").rglob("*.py"))


def lint_imports(folder):
    """import-linter's exit code and report for the contracts of pyproject.toml, on the package in `folder`."""
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=folder, capture_output=True, text=True, env={"PYTHONPATH": "."})
    return done.returncode, done.stdout + done.stderr


def test_imports_point_one_way():
    code, report = lint_imports(CHECKOUT)
    assert code == 0, report


@pytest.fixture
def package(tmp_path):
    """A copy of the package and its contracts, to spoil."""
    shutil.copytree(CHECKOUT / "aigc_tf", tmp_path / "aigc_tf")
    shutil.copy(CHECKOUT / "pyproject.toml", tmp_path)
    return tmp_path / "aigc_tf"


@pytest.mark.parametrize("module, line", [
    ("vae", "from aigc_tf import plots"),
    ("metrics.images", "from aigc_tf import gan"),
    ("gan.losses", "from aigc_tf.gan import networks"),
    ("text.lstm", "from aigc_tf import transformer"),
    ("transformer.attention", "from aigc_tf.transformer import model"),
    ("autoencoder", "from aigc_tf import vae"),
    ("core.inputs", "from aigc_tf import autoencoder"),
    ("callbacks", "import tensorflow_addons"),
])
def test_an_import_against_the_direction_is_seen(package, module, line):
    path = package / f"{module.replace('.', '/')}.py"
    path.write_text(path.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")
    code, report = lint_imports(package.parent)
    assert code == 1, report
    assert f"aigc_tf.{module} -> " in report


@pytest.mark.parametrize("module", ["everything", "core.everything"])
def test_a_module_without_a_place_in_the_layers_is_an_error(package, module):
    (package / f"{module.replace('.', '/')}.py").write_text('"""New."""\n', encoding="utf-8")
    code, report = lint_imports(package.parent)
    assert code == 1, report
    assert module.split(".")[-1] in report


def test_types_hold():
    command = [sys.executable, "-m", "mypy", "--no-incremental"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_a_module_and_what_it_offers_are_documented(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    offered = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_"]
    assert ast.get_docstring(tree)
    assert [node.name for node in offered if not ast.get_docstring(node)] == []
