"""The VAE: every term by hand or by an independent computation, then the bound against likelihoods known exactly."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import integrate, special, stats

from aigc_tf import vae
from aigc_tf.vae import IWAE, VAE, bernoulli_nll, gaussian_kl, gaussian_log_density, log_mean_exp, reparameterize


def binary_images(count, image_shape=(4, 3, 1), seed=0):
    return np.random.default_rng(seed).integers(0, 2, (count, *image_shape)).astype("float32")


def randomized(model, scale):
    """The model with all weights drawn anew, biases and all, so that no term hides behind a zero."""
    random = np.random.default_rng(0)
    model.set_weights([scale * random.normal(size=w.shape) for w in model.get_weights()])
    return model


def tiny(scale=0.5, **config):
    return randomized(VAE(**{"image_shape": (4, 3, 1), "latent_dim": 2, "hidden_units": (5,), **config}), scale)


# ---- the reconstruction term ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("image_shape", [(28, 28, 1), (4, 3, 2)])
def test_zero_logits_cost_ln_2_per_pixel(image_shape):
    nll = bernoulli_nll(binary_images(3, image_shape), np.zeros((3, *image_shape), "float32"))
    np.testing.assert_allclose(nll, np.full(3, math.prod(image_shape) * math.log(2)), rtol=1e-6)


@pytest.mark.parametrize("leading", [(), (2, 3)])
def test_one_image_and_stacks_of_batches_have_an_nll_too(leading):
    nll = bernoulli_nll(np.zeros((*leading, 2, 3, 1)), np.zeros((*leading, 2, 3, 1)))
    np.testing.assert_allclose(nll, np.full(leading, 6 * math.log(2)))


def test_bernoulli_nll_by_hand():
    images = np.array([1.0, 0.0], "float32").reshape(1, 1, 2, 1)
    logits = np.log([3.0, 1 / 4], dtype="float32").reshape(1, 1, 2, 1)  # probabilities of a 1: 3/4 and 1/5
    np.testing.assert_allclose(bernoulli_nll(images, logits), [-math.log(3 / 4) - math.log(4 / 5)], rtol=1e-6)


def test_bernoulli_nll_is_the_cross_entropy_of_scipy():
    images, logits = binary_images(5), np.random.default_rng(1).normal(0, 3, (5, 4, 3, 1)).astype("float32")
    expected = -stats.bernoulli.logpmf(images, special.expit(logits)).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(bernoulli_nll(images, logits), expected, rtol=1e-5)


def test_bernoulli_nll_of_huge_logits_is_finite():
    images, logits = binary_images(2), np.full((2, 4, 3, 1), 1e4, "float32")
    np.testing.assert_allclose(bernoulli_nll(images, logits), 1e4 * (images == 0).sum(axis=(1, 2, 3)))


# ---- the KL term ----------------------------------------------------------------------------------------------------


def test_kl_of_mean_1_0_and_unit_variance_is_a_half():
    np.testing.assert_allclose(gaussian_kl(tf.constant([1.0, 0.0]), tf.zeros(2)), [0.5, 0.0])


def test_kl_of_variance_e_by_hand():
    np.testing.assert_allclose(gaussian_kl(tf.zeros(1), tf.ones(1)), [(math.e - 2) / 2], rtol=1e-6)


def test_kl_is_never_negative_and_0_only_at_the_prior():
    mean, log_var = (np.random.default_rng(seed).normal(size=1000).astype("float32") for seed in (0, 1))
    assert np.all(gaussian_kl(mean, log_var).numpy() > 0)
    assert float(gaussian_kl(tf.zeros(()), tf.zeros(()))) == 0


@pytest.mark.parametrize("mean, log_var", [(0.7, -1.0), (-2.0, 0.5), (0.0, -3.0)])
def test_kl_agrees_with_monte_carlo(mean, log_var):
    """KL(q ‖ p) is the mean of ln q(z) − ln p(z) over draws of q."""
    posterior = stats.norm(mean, math.exp(0.5 * log_var))
    draws = posterior.rvs(200_000, random_state=0)
    terms = posterior.logpdf(draws) - stats.norm.logpdf(draws)
    kl = float(gaussian_kl(tf.constant(mean), tf.constant(log_var)))
    assert kl == pytest.approx(terms.mean(), abs=5 * terms.std() / len(terms) ** 0.5)


# ---- densities and samples ------------------------------------------------------------------------------------------


def test_gaussian_log_density_agrees_with_scipy():
    values, mean, log_var = (np.random.default_rng(seed).normal(size=(6, 3)).astype("float32") for seed in range(3))
    expected = stats.norm.logpdf(values, mean, np.exp(0.5 * log_var)).sum(axis=-1)
    np.testing.assert_allclose(gaussian_log_density(values, mean, log_var), expected, rtol=1e-5)


def test_gaussian_log_density_keeps_all_axes_but_the_last():
    """Four dimensions at the mean of the standard normal: −4 · ½ ln 2π."""
    density = gaussian_log_density(tf.zeros((2, 3, 4)), tf.zeros(4), tf.zeros(4))
    np.testing.assert_allclose(density, np.full((2, 3), -2 * math.log(2 * math.pi)), rtol=1e-6)


def test_reparameterize_by_hand():
    sample = reparameterize(tf.constant([1.0]), tf.constant([math.log(4)]), tf.constant([-1.5]))
    np.testing.assert_allclose(sample, [1 - 1.5 * 2], rtol=1e-6)


def test_samples_have_the_asked_mean_and_variance():
    noise = vae.standard_normal((100_000, 2), seed=0)
    samples = reparameterize(tf.constant([3.0, -1.0]), tf.math.log([0.25, 4.0]), noise).numpy()
    np.testing.assert_allclose(samples.mean(axis=0), [3, -1], atol=0.03)
    np.testing.assert_allclose(samples.var(axis=0), [0.25, 4], rtol=0.03)


def test_gradients_flow_through_a_sample():
    mean, log_var, noise = tf.Variable(1.0), tf.Variable(math.log(4)), 0.5
    with tf.GradientTape() as tape:
        sample = reparameterize(mean, log_var, noise)
    d_mean, d_log_var = tape.gradient(sample, [mean, log_var])
    assert float(d_mean) == 1
    assert float(d_log_var) == pytest.approx(0.5 * 2 * noise)  # ½ σ ε


def test_log_mean_exp_by_hand():
    values = np.log([[1.0, 2.0], [3.0, 6.0]]).astype("float32")
    np.testing.assert_allclose(log_mean_exp(values), np.log([2, 4]), rtol=1e-6)
    np.testing.assert_allclose(log_mean_exp(values, axis=1), np.log([1.5, 4.5]), rtol=1e-6)


def test_log_mean_exp_survives_numbers_whose_exponential_does_not():
    np.testing.assert_allclose(log_mean_exp(tf.constant([-1000.0, -1000.0])), -1000)


def test_standard_normal_repeats_itself_for_a_seed_only():
    np.testing.assert_array_equal(vae.standard_normal((3, 2), seed=1), vae.standard_normal((3, 2), seed=1))
    assert not np.array_equal(vae.standard_normal((3, 2)), vae.standard_normal((3, 2)))


# ---- the objective --------------------------------------------------------------------------------------------------


def dense(inputs, network, name):
    kernel, bias = network.get_layer(name).get_weights()
    return inputs @ kernel + bias


def elu(values):
    return np.where(values > 0, values, np.expm1(values))


def names_of_dense(network):
    return [layer.name for layer in network.layers if isinstance(layer, keras.layers.Dense)]


@pytest.mark.parametrize("beta", [1.0, 4.0])
@pytest.mark.parametrize("labels", [None, np.array([0, 2, 1, 2])], ids=["plain", "conditional"])
def test_every_term_agrees_with_numpy_from_the_weights_up(labels, beta):
    model = tiny(beta=beta, num_classes=None if labels is None else 3)
    images, noise = binary_images(4), np.random.default_rng(1).normal(size=(4, 2)).astype("float32")
    one_hot = np.zeros((4, 0)) if labels is None else np.eye(3)[labels]

    hidden_name, *_ = names_of_dense(model.encoder)
    hidden = elu(dense(np.hstack([images.reshape(4, -1), one_hot]), model.encoder, hidden_name))
    mean, log_var = (dense(hidden, model.encoder, name) for name in ("mean", "log_var"))
    latents = mean + np.exp(log_var / 2) * noise
    hidden_name, logits_name = names_of_dense(model.decoder)
    hidden = elu(dense(np.hstack([latents, one_hot]), model.decoder, hidden_name))
    probabilities = special.expit(dense(hidden, model.decoder, logits_name)).reshape(images.shape)
    reconstruction = -np.where(images == 1, np.log(probabilities), np.log(1 - probabilities)).sum(axis=(1, 2, 3))
    kl = 0.5 * (mean**2 + np.exp(log_var) - log_var - 1).sum(axis=1)

    losses = model.compute_losses(images, labels, noise=noise)
    np.testing.assert_allclose(losses["reconstruction"], reconstruction, rtol=1e-4)
    np.testing.assert_allclose(losses["kl"], kl, rtol=1e-4)
    np.testing.assert_allclose(losses["loss"], reconstruction + beta * kl, rtol=1e-4)


def test_each_image_and_each_dimension_gets_noise_of_its_own(monkeypatch):
    shapes = []

    def recorded(shape, seed=None):
        shapes.append(tuple(np.array(shape)))
        return tf.zeros(shape)

    monkeypatch.setattr(vae, "standard_normal", recorded)
    tiny().compute_losses(binary_images(7))
    assert shapes == [(7, 2)]


def test_the_loss_of_one_image_does_not_depend_on_the_others():
    model, images, noise = tiny(), binary_images(4), tf.ones((4, 2))
    together = model.compute_losses(images, noise=noise)["loss"]
    alone = [model.compute_losses(images[i : i + 1], noise=noise[:1])["loss"][0] for i in range(4)]
    np.testing.assert_allclose(together, alone, rtol=1e-5)


def test_reconstruct_decodes_the_posterior_mean():
    model, images = tiny(), binary_images(3)
    np.testing.assert_allclose(model.reconstruct(images), model.decode(model.encode(images)[0]), rtol=1e-6)


def test_decode_is_the_probability_of_a_1():
    model, latents = tiny(), np.ones((2, 2))
    np.testing.assert_allclose(model.decode(latents), special.expit(model.decode_logits(latents)), rtol=1e-5)


@pytest.mark.parametrize("config", [{"latent_dim": 0}, {"beta": -1.0}])
def test_impossible_models_are_refused(config):
    with pytest.raises(ValueError, match=f"Received: .*{list(config.values())[0]}"):
        VAE(**config)


# ---- the conditional model ------------------------------------------------------------------------------------------


def test_the_label_changes_what_is_decoded():
    model, latents = tiny(num_classes=3), np.zeros((3, 2))
    images = model.decode(latents, [0, 1, 2]).numpy()
    assert len({image.tobytes() for image in images}) == 3


def test_the_label_changes_the_posterior():
    model, images = tiny(num_classes=3), binary_images(1).repeat(2, axis=0)
    mean, _ = model.encode(images, [0, 1])
    assert not np.allclose(mean[0], mean[1])


def test_the_same_seed_gives_each_class_the_same_latents():
    """So that a row of digits 0 to 9 in one hand can be shown."""
    model = tiny(num_classes=3)
    both = model.generate(2, seed=1, labels=[2, 2])
    np.testing.assert_array_equal(model.generate(2, seed=1, labels=[0, 2])[1], both[1])


# ---- the importance-weighted bound ----------------------------------------------------------------------------------


def exact_nll(model, images):
    """−ln ∫ p(x|z) p(z) dz by quadrature, for one latent dimension."""
    grid = np.linspace(-8, 8, 2001)
    logits = model.decode_logits(grid[:, None]).numpy()
    densities = np.exp(-np.stack([bernoulli_nll(image[None], logits) for image in images])) * stats.norm.pdf(grid)
    return -np.log(integrate.simpson(densities, x=grid, axis=1))


def test_the_bound_is_exact_for_a_decoder_that_ignores_its_latents():
    """Then p(x|z) = p(x); with the posterior at the prior, too, all weights are equal and any K gives −ln p(x)."""
    model, images = tiny(), binary_images(6)
    for network, names in ((model.encoder, ("mean", "log_var")), (model.decoder, names_of_dense(model.decoder)[:1])):
        for name in names:
            layer = network.get_layer(name)
            layer.set_weights([np.zeros_like(w) for w in layer.get_weights()])
    expected = bernoulli_nll(images, model.decode_logits(np.zeros((6, 2))))
    for num_samples in (1, 7):
        nll = model.importance_weighted_nll(images, num_samples, seed=0)
        np.testing.assert_allclose(nll, expected, rtol=1e-5)


def test_the_bound_reaches_the_integral_over_the_latent():
    model, images = tiny(scale=0.3, latent_dim=1), binary_images(6)
    nll = model.importance_weighted_nll(images, 50_000, seed=0)
    np.testing.assert_allclose(nll, exact_nll(model, images), atol=0.03)


def test_the_bound_is_never_below_the_integral_on_average():
    model, images = tiny(latent_dim=1), binary_images(6)
    nll = model.importance_weighted_nll(images.repeat(500, axis=0), 5, seed=0).reshape(6, 500).mean(axis=1)
    assert np.all(nll > exact_nll(model, images))


def test_one_sample_is_the_negative_elbo_on_average():
    model, image = tiny(), binary_images(1)
    many = image.repeat(20_000, axis=0)
    noise = vae.standard_normal((20_000, 2), seed=1)
    negative_elbo = model.compute_losses(many, noise=noise)["loss"].numpy()
    nll = model.importance_weighted_nll(many, 1, seed=0)
    error = math.hypot(negative_elbo.std(), nll.std()) / 20_000**0.5
    assert nll.mean() == pytest.approx(negative_elbo.mean(), abs=5 * error)


def test_the_bound_tightens_with_more_samples():
    model, many = tiny(), binary_images(20).repeat(50, axis=0)
    bounds = [model.importance_weighted_nll(many, num_samples, seed=0).mean() for num_samples in (1, 4, 16, 64)]
    assert np.all(np.diff(bounds) < 0), bounds


def test_beta_is_no_part_of_the_bound():
    plain, beta = tiny(), tiny(beta=4.0)
    images = binary_images(3)
    np.testing.assert_allclose(
        plain.importance_weighted_nll(images, 9, seed=0), beta.importance_weighted_nll(images, 9, seed=0)
    )


def test_the_bound_repeats_itself_for_a_seed_only():
    model, images = tiny(), binary_images(3)
    first, again = (model.importance_weighted_nll(images, 3, seed=1) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(model.importance_weighted_nll(images, 3), model.importance_weighted_nll(images, 3))


@pytest.mark.parametrize("num_classes", [None, 3], ids=["plain", "conditional"])
def test_the_bound_works_on_images_in_groups(num_classes):
    """Seven images in groups of two, the last one alone: each gets its number, and groups draw noise of their own."""
    model, images = tiny(scale=0.3, latent_dim=1, num_classes=num_classes), binary_images(7)
    labels = None if num_classes is None else np.arange(7) % 3
    whole = vae.importance_weighted_nll(model, images, 2000, seed=0, labels=labels, rows=100_000)
    groups = vae.importance_weighted_nll(model, images, 2000, seed=0, labels=labels, rows=4000)
    assert whole.shape == groups.shape == (7,)
    np.testing.assert_allclose(groups, whole, atol=0.1)
    assert not np.array_equal(groups, whole)


def test_the_bound_of_a_conditional_model_depends_on_the_label():
    model, images = tiny(num_classes=3), binary_images(3)
    one, other = (model.importance_weighted_nll(images, 50, seed=0, labels=np.full(3, c)) for c in (0, 1))
    assert not np.allclose(one, other)


@pytest.mark.parametrize("arguments, message", [
    ({"num_samples": 0}, "at least 1. Received: 0"),
    ({"images": binary_images(2)[:, 1:]}, "must have shape"),
    ({"images": 255 * binary_images(2)}, r"lie in \[0, 1\]"),
    ({"labels": np.zeros(2, int)}, "takes no labels"),
])
def test_bad_input_to_the_bound_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        tiny().importance_weighted_nll(**{"images": binary_images(2), "num_samples": 3, **arguments})


def test_an_unknown_class_is_refused_by_the_bound():
    with pytest.raises(ValueError, match="from 0 to 2"):
        tiny(num_classes=3).importance_weighted_nll(binary_images(2), 3, labels=[0, 3])


# ---- training with the importance-weighted bound --------------------------------------------------------------------


def iwae(num_samples, **config):
    small = {"image_shape": (4, 3, 1), "latent_dim": 2, "hidden_units": (5,), **config}
    return randomized(IWAE(num_samples=num_samples, **small), scale=0.5)


def test_iwae_minimises_the_weighted_bound_of_its_samples():
    images, noise = binary_images(3), np.random.default_rng(1).normal(size=(4, 3, 2)).astype("float32")
    model = iwae(4)
    single = [VAE.compute_losses(model, images, noise=noise[k]) for k in range(4)]
    mean, log_var = model.encode(images)
    weights = []
    for terms, draw in zip(single, noise):  # ln p(x|z) + ln p(z) − ln q(z|x), by scipy
        latents = mean + np.exp(0.5 * log_var) * draw
        prior = stats.norm.logpdf(latents).sum(axis=1)
        posterior = stats.norm.logpdf(latents, mean, np.exp(0.5 * log_var)).sum(axis=1)
        weights.append(-terms["reconstruction"].numpy() + prior - posterior)
    losses = model.compute_losses(images, noise=noise)
    np.testing.assert_allclose(losses["loss"], -(special.logsumexp(weights, axis=0) - math.log(4)), rtol=1e-5)
    np.testing.assert_allclose(losses["negative_elbo"], -np.mean(weights, axis=0), rtol=1e-5)


def test_iwae_of_several_samples_is_a_tighter_bound_than_their_elbo():
    losses = iwae(5).compute_losses(binary_images(8))
    assert np.all(losses["loss"] < losses["negative_elbo"])


def test_conditional_iwae_uses_the_labels():
    model, images = iwae(3, num_classes=2), binary_images(4)
    noise = np.zeros((3, 4, 2), "float32")
    one, other = (model.compute_losses(images, np.full(4, label), noise)["loss"] for label in (0, 1))
    assert np.all(np.abs(one - other) > 1e-4)


@pytest.mark.parametrize("config", [{"num_samples": 0}, {"num_samples": 2, "beta": 0.5}])
def test_iwae_refuses_what_has_no_bound(config):
    with pytest.raises(ValueError, match="num_samples must be ≥ 1 and beta 1. Received: num_samples="):
        IWAE(image_shape=(4, 3, 1), latent_dim=2, hidden_units=(5,), **config)
