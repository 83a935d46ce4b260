"""MIDI files, read back with mido and with our own reader."""

import sys

import numpy as np
import pytest

from aigc_tf.music import melody_from_letters, read_midi, write_midi

mido = pytest.importorskip("mido", reason="the package mido is not installed")

CHORALE = np.repeat([(72, 67, 64, 48), (71, 67, 62, 55), (72, 67, 64, 48)], 4, axis=0)
HOLDS = np.tile(np.arange(12)[:, None] % 4 > 0, (1, 4))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "piece.mid"


def write(path, *tracks, ticks=480):
    """A MIDI file of tracks, lists of (kind, note, ticks since the event before), and a channel if it is not 0."""
    file = mido.MidiFile(ticks_per_beat=ticks)
    for events in tracks:
        file.tracks.append(mido.MidiTrack(
            mido.Message(kind, note=note, time=wait, channel=channel[0] if channel else 0, velocity=64)
            for kind, note, wait, *channel in events))
    file.save(path)


ON, OFF = "note_on", "note_off"
NOTE = [(ON, 60, 0), (OFF, 60, 480)]  # a quarter note C4


# ---- writing ----


def test_a_note_lasts_its_sixteenths(path):
    write_midi(path, *melody_from_letters("R:2 C4:6")[:2])
    events = [message for message in mido.MidiFile(path).tracks[1] if message.type in (ON, OFF)]
    assert [(event.type, event.note, event.time) for event in events] == [(ON, 60, 240), (OFF, 60, 720)]


def test_each_voice_has_a_track_and_a_channel(path):
    write_midi(path, CHORALE, HOLDS)
    tracks = mido.MidiFile(path).tracks[1:]
    assert [track.name for track in tracks] == ["soprano", "alto", "tenor", "bass"]
    assert [{event.channel for event in track if event.type == ON} for track in tracks] == [{0}, {1}, {2}, {3}]


def test_a_file_lasts_as_long_as_its_tempo_says(path):
    write_midi(path, CHORALE, HOLDS, tempo=90)
    assert mido.MidiFile(path).length == pytest.approx(2.0, rel=1e-4)  # three quarters at 90 a minute


def test_nothing_half_written_is_left(path):
    write_midi(path, CHORALE, HOLDS)
    assert [file.name for file in path.parent.iterdir()] == ["piece.mid"]


def test_a_file_takes_nine_voices(path):
    with pytest.raises(ValueError, match="Received: 10"):
        write_midi(path, np.full((4, 10), 60), np.zeros((4, 10), bool))


def test_tempo_out_of_range(path):
    with pytest.raises(ValueError, match="tempo"):
        write_midi(path, CHORALE, HOLDS, tempo=0)


# ---- there and back ----


def test_four_voices_come_back(path):
    write_midi(path, CHORALE, HOLDS)
    pitches, holds = read_midi(path)
    np.testing.assert_array_equal(pitches, CHORALE)
    np.testing.assert_array_equal(holds, HOLDS)
    assert (pitches.dtype, holds.dtype) == (np.int8, bool)


def test_a_melody_comes_back_flat(path):
    melody = melody_from_letters("C4:2 C:1 R:1 E:8")
    write_midi(path, melody.pitches, melody.holds)
    pitches, holds = read_midi(path)
    np.testing.assert_array_equal(pitches, melody.pitches)
    np.testing.assert_array_equal(holds, melody.holds)


# ---- reading what others wrote ----


def test_other_ticks_of_a_quarter(path):
    write(path, [(ON, 60, 0), (OFF, 60, 96)], ticks=96)
    assert read_midi(path)[0].tolist() == [60] * 4


def test_a_stroke_without_velocity_ends_a_note(path):
    file = mido.MidiFile(ticks_per_beat=480)
    file.tracks.append(mido.MidiTrack([mido.Message(ON, note=60, velocity=64),
                                       mido.Message(ON, note=60, velocity=0, time=240),
                                       mido.Message(ON, note=62, velocity=64),
                                       mido.Message(ON, note=62, velocity=0, time=240)]))
    file.save(path)
    assert read_midi(path)[0].tolist() == [60, 60, 62, 62]


