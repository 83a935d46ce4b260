"""Autoencoders (chapter 1): the losses, dense and convolutional networks, `Autoencoder`, and PCA, their baseline."""

import math

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from aigc_tf.core.distribute import batch_mean
from aigc_tf.core.inputs import as_images, as_latents, check_count, check_finite, check_name, unpack
from aigc_tf.core.model import Model, running_means
from aigc_tf.core.noise import standard_normal

# ---- losses ----


def squared_error(images, reconstructions):
    """(1/D) Σ_pixels (x − x̂)², the mean over an image's D numbers: one value per image, shape (batch,)."""
    return tf.reduce_mean(tf.square(images - reconstructions), axis=(-3, -2, -1))


# ---- the baseline ----


class PCA:
    """The best LINEAR autoencoder: projection onto the directions of largest variance (Pearson 1901).

    Args:
        images: training images (N, H, W, C), floats in [0, 1].
        latent_dim: number of principal directions that are kept.
    """

    def __init__(self, images, latent_dim):
        flat = images.reshape(len(images), -1)
        if not 1 <= latent_dim <= flat.shape[1]:
            raise ValueError(f"latent_dim must lie in [1, {flat.shape[1]}]. Received: {latent_dim}")
        self.image_shape = images.shape[1:]
        self.mean = flat.mean(axis=0)
        covariance = np.cov(flat, rowvar=False)
        _, directions = np.linalg.eigh(covariance)  # in order of growing variance
        self.directions = directions[:, ::-1][:, :latent_dim].astype("float32")  # (pixels, latent_dim)

    def encode(self, images):
        """Coordinates along the principal directions, shape (batch, latent_dim)."""
        return (images.reshape(len(images), -1) - self.mean) @ self.directions

    def decode(self, latents):
        """Images (batch, H, W, C); not clipped, since PCA knows no limits."""
        return (latents @ self.directions.T + self.mean).reshape(-1, *self.image_shape)

    def reconstruct(self, images):
        """Images projected onto the kept directions, same shape."""
        return self.decode(self.encode(images))


# ---- the networks ----


def build_dense_encoder(image_shape, latent_dim, hidden_units):
    """Images → latents through dense layers."""
    stack = [layers.Dense(units, activation="elu") for units in hidden_units]
    return keras.Sequential(
        [keras.Input(image_shape), layers.Flatten(), *stack, layers.Dense(latent_dim)], name="encoder"
    )


def build_dense_decoder(image_shape, latent_dim, hidden_units):
    """Latents → images in [0, 1] through dense layers, the encoder's widths in reverse."""
    stack = [layers.Dense(units, activation="elu") for units in reversed(hidden_units)]
    last = layers.Dense(math.prod(image_shape), activation="sigmoid")
    return keras.Sequential(
        [keras.Input((latent_dim,)), *stack, last, layers.Reshape(image_shape)], name="decoder"
    )


# With windows of 4 × 4 at stride 2 every pixel lies in four windows. With 3 × 3 some lie in one and others in four,
# which can leave a checkerboard (Odena et al. 2016). In chapter 1's setting the validation error is 0.0068, not 0.0081.
KERNEL_SIZE = 4


def build_convolutional_encoder(image_shape, latent_dim, filters):
    """Images → latents: each convolution halves height and width, (28, 28) → (14, 14) → (7, 7)."""
    stack = [layers.Conv2D(count, KERNEL_SIZE, strides=2, padding="same", activation="elu") for count in filters]
    return keras.Sequential(
        [keras.Input(image_shape), *stack, layers.Flatten(), layers.Dense(latent_dim)], name="encoder"
    )


