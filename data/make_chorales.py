"""Make chorales.npz, Bach's four-part chorales on a grid of sixteenths.

    pip install music21==10.5.1 numpy==2.4.6
    python data/make_chorales.py

It reads the MusicXML files of Bach in the corpus of the package music21 and nothing else, takes half a minute, lists
what it leaves out and why, and prints the SHA-256 of the file that `aigc_tf.data.FILES` asks for.

What a score has and the table has not: repeats are not played twice (but some files write them out), the three grace
notes are dropped, and instruments beside the four voices are, too. No voice of these files divides.
"""

import hashlib
import itertools
import re
from collections import Counter
from pathlib import Path

import numpy as np

VOICES = ("Soprano", "Alto", "Tenor", "Bass")
STEPS_PER_QUARTER = 4
LONGEST_SILENCE = 16  # sixteenths without any voice from which on it is an interlude of instruments, or a gap
SAME_SETTING = 0.9  # share of equal chords from which on two pieces are one setting; the next pair has 0.79
NUM_NOTES = 6  # how many notes of a tune in a row are compared
SAME_TUNE, SAME_TUNE_AND_TITLE = 0.5, 0.2  # share of common runs from which on two pieces have one tune

# Names that music21's list of chorales lacks and that the tune alone does not tell; and one misprint in it.
TITLES = {
    "bwv2.6": "Ach Gott, vom Himmel sieh’ darein",
    "bwv137.5": "Lobe den Herren, den mächtigen König der Ehren",
    "bwv162.6-lpz": "Alle Menschen müssen sterben",
    "bwv165.6": "Nun laßt uns Gott, dem Herren",
    "bwv229.2": "Komm, Jesu, komm",
    "bwv248.9-s": "Vom Himmel hoch, da komm’ ich her",
    "bwv248.17": "Vom Himmel hoch, da komm’ ich her",
    "bwv248.23-s": "Vom Himmel hoch, da komm’ ich her",
    "bwv248.42-s": "Hilf, Herr Jesu, laß gelingen",
}
NO_CHORALES = {"bwv62.6": "holds BWV 274, not 62.6", "bwv846": "a prelude"}


class LeftOut(Exception):
    """Why a file gives no chorale."""


# ---- from a score to a table ----------------------------------------------------------------------------------------


def read(score):
    """A score of music21 as a dictionary of the arrays and values that stand in the file for each piece."""
    parts = four_voices(score)
    voices = [voice(part) for part in parts]
    pitches, holds, fermatas = (np.stack(column, axis=1) for column in zip(*voices))
    if longest_run((pitches == -1).all(axis=1)) >= LONGEST_SILENCE:
        raise LeftOut("no voice for a bar or more")
    bar = parts[0].getElementsByClass("Measure").first()
    complete = bar.duration.quarterLength == bar.barDuration.quarterLength
    tonic, mode, sharps = key_of(score, parts[-1], pitches)
    return {
        "pitches": pitches, "holds": holds, "fermatas": fermatas[:, 0], "tonics": tonic, "modes": mode,
        "sharps": sharps, "metres": bar.timeSignature.ratioString,
        "pickups": 0 if complete else int(STEPS_PER_QUARTER * bar.duration.quarterLength),
    }


def four_voices(score):
    """The parts for soprano, alto, tenor and bass, in this order, without instruments."""
    parts = [part for name in VOICES for part in score.parts if part.partName.startswith(name)]
    if [part.partName.split()[0] for part in parts] != list(VOICES):
        raise LeftOut("not one part each for S, A, T and B")
    return parts


def voice(part):
    """Three arrays of a part, an entry for each sixteenth: its pitch (-1 for a rest), held or begun here, fermata.

    A note that is tied to one of the same pitch is one note; so are rests in a row one rest, which is held as a note
    is. A note, with what it is tied to, has a fermata throughout if one of its heads has.
    """
    pitches, holds, fermatas = [], [], []
    for note in part.flatten().notesAndRests:
        if note.duration.isGrace:
            continue
        begin, length = STEPS_PER_QUARTER * note.offset, STEPS_PER_QUARTER * note.quarterLength
        if begin % 1 or length % 1:
            raise LeftOut("notes that are shorter than a sixteenth")
        pitch = -1 if note.isRest else note.pitch.midi
        tied = note.isRest or (note.tie is not None and note.tie.type in ("stop", "continue"))
        held = tied and pitches[-1:] == [pitch]
        pitches += [pitch] * int(length)
        holds += [held] + [True] * (int(length) - 1)
        fermatas += [any("Fermata" in mark.classes for mark in note.expressions)] * int(length)
    notes = np.cumsum(~np.array(holds)) - 1  # the number of the note that sounds at each sixteenth
    marked = np.unique(notes[np.array(fermatas)])
    return np.array(pitches, np.int8), np.array(holds), np.isin(notes, marked)


def key_of(score, bass, pitches):
    """Tonic (0 to 11), mode and number of sharps (negative: flats), by the vote of three witnesses.

    They are music21's analysis of the whole score; the key signature of the bass, with the mode that the file says;
    and the bass's last note, with the third above it that is more frequent. Where all differ, the analysis counts.
    """
    analysis, signature = score.analyze("key"), bass.flatten().getElementsByClass("KeySignature").first()
    written = signature.asKey(getattr(signature, "mode", None) or "major")
    last = pitches[pitches[:, 3] >= 0, 3][-1] % 12
    thirds = Counter(((pitches[pitches >= 0] - last) % 12).tolist())
    ending = int(last), "minor" if thirds[3] > thirds[4] else "major"
    votes = Counter([*((key.tonic.pitchClass, key.mode) for key in (analysis, written)), ending])
    return *votes.most_common(1)[0][0], signature.sharps  # of equals `most_common` has the first one first


