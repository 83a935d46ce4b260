"""The bound: exact where everything is known, never below what is true, and the same by every schedule."""

import math

import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.diffusion import SCHEDULES, GaussianMixture
from aigc_tf.diffusion.likelihood import bits_per_dimension, level_log_prior, level_nll, variational_bound
from aigc_tf.diffusion.samplers import Look


def points(count=2000, spread=0.25, seed=0):
    """Draws of N(0, spread²), rounded to the levels of [−1, 1], as images in [0, 1]."""
    values = spread * np.random.default_rng(seed).normal(size=(count, 1))
    return (np.round(255 * (0.5 * values.clip(-1, 1) + 0.5)) / 255).astype("float32")


def exact_nats(images, spread=0.25):
    """−ln of the probability of each level under N(0, spread²): density times the width of a level."""
    values = 2.0 * images[:, 0] - 1.0
    return 0.5 * (values / spread) ** 2 + math.log(spread * math.sqrt(2 * math.pi)) - math.log(2 / 255)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_best_denoiser_reaches_the_true_number_of_nats(schedule):
    world = GaussianMixture([[0.0]], 0.25)
    bound = variational_bound(world.look(SCHEDULES[schedule]), schedule, points(), num_draws=64, seed=0)
    assert np.mean(bound.total) == pytest.approx(np.mean(exact_nats(points())), abs=0.1)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_it_asks_for_no_time_outside_of_the_schedule(schedule):
    exact, asked = GaussianMixture([[0.0]], 0.25).look(SCHEDULES[schedule]), []

    def look(noisy, time):
        asked.append(float(time))
        return exact(noisy, time)

    variational_bound(look, schedule, points(4), num_draws=16, seed=0)
    assert 0 < min(asked) < 0.02
    assert 0.9 < max(asked) <= 1


def test_a_worse_denoiser_needs_more():
    nats = [np.mean(variational_bound(GaussianMixture([[0.0]], spread).look(SCHEDULES["flow"]), "flow", points(),
                                      num_draws=32, seed=0).total) for spread in (0.25, 0.05, 1.0)]
    assert nats[0] < nats[1] and nats[0] < nats[2]


def test_a_denoiser_that_knows_the_image_needs_the_level_alone():
    images, flow = points(50), SCHEDULES["flow"]
    known = 2.0 * tf.constant(images) - 1.0

    def look(noisy, time):
        rates = flow(time)
        return Look(known, (noisy - rates.alpha * known) / rates.sigma, None)

    bound = variational_bound(look, "flow", images, seed=0)
    assert np.max(np.abs(bound.prior + bound.diffusion)) < 0.01
    assert np.mean(bound.reconstruction) == pytest.approx(0.76, abs=0.05)  # of which level it was, with σ half a level


def test_one_that_takes_all_for_noise_needs_more_than_eight_bits():
    """ε̂ = 0 is wrong by 1 in every pixel at every strength: ½ · 24.8 = 12.4 nats, and 0.76 for the level: 19 bits."""
    bound = variational_bound(lambda noisy, time: Look(noisy, tf.zeros_like(noisy), None), "flow", points(), seed=0)
    assert np.mean(bound.diffusion) == pytest.approx(12.4, rel=0.05)
    assert bits_per_dimension(np.mean(bound.total), 1) == pytest.approx(19.0, rel=0.05)


def test_the_same_seed_draws_the_same():
    look = GaussianMixture([[0.0]], 0.25).look(SCHEDULES["flow"])
    one, other = (variational_bound(look, "flow", points(9), seed=3).total for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_the_level_of_a_pixel_by_hand():
    """Half way between two levels each of them has one half: ln 2, where all others are far away."""
    between = tf.constant([[1.0 / 255 - 1.0]])  # levels 0 and 1 lie at −1 and −1 + 2/255
    assert float(level_nll(between, tf.constant([[1.0]]), 1.0, 1e-3)[0, 0]) == pytest.approx(math.log(2), rel=1e-2)


def counted(images):
    """Levels of `points` counted on other draws of the same."""
    return level_log_prior(np.round(255 * points(20_000, seed=1)).astype("uint8"))


def test_counts_are_ln_of_how_often_each_position_holds_each_level():
    images = np.zeros((2, 1, 2, 1), "uint8")
    images[:, 0, 1, 0] = 7, 255
    prior = level_log_prior(images)
    assert prior.shape == (1, 2, 1, 256)
    np.testing.assert_allclose(np.exp(prior[0, 0, 0, :2]), [3 / 258, 1 / 258], rtol=1e-5)
    np.testing.assert_allclose(np.exp(prior[0, 1, 0])[[0, 7, 255]], [1 / 258, 2 / 258, 2 / 258], rtol=1e-5)


def test_named_behind_nothing_but_noise_the_counts_are_all_there_is():
    bound = variational_bound(GaussianMixture([[0.0]], 0.25).look(SCHEDULES["flow"]), "flow", points(), last=-13.5,
                              log_prior=counted(points()), seed=0)
    assert np.mean(bound.diffusion) < 0.01
    assert np.mean(bound.reconstruction) == pytest.approx(np.mean(exact_nats(points())), abs=0.05)


@pytest.mark.parametrize("last", [-4.0, 0.0, 4.0, 11.0])
def test_with_the_right_counts_it_does_not_matter_where_the_levels_are_named(last):
    """The best denoiser pays on the way just what the counts need less."""
    look = GaussianMixture([[0.0]], 0.25).look(SCHEDULES["flow"])
    bound = variational_bound(look, "flow", points(), num_draws=64, last=last, log_prior=counted(points()), seed=0)
    assert np.mean(bound.total) == pytest.approx(np.mean(exact_nats(points())), abs=0.1)


def test_levels_cannot_be_named_before_the_first_noise():
    with pytest.raises(ValueError, match="last must be above -13.8, .* Received: -20"):
        variational_bound(None, "flow", points(3), last=-20)


@pytest.mark.parametrize("images, num_draws, message", [
    (np.full((1, 2), 0.5, "float32"), 8, "between the levels"),
    (np.full((1, 2), np.nan, "float32"), 8, "finite"),
    (np.full((1, 2), 2.0, "float32"), 8, r"lie in \[0, 1\]"),
    (np.full((1, 2), 255), 8, "floats in"),
    (np.zeros((1, 2), "float32"), 0, "num_draws must be at least 1. Received: 0"),
])
def test_what_has_no_bound_is_refused(images, num_draws, message):
    with pytest.raises(ValueError, match=message):
        variational_bound(None, "flow", images, num_draws=num_draws)
