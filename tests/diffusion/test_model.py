"""`Diffusion`: the loss by hand, labels that are hidden, the average, guidance, every verb, and bad input."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.data import image_dataset
from aigc_tf.diffusion import Diffusion, denoising_loss, guided, schedules
from aigc_tf.diffusion import model as diffusion

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


# ---- the loss and the step ----


def test_the_loss_of_a_guess_of_nothing_is_the_size_of_the_noise():
    assert denoising_loss(tf.zeros((1, 2, 2, 1)), [[[[1.0], [-1.0]], [[3.0], [1.0]]]]).numpy() == pytest.approx([3.0])


@pytest.mark.parametrize("schedule, prediction", [
    ("flow", "velocity"), ("cosine", "v"), ("linear", "noise"), ("flow", "image")
])
def test_the_loss_of_given_noise_and_times_by_hand(schedule, prediction, monkeypatch):
    model = small(schedule=schedule, prediction=prediction)
    monkeypatch.setattr(model, "network", lambda inputs: tf.zeros_like(inputs[0]))
    noise, times = images(seed=1) - 0.5, np.array([0.1, 0.4, 0.6, 0.9], "float32")
    alpha, sigma, alpha_slope, sigma_slope = (np.array(part) for part in model.rates(times))
    scaled = 2.0 * images() - 1.0
    target = {"noise": noise, "image": scaled, "v": alpha * noise - sigma * scaled,
              "velocity": alpha_slope * scaled + sigma_slope * noise}[prediction]
    losses = model.compute_losses(images(), noise=noise, times=times)["loss"]
    np.testing.assert_allclose(losses, np.mean(target**2, axis=(1, 2, 3)), rtol=1e-5)


@pytest.mark.parametrize("hidden", [True, False])
def test_training_hides_labels_and_evaluation_does_not(hidden, monkeypatch):
    model, seen = small(num_classes=3, label_dropout=0.5), []
    monkeypatch.setattr(diffusion, "uniform", lambda shape: tf.fill(shape, 0.4 if hidden else 0.6))
    network = model.network
    network_inputs = diffusion.network_inputs
    monkeypatch.setattr(diffusion, "network_inputs", lambda *args: seen.append(args[2]) or network_inputs(*args))
    model.compile(keras.optimizers.SGD(0.1))
    assert network is model.network
    model.train_step((tf.constant(images()), tf.constant([0, 1, 2, 0])))
    np.testing.assert_allclose(tf.reduce_sum(seen[0], axis=1), 0.0 if hidden else 1.0)
    model.compute_losses(images(), np.array([0, 1, 2, 0]))
    np.testing.assert_allclose(tf.reduce_sum(seen[1], axis=1), 1.0)


def test_the_optimizer_moves_the_network_and_the_average_follows():
    model = small(ema_decay=0.5)
    before = [weight.numpy() for weight in model.average_network.weights]
    model.compile(keras.optimizers.SGD(0.1))
    model.fit(image_dataset(images(), batch_size=4), verbose=0)  # one step: d = min(0.5, 2/11)
    for old, new, network in zip(before, model.average_network.weights, model.network.weights):
        np.testing.assert_allclose(new, old + 9 / 11 * (network.numpy() - old), atol=1e-6)


def test_learning_takes_the_network_below_a_guess_of_nothing():
    model = small()
    dots = np.zeros((64, *SHAPE), "float32")
    dots[np.arange(64), np.arange(64) // 8, np.arange(64) % 8] = 1.0
    keras.utils.set_random_seed(0)
    untrained = np.mean(model.compute_losses(np.repeat(dots, 8, axis=0))["loss"])
    model.compile(keras.optimizers.Adam(3e-3))
    model.fit(image_dataset(dots, batch_size=32).repeat(150), verbose=0)
    keras.utils.set_random_seed(0)
    assert np.mean(model.compute_losses(np.repeat(dots, 8, axis=0))["loss"]) < 0.25 * untrained


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
    latents = tf.random.stateless_normal((diffusion.CHUNK + 3, *SHAPE), (0, 0))
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


@pytest.mark.parametrize("config, message", [
    ({"schedule": "magic"}, "schedule must be one of .* Received: 'magic'"),
    ({"prediction": "magic"}, "prediction must be one of .* Received: 'magic'"),
    ({"time_draws": "magic"}, "time_draws must be one of .* Received: 'magic'"),
    ({"ema_decay": 1.0}, r"must lie in \[0, 1\). Received: .*ema_decay=1.0"),
    ({"label_dropout": -0.1}, r"must lie in \[0, 1\). Received: label_dropout=-0.1"),
    ({"prediction": "noise"}, 'choose schedule="linear"'),
    ({"image_shape": (9, 8, 1)}, "must be multiples of 2"),
])
def test_a_bad_constructor_is_explained(config, message):
    with pytest.raises(ValueError, match=message):
        small(**config)


def test_negative_guidance_is_refused():
    with pytest.raises(ValueError, match="guidance must be at least 0. Received: guidance=-1"):
        small(num_classes=3).generate(2, labels=[0, 1], guidance=-1)
