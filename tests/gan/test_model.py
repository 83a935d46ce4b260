"""`GAN`: who learns from whom in a step, the average that samples come from, labels, and what stops a training."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.core.noise import standard_normal
from aigc_tf.core.stack import KERAS_3
from aigc_tf.data import image_dataset
from aigc_tf.gan import ACGAN, GAN
from aigc_tf.gan import losses as gan_losses
from aigc_tf.gan import model as gan

SHAPE = (8, 8, 1)


def small_gan(kind=GAN, seed=0, **config):
    keras.utils.set_random_seed(seed)
    small = {"image_shape": SHAPE, "latent_dim": 3, "generator_widths": (16,), "discriminator_widths": (16,)}
    return kind(**{**small, **config})


def compiled(model, generator_rate=1e-2, discriminator_rate=1e-2, **options):
    model.compile(keras.optimizers.SGD(generator_rate), keras.optimizers.SGD(discriminator_rate), **options)
    return model


def images(count=8):
    return np.random.default_rng(0).random((count, *SHAPE)).astype("float32")


def weights_of(network):
    return [np.array(weight) for weight in network.trainable_variables]


def moved(network, before):
    return any(not np.array_equal(old, np.array(new)) for old, new in zip(before, network.trainable_variables))


# ---- who learns -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rates, who", [((1e-2, 0.0), "generator"), ((0.0, 1e-2), "discriminator")])
def test_each_optimizer_moves_only_its_own_network(rates, who):
    model = compiled(small_gan(), *rates)
    before = {name: weights_of(getattr(model, name)) for name in ("generator", "discriminator")}
    model.fit(image_dataset(images(), batch_size=4), verbose=0)
    assert {name for name, old in before.items() if moved(getattr(model, name), old)} == {who}


@pytest.mark.parametrize("steps", [1, 3])
def test_the_discriminator_makes_several_steps_for_each_one_of_the_generator(steps):
    model = compiled(small_gan(discriminator_steps=steps))
    model.fit(image_dataset(images(), batch_size=4), verbose=0)  # two batches
    assert int(model.generator_optimizer.iterations) == 2
    assert int(model.discriminator_optimizer.iterations) == 2 * steps


def test_one_batch_of_fakes_serves_both_players(monkeypatch):
    drawn = []
    monkeypatch.setattr(gan, "standard_normal", lambda shape, seed=None: drawn.append(1) or tf.random.normal(shape))
    compiled(small_gan()).train_step(images(4))
    assert len(drawn) == 1


def test_the_discriminator_learns_first_and_the_generator_from_what_it_learnt():
    """So the generator's step is the slope of its loss under the discriminator AFTER its own step."""
    model = compiled(small_gan(batch_norm=False))
    keras.utils.set_random_seed(3)
    latents = standard_normal((4, 3))
    before = weights_of(model.generator)
    keras.utils.set_random_seed(3)
    model.train_step(tf.constant(images(4)))
    after = weights_of(model.generator)
    for weight, old in zip(model.generator.trainable_variables, before):
        weight.assign(old)
    with tf.GradientTape() as tape:  # the discriminator has made its step
        loss = tf.reduce_mean(model.generator_losses(model.generator(latents))["generator_loss"])
    for old, new, slope in zip(before, after, tape.gradient(loss, model.generator.trainable_variables)):
        np.testing.assert_allclose(new, old - 1e-2 * slope.numpy(), rtol=1e-5, atol=1e-7)


def test_at_zero_logits_the_losses_are_those_of_the_stalemate():
    model = small_gan()
    for weight in model.discriminator.trainable_variables:
        weight.assign(tf.zeros_like(weight))
    losses = model.compute_losses(images())
    np.testing.assert_allclose(losses["discriminator_loss"], np.full(8, 2 * np.log(2)), rtol=1e-6)
    np.testing.assert_allclose(losses["generator_loss"], np.full(8, np.log(2)), rtol=1e-6)


def test_dropout_and_batch_norm_work_in_training_mode(monkeypatch):
    """Article 004 never passes training=True, so both of its layers do nothing."""
    modes = []
    model = compiled(small_gan(dropout=0.5))
    original = GAN.discriminate

    def watch(self, images, one_hot, training=False):
        modes.append(training)
        return original(self, images, one_hot, training)

    monkeypatch.setattr(GAN, "discriminate", watch)
    norm = next(layer for layer in model.generator.layers if isinstance(layer, keras.layers.BatchNormalization))
    before = np.array(norm.moving_variance)
    model.train_step(tf.constant(images(4)))
    assert modes == [True, True]  # once for real and fake together, once for the generator
    assert not np.allclose(before, norm.moving_variance)


