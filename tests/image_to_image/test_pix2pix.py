"""`Translator` and `Pix2Pix`: the losses by hand, who learns from whom, the average that translates, and bad input."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aigc_tf import checkpoints
from aigc_tf.image_to_image import Pix2Pix, Translator, l1_loss

SOURCE, TARGET = (8, 8, 1), (8, 8, 3)


def small(kind=Pix2Pix, seed=0, **config):
    keras.utils.set_random_seed(seed)
    sizes = {"source_shape": SOURCE, "target_shape": TARGET, "widths": (4, 6)}
    sizes |= {"discriminator_widths": (4, 6)} if kind is Pix2Pix else {}
    return kind(**{**sizes, **config})


def compiled(model, generator_rate=1e-2, discriminator_rate=1e-2):
    model.compile(keras.optimizers.SGD(generator_rate), keras.optimizers.SGD(discriminator_rate))
    return model


def sources(count=4):
    return np.random.default_rng(0).random((count, *SOURCE)).astype("float32")


def targets(count=4):
    return np.random.default_rng(1).random((count, *TARGET)).astype("float32")


def zero(weights):
    for weight in weights:
        weight.assign(tf.zeros_like(weight))


def weights_of(network):
    return [weight.numpy() for weight in network.trainable_variables]


def moved(network, before):
    return any(not np.array_equal(old, new.numpy()) for old, new in zip(before, network.trainable_variables))


# ---- the L1 error ----


def test_the_l1_error_by_hand():
    """Off by 1, 0, 2 and 3 in the first image, by ½ everywhere in the second."""
    wanted = np.zeros((2, 1, 2, 2), "float32")
    images = np.array([[1, 0, -2, 3], [0.5, -0.5, -0.5, 0.5]], "float32").reshape(wanted.shape)
    np.testing.assert_allclose(l1_loss(images, wanted), [1.5, 0.5])


def test_a_translator_reports_the_error_of_images_from_0_to_1():
    """Weights of zero paint grey, ½: black is off by ½, a grey of 0.7 by 0.2."""
    model = small(Translator)
    zero(model.generator.weights)
    wanted = np.stack([np.zeros(TARGET), np.full(TARGET, 0.7)]).astype("float32")
    np.testing.assert_allclose(model.compute_losses(sources(2), wanted)["loss"], [0.5, 0.2], rtol=1e-5)


def test_a_translator_learns_by_the_slope_of_its_error():
    model = small(Translator)
    model.compile(keras.optimizers.SGD(0.1))
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model.compute_losses(sources(), targets(), training=True)["loss"])
    slopes = tape.gradient(loss, model.generator.trainable_variables)
    before = weights_of(model.generator)
    model.train_step((tf.constant(sources()), tf.constant(targets())))
    for old, new, slope in zip(before, model.generator.trainable_variables, slopes):
        np.testing.assert_allclose(new, old - 0.1 * slope.numpy(), rtol=1e-5, atol=1e-6)


def test_evaluation_goes_without_dropout():
    model = small(Translator, dropout=0.5)
    losses = [model.compute_losses(sources(), targets())["loss"] for _ in range(2)]
    np.testing.assert_array_equal(*losses)


def test_training_goes_with_dropout():
    model = small(Translator, dropout=0.5)
    one, other = (model.compute_losses(sources(), targets(), training=True)["loss"] for _ in range(2))
    assert not np.allclose(one, other)


# ---- both players' losses ----


@pytest.mark.parametrize("sees_source", [True, False])
def test_at_zero_logits_the_losses_are_those_of_the_stalemate(sees_source):
    """2 ln 2 for each patch; ln 2 for the generator, which paints grey, off by ½ from black: ln 2 + 100 · ½."""
    model = small(sees_source=sees_source)
    zero([*model.discriminator.get_layer("logits").weights, *model.generator.weights])
    losses = model.compute_losses(sources(), np.zeros((4, *TARGET), "float32"))
    np.testing.assert_allclose(losses["discriminator_loss"], np.full(4, 2 * np.log(2)), rtol=1e-6)
    np.testing.assert_allclose(losses["l1"], np.full(4, 0.5), rtol=1e-6)
    np.testing.assert_allclose(losses["generator_loss"], np.full(4, np.log(2) + 50), rtol=1e-6)
    np.testing.assert_array_equal(losses["real_logits"], np.zeros(4))


def test_without_l1_the_generator_minimises_the_adversarial_loss_alone():
    model = small(l1_weight=0.0)
    losses = model.compute_losses(sources(), targets())
    scaled = tf.constant(2 * sources() - 1)
    logits = model.discriminate(scaled, model.generator(scaled)).numpy()
    np.testing.assert_allclose(losses["generator_loss"], np.log1p(np.exp(-logits)).mean(axis=(1, 2)), rtol=1e-5)


def test_each_patch_is_judged_by_itself_and_then_the_mean_is_taken():
    """Not the loss of the mean logit, which is smaller."""
    model = small()
    losses = model.compute_losses(sources(), targets())
    scaled, wanted = tf.constant(2 * sources() - 1), tf.constant(2 * targets() - 1)
    real = model.discriminate(scaled, wanted).numpy()
    fake = model.discriminate(scaled, model.generator(scaled)).numpy()
    by_hand = (np.log1p(np.exp(-real)) + np.log1p(np.exp(fake))).mean(axis=(1, 2))
    np.testing.assert_allclose(losses["discriminator_loss"], by_hand, rtol=1e-5)
    np.testing.assert_allclose(losses["real_logits"], real.mean(axis=(1, 2)), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(losses["fake_logits"], fake.mean(axis=(1, 2)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("sees_source", [True, False])
def test_the_source_matters_to_a_discriminator_that_sees_it(sees_source):
    model, images = small(sees_source=sees_source), tf.constant(targets())
    one, other = (model.discriminate(tf.constant(seen), images) for seen in (sources(), sources()[::-1]))
    assert np.allclose(one, other) != sees_source


def test_one_that_does_not_see_the_source_judges_larger_images():
    model = small(target_shape=(16, 16, 1), architecture="sub_pixel", widths=(4, 4), sees_source=False)
    assert model.translate(sources()).shape == (4, 16, 16, 1)


# ---- who learns ----


@pytest.mark.parametrize("rates, who", [((1e-2, 0.0), "generator"), ((0.0, 1e-2), "discriminator")])
def test_each_optimizer_moves_only_its_own_network(rates, who):
    model = compiled(small(), *rates)
    before = {name: weights_of(getattr(model, name)) for name in ("generator", "discriminator")}
    model.train_step((tf.constant(sources()), tf.constant(targets())))
    assert {name for name, old in before.items() if moved(getattr(model, name), old)} == {who}


def test_the_discriminator_learns_first_and_the_generator_from_what_it_learnt():
    """So the generator's step is the slope of its loss under the discriminator AFTER its own step."""
    model = compiled(small(l1_weight=0.0), 1.0, 0.1)
    before = weights_of(model.generator)
    model.train_step((tf.constant(sources()), tf.constant(targets())))
    after = weights_of(model.generator)
    for weight, old in zip(model.generator.trainable_variables, before):
        weight.assign(old)
    with tf.GradientTape() as tape:  # the discriminator has made its step
        loss = tf.reduce_mean(model.compute_losses(sources(), targets())["generator_loss"])
    for old, new, slope in zip(before, after, tape.gradient(loss, model.generator.trainable_variables)):
        np.testing.assert_allclose(new - old, -slope.numpy(), atol=0.01 * np.abs(slope).max() + 1e-6)


# ---- the average that translates ----


def test_the_average_follows_its_formula():
    """After the first step the decay is (1 + 1) / (10 + 1), well below 0.999."""
    model = compiled(small())
    start = [weight.numpy() for weight in model.average_generator.weights]
    model.train_step((tf.constant(sources()), tf.constant(targets())))
    for old, new, average in zip(start, model.generator.weights, model.average_generator.weights):
        np.testing.assert_allclose(average, old * 2 / 11 + new.numpy() * 9 / 11, rtol=1e-5, atol=1e-6)


def test_translations_come_from_the_average_and_not_from_the_generator():
    model = small()
    before = model.translate(sources())
    zero(model.generator.weights)
    np.testing.assert_array_equal(model.translate(sources()), before)


# ---- the verb ----


@pytest.mark.parametrize("kind", [Translator, Pix2Pix])
def test_a_translation_is_an_image(kind):
    images = small(kind).translate(sources())
    assert isinstance(images, np.ndarray)
    assert (images.shape, images.dtype) == ((4, *TARGET), np.float32)
    assert 0 <= images.min() <= images.max() <= 1


def test_a_translation_is_what_the_network_says_from_0_to_1():
    model = small(Translator)
    expected = 0.5 * (model.generator(2 * sources() - 1).numpy() + 1)
    np.testing.assert_allclose(model.translate(sources()), expected, rtol=1e-5)


def test_what_an_enlarged_image_has_beyond_its_range_is_cut_off():
    model = small(Translator, source_shape=(4, 4, 3), target_shape=(8, 8, 3), architecture="sub_pixel", widths=(4, 4))
    model.generator.get_layer("change").bias.assign([9.0, -9.0, 0.0])
    images = model.translate(np.full((1, 4, 4, 3), 0.5, "float32"))
    assert np.all(images[..., 0] == 1) and np.all(images[..., 1] == 0)


