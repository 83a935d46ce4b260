"""Faults as they happen: a process killed with no warning, a full disk, files made to do harm, inputs that are empty.

Tested elsewhere: damaged and foreign data files, cut downloads (data/test_downloading); damaged weights, names to save
by (test_checkpoints); Ctrl-C (test_recipes, course/test_runner); bad images, latents and labels (test_contract).
"""

import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import textwrap
import time
import tracemalloc
import zipfile

import h5py
import keras
import nbformat
import numpy as np
import pytest
import tensorflow as tf

from aigc_tf import checkpoints, data, metrics, recipes
from aigc_tf.autoencoder import Autoencoder
from aigc_tf.core import files
from aigc_tf.course import runner as course
from aigc_tf.metrics import text as text_metrics
from aigc_tf.recipe_kinds import Recipe
from aigc_tf.text.ngram import NGramModel
from aigc_tf.vae import VAE

posix = pytest.mark.skipif(os.name == "nt", reason="kill -9 and small disks are made with POSIX calls")


def in_another_process(script, *arguments, command=()):
    """Runs a script to its end, whatever that is; gives the completed process."""
    return subprocess.run(
        [*command, sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)], capture_output=True, text=True
    )


def tiny_vae(**options):
    return VAE(image_shape=(4, 3, 1), latent_dim=2, hidden_units=(5,), **options)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


# ---- kill -9 --------------------------------------------------------------------------------------------------------

DIE = """
    import os, signal, sys
    from pathlib import Path
    import keras, numpy as np
    from aigc_tf import callbacks, checkpoints, data, recipes
    from aigc_tf.autoencoder import Autoencoder
    from aigc_tf.vae import VAE

    folder = Path(sys.argv[1])

    def die(*_, **__):
        os.kill(os.getpid(), signal.SIGKILL)
"""


def killed(script, *arguments):
    """Runs a script that kills itself; fails if it came to its end, or to another one."""
    done = in_another_process(textwrap.dedent(DIE) + textwrap.dedent(script), *arguments)
    assert done.returncode == -signal.SIGKILL, done.stderr


IMAGES = np.random.default_rng(0).integers(0, 256, (40, 4, 3, 1), "uint8")
SMALL = data.MNIST(IMAGES, np.arange(40) % 10, IMAGES[:10], np.arange(10))


def weigh(model, mnist):
    weights = checkpoints.named_weights(model).values()
    return {"mean_weight": float(np.mean([np.abs(weight).mean() for weight in weights]))}


RECIPE = Recipe(Autoencoder, {"image_shape": (4, 3, 1), "latent_dim": 2, "widths": (5,)}, 4, weigh, batch_size=20)


@posix
def test_a_training_killed_in_the_middle_of_an_epoch_goes_on_in_a_new_process(tmp_path, monkeypatch, capsys):
    """It dies in its third epoch, between two steps; the new one does the third and the fourth."""
    np.save(tmp_path / "images.npy", IMAGES)
    killed(
        """
        class Die(keras.callbacks.Callback):
            def on_epoch_begin(self, epoch, logs=None):
                self.epoch = epoch

            def on_train_batch_end(self, batch, logs=None):
                if (self.epoch, batch) == (2, 0):
                    die()

        callbacks.progress = lambda **_: Die()
        images = np.load(folder / "images.npy")
        mnist = data.MNIST(images, np.arange(40) % 10, images[:10], np.arange(10))
        config = {"image_shape": (4, 3, 1), "latent_dim": 2, "widths": (5,)}
        recipe = recipes.Recipe(Autoencoder, config, 4, None, batch_size=20)
        recipes.train("tiny", recipe, mnist, folder=folder / "checkpoints", backups=folder / "backups")
        """,
        tmp_path,
    )
    monkeypatch.setattr(recipes.callbacks, "progress", lambda **_: recipes.callbacks.EpochLines())
    recipes.train("tiny", RECIPE, SMALL, folder=tmp_path / "checkpoints", backups=tmp_path / "backups")
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == ["3/4", "4/4"]
    checkpoints.load("tiny", tmp_path / "checkpoints")


@posix
@pytest.mark.parametrize("place", ["write_bytes", "write_text", "replace"],
                         ids=["weights", "record", "before the renames"])
