"""What goes into a diffusion model's network and comes out of it (chapter 7): checked, put together, in its ranges."""

import itertools
import math

import tensorflow as tf

from aigc_tf.core.noise import standard_normal
from aigc_tf.diffusion.unet import time_features

CHUNK = 250  # images that go through the network at a time when nothing is learnt: more would not fit into the caches


def check_guidance(guidance, labels):
    """Raises ValueError for guidance without labels, or guidance that is negative or not finite."""
    if guidance != 1 and not labels:
        raise ValueError(f"Guidance needs a model with labels (num_classes), and labels. Received: {guidance=}")
    if not (math.isfinite(guidance) and guidance >= 0):
        raise ValueError(f"guidance must be a finite number of at least 0. Received: {guidance=}")


def guided(with_label, without, guidance):
    """without + guidance · (with_label − without): 1 is the model as it is, more exaggerates what the label changes.

    Classifier-free guidance (Ho & Salimans 2022, arXiv:2207.12598, equation 6, whose w is guidance − 1).
    """
    return without + guidance * (with_label - without)


def network_inputs(noisy, times, one_hot):
    """What `build_unet`'s network takes."""
    inputs = [noisy, time_features(times)]
    return inputs if one_hot is None else [*inputs, one_hot]


def to_unit_range(images):
    """[−1, 1] → [0, 1]; what lies outside is cut off."""
    return tf.clip_by_value(0.5 * (images + 1.0), 0.0, 1.0)


def in_chunks(tensor, padding):
    """(count, …) → (chunks, CHUNK, …), filled up with zeros; one chunk as it is if nothing is to be filled up."""
    tensor = tf.pad(tensor, [(0, padding), *[(0, 0)] * (tensor.shape.rank - 1)])
    size = tf.minimum(tf.shape(tensor)[0], CHUNK)
    return tf.reshape(tensor, tf.concat([[-1, size], tf.shape(tensor)[1:]], axis=0))


def draws(shape, seed, purpose):
    """A function that returns new standard normal noise at each call; with a seed the same ones every time.

    `purpose`, from 1 to 999, keeps them apart from the draws of the same seed for something else, and from the latents.
    """
    if seed is None:
        return lambda: standard_normal(shape)
    number = itertools.count()
    return lambda: standard_normal(shape, (seed, purpose + 1000 * next(number)))


def as_times(times, count):
    """Times as a float32 tensor, (count,).

    Raises:
        ValueError: for another number of them, or (outside of `tf.function`) unless all lie in [0, 1].
    """
    times = tf.cast(tf.convert_to_tensor(times), tf.float32)
    if times.shape != (count,) and count is not None:
        raise ValueError(f"Times must have shape ({count},). Received: {tuple(times.shape)}")
    if tf.executing_eagerly() and not tf.reduce_all((times >= 0.0) & (times <= 1.0)):
        raise ValueError(f"Times must lie in [0, 1]. Received: {times.numpy()}")
    return times