def test_evaluation_changes_nothing():
    model = compiled(small_gan(spectral_norm=True, dropout=0.5))
    networks = (model.generator, model.average_generator, model.discriminator)
    before = [weight for network in networks for weight in network.get_weights()]
    model.evaluate(image_dataset(images(), batch_size=4), verbose=0)
    for old, new in zip(before, [weight for network in networks for weight in network.get_weights()], strict=True):
        np.testing.assert_array_equal(old, new)


def test_real_images_and_fakes_share_one_range():
    """Article 004 scales images to [−0.5, 0.5] under a generator that ends in tanh."""
    seen = []
    model = small_gan()
    original = GAN.discriminate
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(GAN, "discriminate", lambda self, x, *rest: seen.append(x) or original(self, x, *rest))
        model.compute_losses(np.stack([np.zeros(SHAPE, "float32"), np.ones(SHAPE, "float32")]))
    reals = seen[0][:2].numpy()
    assert (reals.min(), reals.max()) == (-1, 1)


# ---- the average ----------------------------------------------------------------------------------------------------


def test_the_average_follows_its_formula():
    """After the first step the decay is (1 + 1) / (10 + 1), well below 0.999."""
    model = compiled(small_gan())
    start = [np.array(weight) for weight in model.average_generator.weights]
    model.train_step(tf.constant(images(4)))
    for old, new, average in zip(start, model.generator.weights, model.average_generator.weights):
        np.testing.assert_allclose(average, old * 2 / 11 + np.array(new) * 9 / 11, rtol=1e-5, atol=1e-6)


def test_with_no_decay_the_average_is_the_generator_itself():
    model = compiled(small_gan(ema_decay=0.0))
    model.fit(image_dataset(images(), batch_size=4), epochs=2, verbose=0)
    for weight, average in zip(model.generator.weights, model.average_generator.weights):
        np.testing.assert_allclose(np.array(weight), np.array(average), atol=1e-7)


def test_samples_come_from_the_average_and_not_from_the_generator():
    model = small_gan()
    before = model.generate(3, seed=0)
    for weight in model.generator.weights:
        weight.assign(tf.ones_like(weight))
    np.testing.assert_array_equal(model.generate(3, seed=0), before)


# ---- labels ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [GAN, ACGAN])
def test_labels_reach_the_generator(kind):
    model = small_gan(kind, num_classes=3)
    latents = np.repeat(np.random.default_rng(0).normal(size=(1, 3)), 3, axis=0)
    images = model.decode(latents, labels=[0, 1, 2]).numpy()
    assert np.abs(images[0] - images[1]).max() > 1e-4
    assert np.abs(images[1] - images[2]).max() > 1e-4


def test_an_auxiliary_classifier_is_trained_on_real_and_fake_images():
    """Zero weights: three classes at 1/3 each, ln 3 for a real image and ln 3 for a fake one."""
    model = small_gan(ACGAN, num_classes=3)
    for weight in model.discriminator.trainable_variables:
        weight.assign(tf.zeros_like(weight))
    losses = model.compute_losses(images(), np.arange(8) % 3)
    np.testing.assert_allclose(losses["class_loss"], np.full(8, 2 * np.log(3)), rtol=1e-6)
    np.testing.assert_allclose(losses["discriminator_loss"], np.full(8, 2 * np.log(2) + 2 * np.log(3)), rtol=1e-6)
    np.testing.assert_allclose(losses["generator_loss"], np.full(8, np.log(2) + np.log(3)), rtol=1e-6)


def test_r1_is_added_with_its_weight():
    """The discriminator's loss is that of the hinge and ten times the penalty of `gan_losses.r1_penalty`."""
    model = small_gan(r1_weight=10.0, adversarial_loss="hinge")
    losses = {name: values.numpy() for name, values in model.compute_losses(images()).items()}
    by_hand = 10 * gan_losses.r1_penalty(lambda x: model.discriminate(x, None)[0], tf.constant(2 * images() - 1))
    np.testing.assert_allclose(losses["penalty"], by_hand, rtol=1e-5)
    hinge = gan_losses.hinge_discriminator_loss(losses["real_logits"], losses["fake_logits"])
    np.testing.assert_allclose(losses["discriminator_loss"], hinge + losses["penalty"], rtol=1e-5)
    assert "penalty" in compiled(model).fit(image_dataset(images(), batch_size=4), verbose=0).history


