"""Generators and discriminators (chapter 3): dense ones as in the articles, and a DCGAN small enough for two cores.

A generator maps latents (and one-hot labels) to images in [−1, 1]; a discriminator maps images in [−1, 1] (and one-hot
labels) to one logit each, positive for "real". Both are built from plain numbers, and know nothing of losses.
"""

import math

import keras
import tensorflow as tf
from keras import layers

# ---- spectral normalization ----


def largest_direction(kernel):
    """The direction v, (outputs, 1) of length 1, in which W is longest: ‖W v‖ = σ(W), its largest singular value.

    Computed exactly, as the eigenvector of WᵀW with the largest eigenvalue: a power iteration from a random direction
    would take hundreds of steps where the largest singular values are close, as those of new kernels are.
    """
    matrix = tf.reshape(kernel, (-1, kernel.shape[-1]))  # (inputs, outputs)
    _, vectors = tf.linalg.eigh(tf.matmul(matrix, matrix, transpose_a=True))  # the eigenvalues ascend
    return vectors[:, -1:]


def spectrally_normalized(kernel, direction, training):
    """W / σ(W), where σ(W), the largest singular value, is followed by one power iteration for each training pass.

    Miyato et al. 2018 (arXiv:1802.05957), equation 8 and algorithm 1. Gradients flow through W / σ(W), not through
    the direction. While another direction overtakes, the estimate is too small for some steps: the largest singular
    value of what is returned was up to 1.17 within the first 300 steps of a DCGAN on MNIST, and 1.02 at their end.

    Args:
        kernel: (…, outputs); a convolution's is read as a matrix (height · width · channels, outputs).
        direction: variable (outputs, 1) of length 1, the estimate of the first right singular vector; updated if
            `training`.
        training: whether to improve the estimate.
    """
    matrix = tf.reshape(kernel, (-1, kernel.shape[-1]))  # (inputs, outputs)
    fixed = tf.stop_gradient(matrix)
    right = tf.convert_to_tensor(direction)
    left = tf.math.l2_normalize(fixed @ right)  # (inputs, 1)
    if training:
        right = tf.math.l2_normalize(tf.matmul(fixed, left, transpose_a=True))
        direction.assign(right)
    sigma = tf.reduce_sum(left * (matrix @ right))
    return kernel / sigma


class Spectral(layers.Layer):
    """A layer with kernel, bias (unless `use_bias=False`), and the direction of the kernel's largest singular value.

    The direction is exact at first, so that the norm is 1 before the first step, and then follows the kernel. Not a
    subclass of `layers.Dense` and its like, whose newer versions save only the variables that they know. Nor Keras's
    `SpectralNormalization`, which writes W / σ(W) over the kernel: then no gradient flows through σ(W).
    """

    def __init__(self, outputs, use_bias=True, **kwargs):
        super().__init__(**kwargs)
        self.outputs = outputs
        self.use_bias = use_bias

    def get_config(self):
        return {**super().get_config(), "outputs": self.outputs, "use_bias": self.use_bias}

    def add_weights(self, kernel_shape):
        self.kernel = self.add_weight(name="kernel", shape=kernel_shape, initializer="glorot_uniform")
        self.bias = self.add_weight(name="bias", shape=(self.outputs,), initializer="zeros") if self.use_bias else None
        self.direction = self.add_weight(
            name="direction", shape=(self.outputs, 1), trainable=False,
            initializer=lambda shape, dtype=None: largest_direction(tf.convert_to_tensor(self.kernel)),
        )

    def normalized_kernel(self, training):
        return spectrally_normalized(tf.convert_to_tensor(self.kernel), self.direction, training)

    def with_bias(self, hidden):
        return hidden + self.bias if self.use_bias else hidden


@keras.saving.register_keras_serializable(package="aigc_tf")
class SpectralDense(Spectral):
    """A dense layer that uses W / σ(W)."""

    def build(self, input_shape):
        self.add_weights((input_shape[-1], self.outputs))
        self.built = True

    def call(self, inputs, training=False):
        return self.with_bias(inputs @ self.normalized_kernel(training))


@keras.saving.register_keras_serializable(package="aigc_tf")
class SpectralConv2D(Spectral):
    """A convolution that uses W / σ(W), with the border filled up ("same")."""

    def __init__(self, outputs, kernel_size, strides=1, padding="same", **kwargs):
        super().__init__(outputs, **kwargs)
        if padding != "same":
            raise ValueError(f'padding must be "same". Received: {padding!r}')
        self.kernel_size = kernel_size
        self.strides = strides

    def get_config(self):
        return {**super().get_config(), "kernel_size": self.kernel_size, "strides": self.strides}

    def build(self, input_shape):
        self.add_weights((self.kernel_size, self.kernel_size, input_shape[-1], self.outputs))
        self.built = True

    def call(self, inputs, training=False):
        return self.with_bias(tf.nn.conv2d(inputs, self.normalized_kernel(training), self.strides, "SAME"))


# ---- generators ----


def normalized(hidden, batch_norm):
    """ReLU, after batch normalization if asked for; its statistics are those of the whole batch on all devices."""
    if batch_norm:
        hidden = layers.BatchNormalization(momentum=0.9, synchronized=True)(hidden)
    return layers.ReLU()(hidden)


