"""Moving digits (chapter 10): films of MNIST's digits that fly straight and bounce off the walls, made when needed.

Where each digit is, and how fast, is known exactly. Srivastava et al. 2015 (arXiv:1502.04681, "moving MNIST") move
images of 28 × 28 pixels through frames of 64 × 64; here both are half as large, `shrink(images, 2)` in 32 × 32. Theirs
turn where the image's black margin meets the wall; here it is the ink, so that what turns a digit can be seen. A point
is (row, column) in pixels; the middle of the first pixel is at 0.
"""

import math
from functools import partial
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from aigc_tf.core.inputs import check_name
from aigc_tf.core.noise import uniform
from aigc_tf.data.loading import check_images
from aigc_tf.data.pipelines import prefetched
from aigc_tf.data.resizing import shrink

SHRINK = 2  # 14 × 14 pixels: enlarged again, the course's judge reads 99.2% of the test digits (99.4% at 28 × 28)
BOUNCES = ("mirror", "random")


class Films(NamedTuple):
    """Films, and what is true of them.

    Args:
        frames: float32 (N, T, size, size, C) in [0, 1], white or coloured on black. Not uint8: that would round what
            lies between pixels, and films are made when needed, so that few are ever in memory.
        labels: (N, digits), which digits they are.
        positions: float32 (N, T, digits, 2), the centres of gravity of the digits' ink: (row, column) in pixels.
        velocities: float32 (N, T, digits, 2) in pixels a frame, with which they leave each frame: the next position is
            this one plus this velocity, unless a wall is between them.
        bounced: bool (N, T, digits), whether they have met a wall since the frame before.
    """

    frames: np.ndarray
    labels: np.ndarray
    positions: np.ndarray
    velocities: np.ndarray
    bounced: np.ndarray


def moving_digits(
    images, labels, num_films, *, num_frames=20, size=32, num_digits=1, bounce="mirror", speed=(1.0, 2.5),
    colour=False, seed=None,
):
    """Films of digits, each with a place, a direction and a speed of its own, all drawn uniformly.

    Digits do not notice each other; where they overlap, the lighter pixel is seen. For training and test films take
    images of different splits, so that no digit is in both.

    Args:
        images: (M, H, W, 1) with even sides, uint8 or floats in [0, 1]: digits on black, such as MNIST's.
        labels: (M,) integers.
        num_films: N, how many to make.
        num_frames: T, frames of each.
        size: sides of a frame in pixels.
        num_digits: digits in each film.
        bounce: what follows a wall. "mirror": the same angle, so that all that comes is in the first two frames.
            "random": the same speed, in a direction that is drawn anew from those away from the wall, and counts from
            the next frame on. The same seed gives the same films up to the first wall.
        speed: least and greatest, in pixels a frame.
        colour: whether each digit has a hue of its own, which makes C = 3 instead of 1.
        seed: an integer, or two, for the same films every time.

    Returns:
        `Films(frames, labels, positions, velocities, bounced)`, NumPy arrays.

    Raises:
        ValueError: for bad images (see `check_images`), images with odd sides, more channels or no ink, labels of
            another number, numbers below 1, frames in which digits have no room for a step, an unknown bounce, or
            speeds that are no range above 0.
    """
    options = {"size": size, "num_digits": num_digits, "bounce": bounce, "speed": speed, "colour": colour}
    make = _maker(images, labels, num_films, num_frames, **options)
    return Films(*(values.numpy() for values in make(seed)))


def film_batches(images, labels=None, *, batch_size, steps, num_frames=20, seed=None, **options):
    """A `tf.data.Dataset` of batches of films that nobody has seen before: every epoch draws new ones.

    Args:
        images, labels: see `moving_digits`; kept in memory in the type they come in.
        batch_size: films in a batch.
        steps: batches in an epoch.
        num_frames: frames of each film.
        seed: makes the sequence of films repeatable.
        options: `size`, `num_digits`, `bounce`, `speed` and `colour`, see `moving_digits`.

    Returns:
        Dataset of frames, float32 (batch_size, num_frames, size, size, C) in [0, 1], alone, or with `labels` as pairs
        with the labels of their digits, (batch_size, digits).

    Raises:
        ValueError: see `moving_digits`.
    """
    if steps < 1:
        raise ValueError(f"An epoch has at least 1 step. Received: steps={steps}")
    numbers = np.zeros(len(images), np.int64) if labels is None else labels
    make = _maker(images, numbers, batch_size, num_frames, **options)
    seeds = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True).batch(2).take(steps)
    return prefetched(seeds.map(lambda seed: make(seed)[0 if labels is None else slice(2)], num_parallel_calls=2))


