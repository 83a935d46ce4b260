"""Generative adversarial networks (chapter 3): read `losses`, then `networks`, then `model`."""

from aigc_tf.gan.losses import (
    LOSSES,
    auxiliary_class_loss,
    gradient_penalty,
    hinge_discriminator_loss,
    least_squares_discriminator_loss,
    least_squares_generator_loss,
    minimax_discriminator_loss,
    minimax_generator_loss,
    non_saturating_generator_loss,
    r1_penalty,
    wasserstein_discriminator_loss,
    wasserstein_generator_loss,
)
from aigc_tf.gan.model import ACGAN, GAN, from_tanh_range, to_tanh_range
from aigc_tf.gan.networks import GENERATORS, SpectralConv2D, SpectralDense, build_discriminator

__all__ = [
    "ACGAN", "GAN", "GENERATORS", "LOSSES", "SpectralConv2D", "SpectralDense", "auxiliary_class_loss",
    "build_discriminator", "from_tanh_range", "gradient_penalty", "hinge_discriminator_loss",
    "least_squares_discriminator_loss", "least_squares_generator_loss", "minimax_discriminator_loss",
    "minimax_generator_loss", "non_saturating_generator_loss", "r1_penalty", "to_tanh_range",
    "wasserstein_discriminator_loss", "wasserstein_generator_loss",
]
