"""Pictures as large as photographs, pixel by pixel, and in few bytes."""

import io

import matplotlib.pyplot as plt
import numpy as np
from IPython import display
from PIL import Image

from aigc_tf.plots.films import show
from aigc_tf.plots.style import STYLE, styled

GAP, CAPTION = 8, 24  # pixels of the screen: between the pictures, and above each of them


@styled
def plot_gallery(pictures, *, columns=3, scale=2):
    """Pictures {title: (H, W, C)} in rows of `columns`, each of their pixels a square of `scale` pixels of the screen.

    All are drawn as large as the first.
    """
    if not pictures:
        raise ValueError("pictures must hold at least one picture with its title. Received: none")
    columns, rows = min(columns, len(pictures)), -(-len(pictures) // columns)
    height, width = (scale * side for side in next(iter(pictures.values())).shape[:2])
    size = np.array([columns * (width + GAP) - GAP, rows * (height + CAPTION)])  # pixels
    figure = plt.figure(figsize=size / STYLE["figure.dpi"], layout="none")
    for place, (title, picture) in enumerate(pictures.items()):
        row, column = divmod(place, columns)
        corner = np.array([column * (width + GAP), size[1] - (row + 1) * (height + CAPTION)])
        axes = figure.add_axes((*(corner / size), width / size[0], height / size[1]))
        axes.imshow(np.asarray(picture).clip(0, 1), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        axes.set_axis_off()
        axes.set_title(title, fontsize=STYLE["font.size"], pad=4)
    return figure


def show_gallery(pictures, alt, *, columns=3, scale=2):
    """Displays pictures {title: (H, W, C)} as `plot_gallery` draws them, in 128 colours: a quarter of the bytes."""
    file, small = io.BytesIO(), io.BytesIO()
    plot_gallery(pictures, columns=columns, scale=scale).savefig(file, format="png", dpi="figure")
    Image.open(file).convert("RGB").quantize(128, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    show(display.Image(small.getvalue()), alt)
