"""The rules of a chorale, on chords whose faults are counted by hand. The columns are soprano, alto, tenor, bass."""

import numpy as np
import pytest

from aigc_tf.core.voices import Note
from aigc_tf.music import (
    Cadence,
    Parallel,
    find_cadences,
    find_chords,
    find_crossings,
    find_leaps,
    find_out_of_range,
    find_parallels,
    measure_pieces,
    measure_voice_leading,
    shuffled_voices,
)

REST = -1
C_MAJOR, F_MAJOR, G_SEVEN = (72, 67, 64, 48), (72, 69, 65, 53), (71, 65, 62, 55)


def piece(*chords, quarters=1):
    """(pitches, holds) of chords that last a quarter note each."""
    pitches = np.repeat(np.array(chords), 4 * quarters, axis=0)
    return pitches, np.tile(np.arange(len(pitches))[:, None] % (4 * quarters) > 0, (1, 4))


def parallels(*chords):
    return [(upper, lower, interval) for _, upper, lower, interval in find_parallels(np.array(chords))]


# ---- chords ----


def test_a_chord_begins_where_a_voice_changes():
    assert find_chords(np.array([C_MAJOR, C_MAJOR, F_MAJOR, F_MAJOR])).tolist() == [0, 2]


def test_notes_that_are_struck_again_make_no_new_chord():
    assert find_chords(piece(C_MAJOR, C_MAJOR)[0]).tolist() == [0]


def test_silence_is_no_chord():
    assert find_chords(np.array([[REST] * 4, C_MAJOR, [REST] * 4])).tolist() == [1]


def test_a_chorale_has_four_voices():
    with pytest.raises(ValueError, match=r"Received: \(2, 3\)"):
        find_chords(np.array([[60, 55, 48]] * 2))


# ---- parallels ----


def test_parallel_fifths_between_tenor_and_bass():
    assert parallels((76, 72, 55, 48), (74, 71, 57, 50)) == [(2, 3, 5)]


def test_parallel_octaves_between_soprano_and_bass():
    assert parallels((72, 67, 64, 48), (74, 65, 62, 50)) == [(0, 3, 8)]


def test_parallel_unisons_count_as_octaves():
    assert parallels((72, 60, 60, 48), (71, 62, 62, 48)) == [(1, 2, 8)]


def test_a_fifth_and_a_twelfth_are_parallel():
    assert parallels((76, 72, 62, 55), (77, 72, 60, 41)) == [(2, 3, 5)]


def test_each_pair_of_voices_counts_by_itself():
    found = parallels((72, 67, 60, 48), (74, 69, 62, 50))
    assert found == [(0, 2, 8), (0, 3, 8), (1, 2, 5), (1, 3, 5), (2, 3, 8)]


@pytest.mark.parametrize("chords", [
    pytest.param([(76, 72, 55, 48), (79, 72, 55, 48)], id="the two voices stay"),
    pytest.param([(76, 72, 55, 48), (76, 72, 57, 48)], id="one voice moves"),
    pytest.param([(76, 72, 55, 36), (76, 72, 50, 43)], id="contrary motion"),
    pytest.param([(76, 72, 54, 48), (77, 71, 57, 50)], id="a diminished fifth before"),
    pytest.param([(76, 72, 55, 48), (77, 71, 56, 50)], id="a diminished fifth after"),
    pytest.param([(76, 72, 53, 48), (77, 71, 55, 50)], id="fourths"),
    pytest.param([(76, 72, 55, 48), (76, 72, REST, REST), (77, 71, 57, 50)], id="a rest between"),
    pytest.param([(76, 72, 55, 48), (77, 71, 60, 50), (77, 71, 57, 50)], id="another chord between"),
])
def test_no_parallels(chords):
    assert parallels(*chords) == []


def test_a_fifth_between_crossed_voices_is_one_too():
    assert parallels((76, 72, 48, 55), (74, 71, 50, 57)) == [(2, 3, 5)]


