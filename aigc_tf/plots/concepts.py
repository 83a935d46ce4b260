"""Drawings of ideas, made from real numbers: what a code is, and how a space of codes is filled."""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Ellipse

from aigc_tf.plots.style import BLACK, CLASSES, GREY, WIDTH, styled

LETTERS = "abcdefgh"


@dataclass(frozen=True)
class Codes:
    """A space of two latents, and where a model puts images in it.

    Attributes:
        means: (N, 2), the codes.
        labels: (N,) classes, at most 10, which colour them.
        stddevs: (N, 2) if the codes are clouds, which are then drawn as ellipses of one standard deviation.
        decoded: images (P, H, W, 1) in [0, 1], what each of the marked places decodes to, or None.
        window: (left, right, low, high), the part that is shown; by default all codes.
    """

    means: np.ndarray
    labels: np.ndarray
    stddevs: np.ndarray | None = None
    decoded: np.ndarray | None = None
    window: tuple | None = None


@styled
def plot_codes(panels, places):
    """Spaces of two latents side by side, as {title: `Codes`}, with a cross at each of `places` (P, 2), at most 8.

    What the places decode to stands below, under the letters of the crosses.
    """
    side = (WIDTH + 1) / len(panels)  # an inch more, so that three digits below a panel get three pixels a pixel
    figure, axes = plt.subplots(2, len(panels), squeeze=False, figsize=(WIDTH + 1, side + side / len(places) + 0.5),
                                height_ratios=[1, 1 / len(places)])
    for axis, strip, (title, codes) in zip(axes[0], axes[1], panels.items()):
        colours = np.array(CLASSES)[np.unique(codes.labels, return_inverse=True)[1]]
        if codes.stddevs is None:
            axis.scatter(*np.asarray(codes.means).T, s=3, color=colours, linewidths=0)
        else:
            for mean, stddev, colour in zip(codes.means, codes.stddevs, colours):
                axis.add_patch(Ellipse(mean, *(2 * stddev), facecolor=colour, edgecolor=GREY, alpha=0.35))
        window = codes.window or np.stack([codes.means.min(axis=0), codes.means.max(axis=0)]).T.ravel()
        for number, (x, y) in enumerate(places):
            if window[0] < x < window[1] and window[2] < y < window[3]:
                axis.plot(x, y, "x", color=BLACK, markersize=8, markeredgewidth=2)
                axis.annotate(LETTERS[number], (x, y), xytext=(10 * number - 10, 9), textcoords="offset points",
                              ha="center", weight="bold")
        axis.set(title=title, xlabel="latent 1", ylabel="latent 2", xlim=window[:2], ylim=window[2:])
        strip.set_axis_off()
        if codes.decoded is not None:
            _draw_strip(strip, codes.decoded)
    return figure


def _draw_strip(axes, images):
    """Images side by side, with a letter below each."""
    width = images.shape[2] + 1
    tiles = np.pad(images[..., 0], [(0, 0), (0, 0), (0, 1)], constant_values=1.0)
    axes.imshow(np.concatenate(list(tiles), axis=1)[:, :-1], cmap="gray", vmin=0, vmax=1)
    for place, letter in enumerate(LETTERS[: len(images)]):
        axes.text(place * width + width / 2 - 1, images.shape[1] + 2, letter, ha="center", va="top", weight="bold")
