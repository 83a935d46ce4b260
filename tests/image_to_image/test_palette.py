"""`Palette`: the loss by hand, what the network is told, the average that draws, seeds, and bad input."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.diffusion import time_features
from aigc_tf.image_to_image import Palette, palette

SOURCE, TARGET = (8, 8, 1), (8, 8, 3)
TIMES = np.array([0.1, 0.4, 0.6, 0.9], "float32")


def small(seed=0, **config):
    """With other weights than at first, when the last layers of its blocks are next to nothing."""
    keras.utils.set_random_seed(seed)
    model = Palette(**{"source_shape": SOURCE, "target_shape": TARGET, "widths": (8,), **config})
    for number, weight in enumerate(model.network.trainable_variables):
        weight.assign_add(0.1 * tf.random.stateless_normal(weight.shape, (seed, number)))
    model.average_network.set_weights(model.network.get_weights())
    return model


@pytest.fixture(scope="module")
def model():
    """A model for tests that only look."""
    return small()


def sources(count=4, seed=0):
    return np.random.default_rng(seed).random((count, *SOURCE)).astype("float32")


def targets(count=4):
    return np.random.default_rng(1).random((count, *TARGET)).astype("float32")


def noise(count=4):
    return np.random.default_rng(2).normal(size=(count, *TARGET)).astype("float32")


def train_once(model):
    model.compile(keras.optimizers.SGD(0.1))
    model.train_step((tf.constant(sources()), tf.constant(targets())))


# ---- the loss and the step ----


def test_the_loss_of_given_noise_and_times_by_hand(model):
    """The network sees (1 − t) image + t noise, and the source behind it; it should say noise − image."""
    image, source, times = 2 * targets() - 1, 2 * sources() - 1, TIMES[:, None, None, None]
    seen = np.concatenate([(1 - times) * image + times * noise(), source], axis=-1)
    said = model.network([tf.constant(seen), time_features(tf.constant(TIMES))]).numpy()[..., :3]
    by_hand = np.mean((said - (noise() - image)) ** 2, axis=(1, 2, 3))
    found = model.compute_losses(sources(), targets(), noise=noise(), times=TIMES)["loss"]
    np.testing.assert_allclose(found, by_hand, rtol=1e-5)


def test_the_loss_of_a_network_that_says_nothing_is_the_size_of_what_it_should_say():
    """Black images, −1, and noise of 1: the velocity is 2, its square 4."""
    model = small()
    for weight in model.network.weights:
        weight.assign(tf.zeros_like(weight))
    black, ones = np.zeros((4, *TARGET), "float32"), np.ones((4, *TARGET))
    found = model.compute_losses(sources(), black, noise=ones, times=TIMES)["loss"]
    np.testing.assert_allclose(found, np.full(4, 4.0), rtol=1e-6)


def test_each_image_gets_noise_and_a_time_of_its_own(model, monkeypatch):
    shapes = []

    def recorded(shape, seed=None):
        shapes.append(tuple(int(side) for side in shape))
        return tf.random.normal(shape)

    monkeypatch.setattr(palette, "standard_normal", recorded)
    model.compute_losses(sources(), targets())
    assert shapes == [(4, *TARGET), (4,)]


def test_the_loss_hears_of_the_source(model):
    one, other = (
        model.compute_losses(seen, targets(), noise=noise(), times=TIMES)["loss"] for seen in (sources(), 1 - sources())
    )
    assert np.all(np.abs(one - other) > 1e-4)


def test_the_average_follows_its_formula():
    """After the first step the decay is (1 + 1) / (10 + 1), well below 0.9995."""
    model = small()
    start = [weight.numpy() for weight in model.average_network.weights]
    train_once(model)
    for old, new, average in zip(start, model.network.weights, model.average_network.weights):
        np.testing.assert_allclose(average, old * 2 / 11 + new.numpy() * 9 / 11, rtol=1e-5, atol=1e-6)


def test_the_optimizer_moves_the_network():
    model = small()
    before = [weight.numpy() for weight in model.network.trainable_variables]
    train_once(model)
    assert any(not np.array_equal(old, new) for old, new in zip(before, model.network.trainable_variables))


# ---- the verb ----


def test_a_translation_is_an_image(model):
    images = model.translate(sources(), seed=0, steps=2)
    assert isinstance(images, np.ndarray)
    assert (images.shape, images.dtype) == ((4, *TARGET), np.float32)
    assert 0 <= images.min() <= images.max() <= 1


def test_one_step_by_hand(model):
    """From noise at t = 1 straight to noise − velocity, in [0, 1] and cut off there."""
    start = palette.standard_normal((4, *TARGET), 5).numpy()
    seen = np.concatenate([start, 2 * sources() - 1], axis=-1)
    velocity = model.average_network([tf.constant(seen), time_features(tf.ones(4))]).numpy()[..., :3]
    by_hand = np.clip(0.5 * (start - velocity + 1), 0, 1)
    images = model.translate(sources(), seed=5, steps=1, sampler="euler")
    np.testing.assert_allclose(images, by_hand, atol=1e-5)


def test_it_draws_from_the_average_and_not_from_the_network():
    model = small()
    before = model.translate(sources(), seed=0, steps=2)
    for weight in model.network.weights:
        weight.assign(tf.zeros_like(weight))
    np.testing.assert_array_equal(model.translate(sources(), seed=0, steps=2), before)


@pytest.mark.parametrize("sampler", ["heun", "ddpm"])
def test_it_repeats_itself_for_a_seed(model, sampler):
    one, other = (model.translate(sources(), seed=1, steps=2, sampler=sampler) for _ in range(2))
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("seeds", [(1, 2), (None, None)])
def test_it_differs_for_another_seed_or_without_one(model, seeds):
    one, other = (model.translate(sources(), seed=seed, steps=2) for seed in seeds)
    assert not np.allclose(one, other)


def test_another_source_becomes_another_image(model):
    one, other = (model.translate(seen, seed=0, steps=2) for seen in (sources(), sources(seed=1)))
    assert np.abs(one - other).max() > 1e-3


def test_steps_and_sampler_of_the_model_are_used_unless_told_otherwise():
    model = small(steps=2, sampler="euler")
    images = model.translate(sources(), seed=0)
    np.testing.assert_array_equal(images, model.translate(sources(), seed=0, steps=2, sampler="euler"))
    assert not np.allclose(images, model.translate(sources(), seed=0, steps=3, sampler="heun"))


# ---- bad input ----


@pytest.mark.parametrize("config, message", [
    ({"sampler": "magic"}, "sampler must be one of .* Received: 'magic'"),
    ({"steps": 0}, "at least 1. Received: steps=0"),
    ({"ema_decay": 1.0}, r"lie in \[0, 1\). Received: ema_decay=1.0"),
    ({"target_shape": (16, 16, 3)}, r"Received: source_shape=\(8, 8, 1\), target_shape=\(16, 16, 3\)"),
    ({"widths": (12,)}, "multiples of 8"),
])
def test_what_a_palette_cannot_be_made_of_is_refused(config, message):
    with pytest.raises(ValueError, match=message):
        small(**config)


@pytest.mark.parametrize("seen, wanted, message", [
    (targets(), targets(), r"must have shape \(batch, \*\(8, 8, 1\)\)"),
    (sources(), sources(), r"must have shape \(batch, \*\(8, 8, 3\)\)"),
    (255 * np.round(sources()), targets(), r"lie in \[0, 1\]. Received: values from 0.0 to 255.0"),
    (sources(), None, r"learns from pairs, \(sources, targets\). Received: images alone"),
])
def test_losses_of_bad_pairs_are_refused(model, seen, wanted, message):
    with pytest.raises(ValueError, match=message):
        model.compute_losses(seen, wanted)


def test_a_source_without_a_target_is_refused(model):
    with pytest.raises(tf.errors.InvalidArgumentError, match="Each source needs one target"):
        model.compute_losses(sources(4), targets(3))


@pytest.mark.parametrize("times", [np.full(4, 1.5), np.full(3, 0.5)])
def test_times_that_are_none_are_refused(model, times):
    with pytest.raises(ValueError, match="Times must .* Received: "):
        model.compute_losses(sources(), targets(), times=times)


@pytest.mark.parametrize("options, message", [
    ({"images": targets()}, r"must have shape \(batch, \*\(8, 8, 1\)\)"),
    ({"images": 255 * sources()}, r"lie in \[0, 1\]"),
    ({"steps": 0}, "at least 1. Received: steps=0"),
    ({"sampler": "magic"}, "sampler must be one of .* Received: 'magic'"),
])
def test_what_cannot_be_translated_is_refused(model, options, message):
    with pytest.raises(ValueError, match=message):
        model.translate(**{"images": sources(), **options})
