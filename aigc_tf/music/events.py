"""A chorale as a table of events (chapter 9): four tokens for each sixteenth, and what is known before they are."""

import numpy as np
import tensorflow as tf

from aigc_tf.core.voices import QUARTER, REST
from aigc_tf.data import prefetched

HOLD, SILENCE = 0, 1  # tokens: what sounded goes on; a rest begins
LOWEST, HIGHEST = 36, 81  # MIDI numbers of the lowest bass and the highest soprano: tokens from 2 on
NUM_TOKENS = 2 + HIGHEST - LOWEST + 1
START = NUM_TOKENS  # what sounds before a piece begins: read, never written
QUARTERS = {"4/4": 4, "3/4": 3, "3/2": 6}  # of a bar
FARTHEST = 8  # quarters: the end of a line that is as far away or farther, or none
CLOCK_SIZES = (QUARTER, max(QUARTERS.values()), FARTHEST + 1)

# The columns of a table of events, (T, 11).
TOKENS, BEFORE, CLOCK = slice(0, 4), slice(4, 8), slice(8, 11)
COLUMNS = CLOCK.stop


def encode(chorale):
    """The table of events of a `data.Chorale`, int32 (T, 11), one row for each sixteenth:

    - `TOKENS`, four columns, soprano to bass: `HOLD`, `SILENCE`, or 2 + pitch − `LOWEST` where a note begins;
    - `BEFORE`, four: the token that began what sounded in the sixteenth before, `START` in the first row;
    - `CLOCK`, three, see `clock_of`.

    Raises:
        ValueError: for a pitch that has no token, or a metre that has no clock.
    """
    pitches = np.asarray(chorale.pitches, np.int32)
    sounding = pitches[pitches != REST]
    if sounding.size and not LOWEST <= sounding.min() <= sounding.max() <= HIGHEST:
        raise ValueError(f"There are tokens for the pitches {LOWEST} to {HIGHEST}: transpose the piece. "
                         f"Received: {chorale.name} with pitches from {sounding.min()} to {sounding.max()}")
    chords = np.where(pitches == REST, SILENCE, 2 + pitches - LOWEST)
    before = np.vstack([np.full_like(chords[:1], START), chords[:-1]])
    goes_on = (chords == before) & (chorale.holds | (chords == SILENCE))
    return np.hstack([np.where(goes_on, HOLD, chords), before, clock_of(chorale)]).astype(np.int32)


def decode(tokens):
    """(pitches, holds) of tokens (T, 4), as in a `data.Chorale`; what is held at the very beginning is a rest."""
    tokens = np.asarray(tokens)
    began = np.maximum.accumulate(np.where(tokens != HOLD, np.arange(len(tokens))[:, None], -1), axis=0)
    chords = np.where(began < 0, SILENCE, np.take_along_axis(tokens, began.clip(0), axis=0))
    return np.where(chords == SILENCE, REST, chords - 2 + LOWEST).astype(np.int8), tokens == HOLD


def clock_of(chorale):
    """What the clock says in each sixteenth, int32 (T, 3): every number below its size in `CLOCK_SIZES`.

    The sixteenth within its quarter; the quarter within its bar; and the quarters from here to the next end of a line:
    0 while a fermata lasts, 1 in the quarter before its note begins, `FARTHEST` if it is as far away or there is none.

    Raises:
        ValueError: for a metre that is not in `QUARTERS`.
    """
    if chorale.metre not in QUARTERS:
        raise ValueError(f"metre must be one of {', '.join(QUARTERS)}. Received: {chorale.metre!r}")
    times = np.arange(len(chorale.fermatas)) - chorale.pickup
    quarters = times // QUARTER
    ends = np.where(chorale.fermatas, quarters, quarters[-1:] + FARTHEST)
    away = np.minimum.accumulate(ends[::-1])[::-1] - quarters
    away = np.where(chorale.fermatas, 0, away.clip(0, FARTHEST))
    return np.stack([times % QUARTER, quarters % QUARTERS[chorale.metre], away], axis=1)


def on_quarters(chorale):
    """The chorale as the protocol "JSB chorales" has it: what sounds on each quarter, without holds and fermatas.

    It is a `data.Chorale` whose rows are quarters, each with four notes that begin; its clock counts rows in fours. So
    a `ChoraleWriter`'s nats per row are at least those of a model of `data.quarter_rolls`, which need not know which
    voice sings a note.
    """
    pitches = chorale.pitches[::QUARTER]
    nothing = np.zeros(pitches.shape, bool)
    return chorale._replace(pitches=pitches, holds=nothing, fermatas=nothing[:, 0], metre="4/4", pickup=0)


