"""Smaller and larger images: means of squares, and bicubic interpolation."""

import numpy as np
import pytest

from aigc_tf.data import enlarge, shrink


def test_each_pixel_of_a_shrunk_image_is_the_mean_of_its_square():
    image = np.arange(16.0).reshape((1, 4, 4, 1))
    np.testing.assert_allclose(shrink(image, 2)[0, ..., 0], [[2.5, 4.5], [10.5, 12.5]])


def test_shrinking_keeps_the_channels_apart():
    image = np.stack([np.zeros((4, 4)), np.ones((4, 4))], axis=-1)[None]
    np.testing.assert_allclose(shrink(image, 4), [[[[0.0, 1.0]]]])


def test_a_flat_image_stays_flat_when_it_is_enlarged():
    np.testing.assert_allclose(enlarge(np.full((1, 3, 3, 2), 0.3), 4), np.full((1, 12, 12, 2), 0.3), atol=1e-6)


def test_in_the_middle_of_a_ramp_bicubic_interpolation_is_the_ramp():
    ramp = np.linspace(0.1, 0.8, 8)[None, None, :, None].repeat(8, axis=1)
    wanted = 0.1 * (0.75 + 0.5 * np.arange(16))  # pixels' middles lie a quarter of an old pixel to each side
    np.testing.assert_allclose(enlarge(ramp, 2)[0, 8, 4:12, 0], wanted[4:12], atol=1e-6)


def test_overshoot_at_an_edge_is_cut_off():
    edge = np.repeat([0.0, 1.0], 4)[None, None, :, None].repeat(8, axis=1)
    enlarged = enlarge(edge, 4).numpy()
    assert enlarged.min() == 0 and enlarged.max() == 1


@pytest.mark.parametrize("images, factor", [
    (np.zeros((4, 4, 1)), 2), (np.zeros((1, 4, 4, 1)), 0), (np.zeros((1, 4, 4, 1)), 1.5),
])
@pytest.mark.parametrize("change", [shrink, enlarge])
def test_other_shapes_and_factors_are_refused(change, images, factor):
    with pytest.raises(ValueError, match=r"shape \(N, H, W, C\), and factor must be a whole number .* Received"):
        change(images, factor)


def test_a_factor_that_does_not_divide_the_sides_is_refused():
    with pytest.raises(ValueError, match="divide height and width. Received: factor=3"):
        shrink(np.zeros((1, 4, 6, 1)), 3)
