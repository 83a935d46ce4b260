"""The best possible denoiser, exactly (chapter 7): known where the data are a mixture of equal round Gaussians."""

import tensorflow as tf

from aigc_tf.core.noise import standard_normal, uniform
from aigc_tf.diffusion.samplers import Look


class GaussianMixture:
    """Points around `centres`, each as often, with a standard deviation of `spread` in every direction.

    Args:
        centres: (K, D) float32.
        spread: above 0, in the units of the centres.
    """

    def __init__(self, centres, spread):
        if not spread > 0:
            raise ValueError(f"spread must be above 0. Received: {spread}")
        self.centres = tf.convert_to_tensor(centres, tf.float32)
        self.spread = spread

    def sample(self, count, seed=None):
        """New points, (count, D)."""
        first, second = (None, None) if seed is None else ((seed, 0), (seed, 1))
        chosen = tf.cast(uniform((count,), first) * self.centres.shape[0], tf.int32)
        noise = standard_normal((count, self.centres.shape[1]), second)
        return tf.gather(self.centres, chosen) + self.spread * noise

    def posterior_mean(self, noisy, rates):
        """E[x₀ | x_t], (batch, D): the answer with the smallest expected squared error.

        Given the centre m, x₀ is m + g (x_t − α m) on average, with g = α s² / (α² s² + σ²); the centres have the
        weights softmax(−|x_t − α m|² / (2 (α² s² + σ²))). Both follow from Bayes' rule for Gaussians.

        Args:
            noisy: (batch, D).
            rates: `schedules.Rates`; numbers, or (batch, 1).
        """
        alpha, sigma = tf.reshape(rates.alpha, (-1, 1, 1)), tf.reshape(rates.sigma, (-1, 1, 1))
        variance = tf.square(alpha * self.spread) + tf.square(sigma)
        apart = noisy[:, None, :] - alpha * self.centres  # (batch, K, D)
        weights = tf.nn.softmax(-tf.reduce_sum(tf.square(apart), -1, keepdims=True) / (2.0 * variance), axis=1)
        return tf.reduce_sum(weights * (self.centres + alpha * self.spread**2 / variance * apart), axis=1)

    def look(self, schedule):
        """A function (noisy, time) → `Look`, as the samplers ask for, that makes no mistakes."""
        def look(noisy, time):
            rates = schedule(time)
            points = self.posterior_mean(noisy, rates)
            noise = (noisy - rates.alpha * points) / rates.sigma
            return Look(points, noise, rates.alpha_slope * points + rates.sigma_slope * noise)
        return look
