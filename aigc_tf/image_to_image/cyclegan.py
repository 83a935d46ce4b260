"""CycleGAN (chapter 8): two sets of images that nobody has paired, and a translator each way."""

import functools

import keras
import tensorflow as tf
from keras import layers

from aigc_tf.core.adversarial import AdversarialModel
from aigc_tf.core.distribute import batch_mean
from aigc_tf.core.inputs import as_images, check_finite, check_name, unpack
from aigc_tf.core.model import running_means
from aigc_tf.core.noise import uniform
from aigc_tf.gan.losses import LOSSES
from aigc_tf.gan.model import from_tanh_range, to_tanh_range
from aigc_tf.image_to_image.networks import NORMS, UPSAMPLING, Networks, build_patch_discriminator, build_unet
from aigc_tf.image_to_image.pix2pix import l1_loss, mean_over_patches


@keras.saving.register_keras_serializable(package="aigc_tf")
class ImagePool(layers.Layer):
    """The last fakes, some of which are shown to a discriminator once more (Shrivastava et al. 2017, arXiv:1612.07828).

    Each image that comes goes on, or, with a chance of one half, stays and an older one goes on in its place (section
    2.3 there; 50 images as in CycleGAN, section 4). It fills before it swaps.

    Args:
        image_shape: (height, width, channels).
        size: how many images it holds, at least as many as a batch.
    """

    def __init__(self, image_shape, size, **kwargs):
        super().__init__(**kwargs)
        self.image_shape, self.size = tuple(image_shape), size
        self.images = self.add_weight(
            name="images", shape=(size, *self.image_shape), initializer="zeros", trainable=False
        )
        self.filled = self.add_weight(name="filled", shape=(), initializer="zeros", trainable=False)
        self.built = True

    def get_config(self):
        return {**super().get_config(), "image_shape": self.image_shape, "size": self.size}

    def call(self, images):
        """Fakes to learn from, in the shape of `images`."""
        count, pool = tf.shape(images)[0], tf.convert_to_tensor(self.images)
        tf.debugging.assert_less_equal(count, self.size, "A pool must hold at least as many images as a batch has")
        filled = tf.cast(tf.convert_to_tensor(self.filled), tf.int32)
        numbers = filled + tf.range(count)
        full = numbers >= self.size  # for these images of the batch there is no empty place any more
        taken = tf.range(self.size) < filled
        order = tf.argsort(tf.where(taken, uniform((self.size,)), 2.0))  # taken places by chance, then empty ones
        places = tf.where(full, tf.gather(order, tf.maximum(numbers - self.size, 0)), numbers)  # no two the same
        swap = full & (uniform((count,)) < 0.5)
        swap, full = swap[:, None, None, None], full[:, None, None, None]
        old = tf.gather(pool, places)
        kept = tf.where(full & ~swap, old, images)
        self.images.assign(tf.tensor_scatter_nd_update(pool, places[:, None], kept))
        self.filled.assign(tf.cast(tf.minimum(filled + count, self.size), tf.float32))
        return tf.where(swap, old, images)