def longest_run(flags):
    """The greatest number of true entries in a row."""
    return max((len(list(group)) for flag, group in itertools.groupby(flags) if flag), default=0)


# ---- which pieces are the same, and which have the same tune --------------------------------------------------------


def same_setting(pitches, others):
    """Whether two tables are one setting, in whichever key: bars without voices and repeats at the beginning aside."""
    one, two = (table[(table >= 0).any(axis=1)] for table in (pitches, others))
    length = min(len(one), len(two))
    one, two = one[len(one) - length:].astype(int), two[len(two) - length:].astype(int)
    up = np.median(one[:, 3] - two[:, 3]) * (two >= 0)  # a rest is a rest in every key
    return (one == two + up).all(axis=1).mean() >= SAME_SETTING


def tune(pitches, holds):
    """All runs of `NUM_NOTES` notes of the soprano, as a set of tuples.

    Of the soprano those notes count that begin on a quarter of the grid: what lies between is ornament. They are
    counted in semitones from the last one, which makes keys equal; repeated notes are one, which makes texts equal; and
    a set has no order, which makes repeats that are written out equal to others.
    """
    begun = ~holds[::STEPS_PER_QUARTER, 0] & (pitches[::STEPS_PER_QUARTER, 0] >= 0)
    notes = pitches[::STEPS_PER_QUARTER, 0][begun].astype(int)
    notes = [note for note, _ in itertools.groupby((notes - notes[-1]).tolist())]
    return {tuple(notes[start:start + NUM_NOTES]) for start in range(len(notes) - NUM_NOTES + 1)}


def melody_groups(titles, tunes):
    """Which pieces have the same hymn tune, whatever their titles: (N,) integers, numbered in the order of the pieces.

    Two pieces do if half of the runs (see `tune`) of the one with fewer are in the other, too; a fifth is enough if the
    titles are equal but for letter case, spaces and signs. Pieces that are tied over others are one group.
    """
    plain = [re.sub(r"\W", "", title).lower() for title in titles]
    groups = np.arange(len(tunes))
    for one, two in itertools.combinations(range(len(tunes)), 2):
        alike = len(tunes[one] & tunes[two]) / max(1, min(len(tunes[one]), len(tunes[two])))
        same_title = plain[one] and plain[one] == plain[two]
        if alike >= (SAME_TUNE_AND_TITLE if same_title else SAME_TUNE):
            low, high = sorted((groups[one], groups[two]))
            groups[groups == high] = low
    return np.unique(groups, return_inverse=True)[1]


def with_missing_titles(titles, melodies):
    """The titles, and for a piece without one the most frequent of its melody."""
    known = {}
    for title, melody in zip(titles, melodies):
        known.setdefault(melody, Counter()).update([title] if title else [])
    return [title or known[melody].most_common(1)[0][0] for title, melody in zip(titles, melodies)]


# ---- from music21's corpus to the file ------------------------------------------------------------------------------


def scores():
    """Name and score of each MusicXML file of Bach, by name. Humdrum's files are double and reserve all rights."""
    from music21 import common, converter  # here, since the course, which tests this file, is without music21

    folder = Path(common.getCorpusFilePath()) / "bach"
    for path in sorted(folder.glob("bwv*.mxl")) + sorted(folder.glob("bwv*.xml")):
        yield path.stem, converter.parse(path, forceSource=True)


def listed_titles():
    """The titles of music21's list of chorales (Riemenschneider's numbers), by name of the file, and ours."""
    from music21.corpus.chorales import ChoraleListRKBWV

    return {f"bwv{number}": row["title"] for number, row in ChoraleListRKBWV().byBWV.items()} | TITLES


def collect():
    """The pieces by name, and why the others are left out. Of one setting under two names the last one stays."""
    pieces, left_out = {}, dict(NO_CHORALES)
    for name, score in scores():
        if name in left_out:
            continue
        try:
            pieces[name] = read(score)
        except LeftOut as reason:
            left_out[name] = str(reason)
    for one, two in itertools.combinations(pieces, 2):
        if same_setting(pieces[one]["pitches"], pieces[two]["pitches"]):
            left_out[one] = f"the same setting as {two}"
    return {name: piece for name, piece in pieces.items() if name not in left_out}, left_out


def make(folder):
    """Write chorales.npz into `folder`, and return its path and what was left out."""
    pieces, left_out = collect()
    columns = {column: [piece[column] for piece in pieces.values()] for column in next(iter(pieces.values()))}
    listed = listed_titles()
    titles = [listed.get(name, "") for name in pieces]
    melodies = melody_groups(titles, [tune(*voices) for voices in zip(columns["pitches"], columns["holds"])])
    tables = {column: np.concatenate(columns.pop(column)) for column in ("pitches", "holds", "fermatas")}
    lengths = [len(piece["pitches"]) for piece in pieces.values()]
    np.savez_compressed(
        folder / "chorales.npz",
        **tables,
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        names=np.array(list(pieces)),
        titles=np.array(with_missing_titles(titles, melodies)),
        melodies=melodies,
        **{column: np.array(values) for column, values in columns.items()},
    )
    return folder / "chorales.npz", left_out


if __name__ == "__main__":
    path, left_out = make(Path(__file__).parent)
    for name, reason in left_out.items():
        print(f"left out {name}: {reason}")
    for reason, count in Counter(reason.split(" as ")[0] for reason in left_out.values()).most_common():
        print(f"{count:4d} {reason}")
    print(len(np.load(path)["names"]), "chorales")
    print(path.name, hashlib.sha256(path.read_bytes()).hexdigest(), f"{path.stat().st_size / 1e6:.2f} MB")
