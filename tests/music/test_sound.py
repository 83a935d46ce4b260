"""What a piece sounds like: pitch, length, no clicks, and a player that a notebook can store."""

import base64
import io
import re
import time
import wave

import numpy as np
import pytest

from aigc_tf.music import play, synthesize, write_wav
from aigc_tf.music.sound import frequency, longest_clip, wav_bytes

RATE, TEMPO = 16_000, 60  # at 60 quarters a minute a sixteenth has 4,000 samples
REST = -1


def melody(*pitches, sixteenths=4):
    """(pitches, holds) of notes that last a quarter note each."""
    pitches = np.repeat(pitches, sixteenths)
    return pitches, np.arange(len(pitches)) % sixteenths > 0


def sounding(*pitches, **options):
    return synthesize(*melody(*pitches), tempo=TEMPO, **options)


def strongest(samples, rate=RATE):
    """Hertz of the strongest frequency of a second of sound."""
    return np.abs(np.fft.rfft(samples[:rate])).argmax()


@pytest.mark.parametrize("pitch, hertz", [(69, 440.0), (57, 220.0), (60, 261.6256)])
def test_frequency_of_a_pitch(pitch, hertz):
    assert frequency(pitch) == pytest.approx(hertz, rel=1e-6)


def test_length_in_samples():
    samples = sounding(60, 62, 64)
    assert samples.shape == (3 * RATE,) and samples.dtype == np.float32


@pytest.mark.parametrize("pitch, hertz", [(69, 440), (45, 110)])
def test_a_note_has_its_pitch(pitch, hertz):
    assert strongest(sounding(pitch)) == hertz


def test_harmonics_are_multiples():
    spectrum = np.abs(np.fft.rfft(sounding(69)))
    assert all(spectrum[440 * number] > 20 * spectrum[440 * number + 220] for number in (1, 2, 3, 4))


def test_a_note_is_the_sum_of_its_harmonics():
    time = np.arange(2_000, 14_000) / RATE  # beyond the attack, before the release
    amplitudes, numbers = [1, 0.55, 0.3, 0.2, 0.1, 0.06], range(1, 7)
    expected = sum(amplitude * np.exp(-number * time / 2.5) * np.sin(2 * np.pi * 440 * number * (time + 1 / RATE))
                   for number, amplitude in zip(numbers, amplitudes))
    samples = sounding(69)[2_000:14_000]
    np.testing.assert_allclose(samples / samples[0], expected / expected[0], atol=1e-4 / abs(samples[0]))


def test_harmonics_above_half_the_sampling_rate_are_left_out():
    spectrum = np.abs(np.fft.rfft(sounding(96, sampling_rate=8_000)))  # 2,093 Hz: the second would come back as 3,814
    assert spectrum[3814] < 1e-3 * spectrum[2093]


def test_a_melody_goes_from_note_to_note():
    samples = sounding(69, 57)
    assert [strongest(samples), strongest(samples[RATE:])] == [440, 220]


def test_voices_sound_together():
    pitches = np.repeat([[69, 57]], 4, axis=0)
    spectrum = np.abs(np.fft.rfft(synthesize(pitches, np.arange(8).reshape(4, 2) > 1, tempo=TEMPO)))
    assert min(spectrum[220], spectrum[440]) > 0.3 * spectrum.max()


def test_the_loudest_sample_is_0_9():
    assert np.abs(sounding(60, 64)).max() == pytest.approx(0.9)


def test_rests_are_silent():
    assert not sounding(REST, REST).any()


def test_notes_come_and_go_softly():
    samples = np.abs(sounding(60, 60, REST, 72))
    for edge in (0, RATE, 2 * RATE, 3 * RATE, 4 * RATE - 1):  # where a note begins or ends
        assert samples[max(edge - 20, 0):edge + 20].max() < 0.02


def test_a_note_that_is_held_does_not_fade_in_between():
    samples = np.abs(sounding(60))
    assert samples[3900:4100].max() > 0.3


def test_a_note_decays():
    samples = np.abs(sounding(60))
    assert samples[12_000:14_000].max() < 0.8 * samples[1_000:3_000].max()


def test_a_minute_takes_less_than_seconds():
    pitches = np.tile(np.repeat([[72, 67, 64, 48]], 2, axis=0), (120, 1))
    began = time.perf_counter()
    synthesize(pitches, np.zeros(pitches.shape, bool), tempo=60)
    assert time.perf_counter() - began < 5  # half a second on an idle core


@pytest.mark.parametrize("tempo", [0, 19, 401])
def test_tempo_out_of_range(tempo):
    with pytest.raises(ValueError, match=f"Received: {tempo}"):
        synthesize(*melody(60), tempo=tempo)


# ---- files ----


def read(content):
    with wave.open(io.BytesIO(content)) as file:
        return file.getparams()[:4], file.readframes(file.getnframes())


def test_a_wav_file_of_two_bytes_a_sample():
    facts, frames = read(wav_bytes(np.array([0.0, 1.0, -1.0]), sampling_rate=8_000))
    assert facts == (1, 2, 8_000, 3) and np.frombuffer(frames, "<i2").tolist() == [0, 32767, -32767]


def test_a_wav_file_of_one_byte_a_sample():
    facts, frames = read(wav_bytes(np.array([0.0, 1.0, -1.0]), bytes_per_sample=1))
    assert facts == (1, 1, RATE, 3) and list(frames) == [128, 255, 1]


def test_a_wav_file_is_written(tmp_path):
    write_wav(tmp_path / "new" / "piece.wav", np.zeros(5))
    assert read((tmp_path / "new" / "piece.wav").read_bytes())[0] == (1, 2, RATE, 5)


@pytest.mark.parametrize("samples, said", [
    (np.zeros((2, 2)), r"shape \(2, 2\)"), (np.zeros(0), r"shape \(0,\)"), (np.array([2.0]), "from 2 to 2"),
    (np.array([np.nan]), "nan"),
])
def test_other_samples_are_refused(samples, said):
    with pytest.raises(ValueError, match=said):
        wav_bytes(samples)


def test_a_sample_has_one_byte_or_two():
    with pytest.raises(ValueError, match="Received: 3"):
        wav_bytes(np.zeros(2), bytes_per_sample=3)


# ---- the player ----


def played(seconds):
    """(HTML, facts of the file in it) of the player of a piece that lasts so long at 60 quarters a minute."""
    html = play(*melody(*[60] * seconds), tempo=TEMPO)._repr_html_()
    return html, read(base64.b64decode(re.search(r"base64,([^\"]*)", html)[1]))[0]


@pytest.mark.parametrize("seconds, quality", [(6, (2, 16_000)), (13, (1, 16_000)), (20, (1, 11_025)), (28, (1, 8_000))])
def test_a_longer_piece_gets_fewer_samples(seconds, quality):
    assert played(seconds)[1][1:3] == quality


@pytest.mark.parametrize("seconds", [7, 14, 20, 28])
def test_a_player_takes_at_most_300_kilobytes(seconds):
    assert len(played(seconds)[0]) < 300_000


def test_the_longest_clip():
    assert int(longest_clip()) == 28


def test_a_piece_that_is_too_long_says_what_fits():
    with pytest.raises(ValueError, match=r"Received: 30 seconds.*pitches\[:112\]"):
        play(*melody(*[60] * 30), tempo=TEMPO)
