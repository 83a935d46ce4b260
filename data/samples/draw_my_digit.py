"""Draw my_digit.png, a 4 that somebody might have photographed: a dark pen on paper in uneven light.

    python data/samples/draw_my_digit.py
"""

from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from aigc_tf.data import draw_strokes

WIDTH, HEIGHT = 220, 180
STROKES = [
    [(84, 33), (79, 52), (72, 71), (62, 91), (57, 101), (74, 100), (98, 97), (124, 96), (152, 98)],
    [(131, 38), (128, 60), (125, 85), (123, 110), (119, 134), (117, 151)],
]
PAPER, PEN = (250, 244, 230), (44, 48, 92)  # red, green, blue


def draw():
    """The picture, a PIL image of 220 × 180 pixels in 48 colours."""
    strokes = [[(4 * x, 4 * y) for x, y in stroke] for stroke in STROKES]  # four times as large, for smooth edges
    ink = Image.fromarray(255 - draw_strokes(strokes, size=4 * WIDTH, pen=44)).resize((WIDTH, WIDTH))
    ink = np.asarray(ink.filter(ImageFilter.GaussianBlur(0.7)))[:HEIGHT, :, np.newaxis] / 255.0
    y, x = np.mgrid[-1:1:HEIGHT * 1j, -1:1:WIDTH * 1j]
    light = 0.86 + 0.1 * x - 0.09 * y - 0.08 * (x * x + y * y)  # a window at the upper right
    light += np.random.default_rng(0).normal(0, 0.008, light.shape)
    colours = light[..., np.newaxis] * ((1 - ink) * PAPER + ink * PEN)
    return Image.fromarray(np.uint8(np.clip(colours, 0, 255))).quantize(48, dither=Image.Dither.NONE)


if __name__ == "__main__":
    draw().save(Path(__file__).with_name("my_digit.png"), optimize=True)
