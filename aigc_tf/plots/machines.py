"""Drawings of several machines: a ring of workers that add up what they have, and who is busy when."""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import FancyArrowPatch, Rectangle

from aigc_tf.plots.style import BLACK, BLUE, GREY, LINES, TITLE, VERMILION, WIDTH, short_number, styled

CELL_WIDTH, CELL_HEIGHT = 0.64, 0.2  # inches, of one piece of a worker
LETTERS = "abcdefgh"


@dataclass(frozen=True)
class Ring:
    """One moment of workers in a ring, each with the same pieces.

    Attributes:
        values: (workers, pieces) numbers, what each worker holds of each piece; at most 8 of either.
        shares: (workers, pieces) in [0, 1], how much of a piece's sum is in it already, which colours it: 0 is white,
            and 1, the finished sum, is blue.
        moving: for each worker the index of the piece that it sends to the next worker, or None.
    """

    values: np.ndarray
    shares: np.ndarray
    moving: tuple | None = None


@styled
def plot_ring(panels, *, columns=4):
    """Moments of workers in a ring, as {title: `Ring`}; worker 0 stands at the top, the others follow clockwise.

    What a worker sends is framed in red, and the red arrow that carries it has the letter of the piece.

    Args:
        panels: for each panel's title what is in it.
        columns: panels in a row.

    Raises:
        ValueError: for no panel, or values and shares of different shapes.
    """
    if not panels:
        raise ValueError("panels must hold at least one ring. Received: none")
    for title, ring in panels.items():
        if np.shape(ring.values) != np.shape(ring.shares):
            raise ValueError(f"values and shares must have one shape. Received: {np.shape(ring.values)} and "
                             f"{np.shape(ring.shares)} in {title!r}")
    lines, columns = -(-len(panels) // columns), min(columns, len(panels))
    side = WIDTH / columns
    pieces = max(np.shape(ring.values)[1] for ring in panels.values())
    height = max(side, 2 * pieces * CELL_HEIGHT + 1.7)  # the upper and the lower worker, and room for arrows
    figure, grid = plt.subplots(lines, columns, squeeze=False, figsize=(WIDTH, lines * (height + TITLE)))
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, (title, ring) in zip(grid.flat, panels.items()):
        axes.set(xlim=(-side / 2, side / 2), ylim=(-height / 2, height / 2), aspect="equal")
        axes.set_title(title, fontsize=10)
        _draw_ring(axes, ring, (side, height))
    return figure


def _draw_ring(axes, ring, size):
    count, pieces = np.shape(ring.values)
    angles = np.pi / 2 - 2 * np.pi * np.arange(count) / count
    radii = (size[0] - CELL_WIDTH) / 2 - 0.1, (size[1] - CELL_HEIGHT * pieces) / 2 - 0.15
    middles = np.stack([radii[0] * np.cos(angles), radii[1] * np.sin(angles)], axis=1)
    boxes = [_draw_worker(axes, middle, ring, worker) for worker, middle in enumerate(middles)]
    for worker in range(count if ring.moving is not None else 0):
        following = (worker + 1) % count
        axes.add_patch(FancyArrowPatch(
            middles[worker], middles[following], patchA=boxes[worker], patchB=boxes[following], shrinkA=3, shrinkB=3,
            arrowstyle="-|>", mutation_scale=11, linewidth=1.5, color=VERMILION, zorder=1,
        ))
        axes.text(*(0.64 * (middles[worker] + middles[following])), LETTERS[ring.moving[worker]], color=VERMILION,
                  ha="center", va="center", weight="bold", fontsize=9)


def _draw_worker(axes, middle, ring, worker):
    """The pieces of a worker, one under the other; returns the frame around them."""
    values, shares = ring.values[worker], ring.shares[worker]
    left, top = middle[0] - CELL_WIDTH / 2, middle[1] + CELL_HEIGHT * len(values) / 2
    for piece, (value, share) in enumerate(zip(values, shares)):
        low = top - (piece + 1) * CELL_HEIGHT
        axes.add_patch(Rectangle((left, low), CELL_WIDTH, CELL_HEIGHT, facecolor="white", zorder=2))
        axes.add_patch(Rectangle((left, low), CELL_WIDTH, CELL_HEIGHT, facecolor=BLUE, alpha=0.9 * share**2,
                                 edgecolor="none", zorder=2))
        sent = ring.moving is not None and ring.moving[worker] == piece
        axes.add_patch(Rectangle((left, low), CELL_WIDTH, CELL_HEIGHT, facecolor="none", zorder=4 if sent else 3,
                                 edgecolor=VERMILION if sent else GREY, linewidth=2 if sent else 0.5))
        colour = "white" if share > 0.9 else BLACK
        axes.text(left + 0.05, low + CELL_HEIGHT / 2, LETTERS[piece], va="center", fontsize=8.5, zorder=5, color=colour)
        axes.text(left + CELL_WIDTH - 0.05, low + CELL_HEIGHT / 2, short_number(value), ha="right", va="center",
                  fontsize=8.5, zorder=5, color=colour)
    outer = {-1: ("left", left), 0: ("center", middle[0]), 1: ("right", left + CELL_WIDTH)}
    align, x = outer[int(np.sign(np.round(middle[0], 3)))]  # the name stands away from the arrows
    below = middle[1] < -0.1
    axes.text(x, top - CELL_HEIGHT * len(values) - 0.03 if below else top + 0.02, f"worker {worker}", ha=align,
              va="top" if below else "bottom", fontsize=8.5, color=GREY)
    frame = Rectangle((left, top - CELL_HEIGHT * len(values)), CELL_WIDTH, CELL_HEIGHT * len(values), fill=False,
                      edgecolor="none")
    return axes.add_patch(frame)


@styled
def plot_timeline(rows, *, xlabel, colours=LINES, title=None):
    """Who does what and when: a row of bars for each name, one colour for each kind of work.

    Args:
        rows: {name: [(kind, start, length), ...]}, drawn from top to bottom; lengths of 0 are left out.
        xlabel: "time" and its unit.
        colours: {kind: colour}, or colours in the order in which kinds first occur.
        title: text above.

    Raises:
        ValueError: for no row, or a negative length.
    """
    if not rows:
        raise ValueError("rows must hold at least one row. Received: none")
    kinds = list(dict.fromkeys(kind for row in rows.values() for kind, _, _ in row))
    if not isinstance(colours, dict):
        colours = dict(zip(kinds, colours * len(kinds), strict=False))
    figure, axes = plt.subplots(figsize=(WIDTH, 0.9 + 0.42 * len(rows) + bool(title) * TITLE))
    handles = {}
    for height, row in enumerate(rows.values()):
        for kind, start, length in row:
            if length < 0:
                raise ValueError(f"lengths must not be negative. Received: {length} of {kind!r}")
            if length > 0:
                handles[kind] = axes.barh(height, length, left=start, height=0.7, color=colours[kind],
                                          edgecolor="white")
    axes.set(xlabel=xlabel, title=title, yticks=range(len(rows)), yticklabels=list(rows))
    axes.invert_yaxis()
    handles = {kind: handles[kind] for kind in kinds if kind in handles}
    figure.legend(handles.values(), handles, loc="outside lower center", ncols=min(4, max(1, len(handles))))
    return figure
