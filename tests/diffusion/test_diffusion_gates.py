"""The gates of chapter 7 bite: what learners write wrong turns them red, in trainings of a few seconds.

The images are so small that a distance between samples and data needs no judge: 4 × 4 pixels, in each of three classes
a bright bar at a place of its own, of varying brightness, in some noise.
"""

import functools
from unittest import mock

import keras
import numpy as np
import pytest
import tensorflow as tf

from aigc_tf import data, metrics
from aigc_tf.core.noise import standard_normal
from aigc_tf.core.optimizers import FusedAdam
from aigc_tf.diffusion import Diffusion, inputs, model, schedules

CLASSES, COUNT, STEPS = 3, 1500, 600
LIMIT = 0.006  # healthy 0.0025, by the random walk 0.0037; fresh data 0.0007; the mildest bug 0.02


def bars(count, seed):
    """Images (count, 4, 4, 1) in [0, 1], and which bar each one shows."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % CLASSES
    images = random.normal(0.2, 0.05, (count, 4, 4, 1))
    images[np.arange(count), :, labels, 0] += random.uniform(0.3, 0.7, (count, 1))
    return images.clip(0, 1).astype("float32"), labels


def trained(batches=None, **config):
    keras.utils.set_random_seed(0)
    net = Diffusion((4, 4, 1), **{"widths": (32,), "num_classes": CLASSES, "ema_decay": 0.99, **config})
    net.compile(FusedAdam(keras.optimizers.schedules.CosineDecay(5e-3, STEPS, alpha=0.02)))
    batches = batches or data.image_dataset(*bars(COUNT, 1), batch_size=50, seed=0)
    net.fit(batches, epochs=STEPS // len(batches), verbose=0)
    return net


def distance(images):
    """Fréchet distance of pixels to fresh data."""
    return metrics.frechet_distance(*(np.reshape(each, (len(each), -1)) for each in (bars(COUNT, 2)[0], images)))


def on_demand(images, labels):
    """Share of the images whose brightest column is the one that was asked for."""
    return np.mean(images.sum(axis=(1, 3)).argmax(axis=1) == labels)


def judged(net, **options):
    labels = bars(COUNT, 2)[1]
    images = net.generate(COUNT, seed=3, labels=labels, **options)
    return distance(images), on_demand(images, labels)


def without_labels(net):
    return np.asarray(net.decode(tf.random.stateless_normal((COUNT, 4, 4, 1), (0, 1))))


@functools.cache
def healthy():
    return trained()


def test_a_healthy_model_passes():
    found, demand = judged(healthy())
    assert found < LIMIT and demand > 0.98


def test_every_sampler_passes():
    assert max(judged(healthy(), sampler=sampler, steps=steps)[0]
               for sampler, steps in {"euler": 20, "ddim": 20, "dpm": 10, "ddpm": 50}.items()) < LIMIT


def test_a_healthy_model_draws_without_labels_too():
    assert distance(without_labels(healthy())) < 5 * LIMIT  # 0.01; never taught to, 0.6


true_target, true_diffuse, true_inputs = schedules.target_of, schedules.diffuse, inputs.network_inputs
true_answer, true_schedule = schedules.image_and_noise, schedules.flow_schedule


def damped(times):
    """A schedule whose end still holds 70% of the image."""
    return schedules.Rates(1 - 0.3 * times, times, -0.3 * tf.ones_like(times), tf.ones_like(times))


def clipped(prediction, values, noisy, rates):
    images, noise = true_answer(prediction, values, noisy, rates)
    return images, tf.clip_by_value(noise, -1, 1)


# Name: what is replaced, where, while the model trains.
IN_TRAINING = {
    "the wrong sign": (schedules, "target_of", lambda *inputs: -true_target(*inputs)),
    "the square of α": (schedules, "diffuse", lambda images, noise, rates: true_diffuse(
        images, noise, rates._replace(alpha=tf.square(rates.alpha)))),
    "labels of another image": (model, "network_inputs", lambda noisy, times, one_hot: true_inputs(
        noisy, times, tf.roll(one_hot, 1, axis=0))),
    "an average that stays behind": (model, "update_average", lambda *networks, **options: None),
}
# The same while it draws.
IN_DRAWING = {
    "the noise clipped": (schedules, "image_and_noise", clipped),
    "no time": (inputs, "network_inputs", lambda noisy, times, one_hot: true_inputs(
        noisy, 0.5 * tf.ones_like(times), one_hot)),
}


@pytest.mark.parametrize("bug", IN_TRAINING)
def test_a_model_trained_with_a_bug_does_not_pass(bug):
    with mock.patch.object(*IN_TRAINING[bug]):
        net = trained()
    found, demand = judged(net)
    assert found > 2 * LIMIT or demand < 0.9


@pytest.mark.parametrize("bug", IN_DRAWING)
def test_a_model_that_draws_with_a_bug_does_not_pass(bug):
    net = Diffusion.from_config(healthy().get_config())  # traces of its own
    net.set_weights(healthy().get_weights())
    with mock.patch.object(*IN_DRAWING[bug]):
        found, _ = judged(net)
    assert found > 2 * LIMIT


def test_the_wrong_schedule_does_not_pass():
    net = trained(schedule="linear", prediction="v")
    assert judged(net)[0] < LIMIT
    net.schedule = "flow"
    assert judged(net)[0] > 10 * LIMIT


def test_a_schedule_that_never_reaches_noise_leaks_the_brightness():
    with mock.patch.dict(schedules.SCHEDULES, {"flow": damped}):
        net = trained()
        found, _ = judged(net)
    assert found > 2 * LIMIT


def test_labels_that_are_never_dropped_are_missed_where_none_is_given():
    assert distance(without_labels(trained(label_dropout=0.0))) > 10 * LIMIT


def test_guidance_of_ten_is_too_strong():
    found, demand = judged(healthy(), guidance=10.0)
    assert found > 2 * LIMIT and demand > 0.98


def student_of(teacher, change=lambda noise: noise):
    """A reflow: noise, changed if a bug is planted, and what the teacher makes of it."""
    count = 4 * COUNT  # so many that it cannot learn them by heart
    noise, labels = standard_normal((count, 4, 4, 1), seed=5), bars(count, 1)[1]
    pairs = tf.data.Dataset.from_tensor_slices((teacher.decode(noise, labels), labels, change(noise)))
    return trained(pairs.shuffle(count, seed=0).batch(50), time_draws="uniform", label_dropout=0.0)


def test_a_student_needs_one_call_where_its_teacher_needs_more():
    once = {"sampler": "euler", "steps": 1}
    assert judged(healthy(), **once)[0] > 4 * LIMIT
    found, demand = judged(student_of(healthy()), **once)
    assert found < LIMIT and demand > 0.98  # 0.004; its teacher with one call 0.14


def test_a_student_of_pairs_torn_apart_does_not_pass():
    found, _ = judged(student_of(healthy(), lambda noise: tf.roll(noise, 1, axis=0)), sampler="euler", steps=1)
    assert found > 1.5 * LIMIT  # 0.0105
