"""How do time and memory grow?  Batch size, image side, sequence length, and data that is larger than the memory.

    python benchmarks/growth.py          writes benchmarks/growth.json; six minutes on two idle cores

Every point is measured in a process of its own, which reports the median time of a step (three repeats, after one that
traces and warms up) and the peak of its resident memory, TensorFlow's own half a gigabyte included.

- batch size: the VAE and the DCGAN.
- image side: the VAE at 14, 28 and 56, MNIST made smaller and larger; the DCGAN at 28 and 56 (its networks halve an
  image twice, which 14 does not allow).
- sequence length: the LSTM, 256 units, batch 64.
- dataset size: 1, 4 and 16 times MNIST's training images (47 MB each as bytes), from an array in memory by
  `data.image_dataset` and from files by `pipelines.image_files_dataset`. The floor: one batch, kept in memory.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from results import machine, store

from aigc_tf import data
from aigc_tf.gan import GAN
from aigc_tf.lstm import LSTMLanguageModel
from aigc_tf.pipelines import image_files_dataset
from aigc_tf.recipes import DCGAN
from aigc_tf.text import streams
from aigc_tf.vae import VAE

REPEATS, STEPS = 3, 40
FILE = 30_000  # images in each file
POINTS = {
    "batch_size": [
        {"model": model, "batch_size": size} for model in ("VAE", "DCGAN") for size in (32, 64, 128, 256, 512)
    ],
    "image_side": [{"model": "VAE", "side": side} for side in (14, 28, 56)]
    + [{"model": "DCGAN", "side": side} for side in (28, 56)],
    "length": [{"model": "LSTM", "length": length} for length in (16, 32, 64, 128, 256)],
    "dataset": [{"model": "VAE", "source": "one batch"}]
    + [{"model": "VAE", "source": source, "times": times} for source in ("memory", "files") for times in (1, 4, 16)],
}


def build(model, side=28):
    if model == "LSTM":
        lstm = LSTMLanguageModel([chr(code) for code in range(32, 97)])
        lstm.compile(optimizer=keras.optimizers.Adam(1e-3))
        return lstm
    if model == "VAE":
        vae = VAE((side, side, 1))
        vae.compile(optimizer=keras.optimizers.Adam(1e-3))
        return vae
    gan = GAN((side, side, 1), **DCGAN)
    adams = {f"{player}_optimizer": keras.optimizers.Adam(2e-4) for player in ("generator", "discriminator")}
    gan.compile(**adams)
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
        return image_files_dataset(sorted(folder.glob("*.npy"))[:2 * times], batch_size=batch_size, seed=0)
    images = data.load_mnist().train_images
    if source == "one batch":
        return data.image_dataset(images[:batch_size], batch_size=batch_size).repeat()
    images = resized(images[:batch_size * STEPS], side) if source is None else np.tile(images, (times, 1, 1, 1))
    return data.image_dataset(images, batch_size=batch_size, seed=0)


def measure(folder, model, batch_size=64, side=28, length=64, source=None, times=1):
    """{milliseconds of a step, memory_mb at the most} of one point, by this process."""
    pipeline, trained = batches(folder, model, batch_size, side, length, source, times), build(model, side)
    iterator = iter(pipeline.repeat())
    step = tf.function(trained.train_step)
    seconds = []
    for _ in range(REPEATS + 1):
        start = time.perf_counter()
        for _ in range(STEPS):
            logs = step(next(iterator))
        float(next(iter(logs.values())))
        seconds.append((time.perf_counter() - start) / STEPS)
    if source in ("files", "memory"):  # read on to the end, so that the memory shows what all of it takes
        for _ in pipeline:
            pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"milliseconds": round(1000 * statistics.median(seconds[1:]), 2), "memory_mb": round(peak)}


def in_a_process(folder, point):
    command = [sys.executable, __file__, "--folder", str(folder), "--point", json.dumps(point)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    measured = json.loads(done.stdout.splitlines()[-1])
    print({**point, **measured}, flush=True)
    return {**point, **measured}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, help="of the files")
    parser.add_argument("--point", type=json.loads, help="measure this point alone, and print it")
    options = parser.parse_args()
    if options.point:
        print(json.dumps(measure(options.folder, **options.point)))
        return
    record = {"work": f"medians of {REPEATS} repeats of {STEPS} steps, a process each", "machine": machine()}
    with tempfile.TemporaryDirectory() as folder:
        images = data.load_mnist().train_images
        for number in range(32):
            np.save(Path(folder) / f"{number:02}.npy", images[:FILE] if number % 2 else images[FILE:])
        for name, points in POINTS.items():
            record[name] = [in_a_process(folder, point) for point in points]
    store(__file__, record)


if __name__ == "__main__":
    main()
