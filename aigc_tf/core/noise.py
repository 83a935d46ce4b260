"""Random numbers for models and data: new ones at every call, or, with a seed, the same ones every time."""

import numpy as np
import tensorflow as tf


def standard_normal(shape, seed=None):
    """Draws from N(0, 1), float32 of the given shape."""
    return tf.random.normal(shape) if seed is None else tf.random.stateless_normal(shape, seed_pair(seed))


def uniform(shape, seed=None):
    """Draws from U[0, 1), float32 of the given shape."""
    return tf.random.uniform(shape) if seed is None else tf.random.stateless_uniform(shape, seed_pair(seed))


def seed_pair(seed):
    """A seed as TensorFlow's stateless functions want it: two integers. One integer becomes (seed, 0)."""
    return (seed, 0) if isinstance(seed, (int, np.integer)) else seed