def as_events(events):
    """Tables of events as an int32 tensor (batch, T, 11).

    Raises:
        ValueError: for another shape or type, or (outside of `tf.function`) numbers out of their columns' ranges.
        tf.errors.InvalidArgumentError: for such numbers, inside of `tf.function`.
    """
    events = tf.convert_to_tensor(events)
    if events.shape.rank != 3 or events.shape[-1] != COLUMNS or not events.dtype.is_integer:
        raise ValueError(f"Tables of events are integers of shape (batch, sixteenths, {COLUMNS}): see music.encode. "
                         f"Received: {events.dtype.name} of shape {tuple(events.shape)}")
    events = tf.cast(events, tf.int32)
    sizes = [NUM_TOKENS] * 4 + [START + 1] * 4 + list(CLOCK_SIZES)
    problem = f"The columns of a table of events hold numbers from 0 to below {sizes}"
    valid = tf.reduce_all((events >= 0) & (events < sizes))
    if not tf.executing_eagerly():
        with tf.control_dependencies([tf.debugging.Assert(valid, [problem])]):
            return tf.identity(events)
    if not valid:
        raise ValueError(f"{problem}. Received: from {tf.reduce_min(events, [0, 1]).numpy()} "
                         f"to {tf.reduce_max(events, [0, 1]).numpy()}")
    return events


def chords_of(events):
    """The token that began what sounds in each sixteenth, (…, T, 4): of a table, or a batch of them."""
    tokens = events[..., TOKENS]
    return tf.where(tokens == HOLD, events[..., BEFORE], tokens)


def shifts_of(chorales):
    """(lowest, highest) transposition of each piece, in semitones, in which no voice leaves that voice's range.

    A voice's range is from its lowest to its highest note in all these chorales.

    Returns:
        int array (pieces, 2).
    """
    def extremes(pitches):
        sung = np.ma.masked_equal(pitches, REST)
        return sung.min(axis=0).filled(127), sung.max(axis=0).filled(0)  # a voice that is silent bounds nothing

    lows, highs = (np.stack(column).astype(int) for column in zip(*(extremes(each.pitches) for each in chorales)))
    return np.stack([(lows.min(axis=0) - lows).max(axis=1), (highs.max(axis=0) - highs).min(axis=1)], axis=1)


def transpose_events(events, semitones):
    """A table of events (T, 11), moved by so many semitones; the clock stays."""
    pitched = (tf.range(CLOCK.stop) < CLOCK.start) & (events > SILENCE) & (events != START)
    return tf.where(pitched, events + semitones, events)


def chorale_windows(chorales, *, frames=96, batch_size=16, steps=None, transpose=True, seed=None):
    """Batches of windows of chorales for training, int32 (batch, frames, 11): tables of events.

    A window begins on any quarter of any chorale. Every epoch draws new ones, in new keys.

    Args:
        chorales: list of `data.Chorale`; those of fewer than `frames` sixteenths are left out.
        frames: sixteenths; 96 are six bars of 4/4, as long as the shortest chorale.
        batch_size: windows in a batch.
        steps: batches in an epoch; None: as many as it takes for as much music as the chorales hold.
        transpose: whether each window is moved to another key, as far as `shifts_of` allows.
        seed: an integer makes it repeatable.

    Raises:
        ValueError: if no chorale is long enough, or a number is below 1.
    """
    if min(frames, batch_size, 1 if steps is None else steps) < 1:
        raise ValueError("frames, batch_size and steps must be at least 1. "
                         f"Received: {frames=}, {batch_size=}, {steps=}")
    chorales = [each for each in chorales if len(each.pitches) >= frames]
    if not chorales:
        raise ValueError(f"At least one chorale must have {frames} sixteenths or more. Received: none")
    tables = [encode(each) for each in chorales]
    firsts = np.cumsum([0] + [len(each) for each in tables])
    starts = [first + np.arange(each.pickup % QUARTER, len(each.pitches) - frames + 1, QUARTER)
              for first, each in zip(firsts, chorales)]
    shifts = np.repeat(shifts_of(chorales), [len(each) for each in starts], axis=0)
    steps = steps or max(1, firsts[-1] // (frames * batch_size))
    music, starts, shifts = (tf.constant(each) for each in (np.concatenate(tables), np.concatenate(starts), shifts))
    lowest, keys = shifts[:, 0], shifts[:, 1] - shifts[:, 0] + 1

    def window(draws):
        choice = draws[0] % len(starts)
        events = music[starts[choice]:starts[choice] + frames]
        if not transpose:
            return events
        return transpose_events(events, tf.cast(lowest[choice] + draws[1] % keys[choice], tf.int32))

    draws = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True).batch(2).take(steps * batch_size)
    return prefetched(draws.map(window, num_parallel_calls=2).batch(batch_size, drop_remainder=True))
