"""The records of a stack as a picture."""

import statistics

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from records import CONTENDERS, OURS, limit, spread, works
from tables import grown, named

COLOURS = dict(zip(
    [*CONTENDERS, "limit"],
    ["tab:blue", "tab:cyan", "tab:orange", "tab:red", "tab:green", "tab:olive", "tab:gray"],
))


def bars(axes, rows, unit, log=False):
    """Groups of horizontal bars, one for each contender of {group: {contender: (length, label)}}."""
    height = 0.8 / len(COLOURS)
    for place, row in enumerate(rows.values()):
        for number, (name, colour) in enumerate(COLOURS.items()):
            if name in row:
                length, label = row[name]
                axes.barh(place + number * height, length, 0.9 * height, color=colour)
                axes.text(length, place + number * height, f" {label}", va="center", fontsize=7)
    axes.set_yticks([place + 0.32 for place in range(len(rows))], rows)
    axes.invert_yaxis()
    axes.set_xlabel(unit)
    axes.margins(x=0.25)
    if log:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")


def step_bars(found):
    rows = {work: {name: statistics.median(row[name]) for name in CONTENDERS if name in row}
            for work, row in works(found).items()}
    rows = {work: {**row, "limit": limit(found, work)} for work, row in rows.items()}
    return {work: {name: (value, f"{value:.3g}") for name, value in row.items()} for work, row in rows.items()}


def quality_bars(found):
    goals = {name: row for name, row in found["minutes"].items() if isinstance(row, dict) and "target" in row}
    return {
        f"{goal}, {row['target']:g}": {
            name: (statistics.median(row[name]["minutes"]), spread(row[name]["minutes"])) for name in named({goal: row})
        }
        for goal, row in goals.items()
    }


def picture(found):
    """A figure of step times, minutes to a quality, and how time and memory grow."""
    figure = Figure(figsize=(12, 9), layout="constrained")
    (steps, quality), (speed, memory) = figure.subplots(2, 2)
    bars(steps, step_bars(found), "milliseconds of a step (logarithmic)", log=True)
    steps.set_title("A training step")
    bars(quality, quality_bars(found), "minutes of training, median of the seeds (least–most)")
    quality.set_title("Minutes to the same quality")
    handles = [Rectangle((0, 0), 1, 1, color=colour) for colour in COLOURS.values()]
    figure.legend(handles, COLOURS, loc="outside upper center", ncols=len(COLOURS))
    for model, marker in (("VAE", "o-"), ("DCGAN", "s--")):
        sizes, milliseconds, _ = zip(*grown(found, "batch_size", model))
        rates = [1000 * size / value for size, value in zip(sizes, milliseconds)]
        speed.plot(sizes, rates, marker, color=COLOURS[OURS], label=model)
    speed.set(xscale="log", yscale="log", xlabel="batch size", ylabel="images per second, in training",
              title="Larger batches are cheaper per image")
    speed.set_xticks(sizes, sizes)
    speed.yaxis.set_major_formatter("{x:,.0f}")
    speed.minorticks_off()
    speed.legend()
    for source, marker in (("memory", "s--"), ("files", "o-")):
        times, _, megabytes = zip(*grown(found, "times", "VAE", source=source))
        label = f"images from {'an array' if source == 'memory' else 'files'}"
        memory.plot(times, megabytes, marker, color=COLOURS[OURS], label=label)
    (_, _, floor), = grown(found, "times", "VAE", source="one batch")
    memory.axhline(floor, color="tab:gray", linestyle=":", label="one batch, again and again")
    memory.set(xlabel="dataset, in times of MNIST", ylabel="peak memory of the process, MB",
               title="Files keep the memory flat", ylim=(0, None))
    memory.legend()
    return figure
