"""OpenMoji: pairs of colour and outline, with names, split so that no held-out drawing is trained on."""

import numpy as np
import pytest

from aigc_tf import data


@pytest.fixture(scope="module")
def drawings():
    return data.load_openmoji(data.CHECKOUT_DATA, held_out=None)


def test_each_drawing_comes_in_colour_and_as_an_outline_with_its_names(drawings):
    assert drawings.colour.shape == (2186, 32, 32, 3) and drawings.outline.shape == (2186, 32, 32, 1)
    assert drawings.colour.dtype == drawings.outline.dtype == np.uint8
    assert {len(column) for column in drawings} == {2186}


def test_a_name_belongs_to_its_drawing(drawings):
    heart = drawings.colour[drawings.names.tolist().index("red heart")]
    red, green, blue = heart[16, 16]
    assert red > 180 > 100 > max(green, blue)
    assert drawings.chinese_names[drawings.names == "elephant"].tolist() == ["大象"]


def test_outline_and_colour_show_the_same_drawing(drawings):
    """Where the outline is black, the colour version is dark."""
    lines = drawings.outline[..., 0] < 60
    assert drawings.colour.mean(axis=-1)[lines].mean() < 60 < 128 < drawings.colour.mean()


def test_every_unicode_emoji_has_a_chinese_name(drawings):
    unicode = np.char.find(drawings.groups, "extras") < 0
    assert (drawings.chinese_names[unicode] != "").all() and unicode.sum() == 1644


def test_flags_and_parts_are_left_out(drawings):
    assert not {"flags", "component"} & set(drawings.groups)


def test_every_tenth_drawing_is_held_out(drawings):
    training, held_out = data.load_openmoji(data.CHECKOUT_DATA), data.load_openmoji(data.CHECKOUT_DATA, held_out=True)
    assert len(held_out.names) == 218 and len(training.names) == 1968
    assert held_out.names.tolist() == drawings.names[9::10].tolist()
    assert sorted([*training.names, *held_out.names]) == sorted(drawings.names)


def test_the_file_is_small_enough_to_ship():
    assert (data.CHECKOUT_DATA / "openmoji.npz").stat().st_size < 3e6
