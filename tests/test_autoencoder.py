"""Autoencoders: the loss by hand, PCA against NumPy, networks that fit every image, and denoising."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aigc_tf import autoencoder, data
from aigc_tf.autoencoder import PCA, Autoencoder, squared_error


@pytest.fixture(scope="module")
def digits():
    """300 digits as floats, at half their size, so that PCA takes no time."""
    return data.scale_images(data.load_mnist().train_images[:300, ::2, ::2])


# ---- the loss -------------------------------------------------------------------------------------------------------


def test_squared_error_by_hand():
    images = np.zeros((2, 2, 2, 1), "float32")
    reconstructions = np.array([[1, 0, 0, 0], [0.5, 0.5, 0.5, 0.5]], "float32").reshape(2, 2, 2, 1)
    np.testing.assert_allclose(squared_error(images, reconstructions), [0.25, 0.25])


def test_squared_error_is_a_mean_over_channels_too():
    np.testing.assert_allclose(squared_error(np.zeros((1, 2, 2, 3)), np.full((1, 2, 2, 3), 0.1)), [0.01])


def test_squared_error_of_equal_images_is_0(digits):
    np.testing.assert_array_equal(squared_error(digits[:3], digits[:3]), [0, 0, 0])


def test_the_gradient_of_squared_error_by_hand():
    images, reconstructions = tf.zeros((1, 2, 2, 1)), tf.Variable(tf.fill((1, 2, 2, 1), 0.5))
    with tf.GradientTape() as tape:
        loss = squared_error(images, reconstructions)
    np.testing.assert_allclose(tape.gradient(loss, reconstructions), np.full((1, 2, 2, 1), 2 * 0.5 / 4))


# ---- PCA ------------------------------------------------------------------------------------------------------------


def test_pca_is_the_best_projection_of_its_rank(digits):
    """Eckart & Young 1936: no projection onto k directions does better than the k first singular vectors."""
    flat = digits.reshape(300, -1).astype("float64")
    centred = flat - flat.mean(axis=0)
    u, s, vt = np.linalg.svd(centred, full_matrices=False)
    best = (u[:, :8] * s[:8]) @ vt[:8] + flat.mean(axis=0)
    np.testing.assert_allclose(PCA(digits, 8).reconstruct(digits).reshape(300, -1), best, atol=1e-4)


def test_pca_directions_are_orthonormal(digits):
    directions = PCA(digits, 8).directions
    np.testing.assert_allclose(directions.T @ directions, np.eye(8), atol=1e-5)


def test_pca_coordinates_have_falling_variances(digits):
    variances = PCA(digits, 8).encode(digits).var(axis=0)
    assert np.all(np.diff(variances) < 0)


def test_pca_gets_better_with_every_dimension(digits):
    errors = [np.mean(squared_error(digits, PCA(digits, k).reconstruct(digits))) for k in (1, 2, 4, 8, 16, 32)]
    assert np.all(np.diff(errors) < 0)


def test_pca_with_all_dimensions_loses_nothing():
    images = np.random.default_rng(0).random((50, 3, 2, 2), dtype="float32")
    np.testing.assert_allclose(PCA(images, 12).reconstruct(images), images, atol=1e-5)


def test_pca_projects_new_images_with_the_mean_of_the_training_images(digits):
    pca = PCA(digits[:200], 4)
    np.testing.assert_allclose(pca.reconstruct(digits[:200].mean(axis=0, keepdims=True)), [pca.decode(np.zeros(4))[0]],
                               atol=1e-4)


def test_pca_keeps_the_shape_of_the_images():
    images = np.random.default_rng(0).random((20, 5, 4, 3), dtype="float32")
    pca = PCA(images, 2)
    assert pca.encode(images).shape == (20, 2)
    assert pca.reconstruct(images[:7]).shape == (7, 5, 4, 3)


@pytest.mark.parametrize("latent_dim", [0, 197])
def test_pca_of_impossible_rank_is_refused(digits, latent_dim):
    with pytest.raises(ValueError, match=rf"\[1, 196\]. Received: {latent_dim}"):
        PCA(digits, latent_dim)


# ---- the networks ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("image_shape", [(28, 28, 1), (16, 12, 3), (5, 7, 2)])
def test_dense_networks_fit_any_image(image_shape):
    model = Autoencoder(image_shape, latent_dim=3, widths=(8,))
    assert model.reconstruct(np.zeros((2, *image_shape))).shape == (2, *image_shape)


@pytest.mark.parametrize("image_shape, widths", [
    ((28, 28, 1), (4, 2)), ((16, 12, 3), (4, 2)), ((6, 10, 1), (4,)), ((32, 8, 3), (4, 3, 2)),
])
def test_convolutional_networks_fit_images_that_can_be_halved(image_shape, widths):
    model = Autoencoder(image_shape, latent_dim=3, architecture="convolutional", widths=widths)
    assert model.reconstruct(np.zeros((2, *image_shape))).shape == (2, *image_shape)


@pytest.mark.parametrize("image_shape", [(27, 28, 1), (28, 30, 1)])
def test_convolutional_networks_refuse_images_that_cannot_be_halved(image_shape):
    with pytest.raises(ValueError, match="multiples of 4 .* Received"):
        Autoencoder(image_shape, architecture="convolutional", widths=(4, 2))


def test_each_convolution_halves_the_sides():
    encoder = autoencoder.build_convolutional_encoder((28, 28, 1), 3, (4, 2))
    shapes = [tuple(layer.output.shape[1:]) for layer in encoder.layers if isinstance(layer, keras.layers.Conv2D)]
    assert shapes == [(14, 14, 4), (7, 7, 2)]


def test_the_decoder_mirrors_the_widths_of_the_encoder():
    model = Autoencoder(latent_dim=3, widths=(20, 10))
    units = [
        [layer.units for layer in network.layers if isinstance(layer, keras.layers.Dense)]
        for network in (model.encoder, model.decoder)
    ]
    assert units == [[20, 10, 3], [10, 20, 784]]


@pytest.mark.parametrize("config, message", [
    ({"architecture": "recurrent"}, r"\['convolutional', 'dense'\]. Received: 'recurrent'"),
    ({"latent_dim": 0}, "at least 1. Received: 0"),
])
def test_impossible_models_are_refused(config, message):
    with pytest.raises(ValueError, match=message):
        Autoencoder(**config)


# ---- denoising ------------------------------------------------------------------------------------------------------


def test_a_pair_is_damaged_image_and_target(digits):
    model = Autoencoder((14, 14, 1), latent_dim=3, widths=(8,))
    damaged = np.zeros_like(digits[:4])
    expected = squared_error(digits[:4], model.reconstruct(damaged))
    np.testing.assert_allclose(model.compute_losses(damaged, digits[:4])["loss"], expected, rtol=1e-6)


def test_images_alone_are_their_own_targets(digits):
    model = Autoencoder((14, 14, 1), latent_dim=3, widths=(8,))
    alone, pair = model.compute_losses(digits[:4]), model.compute_losses(digits[:4], digits[:4])
    np.testing.assert_allclose(alone["loss"], pair["loss"], rtol=1e-6)


def test_denoising_learns_to_give_back_the_clean_image(digits):
    """Trained on noisy images and clean targets, it lands nearer to the clean digits than the noisy ones are."""
    keras.utils.set_random_seed(0)
    model = Autoencoder((14, 14, 1), latent_dim=16, widths=(64,))
    model.compile(optimizer=keras.optimizers.Adam(3e-3))

    def noisy_pair(images, seed):
        return data.add_gaussian_noise(images, 0.5, seed=seed), images

    batches = data.with_new_draws(data.image_dataset(digits, batch_size=50, seed=0), noisy_pair, seed=0)
    model.fit(batches, epochs=30, verbose=0)
    noisy = data.add_gaussian_noise(digits, 0.5, seed=1)
    repaired = np.mean(squared_error(digits, model.reconstruct(noisy)))
    assert repaired < 0.5 * np.mean(squared_error(digits, noisy))


def test_labels_as_targets_are_refused(digits):
    with pytest.raises(ValueError, match=r"must have shape \(batch, \*\(14, 14, 1\)\). Received: \(4,\)"):
        Autoencoder((14, 14, 1), latent_dim=3, widths=(8,)).compute_losses(digits[:4], np.arange(4))
