"""Pictures of toy games for chapter 3: densities on a line, points in a plane, and what judges see of two clouds."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Circle, Ellipse

from aigc_tf.plots.style import BASELINE, BLACK, BLUE, GENERATED, REAL, STYLE, WIDTH, styled


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


@styled
def plot_line_games(real, moments, places, titles):
    """Moments of a game on a line side by side, as `plot_line_game` draws one, with the best possible D of each.

    Args:
        real: (N,) numbers in [0, 1].
        moments: for each panel (fakes (M,), probabilities (K,)): D at the places.
        places: (K,) numbers in [0, 1].
        titles: text above each panel.

    Raises:
        ValueError: if there is not one title for each moment.
    """
    if not moments or len(moments) != len(titles):
        raise ValueError(f"each moment needs a title. Received: {len(moments)} moments, {len(titles)} titles")
    bins = np.linspace(0, 1, 51)
    middles, density = (bins[1:] + bins[:-1]) / 2, np.histogram(real, bins, density=True)[0]
    figure, row = plt.subplots(1, len(moments), squeeze=False, sharey=True, figsize=(WIDTH, 2.9))
    for axes, (fakes, probabilities), title in zip(row[0], moments, titles):
        drawn = np.histogram(fakes, bins, density=True)[0]
        seen = density + drawn > 0.1  # where there are enough numbers for a share
        axes.hist(real, bins, density=True, color=REAL, alpha=0.4, label="real")
        axes.hist(fakes, bins, density=True, color=GENERATED, alpha=0.5, label="generated")
        right = axes.twinx()
        right.plot(places, probabilities, color=BLUE, label="D(x)")
        best = np.where(seen, density / np.maximum(density + drawn, 1e-9), np.nan)
        right.plot(middles, best, ".", color=BLACK, markersize=3, label="best D(x) for these two histograms")
        right.axhline(0.5, color=BASELINE, linestyle=":")
        axes.set(xlabel="x", xlim=(0, 1), xticks=[0, 0.5, 1], ylim=(0, 8), title=title)
        right.set(ylim=(0, 1), yticks=[0, 0.5, 1])
        right.tick_params(labelright=axes is row[0][-1])
    row[0][0].set_ylabel("density")
    right.set_ylabel("D(x), probability of real")
    handles = {text: handle for part in (row[0][0], right) for handle, text in zip(*part.get_legend_handles_labels())}
    figure.legend(handles.values(), handles, loc="outside lower center", ncols=4)
    return figure


@styled
def plot_feature_clouds(real, fakes, *, neighbours=3):
    """What judges of two clouds of points see: their Gaussians, the fakes near real points, the reals near fakes.

    The first panel has the ellipses of two standard deviations that the Fréchet distance compares. In the second a
    fake counts (precision) if it lies in the disc of a real point, which reaches to that point's k-th nearest other
    real point; the third (recall) is the same with the roles exchanged. Kynkäänniemi et al. 2019 (arXiv:1904.06991).

    Args:
        real, fakes: (N, 2) and (M, 2), few enough to draw a disc around each.
        neighbours: k.
    """
    real, fakes = np.asarray(real, float), np.asarray(fakes, float)
    figure, (gaussians, *panels) = plt.subplots(1, 3, sharex=True, sharey=True, figsize=(WIDTH, 3.7))
    for points, colour, label in ((real, REAL, "real"), (fakes, GENERATED, "generated")):
        gaussians.scatter(*points.T, s=14, color=colour, label=label)
        lengths, directions = np.linalg.eigh(np.cov(points.T))
        angle = np.degrees(np.arctan2(*directions[::-1, 1]))
        gaussians.add_patch(Ellipse(points.mean(axis=0), *(4 * np.sqrt(lengths[::-1])), angle=angle, fill=False,
                                    edgecolor=colour, linewidth=2))
        gaussians.plot(*points.mean(axis=0), "+", color=colour, markersize=14, markeredgewidth=2.5)
    gaussians.set_title("Fréchet: two Gaussians")
    for axes, name, inner, outer, colours in (
        (panels[0], "precision", real, fakes, (REAL, GENERATED)), (panels[1], "recall", fakes, real, (GENERATED, REAL)),
    ):
        radii = np.sort(np.linalg.norm(inner[:, None] - inner, axis=-1), axis=1)[:, neighbours]
        inside = (np.linalg.norm(outer[:, None] - inner, axis=-1) <= radii).any(axis=1)
        for centre, radius in zip(inner, radii):
            axes.add_patch(Circle(centre, radius, color=colours[0], alpha=0.12, linewidth=0))
        axes.scatter(*inner.T, s=4, color=colours[0])
        axes.scatter(*outer[inside].T, s=22, color=colours[1], edgecolor=BLACK, linewidth=0.6)
        axes.scatter(*outer[~inside].T, s=26, color=colours[1], marker="x", linewidth=1.6)
        axes.set_title(f"{name}: {inside.sum()} of {len(outer)} in a disc")
    for axes in (gaussians, *panels):
        axes.set(xlabel="feature 1", aspect="equal")
    gaussians.set_ylabel("feature 2")
    figure.legend(*gaussians.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure
