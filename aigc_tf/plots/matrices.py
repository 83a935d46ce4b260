"""Small matrices as coloured squares with their numbers: a kernel, a map, a table of what fits what."""

import matplotlib.pyplot as plt
import numpy as np

from aigc_tf.plots.style import BLACK, WIDTH, styled


@styled
def plot_matrices(panels, *, digits=0, frames=None, names=None, height=None):
    """Matrices side by side, as {title: (rows, columns)}, bright for small numbers and dark for large ones.

    Args:
        panels: each has a colour scale of its own, from its smallest number to its largest.
        digits: behind the point of the numbers in the squares; None writes none.
        frames: {title: list of (row, column, rows, columns)}: blocks of squares to put a frame around.
        names: (names of the rows, names of the columns), for matrices that have as many, or None.
        height: of the figure in inches; by default as high as the panels are wide.

    Raises:
        ValueError: for no panel, something else than a matrix, or frames of a panel that is not there.
    """
    panels = {title: np.asarray(matrix, np.float64) for title, matrix in panels.items()}
    frames = frames or {}
    if not panels or any(matrix.ndim != 2 for matrix in panels.values()) or not set(frames) <= set(panels):
        raise ValueError("panels must be matrices by title, and frames must name some of them. Received: "
                         f"{ {title: matrix.shape for title, matrix in panels.items()} }, frames of {sorted(frames)}")
    width = WIDTH / max(len(panels), 2)
    tallest = max(matrix.shape[0] / matrix.shape[1] for matrix in panels.values())
    figure, row = plt.subplots(1, len(panels), squeeze=False,
                               figsize=(width * len(panels), height or width * tallest + 0.4))
    for axes, (title, matrix) in zip(row[0], panels.items(), strict=True):
        axes.imshow(matrix, cmap="Blues", interpolation="nearest", vmin=matrix.min(), vmax=matrix.max() + 1e-9)
        axes.set(title=title, xticks=[], yticks=[])
        if digits is not None:
            _write_numbers(axes, matrix, digits)
        for top, left, rows, columns in frames.get(title, ()):
            axes.add_patch(plt.Rectangle((left - 0.5, top - 0.5), columns, rows, fill=False, edgecolor=BLACK,
                                         linewidth=2.5))
        if names:
            axes.set_yticks(range(len(matrix)), names[0])
            axes.set_xticks(range(len(matrix[0])), names[1])
            axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
    return figure


def _write_numbers(axes, matrix, digits):
    middle = (matrix.min() + matrix.max()) / 2
    for (row, column), number in np.ndenumerate(matrix):
        axes.text(column, row, f"{number:.{digits}f}", ha="center", va="center", fontsize=9,
                  color="white" if number > middle else BLACK)
