"""Noise schedules (chapter 7) and what a network may predict: x_t = α(t) x₀ + σ(t) ε, for times t from 0 to 1.

x₀ is an image, ε standard normal noise; t = 0 is the image, t = 1 noise. Arrays or tensors of any shape go in and out.
"""

import math
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from aigc_tf.core.inputs import check_name

BETA_MIN, BETA_MAX = 0.1, 20.0  # of the linear schedule: 1,000 times Ho et al.'s 0.0001 and 0.02


class Rates(NamedTuple):
    """A schedule at some times: how much image, how much noise, and how fast both change."""

    alpha: tf.Tensor  # of the image
    sigma: tf.Tensor  # of the noise
    alpha_slope: tf.Tensor  # dα/dt
    sigma_slope: tf.Tensor  # dσ/dt


def flow_schedule(times):
    """α = 1 − t, σ = t: a straight line from image to noise (Lipman et al. 2023, arXiv:2210.02747; Liu et al. 2023)."""
    return Rates(1.0 - times, times, -tf.ones_like(times), tf.ones_like(times))


def cosine_schedule(times):
    """α = cos(πt/2), σ = sin(πt/2), so that α² + σ² = 1 (Nichol & Dhariwal 2021, arXiv:2102.09672, without offset)."""
    angles = 0.5 * math.pi * times
    cosine, sine = tf.cos(angles), tf.sin(angles)
    return Rates(cosine, sine, -0.5 * math.pi * sine, 0.5 * math.pi * cosine)


def linear_schedule(times):
    """α² = exp(−∫β), σ² = 1 − α², with β(t) = 0.1 + 19.9 t: the 1,000 steps of Ho et al. as a continuum.

    (Ho et al. 2020, arXiv:2006.11239, section 4; Song et al. 2021, arXiv:2011.13456, equation 33.)
    """
    beta = BETA_MIN + (BETA_MAX - BETA_MIN) * times
    integral = BETA_MIN * times + 0.5 * (BETA_MAX - BETA_MIN) * tf.square(times)
    alpha = tf.exp(-0.5 * integral)
    sigma = tf.sqrt(-tf.math.expm1(-integral))
    slope = -0.5 * beta * alpha
    return Rates(alpha, sigma, slope, tf.math.divide_no_nan(-alpha * slope, sigma))


SCHEDULES = {"flow": flow_schedule, "cosine": cosine_schedule, "linear": linear_schedule}


def signal_to_noise(rates):
    """α² / σ²: 1 where image and noise are equally strong."""
    return tf.square(rates.alpha / rates.sigma)


def time_of(schedule, log_snr):
    """The time at which ln(α² / σ²) is `log_snr`: the inverse of the schedule of that name.

    Flow: (1 − t) / t = e^(½ log_snr). Cosine: cot(πt/2) = e^(½ log_snr). Linear: ∫β = ln(1 + e^(−log_snr)), a
    quadratic equation for t; its t is above 1 where `log_snr` is below −10.05, the end of that schedule.
    """
    check_name("schedule", schedule, SCHEDULES)
    if schedule == "flow":
        return tf.sigmoid(-0.5 * log_snr)
    if schedule == "cosine":
        return 2.0 / math.pi * tf.atan(tf.exp(-0.5 * log_snr))
    growth = BETA_MAX - BETA_MIN
    return (tf.sqrt(BETA_MIN**2 + 2.0 * growth * tf.nn.softplus(-log_snr)) - BETA_MIN) / growth


def diffuse(images, noise, rates):
    """x_t = α x₀ + σ ε: the image after some time, in one step."""
    return rates.alpha * images + rates.sigma * noise


# ---- what a network predicts, all of which say the same ----


def target_of(prediction, images, noise, rates):
    """What a network that predicts `prediction` should say of x_t, in the shape of `images`.

    "noise": ε (Ho et al. 2020). "image": x₀. "v": α ε − σ x₀ (Salimans & Ho 2022, arXiv:2202.00512, appendix D).
    "velocity": dx/dt = α′ x₀ + σ′ ε, for the flow schedule ε − x₀ (Lipman et al. 2023, equation 23, where time runs
    the other way, with σ_min = 0).
    """
    check_name("prediction", prediction, PREDICTIONS)
    if prediction == "noise":
        return noise
    if prediction == "image":
        return images
    if prediction == "v":
        return rates.alpha * noise - rates.sigma * images
    return rates.alpha_slope * images + rates.sigma_slope * noise


def image_and_noise(prediction, values, noisy, rates):
    """The x₀ and the ε that a network means when it predicts `values` of x_t; the inverse of `target_of`.

    Two equations with two unknowns: x_t = α x₀ + σ ε, and the prediction's own. For "noise" α must not be 0, for
    "image" σ must not be 0: there x_t says nothing of the other.
    """
    check_name("prediction", prediction, PREDICTIONS)
    alpha, sigma, alpha_slope, sigma_slope = rates
    if prediction == "noise":
        return (noisy - sigma * values) / alpha, values
    if prediction == "image":
        return values, (noisy - alpha * values) / sigma
    if prediction == "v":
        length = tf.square(alpha) + tf.square(sigma)  # 1 for a schedule that keeps the variance
        return (alpha * noisy - sigma * values) / length, (sigma * noisy + alpha * values) / length
    determinant = alpha * sigma_slope - sigma * alpha_slope
    images = (sigma_slope * noisy - sigma * values) / determinant
    return images, (alpha * values - alpha_slope * noisy) / determinant


PREDICTIONS = ("noise", "image", "v", "velocity")


# ---- which times ----


def logit_normal_times(normal):
    """sigmoid of standard normal draws: times from (0, 1), most of them in the middle, where the task is hardest.

    (Esser et al. 2024, arXiv:2403.03206, section 3.1.)
    """
    return tf.sigmoid(normal)


def sampling_times(steps, last=0.0):
    """steps + 1 times from 1 down to `last`, equally far apart: float32 array. ValueError unless steps ≥ 1."""
    if steps < 1:
        raise ValueError(f"steps must be at least 1. Received: {steps=}")
    return np.linspace(1.0, last, steps + 1, dtype=np.float32)


def with_returns(times, repeats):
    """Each step of a walk taken `repeats` times, with a return between: t, s, t, s, … (Lugmayr et al. 2022, figure 3).

    (Their walks return by several steps at once, here by one.) ValueError unless repeats ≥ 1.
    """
    if repeats < 1:
        raise ValueError(f"repeats must be at least 1. Received: {repeats=}")
    return np.concatenate([times[:1], *([end] + [start, end] * (repeats - 1) for start, end in zip(times, times[1:]))])
