"""Binarization and damage: the statistics they promise, drawn anew in every epoch."""

from collections import Counter

import numpy as np
import pytest
import tensorflow as tf

from aigc_tf import data


def numbered_images(count, dtype="float32"):
    """Images of one grey value each, by which they can be told apart: value n/255 or, as bytes, n."""
    grey = np.arange(count).reshape(-1, 1, 1, 1) * np.ones((1, 2, 3, 1))
    return grey.astype("uint8") if dtype == "uint8" else (grey / 255).astype(dtype)


def numbers(batch):
    return np.round(np.asarray(batch)[:, 0, 0, 0] * 255).astype(int)


def half_grey(count=4, size=28):
    return np.full((count, size, size, 1), 0.5, "float32")


def test_binarized_images_are_zeros_and_ones():
    binary = data.binarize(numbered_images(256), seed=0)
    assert binary.dtype == tf.float32
    assert set(np.unique(binary)) == {0.0, 1.0}


def test_a_pixel_is_1_with_probability_equal_to_its_grey_value():
    grey = np.linspace(0, 1, 11, dtype="float32").reshape(1, 1, 11, 1) * np.ones((20_000, 1, 1, 1), "float32")
    means = tf.reduce_mean(data.binarize(grey, seed=0), axis=(0, 1, 3))
    np.testing.assert_allclose(means, np.linspace(0, 1, 11), atol=5 * 0.5 / 20_000**0.5)  # five standard errors


def test_black_stays_black_and_white_stays_white():
    np.testing.assert_array_equal(data.binarize(np.zeros((50, 28, 28, 1)), seed=0), 0)
    np.testing.assert_array_equal(data.binarize(np.ones((50, 28, 28, 1)), seed=0), 1)


def test_pixels_are_drawn_independently():
    first, second = data.binarize(half_grey(2, 100), seed=0)
    assert abs(np.corrcoef(np.ravel(first), np.ravel(second))[0, 1]) < 0.05


# ---- corruptions ----


RANDOM = {
    "binarize": data.binarize,
    "add_gaussian_noise": lambda images, seed=None: data.add_gaussian_noise(images, 0.3, seed=seed),
    "mask_pixels": lambda images, seed=None: data.mask_pixels(images, 0.5, seed=seed),
    "mask_block": lambda images, seed=None: data.mask_block(images, 5, seed=seed),
}


@pytest.fixture(params=RANDOM.values(), ids=RANDOM.keys())
def transform(request):
    return request.param


def test_a_seed_repeats_the_draw(transform):
    np.testing.assert_array_equal(transform(half_grey(), seed=1), transform(half_grey(), seed=1))


def test_another_seed_draws_anew(transform):
    assert not np.array_equal(transform(half_grey(), seed=1), transform(half_grey(), seed=2))


def test_without_a_seed_every_call_draws_anew(transform):
    assert not np.array_equal(transform(half_grey()), transform(half_grey()))


def test_each_image_gets_a_draw_of_its_own(transform):
    images = transform(half_grey(8), seed=0).numpy()
    assert len({image.tobytes() for image in images}) > 1


def test_values_stay_in_0_to_1(transform):
    images = transform(np.random.default_rng(0).random((8, 28, 28, 3)), seed=0)
    assert images.shape == (8, 28, 28, 3)
    assert 0 <= float(tf.reduce_min(images)) <= float(tf.reduce_max(images)) <= 1


def test_one_image_without_a_batch_is_refused(transform):
    with pytest.raises(ValueError, match=r"shape \(N, H, W, C\). Received: shape \(28, 28, 1\)"):
        transform(half_grey()[0])


def test_a_draw_is_new_in_every_epoch_whatever_the_global_seed(transform):
    tf.random.set_seed(0)  # with which tf.data restarts the random numbers of `Dataset.map` in every pass
    dataset = data.with_new_draws(data.image_dataset(half_grey(8), batch_size=4, shuffle=False), transform, seed=0)
    first, second = (np.concatenate(list(dataset)) for _ in range(2))
    assert not np.array_equal(first, second)


