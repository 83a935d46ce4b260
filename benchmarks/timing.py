"""How the benchmarks take time: interleaved medians, the machine's limit, minutes to a quality; PyTorch if it is there.

A benchmark compares in one run: the contenders take turns, the first round traces and warms up, medians are stored.
"""

import os
import statistics
import time

import keras
import tensorflow as tf

try:
    import torch

    torch.set_num_threads(os.cpu_count())  # as many as TensorFlow takes
except ImportError:
    torch = None
    print("PyTorch's rows are left out, since it is not installed here: `pip install torch==2.13.0` adds them.")

# Keras 2 still has its older Adam, one operation for each weight where the newer one takes a dozen; Keras 3 has not.
FUSED_ADAM = keras.optimizers.legacy.Adam if keras.__version__.startswith("2.") else None
PRODUCT = 2048  # rows and columns of the matrices whose product is the machine's limit


def medians(contenders, repeats=5):
    """Median seconds of a unit of work, by name, of interleaved repeats of {name: (units, function that does them)}."""
    times = {name: [] for name in contenders}
    for repeat in range(repeats + 1):
        for name, (units, run) in contenders.items():
            start = time.perf_counter()
            run()
            if repeat:  # the first round traces and warms up
                times[name].append((time.perf_counter() - start) / units)
    return {name: statistics.median(values) for name, values in times.items()}


def product():
    """A contender: one product of large matrices, and how many 10⁹ multiplications and additions it takes."""
    matrix = tf.random.normal((PRODUCT, PRODUCT))
    return (1, lambda: float(tf.linalg.matmul(matrix, matrix)[0, 0])), 2 * PRODUCT**3 / 1e9


def minutes_to_quality(train, quality, target, most):
    """Trains piece by piece until the quality is at most `target`, or `most` pieces are done.

    Args:
        train: function that trains for one piece; it alone is on the clock.
        quality: function that measures, lower being better.

    Returns:
        {"minutes", "pieces", "quality", "reached"}.
    """
    seconds, pieces, reached = 0.0, 0, float("inf")
    while reached > target and pieces < most:
        start = time.perf_counter()
        train()
        seconds += time.perf_counter() - start
        reached, pieces = float(quality()), pieces + 1
    print(f"    {reached:.3f} after {pieces} pieces, {seconds / 60:.2f} minutes", flush=True)
    return {
        "minutes": round(seconds / 60, 3), "pieces": pieces, "quality": round(reached, 3), "reached": reached <= target
    }


def rounded(row, digits=2):
    return {name: round(value, digits) for name, value in row.items()}
