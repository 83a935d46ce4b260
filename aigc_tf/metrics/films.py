"""How good are predicted films? Where is the digit, how fast, and can it still be read; at each horizon.

Frame h of a prediction is h + 1 frames ahead: errors grow with it, so that nothing here averages over frames.
"""

import numpy as np

from aigc_tf.core.inputs import as_images
from aigc_tf.data.resizing import enlarge
from aigc_tf.metrics.pairs import squared_error, ssim

INK = 0.05  # darker pixels count as black
WINDOW = 14  # pixels of a frame that are a digit's image, half of MNIST's 28


def track(frames, *, ink=INK):
    """Where the light of each frame is: its centre of gravity, which is the digit's if there is one.

    Args:
        frames: floats in [0, 1], (N, T, H, W, C); of channels the lightest counts.
        ink: darker pixels count as black, so that a haze over the frame, as networks leave it, has no weight.

    Returns:
        float64 (N, T, 2): (row, column) in pixels, 0 in the middle of the first; the frame's middle where all is black.

    Raises:
        ValueError: for other shapes, integers, or values that are not in [0, 1].
    """
    light = _grey(frames)
    light = np.where(light >= ink, light, 0)
    weight = light.sum(axis=(2, 3))
    places = (np.arange(light.shape[2])[:, np.newaxis], np.arange(light.shape[3]))
    moments = np.stack([(light * place).sum(axis=(2, 3)) for place in places], axis=-1)
    middle = (np.array(light.shape[2:]) - 1) / 2
    return np.where(weight[..., np.newaxis] > 0, moments / np.maximum(weight, 1e-12)[..., np.newaxis], middle)


def speed(centres):
    """Pixels a frame between one frame and the next, (N, T − 1), of centres (N, T, 2)."""
    return np.linalg.norm(np.diff(centres, axis=1), axis=-1)


def centre_error(centres, targets):
    """Mean distance in pixels, (T,), of centres from where they should be, both (N, T, 2) or (N, T, digits, 2).

    Raises:
        ValueError: for shapes that differ; of `Films.positions` take [:, :, 0] for a film's only digit.
    """
    centres, targets = np.asarray(centres), np.asarray(targets)
    if centres.shape != targets.shape:  # NumPy would stretch one of them
        raise ValueError(
            "Centres and targets must have one shape; of positions (N, T, 1, 2) take [:, :, 0]. "
            f"Received: {centres.shape} and {targets.shape}"
        )
    distances = np.linalg.norm(centres - targets, axis=-1)
    return np.moveaxis(distances, 1, 0).reshape(distances.shape[1], -1).mean(axis=1)


def squared_error_curve(frames, targets):
    """Mean of (frame − target)² over films, pixels and channels, (T,).

    Args:
        frames, targets: floats in [0, 1] of one shape (N, T, H, W, C).

    Raises:
        ValueError: for other or unequal shapes, integers, or values that are not in [0, 1].
    """
    return _curve(squared_error, frames, targets)


def ssim_curve(frames, targets):
    """Mean structural similarity of frames and targets over films, (T,), 1 for equal ones; for more see `ssim`.

    Args:
        frames, targets: floats in [0, 1] of one shape (N, T, H, W, C).

    Raises:
        ValueError: for other or unequal shapes, integers, values that are not in [0, 1], or sides below 11 pixels.
    """
    return _curve(ssim, frames, targets)


def readable(frames, centres, labels, judge):
    """How often the judge reads the right digit where it should be, (T,): a share of films, and of their digits.

    Each digit is cut out, 14 × 14 pixels around its centre rounded to pixels, and enlarged to the judge's 28 × 28. Of
    channels the lightest counts. Where two digits overlap the judge may read the other one, also in true frames.

    Args:
        frames: floats in [0, 1], (N, T, H, W, C).
        centres: (N, T, 2) or (N, T, digits, 2), in pixels: the true ones, or those of `track`.
        labels: integers (N,) or (N, digits).
        judge: a `DigitClassifier` of images (28, 28, 1).

    Raises:
        ValueError: for shapes that do not belong together, integers in frames, or values that are not in [0, 1].
    """
    grey, centres, labels = _grey(frames), np.asarray(centres), np.asarray(labels)
    if labels.ndim == 1 and centres.ndim == 3:
        labels, centres = labels[:, np.newaxis], centres[:, :, np.newaxis]
    if labels.ndim != 2 or centres.shape != (*grey.shape[:2], labels.shape[1], 2) or len(labels) != len(grey):
        raise ValueError(
            "N films of T frames need centres (N, T, digits, 2) and labels (N, digits), or (N, T, 2) and (N,). "
            f"Received: frames {np.shape(frames)}, centres {centres.shape}, labels {labels.shape}"
        )
    digits = _cut(grey, centres)
    images = enlarge(digits.reshape(-1, WINDOW, WINDOW, 1), 2)
    guesses = judge.features_and_probabilities(images)[1].argmax(axis=-1).reshape(centres.shape[:-1])
    return (guesses == labels[:, np.newaxis]).mean(axis=(0, 2))


def _cut(grey, centres):
    """Windows (N, T, digits, 14, 14) of frames (N, T, H, W) around centres (N, T, digits, 2); black outside."""
    around = (WINDOW, WINDOW)
    padded = np.pad(grey, ((0, 0), (0, 0), around, around))
    windows = np.lib.stride_tricks.sliding_window_view(padded, around, axis=(2, 3))
    corners = np.round(centres - (WINDOW - 1) / 2).clip(-WINDOW, grey.shape[2:]).astype(int) + WINDOW
    films, frames, _ = np.ogrid[:len(grey), :grey.shape[1], :1]
    return windows[films, frames, corners[..., 0], corners[..., 1]]


def _curve(metric, frames, targets):
    frames, targets = _films(frames), _films(targets)
    if frames.shape != targets.shape:
        raise ValueError(f"Frames and targets must have one shape. Received: {frames.shape} and {targets.shape}")
    pairs = (film.reshape(-1, *film.shape[2:]) for film in (frames, targets))
    return metric(*pairs).reshape(frames.shape[:2]).mean(axis=0)


def _films(frames):
    """Films as a float64 array, so that sums of many pixels are exact enough."""
    shape = tuple(np.shape(frames))
    if len(shape) != 5 or 0 in shape:
        raise ValueError(f"Films must have shape (N, T, H, W, C). Received: shape {shape}")
    images = as_images(np.reshape(frames, (-1, *shape[2:])), shape[2:])
    return images.numpy().astype(np.float64).reshape(shape)


def _grey(frames):
    """The lightest channel of films, (N, T, H, W)."""
    return _films(frames).max(axis=-1)
