"""What the machine can do: 10⁹ multiplications and additions a second in large products of matrices, and in small ones.

The small ones are those of an LSTM's loop over time, at a batch of 64 and 256 units: the states (64 × 256) times the
recurrent kernel (256 × 1024), then the gradients (64 × 1024) times its transpose, each product waiting for the one
before. TensorFlow and PyTorch multiply in turns with the contenders of the benchmark that asks for a limit. What a
network of convolutions has to multiply is counted here, too.
"""

import math
import statistics

import keras
import pytorch
import tensorflow as tf
from results import sized
from timing import of_kind, timed

LARGE, SMALL = 2048, (64, 256, 1024)  # rows and columns of the large matrices; rows, inner and columns of the small
PAIRS, CALLS = 50, sized(6, 1)  # of small products: pairs in a call, calls in a round
LARGE_GFLOP, SMALL_GFLOP = 2 * LARGE**3 / 1e9, 2 * SMALL[0] * SMALL[1] * SMALL[2] / 1e9
NAMES = {  # of the contenders, and what one of their steps takes
    f"{LARGE} × {LARGE} × {LARGE}": LARGE_GFLOP,
    f"{SMALL[0]} × {SMALL[1]} × {SMALL[2]} and back": 2 * SMALL_GFLOP,
}


def tensorflow_products():
    """Functions that make one large product, and CALLS · PAIRS pairs of small ones."""
    matrix, (rows, inner, columns) = tf.random.normal((LARGE, LARGE)), SMALL
    states = tf.random.normal((rows, inner))
    kernel = tf.transpose(tf.linalg.qr(tf.random.normal((columns, inner)))[0])  # its rows orthonormal: nothing grows

    @tf.function
    def back_and_forth(states, kernel):
        for _ in range(PAIRS):  # in Python: one graph without a loop
            states = tf.matmul(states @ kernel, kernel, transpose_b=True)
        return states

    def small():
        for _ in range(CALLS):
            float(back_and_forth(states, kernel)[0, 0])

    return lambda: float((matrix @ matrix)[0, 0]), small


def products():
    """Contenders, by library and size of the product."""
    large, small = tensorflow_products()
    found = {"TensorFlow": (timed(1, large), timed(CALLS * PAIRS, small))}
    if pytorch.INSTALLED:
        program = pytorch.Program("Products", size=LARGE, small=SMALL)
        found["PyTorch"] = (
            timed(1, lambda: program("large")), timed(CALLS * PAIRS, lambda: program("small", pairs=CALLS * PAIRS))
        )
    return {f"{name}, {library}": run for library, runs in found.items() for name, run in zip(NAMES, runs)}


def gflop_per_second(found):
    """{size of the product, library: rate} by the median of what `timing.interleaved` found of `products()`."""
    seconds = of_kind({name: kinds for name, kinds in found.items() if name.rsplit(", ", 1)[0] in NAMES})
    return {
        name: round(NAMES[name.rsplit(", ", 1)[0]] / statistics.median(values), 1) for name, values in seconds.items()
    }


def multiply_adds(network):
    """{layer: multiply-adds that one image takes in it}, of the layers with a kernel, from the first to the last.

    A convolution's kernel is applied at each place of its output, a transposed one's at each place of its input; what
    reaches over the border counts, too.
    """
    counts = {}
    for layer in network.layers:
        if hasattr(layer, "kernel"):
            places = layer.input if isinstance(layer, keras.layers.Conv2DTranspose) else layer.output
            counts[layer.name] = math.prod(layer.kernel.shape) * math.prod(places.shape[1:-1])  # dense: one place
    return counts