def test_four_channels_of_one_track_are_four_voices(path):
    write(path, [(ON, 60 - 4 * n, 0, n) for n in range(4)] + [(OFF, 60 - 4 * n, 120 * (n == 0), n) for n in range(4)])
    assert read_midi(path)[0].tolist() == [[60, 56, 52, 48]]


def test_drums_are_no_voice(path):
    write(path, NOTE, [(ON, 35, 0, 9), (OFF, 35, 480, 9)])
    assert read_midi(path)[0].shape == (4,)


def test_a_note_that_nothing_ends_lasts_until_the_end_of_its_track(path):
    file = mido.MidiFile(ticks_per_beat=480)
    file.tracks.append(mido.MidiTrack([mido.Message(ON, note=60), mido.MetaMessage("end_of_track", time=240)]))
    file.save(path)
    assert read_midi(path)[0].tolist() == [60, 60]


def test_notes_off_the_grid_are_moved_with_a_warning(path):
    write(path, [(ON, 60, 40), (OFF, 60, 440), (ON, 62, 0), (OFF, 62, 480)])
    with pytest.warns(UserWarning, match="1 of 2 notes .* up to 0.33 of one; 0 were"):
        pitches, holds = read_midi(path)
    assert pitches.tolist() == [60] * 4 + [62] * 4


def test_a_note_that_ends_a_little_early_is_no_matter(path, recwarn):
    write(path, [(ON, 60, 0), (OFF, 60, 455), (ON, 62, 25), (OFF, 62, 455)])
    assert read_midi(path)[0].tolist() == [60] * 4 + [62] * 4 and not recwarn.list


def test_a_note_that_is_too_short_is_left_out_with_a_warning(path):
    write(path, [(ON, 62, 0), (OFF, 62, 30), (ON, 60, 0), (OFF, 60, 450)])
    with pytest.warns(UserWarning, match="1 were too short"):
        assert read_midi(path)[0].tolist() == [60] * 4


# ---- errors ----


def test_a_missing_file(path):
    with pytest.raises(FileNotFoundError):
        read_midi(path)


@pytest.mark.parametrize("content", [b"", b"no MIDI", b"MThd\0\0\0\6\0\1\0\1\1\xe0", b"RIFF" + bytes(40)])
def test_bytes_that_are_no_midi(path, content):
    path.write_bytes(content)
    with pytest.raises(ValueError, match="no MIDI file"):
        read_midi(path)


def test_time_in_frames_of_a_film(path):
    write(path, NOTE)
    content = path.read_bytes()
    path.write_bytes(content[:12] + b"\xe7\x28" + content[14:])
    with pytest.raises(ValueError, match="frames of a film"):
        read_midi(path)


@pytest.mark.parametrize("voices, said", [(0, "Received: no voices"), (2, "Received: 2 voices"), (5, "Received: 5")])
def test_another_number_of_voices(path, voices, said):
    write(path, *[NOTE] * voices)
    with pytest.raises(ValueError, match=said):
        read_midi(path)


def test_two_notes_at_a_time(path):
    write(path, [*NOTE, (ON, 62, 0), (ON, 65, 240), (OFF, 62, 240), (OFF, 65, 0)])
    with pytest.raises(ValueError, match="two notes at a time in voice 1, 62 and 65, at quarter 1.5"):
        read_midi(path)


@pytest.mark.parametrize("pitch", [35, 85])
def test_a_note_out_of_range(path, pitch):
    write(path, [*NOTE, (ON, pitch, 0), (OFF, pitch, 480)])
    with pytest.raises(ValueError, match=f"from 36 to 84 .* Received: {pitch} at quarter 1"):
        read_midi(path)


def test_a_file_that_lasts_too_long(path):
    write(path, [(ON, 60, 480 * 2500), (OFF, 60, 480)])
    with pytest.raises(ValueError, match="Received: 10004"):
        read_midi(path)


def test_only_notes_too_short(path):
    write(path, [(ON, 60, 0), (OFF, 60, 1)])
    with pytest.warns(UserWarning), pytest.raises(ValueError, match="no note of at least half a sixteenth"):
        read_midi(path)


def test_without_mido_an_error_says_what_to_install(path, monkeypatch):
    monkeypatch.setitem(sys.modules, "mido", None)
    with pytest.raises(ImportError, match="pip install mido"):
        write_midi(path, CHORALE, HOLDS)
