"""What a piece sounds like: a small organ of NumPy, WAV files, and a player for notebooks."""

import io
import wave

import numpy as np

from aigc_tf.core.files import write_file
from aigc_tf.core.voices import QUARTER, REST, as_voices, note_starts

TEMPO = 84  # quarter notes a minute
SAMPLING_RATE = 16_000  # samples a second
HARMONICS = np.array([1, 0.55, 0.3, 0.2, 0.1, 0.06])  # amplitudes of 1, 2, 3, … times a note's frequency
ATTACK, RELEASE = 0.02, 0.06  # seconds in which a note comes and goes: any faster, and it clicks
DECAY = 2.5  # seconds in which a fundamental falls to 1/e; the k-th harmonic falls k times as fast
PEAK = 0.9  # of the loudest sample, of 1
LARGEST = 300_000  # bytes of HTML of a player: a notebook stores it
QUALITIES = ((16_000, 2), (16_000, 1), (11_025, 1), (8_000, 1))  # samples a second and bytes a sample, best first
AROUND = 500  # bytes of HTML and of a file's head around the samples


def frequency(pitches):
    """Hertz of MIDI numbers: 440 · 2^((pitch − 69) / 12), equal temperament."""
    return 440.0 * 2.0 ** ((np.asarray(pitches) - 69) / 12)


def synthesize(pitches, holds, *, tempo=TEMPO, sampling_rate=SAMPLING_RATE):
    """The sound of a piece: each note is a sum of harmonics that swell, decay and fade before the next one begins.

    Args:
        pitches, holds: (T, voices), or (T,) for a melody.
        tempo: quarter notes a minute, above 0.
        sampling_rate: samples a second.

    Returns:
        float32 (samples,) in [−0.9, 0.9]; silent if there are rests only.

    Raises:
        ValueError: for a tempo out of range, or arrays that are no piece.
    """
    pitches, holds = as_voices(pitches, holds)
    check_tempo(tempo)
    length = round(60 * sampling_rate / (tempo * QUARTER))  # samples of a sixteenth
    starts = note_starts(pitches, holds)
    sound = sum(_sing(*voice, length, sampling_rate) for voice in zip(pitches.T, starts.T))
    loudest = np.abs(sound).max()
    return np.float32(sound * PEAK / loudest if loudest else sound)


def _sing(pitches, starts, length, sampling_rate):
    """One voice (T · length,) from its pitches and where notes begin, both (T,): sin(kθ) of all harmonics k, weighted.

    sin(kθ) = 2 cos θ sin((k − 1)θ) − sin((k − 2)θ), so one sine and one cosine are enough for all of them.
    """
    since, until = _distances(pitches, starts)
    inside = np.arange(length)
    since = ((since * length)[:, None] + inside).ravel() / sampling_rate  # seconds since the note began
    until = ((until * length)[:, None] - inside).ravel() / sampling_rate  # seconds until it ends
    sounding = np.repeat(pitches != REST, length)
    hertz = np.repeat(np.where(pitches == REST, 0, frequency(pitches)), length)
    phase = 2 * np.pi * np.cumsum(hertz) / sampling_rate
    envelope = sounding * _rise(since / ATTACK) * _rise(until / RELEASE)
    decay, twice_cosine = np.exp(-since / DECAY), 2 * np.cos(phase)
    sound, fade, before, now = np.zeros_like(phase), np.ones_like(phase), np.zeros_like(phase), np.sin(phase)
    for number, amplitude in enumerate(HARMONICS, start=1):
        fade = fade * decay
        audible = number * hertz < sampling_rate / 2  # higher ones would come back as wrong notes
        sound += amplitude * audible * fade * now
        before, now = now, twice_cosine * now - before
    return envelope * sound


def _distances(pitches, starts):
    """For each sixteenth how many lie between it and the beginning of its note, and how many until the note's end."""
    time = np.arange(len(pitches))
    edges = starts | (pitches == REST)
    edges[0] = True
    began = np.maximum.accumulate(np.where(edges, time, 0))
    ends = np.append(np.flatnonzero(edges), len(pitches))
    return time - began, ends[np.searchsorted(ends, time, side="right")] - time


