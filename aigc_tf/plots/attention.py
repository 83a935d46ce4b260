"""Drawings of attention: who looks at whom, and how much."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import LineCollection

from aigc_tf.plots.style import BLUE, WIDTH, styled
from aigc_tf.plots.text import SHOWN


@styled
def plot_attention(panels, *, columns=3):
    """Who looks at whom: what asks stands above, what is asked below, joined by lines as thick as the weights.

    Args:
        panels: {title: (weights (asking, asked), names of what asks, names of what is asked)}.
        columns: panels in a row.

    Raises:
        ValueError: for no panel, or weights that do not fit the names.
    """
    shapes = {title: (np.shape(weights), len(asking), len(asked)) for title, (weights, asking, asked) in panels.items()}
    if not panels or any(shape != (asking, asked) for shape, asking, asked in shapes.values()):
        raise ValueError("panels must be (weights, asking, asked) by title, a row for each name that asks and a column "
                         f"for each that is asked. Received, with the numbers of names: {shapes}")
    rows = -(-len(panels) // columns)
    figure, grid = plt.subplots(rows, columns, figsize=(WIDTH, 1.5 * rows), squeeze=False)
    for axes in grid.flat:
        axes.axis("off")
    for axes, (title, (weights, *names)) in zip(grid.flat, panels.items()):
        above, below = (np.arange(len(tokens)) - (len(tokens) - 1) / 2 for tokens in names)
        ends = [[(left, 0.82), (right, 0.18)] for left in above for right in below]
        axes.add_collection(LineCollection(ends, linewidths=6 * np.ravel(weights), colors=BLUE, alpha=0.8))
        for tokens, places, height in zip(names, (above, below), (1.0, 0.0)):
            for token, place in zip(tokens, places):
                shown = "".join(SHOWN.get(character, character) for character in token)
                axes.text(place, height, shown, ha="center", va="center", family="DejaVu Sans Mono")
        widest = max(len(tokens) for tokens in names) / 2 + 0.2
        axes.set(title=title, xlim=(-widest, widest), ylim=(-0.2, 1.2))
    return figure
