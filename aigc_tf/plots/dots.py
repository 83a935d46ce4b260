"""Several measurements of each method as dots on a line, so that the spread of seeds is seen beside the differences."""

import matplotlib.pyplot as plt
import numpy as np

from aigc_tf.plots.style import BLACK, BLUE, GREY, TITLE, WIDTH, short_number, styled

AXIS, ROW = 0.7, 0.38  # inches: an axis with its label, and one method


@styled
def plot_dots(panels, *, xlabel, highlight=(), floors=None, log=()):
    """One row for each method, one dot for each measurement, a bar at the mean, the mean in numbers at the right.

    Args:
        panels: {title: {name: list of values}}, side by side with the same names in the same order.
        xlabel: quantity and unit, or a list with one for each panel.
        highlight: names to colour; the others are grey.
        floors: {title: the value of real data}, drawn as a dotted line.
        log: titles of the panels whose scale is logarithmic.

    Raises:
        ValueError: for no panel, or panels with different names.
    """
    names = list(next(iter(panels.values()))) if panels else []
    if not names or any(list(values) != names for values in panels.values()):
        raise ValueError("panels must hold the same names in the same order. "
                         f"Received: { {title: list(values) for title, values in panels.items()} }")
    labels = xlabel if isinstance(xlabel, list) else [xlabel] * len(panels)
    size = (WIDTH if len(panels) > 1 else 7, AXIS + ROW * len(names) + TITLE)
    figure, row = plt.subplots(1, len(panels), squeeze=False, sharey=True, figsize=size)
    for axes, (title, methods), label in zip(row[0], panels.items(), labels, strict=True):
        if title in log:
            axes.set_xscale("log")
        for place, (name, values) in enumerate(methods.items()):
            colour, mean = BLUE if name in highlight else GREY, float(np.mean(values))
            axes.plot(values, [place] * len(values), "o", color=colour, alpha=0.7, clip_on=False)
            axes.plot([mean, mean], [place - 0.3, place + 0.3], color=colour, linewidth=2)
            axes.annotate(short_number(mean), (1.02, place), xycoords=("axes fraction", "data"), va="center",
                          color=colour)
        if floors and title in floors:
            axes.plot([floors[title]] * 2, [-0.55, len(names) - 0.4], color=BLACK, linestyle=":")
            axes.annotate(f"real {short_number(float(floors[title]))}", (floors[title], -0.65), ha="center")
        axes.set(title=title, xlabel=label, ylim=(len(names) - 0.4, -1.0))
        axes.grid(axis="x", alpha=0.3)
    row[0, 0].set_yticks(range(len(names)), names)
    return figure
