"""Drawings of ideas made of boxes and arrows: what flows where, and which way the gradients come back."""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from aigc_tf.plots.style import BLACK, GREY, VERMILION, WIDTH, styled


@dataclass(frozen=True)
class Box:
    """A box of a diagram; sizes in inches.

    Attributes:
        x, y: its middle; y points up.
        text: what stands in it.
        width, height: of the box; a tall box for many numbers, a flat one for few.
        colour: of its frame.
        image: a grey picture (H, W) or (H, W, 1) in [0, 1] to show in the box, with the text below it.
    """

    x: float
    y: float
    text: str
    width: float = 1.3
    height: float = 0.6
    colour: str = BLACK
    image: object = None


@styled
def plot_flow(boxes, arrows, *, gradients=(), title=None):
    """Boxes, black arrows for what flows forward, and dashed red ones for gradients, which flow back.

    Args:
        boxes: {name: `Box`}.
        arrows: pairs of names (from, to), or triples with a text that stands beside the arrow.
        gradients: pairs or triples of the same kind.
        title: text above.

    Raises:
        ValueError: if an arrow begins or ends at a box that is not there.
    """
    ends = {name for arrow in [*arrows, *gradients] for name in arrow[:2]}
    if not ends <= set(boxes):
        raise ValueError(f"arrows must join the boxes {sorted(boxes)}. Received: {sorted(ends - set(boxes))}")
    lefts, rights = zip(*((box.x - box.width / 2, box.x + box.width / 2) for box in boxes.values()))
    lows, highs = zip(*((box.y - box.height / 2 - 0.25 * (box.image is not None), box.y + box.height / 2)
                        for box in boxes.values()))
    left, right, low, high = min(lefts) - 0.2, max(rights) + 0.2, min(lows) - 0.3, max(highs) + 0.3
    scale = min(1.0, WIDTH / (right - left))
    figure, axes = plt.subplots(figsize=(scale * (right - left), scale * (high - low) + 0.3 * bool(title)))
    patches = {name: _draw_box(axes, box, scale) for name, box in boxes.items()}
    for start, end, *text in arrows:
        _draw_arrow(axes, patches[start], patches[end], boxes[start], boxes[end], *text, colour=BLACK)
    for start, end, *text in gradients:
        _draw_arrow(axes, patches[start], patches[end], boxes[start], boxes[end], *text, colour=VERMILION, back=True)
    axes.set(xlim=(left, right), ylim=(low, high), aspect="equal", title=title)
    axes.set_axis_off()
    return figure


def _draw_box(axes, box, scale):
    corner = box.x - box.width / 2, box.y - box.height / 2
    patch = FancyBboxPatch(corner, box.width, box.height, boxstyle="round,pad=0,rounding_size=0.08", zorder=2,
                           facecolor="white", edgecolor=box.colour, linewidth=1.5)
    axes.add_patch(patch)
    if box.image is None:
        axes.text(box.x, box.y, box.text, ha="center", va="center", zorder=3, fontsize=10 * max(scale, 0.85))
    else:
        side = min(box.width, box.height) / 2 - 0.04
        axes.imshow(np.asarray(box.image).squeeze(), cmap="gray", vmin=0, vmax=1, zorder=3,
                    extent=(box.x - side, box.x + side, box.y - side, box.y + side))
        axes.text(box.x, corner[1] - 0.05, box.text, ha="center", va="top", fontsize=10 * max(scale, 0.85))
    return patch


def _draw_arrow(axes, start, end, first, last, text="", *, colour, back=False):
    """An arrow from one box's edge to another's; arrows of gradients bend, so that they clear those of the values."""
    axes.add_patch(FancyArrowPatch(
        (first.x, first.y), (last.x, last.y), patchA=start, patchB=end, shrinkA=2, shrinkB=2, zorder=1,
        arrowstyle="-|>", mutation_scale=12, linewidth=1.5, color=colour, linestyle="--" if back else "-",
        connectionstyle="arc3,rad=-0.35" if back else "arc3",
    ))
    if text:
        middle, gap = ((first.x + last.x) / 2, (first.y + last.y) / 2), last.x - first.x
        # Beside the arrow: above one that runs across, to the right of one that runs up or down.
        offset = (0, -0.22 * abs(gap) if back else 0.08) if abs(gap) > 0.1 else (0.08, 0)
        axes.text(middle[0] + offset[0], middle[1] + offset[1], text, color=GREY if not back else colour, fontsize=9,
                  ha="center" if abs(gap) > 0.1 else "left", va="bottom" if offset[1] > 0 else "center")
