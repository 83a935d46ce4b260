"""Palette (chapter 8): diffusion that starts at noise and ends at an image that fits a source image."""

import keras
import tensorflow as tf

from aigc_tf.core.averages import averaged_copy, update_average
from aigc_tf.core.distribute import batch_mean
from aigc_tf.core.inputs import as_images, check_finite, check_name, unpack
from aigc_tf.core.model import Model, running_means
from aigc_tf.core.noise import standard_normal
from aigc_tf.diffusion.inputs import as_times, draws, to_unit_range
from aigc_tf.diffusion.model import denoising_loss
from aigc_tf.diffusion.samplers import SAMPLERS, Look, sample
from aigc_tf.diffusion.schedules import (
    diffuse,
    flow_schedule,
    image_and_noise,
    logit_normal_times,
    sampling_times,
    target_of,
)
from aigc_tf.diffusion.unet import build_unet, time_features
from aigc_tf.gan.model import to_tanh_range
from aigc_tf.image_to_image.pix2pix import as_pairs


def rates_at(times):
    """The flow schedule at `times`, (batch,), in a shape that multiplies images."""
    return flow_schedule(tf.reshape(times, (-1, 1, 1, 1)))


@keras.saving.register_keras_serializable(package="aigc_tf")
class Palette(Model):
    """Chapter 7's diffusion, whose network also sees a source (Saharia et al. 2022, arXiv:2111.05826, section 2).

    Flow matching with logit-normal times; the source stands behind the noisy image as further channels. It trains on
    batches of `(sources, targets)`. Results come from an exponential moving average of the weights.

    Args:
        source_shape, target_shape: (height, width, channels), with the same sides.
        widths: channels of the U-Net's levels, each half as large as the one before; multiples of 8.
        ema_decay: of the average, in [0, 1).
        steps, sampler: how it draws unless told otherwise, as `translate` takes them.

    Raises:
        ValueError: for an unknown name, a number outside its range, or sides that differ or do not fit the widths.
    """

    def __init__(
        self,
        source_shape=(32, 32, 1),
        target_shape=(32, 32, 3),
        widths=(48, 96),
        ema_decay=0.9995,
        steps=10,
        sampler="heun",
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_name("sampler", sampler, SAMPLERS)
        sampling_times(steps)
        if not 0 <= ema_decay < 1:
            raise ValueError(f"ema_decay must lie in [0, 1). Received: {ema_decay=}")
        if source_shape[:2] != target_shape[:2]:
            raise ValueError(f"Sources and targets must have one size. Received: {source_shape=}, {target_shape=}")
        self.source_shape = tuple(source_shape)
        self.target_shape = tuple(target_shape)
        self.widths = tuple(widths)
        self.ema_decay = ema_decay
        self.steps = steps
        self.sampler = sampler
        sides, channels = self.target_shape[:2], self.source_shape[2] + self.target_shape[2]
        self.network = build_unet((*sides, channels), self.widths)
        self.average_network = averaged_copy(
            lambda: build_unet((*sides, channels), self.widths, name="average_network"), self.network
        )
        self.means = running_means("loss")
        self.built = True  # both networks have their weights: the model can be saved before its first batch

    # -- losses → step → evaluate --

    def velocity(self, network, noisy, sources, times):
        """What a network says of noisy images beside their sources, (batch, *target_shape)."""
        values = network([tf.concat([noisy, sources], axis=-1), time_features(times)])
        return values[..., : self.target_shape[2]]  # chapter 7's U-Net says something of the source, too: not used

    def _checked(self, sources, targets):
        """Both in [−1, 1]: what the network may rely on."""
        return as_pairs(sources, targets, self.source_shape, self.target_shape)

    def compute_losses(self, sources, targets=None, noise=None, times=None):
        """Mean squared error of the velocity, {"loss": (batch,)}, for sources and targets in [0, 1].

        Args:
            sources, targets: (batch, *source_shape) and (batch, *target_shape) in [0, 1].
            noise: standard normal, in the shape of the targets; drawn if None.
            times: (batch,) in [0, 1]; drawn if None.
        """
        sources, targets = self._checked(sources, targets)
        count = tf.shape(targets)[0]
        noise = standard_normal(tf.shape(targets)) if noise is None else tf.convert_to_tensor(noise, tf.float32)
        times = logit_normal_times(standard_normal((count,))) if times is None else as_times(times, targets.shape[0])
        rates = rates_at(times)
        noisy = diffuse(targets, noise, rates)
        wanted = target_of("velocity", targets, noise, rates)
        return {"loss": denoising_loss(self.velocity(self.network, noisy, sources, times), wanted)}

    def train_step(self, data):
        with tf.GradientTape() as tape:
            losses = self.compute_losses(*unpack(data))
            objective = batch_mean(losses["loss"])
        variables = self.network.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(objective, variables), variables))
        update_average(self.average_network, self.network, decay=self.ema_decay, step=self.optimizer.iterations)
        return self.update_metrics(check_finite(losses, self.optimizer.iterations))

    def call(self, inputs):
        return self._draw(unpack(inputs)[0])

    # -- the verbs --

    @tf.function(reduce_retracing=True)
    def _look(self, noisy, sources, time):
        times = tf.fill((tf.shape(noisy)[0],), time)
        velocity = self.velocity(self.average_network, noisy, sources, times)
        return image_and_noise("velocity", velocity, noisy, rates_at(times))

    def _draw(self, sources, steps=None, sampler=None, seed=None):
        sampler = self.sampler if sampler is None else sampler
        check_name("sampler", sampler, SAMPLERS)
        sources = to_tanh_range(as_images(sources, self.source_shape))

        def look(noisy, time):
            time = tf.cast(time, tf.float32)
            images, noise = self._look(noisy, sources, time)
            rates = rates_at(time)
            return Look(images, noise, rates.alpha_slope * images + rates.sigma_slope * noise)

        shape = (sources.shape[0], *self.target_shape)
        noise, times = standard_normal(shape, seed), sampling_times(self.steps if steps is None else steps)
        return to_unit_range(sample(look, rates_at, noise, times, sampler=sampler, draw=draws(shape, seed, purpose=1)))

    def translate(self, images, *, seed=None, steps=None, sampler=None):
        """One of the images that these may become, float32 (N, *target_shape) in [0, 1]; another one for each seed.

        Args:
            images: (N, *source_shape) floats in [0, 1].
            seed: for the same result every time.
            steps: at least 1; "heun" looks twice in each but the last. The model's own if None.
            sampler: a name in `diffusion.SAMPLERS`; the model's own if None.

        Raises:
            ValueError: for another shape, integers, values that are not in [0, 1], steps < 1, or an unknown sampler.
        """
        return self._draw(images, steps, sampler, seed).numpy()
