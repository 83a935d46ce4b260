"""Noise: its moments, and what a seed does."""

import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.core.noise import seed_pair, standard_normal, uniform


def test_uniform_numbers_are_spread_evenly():
    """From [0, 1): mean ½ and variance 1/12, each within four standard errors."""
    tf.random.set_seed(0)
    numbers = uniform((100, 1, 10, 10)).numpy()
    assert numbers.shape == (100, 1, 10, 10) and 0 <= numbers.min() and numbers.max() < 1
    assert numbers.mean() == pytest.approx(0.5, abs=0.012)
    assert numbers.var() == pytest.approx(1 / 12, abs=0.003)


def test_normal_numbers_have_mean_0_and_variance_1():
    numbers = standard_normal((10_000,), seed=0).numpy()
    assert numbers.mean() == pytest.approx(0, abs=0.04)
    assert numbers.var() == pytest.approx(1, abs=0.06)


@pytest.mark.parametrize("draw", [standard_normal, uniform])
def test_a_seed_repeats_itself_and_another_does_not(draw):
    one, again, other = (draw((5,), seed).numpy() for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert not np.allclose(one, other)


@pytest.mark.parametrize("draw", [standard_normal, uniform])
def test_without_a_seed_every_call_is_new(draw):
    assert not np.allclose(draw((5,)), draw((5,)))


@pytest.mark.parametrize("seed", [3, np.int64(3), (3, 0)])
def test_one_integer_stands_for_itself_and_zero(seed):
    assert tuple(seed_pair(seed)) == (3, 0)
