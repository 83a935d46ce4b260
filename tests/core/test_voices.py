"""Music on a grid of sixteenths: which notes a piece holds, and where its bars are."""

import numpy as np
import pytest

from aigc_tf.core.voices import Note, as_pitches, as_voices, bar_length, find_bars, find_notes, note_starts


def test_a_melody_becomes_one_voice():
    assert as_pitches([60, -1, 62]).tolist() == [[60], [-1], [62]]


@pytest.mark.parametrize("pitches, said", [
    (np.zeros((2, 2, 2), int), r"shape \(2, 2, 2\)"), ([], r"shape \(0,\)"), ([60.0], "float64"),
    ([128], "from 128 to 128"), ([-2], "from -2 to -2"),
])
def test_what_is_no_piece_is_refused(pitches, said):
    with pytest.raises(ValueError, match=said):
        as_pitches(pitches)


@pytest.mark.parametrize("holds, said", [([False], r"shape of pitches, \(2,\)"), ([0, 1], "int64")])
def test_holds_must_fit_pitches(holds, said):
    with pytest.raises(ValueError, match=said):
        as_voices([60, 60], holds)


def test_a_note_begins_where_nothing_holds_it():
    assert note_starts([60, 60, 60, -1], [False, True, False, False]).ravel().tolist() == [True, False, True, False]


def test_a_hold_of_another_pitch_begins_a_note():
    assert note_starts([60, 62], [False, True]).ravel().tolist() == [True, True]


def test_a_hold_at_the_beginning_begins_a_note():
    assert note_starts([60], [True]).ravel().tolist() == [True]


def test_a_hold_of_a_rest_is_no_note():
    assert note_starts([-1, -1], [False, True]).ravel().tolist() == [False, False]


def test_notes_end_at_the_next_one_at_a_rest_and_at_the_end():
    pitches = np.array([[60, 48], [60, -1], [62, 50]])
    holds = np.array([[False, False], [True, False], [False, False]])
    assert find_notes(pitches, holds) == [Note(0, 0, 2, 60), Note(0, 2, 3, 62), Note(1, 0, 1, 48), Note(1, 2, 3, 50)]


@pytest.mark.parametrize("metre, length", [("4/4", 16), ("3/4", 12), ("3/2", 24), ("6/8", 12)])
def test_length_of_a_bar(metre, length):
    assert bar_length(metre) == length


@pytest.mark.parametrize("metre", ["4", "0/4", "4/3", 4, "4/4 "])
def test_what_is_no_metre_is_refused(metre):
    with pytest.raises(ValueError, match="metre"):
        bar_length(metre)


def test_the_first_bar_is_the_pickup_and_the_last_one_what_remains():
    assert find_bars(30, "3/4", pickup=4) == [(0, 4), (4, 16), (16, 28), (28, 30)]


def test_a_piece_of_whole_bars_has_no_empty_one():
    assert find_bars(32) == [(0, 16), (16, 32)]


def test_a_piece_within_its_pickup_is_one_bar():
    assert find_bars(2, pickup=4) == [(0, 2)]


def test_a_pickup_is_shorter_than_a_bar():
    with pytest.raises(ValueError, match="Received: 16"):
        find_bars(32, pickup=16)
