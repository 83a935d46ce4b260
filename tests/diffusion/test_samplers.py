"""Samplers against a world where every step is known: a mixture of Gaussians, its flow, and one Gaussian by hand."""

import math

import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.diffusion import SAMPLERS, SCHEDULES, GaussianMixture, network_calls, sample, sampling_times
from aigc_tf.diffusion.samplers import Look, Step
from aigc_tf.diffusion.schedules import with_returns

WORLD = GaussianMixture([[-1.0, 0.0], [1.0, 0.5], [0.0, -1.0]], 0.2)
SMOOTH = ["ddim", "euler", "heun", "dpm"]  # they follow the flow and draw no noise


def walk(sampler, steps, schedule="flow", count=256, last=0.0, world=WORLD, seed=0):
    rates = SCHEDULES[schedule]
    noise = tf.random.stateless_normal((count, world.centres.shape[1]), (seed, 1))
    generator = tf.random.Generator.from_seed(seed)
    times = sampling_times(steps, last)
    return sample(world.look(rates), rates, noise, times, sampler=sampler,
                  draw=lambda: generator.normal(noise.shape)).numpy()


def ends(points):
    """How far the points are from their nearest centre, in units of the spread."""
    apart = np.linalg.norm(points[:, None] - WORLD.centres.numpy(), axis=-1)
    return apart.min(axis=1) / WORLD.spread


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_it_arrives_where_the_data_are(sampler, schedule):
    points = walk(sampler, 200, schedule, count=3000)
    expected = np.linalg.norm(np.random.default_rng(0).normal(size=(3000, 2)), axis=1)
    assert ends(points).mean() == pytest.approx(expected.mean(), rel=0.12)
    nearest = np.linalg.norm(points[:, None] - WORLD.centres.numpy(), axis=-1).argmin(axis=1)
    np.testing.assert_allclose(np.bincount(nearest) / 3000, 1 / 3, atol=0.06)


@pytest.mark.parametrize("sampler, order", [("ddim", 1), ("euler", 1), ("heun", 2), ("dpm", 2)])
def test_the_error_shrinks_with_the_order_of_the_method(sampler, order):
    """Stopped before the image, where everything is smooth: twice the steps, 2^order times less error."""
    exact = walk("heun", 2048, "cosine", last=0.2)
    errors = [np.abs(walk(sampler, steps, "cosine", last=0.2) - exact).mean() for steps in (32, 64)]
    assert math.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.35)


@pytest.mark.parametrize("sampler", SMOOTH)
def test_it_draws_no_noise_on_the_way(sampler):
    def draw():
        raise AssertionError("this sampler is to follow the flow")

    flow = SCHEDULES["flow"]
    sample(WORLD.look(flow), flow, tf.ones((2, 2)), sampling_times(7), sampler=sampler, draw=draw)


def test_the_random_walk_draws_noise_in_every_step():
    flow, drawn = SCHEDULES["flow"], []
    draw = lambda: drawn.append(1) or tf.zeros((2, 2))  # noqa: E731
    sample(WORLD.look(flow), flow, tf.ones((2, 2)), sampling_times(7), sampler="ddpm", draw=draw)
    assert len(drawn) == 7


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("sampler", SMOOTH)
def test_the_last_step_goes_to_the_image_that_is_seen(sampler, schedule):
    rates = SCHEDULES[schedule]
    seen = Look(tf.constant(2.0), tf.constant(3.0), rates(tf.constant(0.1)).alpha_slope * 2.0)
    end = sample(lambda noisy, time: seen, rates, tf.constant(1.0), np.float32([0.1, 0.0]), sampler=sampler)
    if sampler != "euler" or schedule != "flow":
        assert float(end) == pytest.approx(2.0, rel=1e-6)


def test_an_unknown_sampler_or_missing_noise_is_explained():
    flow = SCHEDULES["flow"]
    for sampler, message in (("magic", "sampler must be one of"), ("ddpm", "draw= must be a function")):
        with pytest.raises(ValueError, match=message):
            sample(WORLD.look(flow), flow, tf.ones((2, 2)), sampling_times(7), sampler=sampler)


