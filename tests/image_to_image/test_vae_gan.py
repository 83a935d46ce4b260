"""`VAEGAN`: the error in features and both players' losses by hand, who learns from what, the average, bad input."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aigc_tf import vae
from aigc_tf.core.noise import standard_normal
from aigc_tf.data import image_dataset
from aigc_tf.image_to_image import VAEGAN, feature_nll, vae_gan

SHAPE = (8, 8, 3)
NETWORKS = ("encoder", "decoder", "discriminator")
SIZES = {"encoder_widths": (4, 6), "decoder_widths": (6, 4), "discriminator_widths": (4, 6)}
NOISE, PRIOR = (np.random.default_rng(seed).normal(size=(4, 3)).astype("float32") for seed in (1, 2))


def small(seed=0, **config):
    keras.utils.set_random_seed(seed)
    return VAEGAN(**{"image_shape": SHAPE, "latent_dim": 3, "batch_norm": False, **SIZES, **config})


def compiled(model, generator_rate=1e-2, discriminator_rate=1e-2):
    model.compile(keras.optimizers.SGD(generator_rate), keras.optimizers.SGD(discriminator_rate))
    return model


def images(count=4):
    return np.random.default_rng(0).random((count, *SHAPE)).astype("float32")


def weights_of(network):
    return [weight.numpy() for weight in network.trainable_variables]


def zero(network):
    for weight in network.weights:
        weight.assign(tf.zeros_like(weight))


# ---- the error in features ----


def test_the_error_in_features_by_hand():
    """½ (1² + 2² + 0 + 3²) = 7 in the first pair; ½ · 4 · (½)² = ½ in the second."""
    real = np.zeros((2, 2, 1, 2), "float32")
    fake = np.array([[1, -2, 0, 3], [0.5, 0.5, -0.5, -0.5]], "float32").reshape(real.shape)
    np.testing.assert_allclose(feature_nll(tf.constant(real), tf.constant(fake)), [7.0, 0.5])


def test_features_come_from_the_last_convolution():
    network = vae_gan.build_discriminator((16, 16, 3), (4, 6, 8))
    features, logits = network(2 * np.random.default_rng(0).random((5, 16, 16, 3)) - 1)
    assert features.shape == (5, 4, 4, 6)
    assert logits.shape == (5, 1)


# ---- the losses ----


def test_at_a_discriminator_that_sees_nothing_the_losses_are_those_of_the_stalemate():
    """No features, no logits: 2 ln 2 and ln 2, and an error of 0 between any two images."""
    model = small()
    zero(model.discriminator)
    losses = model.compute_losses(images())
    np.testing.assert_allclose(losses["discriminator_loss"], np.full(4, 2 * np.log(2)), rtol=1e-6)
    np.testing.assert_allclose(losses["generator_loss"], np.full(4, np.log(2)), rtol=1e-6)
    np.testing.assert_array_equal(losses["reconstruction"], np.zeros(4))


def test_a_mean_of_1_and_0_costs_one_half_of_a_nat():
    model = small(kl_weight=4.0)
    zero(model.discriminator)
    zero(model.encoder)
    model.encoder.get_layer("mean").bias.assign([1.0, 0.0, 0.0])
    losses = model.compute_losses(images())
    np.testing.assert_allclose(losses["kl"], np.full(4, 0.5), rtol=1e-6)
    np.testing.assert_allclose(losses["encoder_loss"], np.full(4, 2.0), rtol=1e-6)


def test_the_kl_term_is_that_of_the_vae():
    model = small()
    kl = tf.reduce_sum(vae.gaussian_kl(*model.encode(images())), axis=1)
    np.testing.assert_allclose(model.compute_losses(images())["kl"], kl, rtol=1e-5)


def test_every_term_agrees_with_numpy_from_what_the_networks_say():
    """Of a reconstruction with given noise, and a sample of the given prior latents."""
    model = small(kl_weight=0.5, feature_weight=3.0)
    scaled = 2 * images() - 1
    mean, log_var = (part.numpy() for part in model.encoder(scaled))
    reconstructed = model.decoder([mean + np.exp(log_var / 2) * NOISE])
    seen = scaled, reconstructed, model.decoder([PRIOR])
    looks = [[part.numpy() for part in model.discriminator(each)] for each in seen]
    (real_features, real), (fake_features, fake), (_, sampled) = looks
    reconstruction = 0.5 * ((real_features - fake_features) ** 2).sum(axis=(1, 2, 3))
    kl = 0.5 * (mean**2 + np.exp(log_var) - log_var - 1).sum(axis=1)
    real, fake, sampled = real[:, 0], fake[:, 0], sampled[:, 0]

    def softplus(logits):
        return np.log1p(np.exp(logits))

    expected = {
        "reconstruction": reconstruction, "kl": kl, "encoder_loss": reconstruction + 0.5 * kl,
        "discriminator_loss": softplus(-real) + (softplus(fake) + softplus(sampled)) / 2,
        "generator_loss": (softplus(-fake) + softplus(-sampled)) / 2 + 3 * reconstruction,
        "real_logits": real, "fake_logits": sampled,
    }
    losses = model.losses(tf.constant(scaled), tf.constant(NOISE), tf.constant(PRIOR))
    assert set(losses) == set(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(losses[name], values, rtol=1e-4, atol=1e-5, err_msg=name)


def test_reconstructions_and_samples_get_noise_of_their_own(monkeypatch):
    shapes = []

    def recorded(shape, seed=None):
        shapes.append(tuple(int(side) for side in shape))
        return tf.zeros(shape)

    monkeypatch.setattr(vae_gan, "standard_normal", recorded)
    small().compute_losses(images(7))
    assert shapes == [(7, 3), (7, 3)]


# ---- who learns ----


@pytest.mark.parametrize("rates, who", [((1e-2, 0.0), {"encoder", "decoder"}), ((0.0, 1e-2), {"discriminator"})])
def test_each_optimizer_moves_only_its_own_networks(rates, who):
    model = compiled(small(), *rates)
    before = {name: weights_of(getattr(model, name)) for name in NETWORKS}
    model.train_step(tf.constant(images()))
    moved = {name for name, old in before.items() if any(
        not np.array_equal(one, other) for one, other in zip(old, weights_of(getattr(model, name))))}
    assert moved == who


@pytest.mark.parametrize("name, objective", [
    ("encoder", "encoder_loss"), ("decoder", "generator_loss"), ("discriminator", "discriminator_loss")
])
def test_each_network_learns_by_its_own_objective_alone(name, objective, monkeypatch):
    """So the encoder by no adversarial loss, the decoder by no KL term, the discriminator by no error in features."""
    model, draws = compiled(small(), 1e-2, 1e-2), iter([NOISE, PRIOR])
    monkeypatch.setattr(vae_gan, "standard_normal", lambda shape, seed=None: tf.constant(next(draws)))
    variables = getattr(model, name).trainable_variables
    with tf.GradientTape() as tape:
        losses = model.losses(tf.constant(2 * images() - 1), tf.constant(NOISE), tf.constant(PRIOR), training=True)
        loss = tf.reduce_mean(losses[objective])
    before, slopes = [weight.numpy() for weight in variables], tape.gradient(loss, variables)
    model.train_step(tf.constant(images()))
    for old, new, slope in zip(before, variables, slopes):
        np.testing.assert_allclose(new, old - 1e-2 * slope.numpy(), rtol=1e-4, atol=1e-6)


# ---- the average ----


def test_the_average_follows_its_formula():
    """After the first step the decay is (1 + 1) / (10 + 1), well below 0.999."""
    model = compiled(small())
    start = [weight.numpy() for weight in model.average_decoder.weights]
    model.train_step(tf.constant(images()))
    for old, new, average in zip(start, model.decoder.weights, model.average_decoder.weights):
        np.testing.assert_allclose(average, old * 2 / 11 + new.numpy() * 9 / 11, rtol=1e-5, atol=1e-6)


def test_reconstruct_decodes_the_posterior_mean_by_the_average():
    model = small()
    zero(model.decoder)
    mean = model.encoder(2 * images() - 1)[0]
    expected = 0.5 * (model.average_decoder([mean]).numpy() + 1)
    np.testing.assert_allclose(model.reconstruct(images()), expected, rtol=1e-5)


def test_generate_decodes_draws_of_the_prior_by_the_average():
    model = small()
    zero(model.decoder)
    expected = 0.5 * (model.average_decoder([standard_normal((5, 3), 7)]).numpy() + 1)
    np.testing.assert_allclose(model.generate(5, seed=7), expected, rtol=1e-5)


# ---- batch normalization, and bad input ----


def test_a_normalized_decoder_trains():
    history = compiled(small(batch_norm=True)).fit(image_dataset(images(8), batch_size=4), verbose=0).history
    assert np.isfinite(history["generator_loss"]).all()


@pytest.mark.parametrize("config, message", [
    ({"adversarial_loss": "wgan"}, r"adversarial_loss must be one of \['hinge', .*Received: 'wgan'"),
    ({"latent_dim": 0}, "≥ 1.*Received: latent_dim=0"),
    ({"kl_weight": -1.0}, "kl_weight=-1.0"),
    ({"feature_weight": -1.0}, "feature_weight=-1.0"),
    ({"dropout": 1.0}, "dropout=1.0"),
    ({"ema_decay": 1.0}, "ema_decay=1.0"),
    ({"image_shape": (9, 8, 3)}, r"multiples of 2 to the number of maps. Received: image_shape=\(9, 8, 3\)"),
])
def test_what_a_vae_gan_cannot_be_made_of_is_refused(config, message):
    with pytest.raises(ValueError, match=message):
        small(**config)


def test_labels_are_refused():
    with pytest.raises(ValueError, match="takes no labels"):
        small().compute_losses(images(), np.zeros(4, int))
