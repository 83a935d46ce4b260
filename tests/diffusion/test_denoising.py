"""What a diffusion model can do: guidance, every verb with a network that knows the answer, and bad calls."""

from typing import NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.core.noise import standard_normal
from aigc_tf.diffusion import Diffusion, denoising, guided, inputs, schedules

SHAPE = (8, 8, 1)


def small(seed=0, **config):
    keras.utils.set_random_seed(seed)
    return Diffusion(**{"image_shape": SHAPE, "widths": (8, 16), **config})


def images(count=4, seed=0):
    return np.random.default_rng(seed).random((count, *SHAPE)).astype("float32")


class Asked(NamedTuple):
    """What a network was asked."""

    noisy: np.ndarray
    time: float


def answering(model, answer, monkeypatch):
    """Puts `answer(noisy, rates)`, which tells x₀, in the place of the network; returns the list of what is asked."""
    asked = []

    def predict(network, noisy, time, one_hot, guidance):
        asked.append(Asked(np.array(noisy), float(time)))
        rates = model.rates(time)
        images = answer(noisy, rates)
        noise = (noisy - rates.alpha * images) / rates.sigma
        return schedules.target_of(model.prediction, images, noise, rates)

    monkeypatch.setattr(model, "_predict", predict)
    return asked


def knowing(model, known, monkeypatch):
    """`model`, whose network knows the images, and so answers every question exactly."""
    answering(model, lambda noisy, rates: 2.0 * tf.constant(known) - 1.0, monkeypatch)
    return model


SPREAD = 0.5


def narrow(model, monkeypatch):
    """`model`, whose network is the best one for images with pixels from N(0, 0.25); its flow only stretches them."""
    def answer(noisy, rates):
        variance = (rates.alpha * SPREAD) ** 2 + rates.sigma**2
        return rates.alpha * SPREAD**2 / variance * noisy

    return answering(model, answer, monkeypatch)


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
    drawn = model.generate(4, seed=0, steps=5, sampler=sampler)
    np.testing.assert_allclose(drawn, images(), atol=1e-4)


@pytest.mark.parametrize("guidance", [1.0, 2.0])
def test_many_images_go_through_the_network_in_chunks_and_come_out_in_order(guidance):
    model, count = small(num_classes=3), inputs.CHUNK + 3
    for weight in model.average_network.weights:
        weight.assign(weight + 0.05)
    latents, labels = tf.random.stateless_normal((count, *SHAPE), (0, 0)), np.arange(count) % 3
    together = model.decode(latents, labels, steps=1, guidance=guidance)
    alone = model.decode(latents[-2:], labels[-2:], steps=1, guidance=guidance)
    np.testing.assert_allclose(together[-2:], alone, atol=1e-5)
    assert together.shape == latents.shape


@pytest.mark.parametrize("verb", [
    lambda model, seed: model.generate(2, seed=seed, steps=3, sampler="ddpm"),
    lambda model, seed: model.vary(images(2), 0.8, seed=seed, steps=3, sampler="ddpm"),
    lambda model, seed: model.inpaint(images(2), np.zeros((2, 8, 8, 1)), seed=seed, steps=3),
], ids=["generate", "vary", "inpaint"])
def test_a_seed_repeats_itself_and_another_does_not(verb):
    model = small()
    np.testing.assert_array_equal(verb(model, 0), verb(model, 0))
    assert np.abs(verb(model, 0) - verb(model, 1)).max() > 0.01


def test_the_draws_of_a_seed_differ_from_each_other_and_from_the_latents():
    draw = inputs.draws((4,), 0, purpose=1)
    found = [draw().numpy(), draw().numpy(), inputs.draws((4,), 0, purpose=2)().numpy(),
             standard_normal((4,), 0).numpy()]
    assert len({tuple(values) for values in found}) == 4


LEFT = np.zeros((4, 8, 8, 1))
LEFT[:, :, :4] = 1


def test_inpainting_keeps_what_is_seen_and_draws_the_rest():
    damaged = np.where(LEFT, images(), 0.5).astype("float32")
    one, other = (small().inpaint(damaged, LEFT, seed=seed, steps=3).numpy() for seed in (0, 1))
    np.testing.assert_allclose(one[:, :, :4], images()[:, :, :4], atol=1e-6)
    assert np.abs(one[:, :, 4:] - 0.5).max() > 0.05
    assert np.abs(one[:, :, 4:] - other[:, :, 4:]).max() > 0.05


