"""Networks from images to images: shapes, what passes them by, patches, and what does not fit."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.image_to_image import build_patch_discriminator, build_sub_pixel_network, build_unet
from aigc_tf.image_to_image.networks import NORMS, UPSAMPLING, Enlarge, Networks, PixelShuffle, doubled


def images(count=3, shape=(8, 8, 1), seed=0):
    """In [−1, 1]."""
    return 2 * np.random.default_rng(seed).random((count, *shape)).astype("float32") - 1


def zeroed(network, name=None):
    """The network with weights of zero, all of them or those of one layer."""
    for weight in (network.get_layer(name) if name else network).weights:
        weight.assign(tf.zeros_like(weight))
    return network


# ---- the U-Net ----


@pytest.mark.parametrize("upsampling", UPSAMPLING)
@pytest.mark.parametrize("shape, widths", [((8, 8, 1), (4,)), ((8, 16, 2), (4, 6, 8))])
def test_a_unet_keeps_the_sides_and_answers_within_its_range(shape, widths, upsampling):
    results = build_unet(shape, (*shape[:2], 3), widths, upsampling)(100 * images(shape=shape)).numpy()
    assert results.shape == (3, *shape[:2], 3)
    assert np.abs(results).max() <= 1


def test_the_last_layer_of_a_unet_sees_the_source_itself():
    """With weights of zero but for one, from the source to the third channel of the image: tanh(source) there."""
    network = zeroed(build_unet((8, 8, 1), (8, 8, 3), (4, 6)))
    layer = network.get_layer("images")
    kernel = np.zeros(layer.kernel.shape, "float32")
    kernel[1, 1, -1, 2] = 1
    layer.kernel.assign(kernel)
    results = network(images()).numpy()
    np.testing.assert_allclose(results[..., 2:], np.tanh(images()), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(results[..., :2], 0)


def test_each_level_of_a_unet_reaches_the_image_by_its_skip():
    """Where nothing passes the smallest map, the image still depends on the larger ones."""
    network = build_unet((16, 16, 1), (16, 16, 3), (4, 6, 8))
    inner = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)][3]  # first on the way back
    layer = network.get_layer("images")
    kernel = layer.kernel.numpy()
    kernel[:, :, -1] = 0  # and the source itself does not count
    layer.kernel.assign(kernel)
    zeroed(network, inner.name)
    one, other = network(np.concatenate([images(1, (16, 16, 1)), images(1, (16, 16, 1), seed=1)])).numpy()
    assert np.abs(one - other).max() > 1e-3


def test_a_unet_treats_each_image_alone():
    network = build_unet((8, 8, 1), (8, 8, 3), (4, 6))
    np.testing.assert_allclose(network(images())[:1], network(images(1)), atol=1e-6)


def test_dropout_works_in_training_mode_only():
    network = build_unet((8, 8, 1), (8, 8, 3), (4, 6), dropout=0.5)
    np.testing.assert_array_equal(network(images(), training=False), network(images(), training=False))
    assert not np.allclose(network(images(), training=True), network(images(), training=True))


def test_repeated_pixels_draw_no_checkerboard():
    """With one value in each kernel, all inner pixels of a constant map come out alike."""
    inputs = keras.Input((8, 8, 1))
    network = keras.Model(inputs, doubled(inputs, 1, "resize", kernel_initializer="ones"))
    inner = network(np.ones((1, 8, 8, 1))).numpy()[0, 1:-1, 1:-1]
    np.testing.assert_allclose(inner, 9)


@pytest.mark.parametrize("source, target, widths", [
    ((10, 8, 1), (10, 8, 3), (4, 6)), ((8, 8, 1), (16, 16, 3), (4, 6)), ((8, 8, 1), (8, 8, 3), ()),
])
def test_what_does_not_fit_a_unet_is_refused(source, target, widths):
    with pytest.raises(ValueError, match=r"multiples of 2 to the number of widths. Received: source_shape=\("):
        build_unet(source, target, widths)


# ---- the sub-pixel network ----


def test_a_square_of_pixels_is_made_of_four_channels():
    pixels = PixelShuffle()(tf.constant([1.0, 2.0, 3.0, 4.0], shape=(1, 1, 1, 4))).numpy()
    assert pixels[0, :, :, 0].tolist() == [[1, 2], [3, 4]]


def test_shuffled_pixels_are_those_moved_by_hand():
    """Of each C channels in a row one pixel: first the upper two from left to right, then the lower two."""
    maps = np.random.default_rng(0).random((2, 3, 5, 8)).astype("float32")
    by_hand = np.empty((2, 6, 10, 2), "float32")
    for down in range(2):
        for right in range(2):
            first = 2 * (2 * down + right)
            by_hand[:, down::2, right::2] = maps[..., first : first + 2]
    np.testing.assert_array_equal(PixelShuffle()(maps), by_hand)


@pytest.mark.parametrize("factor", [2, 4])
def test_where_nothing_is_learnt_an_image_is_enlarged_by_bicubic_interpolation(factor):
    network = build_sub_pixel_network((8, 4, 3), (8 * factor, 4 * factor, 3), (4, 4))
    zeroed(network, "change")
    sources = images(shape=(8, 4, 3))
    expected = tf.image.resize(sources, (8 * factor, 4 * factor), method="bicubic")
    np.testing.assert_allclose(network(sources), expected, atol=1e-6)


def test_a_change_is_added_to_the_enlarged_image():
    network = zeroed(build_sub_pixel_network((4, 4, 3), (8, 8, 3), (4, 4)))
    network.get_layer("change").bias.assign([0.1, 0.2, 0.3])
    expected = tf.image.resize(images(shape=(4, 4, 3)), (8, 8), method="bicubic") + [0.1, 0.2, 0.3]
    np.testing.assert_allclose(network(images(shape=(4, 4, 3))), expected, atol=1e-6)


@pytest.mark.parametrize("source, target, widths", [
    ((4, 4, 3), (4, 4, 3), (4, 4)), ((4, 4, 3), (12, 12, 3), (4, 4)), ((4, 4, 3), (8, 16, 3), (4, 4)),
    ((4, 4, 1), (8, 8, 3), (4, 4)), ((4, 4, 3), (8, 8, 3), (4, 6)), ((4, 4, 3), (8, 8, 3), ()),
])
def test_what_does_not_fit_a_sub_pixel_network_is_refused(source, target, widths):
    with pytest.raises(ValueError, match=r"2, 4, 8, … times the source's.*Received: source_shape=\("):
        build_sub_pixel_network(source, target, widths)


@pytest.mark.parametrize("layer", [PixelShuffle(), Enlarge((8, 8))])
def test_a_layer_says_the_shape_that_it_gives(layer):
    maps = images(shape=(4, 4, 8))
    assert tuple(layer.compute_output_shape(maps.shape)) == tuple(layer(maps).shape)


def test_a_saved_network_gives_the_same_images(tmp_path):
    network = build_sub_pixel_network((4, 4, 3), (8, 8, 3), (4, 4))
    network.save(tmp_path / "network.keras")
    again = keras.models.load_model(tmp_path / "network.keras")
    np.testing.assert_allclose(again(images(shape=(4, 4, 3))), network(images(shape=(4, 4, 3))), atol=1e-6)


# ---- the discriminator ----


@pytest.mark.parametrize("widths, side", [((4,), 16), ((4, 6), 8), ((4, 6, 8), 4)])
def test_each_patch_gets_a_logit(widths, side):
    """Each layer but the last halves the sides."""
    logits = build_patch_discriminator([(16, 16, 3)], widths)(images(shape=(16, 16, 3)))
    assert logits.shape == (3, side, side, 1)


def test_a_logit_depends_on_its_own_patch_alone():
    """One layer of 4 × 4 and the logits' of 4 × 4 see 3 pixels up and to the left, and 3 or 4 down and to the right."""
    network, image = build_patch_discriminator([(16, 16, 1)], (4,)), images(1, (16, 16, 1))
    spoilt = image.copy()
    spoilt[0, 8, 8] += 1
    rows, columns = np.nonzero((network(image) != network(spoilt)).numpy()[0, :, :, 0])
    assert (rows.min(), rows.max()) == (columns.min(), columns.max())
    assert 8 in rows and np.ptp(rows) == 6


