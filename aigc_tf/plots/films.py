"""What a notebook shows: figures with alternative text, and animations."""

import base64
import io

import numpy as np
from IPython import display
from matplotlib.figure import Figure
from PIL import Image, ImageSequence

from aigc_tf.plots.pictures import image_grid


def show(figure, alt):
    """Displays `figure` in a notebook; its alternative text and `pixel_size` are stored as metadata of the PNG."""
    size = pixel_size(figure) if isinstance(figure, Figure) else None
    display.display(figure, metadata={"image/png": {"alt": alt, **({"pixel_size": size} if size else {})}})


def pixel_size(figure):
    """How many pixels of the screen a pixel gets in the smallest image of a figure; None if it holds no images.

    Images are in colour, or grey; what has another colour map is a map or a matrix.
    """
    figure.draw_without_rendering()  # only then is the layout settled
    images = [image for axes in figure.axes for image in axes.images
              if np.ndim(image.get_array()) == 3 or image.get_cmap().name == "gray"]
    sizes = [image.get_window_extent().width / image.get_array().shape[1] for image in images]
    return round(min(sizes), 2) if sizes else None


def show_gif(gif, alt):
    """Displays an animated GIF (bytes) in a notebook, with alternative text.

    It is stored as an animated PNG of the same pixels, because nbconvert knows image/png but not image/gif.
    """
    with Image.open(io.BytesIO(gif)) as animation:
        frames = [frame.convert("RGB") for frame in ImageSequence.Iterator(animation)]
        durations = [frame.info["duration"] for frame in ImageSequence.Iterator(animation)]
    file = io.BytesIO()
    frames[0].save(file, "PNG", save_all=True, append_images=frames[1:], duration=durations, loop=0)
    png = base64.b64encode(file.getvalue()).decode()
    display.display({"image/png": png, "text/plain": alt}, metadata={"image/png": {"alt": alt}}, raw=True)


def images_gif(frames, *, milliseconds=400, scale=2):
    """Grids of images as an animated GIF (bytes), enlarged `scale` times; the last one stays longest.

    Args:
        frames: list of float arrays (N, H, W, C) in [0, 1].
    """
    grids = [image_grid(frame).clip(0, 1).repeat(scale, axis=0).repeat(scale, axis=1) for frame in frames]
    pictures = [Image.fromarray(np.round(255 * grid).astype(np.uint8).squeeze()) for grid in grids]
    return as_gif(pictures, milliseconds, last=3 * milliseconds)


def figures_gif(figures, *, milliseconds=300):
    """Figures of one size as an animated GIF (bytes); the last one stays longest."""
    if not figures:
        raise ValueError("an animation needs at least one figure. Received: none")
    pictures = []
    for figure in figures:
        file = io.BytesIO()
        figure.savefig(file, format="png")
        pictures.append(Image.open(file).convert("RGB").quantize(64))
    return as_gif(pictures, milliseconds, last=5 * milliseconds)


def as_gif(pictures, milliseconds, last):
    """PIL images as an animated GIF (bytes): each stays so many milliseconds, and the last one `last`."""
    durations = [milliseconds] * (len(pictures) - 1) + [last]
    file = io.BytesIO()
    pictures[0].save(file, "GIF", save_all=True, append_images=pictures[1:], duration=durations, loop=0)
    return file.getvalue()
