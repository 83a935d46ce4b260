"""Several processes on one machine: they learn what one process learns, and a killed worker costs no epoch.

Starting TensorFlow takes most of the time, so each pair of processes serves several tests; what the first of them runs
is in several_workers.py.
"""

import contextlib
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from models import SHARED, constant_draws
from several_workers import two_steps

from aigc_tf import workers
from aigc_tf.core.backups import epochs_in_backup

HERE = Path(__file__).resolve().parent


@pytest.fixture(autouse=True, scope="module")
def found_by_workers():
    """The processes that tests start find the package and the table of the contract."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(HERE.parent), str(HERE)]))
        yield


def python(code):
    return [sys.executable, "-c", code]


def is_running(pid):
    """Whether there is such a process; one that has ended and was waited for is gone."""
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    return True


# ---- every model, on two workers and on one ----


@pytest.fixture(scope="module")
def together(tmp_path_factory):
    """What each of two workers learnt in two steps: losses, weights and their changes, of every model."""
    folder = tmp_path_factory.mktemp("together")
    workers.run([sys.executable, str(HERE / "several_workers.py"), str(folder)], 2)
    return [dict(np.load(path)) for path in sorted(folder.glob("*.npz"))]


@pytest.mark.parametrize("name", SHARED)
def test_two_workers_learn_what_one_process_learns(together, name):
    """Eagerly here, since tracing would take most of the time."""
    with constant_draws():
        alone = two_steps(SHARED[name], run_eagerly=True)
    for worker in together:
        for key, value in alone.items():
            np.testing.assert_allclose(worker[f"{name}: {key}"], value, rtol=1e-5, atol=1e-5, err_msg=key)
        assert difference(worker[f"{name}: change"], alone["change"]) < 1e-2


def difference(vector, other):
    return np.linalg.norm(vector - other) / np.linalg.norm(other)


def test_the_mean_over_the_own_part_of_a_batch_doubles_the_gradient(together):
    """A mistake that the test above is there for."""
    worker, _ = together
    assert difference(worker["local mean: change"], 2 * worker["dense autoencoder: change"]) < 0.1


# ---- a worker dies ----


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Folder and diary of one process with the global batch."""
    folder = tmp_path_factory.mktemp("undisturbed")
    return folder, list(workers.train_on_workers(folder, 1, epochs=3))


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """Folder, diary and messages of two workers, one of which is killed in the middle of epoch 1."""
    folder, messages = tmp_path_factory.mktemp("killed"), io.StringIO()
    with contextlib.redirect_stdout(messages):
        diary = list(workers.train_on_workers(folder, 2, epochs=3, kill_in=1))
    return folder, diary, messages.getvalue()


def test_a_killed_worker_is_named_and_the_start_from_the_backup_is_told(killed):
    assert "Worker 1 was ended by SIGKILL." in killed[2]
    assert "Started again, from epoch 1." in killed[2]


def test_after_a_kill_the_losses_are_those_of_an_undisturbed_training(killed, undisturbed):
    losses = [[(entry["epoch"], entry["loss"]) for entry in diary] for diary in (killed[1], undisturbed[1])]
    np.testing.assert_allclose(*losses, rtol=1e-5)


@pytest.mark.parametrize("index", [0, 1])
def test_after_a_kill_the_weights_are_those_of_an_undisturbed_training(killed, undisturbed, index):
    ours, theirs = (weights_in(folder / f"worker{number}.weights.h5")
                    for folder, number in ((killed[0], index), (undisturbed[0], 0)))
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def weights_in(path):
    model = workers.build_model()
    model.load_weights(path)
    return [variable.numpy() for variable in model.trainable_variables]


def test_the_backup_says_which_epoch_comes_next(killed):
    assert epochs_in_backup(killed[0] / "backup") == 3


def test_without_a_backup_the_first_epoch_comes_next(tmp_path):
    assert epochs_in_backup(tmp_path) == 0


# ---- the data ----


def batches_of(epochs):
    images = np.random.default_rng(0).random((12, 4, 4, 1), dtype="float32")
    return [[part.numpy() for part in batch] for batch in workers.noisy_batches(images, 4, epochs, seed=0)]


def test_an_epoch_has_the_same_batches_wherever_the_training_starts():
    whole, resumed = batches_of((0, 3)), batches_of((2, 3))
    assert (len(whole), len(resumed)) == (9, 3)
    np.testing.assert_array_equal(whole[6:], resumed)


