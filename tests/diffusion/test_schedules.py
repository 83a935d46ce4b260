"""Schedules at known times, and what a network may predict: hand-computed values, and ways there and back."""

import math

import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.diffusion import PREDICTIONS, SCHEDULES, schedules

TIMES = tf.constant([0.1, 0.5, 0.9], tf.float64)


def rates_at(name, times):
    return [np.array(part) for part in SCHEDULES[name](tf.constant(times, tf.float64))]


@pytest.mark.parametrize("name, time, expected", [
    ("flow", 0.25, (0.75, 0.25, -1.0, 1.0)),
    ("cosine", 1 / 3, (math.sqrt(3) / 2, 0.5, -math.pi / 4, math.pi * math.sqrt(3) / 4)),
    # ∫β = 0.1 · 0.5 + 9.95 · 0.25 = 2.5375, β = 10.05: α = e^−1.26875
    ("linear", 0.5, (0.281183, 0.959655, -0.5 * 10.05 * 0.281183, 0.5 * 10.05 * 0.281183**2 / 0.959655)),
])
def test_a_schedule_at_a_time_worked_out_by_hand(name, time, expected):
    np.testing.assert_allclose(rates_at(name, time), expected, rtol=1e-5)


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_slopes_are_the_derivatives(name):
    step = 1e-6
    before, after = rates_at(name, TIMES - step), rates_at(name, TIMES + step)
    alpha_slope, sigma_slope = rates_at(name, TIMES)[2:]
    np.testing.assert_allclose((after[0] - before[0]) / (2 * step), alpha_slope, rtol=1e-6)
    np.testing.assert_allclose((after[1] - before[1]) / (2 * step), sigma_slope, rtol=1e-6)


@pytest.mark.parametrize("name", SCHEDULES)
def test_it_starts_with_the_image_and_ends_with_noise(name):
    alpha, sigma, *_ = rates_at(name, [0.0, 1.0])
    np.testing.assert_allclose(alpha, [1.0, 0.0], atol=0.007)  # e^−5.025 of the linear schedule is 0.0066
    np.testing.assert_allclose(sigma, [0.0, 1.0], atol=1e-4)


@pytest.mark.parametrize("name", ["cosine", "linear"])
def test_the_variance_is_kept(name):
    alpha, sigma, *_ = rates_at(name, TIMES)
    np.testing.assert_allclose(alpha**2 + sigma**2, 1.0, rtol=1e-12)


def test_the_linear_schedule_is_that_of_ddpm_in_a_thousand_steps():
    """ᾱ_t = Π (1 − β_i) with β from 0.0001 to 0.02 (Ho et al. 2020)."""
    products = np.cumprod(1.0 - np.linspace(1e-4, 0.02, 1000))
    alpha = rates_at("linear", np.arange(1, 1001) / 1000)[0]
    np.testing.assert_allclose(alpha[99::100], np.sqrt(products)[99::100], rtol=0.06)


def test_signal_to_noise_where_both_are_equally_strong():
    assert float(schedules.signal_to_noise(schedules.flow_schedule(tf.constant(0.5)))) == pytest.approx(1.0)
    assert float(schedules.signal_to_noise(schedules.flow_schedule(tf.constant(0.2)))) == pytest.approx(16.0)


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_time_of_a_signal_to_noise_ratio_is_the_inverse_of_the_schedule(name):
    log_snr = np.log(schedules.signal_to_noise(SCHEDULES[name](TIMES)))
    np.testing.assert_allclose(schedules.time_of(name, log_snr), TIMES, rtol=1e-9)


def test_diffusing_mixes_image_and_noise():
    rates = schedules.flow_schedule(tf.constant(0.25))
    np.testing.assert_allclose(schedules.diffuse([1.0, 0.0], [0.0, 2.0], rates), [0.75, 0.5])


@pytest.mark.parametrize("prediction, expected", [  # x₀ = 2, ε = 4; cosine at 1/2: α = σ = 0.7071, slopes ∓ 1.1107
    ("noise", 4.0), ("image", 2.0), ("v", 0.70711 * 2), ("velocity", 1.11072 * 2)
])
def test_each_target_by_hand(prediction, expected):
    rates = schedules.cosine_schedule(tf.constant(0.5))
    assert float(schedules.target_of(prediction, 2.0, 4.0, rates)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_every_prediction_says_what_image_and_noise_are(name, prediction):
    random = np.random.default_rng(0)
    images, noise = random.normal(size=(2, 3, 5))
    rates = schedules.Rates(*(part[:, None] for part in SCHEDULES[name](TIMES)))
    noisy = schedules.diffuse(images, noise, rates)
    values = schedules.target_of(prediction, images, noise, rates)
    again = schedules.image_and_noise(prediction, values, noisy, rates)
    np.testing.assert_allclose(again, [images, noise], rtol=1e-6, atol=1e-9)


def test_predictions_are_converted_into_each_other():
    """ε → (x₀, ε) → v → (x₀, ε) → velocity → …, and back to ε."""
    rates = schedules.cosine_schedule(tf.constant(0.3, tf.float64))
    noisy, noise = np.array([0.3, -1.2]), np.array([0.8, 0.1])
    values, prediction = noise, "noise"
    for other in ("v", "velocity", "image", "noise"):
        pair = schedules.image_and_noise(prediction, values, noisy, rates)
        values, prediction = schedules.target_of(other, *pair, rates), other
    np.testing.assert_allclose(values, noise, rtol=1e-6)


def test_logit_normal_times_lie_in_the_middle():
    times = schedules.logit_normal_times(np.random.default_rng(0).normal(size=10_000)).numpy()
    assert 0 < times.min() < times.max() < 1
    assert np.mean((times > 0.27) & (times < 0.73)) == pytest.approx(0.68, abs=0.02)  # one standard deviation


@pytest.mark.parametrize("call", [
    lambda rates: schedules.target_of("epsilon", 1.0, 2.0, rates),
    lambda rates: schedules.image_and_noise("epsilon", 1.0, 2.0, rates),
    lambda rates: schedules.time_of("epsilon", tf.constant(0.0)),
])
def test_an_unknown_name_is_explained(call):
    with pytest.raises(ValueError, match="must be one of .* Received: 'epsilon'"):
        call(schedules.flow_schedule(tf.constant(0.5)))


def test_no_steps_are_refused():
    with pytest.raises(ValueError, match="steps must be at least 1. Received: steps=0"):
        schedules.sampling_times(0)


def test_sampling_times_go_from_noise_to_the_image():
    np.testing.assert_allclose(schedules.sampling_times(4), [1.0, 0.75, 0.5, 0.25, 0.0])
