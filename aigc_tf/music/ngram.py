"""The best cheap model of chorales (chapter 9): how often each token stood where the same things stood around it."""

import numpy as np

from aigc_tf.core.voices import VOICES
from aigc_tf.music.events import (
    BEFORE,
    CLOCK,
    HOLD,
    NUM_TOKENS,
    SILENCE,
    START,
    TOKENS,
    encode,
    shifts_of,
    transpose_events,
)

LARGEST = 64  # every feature is below


class ChoraleNGram:
    """p(token | features of its place), from counts, backing off to ever fewer features.

    p_k = (count + T · p_{k−1}) / (total + T), where the first k features agree, and T is the number of different tokens
    that were seen there; below none of them lies the uniform distribution. It is chapter 4's rule (Witten & Bell 1991,
    method C), with features in the place of earlier letters: the first is dropped last.

    Args:
        features: names in `FEATURES`, the most important first.

    Raises:
        ValueError: for an unknown name.
    """

    def __init__(self, features):
        unknown = [name for name in features if name not in FEATURES]
        if unknown:
            raise ValueError(f"features must be among {', '.join(FEATURES)}. Received: {', '.join(unknown)}")
        self.features, self.levels = tuple(features), []

    def fit(self, chorales, *, transpose=True):
        """Counts chorales, in all keys in which they can be sung; a second call forgets the first.

        Args:
            chorales: list of `data.Chorale`.
            transpose: False: only in their own keys.

        Returns:
            The model.
        """
        tables = [encode(chorale) for chorale in chorales]
        if transpose:
            tables = [transpose_events(table, semitones).numpy()
                      for table, (low, high) in zip(tables, shifts_of(chorales)) for semitones in range(low, high + 1)]
        columns = [np.concatenate(column) for column in zip(*map(self._columns, tables))]
        tokens = np.concatenate([table[:, TOKENS].ravel() for table in tables]).astype("int64")
        self.levels, context = [], np.zeros(len(tokens), "int64")
        for column in columns:
            codes, context = np.unique(context * LARGEST + column, return_inverse=True)
            pairs, counts = np.unique(context * NUM_TOKENS + tokens, return_counts=True)
            owners = pairs // NUM_TOKENS
            totals, types = np.bincount(owners, counts, len(codes)), np.bincount(owners, minlength=len(codes))
            self.levels.append((codes, totals, types, pairs, counts))
        return self

    def log_prob(self, pieces):
        """ln p of every token, in nats: a list of float64 (T, 4), one for each `data.Chorale`."""
        if not self.levels:
            raise ValueError("The model has counted nothing yet: call fit(chorales) first")
        return [self._log_prob(encode(piece)) for piece in pieces]

    def _log_prob(self, table):
        tokens = table[:, TOKENS].ravel().astype("int64")
        p, context = np.full(len(tokens), 1 / NUM_TOKENS), np.zeros(len(tokens), "int64")
        for column, (codes, totals, types, pairs, counts) in zip(self._columns(table), self.levels):
            context = np.where(context < 0, -1, _place(codes, context * LARGEST + column))  # −1: never seen
            at = _place(pairs, context * NUM_TOKENS + tokens)
            count = np.where((context >= 0) & (at >= 0), counts[at], 0)
            p = np.where(context >= 0, (count + types[context] * p) / (totals[context] + types[context]), p)
        return np.log(p).reshape(-1, len(VOICES))

    def _columns(self, table):
        """The features of all places, each (4 T,); first of all none, the same everywhere."""
        values = [np.zeros((len(table), 4)), *(FEATURES[name](table) for name in self.features)]
        return [np.broadcast_to(each, (len(table), 4)).ravel().astype("int64") for each in values]


def _place(codes, values):
    """Where each value stands in sorted codes, −1 if it does not."""
    at = np.searchsorted(codes, values).clip(max=len(codes) - 1)
    return np.where(codes[at] == values, at, -1)


# ---- what a place may be told: table of events (T, 11) → whole numbers (T, 4), or what can be broadcast to that ----


def _chords(table):
    """The token that began what sounds, (T, 4)."""
    return np.where(table[:, TOKENS] == HOLD, table[:, BEFORE], table[:, TOKENS])


def _above(values, voices):
    """What the voice so many above has in the same sixteenth; `START` where there is none."""
    return np.pad(values, [(0, 0), (voices, 0)], constant_values=START)[:, :len(VOICES)]


def _earlier(table, notes):
    """The token that began a voice's note so many before the one that sounded last; `START` where there is none."""
    result = np.full((len(table), len(VOICES)), START)
    for voice in range(len(VOICES)):
        column = table[:, voice]
        starts = np.flatnonzero(column != HOLD)
        count = np.searchsorted(starts, np.arange(len(table)))  # notes that began before each sixteenth
        known = count > notes
        result[known, voice] = column[starts[count[known] - 1 - notes]]
    return result


FEATURES = {
    "voice": lambda table: np.arange(len(VOICES)),
    "sixteenth": lambda table: table[:, CLOCK][:, :1],
    "quarter": lambda table: table[:, CLOCK][:, 1:2],
    "to the end": lambda table: table[:, CLOCK][:, 2:],
    "note": lambda table: table[:, BEFORE],
    "note before": lambda table: _earlier(table, 1),
    "two notes before": lambda table: _earlier(table, 2),
    "above": lambda table: _above(_chords(table), 1),
    "two above": lambda table: _above(_chords(table), 2),
    "three above": lambda table: _above(_chords(table), 3),
    "moves above": lambda table: _above(table[:, TOKENS] > SILENCE, 1),
    "bass": lambda table: table[:, BEFORE][:, -1:],
}