def test_a_kill_while_a_checkpoint_is_written_leaves_the_old_one(tmp_path, place):
    old = checkpoints.save(tiny_vae(), "tiny", {"seed": 7}, tmp_path)
    before = contents(tmp_path)
    killed(
        """
        def write_half(path, content):
            with open(path, "wb") as file:
                file.write(content[: len(content) // 2])
            die()

        place = sys.argv[2]
        owner = checkpoints.os if place == "replace" else checkpoints.Path
        setattr(owner, place, write_half if place == "write_bytes" else die)
        model = VAE(image_shape=(4, 3, 1), latent_dim=2, hidden_units=(5,))
        checkpoints.save(model, "tiny", {"seed": 8}, folder)
        """,
        tmp_path, place,
    )
    assert contents(tmp_path) == before
    assert checkpoints.names(tmp_path) == ["tiny"]
    assert checkpoints.load("tiny", tmp_path).latent_dim == old["config"]["latent_dim"]


@posix
def test_after_a_kill_the_same_name_can_be_saved_again(tmp_path):
    killed(
        """
        checkpoints.os.replace = die
        checkpoints.save(VAE(image_shape=(4, 3, 1), latent_dim=2, hidden_units=(5,)), "tiny", {"seed": 8}, folder)
        """,
        tmp_path,
    )
    assert checkpoints.names(tmp_path) == []
    checkpoints.save(tiny_vae(), "tiny", {"seed": 9}, tmp_path)
    assert checkpoints.info("tiny", tmp_path)["seed"] == 9


@posix
def test_a_kill_in_the_middle_of_a_download_leaves_no_file_of_that_name(tmp_path):
    """Nor does what it leaves stand in the way of the next try."""
    source, target = tmp_path / "source.bin", tmp_path / "there" / "small.bin"
    source.write_bytes(bytes(3 << 20))
    sha256 = data.sha256_of(source)
    killed(
        """
        import hashlib
        class OneBlock:
            def __init__(self):
                self.update, self.first = self.count, True
            def count(self, block):
                if not self.first:
                    die()
                self.first = False
        data.downloading.hashlib.sha256 = OneBlock
        data.download((folder / "source.bin").as_uri(), folder / "there" / "small.bin", ("",))
        """,
        tmp_path,
    )
    assert not target.exists()
    data.download(source.as_uri(), target, (sha256,))
    assert data.sha256_of(target) == sha256


@posix
def test_a_kill_while_a_file_is_written_leaves_the_old_one(tmp_path):
    path = tmp_path / "page.html"
    files.write_file(path, "old")
    code = "from aigc_tf.core import files\nfiles.os.replace = die\nfiles.write_file(folder / 'page.html', 'new')"
    killed(code, tmp_path)
    assert path.read_text() == "old"
    files.write_file(path, "newer")
    assert contents(tmp_path) == {"page.html": b"newer"}


@posix
def test_a_kill_while_a_notebook_runs_leaves_it_as_it_was_and_the_next_run_free(tmp_path, monkeypatch):
    """The kernel ends by itself, too: it looks for its parent every second."""
    path = tmp_path / "05_slow.ipynb"
    slow = "import os, time\nopen('pid', 'w').write(str(os.getpid()))\nif os.path.exists('slow'): time.sleep(60)"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(slow)]), path)
    before = path.read_bytes()
    (tmp_path / "slow").touch()
    script = """
        import sys, pathlib
        from aigc_tf.course import runner as course
        course.preflight.main = lambda notebooks: 0
        here = pathlib.Path(sys.argv[1])
        sys.exit(course.main(["--in-place", "--build", str(here / "build")], notebooks=here))
    """
    run = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script), str(tmp_path)], stdout=subprocess.DEVNULL)
    while not ((tmp_path / "pid").exists() and (tmp_path / "pid").read_text()):
        assert run.poll() is None
        time.sleep(0.1)
    run.kill()
    run.wait()
    assert path.read_bytes() == before
    kernel = int((tmp_path / "pid").read_text())
    for _ in range(300):
        if not running(kernel):
            break
        time.sleep(0.1)
    assert not running(kernel)
    (tmp_path / "slow").unlink()
    monkeypatch.setattr(course.preflight, "main", lambda notebooks: 0)
    monkeypatch.setattr(course.preflight, "steps_per_second", lambda: 100.0)
    assert course.main(["--in-place", "--build", str(tmp_path / "build")], notebooks=tmp_path) == 0


