"""VAE-GAN (chapter 8): a VAE whose reconstruction error is measured in the features of a GAN's discriminator."""

import functools

import keras
import tensorflow as tf
from keras import layers

from aigc_tf.core.adversarial import AdversarialModel
from aigc_tf.core.averages import averaged_copy, update_average
from aigc_tf.core.distribute import batch_mean
from aigc_tf.core.inputs import as_images, as_latents, check_count, check_finite, check_name, unpack
from aigc_tf.core.labels import one_hot_labels
from aigc_tf.core.model import running_means
from aigc_tf.core.noise import standard_normal
from aigc_tf.gan.losses import LOSSES
from aigc_tf.gan.model import from_tanh_range, to_tanh_range
from aigc_tf.gan.networks import build_dcgan_generator
from aigc_tf.image_to_image.networks import Networks
from aigc_tf.vae import gaussian_kl, reparameterize


def feature_nll(real_features, fake_features):
    """½ Σ (D_l(x) − D_l(x̃))², (batch,): −ln N(D_l(x); D_l(x̃), 1) but for a constant (Larsen et al. 2016, equation 7).

    Args:
        real_features, fake_features: (batch, ...), what a hidden layer of the discriminator makes of two images.
    """
    squares = tf.square(real_features - fake_features)
    return 0.5 * tf.reduce_sum(tf.reshape(squares, (tf.shape(squares)[0], -1)), axis=1)


def build_encoder(image_shape, latent_dim, widths, name="encoder"):
    """Images in [−1, 1] → mean and log-variance, each (batch, latent_dim)."""
    *filters, units = widths
    images = keras.Input(image_shape, name="images")
    hidden = images
    for count in filters:
        hidden = layers.LeakyReLU(0.2)(layers.Conv2D(count, 4, strides=2, padding="same")(hidden))
    hidden = layers.LeakyReLU(0.2)(layers.Dense(units)(layers.Flatten()(hidden)))
    mean, log_var = layers.Dense(latent_dim, name="mean")(hidden), layers.Dense(latent_dim, name="log_var")(hidden)
    return keras.Model(images, [mean, log_var], name=name)


def build_discriminator(image_shape, widths, dropout=0.0, name="discriminator"):
    """Images in [−1, 1] → the last map of its convolutions, and one logit each, (batch, 1).

    On the way to the logit dropout stands behind each convolution, as in a DCGAN's discriminator: with dropout behind
    the last map alone, the distance to MNIST was smallest after 6 of 12 epochs, since the discriminator learned by
    heart. The map itself comes by a way without dropout: noise of its own in each of two images would make them differ.
    """
    *filters, units = widths
    images = keras.Input(image_shape, name="images")
    features = hidden = images
    for count in filters:
        convolution, bend = layers.Conv2D(count, 4, strides=2, padding="same"), layers.LeakyReLU(0.2)
        features, hidden = bend(convolution(features)), layers.Dropout(dropout)(bend(convolution(hidden)))
    hidden = layers.LeakyReLU(0.2)(layers.Dense(units)(layers.Flatten()(hidden)))
    return keras.Model(images, [features, layers.Dense(1, name="logit")(hidden)], name=name)