def latents_and_labels(latent_dim, num_classes):
    """The inputs of a generator, and both side by side, (batch, latent_dim + num_classes)."""
    inputs = [keras.Input((latent_dim,), name="latents")]
    if num_classes:
        inputs.append(keras.Input((num_classes,), name="one_hot_labels"))
        return inputs, layers.Concatenate()(inputs)
    return inputs, inputs[0]


def build_dense_generator(image_shape, latent_dim, widths, num_classes=None, batch_norm=True, name="generator"):
    """Latents → dense layers of `widths` → images in [−1, 1], (batch, *image_shape)."""
    inputs, hidden = latents_and_labels(latent_dim, num_classes)
    for units in widths:
        hidden = normalized(layers.Dense(units, use_bias=not batch_norm)(hidden), batch_norm)
    pixels = layers.Dense(math.prod(image_shape), activation="tanh")(hidden)
    return keras.Model(inputs, layers.Reshape(image_shape)(pixels), name=name)


def build_dcgan_generator(image_shape, latent_dim, widths, num_classes=None, batch_norm=True, name="generator"):
    """Latents → a dense layer → a small map → transposed convolutions, each twice as large → images in [−1, 1].

    After Radford et al. 2016 (arXiv:1511.06434), figure 1, with a dense layer before the first map.

    Args:
        widths: units of the dense layer, then channels of the maps, the smallest one first; each is doubled in size.

    Raises:
        ValueError: if there is no map, or the image's sides cannot be halved once for each of them.
    """
    units, *filters = widths
    small = (*halved(image_shape, filters), filters[0])
    inputs, hidden = latents_and_labels(latent_dim, num_classes)
    hidden = normalized(layers.Dense(units, use_bias=not batch_norm)(hidden), batch_norm)
    # Normalized before it is reshaped: each place by itself, else what is common to all images would drown the latents.
    hidden = normalized(layers.Dense(math.prod(small), use_bias=not batch_norm)(hidden), batch_norm)
    hidden = layers.Reshape(small)(hidden)
    for count in filters[1:]:
        hidden = layers.Conv2DTranspose(count, 4, strides=2, padding="same", use_bias=not batch_norm)(hidden)
        hidden = normalized(hidden, batch_norm)
    images = layers.Conv2DTranspose(image_shape[-1], 4, strides=2, padding="same", activation="tanh")(hidden)
    return keras.Model(inputs, images, name=name)


def halved(image_shape, filters):
    """Height and width after one halving for each of the `filters`; ValueError where that is not possible."""
    height, width, _ = image_shape
    factor = 2 ** len(filters)
    if not filters or height % factor or width % factor:
        raise ValueError(
            "A DCGAN's widths are one dense layer's and those of at least one map, and the image's sides must be "
            f"multiples of 2 to the number of maps. Received: {image_shape=}, {filters=}"
        )
    return height // factor, width // factor


# ---- discriminators ----


def dense_body(images, widths, dense, dropout):
    """Images → features through dense layers with LeakyReLU and dropout."""
    hidden = layers.Flatten()(images)
    for units in widths:
        hidden = layers.Dropout(dropout)(layers.LeakyReLU(0.2)(dense(units)(hidden)))
    return hidden


def convolutional_body(images, widths, dense, convolution, dropout):
    """Images → features through convolutions that halve height and width, then one dense layer that sees the whole.

    Without the dense layer the logit would be a sum over places, blind to how one part of a digit fits another.
    """
    hidden = images
    *filters, units = widths
    for count in filters:
        hidden = layers.LeakyReLU(0.2)(convolution(count, 4, strides=2, padding="same")(hidden))
        hidden = layers.Dropout(dropout)(hidden)
    return layers.LeakyReLU(0.2)(dense(units)(layers.Flatten()(hidden)))


def build_discriminator(
    image_shape, widths, num_classes=None, conditioning="projection", architecture="dense", dropout=0.0,
    spectral_norm=False,
):
    """Images in [−1, 1] (and one-hot labels) → one logit each, (batch, 1).

    Labels enter as a projection, logit = ψ(φ(x)) + embed(y) · φ(x) (Miyato & Koyama 2018, arXiv:1802.05637, equation
    3), or, with conditioning="auxiliary", they are a second output, (batch, num_classes) class logits (Odena et al.
    2017, arXiv:1610.09585). With `spectral_norm` every layer is normalized, the embedding too.
    """
    dense = SpectralDense if spectral_norm else layers.Dense
    convolution = SpectralConv2D if spectral_norm else layers.Conv2D
    inputs = [keras.Input(image_shape, name="images")]
    if architecture == "dense":
        features = dense_body(inputs[0], widths, dense, dropout)
    else:
        features = convolutional_body(inputs[0], widths, dense, convolution, dropout)
    logit = dense(1, name="logit")(features)
    if conditioning == "auxiliary":
        class_logits = dense(num_classes, name="class_logits")(features)
        return keras.Model(inputs, [logit, class_logits], name="discriminator")
    if num_classes:
        inputs.append(keras.Input((num_classes,), name="one_hot_labels"))
        embedded = dense(features.shape[-1], use_bias=False, name="embedding")(inputs[1])
        logit = layers.Add()([logit, layers.Dot(axes=1)([embedded, features])])
    return keras.Model(inputs, logit, name="discriminator")


GENERATORS = {"dense": build_dense_generator, "dcgan": build_dcgan_generator}
