"""Drawings for networks that read: a text cut into streams, gradients along a chain, the choices of a sampler."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

from aigc_tf.plots.style import BASELINE, BLACK, BLUE, GREY, LINES, SKY, VERMILION, WIDTH, styled
from aigc_tf.plots.text import SHOWN

STREAM, CELL, CHAIN, GAP = 0.62, 0.3, 1.0, 0.35  # inches: a stream, a character, the chain's boxes, between windows


@styled
def plot_streams(batches, decode, *, title=None):
    """Which window follows which: one line for each row of the batches, one block of characters for each batch.

    A blue arrow stands where the state of a row is carried into its next window, a red 0 where the row begins from
    an empty state.

    Args:
        batches: of `text.streams`, ((inputs, continues), targets), a few and short ones; inputs (rows, length).
        decode: token numbers → the text of a row, one character each.
        title: text above.

    Raises:
        ValueError: for no batches.
    """
    batches = [(np.asarray(inputs), np.asarray(continues)) for (inputs, continues), _ in batches]
    if not batches:
        raise ValueError("batches must hold at least one batch. Received: none")
    rows, length = batches[0][0].shape
    wide = length * CELL + GAP
    scale = min(1.0, WIDTH / (len(batches) * wide + 1.2))
    figure, axes = plt.subplots(figsize=(scale * (len(batches) * wide + 1.2), scale * (rows * STREAM + 0.9)))
    for step, (inputs, continues) in enumerate(batches):
        axes.text(step * wide + length * CELL / 2, 0.12, f"batch {step + 1}", ha="center", va="bottom")
        for row, (numbers, goes_on) in enumerate(zip(inputs, continues)):
            left, low = step * wide, -row * STREAM - 0.45
            _draw_window(axes, decode(numbers), left, low)
            middle = low + 0.16
            if goes_on:
                axes.add_patch(FancyArrowPatch((left - GAP, middle), (left, middle), arrowstyle="-|>", color=BLUE,
                                               mutation_scale=10, linewidth=1.5, shrinkA=1, shrinkB=1))
            else:
                axes.text(left - 0.06, middle, "0", color=VERMILION, ha="right", va="center", weight="bold")
    for row in range(rows):
        axes.text(-GAP - 0.1, -row * STREAM - 0.29, f"row {row + 1}", ha="right", va="center")
    axes.set(xlim=(-1.1, len(batches) * wide), ylim=(-rows * STREAM - 0.1, 0.45), title=title)
    axes.set_axis_off()
    return figure


def _draw_window(axes, characters, left, low):
    for place, character in enumerate(characters):
        axes.add_patch(Rectangle((left + place * CELL, low), CELL, 0.32, facecolor="white", edgecolor=GREY))
        axes.text(left + (place + 0.5) * CELL, low + 0.16, SHOWN.get(character, character), ha="center", va="center",
                  family="DejaVu Sans Mono", fontsize=9)


@styled
def plot_chain(norms, *, every=10, ylabel="length of the gradient", lowest=1e-9, title=None):
    """The unrolled chain of hidden states, and under it how long the gradient is that comes back so far.

    Args:
        norms: {name: one number for each distance 0, 1, 2, … back from the loss, above 0}.
        every: distances between the boxes that are drawn.
        ylabel: quantity of the lower panel.
        lowest: end of its scale; what lies below is cut off.
        title: text above.

    Raises:
        ValueError: for lists of different lengths.
    """
    lengths = {len(values) for values in norms.values()}
    if len(lengths) != 1:
        raise ValueError(f"norms must be lists of one length. Received: lengths {sorted(lengths)}")
    far = lengths.pop() - 1
    figure, (top, low) = plt.subplots(2, sharex=True, figsize=(WIDTH, CHAIN + 3.2), height_ratios=[CHAIN, 3.0])
    places = np.arange(0, far + 1, every)
    width = 0.5 * every
    for place in places:
        top.add_patch(FancyBboxPatch((place - width / 2, -0.25), width, 0.5, facecolor="white", edgecolor=BLACK,
                                     boxstyle="round,pad=0,rounding_size=0.3", linewidth=1.5, mutation_aspect=0.1))
        top.text(place, 0, f"$h_{{t-{place}}}$" if place else "$h_t$", ha="center", va="center")
    for near, back in zip(places, places[1:]):
        ends = (back - width / 2, near + width / 2)
        for (start, end), height, colour, line in [(ends, 0.1, BLACK, "-"), (ends[::-1], -0.1, VERMILION, "--")]:
            top.add_patch(FancyArrowPatch((start, height), (end, height), arrowstyle="-|>", color=colour, linewidth=1.5,
                                          linestyle=line, mutation_scale=11, shrinkA=1, shrinkB=1))
    top.text(0, 0.45, "the loss is here", ha="center", va="bottom", color=VERMILION)
    top.set(ylim=(-0.45, 0.8), title=title)
    top.set_axis_off()
    for (name, values), colour in zip(norms.items(), LINES * len(norms), strict=False):
        low.semilogy(np.where(np.asarray(values) >= lowest, values, np.nan), color=colour, linewidth=2, label=name)
    low.set(xlabel="characters back from the loss", ylabel=ylabel, ylim=(lowest, None),
            xlim=(far + width / 2 + 1, -width / 2 - 1))
    figure.legend(loc="outside lower center", ncols=min(3, len(norms)))
    return figure


@styled
def plot_choices(panels, tokens, *, kept=None, most=10, cumulative=False, title=None):
    """Bars of the likeliest next tokens, each panel in its own order, and what a sampler keeps of them.

    Args:
        panels: {title: probabilities (tokens,)}.
        tokens: the tokens' texts.
        kept: {title: how many tokens are kept}: the others are grey, behind a dashed line.
        most: bars in a panel.
        cumulative: whether to draw the sum of the probabilities so far, too.
        title: text above.

    Raises:
        ValueError: if `kept` names a panel that is not there.
    """
    kept = kept or {}
    if not set(kept) <= set(panels):
        raise ValueError(f"kept must name panels of {list(panels)}. Received: {sorted(set(kept) - set(panels))}")
    figure, row = plt.subplots(1, len(panels), sharey=True, squeeze=False, figsize=(WIDTH, 2.8))
    for axes, (name, probabilities) in zip(row[0], panels.items()):
        order = np.argsort(-np.asarray(probabilities), kind="stable")[:most]
        heights, count = np.asarray(probabilities)[order], kept.get(name, most)
        axes.bar(range(len(order)), heights, color=[BLUE if place < count else BASELINE for place in range(len(order))])
        if cumulative:
            axes.plot(range(len(order)), np.cumsum(heights), ".-", color=SKY)
        if count < len(order):
            axes.axvline(count - 0.5, color=VERMILION, linestyle="--", linewidth=1.5)
        names = [SHOWN.get(tokens[number], tokens[number]) for number in order]
        axes.set_xticks(range(len(order)), names, family="DejaVu Sans Mono")
        axes.set(title=name, xlabel="next character")
        axes.tick_params(axis="x", length=0)
    row[0, 0].set_ylabel("probability")
    figure.suptitle(title)
    return figure
