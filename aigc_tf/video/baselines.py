"""Predictions without learning, which a network that predicts frames has to beat.

All have the verb of chapter 10, `predict_frames(frames, num_frames)`: films (N, T, H, W, C) → their next frames.
"""

import numpy as np
import tensorflow as tf

from aigc_tf.data.moving_digits import move, place

INK = 0.02  # darker pixels count as black
PAIRS = 3  # of the last frames, by which the motion is measured


def repeat_last(frames, num_frames):
    """Nothing moves any more: the last frame again and again.

    Args:
        frames: (N, T, H, W, C) floats in [0, 1].
        num_frames: how many frames to predict.

    Returns:
        float32 (N, num_frames, H, W, C).

    Raises:
        ValueError: for another rank, or num_frames < 1.
    """
    return np.repeat(_checked(frames, num_frames, at_least=1)[:, -1:], num_frames, axis=1)


def linear_motion(frames, num_frames, *, walls=True):
    """The last frame is shifted on as it has moved last, by bilinear interpolation.
    """
    frames = _checked(frames, num_frames, at_least=2)
    velocities = motion(frames)
    low, high = _room(frames) if walls else (-np.inf, np.inf)
    shifts, _, _ = move(np.zeros_like(velocities), velocities, low, high, num_frames + 1)
    pictures = np.moveaxis(frames[:, -1], -1, 1)  # (N, C, H, W): each channel is a picture of its own
    corners = tf.repeat(shifts[:, 1:, tf.newaxis], pictures.shape[1], axis=2)
    shifted = place(tf.convert_to_tensor(pictures), corners, pictures.shape[2:])
    return np.moveaxis(np.minimum(shifted, 1), 2, -1)


def displacements(frames):
    """How far all that is seen moves from one frame to the next, by the peak of their cross-correlation.

    Returns:
        float32 (N, T − 1, 2) in pixels.
    """
    spectra = np.fft.rfft2(frames.max(axis=-1))
    size = frames.shape[2:4]
    correlations = np.fft.irfft2(spectra[:, 1:] * spectra[:, :-1].conj(), s=size)  # circular
    flat = correlations.reshape(*correlations.shape[:2], -1)
    row, column = np.unravel_index(flat.argmax(axis=-1), size)
    films, pairs = np.ogrid[:flat.shape[0], :flat.shape[1]]
    rows = [correlations[films, pairs, (row + step) % size[0], column] for step in (-1, 0, 1)]
    columns = [correlations[films, pairs, row, (column + step) % size[1]] for step in (-1, 0, 1)]
    found = []
    for peak, length, (before, at, after) in zip((row, column), size, (rows, columns)):
        bend = before - 2 * at + after
        part = np.where(bend < 0, (before - after) / np.where(bend < 0, 2 * bend, 1), 0)
        found.append((peak + length // 2) % length - length // 2 + part)
    return np.stack(found, axis=-1).astype("float32")


def motion(frames):
    return np.median(displacements(frames[:, -1 - PAIRS:]), axis=1)


def _room(frames):
    """How far the ink of the last frame may still move: least and greatest shift, (N, 2) each."""
    ink = frames[:, -1].max(axis=-1) > INK
    edges = []
    for axis in (2, 1):
        profile = ink.any(axis=axis)
        edges.append((-profile.argmax(axis=1), profile[:, ::-1].argmax(axis=1)))
    return tuple(np.stack(pair, axis=-1).astype("float32") for pair in zip(*edges))


def _checked(frames, num_frames, at_least):
    frames = np.asarray(frames, np.float32)
    if frames.ndim != 5 or 0 in frames.shape or frames.shape[1] < at_least:
        raise ValueError(
            f"Films must have shape (N, T, H, W, C) with at least {at_least} frames. Received: shape {frames.shape}"
        )
    if num_frames < 1:
        raise ValueError(f"num_frames must be at least 1. Received: {num_frames}")
    return frames