def test_epochs_differ_in_order_and_in_noise():
    (noisy, clean), (other_noisy, other_clean) = (map(np.concatenate, zip(*batches_of((n, n + 1)))) for n in (0, 1))
    assert not np.array_equal(clean, other_clean)
    order, other_order = (np.argsort(part[:, 0, 0, 0]) for part in (clean, other_clean))
    np.testing.assert_array_equal(clean[order], other_clean[other_order])  # the same images
    assert not np.allclose(noisy[order], other_noisy[other_order])


# ---- the launcher, with workers that need no TensorFlow ----


def test_each_worker_is_told_where_all_are_and_which_it_is():
    printed = workers.run(python("import os; print(os.environ['TF_CONFIG'])"), 3)
    configs = [json.loads(text) for text in printed]
    assert [config["task"] for config in configs] == [{"type": "worker", "index": index} for index in range(3)]
    (cluster,) = {tuple(config["cluster"]["worker"]) for config in configs}
    assert len(set(cluster)) == 3 and all(address.startswith("127.0.0.1:") for address in cluster)


def test_one_worker_is_no_cluster():
    assert workers.run(python("import os; print('TF_CONFIG' in os.environ)"), 1) == ["False\n"]


FAILING = """
import json, os, pathlib, sys, time
index = json.loads(os.environ["TF_CONFIG"])["task"]["index"]
pathlib.Path(sys.argv[1], f"{index}.pid").write_text(str(os.getpid()))
if index == 1:
    raise FileNotFoundError("no such data set")
time.sleep(60)
"""


def pids_in(folder):
    return [path.read_text() for path in sorted(folder.glob("*.pid"))]


def test_what_a_crashing_worker_says_reaches_the_user_and_the_other_is_stopped(tmp_path):
    with pytest.raises(ChildProcessError) as failure:
        workers.run([*python(FAILING), str(tmp_path)], 2, patience=2)
    first, second = str(failure.value).splitlines()
    assert first == "Worker 0 did not end by itself, and was stopped."
    assert re.match("Worker 1 failed with code 1: .*FileNotFoundError: no such data set", second)
    assert len(pids_in(tmp_path)) == 2 and not any(map(is_running, pids_in(tmp_path)))


SLEEPING = """
import os, pathlib, sys, time
pathlib.Path(sys.argv[1], f"{os.getpid()}.pid").write_text(str(os.getpid()))
time.sleep(60)
"""


def test_workers_that_do_not_end_are_stopped(tmp_path):
    with pytest.raises(TimeoutError, match="within 2 seconds"):
        workers.run([*python(SLEEPING), str(tmp_path)], 2, timeout=2)
    assert len(pids_in(tmp_path)) == 2 and not any(map(is_running, pids_in(tmp_path)))


@pytest.mark.skipif(sys.platform == "win32", reason="such signals cannot be sent to a process on Windows")
@pytest.mark.parametrize("which, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_launcher_leaves_no_process_behind(tmp_path, which, code):
    script = f"""
        import signal, sys
        from aigc_tf import workers
        signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored by what is started in the background
        run, command = workers.run, {[*python(SLEEPING), str(tmp_path)]!r}
        workers.run = lambda _, num_workers: run(command, num_workers)
        sys.exit(workers.main([{str(tmp_path / "folder")!r}]))
    """
    launcher = subprocess.Popen(python("\n".join(line.strip() for line in script.splitlines())))
    while len(pids_in(tmp_path)) < 2:
        assert launcher.poll() is None
        time.sleep(0.1)
    launcher.send_signal(which)
    assert launcher.wait(timeout=60) == code
    assert not any(map(is_running, pids_in(tmp_path)))


@pytest.mark.parametrize("num_workers, addresses", [(0, None), (-1, None), (2, ["127.0.0.1:1"])])
def test_a_number_of_workers_that_makes_no_sense_is_refused(num_workers, addresses):
    with pytest.raises(ValueError, match=f"Received: num_workers={num_workers}"):
        workers.run(python("pass"), num_workers, addresses=addresses)


def test_a_worker_that_fails_again_and_again_is_an_error(tmp_path, monkeypatch):
    run, starts = workers.run, []

    def failing(command, num_workers):
        starts.append(command)
        return run(python("raise MemoryError('too large')"), num_workers)

    monkeypatch.setattr(workers, "run", failing)
    with pytest.raises(ChildProcessError, match="MemoryError: too large"):
        workers.train_on_workers(tmp_path, 1, restarts=2)
    assert len(starts) == 3


# ---- what goes wrong with TensorFlow's cluster ----


def test_a_port_that_is_taken_is_told():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        addresses = [f"127.0.0.1:{taken.getsockname()[1]}", *workers.free_addresses(1)]
        with pytest.raises(ChildProcessError, match="Worker 0 failed with code 1: .*"):
            workers.run(python("from aigc_tf import workers; workers.join()"), 2, addresses=addresses, patience=0)
