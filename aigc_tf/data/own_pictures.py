"""Digits of your own, from a picture file or from strokes, prepared as those of MNIST were.

MNIST's digits were scaled until they fit a box of 20 × 20 pixels, with grey levels from antialiasing, and laid into
28 × 28 pixels with their centre of mass in the middle (LeCun, Bottou, Bengio and Haffner 1998, "Gradient-based learning
applied to document recognition", section III.A). A model that learnt from such images knows no others.
"""

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageOps
from scipy import ndimage

from aigc_tf.data.downloading import CHECKOUT_DATA
from aigc_tf.data.loading import scale_images

SAMPLE_PICTURE = CHECKOUT_DATA / "samples" / "my_digit.png"  # a 4 with a dark pen on paper
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")
MAX_PIXELS = 50_000_000  # of a file; a small file can hold a picture that fills the memory
WORKING_SIZE = 512  # larger pictures are made smaller before their ink is looked for
IMAGE_SIZE, BOX_SIZE = 28, 20
MIN_CONTRAST, MIN_INK = 0.1, 4  # between pen and paper, whose range is [0, 1]; pixels
FAINT = 0.15  # ink that does not count where a digit ends
NEIGHBOURS = np.ones((3, 3))  # pixels that touch, at corners, too
BRIGHTNESS = (0.299, 0.587, 0.114)  # of red, green and blue (ITU-R BT.601)


def load_digit(path):
    """The digit in a picture file, such as a photo of paper, as an image of MNIST's kind.

    One digit, drawn with a thick pen on plain paper (or bright on dark), with some paper all around it, does best.

    Args:
        path: a PNG, JPEG, GIF, BMP, TIFF or WebP file of at most 50 million pixels; what is transparent becomes white.

    Returns:
        float32 (1, 28, 28, 1) in [0, 1]: white ink on black. See `digit_from_array`.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no picture, or too large, or shows no ink.
    """
    return digit_from_array(read_picture(path))


def digit_from_array(picture):
    """The digit in a picture as an image of MNIST's kind: see `find_ink`, `fit_box` and `center`.

    Args:
        picture: (H, W), (H, W, 1), (H, W, 3) or, with opacity, (H, W, 4); uint8 in [0, 255] or floats in [0, 1]. The
            background is what prevails at the borders: a bright one is inverted.

    Returns:
        float32 (1, 28, 28, 1) in [0, 1]: white ink on black, its longer side 20 pixels, its centre of mass in the
        middle.

    Raises:
        ValueError: for another shape or type, values out of range, or fewer than 4 pixels of ink.
    """
    return center(fit_box(find_ink(grey_values(picture))))[np.newaxis, ..., np.newaxis]


def draw_strokes(strokes, *, size=280, pen=24):
    """What a round pen leaves on white paper.

    Args:
        strokes: for each stroke its points (x, y), in pixels from the top left corner.
        size: height and width of the paper in pixels.
        pen: width of the pen in pixels; 24 on 280 is about what MNIST's pens were.

    Returns:
        uint8 (size, size): 255 is paper, 0 ink.
    """
    paper = Image.new("L", (size, size), 255)
    draw, radius = ImageDraw.Draw(paper), (pen - 1) / 2
    for stroke in strokes:
        points = [tuple(point) for point in stroke]
        draw.line(points, fill=0, width=pen)
        for x, y in points:  # round ends and bends
            draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=0)
    return np.asarray(paper)


# ---- a file → an array ----