def build_convolutional_decoder(image_shape, latent_dim, filters):
    """Latents → images in [0, 1]: each transposed convolution doubles height and width.

    Raises:
        ValueError: if the image's sides cannot be halved once for each entry of `filters`.
    """
    height, width, channels = image_shape
    factor = 2 ** len(filters)
    if height % factor or width % factor:
        raise ValueError(f"Image sides must be multiples of {factor} for filters={filters}. Received: {image_shape}")
    small = (height // factor, width // factor, filters[-1])
    outputs = [*filters[:-1][::-1], channels]
    activations = ["elu"] * (len(filters) - 1) + ["sigmoid"]
    stack = [
        layers.Conv2DTranspose(count, KERNEL_SIZE, strides=2, padding="same", activation=activation)
        for count, activation in zip(outputs, activations)
    ]
    first = layers.Dense(math.prod(small), activation="elu")
    return keras.Sequential([keras.Input((latent_dim,)), first, layers.Reshape(small), *stack], name="decoder")


NETWORKS = {
    "dense": (build_dense_encoder, build_dense_decoder),
    "convolutional": (build_convolutional_encoder, build_convolutional_decoder),
}

# ---- the model ----


@keras.saving.register_keras_serializable(package="aigc_tf")
class Autoencoder(Model):
    """An encoder and a decoder trained together to give back their input (Hinton & Salakhutdinov 2006).

    It trains on batches of `images`, or of `(damaged_images, images)`: then it learns to repair (Vincent et al. 2008).

    Args:
        image_shape: (height, width, channels).
        latent_dim: size of the bottleneck.
        architecture: "dense" or "convolutional".
        widths: hidden units of the dense encoder, or filters of the convolutional one; the decoder has them in reverse.
    """

    def __init__(
        self, image_shape=(28, 28, 1), latent_dim=32, architecture="dense", widths=(512, 256), **kwargs
    ):
        super().__init__(**kwargs)
        check_name("architecture", architecture, NETWORKS)
        if latent_dim < 1:
            raise ValueError(f"latent_dim must be at least 1. Received: {latent_dim}")
        self.image_shape = tuple(image_shape)
        self.latent_dim = latent_dim
        self.architecture = architecture
        self.widths = tuple(widths)
        build_encoder, build_decoder = NETWORKS[architecture]
        self.encoder = build_encoder(self.image_shape, latent_dim, self.widths)
        self.decoder = build_decoder(self.image_shape, latent_dim, self.widths)
        self.means = running_means("loss")
        self.built = True  # both networks have their weights: the model can be saved before its first batch

    # -- losses → step → evaluate --

    def compute_losses(self, images, targets=None):
        """Squared error of each image, {"loss": (batch,)}; `targets` are the images themselves unless given."""
        images = as_images(images, self.image_shape)
        targets = images if targets is None else as_images(targets, self.image_shape)
        return {"loss": squared_error(targets, self.decoder(self.encoder(images)))}

    def train_step(self, data):
        images, targets = unpack(data)
        with tf.GradientTape() as tape:
            losses = self.compute_losses(images, targets)
            objective = batch_mean(losses["loss"])
        gradients = tape.gradient(objective, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        return self.update_metrics(check_finite(losses, self.optimizer.iterations))

    def call(self, images):
        return self.reconstruct(images)

    # -- the verbs --

    def encode(self, images):
        """Latents (batch, latent_dim) of images (batch, *image_shape) in [0, 1]."""
        return self.encoder(as_images(images, self.image_shape))

    def decode(self, latents):
        """Images (batch, *image_shape) in [0, 1] of latents (batch, latent_dim)."""
        return self.decoder(as_latents(latents, self.latent_dim))

    def reconstruct(self, images):
        """Images (batch, *image_shape) in [0, 1] after the way through the bottleneck."""
        return self.decoder(self.encode(images))

    def generate(self, num_images, *, seed=None):
        """Images (num_images, H, W, C) in [0, 1] decoded from N(0, 1) latents, as if the model were generative.

        Nothing in its training made the encoder use that region of the latent space: chapter 1 shows what comes out.

        Raises:
            ValueError: if num_images < 1.
        """
        check_count(num_images)
        return self.decoder(standard_normal((num_images, self.latent_dim), seed)).numpy()
