"""Pictures of toy games for chapter 3: densities on a line, and points in a plane."""

import matplotlib.pyplot as plt
import numpy as np

from aigc_tf.plots.style import BASELINE, BLUE, GENERATED, REAL, STYLE, WIDTH


def plot_line_game(real, fakes, places, probabilities, title=None):
    """One moment of a game on a line: histograms of real and generated numbers, and what the discriminator thinks.

    Args:
        real, fakes: (N,) and (M,), numbers in [0, 1].
        places: (K,) numbers in [0, 1].
        probabilities: (K,), D at those places, in [0, 1].
        title: text above.
    """
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(7, 3))
        bins = np.linspace(0, 1, 51)
        axes.hist(real, bins, density=True, color=REAL, alpha=0.4, label="real")
        axes.hist(fakes, bins, density=True, color=GENERATED, alpha=0.5, label="generated")
        axes.set(xlabel="x", ylabel="density", ylim=(0, 12), xlim=(0, 1), title=title)
        right = axes.twinx()
        right.plot(places, probabilities, color=BLUE, label="D(x)")
        right.axhline(0.5, color=BASELINE, linestyle=":")
        right.set(ylabel="D(x), probability of real", ylim=(0, 1))
        right.spines["right"].set_visible(True)
        figure.legend(loc="outside lower center", ncols=3)
    plt.close(figure)
    return figure


def plot_plane_games(real, rows, titles):
    """Points in the unit square: for each named row of `rows` one panel for each of the `titles`.

    Args:
        real: (N, 2).
        rows: {name: list of (M, 2) arrays, one for each title}.
        titles: text above the columns.
    """
    if not rows or any(len(panels) != len(titles) for panels in rows.values()):
        raise ValueError(f"each row needs one panel for each of {len(titles)} titles. "
                         f"Received: { {name: len(panels) for name, panels in rows.items()} }")
    side = WIDTH / len(titles)
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(len(rows), len(titles), squeeze=False, figsize=(WIDTH, side * len(rows) + 0.3))
        for line, (name, panels) in zip(axes, rows.items()):
            line[0].set_ylabel(name)
            for axis, points in zip(line, panels):
                axis.scatter(*np.asarray(real).T, s=2, color=REAL, alpha=0.3, linewidths=0)
                axis.scatter(*np.asarray(points).T, s=2, color=GENERATED, alpha=0.5, linewidths=0)
                axis.set(xlim=(0, 1), ylim=(0, 1), xticks=[], yticks=[], aspect="equal")
        for axis, title in zip(axes[0], titles):
            axis.set_title(title)
    plt.close(figure)
    return figure
