"""How notes are written: cuts and ties, names, accidentals, beams."""

import numpy as np
import pytest

from aigc_tf.music import melody_from_letters
from aigc_tf.music.notation import Name, Sign, find_accidentals, find_beams, find_signs, spell


def lengths(text, **bars):
    """The lengths of the signs of a melody, a list for each bar."""
    melody = melody_from_letters(text)
    return [[sign.length for sign in voices[0]] for voices in find_signs(*melody[:2], **bars)]


def signs_of(text, **bars):
    melody = melody_from_letters(text)
    return [sign for voices in find_signs(*melody[:2], **bars) for sign in voices[0]]


@pytest.mark.parametrize("text, written", [
    ("C:5", [4, 1]), ("C:7", [6, 1]), ("C:9", [8, 1]), ("C:10", [8, 2]), ("C:11", [8, 3]), ("C:14", [12, 2]),
    ("C:1", [1]), ("C:6", [6]), ("C:12", [12]), ("C:16", [16]),
])
def test_a_length_without_a_sign_is_cut(text, written):
    assert lengths(text) == [written]


@pytest.mark.parametrize("text, written", [
    ("C:3 D:5", [3, 1, 4]), ("C:1 D:5", [1, 3, 2]), ("C:2 D:10", [2, 2, 8]), ("C:2 D:4", [2, 4]),
])
def test_between_beats_the_first_part_goes_up_to_the_next_beat(text, written):
    assert lengths(text) == [written]


def test_beats_are_counted_from_the_pickup():
    assert lengths("C:2 D:5", pickup=2) == [[2], [4, 1]]


def test_notes_are_cut_at_the_bar_line():
    assert lengths("C:12 D:8 E:12") == [[12, 4], [4, 12]]


def test_bars_of_three_quarters_after_a_pickup():
    assert lengths("C:4 D:12 E:12", metre="3/4", pickup=4) == [[4], [12], [12]]


def test_rests_are_written():
    assert [(sign.pitch, sign.length) for sign in signs_of("R:2 C:2 R:5")] == [(-1, 2), (60, 2), (-1, 4), (-1, 1)]


def test_ties_join_the_parts_of_a_note():
    assert [(sign.tied_before, sign.tied_after) for sign in signs_of("C:12 D:20")] == [
        (False, False), (False, True), (True, False)]


def test_rests_have_no_ties():
    assert not any(sign.tied_before or sign.tied_after for sign in signs_of("R:5 C:4"))


def test_notes_of_one_pitch_that_are_struck_again_have_no_ties():
    assert not any(sign.tied_before or sign.tied_after for sign in signs_of("C C"))


def test_voices_stay_apart():
    pitches, holds = np.array([[72, 48]] * 4), np.array([[False, False], [True, True], [True, False], [True, True]])
    (soprano, bass), = find_signs(pitches, holds)
    assert [sign.length for sign in soprano] == [4] and [sign.length for sign in bass] == [2, 2]


# ---- names ----


@pytest.mark.parametrize("sharps, names", [
    (0, "C C# D D# E F F# G G# A Bb B"), (1, "C C# D D# E F F# G G# A A# B"), (-3, "C Db D Eb E F F# G Ab A Bb B"),
    (5, "B# C# D D# E E# F# G G# A A# B"),
])
def test_names_in_a_key(sharps, names):
    signs = {0: "", 1: "#", 2: "##", -1: "b"}
    written = [name.letter + signs[name.alteration] for name in (spell(pitch, sharps) for pitch in range(60, 72))]
    if sharps == 5:
        names = names.replace(" D ", " C## ").replace(" G ", " F## ")
    assert " ".join(written) == names


@pytest.mark.parametrize("pitch, sharps, name", [
    (60, 0, Name("C", 0, 4)), (60, 7, Name("B", 1, 3)), (59, -7, Name("C", -1, 4)), (71, -6, Name("C", -1, 5)),
    (69, 0, Name("A", 0, 4)),
])
def test_octaves_follow_the_letter(pitch, sharps, name):
    assert spell(pitch, sharps) == name


@pytest.mark.parametrize("sharps", [8, -8, 0.5])
def test_a_key_has_seven_sharps_or_flats_at_most(sharps):
    with pytest.raises(ValueError, match="Received"):
        spell(60, sharps)


# ---- accidentals ----


def accidentals(*pitches, sharps=0, **ties):
    """Which of the quarter notes of a bar get a sign."""
    signs = [Sign(0, 4 * place, 4, pitch) for place, pitch in enumerate(pitches)]
    found = find_accidentals(signs, sharps)
    return [sign in found for sign in signs]


def test_a_note_of_the_key_needs_no_sign():
    assert accidentals(65, 66, sharps=-1) == [False, True]


def test_a_sign_of_the_key_is_not_repeated():
    assert accidentals(66, 65, sharps=1) == [False, True]


@pytest.mark.parametrize("sharps, natural", [(2, 61), (-2, 63), (7, 71 - 11), (-7, 59)])
def test_the_signs_of_the_key_are_in_force(sharps, natural):
    assert accidentals(natural, sharps=sharps) == [False]


def test_a_sign_holds_until_it_is_taken_back():
    assert accidentals(66, 66, 65, 65) == [True, False, True, False]


def test_another_octave_needs_a_sign_of_its_own():
    assert accidentals(66, 78) == [True, True]


def test_voices_on_a_staff_share_their_signs():
    upper, lower = Sign(0, 4, 4, 66), Sign(1, 0, 4, 66)
    assert find_accidentals([upper, lower]) == {lower}


def test_a_tied_note_needs_no_sign_but_the_next_one_does():
    tied, after = Sign(0, 0, 4, 66, tied_before=True), Sign(0, 4, 4, 66)
    assert find_accidentals([tied, after]) == {after}


def test_rests_need_no_sign():
    assert accidentals(-1) == [False]


# ---- beams ----


def beams(text, **bars):
    """The beams of a melody in one bar, a list for each sign."""
    signs = signs_of(text, **bars)
    found = find_beams(signs, **bars)
    return [found.get(sign, []) for sign in signs]


def test_two_eighths_of_a_beat_are_joined():
    assert beams("C:2 D:2") == [["begin"], ["end"]]


def test_four_sixteenths_have_two_beams():
    assert beams("C:1 D:1 E:1 F:1") == [["begin"] * 2, ["continue"] * 2, ["continue"] * 2, ["end"] * 2]


@pytest.mark.parametrize("text, joined", [
    ("C:3 D:1", [["begin"], ["end", "backward hook"]]), ("C:1 D:3", [["begin", "forward hook"], ["end"]]),
    ("C:2 D:1 E:1", [["begin"], ["continue", "begin"], ["end", "end"]]),
    ("C:1 D:2 E:1", [["begin", "forward hook"], ["continue"], ["end", "backward hook"]]),
])
def test_second_beams_are_those_of_sixteenths(text, joined):
    assert beams(text) == joined


def test_beats_are_not_joined():
    assert beams("C:2 D:2 E:2 F:2") == [["begin"], ["end"]] * 2


@pytest.mark.parametrize("text", ["C:2 R:2", "C:2 D:4", "R:2 C:2 R:2 D:2", "C:4 D:4"])
def test_a_note_by_itself_has_a_flag(text):
    assert not any(beams(text))


def test_beams_are_counted_from_the_pickup():
    assert beams("C:2 D:2 E:2", pickup=2) == [[], ["begin"], ["end"]]


def test_three_eighths_are_joined_in_six_eighths():
    assert beams("C:2 D:2 E:2", metre="6/8") == [["begin"], ["continue"], ["end"]]
