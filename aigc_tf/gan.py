"""Generative adversarial networks (chapter 3): `GAN`, plain, conditional or Wasserstein, sampled from an average."""

import keras
import tensorflow as tf

from aigc_tf.distribute import batch_mean
from aigc_tf.gan_losses import LOSSES, gradient_penalty, r1_penalty
from aigc_tf.gan_networks import GENERATORS, build_discriminator
from aigc_tf.inputs import as_images, as_labels, as_latents, check_finite, unpack
from aigc_tf.vae import standard_normal


def uniform(shape):
    """Random numbers in [0, 1)."""
    return tf.random.uniform(shape)


def to_tanh_range(images):
    """[0, 1] → [−1, 1], where a generator that ends in tanh lives."""
    return 2.0 * images - 1.0


def from_tanh_range(images):
    """[−1, 1] → [0, 1]."""
    return 0.5 * (images + 1.0)


@keras.saving.register_keras_serializable(package="aigc_tf")
class GAN(keras.Model):
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
        adversarial_loss: a name in `gan_losses.LOSSES`.
        num_classes: number of classes of a conditional GAN (Mirza & Osindero 2014), or None.
        conditioning: how the discriminator uses labels: "projection" takes them as input (Miyato & Koyama 2018),
            "auxiliary" predicts them (AC-GAN, Odena et al. 2017).
        batch_norm: whether the generator normalizes its layers; then a batch needs at least two images.
        dropout: rate in the discriminator, in [0, 1).
        spectral_norm: whether the discriminator's layers are spectrally normalized.
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
        conditioning="projection",
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
        check_name("conditioning", conditioning, ("projection", "auxiliary"))
        if min(latent_dim, discriminator_steps) < 1 or min(penalty_weight, r1_weight) < 0:
            raise ValueError(
                "latent_dim and discriminator_steps must be ≥ 1, penalty_weight and r1_weight ≥ 0. Received: "
                f"{latent_dim=}, {discriminator_steps=}, {penalty_weight=}, {r1_weight=}"
            )
        if not all(0 <= share < 1 for share in (dropout, smoothing, ema_decay)):
            raise ValueError(
                f"dropout, smoothing and ema_decay must lie in [0, 1). Received: {dropout=}, {smoothing=}, {ema_decay=}"
            )
        if conditioning == "auxiliary" and not num_classes:
            raise ValueError(f"An auxiliary classifier needs num_classes. Received: {num_classes=}")
        self.image_shape = tuple(image_shape)
        self.latent_dim = latent_dim
        self.architecture = architecture
        self.generator_widths = tuple(generator_widths)
        self.discriminator_widths = tuple(discriminator_widths)
        self.adversarial_loss = adversarial_loss
        self.num_classes = num_classes
        self.conditioning = conditioning
        self.batch_norm = batch_norm
        self.dropout = dropout
        self.spectral_norm = spectral_norm
        self.smoothing = smoothing
        self.penalty_weight = penalty_weight
        self.r1_weight = r1_weight
        self.discriminator_steps = discriminator_steps
        self.ema_decay = ema_decay
        sizes = (self.image_shape, latent_dim, self.generator_widths, num_classes, batch_norm)
        self.generator = GENERATORS[architecture](*sizes)
        self.average_generator = GENERATORS[architecture](*sizes, name="average_generator")
        self.average_generator.set_weights(self.generator.get_weights())
        self.average_generator.trainable = False
        self.discriminator = build_discriminator(
            self.image_shape, self.discriminator_widths, num_classes, conditioning, architecture, dropout, spectral_norm
        )
        names = ["discriminator_loss", "generator_loss", "real_logits", "fake_logits"]
        names += ["penalty"] * bool(penalty_weight or r1_weight)
        names += ["class_loss"] * (conditioning == "auxiliary")
        self.means = [keras.metrics.Mean(name=name) for name in names]
        self.generator_optimizer = self.discriminator_optimizer = None
        self.built = True  # all networks have their weights: the model can be saved before its first batch

    def get_config(self):
        names = (
            "image_shape", "latent_dim", "architecture", "generator_widths", "discriminator_widths", "adversarial_loss",
            "num_classes", "conditioning", "batch_norm", "dropout", "spectral_norm", "smoothing", "penalty_weight",
            "r1_weight", "discriminator_steps", "ema_decay",
        )
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}

    # -- one optimizer for each network, which are saved and loaded with the model --

    def compile(self, generator_optimizer, discriminator_optimizer, **kwargs):
        """Gives each network its optimizer; the other arguments are those of `keras.Model.compile`.

        Raises:
            ValueError: if both networks were to share one optimizer object.
        """
        if generator_optimizer is discriminator_optimizer:
            raise ValueError("Each network needs an optimizer of its own. Received: the same object twice")
        super().compile(optimizer=discriminator_optimizer, **kwargs)
        self.generator_optimizer = generator_optimizer
        self.discriminator_optimizer = self.optimizer
        for optimizer, network in (
            (self.generator_optimizer, self.generator), (self.discriminator_optimizer, self.discriminator)
        ):
            if hasattr(optimizer, "build"):  # Keras 2's legacy ones, and so TF Addons', do it at their first step
                optimizer.build(network.trainable_variables)

    def get_compile_config(self):
        if self.generator_optimizer is None:
            return None
        names = ("generator_optimizer", "discriminator_optimizer")
        return {name: keras.saving.serialize_keras_object(getattr(self, name)) for name in names}

    def compile_from_config(self, config):
        self.compile(**{name: keras.saving.deserialize_keras_object(value) for name, value in config.items()})

    @property
    def metrics(self):
        return self.means

    # -- the two networks, with labels where the model has them --

    def one_hot(self, labels, count):
        """One-hot labels (batch, num_classes) for a conditional model, None for another."""
        if not self.num_classes:
            if labels is not None:
                raise ValueError("This GAN has num_classes=None and takes no labels. Received: labels")
            return None
        if labels is None:
            raise ValueError(f"This GAN was made with num_classes={self.num_classes} and needs labels. Received: None")
        return tf.one_hot(as_labels(labels, self.num_classes, count), self.num_classes)

    def draw(self, count, one_hot, training=False):
        """Fake images in [−1, 1], (count, *image_shape), from new latents."""
        latents = standard_normal((count, self.latent_dim))
        return self.generator(latents if one_hot is None else [latents, one_hot], training=training)

    def discriminate(self, images, one_hot, training=False):
        """One logit for each image in [−1, 1], (batch,), and class logits (batch, num_classes) or None."""
        if self.conditioning == "auxiliary":
            logits, class_logits = self.discriminator(images, training=training)
            return logits[:, 0], class_logits
        return self.discriminator(images if one_hot is None else [images, one_hot], training=training)[:, 0], None

    # -- losses → step → evaluate --

    def discriminator_losses(self, images, fakes, one_hot=None, training=False):
        """What the discriminator minimises, and its terms, for each pair of a real and a fake image in [−1, 1]."""
        discriminator_loss, _ = LOSSES[self.adversarial_loss]
        both = None if one_hot is None else tf.concat([one_hot, one_hot], axis=0)
        # One pass for both is correct, since no layer of the discriminator mixes the images of a batch.
        logits, class_logits = self.discriminate(tf.concat([images, fakes], axis=0), both, training)
        count = tf.shape(images)[0]
        real_logits, fake_logits = tf.split(logits, [count, count])  # an error, should there be more or fewer fakes
        losses = {"real_logits": real_logits, "fake_logits": fake_logits}
        total = discriminator_loss(real_logits, fake_logits, self.smoothing)
        if self.penalty_weight or self.r1_weight:
            def score(images):
                return self.discriminate(images, one_hot, training)[0]

            losses["penalty"] = tf.zeros_like(total)
            if self.penalty_weight:
                epsilon = uniform((count, 1, 1, 1))
                losses["penalty"] += self.penalty_weight * gradient_penalty(score, images, fakes, epsilon)
            if self.r1_weight:
                losses["penalty"] += self.r1_weight * r1_penalty(score, images)
            total += losses["penalty"]
        if class_logits is not None:
            entropies = tf.nn.softmax_cross_entropy_with_logits(both, class_logits)
            losses["class_loss"] = tf.add_n(tf.split(entropies, 2))  # real and fake (Odena et al. 2017, equation 3)
            total += losses["class_loss"]
        return {"discriminator_loss": total, **losses}

    def generator_losses(self, fakes, one_hot=None, training=False):
        """What the generator minimises, for each fake image in [−1, 1]: {"generator_loss": (batch,)}."""
        _, generator_loss = LOSSES[self.adversarial_loss]
        logits, class_logits = self.discriminate(fakes, one_hot, training)
        loss = generator_loss(logits)
        if class_logits is not None:
            loss += tf.nn.softmax_cross_entropy_with_logits(one_hot, class_logits)
        return {"generator_loss": loss}

    def compute_losses(self, images, labels=None):
        """Both players' losses and the discriminator's terms, each (batch,), with new latents and nothing learning.

        Args:
            images: (batch, *image_shape) in [0, 1].
            labels: (batch,) integers for a conditional model.
        """
        images = as_images(images, self.image_shape)
        count = tf.shape(images)[0]
        one_hot = self.one_hot(labels, images.shape[0])
        fakes = self.draw(count, one_hot)
        return {
            **self.discriminator_losses(to_tanh_range(images), fakes, one_hot),
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
        images, labels = unpack(data)
        images = as_images(images, self.image_shape)
        one_hot = self.one_hot(labels, images.shape[0])
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
        self.update_average()
        return self.log(check_finite(losses, self.generator_optimizer.iterations))

    def update_average(self):
        """average ← decay · average + (1 − decay) · weight, with min(ema_decay, (1 + step) / (10 + step)) as decay."""
        step = tf.cast(self.generator_optimizer.iterations, tf.float32)
        decay = tf.minimum(self.ema_decay, (1.0 + step) / (10.0 + step))
        for average, weight in zip(self.average_generator.weights, self.generator.weights):
            average.assign(average + (1.0 - decay) * (weight - average))

    def test_step(self, data):
        return self.log(self.compute_losses(*unpack(data)))

    def log(self, losses):
        """Adds a batch of losses to the epoch's means, and returns the means so far."""
        for metric in self.metrics:
            metric.update_state(losses[metric.name])
        return {metric.name: metric.result() for metric in self.metrics}

    def call(self, inputs):
        return self.decode(*unpack(inputs))

    # -- the verbs --

    def decode(self, latents, labels=None):
        """Images in [0, 1], (batch, *image_shape), that the averaged generator makes of latents (batch, latent_dim)."""
        latents = as_latents(latents, self.latent_dim)
        one_hot = self.one_hot(labels, latents.shape[0])
        images = self.average_generator(latents if one_hot is None else [latents, one_hot], training=False)
        return from_tanh_range(images)

    def generate(self, num_images, *, seed=None, labels=None):
        """New images, float32 (num_images, H, W, C) in [0, 1], decoded from draws of N(0, 1).

        Args:
            num_images: at least 1.
            seed: for the same images every time.
            labels: which class each image shall show, (num_images,) integers, if the model is conditional.

        Raises:
            ValueError: for num_images < 1, or labels that the model does not take.
        """
        if num_images < 1:
            raise ValueError(f"num_images must be at least 1. Received: {num_images}")
        return self.decode(standard_normal((num_images, self.latent_dim), seed), labels).numpy()


def check_name(argument, name, known):
    """Raises ValueError unless `name` is among the known ones."""
    if name not in known:
        raise ValueError(f"{argument} must be one of {sorted(known)}. Received: {name!r}")