def running(pid):
    """Whether a process is there and not merely waiting to be buried."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = f"/proc/{pid}/stat"
    return not (os.path.exists(status) and open(status).read().rpartition(")")[2].split()[0] == "Z")


YEAR = 365 * 24 * 3600


def leave(path, age, folder=False):
    """What a killed process left, `age` seconds ago."""
    if folder:
        path.mkdir()
        (path / "half.weights.h5").write_bytes(b"half")
    else:
        path.write_bytes(b"half")
    os.utime(path, (time.time() - age,) * 2)


def test_the_next_save_removes_what_a_kill_long_ago_left(tmp_path):
    leave(tmp_path / ".saving-abc12345", YEAR, folder=True)
    checkpoints.save(tiny_vae(), "tiny", {"seed": 7}, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tiny.json", "tiny.weights.h5"]


def test_the_next_save_keeps_what_another_process_may_still_be_writing(tmp_path):
    leave(tmp_path / ".saving-abc12345", 60, folder=True)
    checkpoints.save(tiny_vae(), "tiny", {"seed": 7}, tmp_path)
    assert (tmp_path / ".saving-abc12345" / "half.weights.h5").exists()


@pytest.mark.parametrize("name, age, stays", [
    (".a.bin.abc1_345", YEAR, False), (".a.bin.abc1_345", 60, True), (".b.bin.abc1_345", YEAR, True),
    (".a.bin.notes", YEAR, True), ("a.bin.abc1_345", YEAR, True),
], ids=["its own, old", "its own, young", "another file's", "a reader's", "not hidden"])
def test_the_next_download_removes_only_its_own_old_leftovers(tmp_path, name, age, stays):
    source = tmp_path / "source.bin"
    source.write_bytes(b"content")
    leave(tmp_path / name, age)
    data.download(source.as_uri(), tmp_path / "a.bin", (data.sha256_of(source),))
    assert (tmp_path / name).exists() == stays


def test_a_leftover_that_cannot_be_removed_does_not_stop_a_save(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "not yours", str(path))

    leave(tmp_path / ".saving-abc12345", YEAR, folder=True)
    monkeypatch.setattr(files.shutil, "rmtree", refuse)
    files.remove_leftovers(tmp_path, ".saving-*")
    assert (tmp_path / ".saving-abc12345").exists()


# ---- a full disk ----------------------------------------------------------------------------------------------------

ON_A_SMALL_DISK = """
    import json, sys
    from pathlib import Path
    import numpy as np
    from aigc_tf import checkpoints, data
    from aigc_tf.core import command_line, files
    from aigc_tf.vae import VAE

    place, source, small_disk = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "yes"
    noise = np.random.default_rng(0).random

    def model(units):
        vae = VAE(image_shape=(4, 3, 1), latent_dim=2, hidden_units=(units,))
        vae.set_weights([noise(weight.shape) for weight in vae.get_weights()])  # so that they do not shrink by gzip
        return vae

    cases = {
        "checkpoint": (lambda f: checkpoints.save(model(5), "tiny", {"seed": 7}, f),
                       lambda f: checkpoints.save(model(60_000), "tiny", {"seed": 8}, f)),
        "file": (lambda f: files.write_file(f / "page.html", "old"),
                 lambda f: files.write_file(f / "page.html", bytes(1 << 20))),
        "download": (lambda f: None, lambda f: data.download(source.as_uri(), f / "a.bin", (data.sha256_of(source),))),
    }

    def listing(folder):
        return {path.name: data.sha256_of(path) for path in folder.iterdir()}

    results = {}
    if not small_disk:  # the system allows no disk of our own, so bound the size of a file
        import resource
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
    for name, (before, write) in cases.items():
        folder = place / name
        folder.mkdir()
        before(folder)
        there = listing(folder)
        try:
            write(folder)
            problem = "nothing"
        except OSError as error:
            problem = f"OSError {error.errno}: {error} | {command_line.explain(error)}"
        except BaseException as error:
            problem = f"{type(error).__name__}: {error}"
        results[name] = {"problem": problem, "kept": listing(folder) == there, "left": sorted(listing(folder))}
    print(json.dumps(results))