@keras.saving.register_keras_serializable(package="aigc_tf")
class CycleGAN(AdversarialModel):
    """Two generators, there and back, that learn without pairs (Zhu et al. 2017, arXiv:1703.10593).

    Each must make what its discriminator takes for real, and together they must lead back to where they started
    (equation 3). It trains on batches of `(sources, targets)` that have nothing to do with each other.

    Args:
        image_shape: (height, width, channels) of both sets.
        widths, upsampling: of both generators, as for `build_unet`.
        discriminator_widths: of both, as for `build_patch_discriminator`.
        discriminator_norms: of the targets' and of the sources', names in `networks.NORMS`. "instance" hardly sees if
            what should be an outline is filled with grey.
        adversarial_loss: a name in `gan.losses.LOSSES`; the paper's is "least_squares" (section 4).
        cycle_weight: λ of the way there and back, L1 of images in [−1, 1], at least 0 (10 in the paper).
        identity_weight: of what a generator changes of its own targets, at least 0 (5 in section 5.2 there).
        pool_size: fakes that each discriminator is shown again (`ImagePool`), or 0.

    Raises:
        ValueError: for an unknown name, a negative number, or sides that do not fit the widths.
    """

    def __init__(
        self,
        image_shape=(32, 32, 3),
        widths=(32, 64, 128, 256),
        upsampling="resize",
        discriminator_widths=(32, 64, 128),
        discriminator_norms=("instance", "instance"),
        adversarial_loss="least_squares",
        cycle_weight=10.0,
        identity_weight=5.0,
        pool_size=50,
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_name("adversarial_loss", adversarial_loss, LOSSES)
        check_name("upsampling", upsampling, UPSAMPLING)
        if len(discriminator_norms) != 2 or not set(discriminator_norms) <= set(NORMS):
            raise ValueError(f"discriminator_norms must be two names in {NORMS}. Received: {discriminator_norms}")
        if min(cycle_weight, identity_weight, pool_size) < 0:
            raise ValueError(
                "cycle_weight, identity_weight and pool_size must be ≥ 0. Received: "
                f"{cycle_weight=}, {identity_weight=}, {pool_size=}"
            )
        self.image_shape = tuple(image_shape)
        self.widths = tuple(widths)
        self.upsampling = upsampling
        self.discriminator_widths = tuple(discriminator_widths)
        self.discriminator_norms = tuple(discriminator_norms)
        self.adversarial_loss = adversarial_loss
        self.cycle_weight = cycle_weight
        self.identity_weight = identity_weight
        self.pool_size = pool_size
        build_generator = functools.partial(build_unet, self.image_shape, self.image_shape, self.widths, upsampling)
        self.there, self.back = build_generator(name="there"), build_generator(name="back")
        sizes = ([self.image_shape], self.discriminator_widths)
        build_discriminator = functools.partial(build_patch_discriminator, *sizes)
        of_targets, of_sources = self.discriminator_norms
        self.target_discriminator = build_discriminator(norm=of_targets, name="target_discriminator")
        self.source_discriminator = build_discriminator(norm=of_sources, name="source_discriminator")
        if pool_size:
            self.target_pool = ImagePool(self.image_shape, pool_size, name="target_pool")
            self.source_pool = ImagePool(self.image_shape, pool_size, name="source_pool")
        self.means = running_means("discriminator_loss", "generator_loss", "adversarial", "cycle", "identity")
        self.built = True  # all networks have their weights: the model can be saved before its first batch

    @property
    def generator(self):
        """Both generators, which one optimizer moves."""
        return Networks([self.there, self.back])

    @property
    def discriminator(self):
        """Both discriminators, which one optimizer moves."""
        return Networks([self.target_discriminator, self.source_discriminator])

    # -- losses → step → evaluate --

    def _checked(self, sources, targets):
        """Both in [−1, 1]: what the networks may rely on."""
        if targets is None:
            raise ValueError("It learns from two sets of images, (sources, targets). Received: one")
        sources, targets = (as_images(images, self.image_shape) for images in (sources, targets))
        tf.debugging.assert_equal(tf.shape(sources)[0], tf.shape(targets)[0], "A batch has as many of both sets")
        return to_tanh_range(sources), to_tanh_range(targets)

    def discriminator_losses(self, sources, targets, fake_sources, fake_targets, training=False):
        """What both discriminators minimise together, {"discriminator_loss": (batch,)}, of images in [−1, 1]."""
        loss, _ = LOSSES[self.adversarial_loss]
        total = 0.0
        for discriminator, real, fake in (
            (self.target_discriminator, targets, fake_targets), (self.source_discriminator, sources, fake_sources),
        ):
            logits = discriminator(real, training=training), discriminator(fake, training=training)
            total += mean_over_patches(loss(*logits)[..., 0])
        return {"discriminator_loss": total}

    def generator_losses(self, sources, targets, fake_sources, fake_targets, training=False):
        """What both generators minimise together, and its terms, each (batch,), of images in [−1, 1]."""
        _, loss = LOSSES[self.adversarial_loss]
        adversarial = mean_over_patches(loss(self.target_discriminator(fake_targets, training=training))[..., 0])
        adversarial += mean_over_patches(loss(self.source_discriminator(fake_sources, training=training))[..., 0])
        cycle = l1_loss(self.back(fake_targets, training=training), sources)
        cycle += l1_loss(self.there(fake_sources, training=training), targets)
        identity = tf.zeros_like(cycle)
        if self.identity_weight:
            identity += l1_loss(self.there(targets, training=training), targets)
            identity += l1_loss(self.back(sources, training=training), sources)
        total = adversarial + self.cycle_weight * cycle + self.identity_weight * identity
        return {"generator_loss": total, "adversarial": adversarial, "cycle": cycle, "identity": identity}

    def compute_losses(self, sources, targets=None):
        """Both sides' losses and their terms, each (batch,), with nothing learning.

        Args:
            sources, targets: (batch, *image_shape) in [0, 1], not pairs; as many of both.
        """
        sources, targets = self._checked(sources, targets)
        fakes = self.back(targets, training=False), self.there(sources, training=False)
        images = (sources, targets, *fakes)
        return {**self.discriminator_losses(*images), **self.generator_losses(*images)}

    def discriminator_step(self, sources, targets, fake_sources, fake_targets):
        """One step of both discriminators, on fakes of now and of before; returns their loss."""
        if self.pool_size:
            fake_sources, fake_targets = self.source_pool(fake_sources), self.target_pool(fake_targets)
        fakes = tf.stop_gradient(fake_sources), tf.stop_gradient(fake_targets)
        with tf.GradientTape() as tape:
            losses = self.discriminator_losses(sources, targets, *fakes, training=True)
            objective = batch_mean(losses["discriminator_loss"])
        variables = self.discriminator.trainable_variables
        self.discriminator_optimizer.apply_gradients(zip(tape.gradient(objective, variables), variables))
        return losses

    def train_step(self, data):
        sources, targets = self._checked(*unpack(data))
        with tf.GradientTape() as tape:
            fakes = self.back(targets, training=True), self.there(sources, training=True)
            with tape.stop_recording():
                losses = self.discriminator_step(sources, targets, *fakes)
            losses |= self.generator_losses(sources, targets, *fakes, training=True)
            objective = batch_mean(losses["generator_loss"])
        variables = self.generator.trainable_variables
        self.generator_optimizer.apply_gradients(zip(tape.gradient(objective, variables), variables))
        return self.update_metrics(check_finite(losses, self.generator_optimizer.iterations))

    def call(self, inputs):
        return self._run(self.there, unpack(inputs)[0])

    # -- the verbs --

    def _run(self, network, images):
        images = to_tanh_range(as_images(images, self.image_shape))
        return from_tanh_range(network(images, training=False))

    def translate(self, images):
        """Sources as targets, float32 (N, *image_shape) in [0, 1].

        Args:
            images: (N, *image_shape) floats in [0, 1].

        Raises:
            ValueError: for another shape, integers, or values that are not in [0, 1].
        """
        return self._run(self.there, images).numpy()

    def translate_back(self, images):
        """Targets as sources, float32 (N, *image_shape) in [0, 1]; see `translate`."""
        return self._run(self.back, images).numpy()
