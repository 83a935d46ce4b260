"""Bach's chorales: 382 hymns for soprano, alto, tenor and bass, on a grid of sixteenths."""

from numbers import Integral
from typing import NamedTuple

import numpy as np

from aigc_tf.core.voices import QUARTER, REST
from aigc_tf.data.downloading import find_file

LOWEST_KEY, NUM_KEYS = 21, 88  # of a piano, MIDI numbers 21 to 108


class Chorale(NamedTuple):
    """A piece for four voices, in T sixteenths.

    Args:
        pitches: int8 (T, 4), soprano to bass: the MIDI number (60 is middle C) that sounds, or `REST`, -1.
        holds: bool (T, 4), whether it began in an earlier sixteenth: False where a note begins, a repeated one, too. A
            rest is held as a note is.
        fermatas: bool (T,), whether the soprano's note has a fermata, the end of a line of the hymn.
        name: of the file it comes from, such as "bwv269": the number in the catalogue of Bach's works.
        title: of the hymn, in German; settings of one melody may have several.
        melody: number of the hymn tune; pieces with the same number have the same.
        tonic: pitch class of the key, 0 for C to 11 for B.
        mode: "major" or "minor".
        metre: "4/4", "3/4" or "3/2", as at the beginning.
        pickup: sixteenths before the first full bar. From there on the bars are regular, but in eight pieces, where a
            bar is broken or the metre changes.
        sharps: of the key signature, 1 for F♯, −1 for B♭. Old pieces in minor often have a flat too few.
    """

    pitches: np.ndarray
    holds: np.ndarray
    fermatas: np.ndarray
    name: str
    title: str
    melody: int
    tonic: int
    mode: str
    metre: str
    pickup: int
    sharps: int


def load_chorales(data_dir=None):
    """Bach's chorales in three parts that share no hymn tune: what is held out is a new melody, not another setting.

    Bach set one tune up to ten times, and his settings of one tune are alike. Of the tunes, in the order of the file,
    those whose number ends in 5 are for the test (38 chorales), those in 2 for validation (37), and all others for
    training (307). The file is made by data/make_chorales.py, from scores of the package music21 10.5.1, which
    Margaret Greentree compiled. Its rule of what has the same tune compares runs of six notes of the soprano, on
    quarters, counted from the last note: half of those of one piece are in the other, or a fifth if their titles are
    equal. It finds 205 tunes. The largest groups have 10 settings (of *O Haupt voll Blut und Wunden* under three
    titles, and of *Nun ruhen alle Wälder* under three) and three times 7; 135 tunes have one. By eye, it misses one
    pair (BWV 57.8 and 137.5, both in training) and joins two short pieces with others whose lines end alike (BWV 286
    and 404). Eight titles belong to two tunes each, and those stay apart.

    Args:
        data_dir: a folder to look in first; see `find_file` for the rest of the search.

    Returns:
        (train, validation, test), each a list of `Chorale` in the order of their names.

    Raises:
        ValueError, FileNotFoundError, NotADirectoryError: see `find_file`.
    """
    with np.load(find_file("chorales.npz", data_dir), allow_pickle=False) as arrays:
        chorales = _chorales(arrays)
    parts = [], [], []
    for chorale in chorales:
        parts[{2: 1, 5: 2}.get(chorale.melody % 10, 0)].append(chorale)
    return parts


def transposed(chorale, semitones):
    """The chorale in another key: pitches, tonic and key signature move, all else stays.

    Args:
        chorale: a `Chorale`.
        semitones: integer, how far up; negative for down. Of two key signatures that sound alike, as of F♯ and G♭, it
            has the one with flats.

    Raises:
        ValueError: if a pitch would leave MIDI's range of 0 to 127, or for a fraction of a semitone.
    """
    if not isinstance(semitones, Integral):
        raise ValueError(f"A chorale moves by whole semitones. Received: semitones={semitones!r}")
    pitches = chorale.pitches.astype(int)
    pitches[pitches != REST] += semitones
    sounding = pitches[chorale.pitches != REST]
    if sounding.size and not 0 <= sounding.min() <= sounding.max() <= 127:
        raise ValueError(
            f"MIDI has pitches from 0 to 127; {chorale.name} would go from {sounding.min()} to {sounding.max()}. "
            f"Received: semitones={semitones}"
        )
    return chorale._replace(
        pitches=pitches.astype(np.int8), tonic=(chorale.tonic + semitones) % 12,
        sharps=(chorale.sharps + 7 * semitones + 6) % 12 - 6,
    )


def quarter_rolls(chorales, *, tonic=0):
    """Piano rolls as in the protocol "JSB chorales", in which models of music publish nats per quarter.

    A row is what sounds at the beginning of a quarter of the grid; which voice sings it, and whether it began there, is
    lost. Boulanger-Lewandowski, Bengio and Vincent ("Modeling temporal dependencies in high-dimensional sequences",
    2012) so render 382 chorales, in C major or C minor, and split them into 229, 76 and 77 pieces. Numbers on ours do
    not belong in one table with theirs: other files (MIDI), many with repeats played twice, another judgement of keys
    and octaves, and a split that does not look at tunes. By our rule 43 of their 77 test pieces are on a tune that is
    in their training pieces, too.

    Args:
        chorales: list of `Chorale`, one part of `load_chorales`, say.
        tonic: pitch class to which all are transposed, on the shortest way; None leaves them as Bach wrote them.

    Returns:
        list of bool arrays (num_quarters, 88), key 0 being MIDI's 21, the lowest of a piano.

    Raises:
        ValueError: for a pitch that a piano does not have.
    """
    if tonic is not None:
        chorales = [transposed(chorale, (tonic - chorale.tonic + 5) % 12 - 5) for chorale in chorales]
    return [_roll(chorale) for chorale in chorales]


def _roll(chorale):
    """What sounds on each quarter, bool (num_quarters, 88)."""
    pitches = chorale.pitches[::QUARTER]
    keys = pitches.astype(int) - LOWEST_KEY
    rows, voices = np.nonzero(pitches != REST)
    if not np.isin(keys[rows, voices], range(NUM_KEYS)).all():
        raise ValueError(
            f"A piano has the pitches {LOWEST_KEY} to {LOWEST_KEY + NUM_KEYS - 1}. Received: {chorale.name} with "
            f"pitches from {pitches[rows, voices].min()} to {pitches[rows, voices].max()}"
        )
    roll = np.zeros((len(pitches), NUM_KEYS), bool)
    roll[rows, keys[rows, voices]] = True
    return roll


def _chorales(arrays):
    """The chorales of a file's arrays, in its order."""
    tables = [np.split(arrays[name], arrays["offsets"][1:-1]) for name in ("pitches", "holds", "fermatas")]
    columns = ("names", "titles", "melodies", "tonics", "modes", "metres", "pickups", "sharps")
    return [Chorale(*row) for row in zip(*tables, *(arrays[name].tolist() for name in columns))]
