"""Methods by two measures, of which one costs the other."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import LogLocator, NullLocator

from aigc_tf.plots.style import BLACK, BLUE, GREY, short_number, styled


@styled
def plot_tradeoff(points, *, xlabel, ylabel, highlight=(), floor=None):
    """Methods by two measures, both the lower the better: one dot for each measurement, on logarithmic axes.

    Args:
        points: {name: list of (x, y)}, all greater than 0.
        xlabel, ylabel: quantity and unit.
        highlight: names to colour; the others are grey.
        floor: the vertical value that real data would have, drawn as a dotted line.

    Raises:
        ValueError: for no points, or one that is not greater than 0.
    """
    values = np.array([point for pairs in points.values() for point in pairs], float)
    if not values.size or values.min() <= 0:
        raise ValueError(f"points must hold pairs of numbers greater than 0. Received: {points}")
    figure, axes = plt.subplots(figsize=(7, 4.8))
    axes.set(xscale="log", yscale="log", xlabel=xlabel, ylabel=ylabel)
    for name, pairs in points.items():
        x, y = np.transpose(pairs)
        colour = BLUE if name in highlight else GREY
        axes.plot(x, y, "o", color=colour, alpha=0.7)
        axes.annotate(name, (x.max(), np.exp(np.log(y).mean())), xytext=(7, 0), textcoords="offset points",
                      va="center", color=colour, weight="bold" if name in highlight else "normal",
                      bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.5})
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter("{x:g}")
        axis.set_minor_locator(NullLocator())
    axes.set_xlim(right=axes.get_xlim()[1] * 1.4)  # room for the names
    axes.grid(alpha=0.3)
    if floor is not None:
        axes.axhline(floor, color=BLACK, linestyle=":", zorder=0)
        axes.annotate(f"floor {short_number(float(floor))}", (0.01, floor), xycoords=("axes fraction", "data"),
                      xytext=(0, 4), textcoords="offset points")
    return figure
