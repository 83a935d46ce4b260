"""Pictures of music: piano rolls, and what is known of a piece; time to the right, a colour for each voice."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import patheffects
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from aigc_tf.core.voices import QUARTER, VOICES, as_voices, find_bars, find_notes
from aigc_tf.plots.style import BLUE, GREEN, GREY, ORANGE, PURPLE, TITLE, VERMILION, WIDTH, styled

COLOURS = (BLUE, GREEN, ORANGE, PURPLE)
SEMITONE, AROUND, LONGEST = 0.1, 1.15, 512  # inches of a semitone, of axis and legend; sixteenths that are legible
GAP, THICK, THIN, PALE = 0.3, 0.85, 0.4, 0.3  # sixteenths between two notes, semitones of a bar, of one in unison with
# a higher voice, how opaque a given note is
REACH = 1.5  # sixteenths that a mark reaches to both sides of a change
OCTAVE = 12
GRID_HEIGHT = 1.9  # inches of a grid of places
OUTLINE = [patheffects.withStroke(linewidth=4, foreground="white")]


@styled
def plot_piano_roll(pitches, holds, *, fermatas=None, marks=None, metre="4/4", pickup=0, given=None, title=None,
                    ax=None):
    """A piece as bars on a grid of time and pitch, with lines at bars and at each C.

    Args:
        pitches, holds: (T, voices) with at most 4 voices, the highest first, or (T,) for a melody.
        fermatas: bool (T,): an arch stands above the first voice where they begin.
        marks: list of (time, upper voice, lower voice, text), as `music.find_parallels` gives: the two voices' moves
            into that sixteenth are drawn in vermilion, the text between them.
        metre: such as "4/4" or "3/4", for the bar lines.
        pickup: sixteenths before the first full bar.
        given: notes that were not composed but given, paler: voice numbers, or bool in the shape of pitches.
        title: text above.
        ax: axes to draw on; None: a new figure.

    Returns:
        The figure.

    Raises:
        ValueError: for more voices or more than 512 sixteenths, rests only, or arrays that do not fit together.
    """
    shape = np.shape(pitches)
    pitches, holds = as_voices(pitches, holds)
    notes = find_notes(pitches, holds)
    voices = pitches.shape[1]
    if voices > len(VOICES) or len(pitches) > LONGEST or not notes:
        raise ValueError(f"A piano roll shows 1 to {len(VOICES)} voices, at most {LONGEST} sixteenths, and some note. "
                         f"Received: shape {shape}, {len(notes)} notes")
    fermatas, given = _fermatas(fermatas, len(pitches)), _given(given, pitches.shape)
    low, high = min(note.pitch for note in notes) - 2, max(note.pitch for note in notes) + 3
    figure = ax.figure if ax else plt.figure(figsize=(WIDTH, (high - low) * SEMITONE + AROUND + bool(title) * TITLE))
    axes = ax or figure.subplots()
    for note in notes:
        unison = (pitches[note.start:note.end, :note.voice] == note.pitch).any()
        axes.barh(note.pitch, note.end - note.start - GAP, left=note.start, height=THIN if unison else THICK,
                  color=COLOURS[note.voice], alpha=PALE if given[note.start, note.voice] else 1.0,
                  zorder=2 + note.voice)
    _draw_fermatas(axes, notes, fermatas)
    for time, upper, lower, text in marks or ():
        _draw_mark(axes, pitches, time, (upper, lower), str(text))
    _draw_grid(axes, len(pitches), (low, high), metre, pickup)
    axes.set_title(title, pad=26 if ax else None)  # above the legend
    handles = _legend(voices, given.any(), marks)
    if ax:
        axes.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(handles))
    else:
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return figure


def _legend(voices, given, marks):
    """What the colours mean: handles for a legend."""
    names = VOICES[:voices] if voices > 1 else ("melody",)
    handles = [Patch(color=colour, label=name) for name, colour in zip(names, COLOURS)]
    handles += [Patch(color=GREY, alpha=PALE, label="given")] if given else []
    return handles + ([Line2D([], [], color=VERMILION, linewidth=2, label="parallel")] if marks else [])


def _fermatas(fermatas, length):
    fermatas = np.zeros(length, bool) if fermatas is None else np.asarray(fermatas, bool)
    if fermatas.shape != (length,):
        raise ValueError(f"fermatas must have one value for each of {length} sixteenths. Received: {fermatas.shape}")
    return fermatas


def _given(given, shape):
    """Which notes are pale: bool (T, voices)."""
    mask = np.zeros(shape, bool)
    if given is None:
        return mask
    given = np.asarray(given)
    if given.dtype == bool and given.size == mask.size:
        return given.reshape(shape)
    if given.dtype == bool or not np.isin(given, range(shape[1])).all():
        raise ValueError(f"given must be voice numbers below {shape[1]}, or bool in the shape of pitches, {shape}. "
                         f"Received: {given.dtype} of shape {given.shape}")
    mask[:, given.astype(int)] = True
    return mask


def _draw_fermatas(axes, notes, fermatas):
    """An arch with a dot above each note of the first voice that has a fermata."""
    for note in notes:
        if note.voice == 0 and fermatas[note.start:note.end].any():
            middle = (note.start + note.end - GAP) / 2
            axes.plot(middle, note.pitch + 1.6, marker=r"$\frown$", color="black", markersize=11, zorder=8)
            axes.plot(middle, note.pitch + 1.2, marker=".", color="black", markersize=3, zorder=8)


def _draw_mark(axes, pitches, time, pair, text):
    """The moves of two voices into the sixteenth `time`, and a text between them."""
    if not 0 < time < len(pitches):
        raise ValueError(f"marks must lie inside of the piece, from 1 to {len(pitches) - 1}. Received: {time}")
    ends = pitches[[time - 1, time]][:, pair]  # (before and after, the two voices)
    axes.plot([time, time], ends.mean(axis=0), ":", color=VERMILION, linewidth=1.5, zorder=7)
    axes.plot([time - REACH, time + REACH], ends, ".-", color=VERMILION, linewidth=2, zorder=7, path_effects=OUTLINE)
    axes.text(time, ends.mean(), text, color=VERMILION, weight="bold", ha="center", va="center", zorder=8,
              bbox={"facecolor": "white", "edgecolor": VERMILION, "boxstyle": "circle,pad=0.2"})


def _draw_grid(axes, length, edges, metre, pickup):
    """Lines at the bars, numbered from the first full one, small ticks at the quarters, lines at each C."""
    starts = [start for start, _ in find_bars(length, metre, pickup)][1 if pickup else 0:]
    axes.vlines([*starts, length], *edges, color=GREY, linewidth=0.8, zorder=1)
    axes.set_xticks(starts, range(1, len(starts) + 1))
    axes.set_xticks(np.arange(pickup % QUARTER, length + 1, QUARTER), minor=True)
    octaves = [pitch for pitch in range(0, 128, OCTAVE) if edges[0] <= pitch <= edges[1]]
    axes.set_yticks(octaves, [f"C{pitch // OCTAVE - 1}" for pitch in octaves])
    axes.hlines(octaves, 0, length, color=GREY, linewidth=0.5, linestyle=":", zorder=1)
    axes.set(xlim=(-0.5, length + 0.5), ylim=edges, xlabel="bar (small ticks: quarter notes)", ylabel="pitch")


@styled
def plot_known(known, asked, titles, *, columns=2):
    """Grids of a piece's places, voices over each other and sixteenths side by side: coloured where its token is known.

    Args:
        known: list of bool arrays (T, voices), one for each grid.
        asked: list of (time, voice), the place that is guessed there: a frame with a question mark.
        titles: list of texts.
        columns: grids side by side.

    Returns:
        The figure.

    Raises:
        ValueError: for lists of different lengths, none, or more than 4 voices.
    """
    known = [np.asarray(grid, bool) for grid in known]
    if not len(known) == len(asked) == len(titles) > 0 or any(grid.shape[1:] > (len(VOICES),) for grid in known):
        raise ValueError("A grid (T, up to 4 voices), a place and a title are needed for each picture. Received: "
                         f"{len(known)} grids of shapes {[grid.shape for grid in known]}, {len(asked)}, {len(titles)}")
    rows = -(-len(known) // columns)
    figure, axes = plt.subplots(rows, columns, squeeze=False, figsize=(WIDTH, rows * GRID_HEIGHT))
    for axis in axes.flat[len(known):]:
        axis.set_axis_off()
    for axis, grid, (time, voice), title in zip(axes.flat, known, asked, titles):
        for column, row in np.ndindex(grid.shape):
            axis.barh(row, 0.9, left=column - 0.45, height=0.8, color=COLOURS[row] if grid[column, row] else "white",
                      edgecolor=GREY, linewidth=0.5)
        axis.barh(voice, 0.9, left=time - 0.45, height=0.8, color="white", edgecolor=VERMILION, linewidth=2.5)
        axis.text(time, voice, "?", color=VERMILION, weight="bold", ha="center", va="center")
        axis.set_yticks(range(grid.shape[1]), VOICES[:grid.shape[1]])
        axis.set(xticks=[], xlim=(-0.7, len(grid) - 0.3), ylim=(grid.shape[1] - 0.5, -0.5), title=title)
        axis.set_xlabel("time →")
    return figure
