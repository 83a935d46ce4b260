"""A drawing of text in pieces (chapter 5b)."""

import itertools

import matplotlib.pyplot as plt
import numpy as np

from aigc_tf.plots.style import BLUE, ORANGE, TITLE, WIDTH, styled
from aigc_tf.plots.text import SHOWN


@styled
def plot_pieces(rows, *, title=None):
    """Texts in pieces, one text in a row: every piece is a box, and the boxes take turns in two colours.

    Args:
        rows: {name: list of strings}, pieces in order; some 80 characters are legible.
        title: text above.

    Raises:
        ValueError: for no rows, or a piece without characters.
    """
    if not rows or not all(map(len, itertools.chain(*rows.values()))):
        raise ValueError("rows must hold a list of pieces by name, each of at least one character. "
                         f"Received: {list(rows.values())}")
    widest = max(len("".join(pieces)) for pieces in rows.values())
    figure, axes = plt.subplots(figsize=(WIDTH, 0.2 + 0.34 * len(rows) + bool(title) * TITLE))
    for row, pieces in enumerate(rows.values()):
        ends = np.cumsum([len(piece) for piece in pieces])
        for number, (piece, end) in enumerate(zip(pieces, ends)):
            start, colour = end - len(piece), (BLUE, ORANGE)[number % 2]
            axes.barh(row, len(piece) - 0.15, left=start + 0.075, height=0.8, color=colour, alpha=0.35)
            for place, character in enumerate(piece):
                axes.text(start + place + 0.5, row, SHOWN.get(character, character), ha="center", va="center",
                          family="DejaVu Sans Mono", fontsize=9)
    axes.set(xlim=(0, widest), ylim=(len(rows) - 0.5, -0.5), xticks=[], title=title)
    axes.set_yticks(range(len(rows)), list(rows))
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return figure