def test_instance_normalization_hides_how_much_of_each_channel_there_is_and_layer_normalization_does_not():
    """Of the first layer's channels: one that is doubled stays what it was, if each is normalized by itself."""
    changes = {}
    for norm in NORMS:
        network = build_patch_discriminator([(16, 16, 3)], (4, 6, 8), norm=norm)
        layer = [each for each in network.layers if "normalization" in each.name][0]
        maps = 10 * images(shape=(8, 8, 6))
        doubled = np.concatenate([2 * maps[..., :1], maps[..., 1:]], axis=-1)
        changes[norm] = np.abs(layer(doubled) - layer(maps)).max()
    assert changes["instance"] < 1e-3
    assert changes["layer"] > 0.1


@pytest.mark.parametrize("place", [0, 1])
def test_a_discriminator_sees_both_source_and_image(place):
    network = build_patch_discriminator([(8, 8, 1), (8, 8, 3)], (4, 6))
    seen = [images(shape=(8, 8, 1)), images(shape=(8, 8, 3))]
    before = network(seen).numpy()
    seen[place] = seen[place][::-1]
    assert np.abs(network(seen).numpy() - before)[0].max() > 1e-4


def test_a_discriminator_of_images_of_two_sizes_is_refused():
    with pytest.raises(ValueError, match=r"one height and width. Received: \[\(8, 8, 1\), \(16, 16, 3\)\]"):
        build_patch_discriminator([(8, 8, 1), (16, 16, 3)], (4, 6))


# ---- several networks ----


def test_several_networks_have_the_weights_of_all():
    both = Networks([build_patch_discriminator([(8, 8, 1)], (4,), name=name) for name in "ab"])
    shapes = [tuple(weight.shape) for weight in both.trainable_variables]
    assert shapes == 2 * [(4, 4, 1, 4), (4,), (4, 4, 4, 1), (1,)]