def test_inpainting_does_not_look_at_what_is_hidden():
    grey, white = (np.where(LEFT, images(), value).astype("float32") for value in (0.5, 1.0))
    drawn = [small().inpaint(damaged, LEFT, seed=0, steps=3) for damaged in (grey, white)]
    np.testing.assert_array_equal(*drawn)


@pytest.mark.parametrize("schedule, prediction", [("flow", "velocity"), ("cosine", "v"), ("linear", "noise")])
def test_encoding_follows_the_flow_into_the_noise(schedule, prediction, monkeypatch):
    """For pixels from N(0, 0.25) the flow only stretches them, to a standard deviation of 1 at the end."""
    model, faint = small(schedule=schedule, prediction=prediction), (0.4 + 0.2 * images()).astype("float32")
    asked = narrow(model, monkeypatch)
    latents = model.encode(faint, steps=200)
    np.testing.assert_allclose(latents, (2.0 * faint - 1.0) / SPREAD, atol=0.05)
    assert asked[0].time == pytest.approx(denoising.FIRST_TIME) and asked[-1].time == pytest.approx(1.0)
    np.testing.assert_allclose(model.decode(latents, steps=200), faint, atol=0.02)


def test_varying_starts_at_the_time_that_is_asked_for(monkeypatch):
    model = small()
    asked = answering(model, lambda noisy, rates: tf.zeros_like(noisy), monkeypatch)
    model.vary(images(), 0.6, steps=3, sampler="ddim", seed=0)
    np.testing.assert_allclose([each.time for each in asked], [0.6, 0.4, 0.2], rtol=1e-5)
    noise = (asked[0].noisy - 0.4 * (2.0 * images() - 1.0)) / 0.6
    assert noise.mean() == pytest.approx(0.0, abs=0.2) and noise.std() == pytest.approx(1.0, abs=0.15)


def test_denoising_asks_at_the_time_whose_noise_is_as_strong(monkeypatch):
    """Images in [−1, 1] are twice as far apart: noise of 0.3 is 0.6 there, and on the flow t / (1 − t) = 0.6."""
    model = small()
    asked = answering(model, lambda noisy, rates: tf.zeros_like(noisy), monkeypatch)
    model.denoise(images(), strength=0.3)
    assert len(asked) == 1 and asked[0].time == pytest.approx(0.375, rel=1e-5)
    np.testing.assert_allclose(asked[0].noisy, 0.625 * (2.0 * images() - 1.0), atol=1e-5)


@pytest.mark.parametrize("strength", [0.1, 0.5])
def test_denoising_finds_out_how_strong_the_noise_is(strength, monkeypatch):
    model = knowing(small(), images(), monkeypatch)
    noisy = images() + strength * np.random.default_rng(5).normal(size=(4, *SHAPE))
    cleaned, found = model.denoise(noisy)
    np.testing.assert_allclose(cleaned, images(), atol=1e-3)
    np.testing.assert_allclose(found, strength, atol=0.08 * strength + 0.04)


def test_a_conditional_model_denoises_without_labels():
    cleaned, strengths = small(num_classes=3).denoise(images(), strength=0.3)
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
    (lambda model: model.compute_losses(images(), times=[0.5]), r"Times must have shape \(4,\). Received: \(1,\)"),
    (lambda model: model.compute_losses(images(), noise=images()[:, 1:]), "Noise must have shape"),
    (lambda model: model.encode(images(), steps=0), "steps must be at least 1"),
    (lambda model: model.denoise((255 * images()).astype("uint8")), "Noisy images must be floats. Received: uint8"),
    (lambda model: model.denoise(images()[:, 1:]), "must have shape"),
    (lambda model: model.denoise(images(), strength=0.0), "strength must be above 0. Received: 0.0"),
    (lambda model: model.vary(images(), labels=[1, 2, 3, 4]), "takes no labels"),
])
def test_a_bad_call_is_explained(call, message):
    with pytest.raises(ValueError, match=message):
        call(small())


@pytest.mark.parametrize("guidance", [-1, float("nan")])
def test_guidance_without_sense_is_refused(guidance):
    with pytest.raises(ValueError, match="guidance must be a finite number of at least 0. Received: guidance="):
        small(num_classes=3).generate(2, labels=[0, 1], guidance=guidance)


def test_a_network_that_predicts_images_does_not_encode():
    with pytest.raises(ValueError, match='Received: prediction="image"'):
        small(prediction="image").encode(images())
