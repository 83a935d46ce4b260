"""From image to image, learnt from pairs (chapter 8): `Translator` by its error, `Pix2Pix` by a discriminator, too."""

import keras
import tensorflow as tf

from aigc_tf.core.adversarial import AdversarialModel
from aigc_tf.core.averages import averaged_copy, update_average
from aigc_tf.core.distribute import batch_mean
from aigc_tf.core.inputs import as_images, check_finite, check_name, unpack
from aigc_tf.core.model import Model, running_means
from aigc_tf.gan.losses import LOSSES
from aigc_tf.gan.model import from_tanh_range, to_tanh_range
from aigc_tf.image_to_image.networks import GENERATORS, UPSAMPLING, build_patch_discriminator


def l1_loss(images, targets):
    """Mean of abs(image − target) over pixels and channels, (batch,): smallest at the median of all that may come.

    Args:
        images, targets: (batch, H, W, C) in one range.
    """
    return tf.reduce_mean(tf.abs(images - targets), axis=(1, 2, 3))


def as_pairs(sources, targets, source_shape, target_shape):
    """Sources and targets in [0, 1], (batch, *source_shape) and (batch, *target_shape), checked, in [−1, 1].

    Raises:
        ValueError: for missing targets, and as `as_images` does.
        tf.errors.InvalidArgumentError: for another number of targets.
    """
    if targets is None:
        raise ValueError("It learns from pairs, (sources, targets). Received: images alone")
    sources, targets = as_images(sources, source_shape), as_images(targets, target_shape)
    tf.debugging.assert_equal(tf.shape(sources)[0], tf.shape(targets)[0], "Each source needs one target")
    return to_tanh_range(sources), to_tanh_range(targets)


def mean_over_patches(values):
    """(batch, h, w), one number for each patch → (batch,)."""
    return tf.reduce_mean(values, axis=(1, 2))


@keras.saving.register_keras_serializable(package="aigc_tf")
class Translator(Model):
    """A network from images to images that trains on batches of `(sources, targets)` and minimises the L1 error.

    With architecture="unet" it is the generator of pix2pix alone; with "sub_pixel" it enlarges.

    Args:
        source_shape, target_shape: (height, width, channels) of what goes in and what comes out.
        architecture: a name in `networks.GENERATORS`.
        widths: channels of the U-Net's levels, or of the residual blocks.
        upsampling: a name in `networks.UPSAMPLING`, for the U-Net.
        dropout: rate in the U-Net, in [0, 1).

    Raises:
        ValueError: for an unknown name, a number outside its range, or shapes that the network does not fit.
    """

    def __init__(
        self,
        source_shape=(32, 32, 1),
        target_shape=(32, 32, 3),
        architecture="unet",
        widths=(32, 64, 128, 256),
        upsampling="resize",
        dropout=0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_name("architecture", architecture, GENERATORS)
        check_name("upsampling", upsampling, UPSAMPLING)
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout must lie in [0, 1). Received: {dropout=}")
        self.source_shape = tuple(source_shape)
        self.target_shape = tuple(target_shape)
        self.architecture = architecture
        self.widths = tuple(widths)
        self.upsampling = upsampling
        self.dropout = dropout
        self.generator = self.build_generator()
        self.means = running_means("loss")
        self.built = True  # the network has its weights: the model can be saved before its first batch

    def build_generator(self, name="generator"):
        """A network from sources to images, both in [−1, 1]."""
        build = GENERATORS[self.architecture]
        return build(self.source_shape, self.target_shape, self.widths, self.upsampling, self.dropout, name=name)

    def _checked(self, sources, targets):
        """Both in [−1, 1]: what the networks may rely on."""
        return as_pairs(sources, targets, self.source_shape, self.target_shape)

    def l1(self, images, targets):
        """The L1 error of images in [−1, 1], told as that of images in [0, 1], (batch,)."""
        return 0.5 * l1_loss(images, targets)

    def compute_losses(self, sources, targets=None, training=False):
        """The L1 error of each image, {"loss": (batch,)}, for sources and targets in [0, 1]."""
        sources, targets = self._checked(sources, targets)
        return {"loss": self.l1(self.generator(sources, training=training), targets)}

    def train_step(self, data):
        with tf.GradientTape() as tape:
            losses = self.compute_losses(*unpack(data), training=True)
            objective = batch_mean(losses["loss"])
        variables = self.generator.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(objective, variables), variables))
        return self.update_metrics(check_finite(losses, self.optimizer.iterations))

    def call(self, inputs):
        return self._run(self.generator, unpack(inputs)[0])

    def _run(self, network, sources):
        images = network(to_tanh_range(as_images(sources, self.source_shape)), training=False)
        return tf.clip_by_value(from_tanh_range(images), 0.0, 1.0)

    def translate(self, images):
        """What the images become, float32 (N, *target_shape) in [0, 1].

        Args:
            images: (N, *source_shape) floats in [0, 1].

        Raises:
            ValueError: for another shape, integers, or values that are not in [0, 1].
        """
        return self(images).numpy()


