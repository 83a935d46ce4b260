"""Metrics of pairs against values worked out by hand, and structural similarity against its formula written out."""

import numpy as np
import pytest

from aigc_tf import metrics

PAIRS = [metrics.absolute_error, metrics.squared_error, metrics.psnr, metrics.ssim]


def plain(*values, size=12):
    """An image (1, size, size, channels) of one colour."""
    return np.broadcast_to(np.array(values, "float32"), (1, size, size, len(values)))


def noise(*shape, seed=0):
    return np.random.default_rng(seed).uniform(size=shape).astype("float32")


# ---- absolute error and PSNR ----------------------------------------------------------------------------------------


def test_absolute_error_is_the_mean_over_pixels_and_channels():
    """The first image is off by 0.5 everywhere, the second by 0.3 in one channel of three."""
    images = np.concatenate([plain(0.5, 0, 1), plain(0.2, 0.2, 0.2)])
    targets = np.concatenate([plain(0, 0.5, 0.5), plain(0.2, 0.5, 0.2)])
    np.testing.assert_allclose(metrics.absolute_error(images, targets), [0.5, 0.1], rtol=1e-6)


def test_squared_error_is_the_mean_over_pixels_and_channels():
    """The first image is off by 0.5 everywhere, the second by 0.3 in one channel of three."""
    images = np.concatenate([plain(0.5, 0, 1), plain(0.2, 0.2, 0.2)])
    targets = np.concatenate([plain(0, 0.5, 0.5), plain(0.2, 0.5, 0.2)])
    np.testing.assert_allclose(metrics.squared_error(images, targets), [0.25, 0.03], rtol=1e-6)


def test_psnr_of_an_error_of_a_tenth_is_20_db_and_of_the_largest_0():
    images, targets = np.concatenate([plain(0.6), plain(1), plain(0.51)]), np.concatenate([plain(0.5), plain(0)] * 2)
    np.testing.assert_allclose(metrics.psnr(images, targets[:3]), [20, 0, 40], atol=1e-4)


def test_psnr_is_of_the_mean_square():
    """Half of the pixels are off by 0.2: a mean square of 0.02, 10 lg 50 dB."""
    images = np.zeros((1, 2, 2, 1))
    images[:, 0] = 0.2
    assert metrics.psnr(images, np.zeros_like(images)) == pytest.approx(10 * np.log10(50))


def test_equal_images_have_no_error_and_an_infinite_psnr():
    images = noise(2, 12, 12, 3)
    assert metrics.psnr(images, images).tolist() == [np.inf, np.inf]
    assert metrics.absolute_error(images, images).tolist() == metrics.squared_error(images, images).tolist() == [0, 0]


# ---- structural similarity ------------------------------------------------------------------------------------------


def test_equal_images_have_a_similarity_of_1():
    images = noise(3, 16, 14, 3)
    np.testing.assert_allclose(metrics.ssim(images, images), [1, 1, 1], rtol=1e-5)


def test_plain_images_are_compared_by_their_means():
    """(2 ab + c₁) / (a² + b² + c₁), with c₁ = 0.0001: grey against white, and black against white."""
    images, targets = np.concatenate([plain(0.5), plain(0)]), np.concatenate([plain(1), plain(1)])
    np.testing.assert_allclose(metrics.ssim(images, targets), [1.0001 / 1.2501, 0.0001 / 1.0001], rtol=1e-3)


def test_it_is_its_formula_in_a_gaussian_window():
    """Images of 11 × 11 have one window, of standard deviation 1.5; channels are averaged."""
    images, targets = noise(1, 11, 11, 2), noise(1, 11, 11, 2, seed=1)
    squares = np.square(np.arange(11) - 5)
    weights = np.exp(-(squares[:, None] + squares) / (2 * 1.5**2))
    weights /= weights.sum()

    def similarity(x, y):
        mean_x, mean_y = np.sum(weights * x), np.sum(weights * y)
        variances = np.sum(weights * (x - mean_x) ** 2) + np.sum(weights * (y - mean_y) ** 2)
        covariance = np.sum(weights * (x - mean_x) * (y - mean_y))
        means = (2 * mean_x * mean_y + 1e-4) / (mean_x**2 + mean_y**2 + 1e-4)
        return means * (2 * covariance + 9e-4) / (variances + 9e-4)

    expected = np.mean([similarity(images[0, ..., channel], targets[0, ..., channel]) for channel in range(2)])
    assert metrics.ssim(images, targets) == pytest.approx(expected, rel=1e-4)


