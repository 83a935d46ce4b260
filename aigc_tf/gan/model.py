"""Generative adversarial networks (chapter 3): `GAN`, plain, conditional or Wasserstein, and `ACGAN`."""

import functools

import keras
import tensorflow as tf

from aigc_tf.core.adversarial import AdversarialModel
from aigc_tf.core.averages import averaged_copy, update_average
from aigc_tf.core.distribute import batch_mean
from aigc_tf.core.inputs import as_images, as_latents, check_count, check_finite, check_name, unpack
from aigc_tf.core.labels import one_hot_labels, with_labels
from aigc_tf.core.model import running_means
from aigc_tf.core.noise import standard_normal, uniform
from aigc_tf.gan.losses import LOSSES, auxiliary_class_loss, gradient_penalty, r1_penalty
from aigc_tf.gan.networks import GENERATORS, build_discriminator


def to_tanh_range(images):
    """[0, 1] → [−1, 1], where a generator that ends in tanh lives."""
    return 2.0 * images - 1.0


def from_tanh_range(images):
    """[−1, 1] → [0, 1]."""
    return 0.5 * (images + 1.0)


@keras.saving.register_keras_serializable(package="aigc_tf")
class GAN(AdversarialModel):
    """A generator and a discriminator that train against each other (Goodfellow et al. 2014, arXiv:1406.2661).

    It trains on batches of `images`, or of `(images, labels)` when `num_classes` is given, and is compiled with one
    optimizer for each network. Samples come from an exponential moving average of the generator's weights (Yazıcı et
    al. 2019, arXiv:1806.04498).

    Args:
        image_shape: (height, width, channels).
        latent_dim: size of the noise that the generator turns into an image.
        architecture: "dense" or "dcgan".
        generator_widths: units of the hidden layers, or filters of the maps, in order.
        discriminator_widths: the same.
        adversarial_loss: a name in `gan.losses.LOSSES`.
        num_classes: number of classes of a conditional GAN (Mirza & Osindero 2014), or None. The discriminator then
            takes the labels as a projection (Miyato & Koyama 2018); `ACGAN` predicts them instead.
        batch_norm: whether the generator normalizes its layers; then a batch needs at least two images.
        dropout: rate in the discriminator, in [0, 1).
        spectral_norm: whether all of the discriminator's layers, the labels' projection too, are spectrally normalized.
        smoothing: one-sided label smoothing, in [0, 1).
        penalty_weight: λ of the gradient penalty (10 in the paper of WGAN-GP), or 0.
        r1_weight: γ of the R1 penalty, or 0.
        discriminator_steps: steps of the discriminator for each one of the generator: on one batch of real images
            with new latents each time. (WGAN's paper draws new images, too, but `fit` hands over one batch a step.)
        ema_decay: of the average, in [0, 1); lower at first, so that early samples do not show the first weights.

    Raises:
        ValueError: for an unknown name, or a number outside its range.
    """

    def __init__(
        self,
        image_shape=(28, 28, 1),
        latent_dim=64,
        architecture="dense",
        generator_widths=(256, 512),
        discriminator_widths=(512, 256),
        adversarial_loss="non_saturating",
        num_classes=None,
        batch_norm=True,
        dropout=0.0,
        spectral_norm=False,
        smoothing=0.0,
        penalty_weight=0.0,
        r1_weight=0.0,
        discriminator_steps=1,
        ema_decay=0.999,
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_name("adversarial_loss", adversarial_loss, LOSSES)
        check_name("architecture", architecture, GENERATORS)
        if min(latent_dim, discriminator_steps) < 1 or min(penalty_weight, r1_weight) < 0:
            raise ValueError(
                "latent_dim and discriminator_steps must be ≥ 1, penalty_weight and r1_weight ≥ 0. Received: "
                f"{latent_dim=}, {discriminator_steps=}, {penalty_weight=}, {r1_weight=}"
            )
        if not all(0 <= share < 1 for share in (dropout, smoothing, ema_decay)):
            raise ValueError(
                f"dropout, smoothing and ema_decay must lie in [0, 1). Received: {dropout=}, {smoothing=}, {ema_decay=}"
            )
        self.image_shape = tuple(image_shape)
        self.latent_dim = latent_dim
        self.architecture = architecture
        self.generator_widths = tuple(generator_widths)
        self.discriminator_widths = tuple(discriminator_widths)
        self.adversarial_loss = adversarial_loss
        self.num_classes = num_classes
        self.batch_norm = batch_norm
        self.dropout = dropout
        self.spectral_norm = spectral_norm
        self.smoothing = smoothing
        self.penalty_weight = penalty_weight
        self.r1_weight = r1_weight
        self.discriminator_steps = discriminator_steps
        self.ema_decay = ema_decay
        sizes = (self.image_shape, latent_dim, self.generator_widths, num_classes, batch_norm)
        build_generator = functools.partial(GENERATORS[architecture], *sizes)
        self.generator = build_generator()
        self.average_generator = averaged_copy(lambda: build_generator(name="average_generator"), self.generator)
        self.discriminator = self.build_discriminator()
        self.means = running_means("discriminator_loss", "generator_loss", "real_logits", "fake_logits")
        if penalty_weight or r1_weight:
            self.means += running_means("penalty")
        self.built = True  # all networks have their weights: the model can be saved before its first batch

    # -- the two networks, with labels where the model has them --

    def build_discriminator(self):
        """A network from images (and one-hot labels) to one logit each."""
        return build_discriminator(
            self.image_shape, self.discriminator_widths, self.num_classes, architecture=self.architecture,
            dropout=self.dropout, spectral_norm=self.spectral_norm,
        )

    def draw(self, count, one_hot, training=False, noise=None):
        """Fake images in [−1, 1], (count, *image_shape), from standard normal `noise` (count, latent_dim)."""
        noise = standard_normal((count, self.latent_dim)) if noise is None else noise
        return self.generator(with_labels(noise, one_hot), training=training)

    def discriminate(self, images, one_hot, training=False):
        """One logit for each image in [−1, 1], (batch,), and {}: further losses, which a subclass may have."""
        return self.discriminator(with_labels(images, one_hot), training=training)[:, 0], {}

    # -- losses → step → evaluate --

    def discriminator_losses(self, images, fakes, one_hot=None, training=False, epsilon=None):
        """What the discriminator minimises, and its terms, for each pair of a real and a fake image in [−1, 1].

        Args:
            images, fakes: (batch, *image_shape).
            one_hot: (batch, num_classes) for a conditional model.
            epsilon: of the gradient penalty, (batch, 1, 1, 1) uniform in [0, 1), drawn if None.
        """
        discriminator_loss, _ = LOSSES[self.adversarial_loss]
        both = None if one_hot is None else tf.concat([one_hot, one_hot], axis=0)
        # One pass for both is correct, since no layer of the discriminator mixes the images of a batch.
        logits, further = self.discriminate(tf.concat([images, fakes], axis=0), both, training)
        count = tf.shape(images)[0]
        real_logits, fake_logits = tf.split(logits, [count, count])  # an error, should there be more or fewer fakes
        losses = {"real_logits": real_logits, "fake_logits": fake_logits}
        total = discriminator_loss(real_logits, fake_logits, self.smoothing)
        if self.penalty_weight or self.r1_weight:
            def score(images):
                return self.discriminate(images, one_hot, training)[0]

            losses["penalty"] = tf.zeros_like(total)
            if self.penalty_weight:
                epsilon = uniform((count, 1, 1, 1)) if epsilon is None else epsilon
                losses["penalty"] += self.penalty_weight * gradient_penalty(score, images, fakes, epsilon)
            if self.r1_weight:
                losses["penalty"] += self.r1_weight * r1_penalty(score, images)
            total += losses["penalty"]
        for name, values in further.items():
            losses[name] = tf.add_n(tf.split(values, 2))  # of the real and of the fake image
            total += losses[name]
        return {"discriminator_loss": total, **losses}

    def generator_losses(self, fakes, one_hot=None, training=False):
        """What the generator minimises, for each fake image in [−1, 1]: {"generator_loss": (batch,)}."""
        _, generator_loss = LOSSES[self.adversarial_loss]
        logits, further = self.discriminate(fakes, one_hot, training)
        return {"generator_loss": tf.add_n([generator_loss(logits), *further.values()])}

    def compute_losses(self, images, labels=None, noise=None, epsilon=None):
        """Both players' losses and the discriminator's terms, each (batch,), with nothing learning.

        Args:
            images: (batch, *image_shape) in [0, 1].
            labels: (batch,) integers for a conditional model.
            noise: standard normal (batch, latent_dim), which the fakes are made of; drawn if None.
            epsilon: of the gradient penalty, (batch, 1, 1, 1) uniform in [0, 1), drawn if None.
        """
        images, one_hot = self._checked(images, labels)
        noise = None if noise is None else as_latents(noise, self.latent_dim)
        epsilon = None if epsilon is None else tf.convert_to_tensor(epsilon, tf.float32)
        fakes = self.draw(tf.shape(images)[0], one_hot, noise=noise)
        return {
            **self.discriminator_losses(to_tanh_range(images), fakes, one_hot, epsilon=epsilon),
            **self.generator_losses(fakes, one_hot),
        }

    def discriminator_step(self, images, fakes, one_hot):
        """One step of the discriminator; returns its losses."""
        with tf.GradientTape() as tape:
            losses = self.discriminator_losses(images, tf.stop_gradient(fakes), one_hot, training=True)
            objective = batch_mean(losses["discriminator_loss"])
        variables = self.discriminator.trainable_variables
        self.discriminator_optimizer.apply_gradients(zip(tape.gradient(objective, variables), variables))
        return losses

    def train_step(self, data):
        images, one_hot = self._checked(*unpack(data))
        count = tf.shape(images)[0]
        if self.batch_norm:
            tf.debugging.assert_greater(count, 1, "Batch norm needs two images in a batch; or set batch_norm=False")
        images = to_tanh_range(images)
        for _ in range(self.discriminator_steps - 1):
            self.discriminator_step(images, self.draw(count, one_hot, training=True), one_hot)
        with tf.GradientTape() as tape:
            fakes = self.draw(count, one_hot, training=True)  # one batch of fakes serves both players
            with tape.stop_recording():
                losses = self.discriminator_step(images, fakes, one_hot)
            losses |= self.generator_losses(fakes, one_hot, training=True)
            objective = batch_mean(losses["generator_loss"])
        variables = self.generator.trainable_variables
        self.generator_optimizer.apply_gradients(zip(tape.gradient(objective, variables), variables))
        update_average(
            self.average_generator, self.generator, decay=self.ema_decay, step=self.generator_optimizer.iterations
        )
        return self.update_metrics(check_finite(losses, self.generator_optimizer.iterations))

    def call(self, inputs):
        return self.decode(*unpack(inputs))

    # -- the verbs --

    def _checked(self, images, labels):
        """Images in [0, 1], and one-hot labels (batch, num_classes) or None: what both networks may rely on."""
        images = as_images(images, self.image_shape)
        return images, one_hot_labels(labels, self.num_classes, images.shape[0])

    def decode(self, latents, labels=None):
        """Images in [0, 1], (batch, *image_shape), that the averaged generator makes of latents (batch, latent_dim)."""
        latents = as_latents(latents, self.latent_dim)
        one_hot = one_hot_labels(labels, self.num_classes, latents.shape[0])
        return from_tanh_range(self.average_generator(with_labels(latents, one_hot), training=False))

    def generate(self, num_images, *, seed=None, labels=None):
        """New images, float32 (num_images, H, W, C) in [0, 1], decoded from draws of N(0, 1).

        Args:
            num_images: at least 1.
            seed: for the same images every time.
            labels: which class each image shall show, (num_images,) integers, if the model is conditional.

        Raises:
            ValueError: for num_images < 1, or labels that the model does not take.
        """
        check_count(num_images)
        return self.decode(standard_normal((num_images, self.latent_dim), seed), labels).numpy()


@keras.saving.register_keras_serializable(package="aigc_tf")
class ACGAN(GAN):
    """A conditional GAN whose discriminator also guesses the class of what it sees (Odena et al. 2017).

    (arXiv:1610.09585, equations 2 and 3.) Both players minimise the cross entropy of that guess, beside their losses.
    The arguments are those of `GAN`; `num_classes` must be given.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.means += running_means("class_loss")

    def build_discriminator(self):
        """A network from images to one logit and the logits of the classes."""
        if not self.num_classes:
            raise ValueError(f"An auxiliary classifier needs num_classes. Received: num_classes={self.num_classes}")
        return build_discriminator(
            self.image_shape, self.discriminator_widths, self.num_classes, conditioning="auxiliary",
            architecture=self.architecture, dropout=self.dropout, spectral_norm=self.spectral_norm,
        )

    def discriminate(self, images, one_hot, training=False):
        """One logit for each image in [−1, 1], (batch,), and the class's −ln p(label|image), (batch,)."""
        logits, class_logits = self.discriminator(images, training=training)
        return logits[:, 0], {"class_loss": auxiliary_class_loss(class_logits, one_hot)}