def test_parallels_say_where_they_are_in_the_order_of_time():
    chords = [(76, 72, 55, 48), (74, 71, 57, 50), (74, 67, 59, 47)]
    assert find_parallels(piece(*chords, (72, 69, 60, 48))[0]) == [Parallel(4, 2, 3, 5), Parallel(12, 2, 3, 8)]


# ---- crossings, ranges, leaps ----


def test_a_voice_below_its_lower_neighbour_crosses_it():
    assert find_crossings(np.array([(72, 60, 64, 48)])) == [(0, 1, 2)]


@pytest.mark.parametrize("chord", [(72, 64, 64, 48), (72, REST, 64, 48), (72, 60, REST, 48)])
def test_neither_unisons_nor_rests_cross(chord):
    assert find_crossings(np.array([chord])) == []


def test_a_crossing_counts_once_for_each_chord():
    assert len(find_crossings(piece((72, 60, 64, 48), (72, 60, 64, 52))[0])) == 2


@pytest.mark.parametrize("voice, lowest, highest", [(0, 60, 81), (1, 55, 74), (2, 48, 69), (3, 40, 64)])
def test_range_of_each_voice(voice, lowest, highest):
    pitches = np.full((4, 4), REST)
    pitches[:, voice] = [lowest - 1, lowest, highest, highest + 1]
    found = find_out_of_range(pitches, np.zeros((4, 4), bool))
    assert found == [Note(voice, 0, 1, lowest - 1), Note(voice, 3, 4, highest + 1)]


@pytest.mark.parametrize("size, leaps", [(9, 0), (10, 1), (11, 1), (12, 0), (13, 1)])
def test_sevenths_and_more_than_an_octave_are_leaps(size, leaps):
    pitches = np.array([(72, 67, 62, 50), (72, 67, 62, 50 - size)])
    assert find_leaps(pitches) == [(1, 3)] * leaps


def test_a_rest_ends_a_leap():
    assert find_leaps(np.array([(72, 67, 62, 60), (72, 67, 62, REST), (72, 67, 62, 40)])) == []


# ---- cadences ----


def kinds(*chords, tonic=None):
    pitches, holds = piece(*chords)
    return [cadence.kind for cadence in find_cadences(pitches, holds, tonic=tonic)]


def test_dominant_and_tonic_are_authentic():
    assert kinds(G_SEVEN, C_MAJOR) == ["authentic"]


def test_a_minor_triad_has_the_same_dominant():
    assert kinds(G_SEVEN, (72, 67, 63, 48)) == ["authentic"]


def test_a_triad_after_another_chord_is_a_triad():
    assert kinds(F_MAJOR, C_MAJOR) == ["triad"]


def test_a_leading_note_alone_is_no_dominant():
    assert kinds((71, 65, 62, 50), C_MAJOR) == ["triad"]


def test_a_triad_on_the_dominant_is_a_half_cadence():
    assert kinds(C_MAJOR, (71, 67, 62, 55), tonic=0) == ["half"]


def test_a_minor_triad_on_the_dominant_is_no_half_cadence():
    assert kinds(C_MAJOR, (70, 67, 62, 55), tonic=0) == ["triad"]


def test_without_a_tonic_no_cadence_is_half():
    assert kinds(C_MAJOR, (71, 67, 62, 55)) == ["triad"]


@pytest.mark.parametrize("chord", [(72, 64, 60, 48), (72, 67, 60, 48), (76, 67, 60, REST)])
def test_third_or_fifth_may_be_missing_but_not_the_bass(chord):
    assert kinds(F_MAJOR, chord) == ["none" if REST in chord else "triad"]


@pytest.mark.parametrize("chord", [
    pytest.param((72, 67, 60, 52), id="first inversion"), pytest.param((72, 64, 60, 55), id="second inversion"),
    pytest.param((70, 67, 64, 48), id="seventh chord"), pytest.param((72, 66, 63, 48), id="diminished triad"),
    pytest.param((72, 60, 60, 48), id="octaves alone"),
])
def test_other_chords_end_no_phrase(chord):
    assert kinds(F_MAJOR, chord) == ["none"]


