"""The rules of a chorale's voices: what a harmony class corrects in red, counted.

A piece has four voices, soprano, alto, tenor and bass: `pitches` (T, 4), `holds` (T, 4) and `fermatas` (T,), on a grid
of sixteenths. Print every number beside two others: Bach's own (the floor, which is not zero, for he broke the rules
where he had reason to) and that of `shuffled_voices` (the ceiling: voices that do not listen to one another).

A *chord* is what sounds from one change of a pitch to the next: notes that are struck again make no new one.
"""

import itertools
from typing import NamedTuple

import numpy as np

from aigc_tf.core.voices import QUARTER, REST, VOICES, as_pitches, as_voices, find_notes

SOPRANO, BASS = 0, 3
# The lowest and the highest note of each voice, the widest that textbooks allow: C4–A5, G3–D5, C3–A4 and E2–E4. Of
# 1,000 notes in Bach's chorales two lie outside, nearly all of them low notes of the bass.
RANGES = ((60, 81), (55, 74), (48, 69), (40, 64))
PERFECT = {5: 7, 8: 0}  # the name of a perfect interval: its semitones, octaves taken away
OCTAVE, LARGEST_LEAP = 12, 9  # semitones; the second is a major sixth
MAJOR, MINOR = {0, 4, 7}, {0, 3, 7}  # a triad's notes, in semitones above its root
FIFTH, LEADING = 7, 11  # of a scale: semitones above its first note


class Parallel(NamedTuple):
    """Two voices that go on in parallel to the chord at `time` (sixteenths); `interval` is 5 or 8."""

    time: int
    upper: int
    lower: int
    interval: int


class Cadence(NamedTuple):
    """How a phrase ends whose last soprano note begins at `time`: "authentic", "half", "triad" or "none"."""

    time: int
    kind: str


def find_chords(pitches):
    """Times (sixteenths) at which a chord begins: some voice has another pitch, or another rest, than just before.

    Args:
        pitches: (T, 4).

    Returns:
        An int array; where all voices are silent there is no chord.
    """
    pitches = _four_voices(pitches)
    changes = np.append(True, (np.diff(pitches, axis=0) != 0).any(axis=1))
    return np.flatnonzero(changes & (pitches != REST).any(axis=1))


def find_parallels(pitches):
    """Where two voices move in parallel fifths, octaves or unisons from one chord to the next.

    Both voices sound in both chords, both move, in the same direction, and the distance between them is a perfect fifth
    before and after (7 semitones, or 7 and some octaves), or an octave or unison before and after. A fifth that two
    chords repeat is none, nor is one by contrary motion, nor one after a diminished fifth.

    Args:
        pitches: (T, 4).

    Returns:
        List of `Parallel`, in the order of time.
    """
    pitches = _four_voices(pitches)
    times = find_chords(pitches)
    times = times[times > 0]
    before, after = pitches[times - 1], pitches[times]
    moves = np.where((before != REST) & (after != REST), after - before, 0)  # 0 for a voice that rests
    found = []
    for upper, lower in itertools.combinations(range(len(VOICES)), 2):
        together = moves[:, upper] * moves[:, lower] > 0
        classes = [np.abs(chord[:, upper] - chord[:, lower]) % OCTAVE for chord in (before, after)]
        for interval, semitones in PERFECT.items():
            parallel = together & (classes[0] == semitones) & (classes[1] == semitones)
            found += [Parallel(int(time), upper, lower, interval) for time in times[parallel]]
    return sorted(found)


def find_crossings(pitches):
    """Chords in which a voice is below its lower neighbour: list of (time, upper voice, lower voice)."""
    pitches = _four_voices(pitches)
    chords = find_chords(pitches)
    upper, lower = pitches[chords, :-1], pitches[chords, 1:]
    crossed = (upper != REST) & (upper < lower)  # which is no rest then
    return [(int(chords[row]), int(voice), int(voice) + 1) for row, voice in np.argwhere(crossed)]


