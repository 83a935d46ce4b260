"""Pictures made of images: grids, rows, walks, film strips, and maps of latent space.

Images are floats in [0, 1] of shape (N, H, W, C), with C = 1 (grey) or 3 (colour). Grey is always drawn on
the same scale, 0 black and 1 white. A figure is already closed in pyplot, so that a notebook shows it once:
as the last expression of a cell or, with alternative text, by `plots.show(figure, alt)`.
"""

import statistics

import matplotlib.pyplot as plt
import numpy as np

from aigc_tf.plots.style import CLASSES, NAMES, STYLE, TICKS, TITLE, WIDTH, short_number, styled

# ---- images ----


def _checked(images, rank=4):
    """Returns `images` as a float array, or says what is wrong with its shape."""
    images = np.asarray(images, np.float32)
    if images.ndim != rank or images.shape[-1] not in (1, 3) or 0 in images.shape:
        axes = {4: "(N, H, W, C)", 5: "(rows, N, H, W, C)"}[rank]
        raise ValueError(f"images must have shape {axes} with C = 1 or 3. Received: shape={images.shape}")
    return images


def image_grid(images, columns=None, separator=0.5):
    """Lays images out as one, row by row, with 1 pixel between them.

    Args:
        images: (N, H, W, C).
        columns: images in a row; by default as square as it gets.
        separator: grey value of the pixels in between, in [0, 1]; missing images are white.

    Returns:
        float32 (rows·(H+1) − 1, columns·(W+1) − 1, C).

    Raises:
        ValueError: if `images` has another rank or number of channels, or `columns` is below 1.
    """
    images = _checked(images)
    num_images, height, width, channels = images.shape
    columns = int(np.ceil(np.sqrt(num_images))) if columns is None else columns
    if columns < 1:
        raise ValueError(f"columns must be at least 1. Received: columns={columns}")
    rows = -(-num_images // columns)
    tiles = np.full((rows * columns, height + 1, width + 1, channels), separator, np.float32)
    tiles[:num_images, :height, :width] = images
    tiles[num_images:] = 1.0
    tiles = tiles.reshape(rows, columns, height + 1, width + 1, channels)
    grid = tiles.transpose(0, 2, 1, 3, 4).reshape(rows * (height + 1), columns * (width + 1), channels)
    return grid[:-1, :-1]


def _draw_grid(axes, images, columns=None):
    """Draws `image_grid` into `axes`, without ticks or frame, and returns the grid's shape."""
    grid = image_grid(images, columns)
    axes.imshow(grid, cmap="gray", vmin=0, vmax=1)  # matplotlib ignores these three for colour images
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    return grid.shape


def _strips(rows, *, names=None, ticks=None, title=None):
    """Rows of images one under the other; `names` stand to their left, `ticks` (a list a row) above them."""
    longest = max(len(row) for row in rows)
    height, width = rows[0].shape[1:3]
    inches = min(WIDTH / longest, 1.0)  # an image's width
    labelled_rows = sum(map(bool, ticks or []))
    row_height = inches * height / width + 0.06  # and a little air
    size = (inches * longest + bool(names) * NAMES,
            row_height * len(rows) + labelled_rows * TICKS + bool(title) * TITLE)
    figure, axes = plt.subplots(len(rows), squeeze=False, figsize=size)
    for index, (row, axis) in enumerate(zip(rows, axes[:, 0], strict=True)):
        _draw_grid(axis, row, columns=longest)
        if names:
            axis.set_ylabel(names[index], rotation=0, ha="right", va="center")
        if ticks:
            axis.set_xticks(np.arange(len(ticks[index])) * (width + 1) + (width - 1) / 2, ticks[index])
            axis.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=0, pad=0)
    figure.suptitle(title, fontsize=STYLE["axes.titlesize"])
    return figure


@styled
def plot_images(images, *, columns=10, title=None, labels=None):
    """Images (N, H, W, C) in rows of `columns`, with one of the N `labels`, if given, above each."""
    images = _checked(images)
    if columns < 1:
        raise ValueError(f"columns must be at least 1. Received: columns={columns}")
    if labels is not None and len(labels) != len(images):
        raise ValueError(f"one label per image is needed. Received: {len(labels)} for {len(images)} images")
    starts = range(0, len(images), columns)
    ticks = None if labels is None else [[str(label) for label in labels[at:at + columns]] for at in starts]
    return _strips([images[at:at + columns] for at in starts], ticks=ticks, title=title)


@styled
def plot_rows(rows, title=None):
    """Named rows of images one under the other, as in `{"original": images, "reconstruction": others}`."""
    if not rows:
        raise ValueError("rows must name at least one row of images. Received: no rows")
    return _strips([_checked(images) for images in rows.values()], names=list(rows), title=title)