# ---- written by hand, in NumPy, with the same weights and the same noise --------------------------------------------

LABELS = np.arange(8) % 3
NOISE = np.random.default_rng(1).normal(size=(8, 3))
EPSILON = np.random.default_rng(2).random((8, 1, 1, 1))


def dense(inputs, layer, activation=lambda x: x):
    weights = [np.asarray(weight, np.float64) for weight in layer.get_weights()]
    return activation(inputs @ weights[0] + sum(weights[1:]))  # the bias, if there is one


def features(network, images):
    """What one hidden layer with LeakyReLU sees, (batch, 16)."""
    hidden = next(layer for layer in network.layers if layer.weights)
    return dense(np.reshape(images, (len(images), -1)), hidden, lambda x: np.where(x > 0, x, 0.2 * x))


def drawn(model, *conditions):
    """Fakes: a dense layer, batch norm with its first statistics (mean 0, variance 1), ReLU, a dense layer, tanh."""
    first, second = (layer for layer in model.generator.layers if isinstance(layer, keras.layers.Dense))
    inputs = np.concatenate([NOISE, *conditions], axis=1)
    hidden = dense(inputs, first, lambda x: np.maximum(x / np.sqrt(1 + 1e-3), 0))
    return dense(hidden, second, np.tanh).reshape(8, *SHAPE)


def assert_as_by_hand(found, expected):
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-6, atol=1e-6, err_msg=name)


def sigmoid(logits):
    return 1 / (1 + np.exp(-logits))


def test_a_dense_gan_is_the_one_written_by_hand():
    model = small_gan()
    logit = model.discriminator.get_layer("logit")
    real, fake = (dense(features(model.discriminator, each), logit)[:, 0] for each in (2 * images() - 1, drawn(model)))
    assert_as_by_hand(model.compute_losses(images(), noise=NOISE), {
        "real_logits": real, "fake_logits": fake, "generator_loss": -np.log(sigmoid(fake)),
        "discriminator_loss": -np.log(sigmoid(real)) - np.log(1 - sigmoid(fake)),
    })


def test_a_projection_is_the_one_written_by_hand():
    """logit = ψ(φ(x)) + embed(y) · φ(x)."""
    model, one_hot = small_gan(num_classes=3), np.eye(3)[LABELS]
    embedded = dense(one_hot, model.discriminator.get_layer("embedding"))
    seen = {"real_logits": features(model.discriminator, 2 * images() - 1),
            "fake_logits": features(model.discriminator, drawn(model, one_hot))}
    assert_as_by_hand(model.compute_losses(images(), LABELS, noise=NOISE), {
        name: dense(each, model.discriminator.get_layer("logit"))[:, 0] + np.sum(embedded * each, axis=1)
        for name, each in seen.items()
    })


def test_an_auxiliary_classifier_is_the_one_written_by_hand():
    """−ln softmax(class logits) at the label, of the real image and of the fake one that was asked for."""
    model, one_hot = small_gan(ACGAN, num_classes=3), np.eye(3)[LABELS]

    def surprise(images):
        logits = dense(features(model.discriminator, images), model.discriminator.get_layer("class_logits"))
        return np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(8), LABELS]

    fakes = drawn(model, one_hot)
    fake = dense(features(model.discriminator, fakes), model.discriminator.get_layer("logit"))[:, 0]
    assert_as_by_hand(model.compute_losses(images(), LABELS, noise=NOISE), {
        "class_loss": surprise(2 * images() - 1) + surprise(fakes),
        "generator_loss": -np.log(sigmoid(fake)) + surprise(fakes),
    })


