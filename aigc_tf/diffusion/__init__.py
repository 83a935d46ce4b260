"""Diffusion models (chapter 7): read `schedules`, then `unet`, `model`, `samplers` and `denoising`."""

from aigc_tf.diffusion.exact import GaussianMixture
from aigc_tf.diffusion.groups import GroupedDiffusion, k_means
from aigc_tf.diffusion.inputs import guided
from aigc_tf.diffusion.likelihood import Bound, bits_per_dimension, level_log_prior, variational_bound
from aigc_tf.diffusion.model import Diffusion, denoising_loss
from aigc_tf.diffusion.samplers import SAMPLERS, Look, network_calls, sample
from aigc_tf.diffusion.schedules import (
    PREDICTIONS,
    SCHEDULES,
    cosine_schedule,
    diffuse,
    flow_schedule,
    image_and_noise,
    linear_schedule,
    logit_normal_times,
    sampling_times,
    signal_to_noise,
    target_of,
    time_of,
)
from aigc_tf.diffusion.unet import build_unet, residual_block, time_features

__all__ = [
    "PREDICTIONS", "SAMPLERS", "SCHEDULES", "Bound", "Diffusion", "GaussianMixture", "GroupedDiffusion", "Look",
    "bits_per_dimension", "build_unet", "cosine_schedule", "denoising_loss", "diffuse", "flow_schedule", "guided",
    "image_and_noise", "k_means", "level_log_prior", "linear_schedule", "logit_normal_times", "network_calls",
    "residual_block", "sample", "sampling_times", "signal_to_noise", "target_of", "time_features", "time_of",
    "variational_bound",
]