def test_the_last_chord_under_the_fermata_counts():
    pitches, holds = piece(G_SEVEN, (72, 67, 65, 48), C_MAJOR)
    holds[8, 0] = True  # one soprano note over a suspension and its resolution
    assert find_cadences(pitches, holds) == [Cadence(4, "authentic")]


def test_each_fermata_and_the_end_is_a_cadence():
    pitches, holds = piece(G_SEVEN, C_MAJOR, F_MAJOR, C_MAJOR)
    fermatas = np.arange(16) // 4 == 1
    assert find_cadences(pitches, holds, fermatas) == [Cadence(4, "authentic"), Cadence(12, "triad")]


def test_a_fermata_at_the_end_counts_once():
    pitches, holds = piece(G_SEVEN, C_MAJOR)
    assert len(find_cadences(pitches, holds, np.arange(8) > 3)) == 1


def test_nothing_goes_before_the_first_note():
    assert kinds(C_MAJOR) == ["triad"]


def test_fermatas_have_one_value_for_each_sixteenth():
    with pytest.raises(ValueError, match=r"each of 4 sixteenths. Received: shape \(3,\)"):
        find_cadences(*piece(C_MAJOR), np.zeros(3, bool))


# ---- numbers ----


def test_rates_are_for_100_chords():
    pitches, holds = piece((76, 72, 55, 48), (74, 71, 57, 50), (74, 71, 66, 50), (74, 71, 66, 39))
    assert measure_voice_leading(pitches, holds) == {
        "parallel_fifths": 25.0, "parallel_octaves": 0.0, "crossings": 0.0, "out_of_range": 25.0, "leaps": 25.0,
        "triads": 0.0, "authentic": 0.0}


def test_pieces_are_pooled_not_averaged():
    one, three = piece((72, 60, 64, 48)), piece(C_MAJOR, F_MAJOR, C_MAJOR)
    assert measure_pieces([(*one, None), (*three, None)])["crossings"] == 25.0


def test_what_stands_behind_the_fermatas_does_not_matter():
    pitches, holds = piece(G_SEVEN, C_MAJOR)
    assert measure_pieces([(pitches, holds, None, "a name", "a title")])["authentic"] == 1.0


@pytest.mark.parametrize("pieces, said", [
    ([], "0 pieces"), ([(np.full((4, 4), REST), np.zeros((4, 4), bool), None)], "1 pieces, 0 chords"),
])
def test_pieces_without_chords_have_no_rates(pieces, said):
    with pytest.raises(ValueError, match=said):
        measure_pieces(pieces)


# ---- the ceiling ----


@pytest.fixture
def long_piece():
    """Sixteen different chords, a quarter note each."""
    pitches, holds = piece(*(np.array(C_MAJOR) + step for step in range(16)))
    return pitches, holds, np.arange(64) > 59


def test_shuffled_voices_keep_soprano_and_fermatas(long_piece):
    (pitches, holds, fermatas), = shuffled_voices([long_piece])
    np.testing.assert_array_equal(pitches[:, 0], long_piece[0][:, 0])
    np.testing.assert_array_equal(holds[:, 0], long_piece[1][:, 0])
    np.testing.assert_array_equal(fermatas, long_piece[2])


def test_shuffled_voices_keep_each_voices_notes(long_piece):
    (pitches, holds, _), = shuffled_voices([long_piece])
    np.testing.assert_array_equal(np.sort(pitches, axis=0), np.sort(long_piece[0], axis=0))
    np.testing.assert_array_equal(holds, long_piece[1])


def test_every_lower_voice_moves(long_piece):
    for seed in range(20):
        (pitches, _, _), = shuffled_voices([long_piece], seed=seed)
        assert (pitches[:, 1:] != long_piece[0][:, 1:]).all()


def test_shuffled_voices_are_those_of_the_seed(long_piece):
    first, again, other = (shuffled_voices([long_piece], seed=seed)[0][0] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_nothing_can_be_moved_within_one_quarter():
    with pytest.raises(ValueError, match="Received: 4 sixteenths"):
        shuffled_voices([(*piece(C_MAJOR), None)])
