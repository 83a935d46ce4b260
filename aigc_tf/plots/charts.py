"""Charts of numbers: lines, learning curves, bars, and the KL of each latent dimension."""

import matplotlib.pyplot as plt
import numpy as np

from aigc_tf.plots.style import BASELINE, BLACK, BLUE, GREY, LINES, TITLE, WIDTH, YELLOW, short_number, styled

AXIS, BAR = 0.7, 0.38  # inches: an axis with its label, and a bar with the space to the next


@styled
def plot_lines(panels, *, xlabel, ylabel, shade=None, colours=LINES, height=3.2):
    """Lines in panels side by side, as {title: {name: (x, y)}}; a name has one colour in all panels.

    Args:
        panels: for each panel's title the lines by name, each a pair of sequences of one length.
        xlabel: quantity and unit, or a list with one for each panel.
        ylabel: the same, for the vertical axis.
        shade: {title: (lower name, upper name, text)}: the area between two lines of a panel, and what it is.
        colours: of the names, in the order in which they first occur; a name that starts with "—" is dotted and grey.
        height: of the figure in inches.

    Raises:
        ValueError: for no panel, or a `shade` between lines that are not there.
    """
    if not panels:
        raise ValueError("panels must hold at least one panel of lines. Received: none")
    names = list(dict.fromkeys(name for lines in panels.values() for name in lines))
    loud = [name for name in names if not name.startswith("—")]
    styles = {name: {"color": colour, "linewidth": 2} for name, colour in zip(loud, colours * len(loud), strict=False)}
    figure, row = plt.subplots(1, len(panels), squeeze=False, figsize=(WIDTH if len(panels) > 1 else 7, height))
    labels = [text if isinstance(text, list) else [text] * len(panels) for text in (xlabel, ylabel)]
    for axes, (title, lines), x_text, y_text in zip(row[0], panels.items(), *labels):
        for name, (x, y) in lines.items():
            axes.plot(x, y, **styles.get(name, {"color": BASELINE, "linestyle": ":", "linewidth": 2}),
                      label=name.removeprefix("— "))
        if shade and title in shade:
            lower, upper, text = shade[title]
            if not {lower, upper} <= set(lines):
                raise ValueError(f"shade must name two of {list(lines)}. Received: {lower!r} and {upper!r}")
            axes.fill_between(lines[lower][0], lines[lower][1], lines[upper][1], color=YELLOW, alpha=0.4, label=text)
        axes.set(title=title, xlabel=x_text, ylabel=y_text)
    handles = {label: handle for axes in row[0] for handle, label in zip(*axes.get_legend_handles_labels())}
    figure.legend(handles.values(), handles, loc="outside lower center", ncols=min(4, len(handles)))
    return figure


@styled
def plot_curves(history, keys=None, *, ylabel, baselines=None, title=None):
    """Learning curves: training solid, validation dashed in the same colour, baselines dotted.

    Args:
        history: what `fit` returns, or a dictionary from names to one value per epoch.
        keys: names to draw, without `val_`; by default all that have one value per epoch.
        ylabel: quantity and unit, as "−ELBO (nats per image)".
        baselines: values to compare with, by name; horizontal lines with their names at the right.
        title: text above the curves.

    Raises:
        ValueError: if a key is not in the history.
    """
    history = getattr(history, "history", history)
    names = [name for name in history if not name.startswith("val_")]
    keys = names if keys is None else keys
    if not set(keys) <= set(names):
        raise ValueError(f"keys must be among {names}. Received: keys={keys}")
    figure, axes = plt.subplots(figsize=(7, 3.8))
    for key, colour in zip(keys, LINES * len(keys), strict=False):
        for name, style, text in [(key, "-", key), (f"val_{key}", "--", f"{key}, validation")]:
            if name in history:
                epochs = range(1, len(history[name]) + 1)
                axes.plot(epochs, history[name], style, color=colour, label=text,
                          marker="." if len(epochs) < 20 else "")
    baselines = sorted((baselines or {}).items(), key=lambda item: item[1])
    for _, value in baselines:
        axes.axhline(value, color=BASELINE, linestyle=":")
    height, gap = -np.inf, np.ptp(axes.get_ylim()) * 0.07  # names stand clear of each other
    for name, value in baselines:
        height = max(value, height + gap)
        axes.annotate(f"{name}: {short_number(float(value))}", (1.01, height), xycoords=("axes fraction", "data"),
                      va="center", color=BASELINE)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set(xlabel="epoch", ylabel=ylabel, title=title)
    figure.legend(loc="outside lower center", ncols=min(3, len(axes.lines)))
    return figure


@styled
def plot_kl_per_dimension(kl, threshold=0.01, title=None):
    """KL of each latent dimension (latent_dim,), nats per image, largest first; active: above `threshold`."""
    kl = np.sort(np.asarray(kl, np.float32))[::-1]
    if kl.ndim != 1:
        raise ValueError(f"kl must have shape (latent_dim,). Received: shape={kl.shape}")
    ranks = np.arange(1, len(kl) + 1)
    active = kl > threshold
    figure, axes = plt.subplots(figsize=(7, 3.2))
    axes.bar(ranks[active], kl[active], color=BLUE, label=f"active (> {threshold:g} nats): {active.sum()}")
    axes.bar(ranks[~active], kl[~active], color=GREY, label=f"unused: {(~active).sum()}")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set(xlabel="latent dimension, largest KL first", ylabel="KL (nats per image)", title=title)
    axes.legend()
    return figure


@styled
def plot_bars(values, *, xlabel, highlight=None, floor=None, title=None):
    """Horizontal bars with their values, to compare methods by name.

    Args:
        values: {name: value}, drawn from top to bottom.
        xlabel: quantity and unit.
        highlight: name, or list of names, to colour; the others are grey.
        floor: a value that no method can beat, drawn as a line.
        title: text above the bars.
    """
    highlight = [highlight] if isinstance(highlight, str) else highlight or list(values)
    if not set(highlight) <= set(values):
        raise ValueError(f"highlight must be among {list(values)}. Received: highlight={highlight}")
    colours = [BLUE if name in highlight else GREY for name in values]
    figure, axes = plt.subplots(figsize=(7, AXIS + BAR * len(values) + bool(title) * TITLE))
    bars = axes.barh(list(values), list(values.values()), color=colours)
    axes.bar_label(bars, [short_number(float(value)) for value in values.values()], padding=4)
    if floor is not None:
        axes.axvline(floor, color=BLACK, linestyle=":", label=f"floor {short_number(float(floor))}")
        axes.legend()
    axes.margins(x=0.12)
    axes.invert_yaxis()
    axes.set(xlabel=xlabel, title=title)
    return figure


def plot_log_lines(panels, **options):
    """Lines as `plot_lines` draws them, with the same arguments, on logarithmic axes and with a dot at each pair."""
    figure = plot_lines(panels, **options)
    for axes in figure.axes:
        axes.set(xscale="log", yscale="log")
        for line in axes.lines:
            line.set_marker("." if line.get_linestyle() == "-" else "")
            line.set_markersize(12)
    return figure
