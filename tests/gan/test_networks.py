"""Generators and discriminators: shapes, ranges, spectral norms, and that no image of a batch sees another."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from aigc_tf.gan.networks import (
    GENERATORS,
    SpectralConv2D,
    SpectralDense,
    build_dcgan_generator,
    build_discriminator,
    spectrally_normalized,
)

SHAPE = (8, 12, 3)
WIDTHS = {"dense": (16, 8), "dcgan": (16, 8, 4)}
architectures = pytest.mark.parametrize("architecture", GENERATORS)


@pytest.fixture(autouse=True)
def seed():
    keras.utils.set_random_seed(0)


def noise(*shape):
    return tf.random.normal(shape)


@architectures
@pytest.mark.parametrize("num_classes", [None, 5])
def test_generators_make_images_between_minus_1_and_1(architecture, num_classes):
    generator = GENERATORS[architecture](SHAPE, 4, WIDTHS[architecture], num_classes)
    images = generator([noise(3, 4), tf.one_hot([0, 1, 4], 5)] if num_classes else noise(3, 4)).numpy()
    assert images.shape == (3, *SHAPE)
    assert -1 <= images.min() < images.max() <= 1


@architectures
def test_generators_reach_both_ends_of_that_range_and_no_further(architecture):
    """Article 000 ends in a ReLU and 002 and 003 in nothing; latents this large show every limit."""
    images = GENERATORS[architecture](SHAPE, 4, WIDTHS[architecture])(1e4 * noise(8, 4)).numpy()
    assert -1 <= images.min() < -0.9 and 0.9 < images.max() <= 1


@architectures
def test_batch_statistics_are_those_of_all_devices(architecture):
    generator = GENERATORS[architecture](SHAPE, 4, WIDTHS[architecture])
    norms = [layer for layer in generator.layers if isinstance(layer, layers.BatchNormalization)]
    assert norms
    assert all(layer.synchronized for layer in norms)


@architectures
def test_without_batch_norm_there_is_none(architecture):
    generator = GENERATORS[architecture](SHAPE, 4, WIDTHS[architecture], batch_norm=False)
    assert not any(isinstance(layer, layers.BatchNormalization) for layer in generator.layers)


@pytest.mark.parametrize("shape, widths", [((28, 28, 1), (8, 4, 4, 4)), ((9, 8, 1), (8, 4)), ((8, 8, 1), (8,))])
def test_a_dcgan_says_which_sides_it_can_make(shape, widths):
    with pytest.raises(ValueError, match="multiples of 2 to the number of maps. Received: "):
        build_dcgan_generator(shape, 4, widths)


@architectures
@pytest.mark.parametrize("spectral_norm", [False, True])
@pytest.mark.parametrize("conditioning", ["none", "projection", "auxiliary"])
def test_a_discriminator_judges_each_image_alone(architecture, spectral_norm, conditioning):
    """So one pass over real and fake images together is the same as two."""
    num_classes = None if conditioning == "none" else 5
    discriminator = build_discriminator(
        SHAPE, WIDTHS[architecture], num_classes, conditioning, architecture, 0.0, spectral_norm
    )
    images, labels = noise(6, *SHAPE), tf.one_hot([0, 1, 2, 3, 4, 0], 5)

    def judge(start, end):
        inputs = [images[start:end], labels[start:end]] if conditioning == "projection" else images[start:end]
        return discriminator(inputs)

    together, alone = judge(0, 6), judge(2, 3)
    if conditioning == "auxiliary":
        np.testing.assert_allclose(together[1][2:3], alone[1], rtol=1e-4, atol=1e-5)
        assert together[1].shape == (6, 5)
        together, alone = together[0], alone[0]
    assert together.shape == (6, 1)
    np.testing.assert_allclose(together[2:3], alone, rtol=1e-4, atol=1e-5)


@architectures
def test_dropout_works_in_training_only(architecture):
    discriminator = build_discriminator(SHAPE, WIDTHS[architecture], architecture=architecture, dropout=0.5)
    images = noise(4, *SHAPE)
    np.testing.assert_array_equal(discriminator(images), discriminator(images))
    assert not np.allclose(discriminator(images, training=True), discriminator(images, training=True))


def test_a_projection_depends_on_the_label():
    discriminator = build_discriminator(SHAPE, (16,), num_classes=3)
    images = tf.repeat(noise(1, *SHAPE), 3, axis=0)
    logits = discriminator([images, tf.one_hot([0, 1, 2], 3)]).numpy()
    assert len(np.unique(logits.round(5))) == 3


# ---- spectral normalization -----------------------------------------------------------------------------------------


def norms(network):
    """Each layer's largest singular value as it is used in inference, by name."""
    kernels = {}
    for layer in network.layers:
        if layer.weights:
            kernel = layer.normalized_kernel(False) if hasattr(layer, "normalized_kernel") else layer.kernel
            kernels[layer.name] = np.reshape(kernel, (-1, kernel.shape[-1]))
    return {name: np.linalg.norm(kernel, 2) for name, kernel in kernels.items()}


