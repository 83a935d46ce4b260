"""`GaussianMixture`: the exact denoiser, by hand and against brute force."""

import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.diffusion import GaussianMixture, flow_schedule


def test_one_gaussian_by_hand():
    """Centre 2, spread 1, t = 0.5: x₀ is 2 + g (x − 1) with g = 0.5 / (0.25 + 0.25) = 1."""
    mixture = GaussianMixture([[2.0]], 1.0)
    mean = mixture.posterior_mean(tf.constant([[1.6]]), flow_schedule(tf.constant(0.5)))
    assert float(mean[0, 0]) == pytest.approx(2.6, rel=1e-6)


def test_between_two_centres_lies_their_mean():
    mixture = GaussianMixture([[-1.0, 0.0], [1.0, 0.0]], 0.1)
    mean = mixture.posterior_mean(tf.constant([[0.0, 0.0]]), flow_schedule(tf.constant(0.5)))
    np.testing.assert_allclose(mean, [[0.0, 0.0]], atol=1e-6)


def test_the_posterior_mean_is_the_mean_of_what_was_there():
    """Of many noisy points, those that landed near a place, on average."""
    mixture, rates = GaussianMixture([[-1.0], [2.0]], 0.4), flow_schedule(tf.constant(0.6))
    points = mixture.sample(400_000, seed=0)
    noisy = rates.alpha * points + rates.sigma * tf.random.stateless_normal(points.shape, (1, 2))
    near = np.abs(noisy[:, 0] - 0.3) < 0.02
    expected = points.numpy()[near].mean()
    assert near.sum() > 5000
    assert float(mixture.posterior_mean(tf.constant([[0.3]]), rates)[0, 0]) == pytest.approx(expected, abs=0.05)


def test_samples_have_the_centres_and_the_spread():
    points = GaussianMixture([[-3.0, 1.0], [3.0, 1.0]], 0.5).sample(20_000, seed=0).numpy()
    right = points[points[:, 0] > 0]
    assert len(right) == pytest.approx(10_000, abs=300)
    np.testing.assert_allclose(right.mean(axis=0), [3.0, 1.0], atol=0.03)
    np.testing.assert_allclose(right.std(axis=0), [0.5, 0.5], atol=0.02)


def test_no_spread_is_refused():
    with pytest.raises(ValueError, match="spread must be above 0. Received: 0"):
        GaussianMixture([[0.0]], 0)