def test_a_gradient_penalty_is_the_one_written_by_hand():
    """The slope of a layer with LeakyReLU: its kernel, each column times 1 or 0.2, times the logit's kernel."""
    model = small_gan(adversarial_loss="wasserstein", penalty_weight=10.0)
    between = EPSILON * (2 * images() - 1) + (1 - EPSILON) * drawn(model)
    kernels = [weight.astype(np.float64) for weight in model.discriminator.get_weights()[::2]]
    active = np.where(between.reshape(8, -1) @ kernels[0] > 0, 1, 0.2)  # biases are zero
    norms = np.linalg.norm((active * kernels[1][:, 0]) @ kernels[0].T, axis=1)
    found = model.compute_losses(images(), noise=NOISE, epsilon=EPSILON)
    assert_as_by_hand(found, {"penalty": 10 * (norms - 1) ** 2})
    assert_as_by_hand(found, {"discriminator_loss": found["fake_logits"] - found["real_logits"] + found["penalty"]})


@pytest.mark.parametrize("noise", [np.zeros((8, 4)), np.full((8, 3), np.nan)])
def test_bad_noise_is_refused(noise):
    with pytest.raises(ValueError, match="Latents must"):
        small_gan().compute_losses(images(), noise=noise)


# ---- what stops a training, and bad input ---------------------------------------------------------------------------


def test_a_loss_that_is_not_finite_stops_with_the_step_and_a_hint():
    model = compiled(small_gan(), discriminator_rate=1e30)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"(?s)NaN or infinite: lower the learning rates.*\[\d+\]"):
        model.fit(image_dataset(images(40), batch_size=4), verbose=0)


def test_a_batch_of_one_cannot_be_normalized():
    with pytest.raises(tf.errors.InvalidArgumentError, match="two images in a batch; or set batch_norm=False"):
        compiled(small_gan()).fit(image_dataset(images(5), batch_size=4), verbose=0)


def test_a_batch_of_one_is_fine_without_batch_norm():
    compiled(small_gan(batch_norm=False)).fit(image_dataset(images(5), batch_size=4), verbose=0)


@pytest.mark.parametrize("config, message", [
    ({"adversarial_loss": "wgan"}, r"adversarial_loss must be one of \['hinge', .*Received: 'wgan'"),
    ({"architecture": "stylegan"}, r"architecture must be one of \['dcgan', 'dense'\]. Received: 'stylegan'"),
    ({"latent_dim": 0}, "≥ 1.*Received: latent_dim=0"),
    ({"discriminator_steps": 0}, "discriminator_steps=0"),
    ({"penalty_weight": -1}, "penalty_weight=-1"),
    ({"r1_weight": -1}, "r1_weight=-1"),
    ({"dropout": 1.0}, r"lie in \[0, 1\). Received: dropout=1.0"),
    ({"smoothing": -0.1}, "smoothing=-0.1"),
    ({"ema_decay": 1}, "ema_decay=1"),
    ({"adversarial_loss": "wasserstein", "smoothing": 0.1}, "no targets to smooth"),
])
def test_what_a_gan_cannot_be_made_of_is_refused(config, message):
    with pytest.raises(ValueError, match=message):
        small_gan(**config).compute_losses(images())


def test_an_auxiliary_classifier_without_classes_is_refused():
    with pytest.raises(ValueError, match="needs num_classes. Received: num_classes=None"):
        small_gan(ACGAN)


def test_losses_are_those_of_the_noise_that_is_handed_in():
    model = small_gan(batch_norm=False, penalty_weight=10.0)
    noise = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
    epsilon = np.full((8, 1, 1, 1), 0.25, "float32")
    one, other = (model.compute_losses(images(), noise=noise, epsilon=epsilon) for _ in range(2))
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)
    fakes = model.generator(noise)
    np.testing.assert_allclose(one["fake_logits"], model.discriminate(fakes, None)[0], rtol=1e-5)


@pytest.mark.skipif(KERAS_3, reason="Keras 3 has no legacy optimizers")
def test_legacy_optimizers_train_it_too():
    """Those of TensorFlow Addons are of this kind."""
    model = small_gan()
    before = weights_of(model.generator), weights_of(model.discriminator)
    model.compile(keras.optimizers.legacy.Adam(1e-2), keras.optimizers.legacy.Adam(1e-2))
    model.fit(image_dataset(images(), batch_size=4), verbose=0)
    assert moved(model.generator, before[0]) and moved(model.discriminator, before[1])


def test_one_optimizer_for_both_networks_is_refused():
    optimizer = keras.optimizers.Adam()
    with pytest.raises(ValueError, match="optimizer of its own. Received: the same object twice"):
        small_gan().compile(optimizer, optimizer)