def test_every_batch_of_an_epoch_has_a_draw_of_its_own(transform):
    dataset = data.with_new_draws(data.image_dataset(half_grey(8), batch_size=4), transform, seed=0)
    first, second = dataset
    assert not np.array_equal(first, second)


def test_a_seed_repeats_the_draws_of_all_epochs(transform):
    def draws():
        tf.random.set_seed(0)
        return data.with_new_draws(data.image_dataset(half_grey(8), batch_size=4, seed=0), transform, seed=0)

    one, other = draws(), draws()
    for _ in range(2):
        np.testing.assert_array_equal(np.concatenate(list(one)), np.concatenate(list(other)))


def test_new_draws_keep_labels_with_their_images():
    dataset = data.image_dataset(numbered_images(50), np.arange(50), batch_size=8, seed=0)
    for images, labels in data.with_new_draws(dataset, lambda images, seed: images, seed=0):
        np.testing.assert_array_equal(numbers(images), labels)


def test_gaussian_noise_has_the_asked_strength():
    noise = data.add_gaussian_noise(half_grey(100), 0.1, seed=0) - 0.5  # at five deviations from the clipping
    assert float(tf.reduce_mean(noise)) == pytest.approx(0, abs=1e-3)
    assert float(tf.math.reduce_std(noise)) == pytest.approx(0.1, rel=0.02)


def test_no_noise_changes_nothing():
    np.testing.assert_array_equal(data.add_gaussian_noise(half_grey(), 0), half_grey())


@pytest.mark.parametrize("fraction", [0.0, 0.25, 1.0])
def test_mask_pixels_takes_the_asked_fraction(fraction):
    masked = data.mask_pixels(np.ones((100, 28, 28, 1)), fraction, seed=0)
    assert 1 - float(tf.reduce_mean(masked)) == pytest.approx(fraction, abs=0.01 * (0 < fraction < 1))


def test_mask_pixels_takes_all_channels_of_a_pixel():
    masked = data.mask_pixels(np.ones((4, 28, 28, 3)), 0.5, seed=0).numpy()
    np.testing.assert_array_equal(masked.min(axis=-1), masked.max(axis=-1))


@pytest.mark.parametrize("size", [1, 5, 12])
def test_mask_block_takes_one_square_of_exactly_that_size(size):
    masked = data.mask_block(np.ones((200, 16, 12, 3)), size, seed=0).numpy()
    for image in masked:
        rows, columns, _ = np.nonzero(image == 0)
        assert len(rows) == size * size * 3
        assert np.ptp(rows) == np.ptp(columns) == size - 1


def test_mask_block_falls_everywhere_with_the_same_probability():
    masked = data.mask_block(np.ones((20_000, 6, 5, 1)), 3, seed=0).numpy()[..., 0]
    corners = [tuple(np.argwhere(image == 0)[0]) for image in masked]
    counts = Counter(corners)
    assert set(counts) == {(top, left) for top in range(4) for left in range(3)}
    expected = 20_000 / 12
    assert all(abs(count - expected) < 5 * expected**0.5 for count in counts.values()), counts


@pytest.mark.parametrize("call, message", [
    (lambda: data.add_gaussian_noise(half_grey(), -0.1), "at least 0. Received: -0.1"),
    (lambda: data.add_gaussian_noise(half_grey(), float("nan")), "at least 0. Received: nan"),
    (lambda: data.mask_pixels(half_grey(), -0.1), r"\[0, 1\]. Received: -0.1"),
    (lambda: data.mask_pixels(half_grey(), 1.1), r"\[0, 1\]. Received: 1.1"),
    (lambda: data.mask_block(half_grey(), 0), "1 to 28 pixels wide. Received: size=0"),
    (lambda: data.mask_block(half_grey(), 29), "1 to 28 pixels wide. Received: size=29"),
])
def test_impossible_corruptions_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
