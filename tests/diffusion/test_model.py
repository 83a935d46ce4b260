"""`Diffusion`: the loss by hand, labels that are hidden, the average, and bad input."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.data import image_dataset
from aigc_tf.diffusion import Diffusion, denoising_loss
from aigc_tf.diffusion import model as diffusion

SHAPE = (8, 8, 1)


def small(seed=0, **config):
    keras.utils.set_random_seed(seed)
    return Diffusion(**{"image_shape": SHAPE, "widths": (8, 16), **config})


def images(count=4, seed=0):
    return np.random.default_rng(seed).random((count, *SHAPE)).astype("float32")


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


def test_the_noise_of_a_batch_is_the_one_that_an_image_is_trained_with(monkeypatch):
    """As a reflow needs it: pairs that belong together."""
    model, seen = small(num_classes=3, label_dropout=0.0), []
    monkeypatch.setattr(diffusion.schedules, "diffuse", lambda images, noise, rates: seen.append(noise) or images)
    model.compile(keras.optimizers.SGD(0.1))
    noise = images(seed=7)
    model.train_step((tf.constant(images()), tf.constant([0, 1, 2, 0]), tf.constant(noise)))
    model.test_step((tf.constant(images()), tf.constant([0, 1, 2, 0]), tf.constant(noise)))
    np.testing.assert_array_equal(seen, [noise, noise])


def test_noise_of_another_number_of_images_is_refused():
    model = small()
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError), match="noise of its own"):
        model.compute_losses(images(), noise=images(1))


def test_times_for_the_bound_are_spread_over_its_range():
    times = small(time_draws="log_snr").draw_times(4000).numpy()
    log_snr = 2 * np.log((1 - times) / times)
    assert log_snr.min() < -13 and log_snr.max() > 10.5
    assert np.mean(log_snr < -1.4) == pytest.approx(0.5, abs=0.03)  # the middle of −13.8 and 11


# ---- bad input ----


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
