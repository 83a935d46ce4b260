"""How many nats a diffusion model needs to describe an image (chapter 7): the variational bound in continuous time."""

import math
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from aigc_tf.core.inputs import as_images
from aigc_tf.core.noise import standard_normal, uniform
from aigc_tf.diffusion import schedules

LEVELS = 256  # of grey
# ln(α²/σ²) at the ends. At the clean end the noise is half as wide as a level: with less, a denoiser that takes levels
# for numbers would pay for places between them. At the other end the image is a thousandth of the noise.
MOST, LEAST = 11.0, -13.8


def ends(schedule):
    """The smallest and the largest ln(α²/σ²) of a schedule that the bound asks for."""
    last = schedules.SCHEDULES[schedule](tf.constant(1.0))
    return tf.maximum(LEAST, 2.0 * tf.math.log(tf.abs(last.alpha) / last.sigma)), tf.constant(MOST)


class Bound(NamedTuple):
    """An upper bound on −ln p(image) and its terms, in nats per image, each (batch,)."""

    total: tf.Tensor
    prior: tf.Tensor  # what the noisiest image still tells of the image
    diffusion: tf.Tensor  # what the denoiser gets wrong on the way
    reconstruction: tf.Tensor  # what it takes to name the grey level of each pixel from the cleanest noisy image


def level_log_prior(images):
    """ln of how often each position holds each grey level, (H, W, C, 256), with one added to every count.

    Args:
        images: uint8 (N, H, W, C), such as the training images.
    """
    levels = np.asarray(images).reshape(len(images), -1)
    counts = np.ones((levels.shape[1], LEVELS))
    for place, values in enumerate(levels.T):
        counts[place] += np.bincount(values, minlength=LEVELS)
    prior = np.log(counts / counts.sum(axis=1, keepdims=True))
    return tf.constant(prior.reshape(*images.shape[1:], LEVELS), tf.float32)


def variational_bound(look, schedule, images, *, num_draws=8, last=MOST, log_prior=None, seed=None):
    """The bound for images of 256 grey levels (Kingma et al. 2021, arXiv:2107.00630, equations 11 and 17).

    With λ = ln(α²/σ²) the middle term is ½ ∫ E ‖ε − ε̂‖² dλ over all strengths of noise, estimated by `num_draws` of λ,
    evenly spread from one random start that all images share. It depends on the schedule by its ends alone. Pixels live
    in [−1, 1], as in training. A model that was trained at other times pays for that: see `time_draws` of `Diffusion`.

    Args:
        look: function (noisy, time) → `Look`, a model's `look()`, for one time.
        schedule: a name in `schedules.SCHEDULES`.
        images: (batch, ...) in [0, 1], each pixel a multiple of 1/255.
        num_draws: noisy images that each image is judged by.
        last: λ of the cleanest noisy image, from which the levels are named: anywhere the bound holds, but where the
            network is bad it is better to name them sooner, at a smaller λ.
        log_prior: ln of how likely each level is before that image is seen, (256,) or (H, W, C, 256) as
            `level_log_prior` counts it; None: all levels alike.
        seed: for the same draws every time.

    Returns:
        A `Bound`, an estimate of it; `bits_per_dimension` converts its nats.

    Raises:
        ValueError: for images outside of [0, 1], pixels between the levels, num_draws < 1, or a `last` that is not
            above λ at the schedule's end.
    """
    if num_draws < 1:
        raise ValueError(f"num_draws must be at least 1. Received: {num_draws}")
    images = tf.convert_to_tensor(images)
    images = as_images(images, images.shape[1:])
    levels = tf.round(images * (LEVELS - 1))
    if tf.reduce_max(tf.abs(levels - images * (LEVELS - 1))) > 1e-3:
        raise ValueError("Every pixel must be one of the 256 levels k / 255. Received: pixels between the levels")
    scaled = 2.0 * levels / (LEVELS - 1) - 1.0
    seeds = [None if seed is None else (seed, number) for number in range(num_draws + 2)]

    offset = tf.cast(uniform((), seeds[0]), tf.float32)
    least, most = ends(schedule)[0], tf.constant(float(last))
    if most <= least:
        raise ValueError(f"last must be above {float(least):.1f}, where nothing but noise is seen. Received: {last}")
    diffusion = tf.zeros(images.shape[0])
    for draw in range(num_draws):
        log_snr = least + (most - least) * (draw + offset) / num_draws
        rates, time = rates_at(schedule, log_snr)
        noise = standard_normal(images.shape, seeds[1 + draw])
        seen = look(schedules.diffuse(scaled, noise, rates), time)
        diffusion += 0.5 * (most - least) * over_pixels(tf.square(noise - seen.noise)) / num_draws

    alpha, sigma = kept_variance(rates_at(schedule, least)[0])
    prior = 0.5 * over_pixels(tf.square(alpha * scaled) + tf.square(sigma) - 1.0 - 2.0 * tf.math.log(sigma))
    alpha, sigma = kept_variance(rates_at(schedule, most)[0])
    first = alpha * scaled + sigma * standard_normal(images.shape, seeds[-1])
    # One image after another: the 256 levels of every pixel of all images would not fit into the memory.
    reconstruction = tf.map_fn(lambda pair: tf.reduce_sum(level_nll(*pair, alpha, sigma, log_prior)), (first, levels),
                               fn_output_signature=tf.float32)
    return Bound(prior + diffusion + reconstruction, prior, diffusion, reconstruction)


def level_nll(first, levels, alpha, sigma, log_prior=None):
    """−ln p(level | z), p as prior(level) · N(z; α · level, σ²) makes it: nats per pixel, in the shape of z."""
    values = 2.0 * tf.range(LEVELS, dtype=tf.float32) / (LEVELS - 1) - 1.0
    logits = -0.5 * tf.square((first[..., None] - alpha * values) / sigma)
    if log_prior is not None:
        logits += log_prior
    return tf.nn.sparse_softmax_cross_entropy_with_logits(tf.cast(levels, tf.int32), logits)


def rates_at(schedule, log_snr):
    """The schedule where ln(α²/σ²) is `log_snr`, and that time."""
    time = schedules.time_of(schedule, log_snr)
    return schedules.SCHEDULES[schedule](time), time


def kept_variance(rates):
    """α and σ, divided by √(α² + σ²): the same ratio, so the same question, at a variance of 1."""
    length = tf.sqrt(tf.square(rates.alpha) + tf.square(rates.sigma))
    return rates.alpha / length, rates.sigma / length


def over_pixels(values):
    """The sum over all axes but the first."""
    return tf.reduce_sum(values, axis=tuple(range(1, values.shape.rank)))


def bits_per_dimension(nats, num_dimensions):
    """Nats per image as bits for each pixel and channel: log2(256) = 8 for a model that knows nothing."""
    return nats / (num_dimensions * math.log(2.0))