def find_out_of_range(pitches, holds):
    """Notes that a choir's voice cannot be asked for (`RANGES`): list of `Note`."""
    notes = find_notes(_four_voices(pitches), holds)
    return [note for note in notes if not RANGES[note.voice][0] <= note.pitch <= RANGES[note.voice][1]]


def find_leaps(pitches):
    """Leaps that are hard to sing, sevenths and all beyond an octave: list of (time of the second note, voice)."""
    pitches = _four_voices(pitches)
    sounding = (pitches[:-1] != REST) & (pitches[1:] != REST)
    sizes = np.where(sounding, np.abs(np.diff(pitches, axis=0)), 0)
    large = (sizes > LARGEST_LEAP) & (sizes != OCTAVE)
    return [(int(time) + 1, int(voice)) for time, voice in np.argwhere(large)]


def find_cadences(pitches, holds, fermatas=None, *, tonic=None):
    """What stands at each fermata, and at the end of the piece.

    The phrase ends on the last chord under the soprano's note with the fermata: earlier ones may hold suspensions. If
    it is no major or minor triad in root position, of which the third or the fifth may be missing, the kind is "none".
    If it is one, the kind is

    - "authentic" if the last chord before that soprano note is the triad's dominant: it holds the notes a fifth and a
      major seventh above the triad's root;
    - "half" if that is not so, and it is a major triad a fifth above `tonic`;
    - "triad" else.

    Args:
        pitches, holds: (T, 4).
        fermatas: bool (T,), True under a fermata of the soprano; None: only the end counts.
        tonic: the first note of the piece's scale, from 0 (C) to 11; None: no cadence is called "half".

    Returns:
        List of `Cadence`.
    """
    pitches, holds, fermatas = _piece(pitches, holds, fermatas)
    soprano = [note for note in find_notes(pitches, holds) if note.voice == SOPRANO]
    last = [note for note in soprano if fermatas[note.start:note.end].any() or note is soprano[-1]]
    before = np.vstack([np.full_like(pitches[:1], REST), pitches])  # the row of time t holds what sounds at t − 1
    return [Cadence(note.start, _cadence(before[note.start], pitches[note.end - 1], tonic)) for note in last]


def _cadence(before, chord, tonic):
    """The kind of the cadence from one chord (4,) to another."""
    root = chord[BASS]
    notes = _above(chord, root)
    if root == REST or len(notes) < 2 or not (notes <= MAJOR or notes <= MINOR):
        return "none"
    if {FIFTH, LEADING} <= _above(before, root):
        return "authentic"
    on_dominant = tonic is not None and root % OCTAVE == (tonic + FIFTH) % OCTAVE
    return "half" if on_dominant and notes <= MAJOR else "triad"


def _above(chord, root):
    """The different notes of a chord, in semitones above a root, octaves taken away."""
    return {int(pitch - root) % OCTAVE for pitch in chord if pitch != REST}


# ---- numbers ----


def count_voice_leading(pitches, holds, fermatas=None):
    """How often each thing happens in a piece: a dictionary of whole numbers, what `measure_pieces` adds up."""
    pitches, holds, fermatas = _piece(pitches, holds, fermatas)
    intervals = [parallel.interval for parallel in find_parallels(pitches)]
    kinds = [cadence.kind for cadence in find_cadences(pitches, holds, fermatas)]
    return {"chords": len(find_chords(pitches)), "parallel_fifths": intervals.count(5),
            "parallel_octaves": intervals.count(8), "crossings": len(find_crossings(pitches)),
            "out_of_range": len(find_out_of_range(pitches, holds)), "leaps": len(find_leaps(pitches)),
            "cadences": len(kinds), "triads": len(kinds) - kinds.count("none"), "authentic": kinds.count("authentic")}


