"""Metrics of films against values worked out by hand, and the judge on films whose truth is known."""

import numpy as np
import pytest

from aigc_tf import checkpoints, data, metrics


def film(*places, size=12, value=1.0, channels=1):
    """A film (1, T, size, size, channels) of one light pixel, at (row, column) in each frame."""
    frames = np.zeros((1, len(places), size, size, channels), "float32")
    for frame, (row, column) in zip(frames[0], places):
        frame[row, column] = value
    return frames


@pytest.fixture(scope="module")
def judge():
    return checkpoints.load("digit_classifier")


@pytest.fixture(scope="module")
def digits():
    mnist = data.load_mnist(data.CHECKOUT_DATA)
    return data.moving_digits(mnist.test_images, mnist.test_labels, 100, num_frames=5, seed=0)


# ---- places and speeds ----------------------------------------------------------------------------------------------


def test_a_pixel_is_tracked():
    np.testing.assert_array_equal(metrics.track(film((3, 4), (3, 6), (0, 11))), [[(3, 4), (3, 6), (0, 11)]])


def test_between_two_pixels_the_lighter_one_pulls_more():
    frames = film((2, 2)) * 0.25 + film((2, 6)) * 0.75
    np.testing.assert_allclose(metrics.track(frames), [[(2, 5)]])


def test_of_colours_the_lightest_channel_counts():
    frames = film((2, 2), channels=3) * np.float32([0.5, 0, 0]) + film((2, 6), channels=3) * np.float32([0, 0.5, 0.2])
    np.testing.assert_allclose(metrics.track(frames), [[(2, 4)]])


def test_haze_has_no_weight():
    np.testing.assert_array_equal(metrics.track(np.maximum(film((1, 2)), 0.04)), [[(1, 2)]])


def test_haze_has_weight_if_it_is_asked_to():
    """143 pixels of 0.01 and one of 1, in the corner, pull the middle of 5.5 towards 0."""
    frames = np.maximum(film((0, 0)), 0.01)
    np.testing.assert_allclose(metrics.track(frames, ink=0), [[[5.5 * 144 * 0.01 / 2.43] * 2]], rtol=1e-5)


def test_a_black_frame_is_tracked_to_its_middle():
    np.testing.assert_array_equal(metrics.track(np.zeros((1, 1, 12, 8, 1))), [[(5.5, 3.5)]])


def test_true_digits_are_tracked(digits):
    np.testing.assert_allclose(metrics.track(digits.frames, ink=0), digits.positions[:, :, 0], atol=1e-4)
    np.testing.assert_allclose(metrics.track(digits.frames), digits.positions[:, :, 0], atol=0.2)


def test_speed_is_the_length_of_a_step():
    np.testing.assert_array_equal(metrics.speed([[(0, 0), (3, 4), (3, 4), (3, 5)]]), [[5, 0, 1]])


def test_errors_of_centres_are_mean_distances_at_each_horizon():
    targets = np.zeros((2, 3, 2))
    centres = np.array([[(0, 0), (3, 4), (1, 0)], [(0, 0), (0, 1), (0, 1)]])
    np.testing.assert_array_equal(metrics.centre_error(centres, targets), [0, 3, 1])


def test_errors_of_centres_are_means_over_digits_too():
    centres = np.array([[[(0, 0), (0, 2)], [(3, 4), (0, 0)]]])
    np.testing.assert_array_equal(metrics.centre_error(centres, np.zeros_like(centres)), [1, 2.5])


def test_centres_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"take \[:, :, 0\]. Received: \(2, 3, 2\) and \(2, 3, 1, 2\)"):
        metrics.centre_error(np.zeros((2, 3, 2)), np.zeros((2, 3, 1, 2)))


# ---- curves ---------------------------------------------------------------------------------------------------------


def test_squared_errors_are_means_over_films_and_pixels_at_each_horizon():
    """Frame 0 of both films is right; in frame 1 the first film is off by 0.2 everywhere, and the second is right."""
    targets = np.full((2, 2, 12, 12, 1), 0.5)
    frames = targets.copy()
    frames[0, 1] += 0.2
    np.testing.assert_allclose(metrics.squared_error_curve(frames, targets), [0, 0.02], rtol=1e-5, atol=1e-12)


def test_similarity_is_that_of_images_at_each_horizon():
    random = np.random.default_rng(0)
    frames, targets = random.uniform(size=(2, 3, 2, 12, 12, 1)).astype("float32")
    expected = [metrics.ssim(frames[:, at], targets[:, at]).mean() for at in (0, 1)]
    np.testing.assert_allclose(metrics.ssim_curve(frames, targets), expected, rtol=1e-6)


# ---- can it be read? ------------------------------------------------------------------------------------------------


def test_true_digits_can_be_read_at_their_true_places(digits, judge):
    assert metrics.readable(digits.frames, digits.positions, digits.labels, judge).min() >= 0.97


