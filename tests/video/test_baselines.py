"""Predictions without learning, on films whose future is known."""

import numpy as np
import pytest

from aigc_tf import data, metrics
from aigc_tf.data.films import move, place
from aigc_tf.video import linear_motion, repeat_last

BLOCK = np.float32([[0.2, 0.4, 0.6], [0.8, 1.0, 0.7]])
BASELINES = [repeat_last, linear_motion]


def film(start, velocity, num_frames=12, size=16, picture=BLOCK):
    """A film (1, T, size, size, 1) of a block whose corner flies from `start`, and whose ink bounces off the walls."""
    walls = np.float32([size, size]) - picture.shape
    corners, _, _ = move([start], [velocity], 0, walls, num_frames)
    return place(picture[None, None], corners[:, :, None], (size, size))[:, :, 0, ..., None].numpy()


def squared_errors(predict, frames, given=6, **options):
    future = frames[:, given:]
    return metrics.squared_error_curve(predict(frames[:, :given], future.shape[1], **options), future)


def test_repeat_last_repeats_the_last_frame():
    frames = film((1, 1), (1, 1))
    np.testing.assert_array_equal(repeat_last(frames[:, :3], 4), frames[:, [2, 2, 2, 2]])


@pytest.mark.parametrize("walls", [True, False])
def test_whole_pixels_are_predicted_exactly_before_a_wall(walls):
    """From (1, 2) by (1, 1) a frame the block meets no wall in ten frames."""
    np.testing.assert_allclose(squared_errors(linear_motion, film((1, 2), (1, 1), 10), walls=walls), 0, atol=1e-9)


def test_between_pixels_only_the_blur_of_a_second_interpolation_is_wrong():
    frames = film((2, 2), (0.7, 0.4), 12)
    predicted = linear_motion(frames[:, :6], 6)
    np.testing.assert_allclose(metrics.track(predicted, ink=0), metrics.track(frames[:, 6:], ink=0), atol=0.01)


def test_a_still_film_stays():
    frames = film((3, 4), (0, 0))
    np.testing.assert_allclose(linear_motion(frames[:, :4], 5), repeat_last(frames[:, :4], 5), atol=1e-6)


def test_two_frames_are_enough():
    np.testing.assert_allclose(squared_errors(linear_motion, film((1, 2), (1, 1), 8), given=2), 0, atol=1e-9)


def test_behind_a_wall_it_is_right_only_if_it_knows_of_walls():
    """The block is 3 wide. From column 4 it touches the wall, at 13, in frame 9: the fourth that is predicted."""
    frames = film((4, 4), (0, 1), 14)
    with_walls, without = (squared_errors(linear_motion, frames, walls=walls) for walls in (True, False))
    np.testing.assert_allclose(with_walls, 0, atol=1e-9)
    np.testing.assert_allclose(without[:4], 0, atol=1e-9)
    assert without[4:].min() > 1e-3


def test_without_walls_it_leaves_the_frame():
    predicted = linear_motion(film((4, 4), (0, 1))[:, :6], 12, walls=False)
    assert predicted[0, -1].max() == 0


@pytest.mark.parametrize("column", [5, 6, 7, 8, 9, 10])
def test_a_wall_in_the_last_steps_does_not_mislead_it(column):
    """Six frames from here by 1.25 a frame, the wall at 13 is ahead, in one of the last three steps, or behind.

    Light that is blurred twice may reach a little beyond the wall, but a wrong turn would be off by pixels.
    """
    frames = film((6, column), (0, 1.25))
    predicted = linear_motion(frames[:, :6], 6)
    np.testing.assert_allclose(metrics.track(predicted, ink=0), metrics.track(frames[:, 6:], ink=0), atol=0.1)


@pytest.mark.parametrize("walls", [True, False])
def test_one_step_of_three_that_differs_does_not_count(walls):
    frames = np.zeros((1, 4, 8, 16, 1), "float32")
    for number, column in enumerate((2, 5, 6, 7)):
        frames[0, number, 4, column] = 1
    assert metrics.track(linear_motion(frames, 2, walls=walls)).tolist() == [[[4, 8], [4, 9]]]


def test_channels_move_together():
    frames = film((1, 2), (1, 1)) * np.float32([1, 0.5, 0.2])
    predicted = linear_motion(frames[:, :6], 3)
    np.testing.assert_allclose(predicted, frames[:, 6:9], atol=1e-5)


def test_frames_may_be_wider_than_high():
    frames = np.zeros((1, 4, 6, 20, 1), "float32")
    for number in range(4):
        frames[0, number, 2, 10 + 2 * number] = 1
    predicted = linear_motion(frames[:, :2], 2)
    np.testing.assert_allclose(predicted, frames[:, 2:], atol=1e-6)


def test_on_digits_it_is_far_better_than_repetition():
    mnist = data.load_mnist(data.CHECKOUT_DATA)
    frames = data.moving_digits(mnist.test_images, mnist.test_labels, 100, seed=0).frames
    repeated, moved, walled = (squared_errors(predict, frames, 10, **options) for predict, options in (
        (repeat_last, {}), (linear_motion, {"walls": False}), (linear_motion, {})))
    assert repeated[0] > 0.01 > 0.002 > walled[-1]
    assert repeated[-1] > 1.5 * moved[-1] > 3 * walled[-1]


def test_one_motion_does_not_tell_two():
    mnist = data.load_mnist(data.CHECKOUT_DATA)
    frames = data.moving_digits(mnist.test_images, mnist.test_labels, 100, num_digits=2, seed=0).frames
    assert squared_errors(linear_motion, frames, 10)[-1] > np.square(frames).mean()  # than a black frame


@pytest.mark.parametrize("predict", BASELINES)
def test_predictions_are_images_whatever_is_given(predict):
    noise = np.random.default_rng(0).uniform(size=(3, 4, 8, 8, 2)).astype("float32")
    for frames in (noise, np.zeros_like(noise), np.ones_like(noise), np.full((1, 2, 8, 8, 3), 255, "uint8")):
        predicted = predict(frames, 5)
        assert predicted.shape == (len(frames), 5, *frames.shape[2:]) and predicted.dtype == np.float32
        data.check_images(predicted.reshape(-1, *frames.shape[2:]))


@pytest.mark.parametrize("predict, frames, num_frames, message", [
    (repeat_last, (4, 8, 8, 1), 2, r"T of at least 1. Received: shape \(4, 8, 8, 1\)"),
    (linear_motion, (2, 1, 8, 8, 1), 2, r"T of at least 2. Received: shape \(2, 1, 8, 8, 1\)"),
    (repeat_last, (2, 0, 8, 8, 1), 2, r"Received: shape \(2, 0, 8, 8, 1\)"),
    (repeat_last, (2, 2, 8, 8, 1), 0, "num_frames must be at least 1. Received: 0"),
    (linear_motion, (2, 2, 8, 8, 1), -1, "num_frames must be at least 1. Received: -1"),
])
def test_what_cannot_be_continued_is_refused(predict, frames, num_frames, message):
    with pytest.raises(ValueError, match=message):
        predict(np.zeros(frames), num_frames)


@pytest.mark.parametrize("predict", BASELINES)
def test_values_out_of_range_are_refused(predict):
    with pytest.raises(ValueError, match="values from 0.0 to 2.0"):
        predict(film((1, 1), (1, 1)) * 2, 3)
