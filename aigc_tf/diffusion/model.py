"""Diffusion models (chapter 7): `Diffusion` learns to take noise away. What it can then do stands in `denoising`."""

import keras
import tensorflow as tf

from aigc_tf.core.averages import averaged_copy, update_average
from aigc_tf.core.distribute import batch_mean
from aigc_tf.core.inputs import check_finite, check_name, unpack
from aigc_tf.core.model import running_means
from aigc_tf.core.noise import standard_normal, uniform
from aigc_tf.diffusion import schedules
from aigc_tf.diffusion.denoising import DenoisingModel
from aigc_tf.diffusion.inputs import as_times, check_guidance, network_inputs, to_unit_range
from aigc_tf.diffusion.likelihood import ends
from aigc_tf.diffusion.samplers import SAMPLERS
from aigc_tf.diffusion.schedules import sampling_times
from aigc_tf.diffusion.unet import build_unet


def denoising_loss(prediction, target):
    """Mean squared error over the pixels of each image, (batch,): 1 for a guess of 0 of standard normal noise."""
    return tf.reduce_mean(tf.square(prediction - target), axis=(1, 2, 3))


def unpack_three(data):
    """A batch as (images, labels, noise); labels and noise are None where there are none."""
    if isinstance(data, (tuple, list)) and len(data) == 3:
        return data
    return (*unpack(data), None)