def test_one_digit_needs_no_axis_of_digits(digits, judge):
    with_axis = metrics.readable(digits.frames, digits.positions, digits.labels, judge)
    without = metrics.readable(digits.frames, digits.positions[:, :, 0], digits.labels[:, 0], judge)
    np.testing.assert_array_equal(with_axis, without)


def test_a_share_is_told_for_each_horizon(digits, judge):
    """From frame 2 on the second half of the films is black."""
    frames = digits.frames.copy()
    frames[50:, 2:] = 0
    shares = metrics.readable(frames, digits.positions, digits.labels, judge)
    assert shares.shape == (5,) and shares[:2].min() > 0.9 and 0.4 < shares[2:].min() <= shares[2:].max() < 0.7


def test_a_digit_elsewhere_cannot_be_read(digits, judge):
    elsewhere = (digits.positions + 16) % 32
    assert metrics.readable(digits.frames, elsewhere, digits.labels, judge).max() < 0.5


def test_centres_outside_of_the_frame_are_black(digits, judge):
    black = metrics.readable(np.zeros_like(digits.frames), digits.positions, digits.labels, judge)
    for far in (-1000, 1000):
        outside = np.full_like(digits.positions, far)
        np.testing.assert_array_equal(metrics.readable(digits.frames, outside, digits.labels, judge), black)


def test_a_digit_is_cut_out_around_its_centre():
    """A judge that tells whether the middle of its image is light: pixels 6 and 7 of the cut, 12 to 15 enlarged."""
    class Middle:
        def features_and_probabilities(self, images):
            lightness = np.asarray(images)[:, 12:16, 12:16].mean(axis=(1, 2, 3))
            return None, np.eye(2)[(lightness > 0.7).astype(int)]

    frames = np.zeros((1, 4, 20, 20, 1))
    frames[:, :, 2:4, 9:11] = 1  # with its middle at (2.5, 9.5), near the upper edge
    centres = np.array([[(2.5, 9.5), (2.1, 9.9), (2.9, 9.1), (3.5, 9.5)]])
    np.testing.assert_array_equal(metrics.readable(frames, centres, [1], Middle()), [1, 1, 1, 0])


def test_each_of_two_digits_counts(judge):
    """Two digits far apart in one film; one of the labels is wrong."""
    mnist = data.load_mnist(data.CHECKOUT_DATA)
    small = data.shrink(data.scale_images(mnist.test_images[:2]), 2).numpy()
    frames = np.concatenate([small[0], small[1]], axis=1)[None, None]  # (1, 1, 14, 28, 1)
    centres, labels = np.array([[[(6.5, 6.5), (6.5, 20.5)]]]), mnist.test_labels[None, :2]
    assert metrics.readable(frames, centres, labels, judge).tolist() == [1]
    assert metrics.readable(frames, centres, (labels + [0, 1]) % 10, judge).tolist() == [0.5]


@pytest.mark.parametrize("centres, labels", [
    ((2, 3, 2), (2, 2)), ((2, 3, 1, 2), (2,)), ((2, 3, 1, 2), (1, 1)), ((2, 2, 1, 2), (2, 1)), ((2, 3, 1), (2, 1)),
    ((2, 3, 2, 2), (2, 1)), ((2, 3, 2), ()),
])
def test_centres_and_labels_that_do_not_fit_are_refused(centres, labels, judge):
    with pytest.raises(ValueError, match=r"centres \(N, T, digits, 2\) and labels \(N, digits\).* Received: frames"):
        metrics.readable(np.zeros((2, 3, 16, 16, 1)), np.zeros(centres), np.zeros(labels, int), judge)


# ---- bad input ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", [
    metrics.track,
    lambda frames: metrics.squared_error_curve(frames, frames),
    lambda frames: metrics.ssim_curve(frames, frames),
])
@pytest.mark.parametrize("frames, message", [
    (np.zeros((3, 12, 12, 1)), r"\(N, T, H, W, C\). Received: shape \(3, 12, 12, 1\)"),
    (np.zeros((0, 3, 12, 12, 1)), r"Received: shape \(0, 3, 12, 12, 1\)"),
    (film((1, 1)).astype("uint8"), "floats.*Received: uint8"),
    (film((1, 1), value=2), "Received: values from 0.0 to 2.0"),
    (film((1, 1), value=np.nan), "finite"),
])
def test_what_is_no_film_is_refused(function, frames, message):
    with pytest.raises(ValueError, match=message):
        function(frames)


@pytest.mark.parametrize("curve", [metrics.squared_error_curve, metrics.ssim_curve])
def test_films_that_differ_in_length_are_refused(curve):
    with pytest.raises(ValueError, match=r"one shape. Received: \(1, 2, 12, 12, 1\) and \(1, 1, 12, 12, 1\)"):
        curve(film((1, 1), (1, 1)), film((1, 1)))