@keras.saving.register_keras_serializable(package="aigc_tf")
class VAEGAN(AdversarialModel):
    """A VAE that is also a GAN: its decoder is the generator (Larsen et al. 2016, arXiv:1512.09300, algorithm 1).

    Two images are as different as what a hidden layer of the discriminator makes of them. The encoder minimises that
    error and the KL term, the decoder that error and the adversarial loss, and the discriminator tells real images from
    reconstructions and from samples. Reconstructions and samples come from a moving average of the decoder's weights.

    It trains on batches of `images`, and is compiled with one optimizer for encoder and decoder and one for the
    discriminator.

    Args:
        image_shape: (height, width, channels).
        latent_dim: number of latent dimensions.
        encoder_widths: channels of the encoder's convolutions, each of which halves the sides, then units.
        decoder_widths: as for `gan.networks.build_dcgan_generator`.
        discriminator_widths: as for the encoder.
        adversarial_loss: a name in `gan.losses.LOSSES`.
        kl_weight: of the KL term for the encoder, at least 0; 1 in the paper, where features count as if σ = 1.
        feature_weight: γ, of the error for the decoder, at least 0 (equation 9 there).
        batch_norm: whether the decoder normalizes its layers; then a batch needs at least two images.
        dropout: rate in the discriminator, in [0, 1).
        ema_decay: of the average, in [0, 1).

    Raises:
        ValueError: for an unknown name, or a number outside its range.
    """

    def __init__(
        self,
        image_shape=(28, 28, 1),
        latent_dim=64,
        encoder_widths=(32, 64, 256),
        decoder_widths=(256, 64, 32),
        discriminator_widths=(32, 64, 128),
        adversarial_loss="non_saturating",
        kl_weight=1.0,
        feature_weight=1.0,
        batch_norm=True,
        dropout=0.0,
        ema_decay=0.999,
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_name("adversarial_loss", adversarial_loss, LOSSES)
        shares = (dropout, ema_decay)
        if latent_dim < 1 or min(kl_weight, feature_weight) < 0 or not all(0 <= share < 1 for share in shares):
            raise ValueError(
                "latent_dim must be ≥ 1, kl_weight and feature_weight ≥ 0, dropout and ema_decay in [0, 1). "
                f"Received: {latent_dim=}, {kl_weight=}, {feature_weight=}, {dropout=}, {ema_decay=}"
            )
        self.image_shape = tuple(image_shape)
        self.latent_dim = latent_dim
        self.encoder_widths = tuple(encoder_widths)
        self.decoder_widths = tuple(decoder_widths)
        self.discriminator_widths = tuple(discriminator_widths)
        self.adversarial_loss = adversarial_loss
        self.kl_weight = kl_weight
        self.feature_weight = feature_weight
        self.batch_norm = batch_norm
        self.dropout = dropout
        self.ema_decay = ema_decay
        self.encoder = build_encoder(self.image_shape, latent_dim, self.encoder_widths)
        sizes = (self.image_shape, latent_dim, self.decoder_widths)
        build_decoder = functools.partial(build_dcgan_generator, *sizes, batch_norm=batch_norm)
        self.decoder = build_decoder(name="decoder")
        self.average_decoder = averaged_copy(lambda: build_decoder(name="average_decoder"), self.decoder)
        self.discriminator = build_discriminator(self.image_shape, self.discriminator_widths, dropout)
        self.means = running_means(
            "discriminator_loss", "generator_loss", "encoder_loss", "reconstruction", "kl", "real_logits", "fake_logits"
        )
        self.built = True  # all networks have their weights: the model can be saved before its first batch

    @property
    def generator(self):
        """Encoder and decoder, which one optimizer moves, each by an objective of its own."""
        return Networks([self.encoder, self.decoder])

    # -- losses → step → evaluate --

    def losses(self, images, noise, prior_latents, training=False):
        """What each network minimises, and the terms, each (batch,), of images in [−1, 1].

        Args:
            images: (batch, *image_shape).
            noise: standard normal (batch, latent_dim), of the posterior's sample.
            prior_latents: standard normal (batch, latent_dim), from which samples are decoded.
        """
        mean, log_var = self.encoder(images, training=training)
        latents = reparameterize(mean, log_var, noise)
        decoded = self.decoder([tf.concat([latents, prior_latents], axis=0)], training=training)
        features, logits = self.discriminator(tf.concat([images, decoded], axis=0), training=training)
        real_features, fake_features, _ = tf.split(features, 3)
        real, reconstructed, sampled = tf.split(logits[:, 0], 3)
        kl = tf.reduce_sum(gaussian_kl(mean, log_var), axis=-1)
        reconstruction = feature_nll(real_features, fake_features)
        discriminator_loss, generator_loss = LOSSES[self.adversarial_loss]
        adversarial = 0.5 * (generator_loss(reconstructed) + generator_loss(sampled))
        return {
            "discriminator_loss": 0.5 * (discriminator_loss(real, reconstructed) + discriminator_loss(real, sampled)),
            "encoder_loss": reconstruction + self.kl_weight * kl,
            "generator_loss": adversarial + self.feature_weight * reconstruction,
            "reconstruction": reconstruction,
            "kl": kl,
            "real_logits": real,
            "fake_logits": sampled,
        }

    def _draws(self, images):
        return [standard_normal((tf.shape(images)[0], self.latent_dim)) for _ in range(2)]

    def _checked(self, images, labels=None):
        """Images in [−1, 1]: what the networks may rely on."""
        one_hot_labels(labels, None, None)  # it takes none
        return to_tanh_range(as_images(images, self.image_shape))

    def compute_losses(self, images, labels=None):
        """The losses of images (batch, *image_shape) in [0, 1], with nothing learning; see `losses`."""
        images = self._checked(images, labels)
        return self.losses(images, *self._draws(images))

    def train_step(self, data):
        images = self._checked(*unpack(data))
        with tf.GradientTape(persistent=True) as tape:
            losses = self.losses(images, *self._draws(images), training=True)
            names = ("encoder", "generator", "discriminator")
            objectives = {name: batch_mean(losses[f"{name}_loss"]) for name in names}
        players = (
            (self.generator_optimizer, (("encoder", self.encoder), ("generator", self.decoder))),
            (self.discriminator_optimizer, (("discriminator", self.discriminator),)),
        )
        for optimizer, networks in players:
            pairs = []
            for objective, network in networks:  # each network learns by its own objective alone
                variables = network.trainable_variables
                pairs += zip(tape.gradient(objectives[objective], variables), variables)
            optimizer.apply_gradients(pairs)
        update_average(
            self.average_decoder, self.decoder, decay=self.ema_decay, step=self.generator_optimizer.iterations
        )
        return self.update_metrics(check_finite(losses, self.generator_optimizer.iterations))

    def call(self, inputs):
        return self.reconstruct(unpack(inputs)[0])

    # -- the verbs --

    def encode(self, images):
        """Mean and log-variance of q(z|x), each (batch, latent_dim), for images (batch, *image_shape) in [0, 1]."""
        mean, log_var = self.encoder(self._checked(images), training=False)
        return mean, log_var

    def decode(self, latents):
        """Images in [0, 1], (batch, *image_shape), of latents (batch, latent_dim)."""
        return from_tanh_range(self.average_decoder([as_latents(latents, self.latent_dim)], training=False))

    def reconstruct(self, images):
        """Images in [0, 1] decoded from the posterior means of `images`, same shape."""
        return self.decode(self.encode(images)[0])

    def generate(self, num_images, *, seed=None):
        """New images, float32 (num_images, H, W, C) in [0, 1], decoded from draws of the prior N(0, 1).

        Args:
            num_images: at least 1.
            seed: for the same images every time.

        Raises:
            ValueError: for num_images < 1.
        """
        check_count(num_images)
        return self.decode(standard_normal((num_images, self.latent_dim), seed)).numpy()
