"""One name, one behaviour: each name of `addons` against a reference that knows neither stack."""

import functools
import importlib.util
import math
import re
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from aigc_tf.core import addons
from aigc_tf.core.stack import KERAS_3
from aigc_tf.data import with_new_draws


@pytest.fixture
def images():
    return np.random.default_rng(0).random((3, 9, 9, 2), dtype=np.float32)


def test_the_classic_stack_uses_tf_addons_and_the_current_one_does_not():
    assert KERAS_3 == (importlib.util.find_spec("tensorflow_addons") is None)


@pytest.mark.skipif(KERAS_3, reason="there is no banner without TF Addons")
def test_importing_prints_nothing_of_tf_addons():
    run = subprocess.run([sys.executable, "-W", "always", "-c", "import aigc_tf.core.addons"], capture_output=True,
                         text=True, check=True)
    assert run.stdout == ""
    assert not re.search("addons|TFA|UserWarning", run.stderr, re.IGNORECASE)


def test_rotate_by_a_quarter_turn_is_counter_clockwise(images):
    np.testing.assert_allclose(addons.rotate(images, math.pi / 2), np.rot90(images, axes=(1, 2)), atol=1e-5)


def test_rotate_by_one_angle_per_image_agrees_with_scipy(images):
    angles = np.array([0.3, -0.2, 1.0], np.float32)
    for image, angle, rotated in zip(images, angles, addons.rotate(images, angles).numpy(), strict=True):
        expected = ndimage.rotate(image, np.rad2deg(angle), reshape=False, order=1, mode="grid-constant")
        np.testing.assert_allclose(rotated, expected, atol=1e-4)


def test_translate_moves_right_and_down(images):
    padded = np.pad(images, [(0, 0), (3, 3), (3, 3), (0, 0)])  # room for np.roll to go round in zeros
    moved = addons.translate(padded, (2, 1))
    np.testing.assert_allclose(moved, np.roll(padded, (1, 2), axis=(1, 2)), atol=1e-6)


def test_translate_by_parts_of_a_pixel_per_image_agrees_with_scipy(images):
    shifts = np.array([[0.5, 0], [-1.25, 2], [20, 0]], np.float32)
    moved = addons.translate(images, shifts).numpy()
    for image, (dx, dy), result in zip(images, shifts, moved, strict=True):
        expected = ndimage.shift(image, (dy, dx, 0), order=1, mode="grid-constant")
        np.testing.assert_allclose(result, expected, atol=1e-5)


def test_what_comes_in_from_outside_is_zero():
    ones = np.ones((1, 4, 4, 1), np.float32)
    assert addons.translate(ones, (1, 0)).numpy()[0, :, :, 0].tolist() == [[0, 1, 1, 1]] * 4


def test_random_rotate_translate_stays_within_its_limits():
    dot = np.zeros((200, 21, 21, 1), np.float32)
    dot[:, 10, 10] = 1  # the centre, which rotation leaves in place
    moved = addons.random_rotate_translate(dot, 0.5, 2, seed=(1, 2)).numpy()
    assert {tuple(position) for position in np.argwhere(moved[..., 0] > 0.99)[:, 1:] - 10} == {
        (row, column) for row in range(-2, 3) for column in range(-2, 3)}


def test_random_rotate_translate_with_zero_limits_changes_nothing(images):
    np.testing.assert_allclose(addons.random_rotate_translate(images, 0, 0, seed=(1, 2)), images, atol=1e-6)


def test_random_rotate_translate_repeats_with_its_seed_only(images):
    first, again, other = (addons.random_rotate_translate(images, 0.5, 2, seed=seed).numpy()
                           for seed in [1, (1, 0), 2])
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.1


def augmented_dataset(images):
    augment = functools.partial(addons.random_rotate_translate, max_angle=0.5, max_shift=2)
    return with_new_draws(tf.data.Dataset.from_tensors(images), augment, seed=1)


def test_random_rotate_translate_in_a_dataset_keeps_the_static_shape(images):
    assert augmented_dataset(images).element_spec.shape == images.shape


def test_random_rotate_translate_in_a_dataset_differs_from_epoch_to_epoch(images):
    dataset = augmented_dataset(images)
    first, second = (next(iter(dataset)).numpy() for _ in range(2))
    assert np.abs(first - second).max() > 0.1