def measure_pieces(pieces):
    """The voice leading of many pieces together: sums of what happens, divided by sums of chords or cadences.

    Args:
        pieces: of (pitches, holds, fermatas), or of tuples that begin so, as `Chorale` does; fermatas may be None.

    Returns:
        A dictionary of floats. For 100 chords: `parallel_fifths` and `parallel_octaves` (unisons included), each pair
        of voices counted by itself; `crossings` of neighbours; notes `out_of_range`; `leaps`. Shares of all fermatas
        and ends, in [0, 1]: `triads` in root position, and those with their dominant before, `authentic`.

    Raises:
        ValueError: for no chord, or arrays of other shapes.
    """
    counts = [count_voice_leading(pitches, holds, fermatas) for pitches, holds, fermatas, *_ in pieces]
    total = {name: sum(count[name] for count in counts) for name in (counts[0] if counts else ())}
    if not total.get("chords") or not total["cadences"]:
        raise ValueError(f"pieces must hold a chord and a note of the soprano. Received: {len(counts)} pieces, "
                         f"{total.get('chords', 0)} chords")
    rates = ("parallel_fifths", "parallel_octaves", "crossings", "out_of_range", "leaps")
    return {**{name: 100 * total[name] / total["chords"] for name in rates},
            **{name: total[name] / total["cadences"] for name in ("triads", "authentic")}}


def measure_voice_leading(pitches, holds, fermatas=None):
    """`measure_pieces` of one piece: how often its four voices break the rules, and how its phrases end.

    Args:
        pitches, holds: (T, 4).
        fermatas: bool (T,), or None.
    """
    return measure_pieces([(pitches, holds, fermatas)])


# ---- the ceiling ----


def shuffled_voices(pieces, *, seed=0):
    """Pieces whose alto, tenor and bass do not listen: each lower voice is moved in time by whole quarters, by itself.

    A voice that runs out at the end goes on from its beginning. So key, rhythm, ranges and leaps stay as they were, and
    whatever depends on voices hearing one another is left to chance: parallels, crossings, cadences. What a model has
    learnt of those lies between this and Bach's own.

    Args:
        pieces: of (pitches, holds, fermatas), or of tuples that begin so.
        seed: of the shifts.

    Returns:
        List of (pitches, holds, fermatas) of the same shapes; soprano and fermatas are as before.

    Raises:
        ValueError: for a piece of fewer than two quarters.
    """
    random = np.random.default_rng(seed)
    shuffled = []
    for pitches, holds, fermatas, *_ in pieces:
        pitches, holds, fermatas = _piece(pitches, holds, fermatas)
        quarters = len(pitches) // QUARTER
        if quarters < 2:
            raise ValueError("A piece must have at least two quarters, or no voice can be moved. "
                             f"Received: {len(pitches)} sixteenths")
        shifts = [0, *(QUARTER * random.integers(1, quarters, size=len(VOICES) - 1))]
        shuffled.append((_shifted(pitches, shifts), _shifted(holds, shifts), fermatas))
    return shuffled


def _shifted(rows, shifts):
    """Each column of `rows` (T, voices) moved down by its own shift, what falls out at the end put in at the top."""
    return np.stack([np.roll(column, shift) for column, shift in zip(rows.T, shifts)], axis=1)


def _four_voices(pitches):
    pitches = as_pitches(pitches)
    if pitches.shape[1] != len(VOICES):
        raise ValueError(f"A chorale has four voices: pitches of shape (sixteenths, 4). Received: {pitches.shape}")
    return pitches


def _piece(pitches, holds, fermatas):
    """A piece with fermatas (T,), whose arrays fit together."""
    pitches, holds = as_voices(pitches, holds)
    pitches = _four_voices(pitches)
    fermatas = np.zeros(len(pitches), bool) if fermatas is None else np.asarray(fermatas)
    if fermatas.shape != (len(pitches),):
        raise ValueError(f"fermatas must have one value for each of {len(pitches)} sixteenths. "
                         f"Received: shape {fermatas.shape}")
    return pitches, holds, fermatas
