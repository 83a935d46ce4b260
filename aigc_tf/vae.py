"""Variational autoencoders (chapter 2): the terms of the ELBO, the networks, and `VAE`: plain, beta, conditional."""

import math

import keras
import tensorflow as tf
from keras import layers

from aigc_tf.core.distribute import batch_mean
from aigc_tf.core.inputs import as_images, as_latents, check_count, check_finite, unpack
from aigc_tf.core.labels import one_hot_labels, with_labels
from aigc_tf.core.model import Model, running_means
from aigc_tf.core.noise import standard_normal

# ---- the terms ----


def bernoulli_nll(images, logits):
    """−ln p(x|z) = Σ_pixels [softplus(logit) − x · logit], for pixels that are 1 with probability sigmoid(logit).

    Kingma & Welling 2014 (arXiv:1312.6114), appendix C.1.

    Args:
        images: (..., H, W, C) in [0, 1].
        logits: same shape, any real number.

    Returns:
        nats per image, shape (...). Zero logits give pixels · ln 2.
    """
    return tf.reduce_sum(tf.nn.softplus(logits) - images * logits, axis=(-3, -2, -1))


def gaussian_kl(mean, log_var):
    """KL(N(mean, e^log_var) ‖ N(0, 1)) = ½ (mean² + e^log_var − log_var − 1), one number for each latent dimension.

    Kingma & Welling 2014, appendix B (there with a minus, summed over dimensions).

    Args:
        mean: (..., latent_dim).
        log_var: same shape; the natural logarithm of the variance.

    Returns:
        nats, same shape, never negative; 0 where the posterior is the prior.
    """
    return 0.5 * (tf.square(mean) + tf.exp(log_var) - log_var - 1.0)


def gaussian_log_density(values, mean, log_var):
    """ln N(values; mean, e^log_var), summed over the last axis: nats, shape (...)."""
    squares = tf.square(values - mean) * tf.exp(-log_var)
    return -0.5 * tf.reduce_sum(squares + log_var + math.log(2 * math.pi), axis=-1)


def reparameterize(mean, log_var, noise):
    """z = mean + e^(½ log_var) · noise: a sample of N(mean, e^log_var) through which gradients flow.

    Kingma & Welling 2014, section 2.4. `noise` is standard normal, with the shape of `mean` or leading axes of samples.
    """
    return mean + tf.exp(0.5 * log_var) * noise


def log_mean_exp(values, axis=0):
    """ln of the mean of e^values along an axis, computed without overflow."""
    count = tf.cast(tf.shape(values)[axis], values.dtype)
    return tf.reduce_logsumexp(values, axis=axis) - tf.math.log(count)


# ---- the networks ----


def build_encoder(image_shape, latent_dim, hidden_units, num_classes=None, activation="elu"):
    """Images (and one-hot labels, if `num_classes` is given) → mean and log-variance, each (batch, latent_dim)."""
    inputs = [keras.Input(image_shape, name="images")]
    hidden = layers.Flatten()(inputs[0])
    if num_classes:
        inputs.append(keras.Input((num_classes,), name="one_hot_labels"))
        hidden = layers.Concatenate()([hidden, inputs[1]])
    for units in hidden_units:
        hidden = layers.Dense(units, activation=activation)(hidden)
    mean = layers.Dense(latent_dim, name="mean")(hidden)
    log_var = layers.Dense(latent_dim, name="log_var")(hidden)
    return keras.Model(inputs, [mean, log_var], name="encoder")


def build_decoder(image_shape, latent_dim, hidden_units, num_classes=None, activation="elu"):
    """Latents (and one-hot labels, if `num_classes` is given) → pixel logits, (batch, *image_shape)."""
    inputs = [keras.Input((latent_dim,), name="latents")]
    hidden = inputs[0]
    if num_classes:
        inputs.append(keras.Input((num_classes,), name="one_hot_labels"))
        hidden = layers.Concatenate()(inputs)
    for units in reversed(hidden_units):
        hidden = layers.Dense(units, activation=activation)(hidden)
    logits = layers.Reshape(image_shape)(layers.Dense(math.prod(image_shape))(hidden))
    return keras.Model(inputs, logits, name="decoder")


# ---- the model ----


