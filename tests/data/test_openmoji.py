"""OpenMoji: pairs of colour and outline, with names, split so that no held-out drawing, or concept, is trained on."""

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


@pytest.mark.parametrize("name, size", [("openmoji.npz", 3e6), ("openmoji64.npz", 5e6)])
def test_the_files_are_small_enough_to_ship(name, size):
    assert (data.CHECKOUT_DATA / name).stat().st_size < size


# ---- concepts -------------------------------------------------------------------------------------------------------


def outline(*black):
    """A drawing of 4 × 4 pixels of which the numbered ones are black."""
    return np.where(np.isin(np.arange(16), black), 0, 255).astype("uint8").reshape(4, 4, 1)


def found(*drawings):
    """The concepts of (name, outline)s."""
    names, outlines = zip(*drawings)
    return data.concepts(np.array(names), np.stack(outlines)).tolist()


@pytest.mark.parametrize("names", [
    ("pilot", "man pilot", "woman pilot"),
    ("red heart", "light blue heart"),
    ("person running", "person running facing right", "Man Running: facing right"),
    ("santa", "santa’s"),
])
def test_names_that_differ_in_gender_age_direction_or_colour_are_one_concept(names):
    assert set(found(*((name, outline(number)) for number, name in enumerate(names)))) == {0}


def test_names_of_nothing_but_such_words_are_kept_whole():
    assert found(("old woman", outline(0)), ("older person", outline(1)), ("old woman", outline(2))) == [0, 1, 0]


def test_drawings_of_nearly_equal_outlines_are_one_concept_whatever_their_names():
    """Cosines: 10 black pixels of 11 are √(10 / 11) = 0.953, 9 of 10 are √(9 / 10) = 0.949."""
    assert found(("moon", outline(*range(11))), ("eye", outline(*range(10)))) == [0, 0]
    assert found(("moon", outline(*range(10))), ("eye", outline(*range(9)))) == [0, 1]


def test_a_tie_to_one_drawing_of_a_concept_is_a_tie_to_all_and_numbers_follow_the_order():
    """The ball is named like the last drawing, and the sun is drawn like it."""
    drawings = [("cat", outline(0)), ("red ball", outline(1)), ("sun", outline(2)), ("tree", outline(3)),
                ("blue ball", outline(2))]
    assert found(*drawings) == [0, 1, 1, 2, 1]


def test_empty_drawings_are_not_alike():
    assert found(("space", outline()), ("blank", outline())) == [0, 1]


@pytest.fixture(scope="module")
def concepts(drawings):
    return data.concepts(drawings.names, drawings.outline)


@pytest.fixture(scope="module")
def parts():
    return data.load_openmoji_by_concept(data.CHECKOUT_DATA)


def test_clock_faces_are_one_concept_and_families_another(drawings, concepts):
    for words, count in [(("o’clock", "-thirty"), 24), (("family",), 30)]:
        these = np.any([np.char.find(drawings.names, word) >= 0 for word in words], axis=0)
        assert these.sum() == count and len(set(concepts[these])) == 1


def test_the_parts_are_disjoint_and_complete(drawings, parts):
    assert [len(part.names) for part in parts] == [1560, 197, 429]
    assert {len(column) for column in parts[2]} == {429}
    assert sorted(name for part in parts for name in part.names) == sorted(drawings.names)


def test_no_concept_is_in_two_parts(drawings, concepts, parts):
    assert concepts.max() + 1 == 1661
    of_name = dict(zip(drawings.names.tolist(), concepts.tolist()))  # ten names are there twice, in one concept
    train, validation, test = ({of_name[name] for name in part.names.tolist()} for part in parts)
    assert {number % 10 for number in test} == {4, 9} and {number % 10 for number in validation} == {7}
    assert not train & (validation | test)


def test_every_tenth_drawing_shares_its_concept_with_training(concepts):
    """The split of `load_openmoji`: 69 of its 218 held-out drawings are variants of what is trained on."""
    held_out, training = concepts[9::10], np.delete(concepts, np.s_[9::10])
    assert np.isin(held_out, training).sum() == 69 and len(set(held_out) & set(training)) == 58


def test_at_64_pixels_the_same_drawings_are_finer(parts):
    for small, large in zip(parts, data.load_openmoji_by_concept(data.CHECKOUT_DATA, size=64)):
        assert large.colour.shape == (len(small.names), 64, 64, 3) and large.colour.dtype == np.uint8
        assert all(np.array_equal(a, b) for a, b in zip(small[1:], large[1:]))  # all but `colour`
        halved = large.colour.reshape(-1, 32, 2, 32, 2, 3).mean(axis=(2, 4))
        assert np.abs(halved - small.colour).mean(axis=(1, 2, 3)).max() < 15  # of 255; the barcode is farthest


@pytest.mark.parametrize("size", [16, 128, None])
def test_other_sizes_are_refused(size):
    with pytest.raises(ValueError, match=f"32 or 64 pixels wide. Received: size={size}"):
        data.load_openmoji_by_concept(data.CHECKOUT_DATA, size=size)
