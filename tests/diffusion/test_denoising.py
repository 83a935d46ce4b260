"""What a diffusion model can do: guidance, every verb with a network that knows the answer, and bad calls."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.diffusion import Diffusion, denoising, guided, schedules

SHAPE = (8, 8, 1)


def small(seed=0, **config):
    keras.utils.set_random_seed(seed)
    return Diffusion(**{"image_shape": SHAPE, "widths": (8, 16), **config})


def images(count=4, seed=0):
    return np.random.default_rng(seed).random((count, *SHAPE)).astype("float32")


class Oracle:
    """In place of a network: it knows the images, and so answers every question exactly."""

    def __init__(self, model, known):
        self.model, self.known = model, 2.0 * tf.constant(known) - 1.0

    def __call__(self, inputs):
        noisy, times = inputs[0], self.times
        rates = self.model.rates(times)
        noise = (noisy - rates.alpha * self.known) / rates.sigma
        return schedules.target_of(self.model.prediction, self.known, noise, rates)


def knowing(model, known, monkeypatch):
    """`model` with an oracle in the place of its averaged network."""
    oracle = Oracle(model, known)

    def predict(noisy, time, one_hot, guidance):
        oracle.times = tf.fill((noisy.shape[0],), time)
        return oracle([noisy])

    monkeypatch.setattr(model, "_predict", predict)
    return model


# ---- guidance ----


def test_guidance_of_one_is_the_model_and_of_none_forgets_the_label():
    with_label, without = tf.constant([3.0]), tf.constant([1.0])
    for strength, expected in ((0.0, 1.0), (1.0, 3.0), (2.5, 6.0)):
        assert float(guided(with_label, without, strength)[0]) == expected


def test_guidance_of_a_network_is_that_formula():
    model = small(num_classes=3)
    for weight in model.average_network.weights:
        weight.assign(weight + 0.05)
    noisy, time, one_hot = tf.constant(images()), tf.constant(0.5), tf.one_hot([0, 1, 2, 0], 3)
    with_label = model.look(one_hot)(noisy, time).velocity
    without = model.look(tf.zeros_like(one_hot))(noisy, time).velocity
    assert np.abs(with_label - without).max() > 1e-4
    np.testing.assert_allclose(
        model.look(one_hot, 3.0)(noisy, time).velocity, without + 3.0 * (with_label - without), atol=1e-5
    )


# ---- the verbs, of a network that knows the answer ----

EXACT = pytest.mark.parametrize("schedule, prediction", [("flow", "velocity"), ("cosine", "v"), ("linear", "noise")])


@EXACT
@pytest.mark.parametrize("sampler", ["ddpm", "ddim", "euler", "heun", "dpm"])
def test_a_network_that_knows_the_image_draws_it(schedule, prediction, sampler, monkeypatch):
    model = knowing(small(schedule=schedule, prediction=prediction), images(), monkeypatch)
    steps = 400 if sampler in ("euler", "heun") and schedule == "linear" else 20
    drawn = model.generate(4, seed=0, steps=steps, sampler=sampler)
    np.testing.assert_allclose(drawn, images(), atol=0.05)


def test_many_images_go_through_the_network_in_chunks_and_come_out_in_order():
    model = small()
    for weight in model.average_network.weights:
        weight.assign(weight + 0.05)
    latents = tf.random.stateless_normal((denoising.CHUNK + 3, *SHAPE), (0, 0))
    together = model.decode(latents, steps=1)
    np.testing.assert_allclose(together[-2:], model.decode(latents[-2:], steps=1), atol=1e-5)
    assert together.shape == latents.shape


def test_inpainting_keeps_what_is_seen_and_draws_what_is_not(monkeypatch):
    masks = np.zeros((4, 8, 8, 1))
    masks[:, :, :4] = 1
    model = knowing(small(), images(), monkeypatch)
    damaged = np.where(masks, images(), 0.5).astype("float32")
    np.testing.assert_allclose(model.inpaint(damaged, masks, seed=0), images(), atol=0.02)


def test_inpainting_does_not_look_at_what_is_hidden():
    masks = np.zeros((4, 8, 8, 1))
    masks[:, :, :4] = 1
    model, grey = small(), np.where(masks, images(), 0.5).astype("float32")
    white = np.where(masks, images(), 1.0).astype("float32")
    drawn = [model.inpaint(damaged, masks, seed=0, steps=3) for damaged in (grey, white)]
    np.testing.assert_array_equal(*drawn)


@EXACT
def test_what_is_encoded_is_decoded_again(schedule, prediction, monkeypatch):
    model = knowing(small(schedule=schedule, prediction=prediction), images(), monkeypatch)
    latents = model.encode(images(), steps=50, sampler="ddim")
    assert latents.shape == (4, *SHAPE)
    np.testing.assert_allclose(model.decode(latents, steps=50, sampler="ddim"), images(), atol=0.02)


def test_little_noise_varies_an_image_less_than_much():
    model = small()
    little, much = (model.vary(images(), time, seed=0) for time in (0.05, 0.9))
    assert np.abs(little - images()).mean() < 0.5 * np.abs(much - images()).mean()


@pytest.mark.parametrize("strength", [0.1, 0.5])
def test_denoising_finds_out_how_strong_the_noise_is(strength, monkeypatch):
    model = knowing(small(), images(), monkeypatch)
    noisy = images() + strength * np.random.default_rng(5).normal(size=(4, *SHAPE))
    cleaned, found = model.denoise(noisy)
    np.testing.assert_allclose(cleaned, images(), atol=1e-3)
    np.testing.assert_allclose(found, strength, atol=0.08 * strength + 0.04)


def test_denoising_at_a_known_strength_takes_it_as_given():
    cleaned, strengths = small().denoise(images(), strength=0.3)
    assert cleaned.shape == (4, *SHAPE)
    np.testing.assert_allclose(strengths, 0.3, rtol=1e-6)


# ---- bad input ----

MASK = np.ones((4, 8, 8, 1))


@pytest.mark.parametrize("call, message", [
    (lambda model: model.generate(4, steps=0), "steps must be at least 1. Received: steps=0"),
    (lambda model: model.generate(4, guidance=2.0), "Guidance needs a model with labels.*Received: guidance=2.0"),
    (lambda model: model.generate(4, sampler="magic"), "sampler must be one of .* Received: 'magic'"),
    (lambda model: model.encode(images(), sampler="ddpm"), "sampler must be one of .* Received: 'ddpm'"),
    (lambda model: model.encode(images() + 1), r"lie in \[0, 1\]"),
    (lambda model: model.inpaint(images(), MASK[:, 1:]), r"shape \(4, 8, 8, 1\). Received: shape \(4, 7, 8, 1\)"),
    (lambda model: model.inpaint(images(), 0.5 * MASK), "Masks must hold 0 and 1"),
    (lambda model: model.inpaint(2 * images(), MASK), r"lie in \[0, 1\]"),
    (lambda model: model.vary(images(), 1.5), r"Times must lie in \[0, 1\]. Received: \[1.5\]"),
    (lambda model: model.vary(images(), 0.0), "time must be above 0"),
    (lambda model: model.compute_losses(images(), times=np.full(4, -0.1)), r"Times must lie in \[0, 1\]"),
    (lambda model: model.denoise(images()[:, 1:]), "must have shape"),
    (lambda model: model.denoise(images(), strength=0.0), "strength must be above 0. Received: 0.0"),
    (lambda model: model.vary(images(), labels=[1, 2, 3, 4]), "takes no labels"),
])
def test_a_bad_call_is_explained(call, message):
    with pytest.raises(ValueError, match=message):
        call(small())


def test_negative_guidance_is_refused():
    with pytest.raises(ValueError, match="guidance must be at least 0. Received: guidance=-1"):
        small(num_classes=3).generate(2, labels=[0, 1], guidance=-1)
