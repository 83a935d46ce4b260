"""The course's style: one palette, one meaning for each colour, and figures that a notebook shows once."""

import functools

import matplotlib.pyplot as plt
import numpy as np

# Okabe & Ito's palette, which colour-blind readers can tell apart (jfly.uni-koeln.de/color).
BLUE, ORANGE, GREEN, VERMILION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
PURPLE, SKY, YELLOW, BLACK, GREY = "#CC79A7", "#56B4E9", "#F0E442", "#000000", "#767676"
# One meaning, one colour, in every chapter.
TRAIN, TEST, REAL, GENERATED, BASELINE = BLUE, ORANGE, GREEN, VERMILION, GREY
LINES = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY, BLACK)
CLASSES = (BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, YELLOW, BLACK, GREY, "#882255")

WIDTH = 9.0  # inches: what a notebook shows without scaling
# Inches by which a figure grows for what stands around the pictures themselves.
TITLE, TICKS, NAMES = 0.3, 0.2, 0.9  # above; above each row that has them; to the left
STYLE = {"figure.dpi": 100, "font.size": 10, "axes.titlesize": 11, "axes.spines.top": False,
         "axes.spines.right": False, "figure.constrained_layout.use": True, "legend.frameon": False}


def styled(plot):
    """Makes `plot` run in the course's style, and closes in pyplot what it opens, also when it raises an error."""

    @functools.wraps(plot)
    def drawn(*args, **kwargs):
        before = plt.get_fignums()
        try:
            with plt.rc_context(STYLE):
                return plot(*args, **kwargs)
        finally:
            for number in set(plt.get_fignums()) - set(before):
                plt.close(number)

    return drawn


def short_number(value):
    """A float as text with three significant digits; anything else as `str` gives it."""
    return f"{value:.3g}" if isinstance(value, (float, np.floating)) else str(value)