def _rise(share):
    """A smooth way from 0 to 1: (1 − cos(π share)) / 2, and 1 from there on."""
    return (1 - np.cos(np.pi * np.minimum(share, 1))) / 2


def wav_bytes(samples, *, sampling_rate=SAMPLING_RATE, bytes_per_sample=2):
    """Samples (N,) in [−1, 1] as the bytes of a WAV file with one channel, of one byte (unsigned) or two a sample.

    Raises:
        ValueError: for other shapes, samples that are not in [−1, 1], or other sizes.
    """
    samples = np.asarray(samples)
    if samples.ndim != 1 or not samples.size:
        raise ValueError(f"samples must have shape (N,), N > 0. Received: shape {samples.shape}")
    if not np.all(np.abs(samples) <= 1):
        raise ValueError("samples must be in [−1, 1]: divide them by the largest. "
                         f"Received: numbers from {samples.min():g} to {samples.max():g}")
    if bytes_per_sample not in (1, 2):
        raise ValueError(f"A sample has 1 or 2 bytes. Received: {bytes_per_sample}")
    zero, scale, kind = (0, 32767, "<i2") if bytes_per_sample == 2 else (128, 127, "u1")
    content = np.round(zero + scale * samples).astype(kind)
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(bytes_per_sample)
        sound.setframerate(sampling_rate)
        sound.writeframes(content.tobytes())
    return file.getvalue()


def write_wav(path, samples, *, sampling_rate=SAMPLING_RATE):
    """Write samples (N,) in [−1, 1] as a WAV file of 16 bits: whole or not at all."""
    write_file(path, wav_bytes(samples, sampling_rate=sampling_rate))


def longest_clip():
    """Seconds that `play` can put into a notebook."""
    return _capacity(*QUALITIES[-1])


def _capacity(sampling_rate, bytes_per_sample):
    return (LARGEST - AROUND) * 3 / 4 / (sampling_rate * bytes_per_sample)  # base64 makes 4 letters of 3 bytes


def play(pitches, holds, *, tempo=TEMPO):
    """A player for a notebook, with the sound inside: at most 300 kB, whatever the length.

    The longer the piece, the fewer samples: 16 bits at 16 kHz up to 7 seconds, then 8 bits, from 14 seconds at 11 kHz,
    from 20 seconds at 8 kHz, up to 28 seconds: ten bars of 4/4 at 84 quarters a minute. `write_wav` keeps more.

    Args:
        pitches, holds: (T, voices), or (T,) for a melody.
        tempo: quarter notes a minute, above 0.

    Returns:
        An IPython.display.Audio.

    Raises:
        ValueError: for a piece that lasts longer.
    """
    from IPython.display import Audio  # no part of the package itself needs it

    pitches, holds = as_voices(pitches, holds)
    check_tempo(tempo)
    seconds = len(pitches) * 60 / (tempo * QUARTER)
    fitting = [quality for quality in QUALITIES if seconds <= _capacity(*quality)]
    if not fitting:
        most = int(longest_clip() * tempo * QUARTER / 60)
        raise ValueError(f"A player holds {longest_clip():.0f} seconds. Received: {seconds:.0f} seconds. Play a part, "
                         f"pitches[:{most}] and holds[:{most}], or write a file: write_wav(path, synthesize(…))")
    sampling_rate, bytes_per_sample = fitting[0]
    samples = synthesize(pitches, holds, tempo=tempo, sampling_rate=sampling_rate)
    return Audio(wav_bytes(samples, sampling_rate=sampling_rate, bytes_per_sample=bytes_per_sample))


def check_tempo(tempo):
    """Raises ValueError for a tempo that no music has."""
    if not 20 <= tempo <= 400:
        raise ValueError(f"tempo must be from 20 to 400 quarter notes a minute. Received: {tempo}")