"""
TINY_DISK = ["unshare", "-rm", "sh", "-c", 'mount -t tmpfs -o size=256k none "$0" && exec "$@"']


@pytest.fixture(scope="module")
def full_disk(tmp_path_factory):
    """What happened to everything that was written where there was no room: {case: {problem, kept, left}}.

    The disk is a tmpfs of 256 kB in a namespace of its own; where the system allows none, a bound on a file's size.
    """
    place, source = tmp_path_factory.mktemp("small"), tmp_path_factory.mktemp("source") / "source.bin"
    source.write_bytes(bytes(1 << 20))
    possible = shutil.which("unshare") and not subprocess.run(
        [*TINY_DISK, place, "true"], capture_output=True
    ).returncode
    command = [*TINY_DISK, str(place)] if possible else []
    done = in_another_process(ON_A_SMALL_DISK, place, source, "yes" if possible else "no", command=command)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


CASES = ["checkpoint", "file", "download"]


@posix
@pytest.mark.parametrize("case", CASES)
def test_a_full_disk_is_an_os_error_that_says_so(full_disk, case):
    problem = full_disk[case]["problem"]
    assert problem.startswith("OSError") and ("No space left" in problem or "File too large" in problem), problem


@posix
@pytest.mark.parametrize("case", CASES)
def test_a_full_disk_keeps_what_was_there_and_leaves_nothing_else(full_disk, case):
    assert full_disk[case]["kept"], full_disk[case]


# ---- files made to do harm ------------------------------------------------------------------------------------------


class Payload:
    """An object that makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.fixture
def folder(tmp_path):
    """A folder with one checkpoint, "tiny"."""
    checkpoints.save(tiny_vae(), "tiny", {}, tmp_path)
    return tmp_path


def rewrite_record(folder, **changes):
    path = folder / "tiny.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def trust(folder):
    """Makes the record vouch for the weights as they now are."""
    rewrite_record(folder, sha256=data.sha256_of(folder / "tiny.weights.h5"))


def test_the_payload_would_be_noticed(tmp_path):
    pickle.loads(pickle.dumps(Payload(tmp_path / "ran"))).close()
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize("trusted", [False, True], ids=["by its hash", "even if its hash were trusted"])
def test_a_pickle_in_the_place_of_weights_is_refused_and_never_run(folder, trusted):
    (folder / "tiny.weights.h5").write_bytes(pickle.dumps(Payload(folder / "ran")))
    if trusted:
        trust(folder)
    with pytest.raises(ValueError, match="tiny.weights.h5 .*make checkpoints NAME=tiny"):
        checkpoints.load("tiny", folder)
    assert not (folder / "ran").exists()


@pytest.mark.parametrize("trusted", [False, True], ids=["by its hash", "even if its hash were trusted"])
def test_a_pickle_among_the_arrays_of_an_npz_is_refused_and_never_run(tmp_path, monkeypatch, trusted):
    arrays = {name: np.zeros(2) for name in ("x_train", "y_train", "x_test")}
    np.savez(tmp_path / "mnist.npz", **arrays, y_test=np.array([Payload(tmp_path / "ran")], dtype=object))
    if trusted:
        known = data.DataFile((data.sha256_of(tmp_path / "mnist.npz"),), ())
        monkeypatch.setitem(data.FILES, "mnist.npz", known)
    with pytest.raises(ValueError, match="allow_pickle=False" if trusted else "expected SHA-256"):
        data.load_mnist(tmp_path)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("changes", [
    {"class": "os.system"}, {"class": ["VAE"]}, {"class": None},
    {"config": ["touch ran"]}, {"config": None},
    {"config": {"activation": {"module": "os", "class_name": "function", "config": "system"}}},
    {"config": {"activation": {"class_name": "__lambda__", "config": {"value": "4wAAAAA="}}}},
    {"config": {"dtype": {"module": "subprocess", "class_name": "Popen", "config": {"args": ["touch", "ran"]}}}},
], ids=lambda changes: json.dumps(changes)[:60])
def test_a_record_that_names_other_code_is_refused(folder, monkeypatch, changes):
    """Before any model is made of it: Keras reads an object in a configuration as what to build, and from where."""
    monkeypatch.chdir(folder)
    rewrite_record(folder, **changes)
    with pytest.raises(ValueError, match="tiny.json is broken .*make checkpoints NAME=tiny"):
        checkpoints.load("tiny", folder)
    assert not (folder / "ran").exists()