@pytest.mark.parametrize(("call", "message"), [
    (lambda images: addons.rotate(images[0], 0.1), r"Received: dtype=float32, shape=\(9, 9, 2\)"),
    (lambda images: addons.rotate(images.astype("uint8"), 0.1), "Received: dtype=uint8"),
    (lambda images: addons.rotate(images, [0.1, 0.2]), r"angles must .* Received: shape=\(2,\)"),
    (lambda images: addons.translate(images, 1.0), r"shifts must .* Received: shape=\(\)"),
    (lambda images: addons.random_rotate_translate(images, -1, 2), "Received: max_angle=-1"),
    (lambda images: addons.random_rotate_translate(images, 0.1, 1.5), "max_shift=1.5"),
])
def test_bad_input_is_an_error_that_says_what_was_received(images, call, message):
    with pytest.raises(ValueError, match=message):
        call(images)


# ---- the cell -------------------------------------------------------------------------------------------------------


def layer_norm(x, epsilon=1e-3):
    return (x - x.mean(axis=-1, keepdims=True)) / np.sqrt(x.var(axis=-1, keepdims=True) + epsilon)


def test_the_layer_norm_cell_is_its_equations():
    """The same reference, written out in NumPy, for TF Addons and for its successor."""
    random = np.random.default_rng(0)
    x, h, c = (random.normal(size=(2, size)).astype("float32") for size in (3, 4, 4))
    cell = addons.LayerNormLSTMCell(4)
    cell.build((None, 3))
    cell.set_weights([random.normal(size=weight.shape) if weight.shape[0] != 16 or len(weight.shape) > 1 else weight
                      for weight in cell.get_weights()])  # norms keep gain 1 and shift 0, biases theirs
    kernel, recurrent_kernel, bias = cell.get_weights()[:3]
    gains = cell.get_weights()[3:]
    sums = layer_norm(x @ kernel) * gains[0] + gains[1] + layer_norm(h @ recurrent_kernel) * gains[2] + gains[3] + bias
    input_gate, forget_gate, candidate, output_gate = np.split(sums, 4, axis=1)

    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    carried = layer_norm(sigmoid(forget_gate) * c + sigmoid(input_gate) * np.tanh(candidate)) * gains[4] + gains[5]
    output, (new_h, new_c) = cell(tf.constant(x), [tf.constant(h), tf.constant(c)])
    np.testing.assert_allclose(new_c, carried, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(output, sigmoid(output_gate) * np.tanh(carried), rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(output, new_h)


def test_the_layer_norm_cell_has_the_same_weights_in_the_same_order_on_both_stacks():
    cell = addons.LayerNormLSTMCell(4)
    cell.build((None, 3))
    assert [tuple(weight.shape) for weight in cell.get_weights()] == [
        (3, 16), (4, 16), (16,), (16,), (16,), (16,), (16,), (4,), (4,)
    ]


# ---- instance normalization -----------------------------------------------------------------------------------------


def test_instance_normalization_is_its_equation(images):
    """(x − mean) / √(variance + 0.001), of each channel of each image by itself; then its gain and shift."""
    layer = addons.InstanceNormalization()
    layer.build((None, 9, 9, 2))
    gain, shift = np.array([2.0, -0.5]), np.array([0.1, 3.0])
    layer.set_weights([gain, shift])
    mean, variance = images.mean(axis=(1, 2), keepdims=True), images.var(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(layer(images), (images - mean) / np.sqrt(variance + 1e-3) * gain + shift, atol=1e-5)


def test_instance_normalization_has_the_same_weights_on_both_stacks():
    layer = addons.InstanceNormalization()
    layer.build((None, 9, 9, 2))
    names = [getattr(weight, "path", weight.name).split("/")[-1].removesuffix(":0") for weight in layer.weights]
    assert names == ["gamma", "beta"]
    assert [tuple(weight.shape) for weight in layer.weights] == [(2,), (2,)]


def test_instance_normalization_has_the_same_name_on_both_stacks():
    """As the names of weights in a checkpoint begin with it."""
    assert re.fullmatch(r"instance_normalization(_\d+)?", addons.InstanceNormalization().name)


def test_instance_normalization_is_rebuilt_from_its_config(images):
    layer = addons.InstanceNormalization(epsilon=0.5)
    before = layer(images)
    again = addons.InstanceNormalization.from_config(layer.get_config())
    np.testing.assert_array_equal(again(images), before)


def test_a_network_with_instance_normalization_is_saved_and_loaded(images, tmp_path):
    inputs = keras.Input((9, 9, 2))
    network = keras.Model(inputs, addons.InstanceNormalization()(inputs))
    network.set_weights([np.array([2.0, -0.5]), np.array([0.1, 3.0])])
    network.save(tmp_path / "network.keras")
    again = keras.models.load_model(tmp_path / "network.keras")
    np.testing.assert_array_equal(again(images), network(images))