@keras.saving.register_keras_serializable(package="aigc_tf")
class VAE(Model):
    """A variational autoencoder with a Gaussian latent and Bernoulli pixels (Kingma & Welling 2014).

    Minimises reconstruction + beta · KL in nats per image; with beta = 1 that is −ELBO, an upper bound on −ln p(x).
    It trains on batches of `images`, or of `(images, labels)` when `num_classes` is given.

    Args:
        image_shape: (height, width, channels).
        latent_dim: number of latent dimensions.
        hidden_units: widths of the encoder's hidden layers; the decoder has them in reverse.
        beta: weight of the KL term (beta-VAE, Higgins et al. 2017, equation 4).
        num_classes: number of classes of a conditional VAE (Kingma et al. 2014, arXiv:1406.5298, M2 without its
            classifier; the name is from Sohn et al. 2015), or None.
        activation: of the hidden layers.
    """

    def __init__(
        self,
        image_shape=(28, 28, 1),
        latent_dim=40,
        hidden_units=(512, 384),
        beta=1.0,
        num_classes=None,
        activation="elu",
        **kwargs,
    ):
        super().__init__(**kwargs)
        if latent_dim < 1 or beta < 0:
            raise ValueError(f"latent_dim must be ≥ 1 and beta ≥ 0. Received: latent_dim={latent_dim}, beta={beta}")
        self.image_shape = tuple(image_shape)
        self.latent_dim = latent_dim
        self.hidden_units = tuple(hidden_units)
        self.beta = beta
        self.num_classes = num_classes
        self.activation = activation
        sizes = (self.image_shape, latent_dim, self.hidden_units, num_classes, activation)
        self.encoder = build_encoder(*sizes)
        self.decoder = build_decoder(*sizes)
        self.means = running_means("loss", "reconstruction", "kl")
        self.built = True  # both networks have their weights: the model can be saved before its first batch

    # -- losses → step → evaluate --

    def compute_losses(self, images, labels=None, noise=None):
        """The objective and its terms for each image, in nats: a dict of tensors of shape (batch,).

        Args:
            images: (batch, *image_shape) in [0, 1].
            labels: (batch,) integers for a conditional model.
            noise: standard normal (batch, latent_dim), drawn if None.
        """
        images, one_hot = self._checked(images, labels)
        mean, log_var = self.encoder(with_labels(images, one_hot))
        noise = standard_normal(tf.shape(mean)) if noise is None else noise
        latents = reparameterize(mean, log_var, noise)
        reconstruction = bernoulli_nll(images, self.decoder(with_labels(latents, one_hot)))
        kl = tf.reduce_sum(gaussian_kl(mean, log_var), axis=-1)
        return {"loss": reconstruction + self.beta * kl, "reconstruction": reconstruction, "kl": kl}

    def log_importance_weights(self, images, one_hot, noise):
        """ln [p(x|z) p(z) / q(z|x)] for z = mean + e^(½ log_var) · noise, in nats, shape (num_samples, batch).

        Args:
            images: (batch, *image_shape) in [0, 1].
            one_hot: (batch, num_classes) for a conditional model, otherwise None.
            noise: standard normal (num_samples, batch, latent_dim).
        """
        mean, log_var = self.encoder(with_labels(images, one_hot))
        latents = reparameterize(mean, log_var, noise)  # (num_samples, batch, latent_dim)
        num_samples = tf.shape(noise)[0]
        flat = tf.reshape(latents, (-1, self.latent_dim))
        repeated = None if one_hot is None else tf.tile(one_hot, [num_samples, 1])
        logits = self.decoder(with_labels(flat, repeated))
        log_likelihood = -bernoulli_nll(images, tf.reshape(logits, (num_samples, -1, *self.image_shape)))
        log_prior = gaussian_log_density(latents, 0.0, tf.zeros_like(log_var))
        return log_likelihood + log_prior - gaussian_log_density(latents, mean, log_var)

    def train_step(self, data):
        images, labels = unpack(data)
        with tf.GradientTape() as tape:
            losses = self.compute_losses(images, labels)
            objective = batch_mean(losses["loss"])
        gradients = tape.gradient(objective, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        return self.update_metrics(check_finite(losses, self.optimizer.iterations))

    def call(self, inputs):
        return self.reconstruct(*unpack(inputs))

    # -- the verbs --

    def _checked(self, images, labels):
        """Images, and one-hot labels (batch, num_classes) or None: what both networks may rely on."""
        images = as_images(images, self.image_shape)
        return images, one_hot_labels(labels, self.num_classes, images.shape[0])

    def encode(self, images, labels=None):
        """Mean and log-variance of q(z|x), each (batch, latent_dim), for images (batch, *image_shape) in [0, 1]."""
        mean, log_var = self.encoder(with_labels(*self._checked(images, labels)))
        return mean, log_var

    def decode_logits(self, latents, labels=None):
        """Pixel logits (batch, *image_shape) for latents (batch, latent_dim)."""
        latents = as_latents(latents, self.latent_dim)
        return self.decoder(with_labels(latents, one_hot_labels(labels, self.num_classes, latents.shape[0])))

    def decode(self, latents, labels=None):
        """Images in [0, 1] (the probability that a pixel is 1), shape (batch, *image_shape)."""
        return tf.sigmoid(self.decode_logits(latents, labels))

    def reconstruct(self, images, labels=None):
        """Images in [0, 1] decoded from the posterior means of `images`, same shape."""
        images, one_hot = self._checked(images, labels)
        mean, _ = self.encoder(with_labels(images, one_hot))
        return tf.sigmoid(self.decoder(with_labels(mean, one_hot)))

    def generate(self, num_images, *, seed=None, labels=None):
        """New images, float32 (num_images, H, W, C) in [0, 1], decoded from draws of the prior N(0, 1).

        Args:
            num_images: at least 1.
            seed: for the same images every time.
            labels: which class each image shall show, (num_images,) integers, if the model is conditional.

        Raises:
            ValueError: for num_images < 1, or labels that the model does not take.
        """
        check_count(num_images)
        return self.decode(standard_normal((num_images, self.latent_dim), seed), labels).numpy()

    def importance_weighted_nll(self, images, num_samples, *, seed=None, labels=None):
        """See the function of this name."""
        return importance_weighted_nll(self, images, num_samples, seed=seed, labels=labels)


@keras.saving.register_keras_serializable(package="aigc_tf")
class IWAE(VAE):
    """A VAE that trains on the importance-weighted bound itself (Burda et al. 2016, arXiv:1509.00519, section 3).

    Args:
        num_samples: K, how many latents it draws for each image; with 1 it is a `VAE`, up to the noise of one sample.
        **kwargs: the arguments of `VAE`, except `beta`, which the bound does not have.
    """

    def __init__(self, num_samples=5, **kwargs):
        super().__init__(**kwargs)
        if num_samples < 1 or self.beta != 1:
            raise ValueError(
                f"num_samples must be ≥ 1 and beta 1. Received: num_samples={num_samples}, beta={self.beta}"
            )
        self.num_samples = num_samples
        self.means = running_means("loss", "negative_elbo")

    def compute_losses(self, images, labels=None, noise=None):
        """The bound for each image, and −ELBO from the same samples: nats, a dict of tensors of shape (batch,).

        Args:
            images, labels: as for a `VAE`.
            noise: standard normal (num_samples, batch, latent_dim), drawn if None.
        """
        images, one_hot = self._checked(images, labels)
        if noise is None:
            noise = standard_normal([self.num_samples, tf.shape(images)[0], self.latent_dim])
        log_weights = self.log_importance_weights(images, one_hot, noise)
        return {"loss": -log_mean_exp(log_weights), "negative_elbo": -tf.reduce_mean(log_weights, axis=0)}


def importance_weighted_nll(model, images, num_samples, *, seed=None, labels=None, rows=10_000):
    """−ln (1/K) Σ_k p(x|z_k) p(z_k) / q(z_k|x), z_k ~ q(z|x): an upper bound on −ln p(x) that tightens with K.

    Burda, Grosse & Salakhutdinov 2016 (arXiv:1509.00519), equation 8; with K = 1 its mean is −ELBO.

    Args:
        model: a `VAE`.
        images: (batch, *image_shape), zeros and ones for a likelihood in the published sense.
        num_samples: K, at least 1.
        seed: for the same estimate every time.
        labels: (batch,) for a conditional model; the result is then −ln p(x|y).
        rows: how many latents are decoded at once, which bounds the memory.

    Returns:
        nats per image, float32 NumPy array of shape (batch,).

    Raises:
        ValueError: if num_samples < 1, for no image at all, or for bad images or labels.
    """
    if num_samples < 1:
        raise ValueError(f"num_samples must be at least 1. Received: {num_samples}")
    seed = int(tf.random.uniform((), maxval=2**31 - 1, dtype=tf.int32)) if seed is None else seed
    images = as_images(images, model.image_shape)
    if not tf.size(images):
        raise ValueError(f"There must be at least one image. Received: images of shape {tuple(images.shape)}")
    group = max(1, rows // num_samples)  # images at a time
    batches = tf.data.Dataset.from_tensor_slices((images, labels) if labels is not None else (images,)).batch(group)

    def bound(number, images, labels=None):
        one_hot = one_hot_labels(labels, model.num_classes, images.shape[0])
        shape = (num_samples, images.shape[0], model.latent_dim)
        noise = tf.random.stateless_normal(shape, seed=(seed, number))
        return -log_mean_exp(model.log_importance_weights(images, one_hot, noise))

    # Eager on purpose: each call is one large batch, so that compiling would gain nothing.
    return tf.concat([bound(number, *batch) for number, batch in enumerate(batches)], axis=0).numpy()
