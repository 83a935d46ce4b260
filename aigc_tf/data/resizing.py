"""Smaller and larger images (chapter 8): what a camera of fewer pixels would see, and the way back without learning."""

import tensorflow as tf


def shrink(images, factor):
    """Images whose every square of factor × factor pixels has become one pixel, its mean.

    Args:
        images: (N, H, W, C) floats.
        factor: a whole number of at least 1 that divides height and width.

    Returns:
        float32 (N, H / factor, W / factor, C).

    Raises:
        ValueError: for another rank, or a factor that does not divide the sides.
    """
    images = _checked(images, factor)
    if images.shape[1] % factor or images.shape[2] % factor:
        raise ValueError(f"factor must divide height and width. Received: factor={factor}, shape {tuple(images.shape)}")
    return tf.nn.avg_pool2d(images, factor, factor, "VALID")


def enlarge(images, factor):
    """Images `factor` times as high and wide by bicubic interpolation (Keys 1981, doi:10.1109/TASSP.1981.1163711).

    Each new pixel is a weighted sum of the 16 old ones around it; nothing is learnt. Interpolation may overshoot at
    edges: what leaves [0, 1] is cut off.

    Args:
        images: (N, H, W, C) floats in [0, 1].
        factor: a whole number of at least 1.

    Returns:
        float32 (N, factor · H, factor · W, C).

    Raises:
        ValueError: for another rank or factor.
    """
    images = _checked(images, factor)
    size = (factor * images.shape[1], factor * images.shape[2])
    return tf.clip_by_value(tf.image.resize(images, size, method="bicubic"), 0.0, 1.0)


def _checked(images, factor):
    images = tf.convert_to_tensor(images, tf.float32)
    if images.shape.rank != 4 or factor < 1 or factor != int(factor):
        raise ValueError(
            "Images must have shape (N, H, W, C), and factor must be a whole number of at least 1. Received: "
            f"shape {tuple(images.shape)}, factor={factor}"
        )
    return images