def test_guidance_doubles_the_calls():
    assert network_calls("heun", 5, guidance=2.0) == 18


def test_on_the_flow_ddim_is_euler():
    """x₀ and ε that stay are a straight line when α = 1 − t and σ = t."""
    np.testing.assert_allclose(walk("ddim", 9), walk("euler", 9), atol=2e-5)


def test_ddpm_keeps_the_strength_of_the_noise():
    """One Gaussian, N(0, 1), under a schedule that keeps the variance: every x_t is N(0, 1).

    With few steps it is a little less: a step that puts x₀ at its mean leaves out how unsure that mean is.
    """
    world = GaussianMixture([[0.0]], 1.0)
    points = walk("ddpm", 400, "cosine", count=20_000, world=world)
    assert points.std() == pytest.approx(1.0, abs=0.02)


def test_one_step_of_ddpm_by_hand():
    """Flow, t = 0.8 to s = 0.4, x₀ = 1, ε = 2, fresh noise 0.5."""
    kept = 0.2 * 0.4 / (0.6 * 0.8)  # 1/6
    expected = 0.6 * 1 + 0.4 * kept * 2 + 0.4 * math.sqrt(1 - kept**2) * 0.5
    flow = SCHEDULES["flow"]
    seen = type("Seen", (), {"images": tf.constant(1.0), "noise": tf.constant(2.0)})
    step = Step(lambda x, t: seen, flow, tf.constant(0.8), tf.constant(0.4), lambda: tf.constant(0.5), None)
    assert float(SAMPLERS["ddpm"](tf.constant(1.8), step)[0]) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("sampler", ["ddim", "euler", "heun"])
def test_the_way_into_the_noise_leads_back(sampler):
    """`encode` and `decode`: the same flow, followed upwards and downwards."""
    flow = SCHEDULES["flow"]
    points = WORLD.sample(64, seed=3)
    up = sampling_times(400, last=0.01)[::-1]
    noise = sample(WORLD.look(flow), flow, points, up, sampler=sampler)
    back = sample(WORLD.look(flow), flow, noise, up[::-1], sampler=sampler)
    assert np.abs(back - points).mean() < 0.05


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_network_is_called_as_often_as_is_said(sampler):
    flow, calls = SCHEDULES["flow"], []
    exact = WORLD.look(flow)

    def look(noisy, time):
        calls.append(float(time))
        return exact(noisy, time)

    sample(look, flow, tf.zeros((2, 2)), sampling_times(5), sampler=sampler, draw=lambda: tf.zeros((2, 2)))
    assert len(calls) == network_calls(sampler, 5) == {"heun": 9}.get(sampler, 5)


def test_a_change_after_each_step_is_kept():
    flow = SCHEDULES["flow"]
    end = sample(WORLD.look(flow), flow, tf.ones((2, 2)), sampling_times(3), change=lambda x, time: 0.0 * x)
    np.testing.assert_array_equal(end, 0.0)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_ddpm_goes_out_as_the_forward_process_does_and_asks_no_network(schedule):
    rates = SCHEDULES[schedule]
    start, end = (rates(tf.constant(time)) for time in (0.2, 0.6))
    generator = tf.random.Generator.from_seed(0)
    draw = lambda: generator.normal((50_000,))  # noqa: E731
    noisy = start.alpha * 3.0 + start.sigma * draw()
    out = sample(None, rates, noisy, np.float32([0.2, 0.6]), sampler="ddpm", draw=draw)
    assert float(tf.reduce_mean(out)) == pytest.approx(float(3.0 * end.alpha), abs=0.02)
    assert float(tf.math.reduce_std(out)) == pytest.approx(float(end.sigma), rel=0.02)


def test_returns_take_each_step_again():
    times = np.float32([1.0, 0.5, 0.0])
    np.testing.assert_array_equal(with_returns(times, 1), times)
    np.testing.assert_array_equal(with_returns(times, 2), [1.0, 0.5, 1.0, 0.5, 0.0, 0.5, 0.0])
    with pytest.raises(ValueError, match="repeats must be at least 1. Received: repeats=0"):
        with_returns(times, 0)
