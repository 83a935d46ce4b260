"""How do time and memory grow?  Batch size, image side, sequence length, and data that is larger than the memory.

    python benchmarks/growth.py          writes benchmarks/growth.json; six minutes on two idle cores

Every point is measured in a process of its own, in rounds: each round measures every point once, in turn. A process
reports the time of a step, in a Python loop over the compiled `train_step` (no `fit`; `FusedAdam`), after some that
trace and warm up, and the peak of its resident memory, TensorFlow's own half a gigabyte included. A point that stands
in two tables was measured for both at once.

- batch size: the VAE and the DCGAN.
- image side: the VAE at 14, 28 and 56, MNIST made smaller and larger; the DCGAN at 28 and 56 (its networks halve an
  image twice, which 14 does not allow).
- sequence length: the LSTM, 256 units, batch 64.
- dataset size: 1, 4 and 16 times MNIST's training images (47 MB each as bytes), from an array in memory by
  `data.image_dataset` and from files by `data.image_files_dataset`. The floor: one batch, kept in memory.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from results import QUICK, machine, sized, store

from aigc_tf import data
from aigc_tf.core.optimizers import FusedAdam
from aigc_tf.gan import GAN
from aigc_tf.recipes import DCGAN
from aigc_tf.text import LSTMLanguageModel, streams
from aigc_tf.vae import VAE

ROUNDS, WARM_UP, STEPS = sized(3, 1), 5, sized(20, 2)
FILE = 30_000  # images in each file
BATCH_SIZE, SIDE, LENGTH = 128, 28, 64  # where nothing else is said; the LSTM's batches have 64
POINTS = [
    *({"model": model, "batch_size": size} for model in ("VAE", "DCGAN") for size in (32, BATCH_SIZE, 512)),
    *({"model": model, "side": side} for model, side in (("VAE", 14), ("VAE", 56), ("DCGAN", 56))),
    *({"model": "LSTM", "batch_size": 64, "length": length} for length in (16, LENGTH, 256)),
    {"model": "VAE", "source": "one batch", "times": 0},
    *({"model": "VAE", "source": source, "times": times} for source in ("memory", "files") for times in (1, 4, 16)),
]


def completed(point):
    """A point with everything said."""
    return {"batch_size": BATCH_SIZE, "side": SIDE, "length": LENGTH, "source": None, "times": 1, **point}


def build(model, side):
    if model == "LSTM":
        lstm = LSTMLanguageModel([chr(code) for code in range(32, 97)])
        lstm.compile(optimizer=FusedAdam(1e-3))
        return lstm
    if model == "VAE":
        vae = VAE((side, side, 1))
        vae.compile(optimizer=FusedAdam(1e-3))
        return vae
    gan = GAN((side, side, 1), **DCGAN)
    gan.compile(FusedAdam(2e-4), FusedAdam(2e-4))
    return gan


def resized(images, side):
    if side == images.shape[1]:
        return images
    return tf.cast(tf.image.resize(images, (side, side), antialias=True), tf.uint8).numpy()


def batches(folder, model, batch_size, side, length, source, times):
    """The training data of one point."""
    if model == "LSTM":
        numbers = np.random.default_rng(0).integers(65, size=(STEPS + 1) * batch_size * length)
        return streams(numbers, length, batch_size=batch_size)
    if source == "files":
        return data.image_files_dataset(sorted(folder.glob("*.npy"))[:2 * times], batch_size=batch_size, seed=0)
    images = data.load_mnist().train_images
    if source == "one batch":
        return data.image_dataset(images[:batch_size], batch_size=batch_size).repeat()
    images = resized(images[:batch_size * STEPS], side) if source is None else np.tile(images, (times, 1, 1, 1))
    return data.image_dataset(images, batch_size=batch_size, seed=0)


def measure(folder, point):
    """{milliseconds of a step, memory_mb at the most} of one point, by this process."""
    keras.utils.set_random_seed(0)
    pipeline, trained = batches(folder, **point), build(point["model"], point["side"])
    iterator, step = iter(pipeline.repeat()), tf.function(trained.train_step)

    def run(steps):
        start = time.perf_counter()
        for _ in range(steps):
            logs = step(next(iterator))
        float(next(iter(logs.values())))
        return (time.perf_counter() - start) / steps

    run(WARM_UP)
    seconds = run(STEPS)
    if point["source"] in ("files", "memory"):  # read on to the end, so that the memory shows what all of it takes
        for _ in pipeline:
            pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"milliseconds": round(1000 * seconds, 3), "memory_mb": round(peak)}


def in_a_process(folder, point):
    command = [sys.executable, __file__, "--folder", str(folder), "--point", json.dumps(point)]
    done = subprocess.run(command + ["--quick"] * QUICK, stdout=subprocess.PIPE, text=True, check=True)
    measured = json.loads(done.stdout.splitlines()[-1])
    print({**point, **measured}, flush=True)
    return measured


def in_rounds(folder, points):
    """Each point with what it measured in each round: {…, milliseconds: […], memory_mb: […]}."""
    rounds = [[in_a_process(folder, point) for point in points] for _ in range(ROUNDS)]
    return [
        {**point, **{what: [measured[what] for measured in row] for what in row[0]}}
        for point, row in zip(points, zip(*rounds))
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, help="of the files")
    parser.add_argument("--point", type=json.loads, help="measure this point alone, and print it")
    parser.add_argument("--quick", action="store_true", help="measure next to nothing, and keep the record apart")
    options = parser.parse_args()
    if options.point:
        print(json.dumps(measure(options.folder, options.point)))
        return
    with tempfile.TemporaryDirectory() as folder:
        images = data.load_mnist().train_images
        for number in range(32):
            np.save(Path(folder) / f"{number:02}.npy", images[:FILE] if number % 2 else images[FILE:])
        points = in_rounds(folder, [completed(point) for point in POINTS])
    work = f"a step without fit; {ROUNDS} rounds of {STEPS} steps, a process for each point in each"
    store(__file__, {"work": work, "machine": machine(), "points": points})


if __name__ == "__main__":
    main()
