"""Music on a grid of sixteenths: what a piece is, and which notes it holds.

A piece is two arrays. `pitches` (T, voices) holds MIDI numbers (60 is middle C), −1 for a rest, one row for each
sixteenth, the highest voice first; `holds` of the same shape is True where a note goes on that began before. A melody
is (T,). A hold that no note of its pitch stands before begins a note: so whatever a model writes can be read.
"""

import re
from typing import NamedTuple

import numpy as np

REST, HIGHEST = -1, 127  # MIDI has numbers from 0 to 127
QUARTER, WHOLE = 4, 16  # sixteenths
VOICES = ("soprano", "alto", "tenor", "bass")  # of a chorale


class Note(NamedTuple):
    """A note of a voice, which sounds from `start` up to `end` (sixteenths, the end not included)."""

    voice: int
    start: int
    end: int
    pitch: int


def as_pitches(pitches):
    """Pitches as an array (T, voices) of whole numbers.

    Args:
        pitches: (T, voices), or (T,) for a melody; whole numbers from −1 (a rest) to 127.

    Raises:
        ValueError: for another shape, no sixteenths, other types or numbers.
    """
    pitches = np.asarray(pitches)
    if pitches.ndim not in (1, 2) or pitches.size == 0:
        raise ValueError("pitches must have shape (sixteenths, voices), or (sixteenths,) for a melody, and hold at "
                         f"least one. Received: shape {pitches.shape}")
    if not np.issubdtype(pitches.dtype, np.integer):
        raise ValueError(f"pitches must be whole numbers: round them first. Received: {pitches.dtype}")
    if pitches.min() < REST or pitches.max() > HIGHEST:
        raise ValueError(f"pitches must be MIDI numbers from 0 to {HIGHEST}, or {REST} for a rest. "
                         f"Received: numbers from {pitches.min()} to {pitches.max()}")
    return pitches.astype(int).reshape(len(pitches), -1)


def as_voices(pitches, holds):
    """(pitches, holds) of a piece as arrays (T, voices) of whole numbers and of booleans.

    Raises:
        ValueError: for pitches that `as_pitches` refuses, or holds of another shape or type.
    """
    numbers, shape, holds = as_pitches(pitches), np.shape(pitches), np.asarray(holds)
    if holds.shape != shape or holds.dtype != bool:
        raise ValueError(f"holds must be True and False in the shape of pitches, {shape}. "
                         f"Received: {holds.dtype} of shape {holds.shape}")
    return numbers, holds.reshape(numbers.shape)


def note_starts(pitches, holds):
    """Where a note begins: bool (T, voices)."""
    pitches, holds = as_voices(pitches, holds)
    before = np.vstack([np.full_like(pitches[:1], REST), pitches[:-1]])
    return (pitches != REST) & ~(holds & (pitches == before))


def find_notes(pitches, holds):
    """The notes of a piece: list of `Note`, voice by voice, each in the order of time."""
    pitches, holds = as_voices(pitches, holds)
    starts = note_starts(pitches, holds)
    notes = []
    for voice in range(pitches.shape[1]):
        ends = np.flatnonzero(starts[:, voice] | (pitches[:, voice] == REST))  # a note ends where one begins, or a rest
        ends = np.append(ends, len(pitches))
        for start in np.flatnonzero(starts[:, voice]):
            end = ends[np.searchsorted(ends, start, side="right")]
            notes.append(Note(voice, int(start), int(end), int(pitches[start, voice])))
    return notes


def bar_length(metre):
    """Sixteenths in a bar: 16 for "4/4", 12 for "3/4".

    Raises:
        ValueError: for anything but two numbers with a stroke, the second one 1, 2, 4, 8 or 16.
    """
    match = re.fullmatch(r"(\d{1,2})/(1|2|4|8|16)", str(metre))
    if not match or not int(match[1]):
        raise ValueError(f'metre must be written as "4/4" or "3/4". Received: {metre!r}')
    return int(match[1]) * WHOLE // int(match[2])


def find_bars(length, metre="4/4", pickup=0):
    """(start, end) of the bars of a piece of `length` sixteenths; the first one has `pickup` sixteenths, if any.

    Raises:
        ValueError: for another metre, or a pickup that is not shorter than a bar.
    """
    bar = bar_length(metre)
    if not 0 <= pickup < bar:
        raise ValueError(f"pickup must be at least 0 and less than a bar of {bar} sixteenths. Received: {pickup}")
    edges = [0, *range(pickup or bar, length, bar), length]
    return list(zip(edges, edges[1:]))
