"""Several processes that train one model: `python -m aigc_tf.workers FOLDER --workers 2 --kill-in 2` (chapter 14).

The first half starts and watches processes, on this machine here, and knows nothing of models. The second half is what
each of them runs; on several machines each machine runs that, with a TF_CONFIG of its own.
"""

import argparse
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import keras
import tensorflow as tf

from aigc_tf.autoencoder import Autoencoder
from aigc_tf.core import command_line
from aigc_tf.core.backups import backup_and_restore, epochs_in_backup
from aigc_tf.core.distribute import fit_on_workers
from aigc_tf.data import add_gaussian_noise, load_mnist, prefetched, scale_images

# ---- the launcher ----


def free_addresses(count):
    """Addresses on this machine, "127.0.0.1:PORT", on which nobody listens at the moment."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]


def tf_config(addresses, index):
    """What the environment variable TF_CONFIG tells a worker: where all workers are, and which of them it is itself."""
    return json.dumps({"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}})


def run(command, num_workers, *, addresses=None, patience=20, timeout=600):
    """Runs a command in worker processes until all have ended; none is left behind, whatever happens.

    One worker is a process without a cluster, to compare with.

    Args:
        command: list of strings, the same for all; they differ in TF_CONFIG.
        num_workers: at least 1.
        addresses: "host:port" for each worker, free ones on this machine if None.
        patience: seconds that the others get to end by themselves when one has failed.
        timeout: seconds after which all are stopped.

    Returns:
        What each worker printed: list of strings.

    Raises:
        ValueError: if num_workers < 1, or there are more or fewer addresses than workers.
        ChildProcessError: if a worker failed; it says how each of them ended.
        TimeoutError: if they did not end in time.
    """
    addresses = free_addresses(max(num_workers, 0)) if addresses is None else addresses
    if num_workers < 1 or len(addresses) != num_workers:
        raise ValueError("There must be at least one worker, and an address for each. "
                         f"Received: num_workers={num_workers}, addresses={addresses}")
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        workers = []
        stack.callback(stop, workers)
        for index in range(num_workers):
            cluster = {"TF_CONFIG": tf_config(addresses, index)} if num_workers > 1 else {}
            output = stack.enter_context((folder / f"{index}.out").open("wb"))
            errors = stack.enter_context((folder / f"{index}.err").open("wb"))
            # A session of its own: Ctrl-C reaches this process alone, which then stops the workers.
            workers.append(subprocess.Popen(command, env={**os.environ, **cluster}, stdin=subprocess.DEVNULL,
                                            stdout=output, stderr=errors, start_new_session=True))
        watch(workers, patience, timeout)
        codes = [worker.poll() for worker in workers]
        stop(workers)
        if any(codes):
            lines = [how_it_ended(index, code, read(folder / f"{index}.err")) for index, code in enumerate(codes)]
            raise ChildProcessError("\n".join(lines))
        return [read(folder / f"{index}.out") for index in range(num_workers)]


def watch(workers, patience, timeout):
    """Waits until all workers have ended, or until `patience` seconds after one has failed."""
    deadline, failed = time.monotonic() + timeout, False
    while None in (codes := [worker.poll() for worker in workers]):
        if not failed and any(codes):
            deadline, failed = time.monotonic() + patience, True
        if time.monotonic() > deadline:
            if failed:
                return
            raise TimeoutError(f"The workers did not end within {timeout} seconds, and were stopped.")
        time.sleep(0.05)


def stop(workers):
    """Kills those that still run, and waits for their end."""
    for worker in workers:
        if worker.poll() is None:
            worker.kill()
        worker.wait()


def read(path):
    """What a worker wrote to a file."""
    return path.read_text(encoding="utf-8", errors="replace")


def how_it_ended(index, code, errors, num_lines=3):
    """One worker's end in words, with the last lines of what it wrote to stderr; the code None: it still ran."""
    if code is None:
        return f"Worker {index} did not end by itself, and was stopped."
    if code == 0:
        return f"Worker {index} ended well."
    if code < 0:
        return f"Worker {index} was ended by {signal.Signals(-code).name}."
    lines = [line for line in errors.splitlines() if line.strip()]
    return f"Worker {index} failed with code {code}: " + " / ".join(lines[-num_lines:])


# ---- what each worker runs ----


def join():
    """The strategy of this process: that of TF_CONFIG's cluster, or TensorFlow's default if it is alone."""
    if "TF_CONFIG" not in os.environ:
        return tf.distribute.get_strategy()
    return tf.distribute.MultiWorkerMirroredStrategy()


def noisy_batches(images, batch_size, epochs, seed):
    """Global batches of (noisy, clean) images for epochs (first, end); those of an epoch depend on its number alone.

    So a training that is resumed in epoch 7 sees what it would have seen there without the interruption. A plain
    `shuffle(seed=...)` counts the epochs since the process started, and would begin again with the order of epoch 0.
    """
    steps = len(images) // batch_size  # an epoch

    def batches_of(epoch):
        order = tf.random.experimental.stateless_shuffle(tf.range(len(images)), seed=(seed, epoch))
        groups = tf.data.Dataset.from_tensor_slices(order).batch(batch_size, drop_remainder=True)
        return groups.enumerate(start=epoch * steps).map(with_noise)

    def with_noise(step, indices):
        clean = tf.gather(images, indices)
        return add_gaussian_noise(clean, 0.3, seed=(seed, step)), clean

    return prefetched(tf.data.Dataset.range(*epochs).flat_map(batches_of))


