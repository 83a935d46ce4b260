"""How near are images to their targets? One number for each pair, and how colourful images are on their own.

Nothing here knows a model. Nearness is not all: where several colours are right, an answer between them errs least, and
is grey. `colourfulness` tells.
"""

import numpy as np
import tensorflow as tf

from aigc_tf.core.inputs import as_images

SSIM_WINDOW = 11  # pixels


def absolute_error(images, targets):
    """Mean of abs(image − target) over pixels and channels, in [0, 1].

    Args:
        images, targets: floats in [0, 1] of one shape (N, height, width, channels).

    Returns:
        (N,), 0 for equal images.

    Raises:
        ValueError: for other or unequal shapes, integers, or values that are not in [0, 1].
    """
    images, targets = _pair(images, targets)
    return np.abs(images - targets).mean(axis=(1, 2, 3))


def squared_error(images, targets):
    """Mean of (image − target)² over pixels and channels, in [0, 1].

    Args:
        images, targets: floats in [0, 1] of one shape (N, height, width, channels).

    Returns:
        (N,), 0 for equal images.

    Raises:
        ValueError: for other or unequal shapes, integers, or values that are not in [0, 1].
    """
    images, targets = _pair(images, targets)
    return np.square(images - targets).mean(axis=(1, 2, 3))


def psnr(images, targets):
    """Peak signal-to-noise ratio, −10 log₁₀ mean (image − target)² over pixels and channels: 20 dB for errors of 0.1.

    Args:
        images, targets: floats in [0, 1] of one shape (N, height, width, channels).

    Returns:
        (N,) in dB, infinite for equal images: take the mean of squared errors, not of these, where that may happen.

    Raises:
        ValueError: for other or unequal shapes, integers, or values that are not in [0, 1].
    """
    with np.errstate(divide="ignore"):
        return -10 * np.log10(squared_error(images, targets))


def ssim(images, targets):
    """Structural similarity: agreement of the means, the contrasts and the patterns in windows, 1 for equal images.

    In each window (2 μx μy + c₁)(2 σxy + c₂) / ((μx² + μy² + c₁)(σx² + σy² + c₂)), with c₁ = 0.01² and c₂ = 0.03². Wang
    et al. 2004 (doi:10.1109/TIP.2003.819861), equation 13, in Gaussian windows of 11 × 11 as there, by `tf.image.ssim`:
    of each channel alone, then the mean.

    Args:
        images, targets: floats in [0, 1] of one shape (N, height, width, channels), sides of at least 11.

    Returns:
        (N,) in [−1, 1].

    Raises:
        ValueError: for other or unequal shapes, integers, or values that are not in [0, 1].
    """
    images, targets = _pair(images, targets)
    if min(images.shape[1:3]) < SSIM_WINDOW:
        raise ValueError(f"Images must have sides of at least {SSIM_WINDOW} pixels. Received: shape {images.shape}")
    pair = (tf.cast(values, tf.float32) for values in (images, targets))
    return tf.image.ssim(*pair, max_val=1.0, filter_size=SSIM_WINDOW).numpy()


def colourfulness(images):
    """√(σ²(rg) + σ²(yb)) + 0.3 √(μ²(rg) + μ²(yb)) over pixels, with rg = R − G and yb = (R + G) / 2 − B.

    Hasler & Süsstrunk 2003 (doi:10.1117/12.477378), the last of their three formulas; theirs are 255 times as large,
    since their pixels are in [0, 255].

    Args:
        images: floats in [0, 1], (N, height, width, 3).

    Returns:
        (N,), 0 for grey images.

    Raises:
        ValueError: for other shapes, integers, or values that are not in [0, 1].
    """
    images = _images(images)
    if images.shape[-1] != 3:
        raise ValueError(f"Images must have 3 channels. Received: shape {images.shape}")
    red, green, blue = np.moveaxis(images, -1, 0)
    opponents = np.stack([red - green, (red + green) / 2 - blue])  # (2, N, height, width)
    spreads, means = opponents.std(axis=(2, 3)), opponents.mean(axis=(2, 3))
    return np.linalg.norm(spreads, axis=0) + 0.3 * np.linalg.norm(means, axis=0)


def _images(images):
    """Images as float64, so that sums of many pixels are exact enough."""
    shape = tuple(np.shape(images))
    if len(shape) != 4 or 0 in shape:
        raise ValueError(f"Images must have shape (N, height, width, channels). Received: shape {shape}")
    return as_images(images, shape[1:]).numpy().astype(np.float64)


def _pair(images, targets):
    images, targets = _images(images), _images(targets)
    if images.shape != targets.shape:  # NumPy would stretch one of them
        raise ValueError(f"Images and targets must have one shape. Received: {images.shape} and {targets.shape}")
    return images, targets