def read_picture(path):
    """A picture file as an array, uint8 (H, W, 3) or, if parts are transparent, (H, W, 4); H and W are at most 512.

    Raises:
        FileNotFoundError, ValueError: see `load_digit`.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{'This is a folder' if path.is_dir() else 'There is no file'}: {path.absolute()}. "
                                "Put your picture beside the notebook and give its name, or give its whole path.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # Pillow's limit, which is higher
            image = Image.open(path, formats=FORMATS)  # reads its size alone
        with image:
            if image.width * image.height > MAX_PIXELS:
                raise Image.DecompressionBombError(f"{image.width} × {image.height} pixels")
            image = ImageOps.exif_transpose(image)  # upright, as the camera was held
    except Image.DecompressionBombError as error:
        raise ValueError(f"A picture may have at most {MAX_PIXELS:,} pixels. Received: {path}, {error}. "
                         "Cut out the digit, or save the picture smaller.") from None
    except (OSError, SyntaxError, ValueError) as error:  # what Pillow raises for files that are something else
        with open(path, "rb") as file:
            start = file.read(12)
        raise ValueError(f"A picture must be a whole file of {', '.join(FORMATS)}. Received: {path}, which begins with "
                         f"{start} ({error}). Save the picture as PNG or JPEG.") from None
    if image.mode.startswith("I"):  # 16 bits of grey
        image = Image.fromarray(np.uint8(np.asarray(image) / 65535 * 255))
    image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    image.thumbnail((WORKING_SIZE, WORKING_SIZE))  # while a pixel takes few bytes
    return np.asarray(image)


# ---- an array → a digit ----


def grey_values(picture):
    """Brightness of a picture on white, float32 (H, W) in [0, 1], its longer side at most 512 pixels.

    Raises:
        ValueError: see `digit_from_array`.
    """
    picture = np.asarray(picture)
    channels = 1 if picture.ndim == 2 else picture.shape[-1] if picture.ndim == 3 else None
    if channels not in (1, 3, 4):
        raise ValueError("A picture must have the shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4). "
                         f"Received: {picture.shape}")
    picture = scale_images(picture.reshape(1, *picture.shape[:2], channels))[0]
    if channels == 4:
        opacity = picture[..., 3:]
        picture = opacity * picture[..., :3] + (1 - opacity)
    grey = picture @ np.float32(BRIGHTNESS) if channels > 1 else picture[..., 0]
    image = Image.fromarray(grey)
    image.thumbnail((WORKING_SIZE, WORKING_SIZE))
    return np.asarray(image)


def find_ink(grey):
    """How much ink is where: 1 − brightness / light, scaled to go from 0, paper, to 1, where the pen was.

    What is paper is not known at first: light is fitted to all pixels, then again and again to those that do not stand
    out as ink. Specks, smaller than a twentieth of the largest piece of ink, are dirt.

    Args:
        grey: float32 (H, W) in [0, 1]; a picture with dark borders is inverted first.

    Returns:
        float (H, W) in [0, 1].

    Raises:
        ValueError: if there are fewer than 4 pixels of ink.
    """
    grey = ndimage.gaussian_filter(grey, min(grey.shape) / 250)  # the noise of a camera; nothing at 28 pixels
    borders = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    if np.median(borders) < (grey.min() + grey.max()) / 2:
        grey = 1 - grey
    paper = np.ones(grey.shape, bool)
    for _ in range(5):
        light = light_on(paper, grey)
        ink = (light - grey) / np.maximum(light, 0.05)
        paper = ink < best_threshold(ink)
    pieces, _ = ndimage.label(~paper, structure=NEIGHBOURS)
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0  # the paper
    inked = (sizes > sizes.max() / 20)[pieces]
    contrast = np.median(ink[inked]) if inked.sum() >= MIN_INK else 0
    if contrast < MIN_CONTRAST:
        raise ValueError(f"A picture must show at least {MIN_INK} pixels of ink that stand out from the paper. "
                         f"Received: {grey.shape[0]} × {grey.shape[1]} pixels, grey values that differ by "
                         f"{np.ptp(grey):.2f} of 1. Draw a digit, with a thick dark pen on bright paper.")
    with_edges = ndimage.binary_dilation(inked, structure=NEIGHBOURS)
    return np.where(with_edges, np.clip(ink / contrast, 0, 1), 0)


def light_on(paper, grey):
    """The light at every pixel, (H, W): a polynomial of degree 2 in x and y, fitted to `grey` where `paper` is true."""
    y, x = np.meshgrid(*(np.linspace(-1, 1, side) for side in grey.shape), indexing="ij")
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)  # (H, W, 6)
    known = terms[paper]  # (pixels, 6)
    return terms @ (np.linalg.pinv(known.T @ known) @ (known.T @ grey[paper]))  # least squares


def best_threshold(values):
    """The threshold with the largest variance between the two groups that it makes (Otsu 1979)."""
    counts, edges = np.histogram(values, bins=256)
    shares = np.cumsum(counts) / values.size  # of the values below each threshold
    sums = np.cumsum(counts * (edges[1:] + edges[:-1]) / 2) / values.size
    variance = (sums[-1] * shares - sums) ** 2 / np.maximum(shares * (1 - shares), 1e-12)
    return edges[1 + np.argmax(variance[:-1])]


def fit_box(ink):
    """The inked part alone, scaled with antialiasing so that its longer side has 20 pixels and its brightest is 1."""
    rows, columns = np.nonzero(ink > FAINT)
    ink = ink[rows.min():rows.max() + 1, columns.min():columns.max() + 1]
    height, width = (max(1, round(side * BOX_SIZE / max(ink.shape))) for side in ink.shape)
    ink = np.asarray(Image.fromarray(np.float32(ink)).resize((width, height), Image.Resampling.LANCZOS))
    return np.clip(ink, 0, 1) / min(1, ink.max())


def center(ink):
    """28 × 28 pixels with the ink's centre of mass in row 14 and column 14, or as near to it as the ink stays whole."""
    middle = np.array(ndimage.center_of_mass(ink))
    row, column = np.clip(np.int64(np.round(IMAGE_SIZE / 2 - middle)), 0, IMAGE_SIZE - np.array(ink.shape))
    image = np.zeros((IMAGE_SIZE, IMAGE_SIZE), "float32")
    image[row:row + ink.shape[0], column:column + ink.shape[1]] = ink
    return image
