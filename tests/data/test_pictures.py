"""The photograph and the painted styles of chapter 8."""

import numpy as np
import pytest

from aigc_tf.data import pictures

PICTURES = {
    "photo": pictures.load_photo, "strokes": pictures.paint_strokes, "glass": pictures.paint_glass,
    "hatching": pictures.paint_hatching,
}


@pytest.fixture(scope="module", params=PICTURES.values(), ids=PICTURES.keys())
def draw(request):
    return request.param


def test_a_picture_has_the_size_asked_for_and_lies_in_the_unit_range(draw):
    picture = draw(48)
    assert picture.shape == (48, 48, 3)
    assert picture.dtype == np.float32
    assert 0 <= picture.min() < picture.max() <= 1


def test_a_picture_is_the_same_every_time(draw):
    np.testing.assert_array_equal(draw(32), draw(32))


@pytest.mark.parametrize("paint", [pictures.paint_strokes, pictures.paint_glass, pictures.paint_hatching])
def test_another_seed_paints_another_picture(paint):
    assert not np.allclose(paint(32, seed=1), paint(32, seed=2))


def test_strokes_are_longer_along_the_field_than_grain():
    """Neighbours along a stroke are alike: brushed pixels vary less from one to the next than noise of that blur."""
    short, long = (pictures.paint_strokes(64, length=length).mean(axis=-1) for length in (1, 12))
    variation = [min(np.abs(np.diff(picture, axis=axis)).mean() for axis in (0, 1)) for picture in (short, long)]
    assert variation[1] < variation[0]


def test_there_is_black_lead_between_the_panes():
    glass = pictures.paint_glass(64, panes=10)
    assert 0.02 < np.mean(glass.max(axis=-1) == 0) < 0.3


def test_hatching_is_black_on_white():
    hatching = pictures.paint_hatching(128)
    np.testing.assert_array_equal(hatching[..., 0], hatching[..., 2])
    assert np.mean(hatching > 0.9) > 0.4


def test_smooth_noise_has_mean_0_and_variance_1():
    noise = pictures.smooth_noise(np.random.default_rng(0), 64, 3)
    assert abs(noise.mean()) < 1e-9
    assert noise.std() == pytest.approx(1)
