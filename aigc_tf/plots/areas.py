"""Rectangles to scale: matrices beside their factors, or a network whose learning parts are coloured."""

from typing import NamedTuple

import matplotlib.pyplot as plt

from aigc_tf.plots.style import BLACK, GREY, WIDTH, styled


class Area(NamedTuple):
    """A rectangle. All panels of a figure have one scale, so sizes compare.

    Args:
        left, low: its corner; y points up.
        width, height: of it.
        text: what stands in it, or beside it if `outside`.
        colour: of its face.
        outside: whether the text stands at its right.
    """

    left: float
    low: float
    width: float
    height: float
    text: str = ""
    colour: str = GREY
    outside: bool = False


@styled
def plot_areas(panels, *, title=None):
    """Panels of rectangles side by side, as {title: list of `Area`}, all to one scale.

    Raises:
        ValueError: for no panel, or a panel without an area.
    """
    if not panels or not all(panels.values()):
        counts = {name: len(areas) for name, areas in panels.items()}
        raise ValueError(f"There must be a panel, and in each an area. Received: {counts}")
    widths = [max(area.left + area.width for area in areas) for areas in panels.values()]
    tallest = max(area.low + area.height for areas in panels.values() for area in areas)
    scale = WIDTH / (sum(widths) * 1.12)
    figure, row = plt.subplots(1, len(panels), squeeze=False, width_ratios=widths,
                               figsize=(WIDTH, tallest * scale + 0.5 + 0.3 * bool(title)))
    for axes, (name, areas), width in zip(row[0], panels.items(), widths, strict=True):
        for area in areas:
            faint = 0.45 if area.colour == GREY else 1
            axes.add_patch(plt.Rectangle((area.left, area.low), area.width, area.height, linewidth=0.8,
                                         edgecolor="white", facecolor=area.colour, alpha=faint))
            x = area.left + area.width * (1.05 if area.outside else 0.5)
            axes.text(x, area.low + area.height / 2, area.text, va="center", fontsize=9,
                      ha="left" if area.outside else "center",
                      color=BLACK if area.outside or area.colour == GREY else "white")
        axes.set(xlim=(0, width), ylim=(0, tallest), aspect="equal", title=name)
        axes.set_axis_off()
    figure.suptitle(title)
    return figure