def test_a_record_nested_without_end_is_refused(folder):
    (folder / "tiny.json").write_text("[" * 200_000)
    with pytest.raises(ValueError, match="tiny.json is broken"):
        checkpoints.info("tiny", folder)


@pytest.mark.parametrize("config", [
    {"unknown": 1}, {"name": "other"}, {"latent_dim": 0}, {"latent_dim": "many"}, {"activation": "os.system"},
], ids=str)
def test_a_configuration_that_the_class_does_not_take_is_one_clear_error(folder, config):
    rewrite_record(folder, config={**checkpoints.info("tiny", folder)["config"], **config})
    with pytest.raises(ValueError, match="do not fit each other .*make checkpoints NAME=tiny"):
        checkpoints.load("tiny", folder)


def in_every_place(make):
    def write(file):
        for name, weight in checkpoints.named_weights(tiny_vae()).items():
            make(file, name, tuple(weight.shape))

    return write


HOSTILE_WEIGHTS = {
    "fewer arrays": lambda file: file.create_dataset("encoder/dense/kernel", data=np.zeros((12, 5))),
    "other shapes": in_every_place(lambda file, key, shape: file.create_dataset(key, data=np.zeros((2, 2)))),
    "groups": in_every_place(lambda file, key, shape: file.create_group(key)),
    "texts": in_every_place(lambda file, key, shape: file.create_dataset(
        key, data=np.full(shape, "x", object), dtype=h5py.string_dtype())),
    "links to another file": in_every_place(lambda file, key, shape: file.__setitem__(
        key, h5py.ExternalLink("/etc/passwd", "x"))),
    "a Keras configuration with code": lambda file: file.attrs.__setitem__("model_config", json.dumps(
        {"class_name": "Lambda", "config": {"function": ["4wAAAAA=", None, None], "function_type": "lambda"}})),
}


@pytest.mark.parametrize("write", HOSTILE_WEIGHTS.values(), ids=HOSTILE_WEIGHTS.keys())
def test_weights_of_another_kind_are_one_clear_error_even_if_their_hash_is_trusted(folder, write):
    with h5py.File(folder / "tiny.weights.h5", "w") as file:
        write(file)
    trust(folder)
    with pytest.raises(ValueError, match="do not fit each other .*make checkpoints NAME=tiny"):
        checkpoints.load("tiny", folder)


@pytest.mark.parametrize("safe_mode", [True, False], ids=["as we load it", "the payload would be noticed"])
def test_code_in_a_keras_file_is_refused_and_never_run(tmp_path, safe_mode):
    """A whole model (`model.save`) may hold a lambda; `keras.models.load_model` runs it only if it is told to."""
    ran, hostile = tmp_path / "ran", tmp_path / "hostile.keras"
    path = str(ran)
    layer = keras.layers.Lambda(lambda inputs: (open(path, "w").close(), inputs)[1])
    keras.Sequential([keras.Input((2,)), layer]).save(hostile)
    ran.unlink()  # saving called it
    if safe_mode:
        with pytest.raises(ValueError, match="safe_mode=False"):
            keras.models.load_model(hostile)
    else:
        keras.models.load_model(hostile, safe_mode=False)(np.zeros((1, 2)))
    assert ran.exists() != safe_mode


def peak_of(call):
    """Bytes that NumPy and Python took at most during a call that must raise a ValueError."""
    tracemalloc.start()
    try:
        with pytest.raises(ValueError):
            call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_small_weights_file_that_declares_10_gb_takes_no_memory(folder):
    with h5py.File(folder / "tiny.weights.h5", "w") as file:
        in_every_place(lambda file, key, shape: file.create_dataset(
            key, (50_000, 50_000), "float32", chunks=(1000, 1000)))(file)
    assert (folder / "tiny.weights.h5").stat().st_size < 1e5
    trust(folder)
    assert peak_of(lambda: checkpoints.load("tiny", folder)) < 1e8