@keras.saving.register_keras_serializable(package="aigc_tf")
class Pix2Pix(AdversarialModel, Translator):
    """A `Translator` whose results must also pass for real ones (Isola et al. 2017, arXiv:1611.07004, equation 4).

    It trains on batches of `(sources, targets)`, and is compiled with one optimizer for each network.

    Args:
        adversarial_loss: a name in `gan.losses.LOSSES`.
        l1_weight: λ of the L1 error of images in [0, 1], at least 0. (The paper's 100 is of images in [−1, 1].)
        sees_source: whether the discriminator sees the source beside the target; it must then have the same sides.
        discriminator_widths: channels of its layers, each of which but the last halves the sides.
        ema_decay: of the moving average of the generator's weights, which translates, in [0, 1).
        **kwargs: the arguments of `Translator`.

    Raises:
        ValueError: as for a `Translator`; for an unknown loss, a negative weight, or a source of other sides.
    """

    def __init__(
        self,
        adversarial_loss="non_saturating",
        l1_weight=100.0,
        sees_source=True,
        discriminator_widths=(32, 64, 128),
        ema_decay=0.999,
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_name("adversarial_loss", adversarial_loss, LOSSES)
        if l1_weight < 0 or not 0 <= ema_decay < 1:
            raise ValueError(f"l1_weight must be ≥ 0, and ema_decay in [0, 1). Received: {l1_weight=}, {ema_decay=}")
        self.adversarial_loss = adversarial_loss
        self.l1_weight = l1_weight
        self.sees_source = sees_source
        self.discriminator_widths = tuple(discriminator_widths)
        self.ema_decay = ema_decay
        self.average_generator = averaged_copy(lambda: self.build_generator("average_generator"), self.generator)
        shapes = [self.source_shape, self.target_shape] if sees_source else [self.target_shape]
        self.discriminator = build_patch_discriminator(shapes, self.discriminator_widths, norm="layer")
        self.means = running_means("discriminator_loss", "generator_loss", "l1", "real_logits", "fake_logits")

    # -- losses → step → evaluate --

    def discriminate(self, sources, images, training=False):
        """One logit for each patch, (batch, h, w), of images in [−1, 1]."""
        inputs = [sources, images] if self.sees_source else images
        return self.discriminator(inputs, training=training)[..., 0]

    def discriminator_losses(self, sources, targets, fakes, training=False):
        """What the discriminator minimises, and its mean logits, each (batch,), of images in [−1, 1]."""
        loss, _ = LOSSES[self.adversarial_loss]
        real_logits = self.discriminate(sources, targets, training)
        fake_logits = self.discriminate(sources, fakes, training)
        return {
            "discriminator_loss": mean_over_patches(loss(real_logits, fake_logits)),
            "real_logits": mean_over_patches(real_logits),
            "fake_logits": mean_over_patches(fake_logits),
        }

    def generator_losses(self, sources, targets, fakes, training=False):
        """What the generator minimises, adversarial loss + λ · L1, and L1 alone, each (batch,)."""
        _, loss = LOSSES[self.adversarial_loss]
        adversarial = mean_over_patches(loss(self.discriminate(sources, fakes, training)))
        l1 = self.l1(fakes, targets)
        return {"generator_loss": adversarial + self.l1_weight * l1, "l1": l1}

    def compute_losses(self, sources, targets=None):
        """Both players' losses and their terms, each (batch,), with nothing learning.

        Args:
            sources, targets: (batch, *source_shape) and (batch, *target_shape) in [0, 1].
        """
        sources, targets = self._checked(sources, targets)
        fakes = self.generator(sources, training=False)
        return {**self.discriminator_losses(sources, targets, fakes), **self.generator_losses(sources, targets, fakes)}

    def discriminator_step(self, sources, targets, fakes):
        """One step of the discriminator; returns its losses."""
        with tf.GradientTape() as tape:
            losses = self.discriminator_losses(sources, targets, tf.stop_gradient(fakes), training=True)
            objective = batch_mean(losses["discriminator_loss"])
        variables = self.discriminator.trainable_variables
        self.discriminator_optimizer.apply_gradients(zip(tape.gradient(objective, variables), variables))
        return losses

    def train_step(self, data):
        sources, targets = self._checked(*unpack(data))
        with tf.GradientTape() as tape:
            fakes = self.generator(sources, training=True)  # one batch of fakes serves both players
            with tape.stop_recording():
                losses = self.discriminator_step(sources, targets, fakes)
            losses |= self.generator_losses(sources, targets, fakes, training=True)
            objective = batch_mean(losses["generator_loss"])
        variables = self.generator.trainable_variables
        self.generator_optimizer.apply_gradients(zip(tape.gradient(objective, variables), variables))
        update_average(
            self.average_generator, self.generator, decay=self.ema_decay, step=self.generator_optimizer.iterations
        )
        return self.update_metrics(check_finite(losses, self.generator_optimizer.iterations))

    def call(self, inputs):
        return self._run(self.average_generator, unpack(inputs)[0])
