"""A drawn convolution is the one that TensorFlow computes, and its frames stand where the windows are."""

import numpy as np
import pytest
import tensorflow as tf

from aigc_tf import plots
from aigc_tf.plots.convolutions import slide_filter

EDGE = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]])


@pytest.mark.parametrize("shape, size, stride", [((28, 28), 3, 2), ((28, 28), 3, 1), ((7, 9), 5, 2), ((6, 6), 4, 3)])
def test_the_map_is_what_tensorflow_computes(shape, size, stride):
    random = np.random.default_rng(0)
    image, kernel = random.random(shape), random.standard_normal((size, size))
    expected = tf.nn.conv2d(image[None, ..., None], kernel[..., None, None], stride, "SAME")[0, ..., 0]
    np.testing.assert_allclose(slide_filter(image, kernel, stride)[0], expected, atol=1e-12)


def test_a_frame_stands_where_its_window_is():
    image = np.random.default_rng(0).random((28, 28, 1))
    figure = plots.plot_convolution(image, EDGE, [(5, 7)], stride=2)
    in_image, in_map = figure.axes[0].patches[0], figure.axes[2].patches[0]
    assert (in_image.get_xy(), in_image.get_width()) == ((13.5, 9.5), 3)  # row 10 and column 14
    assert in_map.get_xy() == (6.5, 4.5)
    assert in_image.get_edgecolor() == in_map.get_edgecolor()
    answer = figure.axes[2].images[0].get_array()[5, 7]
    np.testing.assert_allclose(answer, np.sum(image[10:13, 14:17, 0] * EDGE))


def test_the_titles_say_the_shapes():
    figure = plots.plot_convolution(np.zeros((28, 28)), EDGE, [(0, 0)], stride=2)
    assert [axes.get_title() for axes in figure.axes] == ["image, 28 × 28", "filter, 3 × 3", "feature map, 14 × 14"]


@pytest.mark.parametrize("place", [(14, 0), (0, -1)])
def test_a_place_outside_of_the_map_is_refused(place):
    with pytest.raises(ValueError, match=r"of shape \(14, 14\). Received"):
        plots.plot_convolution(np.zeros((28, 28)), EDGE, [place], stride=2)
