"""Damage on purpose: images in, images out, eager or in a pipeline; and binarization, which is a kind of it."""

import tensorflow as tf

from aigc_tf.core.noise import standard_normal, uniform


def binarize(images, *, seed=None):
    """Samples black-and-white images: each pixel is 1 with probability equal to its grey value.

    Drawn anew in every epoch (`with_new_draws(dataset, binarize)`) this is "dynamic" binarization (Salakhutdinov &
    Murray 2008; Burda et al. 2016), the setting of the published likelihoods that chapter 2 compares with.

    Args:
        images: (N, H, W, C) floats in [0, 1].
        seed: an integer, or two, for the same draw every time, for example for a test set.

    Returns:
        float32 images of zeros and ones, same shape.
    """
    images = _as_batch(images)
    return tf.cast(uniform(tf.shape(images), seed) < images, tf.float32)


def add_gaussian_noise(images, stddev, *, seed=None):
    """Images plus N(0, stddev²), clipped to [0, 1].

    Raises:
        ValueError: if stddev is negative.
    """
    if not stddev >= 0:  # NaN is not, either
        raise ValueError(f"stddev must be at least 0. Received: {stddev}")
    images = _as_batch(images)
    return tf.clip_by_value(images + stddev * standard_normal(tf.shape(images), seed), 0.0, 1.0)


def mask_pixels(images, fraction, *, seed=None):
    """Sets each pixel (all its channels) to 0 with probability `fraction`.

    Raises:
        ValueError: if fraction is outside [0, 1].
    """
    if not 0 <= fraction <= 1:
        raise ValueError(f"fraction must lie in [0, 1]. Received: {fraction}")
    images = _as_batch(images)
    shape = tf.shape(images)
    keep = uniform([shape[0], shape[1], shape[2], 1], seed) >= fraction
    return images * tf.cast(keep, tf.float32)


def mask_block(images, size, *, seed=None):
    """Sets one square of `size` × `size` pixels to 0 in each image, at a place drawn for each image.

    Raises:
        ValueError: if the block does not fit into the image.
    """
    images = _as_batch(images)
    height, width = images.shape[1], images.shape[2]
    if not 0 < size <= min(height, width):
        raise ValueError(f"The block must be 1 to {min(height, width)} pixels wide. Received: size={size}")
    places = uniform([tf.shape(images)[0], 2], seed)
    top = tf.floor(places[:, :1] * (height - size + 1))  # (N, 1)
    left = tf.floor(places[:, 1:] * (width - size + 1))
    rows, columns = tf.range(height, dtype=tf.float32), tf.range(width, dtype=tf.float32)
    in_rows = (rows >= top) & (rows < top + size)  # (N, H)
    in_columns = (columns >= left) & (columns < left + size)  # (N, W)
    block = in_rows[:, :, None, None] & in_columns[:, None, :, None]
    return tf.where(block, 0.0, images)


def _as_batch(images):
    images = tf.convert_to_tensor(images, tf.float32)
    if images.shape.rank not in (None, 4):
        raise ValueError(f"Images must have shape (N, H, W, C). Received: shape {tuple(images.shape)}")
    return images
