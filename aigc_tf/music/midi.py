"""MIDI files: what every music program reads and writes."""

import io
import math
import warnings

import numpy as np

from aigc_tf.core.files import write_file
from aigc_tf.core.voices import QUARTER, REST, Note, as_voices, find_notes
from aigc_tf.music.harmony import VOICES
from aigc_tf.music.sound import TEMPO, check_tempo

TICKS = 480  # of a quarter note, in the files that we write
ORGAN, LOUDNESS = 19, 80  # General MIDI's church organ, and how hard a key is struck, of 127
DRUMS = 9  # the channel whose notes are no pitches
LOWEST, HIGHEST = 36, 84  # C2 to C6: no chorale of Bach goes beyond
LONGEST = 10_000  # sixteenths: half an hour
TOLERANCE = 0.1  # of a sixteenth: a note so near to the grid counts as on it


def mido_package():
    """The package mido, imported when it is needed.

    Raises:
        ImportError: without it, says how to get it.
    """
    try:
        import mido
    except ImportError as error:
        raise ImportError("MIDI files need the package mido: run `pip install mido`") from error
    return mido


# ---- writing ----


def write_midi(path, pitches, holds, *, tempo=TEMPO):
    """Write a piece as a MIDI file, a track and a channel for each voice: whole or not at all.

    Args:
        path: of the file; its folder is made.
        pitches, holds: (T, voices) with at most 9 voices, or (T,) for a melody.
        tempo: quarter notes a minute, from 20 to 400.

    Raises:
        ValueError: for another tempo, more voices, or arrays that are no piece.
        ImportError: without the package mido.
    """
    mido = mido_package()
    pitches, holds = as_voices(pitches, holds)
    check_tempo(tempo)
    voices = pitches.shape[1]
    if voices > DRUMS:
        raise ValueError(f"A MIDI file takes at most {DRUMS} voices here. Received: {voices}")
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS)
    file.tracks.append(mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(tempo))]))
    notes = find_notes(pitches, holds)
    for voice, name in enumerate(VOICES if voices == len(VOICES) else [f"voice {n + 1}" for n in range(voices)]):
        file.tracks.append(_track(mido, name, [note for note in notes if note.voice == voice]))
    content = io.BytesIO()
    file.save(file=content)
    write_file(path, content.getvalue())


def _track(mido, name, notes):
    """A track of the notes of one voice, on the channel of its number."""
    track = mido.MidiTrack([mido.MetaMessage("track_name", name=name)])
    if notes:
        track.append(mido.Message("program_change", channel=notes[0].voice, program=ORGAN))
    now = 0
    for note in notes:
        for kind, time in (("note_on", note.start), ("note_off", note.end)):
            wait = (time - now) * TICKS // QUARTER
            track.append(mido.Message(kind, channel=note.voice, note=note.pitch, velocity=LOUDNESS, time=wait))
            now = time
    return track


# ---- reading ----


def read_midi(path, *, lowest=LOWEST, highest=HIGHEST):
    """The melody or the four voices of a MIDI file, on the grid of sixteenths.

    A voice is what a track plays on a channel, drums excepted, in the order of the file: the soprano comes first. Notes
    off the grid go to the nearest sixteenth, and a warning says how many and how far; one so short that nothing remains
    of it is left out. The piece ends with its last note.

    Args:
        path: of the file.
        lowest, highest: MIDI numbers that are accepted.

    Returns:
        int8 pitches and bool holds: (T,) each for one voice, (T, 4) each for four.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no MIDI file, has no notes or other than 1 or 4 voices, two notes at a time in a voice,
            notes out of range, or is too long.
        ImportError: without the package mido.
    """
    file = _open(path)
    parts = _parts(file)
    if len(parts) not in (1, len(VOICES)):
        raise ValueError(f"{path} must hold one voice, a melody, or four, each on a track or channel of its own. "
                         f"Received: {len(parts) or 'no'} voices with notes. Change it in a music program")
    notes = _on_grid(parts, file.ticks_per_beat / QUARTER)
    _check(notes, path, lowest, highest)
    pitches = np.full((max(note.end for note in notes), len(parts)), REST, np.int8)
    holds = np.zeros(pitches.shape, bool)
    for voice, start, end, pitch in notes:
        pitches[start:end, voice] = pitch
        holds[start + 1:end, voice] = True
    return (pitches[:, 0], holds[:, 0]) if len(parts) == 1 else (pitches, holds)


def _open(path):
    """A MIDI file as mido reads it, with times in ticks of a quarter note."""
    mido = mido_package()
    try:
        file = mido.MidiFile(path)
    except FileNotFoundError:
        raise
    except Exception as error:  # mido's are of many kinds for bytes that are no MIDI
        raise ValueError(f"{path} is no MIDI file that can be read ({type(error).__name__}: {error}). "
                         "Export it again, as a standard MIDI file (.mid)") from error
    if not 0 < file.ticks_per_beat < 0x8000:  # above, the unit is a film's frame
        raise ValueError(f"{path} counts time in frames of a film. Export it again, with ticks in a quarter note")
    return file


def _parts(file):
    """The notes of each track and channel that has some: lists of (first tick, last tick, pitch)."""
    parts = {}
    for number, track in enumerate(file.tracks):
        now, sounding = 0, {}
        for message in track:
            now += message.time
            if message.type not in ("note_on", "note_off") or message.channel == DRUMS:
                continue
            notes, key = parts.setdefault((number, message.channel), []), (message.channel, message.note)
            if key in sounding:  # struck again, or released
                notes.append((sounding.pop(key), now, message.note))
            if message.type == "note_on" and message.velocity:  # without velocity it is an end
                sounding[key] = now
        for (channel, pitch), start in sounding.items():  # which nothing ends
            parts[number, channel].append((start, now, pitch))
    return [sorted(notes) for notes in parts.values() if notes]


def _on_grid(parts, ticks):
    """Notes on the nearest sixteenths, of `ticks` each; warns if notes had to be moved or left out."""
    notes, distances = [], []
    for voice, part in enumerate(parts):
        for start, end, pitch in part:
            note = Note(voice, math.floor(start / ticks + 0.5), math.floor(end / ticks + 0.5), pitch)
            distances.append(abs(start / ticks - note.start))
            notes += [note] if note.end > note.start else []
    moved, lost = sum(distance > TOLERANCE for distance in distances), len(distances) - len(notes)
    if moved or lost:
        warnings.warn(f"{moved} of {len(distances)} notes began off the grid of sixteenths and were moved, by up to "
                      f"{max(distances):.2f} of one; {lost} were too short and left out", stacklevel=3)
    return notes


def _check(notes, path, lowest, highest):
    """Raises ValueError unless these notes can be a piece."""
    if not notes:
        raise ValueError(f"{path} holds no note of at least half a sixteenth")
    if max(note.end for note in notes) > LONGEST:
        raise ValueError(f"{path} must last at most {LONGEST} sixteenths. "
                         f"Received: {max(note.end for note in notes)}. Cut it in a music program")
    for note, following in zip(notes, notes[1:]):
        if note.voice == following.voice and note.end > following.start:
            raise ValueError(f"{path} has two notes at a time in voice {note.voice + 1}, {note.pitch} and "
                             f"{following.pitch}, at quarter {following.start / QUARTER:g} from its beginning. "
                             "Give each voice a track of its own")
    for note in notes:
        if not lowest <= note.pitch <= highest:
            raise ValueError(f"{path} must hold notes from {lowest} to {highest} (60 is middle C): transpose it. "
                             f"Received: {note.pitch} at quarter {note.start / QUARTER:g} from its beginning")
