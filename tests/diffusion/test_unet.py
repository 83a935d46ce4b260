"""The U-Net and what it is told: shapes, the time, the class, and what does not fit."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.diffusion import build_unet, time_features


def inputs(count=3, shape=(8, 8, 1), num_classes=None):
    noisy = tf.random.stateless_normal((count, *shape), (0, 0))
    parts = [noisy, time_features(tf.linspace(0.1, 0.9, count))]
    return parts if num_classes is None else [*parts, tf.eye(num_classes)[:count]]


@pytest.mark.parametrize("shape, widths, blocks", [
    ((8, 8, 1), (8, 16), 1), ((16, 12, 3), (8, 16), 2), ((8, 8, 1), (8,), 1)
])
def test_it_answers_in_the_shape_of_the_image(shape, widths, blocks):
    assert build_unet(shape, widths, blocks)(inputs(shape=shape)).shape == (3, *shape)


def test_time_features_by_hand():
    features = time_features(tf.constant([0.5])).numpy()
    assert features.shape == (1, 64)
    assert features[0, 0] == pytest.approx(np.sin(0.5), rel=1e-6)  # frequency 1
    assert features[0, 63] == pytest.approx(np.cos(500.0), abs=1e-3)  # frequency 1,000


def test_near_times_look_alike_and_far_ones_do_not():
    here, near, far = time_features(tf.constant([0.5, 0.5005, 0.9])).numpy()
    assert np.linalg.norm(near - here) < 0.3 * np.linalg.norm(far - here)


@pytest.mark.parametrize("part", [1, 2])
def test_it_hears_the_time_and_the_class(part):
    keras.utils.set_random_seed(0)
    network, parts = build_unet((8, 8, 1), (8, 16), 1, 3), inputs(num_classes=3)
    for weight in network.trainable_variables:  # the blocks' last layers are next to nothing at first
        weight.assign(weight + 0.1)
    before = network(parts).numpy()
    parts[part] = parts[part][::-1]
    assert np.abs(network(parts).numpy() - before)[0].max() > 1e-4


def test_no_image_hears_of_the_others():
    network, parts = build_unet((8, 8, 1), (8, 16)), inputs()
    alone = network([part[:1] for part in parts])
    np.testing.assert_allclose(network(parts)[:1], alone, atol=1e-7)


@pytest.mark.parametrize("shape, widths", [((10, 8, 1), (8, 16)), ((8, 8, 1), ()), ((8, 8, 1), (12,))])
def test_what_does_not_fit_is_refused(shape, widths):
    with pytest.raises(ValueError, match="Received: image_shape="):
        build_unet(shape, widths)
