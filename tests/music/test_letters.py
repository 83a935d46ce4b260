"""Melodies that a reader types."""

import pytest

from aigc_tf.music import melody_from_letters


def pitches(text):
    """The pitches of the quarter notes of a text."""
    return melody_from_letters(text).pitches[::4].tolist()


@pytest.mark.parametrize("text, numbers", [
    ("C4 B4 C5 C-1 G9", [60, 71, 72, 0, 127]), ("F#4 Bb3 E♭4 c♯4 bb3", [66, 58, 63, 61, 58]), ("F##4 Bbb4", [67, 69]),
])
def test_letters_signs_and_octaves(text, numbers):
    assert pitches(text) == numbers


@pytest.mark.parametrize("text, numbers", [
    ("C D B", [60, 62, 59]), ("B", [71]), ("C5 B C", [72, 71, 72]), ("C4 F# C", [60, 66, 72]), ("G3 R D", [55, -1, 50]),
])
def test_without_an_octave_the_nearest_note_is_meant(text, numbers):
    assert pitches(text) == numbers


def test_a_length_is_in_sixteenths_and_a_quarter_without():
    melody = melody_from_letters("C:2 D R:1 E:3")
    assert melody.pitches.tolist() == [60, 60, 62, 62, 62, 62, -1, 64, 64, 64]


def test_a_note_is_held_and_a_rest_is_not():
    assert melody_from_letters("C:2 C:3 R:2").holds.tolist() == [False, True, False, True, True, False, False]


def test_bars_are_for_the_eyes():
    assert pitches("|C D|E F|") == [60, 62, 64, 65]


def test_a_fermata():
    assert melody_from_letters("C:1 D4:2^ E:1").fermatas.tolist() == [False, True, True, False]


def test_kinds_of_numbers():
    assert [values.dtype.name for values in melody_from_letters("C R")] == ["int8", "bool", "bool"]


@pytest.mark.parametrize("text, said", [
    ("C D H", "Token 3 is no note: 'H'"), ("C4 | D4:", "Token 2 is no note: 'D4:'"), ("C44", "Token 1 is no note"),
    ("C D:0", "Token 2, 'D:0', lasts 0"), ("C:65", "lasts 65"), ("C R4", "Token 2 is no rest: 'R4'"),
    ("R^", "Token 1 is no rest"), ("G#9", "Token 1, 'G#9', is not a note that MIDI has"), ("Cb-1", "Token 1, 'Cb-1'"),
    ("", "needs a note"), ("R:4 |", "needs a note"), ("C-", "Token 1 is no note"),
])
def test_a_wrong_token_is_named(text, said):
    with pytest.raises(ValueError, match=said):
        melody_from_letters(text)