@keras.saving.register_keras_serializable(package="aigc_tf")
class Diffusion(DenoisingModel):
    """A network that predicts, from a noisy image and the time, the way back to the image.

    DDPM (Ho et al. 2020, arXiv:2006.11239) with schedule="linear", prediction="noise" and time_draws="uniform", if
    sampler="ddpm" draws; flow matching (Lipman et al. 2023, arXiv:2210.02747) with time_draws="uniform"; as it stands,
    flow matching with the times of Esser et al. 2024 (arXiv:2403.03206). It trains on batches of `images`, or of
    `(images, labels)` when `num_classes` is given. Samples come from an exponential moving average of the weights.

    A conditional model also takes `(images, labels, noise)`, where each image comes with the noise that it belongs to.
    Made by another model's `decode`, such pairs are joined by a way that the new model learns as a straight line, and
    straight lines need few steps: a reflow (Liu et al. 2023, arXiv:2209.03003, section 2.2).

    Args:
        image_shape: (height, width, channels).
        widths: channels of the U-Net's levels, each half as large as the one before; multiples of 8.
        num_blocks: residual blocks of each level on the way down, and as many on the way up.
        schedule: a name in `schedules.SCHEDULES`.
        prediction: what the network says of a noisy image, a name in `schedules.PREDICTIONS`.
        time_draws: "logit_normal", most times in the middle, or "uniform". Both ask little of very weak and very strong
            noise, where half of the variational bound lies: for a good number of nats there is "log_snr", which draws
            ln(α²/σ²) evenly from the bound's range.
        num_classes: number of classes of a conditional model, or None.
        label_dropout: share of the labels that training hides, so that the model can do without, in [0, 1). At 0,
            guidance and `denoise` without labels ask for what was never learnt.
        ema_decay: of the average, in [0, 1).
        steps, sampler, guidance: how it draws unless told otherwise, as `decode` takes them; training is the same.

    Raises:
        ValueError: for an unknown name, or a number outside its range.
    """

    def __init__(
        self,
        image_shape=(28, 28, 1),
        widths=(48, 96),
        num_blocks=1,
        schedule="flow",
        prediction="velocity",
        time_draws="logit_normal",
        num_classes=None,
        label_dropout=0.1,
        ema_decay=0.999,
        steps=10,
        sampler="heun",
        guidance=1.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_name("schedule", schedule, schedules.SCHEDULES)
        check_name("prediction", prediction, schedules.PREDICTIONS)
        check_name("time_draws", time_draws, ("logit_normal", "uniform", "log_snr"))
        check_name("sampler", sampler, SAMPLERS)
        sampling_times(steps)
        check_guidance(guidance, num_classes)
        if not all(0 <= share < 1 for share in (label_dropout, ema_decay)):
            raise ValueError(
                f"label_dropout and ema_decay must lie in [0, 1). Received: {label_dropout=}, {ema_decay=}"
            )
        if prediction == "noise" and schedule != "linear":
            raise ValueError(
                'prediction="noise" leaves the image open where nothing but noise is seen, as at the end of the flow '
                f'and cosine schedules: choose schedule="linear", or another prediction. Received: {schedule=}'
            )
        self.image_shape = tuple(image_shape)
        self.widths = tuple(widths)
        self.num_blocks = num_blocks
        self.schedule = schedule
        self.prediction = prediction
        self.time_draws = time_draws
        self.num_classes = num_classes
        self.label_dropout = label_dropout
        self.ema_decay = ema_decay
        self.steps = steps
        self.sampler = sampler
        self.guidance = guidance
        sizes = (self.image_shape, self.widths, num_blocks, num_classes)
        self.network = build_unet(*sizes)
        self.average_network = averaged_copy(lambda: build_unet(*sizes, name="average_network"), self.network)
        self.means = running_means("loss")
        self.built = True  # both networks have their weights: the model can be saved before its first batch

    # -- losses → step → evaluate --

    def draw_times(self, count):
        """Times to train at, (count,) in [0, 1]."""
        if self.time_draws == "uniform":
            return uniform((count,))
        if self.time_draws == "log_snr":
            least, most = ends(self.schedule)
            return schedules.time_of(self.schedule, least + (most - least) * uniform((count,)))
        return schedules.logit_normal_times(standard_normal((count,)))

    def noise_for(self, images, noise=None):
        """Standard normal noise in the shape of the images: `noise`, checked, or new draws if it is None."""
        if noise is None:
            return standard_normal(tf.shape(images))
        noise = self.as_noise(noise)
        tf.debugging.assert_equal(tf.shape(noise)[0], tf.shape(images)[0], "Each image needs noise of its own")
        return noise

    def denoising_losses(self, images, one_hot, noise, times):
        """{"loss": (batch,)} of images in [−1, 1] with noise of strength σ(t) added."""
        rates = self.rates(times)
        noisy = schedules.diffuse(images, noise, rates)
        target = schedules.target_of(self.prediction, images, noise, rates)
        return {"loss": denoising_loss(self.network(network_inputs(noisy, times, one_hot)), target)}

    def compute_losses(self, images, labels=None, noise=None, times=None):
        """The loss of each image, {"loss": (batch,)}, with nothing learning.

        Args:
            images: (batch, *image_shape) in [0, 1].
            labels: (batch,) integers for a conditional model.
            noise: standard normal, in the shape of the images; drawn if None.
            times: (batch,) in [0, 1]; drawn if None.
        """
        images, one_hot = self._checked(images, labels)
        noise = self.noise_for(images, noise)
        times = self.draw_times(tf.shape(images)[0]) if times is None else as_times(times, images.shape[0])
        return self.denoising_losses(images, one_hot, noise, times)

    def train_step(self, data):
        images, labels, noise = unpack_three(data)
        images, one_hot = self._checked(images, labels)
        count = tf.shape(images)[0]
        noise, times = self.noise_for(images, noise), self.draw_times(count)
        if one_hot is not None:
            one_hot *= tf.cast(uniform((count, 1)) >= self.label_dropout, tf.float32)  # a row of zeros: any class
        with tf.GradientTape() as tape:
            losses = self.denoising_losses(images, one_hot, noise, times)
            objective = batch_mean(losses["loss"])
        variables = self.network.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(objective, variables), variables))
        update_average(self.average_network, self.network, decay=self.ema_decay, step=self.optimizer.iterations)
        return self.update_metrics(check_finite(losses, self.optimizer.iterations))

    def test_step(self, data):
        """The losses of a batch, with nothing learning."""
        return self.update_metrics(self.compute_losses(*unpack_three(data)))

    def call(self, inputs):
        """Images → what the averaged network takes them for, after noise of a random strength has been added."""
        images, labels = unpack(inputs)
        images, one_hot = self._checked(images, labels)
        times = self.draw_times(tf.shape(images)[0])
        noisy = schedules.diffuse(images, standard_normal(tf.shape(images)), self.rates(times))
        values = self.average_network(network_inputs(noisy, times, one_hot))
        return to_unit_range(schedules.image_and_noise(self.prediction, values, noisy, self.rates(times))[0])