def build_model():
    """The denoising autoencoder, a small one."""
    return Autoencoder(latent_dim=32, widths=(256, 128))


class EpochLog(keras.callbacks.Callback):
    """Appends a line of JSON to a file for each epoch: its number, its losses and its seconds.

    It comes before the backup: an epoch that was written twice is better than one that is missing.
    """

    def __init__(self, path):
        super().__init__()
        self.path = path

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        entry = {"epoch": epoch, **logs, "seconds": time.perf_counter() - self.start}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")


def read_epoch_log(path):
    """The entries of an epoch log in order, the last one of each epoch."""
    entries = [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]
    return list({entry["epoch"]: entry for entry in sorted(entries, key=lambda entry: entry["epoch"])}.values())


class KillAt(keras.callbacks.Callback):
    """Ends this process by `kill -9` in the middle of an epoch."""

    def __init__(self, epoch, batch):
        super().__init__()
        self.epoch, self.batch = epoch, batch

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.now, batch) == (self.epoch, self.batch):
            os.kill(os.getpid(), signal.SIGKILL)


def train(folder, *, epochs=5, num_images=6000, batch_size=200, seed=0, kill_in=None):
    """Trains a denoising autoencoder alone or as one worker of several, going on from the backup if there is one.

    What a user must see to for that: all randomness is a function of seed, epoch and step (`noisy_batches`), and the
    folder is one that all workers reach. Keras restores the rest: weights, the optimizer's memory, the epoch.

    Args:
        folder: where the chief, which is worker 0, keeps backup and epochs.jsonl, and each worker at last its weights
            (worker0.weights.h5, …).
        batch_size: the global one; each worker takes its part.
        kill_in: the epoch in which the last worker dies, if no backup is there yet; None: nobody does.
    """
    keras.utils.set_random_seed(seed)
    strategy = join()  # before anything else is computed
    index = strategy.cluster_resolver.task_id if strategy.cluster_resolver else 0
    with strategy.scope():
        model = build_model()
        model.compile(optimizer=keras.optimizers.Adam(1e-3))
    images, steps = scale_images(load_mnist().train_images[:num_images]), num_images // batch_size
    first = epochs_in_backup(folder / "backup")
    callbacks = [EpochLog(folder / "epochs.jsonl")] if index == 0 else []
    callbacks.append(backup_and_restore(folder / "backup"))
    if kill_in is not None and index == strategy.num_replicas_in_sync - 1:
        callbacks.append(KillAt(kill_in, steps // 2))
    fit_on_workers(model, noisy_batches(images, batch_size, (first, epochs), seed), epochs=epochs,
                   steps_per_epoch=steps, initial_epoch=first, callbacks=callbacks)
    model.save_weights(folder / f"worker{index}.weights.h5")


# ---- the command ----


def train_on_workers(folder, num_workers, *, epochs=5, kill_in=None, restarts=1):
    """Trains on worker processes of this machine, and starts them again from the backup if one of them fails.

    Args:
        folder: see `train`; it is made if it is not there.
        kill_in: the epoch in which the last worker dies at the first start, or None.
        restarts: how often they are started again.

    Returns:
        The epoch log: a dictionary for each epoch.

    Raises:
        ChildProcessError: if a worker failed once more than that.
    """
    Path(folder).mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "aigc_tf.workers", str(folder), "--join", "--epochs", str(epochs)]
    for start in range(restarts + 1):
        kill = ["--kill-in", str(kill_in)] if kill_in is not None and start == 0 else []
        try:
            run(command + kill, num_workers)
            break
        except ChildProcessError as error:
            if start == restarts:
                raise
            print(f"{error}\nStarted again, from epoch {epochs_in_backup(Path(folder) / 'backup')}.", flush=True)
    return read_epoch_log(Path(folder) / "epochs.jsonl")


def main(arguments=None):
    """Parse the command line, train, print a line for each epoch; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m aigc_tf.workers", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="backup, epoch log and weights; if there is a backup, it is resumed")
    parser.add_argument("--workers", type=int, default=2, help="how many processes (2)")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--kill-in", type=int, metavar="EPOCH", help="kill the last worker in the middle of that epoch")
    parser.add_argument("--join", action="store_true", help="be one of the workers, the one that TF_CONFIG says")
    options = parser.parse_args(arguments)
    if options.join:
        train(options.folder, epochs=options.epochs, kill_in=options.kill_in)
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # an exception, so that the workers are stopped too

    def work():
        epochs = train_on_workers(options.folder, options.workers, epochs=options.epochs, kill_in=options.kill_in)
        for entry in epochs:
            print("  ".join(f"{name} {value:.6g}" for name, value in entry.items()))

    return command_line.run("Workers", work, interrupted="The same command goes on from the backup.")


if __name__ == "__main__":
    sys.exit(main())
