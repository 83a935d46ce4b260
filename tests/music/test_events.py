"""Events: a chorale as tokens, and back; the clock; windows in many keys."""

import numpy as np
import pytest
import tensorflow as tf

from aigc_tf import data
from aigc_tf.core.voices import REST
from aigc_tf.music import chorale_windows, decode, encode, on_quarters
from aigc_tf.music.events import (
    BEFORE,
    CLOCK,
    CLOCK_SIZES,
    FARTHEST,
    HIGHEST,
    HOLD,
    LOWEST,
    SILENCE,
    START,
    TOKENS,
    as_events,
    chords_of,
    clock_of,
    shifts_of,
    transpose_events,
)

PITCHES = np.array([[60, 55, 52, 48], [60, 55, REST, 48], [62, 55, REST, 48], [62, 53, 50, 48]], np.int8)
HOLDS = np.array([[0, 0, 0, 0], [1, 0, 0, 1], [0, 1, 1, 1], [1, 0, 0, 1]], bool)


def chorale(pitches=PITCHES, holds=HOLDS, fermatas=None, **changes):
    fermatas = np.zeros(len(pitches), bool) if fermatas is None else np.asarray(fermatas, bool)
    about = {"name": "small", "title": "", "melody": 0, "tonic": 0, "mode": "major", "metre": "4/4", "pickup": 0,
             "sharps": 0}
    return data.Chorale(pitches, holds, fermatas, **{**about, **changes})


@pytest.fixture(scope="module")
def parts():
    return data.load_chorales()


def token(pitch):
    return 2 + pitch - LOWEST


def test_tokens_of_a_small_piece_by_hand():
    expected = [[token(60), token(55), token(52), token(48)], [HOLD, token(55), SILENCE, HOLD],
                [token(62), HOLD, HOLD, HOLD], [HOLD, token(53), token(50), HOLD]]
    np.testing.assert_array_equal(encode(chorale())[:, TOKENS], expected)


def test_before_is_what_sounded_a_sixteenth_ago():
    table = encode(chorale())
    np.testing.assert_array_equal(table[:, BEFORE][0], [START] * 4)
    np.testing.assert_array_equal(table[:, BEFORE][3], [token(62), token(55), SILENCE, token(48)])


def test_chords_are_what_sounds_now():
    table = encode(chorale())
    np.testing.assert_array_equal(chords_of(table)[:-1], table[1:, BEFORE])


def test_a_hold_after_another_pitch_begins_a_note():
    table = encode(chorale(holds=np.ones_like(HOLDS)))
    assert table[2, 0] == token(62) and (table[0, TOKENS] != HOLD).all()


def test_decoding_gives_every_chorale_back(parts):
    for piece in (piece for part in parts for piece in part):
        pitches, holds = decode(encode(piece)[:, TOKENS])
        np.testing.assert_array_equal(pitches, piece.pitches, err_msg=piece.name)
        np.testing.assert_array_equal(holds, piece.holds, err_msg=piece.name)


def test_what_is_held_at_the_beginning_is_a_rest():
    pitches, _ = decode([[HOLD, token(60), SILENCE, HOLD]])
    np.testing.assert_array_equal(pitches, [[REST, 60, REST, REST]])


def test_the_clock_counts_from_the_first_full_bar():
    piece = chorale(np.tile(PITCHES[:1], (12, 1)), np.ones((12, 4), bool), metre="3/4", pickup=4)
    np.testing.assert_array_equal(clock_of(piece)[:, 0], [0, 1, 2, 3] * 3)
    np.testing.assert_array_equal(clock_of(piece)[:, 1], [2] * 4 + [0] * 4 + [1] * 4)


def test_the_clock_counts_the_quarters_to_the_end_of_the_line():
    fermatas = np.arange(48) // 4 == 9
    piece = chorale(np.tile(PITCHES[:1], (48, 1)), np.ones((48, 4), bool), fermatas)
    away = [FARTHEST, FARTHEST, 7, 6, 5, 4, 3, 2, 1, 0, FARTHEST, FARTHEST]
    np.testing.assert_array_equal(clock_of(piece)[:, 2], np.repeat(away, 4))


def test_the_whole_of_a_long_fermata_is_the_end():
    piece = chorale(np.tile(PITCHES[:1], (16, 1)), np.ones((16, 4), bool), np.arange(16) >= 4)
    np.testing.assert_array_equal(clock_of(piece)[:, 2], [1] * 4 + [0] * 12)


def test_on_quarters_every_fourth_row_begins_anew(parts):
    piece = parts[0][0]
    table = encode(on_quarters(piece))
    np.testing.assert_array_equal(table[:, TOKENS], chords_of(encode(piece))[::4])
    assert (table[:, TOKENS] != HOLD).all() and (table[:, CLOCK.stop - 1] == FARTHEST).all()