def test_calling_the_model_translates():
    model = small()
    np.testing.assert_allclose(model(sources()), model.translate(sources()), rtol=1e-6)


# ---- checkpoints ----


def test_weights_have_the_same_names_on_both_stacks():
    """So that a checkpoint written on one loads on the other."""
    layers = ["conv2d", "conv2d_1", "conv2d_2", "conv2d_3", "conv2d_4", "conv2d_5", "images"]
    norms = ["instance_normalization", "instance_normalization_1", "instance_normalization_2"]
    names = [f"generator/{layer}/{name}" for layer in layers for name in ("bias", "kernel")]
    names += [f"generator/{layer}/{name}" for layer in norms for name in ("beta", "gamma")]
    assert sorted(checkpoints.named_weights(small(Translator, widths=(4, 6, 8)))) == sorted(names)


# ---- bad input ----


@pytest.mark.parametrize("config, message", [
    ({"architecture": "resnet"}, r"architecture must be one of \['sub_pixel', 'unet'\]. Received: 'resnet'"),
    ({"upsampling": "bilinear"}, r"upsampling must be one of \['resize', 'transposed'\]. Received: 'bilinear'"),
    ({"dropout": 1.0}, r"lie in \[0, 1\). Received: dropout=1.0"),
    ({"dropout": -0.1}, "Received: dropout=-0.1"),
    ({"source_shape": (10, 8, 1), "target_shape": (10, 8, 3)}, r"multiples of 2 .*Received: source_shape=\(10, 8, 1\)"),
])
@pytest.mark.parametrize("kind", [Translator, Pix2Pix])
def test_what_a_translator_cannot_be_made_of_is_refused(kind, config, message):
    with pytest.raises(ValueError, match=message):
        small(kind, **config)


@pytest.mark.parametrize("config, message", [
    ({"adversarial_loss": "wgan"}, r"adversarial_loss must be one of \['hinge', .*Received: 'wgan'"),
    ({"l1_weight": -1.0}, "≥ 0.*Received: l1_weight=-1.0"),
    ({"ema_decay": 1.0}, r"in \[0, 1\).*ema_decay=1.0"),
    ({"target_shape": (16, 16, 1), "architecture": "sub_pixel", "widths": (4, 4)}, "must have one height and width"),
])
def test_what_a_pix2pix_cannot_be_made_of_is_refused(config, message):
    with pytest.raises(ValueError, match=message):
        small(**config)


@pytest.mark.parametrize("seen, wanted, message", [
    (targets(), targets(), r"must have shape \(batch, \*\(8, 8, 1\)\)"),
    (sources(), sources(), r"must have shape \(batch, \*\(8, 8, 3\)\)"),
    (255 * np.round(sources()), targets(), r"lie in \[0, 1\]. Received: values from 0.0 to 255.0"),
    (sources(), 255 * np.round(targets()), r"lie in \[0, 1\]. Received: values from 0.0 to 255.0"),
    ((255 * sources()).astype("uint8"), targets(), r"floats in \[0, 1\].*Received: uint8"),
    (sources(), np.full((4, *TARGET), np.nan, "float32"), "finite"),
    (sources(), None, r"learns from pairs, \(sources, targets\). Received: images alone"),
])
@pytest.mark.parametrize("kind", [Translator, Pix2Pix])
def test_losses_of_bad_pairs_are_refused(kind, seen, wanted, message):
    with pytest.raises(ValueError, match=message):
        small(kind).compute_losses(seen, wanted)


@pytest.mark.parametrize("kind", [Translator, Pix2Pix])
def test_a_source_without_a_target_is_refused(kind):
    with pytest.raises(tf.errors.InvalidArgumentError, match="Each source needs one target"):
        small(kind).compute_losses(sources(4), targets(3))


@pytest.mark.parametrize("kind", [Translator, Pix2Pix])
def test_training_on_images_alone_is_refused(kind):
    model = small(kind)
    compiled(model) if kind is Pix2Pix else model.compile(keras.optimizers.SGD(0.1))
    with pytest.raises(ValueError, match="learns from pairs"):
        model.fit(tf.data.Dataset.from_tensor_slices(sources()).batch(4), verbose=0)


@pytest.mark.parametrize("kind", [Translator, Pix2Pix])
@pytest.mark.parametrize("images, message", [
    (targets(), r"must have shape \(batch, \*\(8, 8, 1\)\)"), (255 * sources(), r"lie in \[0, 1\]"),
])
def test_what_cannot_be_translated_is_refused(kind, images, message):
    with pytest.raises(ValueError, match=message):
        small(kind).translate(images)
