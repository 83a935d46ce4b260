"""Melodies that a reader types: "C4 D4 E4 F4 | G4:8 G4:8^"."""

import re
from typing import NamedTuple

import numpy as np

from aigc_tf.core.voices import HIGHEST, QUARTER, REST

SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}  # above the C of the same octave
SIGNS = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1, "##": 2, "bb": -2}
OCTAVE, MIDDLE_C = 12, 60
BAR = "|"
TOKEN = re.compile(r"(?P<letter>[A-GRa-gr])(?P<sign>##|bb|[#♯b♭]?)(?P<octave>(-1|\d)?)(:(?P<length>\d{1,3}))?"
                   r"(?P<fermata>\^?)")
LONGEST = 64  # sixteenths of a note: four bars of 4/4
HELP = ("A note is a letter from A to G, then # or b, its octave, a colon and its length in sixteenths, and ^ for a "
        "fermata; only the letter must be there. A rest is R. Examples: C4, Bb, F#5:2, R:4, G4:8^")


class Melody(NamedTuple):
    """A melody on the grid of sixteenths: `pitches` (T,), `holds` (T,), `fermatas` (T,)."""

    pitches: np.ndarray
    holds: np.ndarray
    fermatas: np.ndarray


def melody_from_letters(text):
    """A melody from its letters, such as "C4 D E F | G:8 R:4 G:4^".

    Each note is a letter from A to G (or R, a rest), and behind it, each only if it is wanted:

    - # or b, for a semitone up or down;
    - the octave: C4 is middle C, B4 the B above it. Without it, the nearest note of that name to the one before is
      meant, the first one between C4 and B4;
    - a colon and the length in sixteenths: 2 is an eighth note, 8 a half note. Without it, 4, a quarter note;
    - ^, a fermata: here a phrase ends.

    Bars (|) may stand anywhere between notes, for your eyes alone.

    Returns:
        A `Melody`: int8 pitches, holds and fermatas, each (T,).

    Raises:
        ValueError: for something that is no note, says which and where; or for no note at all.
    """
    pitches, holds, fermatas, last = [], [], [], None
    for place, token in enumerate(text.replace(BAR, " ").split(), start=1):
        pitch, length, fermata = _read(token, place, last)
        last = last if pitch == REST else pitch
        pitches += [pitch] * length
        holds += [False] + [pitch != REST] * (length - 1)
        fermatas += [fermata] * length
    if last is None:
        raise ValueError(f"A melody needs a note. {HELP}. Received: {text!r:.60}")
    return Melody(np.array(pitches, np.int8), np.array(holds), np.array(fermatas))


def _read(token, place, last):
    """(pitch, length in sixteenths, whether with a fermata) of a token; `last` is the pitch before it, or None."""
    match = TOKEN.fullmatch(token)
    if not match:
        raise ValueError(f"Token {place} is no note: {token!r}. {HELP}")
    length = int(match["length"] or QUARTER)
    if not 1 <= length <= LONGEST:
        raise ValueError(f"Token {place}, {token!r}, lasts {length} sixteenths; from 1 to {LONGEST} are possible")
    if match["letter"] in "Rr":
        if match["sign"] or match["octave"] or match["fermata"]:
            raise ValueError(f"Token {place} is no rest: {token!r}. A rest has a length only: R:4")
        return REST, length, False
    name = SEMITONES[match["letter"].upper()] + SIGNS[match["sign"]]
    pitch = _nearest(name, last) if not match["octave"] else MIDDLE_C + OCTAVE * (int(match["octave"]) - 4) + name
    if not 0 <= pitch <= HIGHEST:
        raise ValueError(f"Token {place}, {token!r}, is not a note that MIDI has: those go from C-1 to G9")
    return pitch, length, bool(match["fermata"])


def _nearest(name, last):
    """The pitch of that name (semitones above a C) nearest to `last`, the upper one of two; without `last`, near C4."""
    if last is None:
        return MIDDLE_C + name
    return last + (name - last + OCTAVE // 2 - 1) % OCTAVE - (OCTAVE // 2 - 1)