def test_a_small_npz_that_declares_10_gb_takes_no_memory(tmp_path):
    with zipfile.ZipFile(tmp_path / "mnist.npz", "w") as archive, archive.open("x_train.npy", "w") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": (10**10,)}
        np.lib.format.write_array_header_1_0(file, header)
    assert peak_of(lambda: data.load_mnist(tmp_path)) < 1e8


@pytest.mark.parametrize("name", ["../tiny", "/etc/passwd", "tiny/../tiny", "..", "", "tiny\0", "a" * 5000])
def test_no_name_leads_out_of_the_checkpoints(folder, name):
    with pytest.raises(FileNotFoundError, match="No checkpoint is called"):
        checkpoints.load(name, folder)


@pytest.mark.parametrize("name", ["../mnist.npz", "/etc/passwd", "", "mnist.npz\0"])
def test_no_name_leads_out_of_the_data(name):
    with pytest.raises(ValueError, match="Unknown data file"):
        data.find_file(name)


@pytest.mark.parametrize("name", ["shakespeare/../../secret", "shakespeare//etc/passwd"])
def test_no_name_leads_out_of_the_plays(name):
    with pytest.raises(ValueError, match="Received: "):
        data.load_text(name)


# ---- nothing, NaN and infinity --------------------------------------------------------------------------------------

PAIRS = [metrics.frechet_distance, metrics.kernel_distance, metrics.precision_recall, metrics.density_coverage,
         metrics.nearest_neighbours]
GOOD = np.random.default_rng(0).random((20, 3))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("function", PAIRS)
def test_features_that_are_not_finite_are_refused(function, value):
    bad = GOOD.copy()
    bad[4, 1] = value
    with pytest.raises(ValueError, match="must be finite. Received"):
        function(GOOD, bad)


@pytest.mark.parametrize("function", PAIRS)
def test_no_features_are_refused(function):
    with pytest.raises(ValueError, match=r"Received: \(0, 3\) and \(20, 3\)"):
        function(GOOD[:0], GOOD)


@pytest.mark.parametrize("function", [metrics.classifier_score, metrics.class_shares])
@pytest.mark.parametrize("bad", [np.zeros((0, 3)), np.full((2, 2), np.nan), np.full((2, 2), np.inf)],
                         ids=["none", "nan", "inf"])
def test_no_probabilities_are_refused(function, bad):
    with pytest.raises(ValueError, match="Received"):
        function(bad)


@pytest.mark.parametrize("call", [
    lambda: NGramModel(2).fit(""),
    lambda: NGramModel(2).next_distribution("a"),
    lambda: NGramModel(2).log_prob("ab"),
    lambda: NGramModel(2).generate("a", 3),
    lambda: text_metrics.distinct([], 1),
    lambda: text_metrics.distinct("", 1),
    lambda: text_metrics.self_bleu([]),
    lambda: text_metrics.self_bleu(["", ""]),
    lambda: text_metrics.known_words("", "some words"),
])
def test_empty_texts_and_models_are_refused(call):
    with pytest.raises(ValueError, match="Received|call fit"):
        call()


def test_fit_on_no_images_never_begins():
    with pytest.raises(ValueError, match=r"non-empty array.*Received: shape \(0, 4, 3, 1\)"):
        data.image_dataset(IMAGES[:0], batch_size=2)


def test_the_likelihood_of_no_images_is_refused():
    with pytest.raises(ValueError, match=r"at least one image. Received: images of shape \(0, 4, 3, 1\)"):
        tiny_vae().importance_weighted_nll(np.zeros((0, 4, 3, 1), "float32"), 3)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_nan_among_the_images_stops_the_training_before_a_weight_is_moved(value):
    model = tiny_vae()
    model.compile(optimizer="adam")
    before = model.get_weights()
    images = np.zeros((4, 4, 3, 1), "float32")
    images[2, 1, 1] = value
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError), match="must be finite"):
        model.fit(tf.data.Dataset.from_tensors(images), verbose=0)
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
