"""Pictures of text for chapter 4: what a network thinks at every character, and the ladder of models."""

import matplotlib.pyplot as plt
import numpy as np

from aigc_tf.plots.style import BASELINE, BLUE, GREY, STYLE, TITLE, WIDTH

STRIPE, LINE = 0.28, 0.24  # inches: a row of a heat map, a line of a passage
SHOWN = {"\n": "⏎", " ": "·"}  # how characters that leave no ink are drawn


def _shown(text):
    return [SHOWN.get(character, character) for character in text]


def plot_over_text(text, rows, *, label, low=0.0, high=1.0, title=None):
    """A heat map with one column for each character and one row for each named list of numbers.

    Args:
        text: the characters, N of them; 40 to 80 are legible.
        rows: {name: N numbers}.
        label: what the colours mean, with their unit.
        low, high: numbers of the darkest and the brightest colour.
        title: text above.

    Raises:
        ValueError: if a row has another number of numbers than the text has characters.
    """
    lengths = {name: len(row) for name, row in rows.items()}
    if not rows or set(lengths.values()) != {len(text)}:
        raise ValueError(f"Each row needs one number for each of {len(text)} characters. Received: {lengths}")
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(WIDTH, 0.9 + STRIPE * len(rows) + bool(title) * TITLE))
        drawn = axes.imshow(list(rows.values()), aspect="auto", cmap="cividis", vmin=low, vmax=high)
        axes.set_xticks(range(len(text)), _shown(text), family="DejaVu Sans Mono")
        axes.set_yticks(range(len(rows)), list(rows))
        axes.tick_params(length=0)
        axes.set_title(title)
        figure.colorbar(drawn, ax=axes, label=label, pad=0.01)
    plt.close(figure)
    return figure


def plot_passage(text, values, *, label, columns=64, high=None, title=None):
    """A passage as it stands, each character on a ground that is the darker the larger its number.

    Args:
        text: N characters; lines longer than `columns` are broken.
        values: N numbers, at least 0.
        label: what they mean, with their unit.
        columns: characters in a line.
        high: the number of the darkest ground; None: the largest.
        title: text above.
    """
    values = np.asarray(values, float)
    if len(values) != len(text):
        raise ValueError(f"Each of {len(text)} characters needs a number. Received: {len(values)}")
    places, row, column = [], 0, 0
    for character in text:
        if column == columns:
            row, column = row + 1, 0
        places.append((row, column))
        row, column = (row + 1, 0) if character == "\n" else (row, column + 1)
    rows = max(row for row, _ in places) + 1
    ground = np.zeros((rows, columns))
    for (row, column), value in zip(places, values):
        ground[row, column] = value
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(WIDTH, 0.5 + LINE * rows + bool(title) * TITLE))
        drawn = axes.imshow(ground, cmap="Oranges", vmin=0, vmax=high or values.max(), aspect="auto")
        for (row, column), character, value in zip(places, text, values):
            ink = "white" if value > 0.7 * drawn.norm.vmax else "black"
            axes.text(column, row, SHOWN.get(character, character) if character != " " else " ", ha="center",
                      va="center", family="DejaVu Sans Mono", fontsize=9, color=ink)
        axes.set_axis_off()
        axes.set_title(title)
        figure.colorbar(drawn, ax=axes, label=label, pad=0.01)
    plt.close(figure)
    return figure


def plot_next(distributions, tokens, *, most=12, title=None):
    """Bars of the likeliest next tokens, a panel for each named distribution over all `tokens`, on one scale.

    Args:
        distributions: {name: probabilities (tokens,)}; the first decides which tokens are shown, and their order.
        tokens: the tokens' texts.
        most: how many are shown.
        title: text above.
    """
    order = np.argsort(next(iter(distributions.values())))[::-1][:most]
    names = _shown(tokens[number] for number in order)
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(1, len(distributions), sharey=True, squeeze=False, figsize=(WIDTH, 2.6))
        for axis, (name, probabilities) in zip(axes[0], distributions.items()):
            kept = np.asarray(probabilities)[order]
            axis.bar(range(len(order)), kept, color=[BLUE if value > 0 else GREY for value in kept])
            axis.set_xticks(range(len(order)), names, family="DejaVu Sans Mono")
            axis.set(title=name, xlabel="next character")
            axis.tick_params(axis="x", length=0)
        axes[0, 0].set_ylabel("probability")
        figure.suptitle(title, fontsize=STYLE["axes.titlesize"])
    plt.close(figure)
    return figure


def plot_unit(text, activation, feature, *, name, title=None):
    """A unit's state along a text, above it what it seems to follow.

    Args:
        text: N characters.
        activation: N numbers in [−1, 1].
        feature: N numbers in [0, 1].
        name: what the feature is.
        title: text above.
    """
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(WIDTH, 2.6))
        axes.fill_between(range(len(text)), -1, 2 * np.asarray(feature, float) - 1, step="mid", alpha=0.25,
                          color=BASELINE, label=name)
        axes.step(range(len(text)), activation, where="mid", color=BLUE, label="the unit's output")
        axes.set_xticks(range(len(text)), _shown(text), family="DejaVu Sans Mono", fontsize=9)
        axes.tick_params(axis="x", length=0)
        axes.set(ylim=(-1.05, 1.05), xlim=(-0.5, len(text) - 0.5), ylabel="output", title=title)
        figure.legend(loc="outside lower center", ncols=2)
    plt.close(figure)
    return figure