@architectures
@pytest.mark.parametrize("conditioning", ["projection", "auxiliary"])
def test_every_layer_has_a_norm_of_1_before_the_first_step(architecture, conditioning):
    """The embedding of the classes, too; and still after a training pass, which looks for the directions anew."""
    discriminator = build_discriminator((28, 28, 1), (32, 64, 128), 10, conditioning, architecture, spectral_norm=True)
    first = norms(discriminator)
    assert {"logit", "embedding" if conditioning == "projection" else "class_logits"} < set(first)
    assert first == pytest.approx(dict.fromkeys(first, 1.0), abs=1e-4)
    images, labels = noise(2, 28, 28, 1), tf.one_hot([0, 1], 10)
    discriminator([images, labels] if conditioning == "projection" else images, training=True)
    assert norms(discriminator) == pytest.approx(first, abs=1e-4)


def test_an_embedding_of_classes_is_its_normalized_kernel():
    """One-hot labels pick a row, and a layer without bias adds nothing."""
    layer = SpectralDense(5, use_bias=False)
    rows = layer(np.eye(3, dtype="float32"))
    np.testing.assert_allclose(rows, layer.kernel / np.linalg.norm(layer.kernel, 2), rtol=1e-4, atol=1e-6)
    assert len(layer.trainable_variables) == 1


def test_a_spectral_layer_is_rebuilt_from_its_config():
    layer = SpectralDense(5, use_bias=False)
    assert SpectralDense.from_config(layer.get_config()).use_bias is False


def test_a_known_singular_value_is_divided_away():
    kernel = tf.constant(np.diag([3.0, 1.0, 2.0]).astype("float32"))
    direction = tf.Variable(tf.ones((3, 1)))
    for _ in range(20):
        normalized = spectrally_normalized(kernel, direction, training=True)
    np.testing.assert_allclose(normalized, kernel / 3, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("layer, shape", [(SpectralDense(5), (2, 7)), (SpectralConv2D(5, 3), (2, 6, 6, 2))])
def test_spectral_layers_come_back_to_a_norm_of_1(layer, shape):
    inputs = noise(*shape)
    layer(inputs)
    layer.direction.assign(tf.math.l2_normalize(noise(5, 1)))
    for _ in range(50):
        layer(inputs, training=True)
    kernel = spectrally_normalized(tf.convert_to_tensor(layer.kernel), layer.direction, training=False)
    largest = np.linalg.svd(kernel.numpy().reshape(-1, 5), compute_uv=False)[0]
    assert largest == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("spectral, plain", [
    (SpectralDense(5), layers.Dense(5)),
    (SpectralConv2D(5, 3, strides=2), layers.Conv2D(5, 3, strides=2, padding="same")),
])
def test_a_spectral_layer_is_the_plain_layer_with_a_smaller_kernel(spectral, plain):
    inputs = noise(2, 6, 6, 2)
    outputs = spectral(inputs)
    plain(inputs)
    kernel = spectrally_normalized(tf.convert_to_tensor(spectral.kernel), spectral.direction, training=False)
    plain.kernel.assign(kernel)
    np.testing.assert_allclose(outputs, plain(inputs), rtol=1e-4, atol=1e-5)


def test_a_spectral_convolution_says_which_border_it_has():
    with pytest.raises(ValueError, match="padding must be \"same\". Received: 'valid'"):
        SpectralConv2D(5, 3, padding="valid")


def test_inference_leaves_the_estimate_alone():
    layer = SpectralDense(5)
    layer(noise(2, 7))
    layer.direction.assign(tf.math.l2_normalize(noise(5, 1)))  # at first it is exact: nothing could improve it
    before = np.array(layer.direction)
    layer(noise(2, 7), training=False)
    np.testing.assert_array_equal(layer.direction, before)
    layer(noise(2, 7), training=True)
    assert not np.allclose(layer.direction, before)


def test_gradients_flow_through_the_norm():
    """Along the kernel itself W / σ(W) does not change, so the slope in that direction is 0."""
    kernel, direction = tf.Variable(noise(6, 4)), tf.Variable(noise(4, 1))
    for _ in range(100):
        spectrally_normalized(kernel, direction, training=True)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(spectrally_normalized(kernel, direction, training=False) - 1.0))
    gradient = tape.gradient(loss, kernel)
    assert np.any(gradient)
    assert float(tf.reduce_sum(gradient * kernel)) == pytest.approx(0, abs=1e-2)
