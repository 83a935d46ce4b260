"""Pictures for style transfer (chapter 8): a photograph, and three styles that a few lines of NumPy paint."""

import matplotlib
import numpy as np
from matplotlib import cbook
from PIL import Image
from scipy import ndimage

from aigc_tf.data.openmoji import load_openmoji

GLASS_COLOURS = np.array([
    [0.85, 0.10, 0.12], [0.95, 0.75, 0.10], [0.10, 0.30, 0.75], [0.05, 0.55, 0.35], [0.95, 0.95, 0.85],
    [0.45, 0.10, 0.45], [0.20, 0.65, 0.85],
])  # red, yellow, blue, green, white, purple, light blue
FACE = (30, 20, 480, 470)  # left, top, right, bottom


def load_photo(size=128):
    """Rear Admiral Grace Hopper, who wrote one of the first compilers: float32 (size, size, 3) in [0, 1].

    The photograph of 1984 comes with matplotlib (James S. Davis, US Navy, in the public domain), cut to a square here.
    """
    with Image.open(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)) as photo:
        square = photo.convert("RGB").crop(FACE).resize((size, size), Image.LANCZOS)
    return np.asarray(square, "float32") / 255


def paint_strokes(size=128, *, seed=0, colours="twilight_shifted", swirl=18, length=10):
    """Brush strokes along swirls: noise, smeared along the lines of a field (Cabral & Leedom 1993).

    (Line integral convolution, doi:10.1145/166117.166151.)

    Args:
        size: pixels of the sides.
        seed: of the swirls.
        colours: name of a colour map of matplotlib.
        swirl: how large the swirls are, in pixels.
        length: of half a stroke, in pixels.

    Returns:
        float32 (size, size, 3) in [0, 1].
    """
    random = np.random.default_rng(seed)
    slope_y, slope_x = np.gradient(smooth_noise(random, size, swirl))
    steepness = np.hypot(slope_x, slope_y) + 1e-9
    field = np.stack([slope_x, -slope_y]) / steepness  # along the lines of equal height: (y, x)
    grain = smooth_noise(random, size, 1.0)
    strokes = np.zeros((size, size))
    for direction in (1, -1):
        place = np.mgrid[:size, :size].astype(float)
        for _ in range(length):
            strokes += ndimage.map_coordinates(grain, place, order=1, mode="wrap")
            along = [ndimage.map_coordinates(part, place, order=1, mode="wrap") for part in field]
            place += direction * np.stack(along)
    height = 0.5 + 0.16 * smooth_noise(random, size, 10) + 0.22 * strokes / strokes.std()
    return matplotlib.colormaps[colours](height.clip(0, 1))[..., :3].astype("float32")


def paint_glass(size=128, *, seed=0, panes=90, lead=1.4):
    """A church window: each pixel has the colour of the nearest of some points, and black lead between them.

    Args:
        size: pixels of the sides.
        seed: of the points and their colours.
        panes: how many.
        lead: how much farther the second nearest point must be, in pixels, where there is no lead.

    Returns:
        float32 (size, size, 3) in [0, 1].
    """
    random = np.random.default_rng(seed)
    points = size * random.random((panes, 2))
    pixels = np.mgrid[:size, :size][..., np.newaxis] + 0.5  # (2, size, size, 1)
    distances = np.linalg.norm(pixels - points.T[:, np.newaxis, np.newaxis], axis=0)
    nearest, second = np.moveaxis(np.sort(distances, axis=-1)[..., :2], -1, 0)
    colours = random.choice(GLASS_COLOURS, panes)[distances.argmin(axis=-1)]
    uneven = 0.85 + 0.15 * smooth_noise(random, size, 2).clip(-1, 1)[..., np.newaxis]
    return ((colours * uneven).clip(0, 1) * (second - nearest - lead).clip(0, 1)[..., np.newaxis]).astype("float32")


def paint_hatching(size=128, *, seed=0, count=60):
    """Outlines of OpenMoji, one over another: float32 (size, size, 3) in [0, 1], black on white (CC BY-SA 4.0).

    Args:
        size: pixels of the sides.
        seed: of which outlines lie where.
        count: of outlines.
    """
    outlines = load_openmoji().outline[..., 0] / 255
    random = np.random.default_rng(seed)
    side = outlines.shape[1]
    page = np.ones((size + 2 * side, size + 2 * side))
    for _ in range(count):
        outline = outlines[random.integers(len(outlines))]
        top, left = random.integers(side // 2, size + side, 2)
        window = page[top:top + side, left:left + side]
        np.minimum(window, outline, out=window)
    return np.repeat(page[side:-side, side:-side, np.newaxis], 3, axis=-1).astype("float32")


def smooth_noise(random, size, width):
    """Noise of mean 0 and variance 1, (size, size), blurred by so many pixels, that goes on at the opposite side."""
    noise = ndimage.gaussian_filter(random.normal(size=(size, size)), width, mode="wrap")
    return (noise - noise.mean()) / noise.std()
