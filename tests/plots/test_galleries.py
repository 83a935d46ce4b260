"""Galleries of pictures: each once, with its title, pixel by pixel, in few bytes."""

import io

import numpy as np
import pytest
from PIL import Image

from aigc_tf import plots


def test_gallery_shows_each_picture_once_with_its_title_pixel_by_pixel():
    pictures = {"grey": np.zeros((4, 8, 1)), "colour": np.ones((4, 8, 3)), "small": np.ones((2, 4, 3))}
    figure = plots.plot_gallery(pictures, columns=2, scale=20)
    assert [axes.get_title() for axes in figure.axes] == list(pictures)
    assert [len(axes.images) for axes in figure.axes] == [1, 1, 1]
    figure.draw_without_rendering()
    assert [axes.get_window_extent().size.round().tolist() for axes in figure.axes] == [[160, 80]] * 3


def test_gallery_of_nothing_is_refused():
    with pytest.raises(ValueError, match="Received: none"):
        plots.plot_gallery({})


def test_shown_gallery_is_a_small_picture_with_alternative_text(monkeypatch):
    shown = []
    monkeypatch.setattr(plots.films.display, "display", lambda image, metadata: shown.append((image, metadata)))
    plots.show_gallery({"noise": np.random.default_rng(0).random((64, 64, 3))}, alt="noise", scale=2)
    ((image, metadata),) = shown
    assert metadata == {"image/png": {"alt": "noise"}}
    with Image.open(io.BytesIO(image.data)) as picture:
        assert (picture.mode, picture.size) == ("P", (128, 152))