def test_every_number_of_every_chorale_is_in_its_range(parts):
    for piece in (piece for part in parts for piece in part):
        as_events(encode(piece)[None])


def test_a_table_is_transposed_as_its_chorale(parts):
    piece = parts[0][0]
    for semitones in (-3, 2):
        moved = transpose_events(tf.constant(encode(piece)), semitones)
        np.testing.assert_array_equal(moved, encode(data.transposed(piece, semitones)))


def test_no_shift_takes_a_voice_out_of_the_range_of_all(parts):
    train = parts[0]
    shifts = shifts_of(train)
    assert (shifts[:, 0] <= 0).all() and (shifts[:, 1] >= 0).all()
    lows, highs = np.full(4, 127), np.zeros(4)
    for piece in train:
        sung = np.ma.masked_equal(piece.pitches, REST)
        lows, highs = np.minimum(lows, sung.min(axis=0)), np.maximum(highs, sung.max(axis=0))
    for piece, row in zip(train[::20], shifts[::20]):
        for semitones in row:
            sung = np.ma.masked_equal(piece.pitches, REST) + semitones
            assert (sung.min(axis=0) >= lows).all() and (sung.max(axis=0) <= highs).all()


def test_windows_are_pieces_of_the_chorales_in_their_keys(parts):
    train = parts[0][:3]
    windows = next(iter(chorale_windows(train, frames=96, batch_size=8, transpose=False, seed=0))).numpy()
    tables = [encode(piece) for piece in train]
    for window in windows:
        assert any((window == table[at:at + 96]).all() for table in tables for at in range(len(table) - 95))
    assert (windows[:, 0, CLOCK.start] == 0).all()  # on a quarter


def test_windows_in_other_keys_are_the_same_music(parts):
    piece = parts[0][0]
    windows = next(iter(chorale_windows([piece], frames=96, batch_size=32, seed=0))).numpy()
    (low, high), = shifts_of([piece])
    tables = [transpose_events(tf.constant(encode(piece)), shift).numpy() for shift in range(low, high + 1)]
    for window in windows:
        assert any((window == table[at:at + 96]).all() for table in tables for at in range(len(table) - 95))


def test_every_epoch_has_new_windows_and_a_seed_repeats_them(parts):
    def epochs(seed):
        windows = chorale_windows(parts[0][:3], batch_size=4, steps=2, seed=seed)
        return [np.stack([*windows.as_numpy_iterator()]) for _ in range(2)]

    (first, second), again = epochs(1), epochs(1)[0]
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(first, again)


def test_an_epoch_has_as_much_music_as_the_chorales(parts):
    sixteenths = sum(len(piece.pitches) for piece in parts[0])
    assert len(chorale_windows(parts[0], frames=96, batch_size=16)) == sixteenths // (96 * 16)


def test_a_pitch_without_a_token_is_an_error():
    for pitch in (LOWEST - 1, HIGHEST + 1):
        with pytest.raises(ValueError, match=f"36 to 81: transpose the piece.*with pitches from .*{pitch}|{pitch}"):
            encode(chorale(np.full((1, 4), pitch, np.int8), np.zeros((1, 4), bool)))


def test_another_metre_is_an_error():
    with pytest.raises(ValueError, match="metre must be one of 4/4, 3/4, 3/2. Received: '6/8'"):
        encode(chorale(metre="6/8"))


@pytest.mark.parametrize("events, received", [
    (np.zeros((2, 3, 10), int), r"int64 of shape \(2, 3, 10\)"), (np.zeros((3, 11), int), r"shape \(3, 11\)"),
    (np.zeros((2, 3, 11)), "float64"), (np.full((2, 3, 11), 60), "60"), (np.full((2, 3, 11), -1), "-1"),
])
def test_other_tables_are_an_error(events, received):
    with pytest.raises(ValueError, match=received):
        as_events(events)


def test_a_bad_table_stops_a_compiled_step():
    with pytest.raises(tf.errors.InvalidArgumentError, match="The columns of a table of events"):
        tf.function(as_events)(tf.fill([1, 2, 11], 60))


@pytest.mark.parametrize("options, received", [({"frames": 1000}, "none"), ({"batch_size": 0}, "batch_size=0"),
                                               ({"steps": 0}, "steps=0")])
def test_windows_that_cannot_be_are_an_error(parts, options, received):
    with pytest.raises(ValueError, match=f"Received: .*{received}"):
        chorale_windows(parts[0][:3], **options)


def test_the_clock_has_sizes_for_its_numbers():
    assert CLOCK_SIZES == (4, 6, 9) and CLOCK.stop - CLOCK.start == 3
