"""What a convolution computes, drawn from a real image: one small filter, and where its answers go."""

import math

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

from aigc_tf.plots.style import BLACK, LINES, WIDTH, styled


def slide_filter(image, kernel, stride):
    """Σ kernel · window for windows that lie `stride` pixels apart, with zeros around the image ("same" padding).

    Args:
        image: (H, W).
        kernel: (K, K).
        stride: pixels from one window to the next.

    Returns:
        The map (⌈H / stride⌉, ⌈W / stride⌉), and the pixels (rows, columns) of padding above and to the left.
    """
    sides = [math.ceil(side / stride) for side in image.shape]
    missing = [max((out - 1) * stride + len(kernel) - side, 0) for out, side in zip(sides, image.shape)]
    padded = np.pad(image, [(gap // 2, gap - gap // 2) for gap in missing])
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape)[::stride, ::stride]
    return np.einsum("hwij,ij->hw", windows, kernel), tuple(gap // 2 for gap in missing)


@styled
def plot_convolution(image, kernel, places, *, stride=1):
    """An image, a filter and the map that the filter makes of it, with a coloured frame for each of some windows.

    Args:
        image: (H, W) or (H, W, 1), grey in [0, 1].
        kernel: (K, K) numbers, which are written into their squares.
        places: (row, column) in the map of each framed window; at most 7.
        stride: pixels from one window to the next.

    Raises:
        ValueError: if a place lies outside of the map.
    """
    image, kernel = np.asarray(image).reshape(np.shape(image)[:2]), np.asarray(kernel)
    answers, (above, left) = slide_filter(image, kernel, stride)
    if any(not (0 <= row < answers.shape[0] and 0 <= column < answers.shape[1]) for row, column in places):
        raise ValueError(f"places must lie in the map of shape {answers.shape}. Received: {places}")
    figure, axes = plt.subplots(1, 3, figsize=(WIDTH, 4.2), width_ratios=[1, 0.45, 1])
    largest = np.abs(answers).max() or 1.0
    axes[0].imshow(image, cmap="gray", vmin=0, vmax=1)
    axes[1].imshow(kernel, cmap="gray", vmin=-2 * np.abs(kernel).max(), vmax=2 * np.abs(kernel).max())
    axes[2].imshow(answers, cmap="gray", vmin=-largest, vmax=largest)
    for (row, column), value in np.ndenumerate(kernel):
        axes[1].text(column, row, f"{value:g}", ha="center", va="center", color=BLACK, fontsize=13)
    for (row, column), colour in zip(places, LINES[1:] + LINES[:1], strict=False):
        corner = column * stride - left - 0.5, row * stride - above - 0.5
        axes[0].add_patch(Rectangle(corner, *kernel.shape[::-1], fill=False, edgecolor=colour, linewidth=2.5))
        axes[2].add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, edgecolor=colour, linewidth=2.5))
    shapes = [" × ".join(map(str, each.shape)) for each in (image, kernel, answers)]
    for axis, name, shape in zip(axes, ("image", "filter", "feature map"), shapes):
        axis.set(title=f"{name}, {shape}", xticks=[], yticks=[])
        axis.spines[:].set_visible(False)
    axes[2].set_xlabel(f"grey: 0, white: {largest:.1f}, black: −{largest:.1f}")
    return figure
