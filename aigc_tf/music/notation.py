"""From the grid of sixteenths to written notes: bars, ties, names, accidentals and beams."""

from typing import NamedTuple

import numpy as np

from aigc_tf.core.voices import REST, as_voices, find_bars, find_notes

WRITTEN = (24, 16, 12, 8, 6, 4, 3, 2, 1)  # lengths that one sign can have, with a dot or without
BEAMED = (1, 2, 3)  # lengths of notes with flags
FIFTHS = "FCGDAEB"  # letters in the order of fifths; F has the number −1, C 0, G 1, …, F sharp 6
FLATTEST, SHARPEST = -2, 9  # of the names that a key uses, in fifths above its signature
MIDDLE_C, OCTAVE, FIFTH = 60, 12, 7


class Sign(NamedTuple):
    """A written note or rest (`pitch` −1): where it begins, how long it lasts (sixteenths), which ties it has."""

    voice: int
    start: int
    length: int
    pitch: int
    tied_before: bool = False
    tied_after: bool = False


class Name(NamedTuple):
    """A pitch's written name: letter, semitones up (sharps) or down (flats), octave (4 from middle C on)."""

    letter: str
    alteration: int
    octave: int


def find_signs(pitches, holds, metre="4/4", pickup=0):
    """The written notes and rests of each bar and voice.

    A note is cut at the bar line. What one sign cannot show, such as 5 sixteenths, is cut again: first up to the next
    beat if it begins between two, then into the longest possible lengths. Ties join the parts of a note.

    Args:
        pitches, holds: (T, voices).
        metre, pickup: as for `find_bars` (`core.voices`).

    Returns:
        A list of bars, each a list of voices, each a list of `Sign` without gaps.
    """
    pitches, holds = as_voices(pitches, holds)
    bars = find_bars(len(pitches), metre, pickup)
    beat = 6 if metre in ("6/8", "9/8", "12/8") else 4
    signs = [[[] for _ in range(pitches.shape[1])] for _ in bars]
    spans = [(*note, False) for note in find_notes(pitches, holds)] + [(*rest, True) for rest in _rests(pitches)]
    for voice, start, end, pitch, silent in sorted(spans):
        for bar, (first, last) in enumerate(bars):
            for left, right in _written(max(start, first), min(end, last), beat, pickup):
                ties = (left > start and not silent, right < end and not silent)
                signs[bar][voice].append(Sign(voice, left, right - left, pitch, *ties))
    return signs


def _rests(pitches):
    """(voice, start, end, −1) of each rest."""
    silent = np.pad(pitches == REST, ((1, 1), (0, 0)))
    edges = [np.flatnonzero(np.diff(column.astype(int))) for column in silent.T]
    return [(voice, int(start), int(end), REST) for voice, places in enumerate(edges)
            for start, end in zip(places[::2], places[1::2])]


def _written(start, end, beat, pickup):
    """Cuts the span from `start` to `end` into lengths that can be written: (start, end) of each, none if empty."""
    parts = []
    while start < end:
        to_beat = (pickup - start) % beat  # sixteenths up to the next beat
        if end - start in WRITTEN or not to_beat:
            length = next(length for length in WRITTEN if length <= end - start)
        else:
            length = min(to_beat, end - start)
        parts.append((start, start + length))
        start += length
    return parts


# ---- names ----


def spell(pitch, sharps=0):
    """How a pitch is written in a key with so many sharps (flats are negative).

    Each of the twelve pitches has one name: on the line of fifths … F C G D A E B F♯ C♯ …, the names from two fifths
    below the tonic of the major key (B flat in C major and A minor) to nine above it (D sharp). Of 29,530 notes in
    Bach's chorales, 99.8% are written so; any other stretch of the line does worse.

    Args:
        pitch: a MIDI number.
        sharps: of the key signature, from −7 to 7.

    Returns:
        A `Name`.
    """
    check_sharps(sharps)
    fifths = next(number for number in range(sharps + FLATTEST, sharps + SHARPEST + 1)
                  if (number * FIFTH - pitch) % OCTAVE == 0)
    alteration = (fifths + 1) // len(FIFTHS)
    return Name(FIFTHS[(fifths + 1) % len(FIFTHS)], alteration, (pitch - alteration) // OCTAVE - 1)


def check_sharps(sharps):
    """Raises ValueError unless a key signature can have so many sharps."""
    if sharps not in range(-7, 8):
        raise ValueError(f"sharps must be a whole number from −7 (seven flats) to 7. Received: {sharps!r}")


def find_accidentals(signs, sharps=0):
    """Which notes of a bar need a sign for their alteration, because neither key nor an earlier note in the bar has it.

    Args:
        signs: list of `Sign`, all of the bar on one staff.
        sharps: of the key signature.

    Returns:
        The set of those signs. A note that is tied to the one before needs none.
    """
    in_force, found = {}, set()  # {(letter, octave): alteration}
    for sign in sorted(signs, key=lambda sign: (sign.start, sign.voice)):
        if sign.pitch == REST or sign.tied_before:
            continue
        letter, alteration, octave = spell(sign.pitch, sharps)
        by_key = (sharps - 1 - FIFTHS.index(letter)) // len(FIFTHS) + 1  # −1, 0 or 1
        if alteration != in_force.get((letter, octave), by_key):
            found.add(sign)
        in_force[letter, octave] = alteration
    return found


# ---- beams ----


def find_beams(signs, metre="4/4", pickup=0):
    """The beams of a voice in a bar: notes with flags are joined within a beat.

    Args:
        signs: list of `Sign`.
        metre, pickup: as for `find_bars`.

    Returns:
        {Sign: list with the kind of its first beam, and of its second if it is a sixteenth}, in the words of MusicXML.
    """
    beat = 6 if metre in ("6/8", "9/8", "12/8") else 4
    beams, group = {}, []
    for sign in [*signs, None]:  # None closes the last group
        joins = sign is not None and sign.pitch != REST and sign.length in BEAMED
        if group and (not joins or (sign.start - pickup) // beat != (group[0].start - pickup) // beat):
            beams |= _joined(group) if len(group) > 1 else {}
            group = []
        group += [sign] if joins else []
    return beams


def _joined(group):
    """The beams of notes that are joined."""
    kinds = ["begin", *["continue"] * (len(group) - 2), "end"]
    beams = {sign: [kind] for sign, kind in zip(group, kinds)}
    short = [False, *(sign.length == 1 for sign in group), False]
    for place, sign in enumerate(group):
        before, here, after = short[place:place + 3]
        hook = "backward hook" if place else "forward hook"
        second = {(True, True): "continue", (True, False): "end", (False, True): "begin", (False, False): hook}
        beams[sign] += [second[before, after]] if here else []
    return beams