@styled
def plot_walk(images, title=None, ticks=None):
    """A walk through latent space: images (N, H, W, C) in one row, or (rows, N, H, W, C) in several.

    `ticks` are N labels for the steps, numbers or text; they stand above the first row.
    """
    images = np.asarray(images, np.float32)
    rows = list(_checked(images, rank=5)) if images.ndim == 5 else [_checked(images)]
    if ticks is not None and len(ticks) != len(rows[0]):
        raise ValueError(f"one tick per step is needed. Received: {len(ticks)} for {len(rows[0])} steps")
    labels = None if ticks is None else [[short_number(tick) for tick in ticks]] + [[]] * (len(rows) - 1)
    return _strips(rows, ticks=labels, title=title)


@styled
def plot_film_strip(frames, titles, *, columns=5):
    """Grids of samples side by side, a frame (N, H, W, C) for each of the `titles`, `columns` in a row."""
    if not len(frames) or len(frames) != len(titles):
        raise ValueError("frames, and one title for each, are needed. "
                         f"Received: {len(frames)} frames, {len(titles)} titles")
    columns = min(columns, len(frames))
    rows = -(-len(frames) // columns)
    height, width, _ = image_grid(frames[0]).shape
    inches = min(WIDTH / columns, 3.0)
    figure, axes = plt.subplots(rows, columns, squeeze=False,
                                figsize=(inches * columns, (inches * height / width + TITLE) * rows))
    for axis in axes.flat:
        axis.set_axis_off()
    for axis, frame, title in zip(axes.flat, frames, titles, strict=False):
        _draw_grid(axis, frame)
        axis.set_title(title)
    return figure


# ---- latent space ----


@styled
def plot_latent_map(latents, labels, title=None):
    """Latents (N, 2) as dots coloured by their `labels` (N,): at most 10 classes, named at their medians."""
    latents, labels = np.asarray(latents), np.asarray(labels)
    classes = np.unique(labels)
    if latents.ndim != 2 or latents.shape[1] != 2 or labels.shape != latents.shape[:1] or len(classes) > 10:
        raise ValueError("latents must have shape (N, 2) and labels (N,), of at most 10 classes. Received: "
                         f"latents {latents.shape}, labels {labels.shape}, {len(classes)} classes")
    figure, axes = plt.subplots(figsize=(7, 6))
    order = np.random.default_rng(0).permutation(len(latents))  # so that no class lies on top of the others
    colours = np.array(CLASSES)[np.searchsorted(classes, labels)]
    axes.scatter(*latents[order].T, c=colours[order], s=6, alpha=0.5, linewidths=0)
    for label, colour in zip(classes, CLASSES, strict=False):
        centre = np.median(latents[labels == label], axis=0)
        axes.text(*centre, str(label), ha="center", va="center", weight="bold",
                  bbox={"boxstyle": "circle", "facecolor": "white", "edgecolor": colour, "linewidth": 2})
    axes.set(xlabel="latent 1", ylabel="latent 2", title=title, aspect="equal")
    return figure


@styled
def plot_latent_plane(decode, *, extent=2.5, steps=15, title=None):
    """What a two-dimensional latent space decodes to, at `steps` × `steps` points of a grid.

    Args:
        decode: function from latents (steps², 2) to images (steps², H, W, C); called once.
        extent: the grid goes evenly from -extent to extent; or "quantiles", which spaces it so that the prior
            N(0, 1) puts equal mass between neighbours.
        steps: points along each axis.
        title: text above the plane.

    Raises:
        ValueError: if `extent` is neither a number above 0 nor "quantiles", or `decode` returns other shapes.
    """
    if extent == "quantiles":
        points = np.array([statistics.NormalDist().inv_cdf((step + 0.5) / steps) for step in range(steps)])
    elif not isinstance(extent, str) and extent > 0:
        points = np.linspace(-extent, extent, steps)
    else:
        raise ValueError(f'extent must be a number above 0 or "quantiles". Received: extent={extent!r}')
    x, y = np.meshgrid(points, points[::-1])  # rows of images go down, the second latent goes up
    images = _checked(decode(np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)))
    if len(images) != steps**2:
        raise ValueError(f"decode must return {steps**2} images. Received: {len(images)} images")
    figure, axes = plt.subplots(figsize=(WIDTH, WIDTH))
    rows, columns, _ = _draw_grid(axes, images, columns=steps)
    shown = np.arange(0, steps, max(1, steps // 7))
    centres, names = (shown + 0.5) / steps, [f"{point:.2g}" for point in points[shown] + 0.0]
    axes.set_xticks(centres * columns - 0.5, names)
    axes.set_yticks((1 - centres) * rows - 0.5, names)
    axes.set(xlabel="latent 1", ylabel="latent 2", title=title)
    return figure
