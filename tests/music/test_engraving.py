"""Engraved notes."""

import io
import sys

import numpy as np
import pytest
from PIL import Image

from aigc_tf.music import engrave, engrave_svg, melody_from_letters

CHORALE = np.repeat([(72, 67, 64, 48), (71, 67, 62, 55), (72, 67, 64, 48), (72, 69, 65, 53)], 4, axis=0)
HOLDS = np.tile(np.arange(16)[:, None] % 4 > 0, (1, 4))


@pytest.fixture
def packages():
    pytest.importorskip("verovio", reason="the package verovio is not installed")
    pytest.importorskip("resvg_py", reason="the package resvg-py is not installed")


def test_all_notes_are_drawn(packages):
    assert engrave_svg(CHORALE, HOLDS).count('class="note"') == 16


def test_one_piece_is_drawn_alike_twice(packages):
    assert engrave_svg(CHORALE, HOLDS) == engrave_svg(CHORALE, HOLDS)


def test_a_picture_of_eight_bars_is_small(packages):
    picture = engrave(np.tile(CHORALE, (8, 1)), np.tile(HOLDS, (8, 1)))
    assert Image.open(io.BytesIO(picture.data)).width == 1200
    assert len(picture.data) < 60_000


def test_the_picture_is_black_on_white(packages):
    pixels = np.asarray(Image.open(io.BytesIO(engrave(CHORALE, HOLDS).data)).convert("L"))
    assert pixels.min() < 30 and np.median(pixels) == 255


def test_a_melody_is_engraved_on_one_staff(packages):
    melody = melody_from_letters("C4 D E F | G:8 G:8^")
    svg = engrave_svg(melody.pitches, melody.holds, fermatas=melody.fermatas)
    assert svg.count('class="staff"') == 2 and svg.count('class="fermata"') == 1  # a staff in each of two bars


def test_a_long_piece_is_refused():
    with pytest.raises(ValueError, match=r"24 bars. Received: 25.0 bars"):
        engrave(np.tile(CHORALE, (25, 1)), np.tile(HOLDS, (25, 1)))


@pytest.mark.parametrize("module, name", [("verovio", "verovio"), ("resvg_py", "resvg-py")])
def test_without_a_package_an_error_says_what_to_install(packages, monkeypatch, module, name):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=f"pip install {name}"):
        engrave(CHORALE, HOLDS)