# ---- what happens in a film -----------------------------------------------------------------------------------------


def move(positions, velocities, low, high, num_frames, turns=None):
    """Straight on, and elastic reflection at walls: what is beyond a wall is mirrored to this side.

    Args:
        positions, velocities: floats (..., 2) in the first frame, in pixels and pixels a frame.
        low, high: floats that broadcast to (..., 2), between which the positions stay: −∞ and ∞ for no walls. A step is
            no longer than high − low.
        num_frames: how many.
        turns: floats (num_frames, ...) in [0, 1), the new directions after a wall in each frame, or None for mirrors.

    Returns:
        (positions, velocities, bounced): float32 (..., 2), float32 (..., 2) and bool (...), all with an axis of
        num_frames after the first axis.
    """
    positions, velocities, low, high = (tf.cast(values, tf.float32) for values in (positions, velocities, low, high))
    path = [(positions, velocities, tf.zeros(tf.shape(positions)[:-1], tf.bool))]
    for frame in range(1, num_frames):
        ahead = positions + velocities
        hit = (ahead < low) | (ahead > high)
        mirrored = tf.where(ahead < low, 2 * low - ahead, 2 * high - ahead)
        positions = tf.clip_by_value(tf.where(hit, mirrored, ahead), low, high)
        velocities = tf.where(hit, -velocities, velocities)
        if turns is not None:
            velocities = _turned(velocities, hit, turns[frame])
        path.append((positions, velocities, tf.reduce_any(hit, axis=-1)))
    return tuple(tf.stack(values, axis=1) for values in zip(*path))


def _turned(velocities, hit, turns):
    """Velocities of the same length in new directions where a wall was hit, and away from that wall."""
    turned = tf.norm(velocities, axis=-1, keepdims=True) * _directions(turns)
    turned = tf.where(hit, tf.sign(velocities) * tf.abs(turned), turned)
    return tf.where(tf.reduce_any(hit, axis=-1, keepdims=True), turned, velocities)


def _directions(turns):
    """Unit vectors (..., 2) of angles (...) in turns: 0 is right, ¼ is down."""
    return tf.stack([tf.sin(2 * math.pi * turns), tf.cos(2 * math.pi * turns)], axis=-1)


def place(pictures, corners, size):
    """Pictures in black frames, between pixels by bilinear interpolation: each pixel's light is shared by up to four.

    So no light is lost inside of a frame, and the centre of gravity moves exactly as far as the corner does.

    Args:
        pictures: float32 (N, D, height, width).
        corners: float32 (N, T, D, 2), where the middle of a picture's first pixel is to be, in pixels of the frame.
        size: (height, width) of a frame.

    Returns:
        float32 (N, T, D, *size).
    """
    rows = _shares(corners[..., 0], pictures.shape[-2], size[0])  # (N, T, D, size, height)
    columns = _shares(corners[..., 1], pictures.shape[-1], size[1])
    return rows @ pictures[:, tf.newaxis] @ tf.linalg.matrix_transpose(columns)


def _shares(corners, length, size):
    """How much of each of `length` pixels falls on each of `size` pixels: 1 − distance, or nothing."""
    places = corners[..., tf.newaxis, tf.newaxis] + tf.range(length, dtype=tf.float32)
    return tf.nn.relu(1 - tf.abs(places - tf.range(size, dtype=tf.float32)[:, tf.newaxis]))


# ---- how it is made -------------------------------------------------------------------------------------------------