def test_a_negative_is_less_similar_than_noise():
    images = noise(1, 16, 16, 1)
    assert metrics.ssim(images, 1 - images) < -0.5 < metrics.ssim(images, noise(1, 16, 16, 1, seed=1)) < 0.5


@pytest.mark.parametrize("shape", [(1, 10, 16, 1), (1, 16, 10, 1)])
def test_images_smaller_than_a_window_are_refused(shape):
    with pytest.raises(ValueError, match=r"at least 11 pixels. Received: shape \(1, 1"):
        metrics.ssim(noise(*shape), noise(*shape))


# ---- colourfulness --------------------------------------------------------------------------------------------------


def test_grey_images_have_no_colour():
    assert metrics.colourfulness(np.repeat(noise(2, 8, 8, 1), 3, axis=-1)) == pytest.approx([0, 0], abs=1e-6)


def test_one_colour_has_a_mean_and_no_spread():
    """Red: rg = 1, yb = ½. Blue: rg = 0, yb = −1. Yellow: rg = 0, yb = 1."""
    images = np.concatenate([plain(1, 0, 0), plain(0, 0, 1), plain(1, 1, 0)])
    np.testing.assert_allclose(metrics.colourfulness(images), [0.3 * 1.25**0.5, 0.3, 0.3], rtol=1e-6)


def test_two_colours_also_have_a_spread():
    """Half red, half green: rg = ±1, of mean 0 and deviation 1; yb = ½."""
    images = np.concatenate([plain(1, 0, 0), plain(0, 1, 0)], axis=1)
    assert metrics.colourfulness(images) == pytest.approx(1 + 0.3 * 0.5)


def test_the_spreads_of_both_axes_are_one_length():
    """Half red, half blue: rg is 1 and 0, yb is ½ and −1; deviations ½ and ¾, means ½ and −¼."""
    images = np.concatenate([plain(1, 0, 0), plain(0, 0, 1)], axis=2)
    assert metrics.colourfulness(images) == pytest.approx((1 / 4 + 9 / 16) ** 0.5 + 0.3 * (1 / 4 + 1 / 16) ** 0.5)


@pytest.mark.parametrize("channels", [1, 4])
def test_colours_have_three_channels(channels):
    with pytest.raises(ValueError, match=rf"3 channels. Received: shape \(1, 8, 8, {channels}\)"):
        metrics.colourfulness(noise(1, 8, 8, channels))


# ---- bad input ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", PAIRS)
@pytest.mark.parametrize("shape", [(1, 12, 12, 3), (2, 12, 12, 1), (2, 12, 1, 3)])
def test_shapes_that_differ_are_refused_even_where_numpy_would_stretch_one(function, shape):
    with pytest.raises(ValueError, match=r"one shape. Received: \(2, 12, 12, 3\) and \("):
        function(noise(2, 12, 12, 3), noise(*shape))


@pytest.mark.parametrize("function", [*PAIRS, lambda images, _: metrics.colourfulness(images)])
@pytest.mark.parametrize("images, message", [
    (noise(12, 12, 3), r"Received: shape \(12, 12, 3\)"),
    (noise(0, 12, 12, 3), r"Received: shape \(0, 12, 12, 3\)"),
    (0.5, r"Received: shape \(\)"),
    (np.zeros((1, 12, 12, 3), "uint8"), "floats.*Received: uint8"),
    (plain(-1, 0, 1), "Received: values from -1.0 to 1.0"),
    (plain(0, np.nan, 0), "finite"),
])
def test_what_is_no_batch_of_images_is_refused(function, images, message):
    with pytest.raises(ValueError, match=message):
        function(images, images)