def _maker(
    images, labels, num_films, num_frames, size=32, num_digits=1, bounce="mirror", speed=(1.0, 2.5), colour=False,
):
    """A function of a seed that makes films, eagerly or in a graph."""
    _check_digits(images, labels)
    check_name("bounce", bounce, BOUNCES)
    counts = {"num_films": num_films, "num_frames": num_frames, "num_digits": num_digits}
    if min(counts.values()) < 1:
        raise ValueError(f"Films, frames and digits must be at least 1. Received: {counts}")
    room = size - max(images.shape[1:3]) // SHRINK
    if np.shape(speed) != (2,) or not 0 < speed[0] <= speed[1] <= room:
        raise ValueError(
            f"speed must be (least, greatest) above 0, and at most {room}, the room of digits in frames of {size} "
            f"pixels: take slower digits or a larger size. Received: speed={speed}, size={size}"
        )
    images, labels = tf.convert_to_tensor(images), tf.convert_to_tensor(labels)
    return partial(_make, images, labels, (num_films, num_digits), num_frames, size, bounce, speed, colour)


def _check_digits(images, labels):
    check_images(images)
    shape = np.shape(images)
    if shape[3] != 1 or shape[1] % SHRINK or shape[2] % SHRINK:
        raise ValueError(f"Digits must have shape (M, H, W, 1) with even H and W. Received: shape {shape}")
    if np.shape(labels) != shape[:1]:
        raise ValueError(f"{shape[0]} images need labels of shape ({shape[0]},). Received: {np.shape(labels)}")
    if not np.any(images, axis=(1, 2, 3)).all():
        raise ValueError("Every image needs ink, light on black. Received: an image that is black all over")


def _make(images, labels, shape, num_frames, size, bounce, speed, colour, seed):
    draws = uniform([6 + num_frames, *shape], seed)  # of each film's digits: which, hue, speed, direction, place, turns
    chosen = tf.cast(draws[0] * len(images), tf.int32)
    digits = _small(tf.gather(images, tf.reshape(chosen, [-1])), shape)
    centres, first, last = _ink(digits)
    low, high = centres - first, size - 1 - (last - centres)
    starts = low + (high - low) * tf.stack([draws[4], draws[5]], axis=-1)
    paces = speed[0] + (speed[1] - speed[0]) * draws[2]
    velocities = paces[..., tf.newaxis] * _directions(draws[3])
    turns = draws[6:] if bounce == "random" else None
    positions, velocities, bounced = move(starts, velocities, low, high, num_frames, turns)
    shapes = place(digits, positions - centres[:, tf.newaxis], (size, size))
    frames = _painted(shapes, _colours(draws[1]) if colour else tf.ones([*shape, 1]))
    return frames, tf.gather(labels, chosen), positions, velocities, bounced


def _small(images, shape):
    """Images (films · digits, H, W, 1) as digits, float32 (films, digits, H / 2, W / 2) in [0, 1]."""
    scale = 1 / 255 if images.dtype == tf.uint8 else 1.0
    digits = shrink(tf.cast(images, tf.float32) * scale, SHRINK)
    return tf.reshape(digits, [*shape, *digits.shape[1:3]])


def _ink(digits):
    """Centre of gravity, first and last pixel with ink, of digits (..., height, width): three times (..., 2)."""
    axes = [_extent(tf.reduce_sum(digits, axis=other)) for other in (-1, -2)]  # of the rows, and of the columns
    return tuple(tf.stack(pair, axis=-1) for pair in zip(*axes))


def _extent(ink):
    """Centre of gravity, first and last place with ink, of profiles (..., length): three times (...)."""
    places = tf.range(ink.shape[-1], dtype=tf.float32)
    centre = tf.reduce_sum(ink * places, axis=-1) / tf.reduce_sum(ink, axis=-1)
    first = tf.reduce_min(tf.where(ink > 0, places, math.inf), axis=-1)
    last = tf.reduce_max(tf.where(ink > 0, places, -math.inf), axis=-1)
    return centre, first, last


def _painted(shapes, colours):
    """Shapes (N, T, D, H, W) in their colours (N, D, C), the lighter one in front: (N, T, H, W, C) in [0, 1]."""
    layers = shapes[..., tf.newaxis] * colours[:, tf.newaxis, :, tf.newaxis, tf.newaxis]
    return tf.minimum(tf.reduce_max(layers, axis=2), 1.0)  # shares of a pixel may add up to a little more


def _colours(hues):
    """Bright colours (films, digits, 3) whose hues are as far apart as can be; the first digit's is drawn."""
    count = hues.shape[-1]
    hues = (hues[:, :1] + tf.range(count, dtype=tf.float32) / count) % 1
    return tf.image.hsv_to_rgb(tf.stack([hues, tf.ones_like(hues), tf.ones_like(hues)], axis=-1))
