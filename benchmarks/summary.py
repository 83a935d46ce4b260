"""The benchmarks' records as tables and a picture.

    python benchmarks/summary.py      reads the *.json beside it, writes README.md and summary.png
"""

import json
from pathlib import Path

import matplotlib.pyplot as plt

FOLDER = Path(__file__).parent
COLOURS = {
    "ours": "tab:blue", "ours with a fused Adam": "tab:cyan", "Keras example's way": "tab:orange",
    "eager TensorFlow loop": "tab:red", "PyTorch": "tab:green", "limit": "tab:gray",
}


def records(stack):
    """{script: its record}, of one stack."""
    found = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
    return {name: stacks[stack] for name, stacks in found.items() if stack in stacks}


def short(name):
    """The contender's name as the picture has it: what stands before a colon or comma."""
    return name.split(":")[0].split(",")[0]


def step_times(found):
    """{work: {contender: milliseconds of a step}}, the limit among them."""
    lstm = found["lstm_step"]
    step = 64 * 64  # characters
    of_lstm = {name: 1000 * step / rate for name, rate in lstm["characters_per_second"]["64"].items()}
    ours = next(iter(of_lstm))
    of_lstm["limit"] = of_lstm[ours] * lstm["share_of_limit"]["64"][ours]
    works = {
        "VAE, batch 128": found["vae_step"]["milliseconds"],
        "dense GAN, batch 64": found["gan_step"]["dense GAN"]["milliseconds"],
        "DCGAN, batch 64": found["gan_step"]["DCGAN"]["milliseconds"],
        "LSTM, 64 × 64 characters": of_lstm,
    }
    return {work: {short(name): value for name, value in row.items()} for work, row in works.items()}


def minutes_to_quality(found):
    """{goal: {contender: {"minutes", "pieces", "quality", "reached"}}}."""
    goals = {
        "VAE: −ELBO 105 nats": found["vae_step"]["to_105_nats"],
        "DCGAN: Fréchet distance 100": found["gan_step"]["DCGAN_to_distance_100"],
        "LSTM: 1.75 nats per character": found["lstm_step"]["to_1.75_nats"],
    }
    return {goal: {short(name): value for name, value in row.items()} for goal, row in goals.items()}


def table(head, rows):
    """Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def step_table(found):
    contenders = list(COLOURS)
    return table(["milliseconds of a step (times ours)", *contenders], [
        [work, *(f"{row[name]:.1f} ({row[name] / row['ours']:.2f})" if name in row else "–" for name in contenders)]
        for work, row in step_times(found).items()
    ])


def quality_table(found):
    goals = minutes_to_quality(found)
    names = [name for name in COLOURS if any(name in row for row in goals.values())]

    def cell(minutes, quality, reached, pieces):
        return f"{'' if reached else 'not in '}{minutes:.2f} ({quality:.4g})"

    return table(["minutes to a quality (what was reached)", *names], [
        [goal, *(cell(**row[name]) if name in row else "–" for name in names)] for goal, row in goals.items()
    ])


def sampling_table(found):
    return table(["model", "way", "images or characters per second"], [
        [model, way, f"{rate:,.0f}"]
        for part in ("images_per_second", "characters_per_second") for model, ways in found["sampling"][part].items()
        for way, rate in ways.items()
    ])


def growth_tables(found):
    """One table for each thing that grows."""
    grown = {
        "batch_size": "batch size", "side": "image side", "length": "characters in a window", "times": "times MNIST"
    }
    parts = []
    for points in found["growth"].values():
        if isinstance(points, list):
            key = next(key for key in points[-1] if key in grown)
            parts.append(table(["model", grown[key], "milliseconds of a step", "peak memory, MB"], [
                [point["model"] + (f", {point['source']}" if "source" in point else ""), point.get(key, "–"),
                 point["milliseconds"], point["memory_mb"]] for point in points
            ]))
    return "\n\n".join(parts)


def characters_table(found):
    rows = found["lstm_step"]["characters_per_second"]
    shorter = {size: {short(name): value for name, value in row.items()} for size, row in rows.items()}
    names = [name for name in COLOURS if any(name in row for row in shorter.values())]
    return table(["characters per second in training, batch size", *names], [
        [size, *(f"{row[name]:,}" if name in row else "–" for name in names)] for size, row in shorter.items()
    ])


def page(stacks):
    """The whole README of the benchmarks, for {stack: its records}."""
    parts = ["# Benchmarks", __doc__.splitlines()[0] + " Made by `make bench`; do not edit.", "![Summary](summary.png)"]
    for stack, found in stacks.items():
        if "vae_step" not in found:
            continue
        made = found["vae_step"]["machine"]
        parts += [
            f"## The {stack} stack",
            f"{made['date']}, {made['cores']} cores ({made['processor']}), {made['memory_gib']} GiB, TensorFlow "
            f"{made['tensorflow']}, Keras {made['keras']}. Medians of interleaved repeats; ratios travel better than "
            "milliseconds. What is compared stands at the head of each script.",
            step_table(found), quality_table(found), characters_table(found), sampling_table(found),
            growth_tables(found),
        ]
    return "\n\n".join(parts) + "\n"


def bars(axes, rows, unit, log=False, ended=()):
    """Groups of horizontal bars, one for each contender; of those in `ended`, (row, contender), the goal was missed."""
    height = 0.8 / len(COLOURS)
    for place, (title, row) in enumerate(rows.items()):
        for number, (name, colour) in enumerate(COLOURS.items()):
            if name in row:
                axes.barh(place + number * height, row[name], 0.9 * height, color=colour)
                label = f" {'not in ' if (title, name) in ended else ''}{row[name]:.3g}"
                axes.text(row[name], place + number * height, label, va="center", fontsize=7)
    axes.set_yticks([place + 0.32 for place in range(len(rows))], rows)
    axes.invert_yaxis()
    axes.set_xlabel(unit)
    axes.margins(x=0.25)
    if log:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")


def picture(found):
    """A figure of step times, minutes to a quality, and how time and memory grow."""
    figure, ((steps, quality), (speed, memory)) = plt.subplots(2, 2, figsize=(12, 9), layout="constrained")
    bars(steps, step_times(found), "milliseconds of a step (logarithmic)", log=True)
    steps.set_title("A training step")
    goals = minutes_to_quality(found)
    ended = [(goal, name) for goal, row in goals.items() for name, cell in row.items() if not cell["reached"]]
    bars(quality, {goal: {name: cell["minutes"] for name, cell in row.items()} for goal, row in goals.items()},
         "minutes of training", ended=ended)
    quality.set_title("Minutes to the same quality")
    handles = [plt.Rectangle((0, 0), 1, 1, color=colour) for colour in COLOURS.values()]
    figure.legend(handles, COLOURS, loc="outside upper center", ncols=len(COLOURS))
    growth = found["growth"]
    for model, marker in (("VAE", "o-"), ("DCGAN", "s--")):
        points = [point for point in growth["batch_size"] if point["model"] == model]
        sizes = [point["batch_size"] for point in points]
        rates = [1000 * point["batch_size"] / point["milliseconds"] for point in points]
        speed.plot(sizes, rates, marker, color=COLOURS["ours"], label=model)
    speed.set(xscale="log", yscale="log", xlabel="batch size", ylabel="images per second, in training",
              title="Larger batches are cheaper per image")
    speed.set_xticks(sizes, sizes)
    speed.set_yticks([2000, 5000, 10_000, 20_000], ["2,000", "5,000", "10,000", "20,000"])
    speed.minorticks_off()
    speed.legend()
    for source, marker in (("memory", "s--"), ("files", "o-")):
        points = [point for point in growth["dataset"] if point["source"] == source]
        memory.plot([point["times"] for point in points], [point["memory_mb"] for point in points], marker,
                    color=COLOURS["ours"], label=f"images from {'an array' if source == 'memory' else 'files'}")
    floor = next(point["memory_mb"] for point in growth["dataset"] if point["source"] == "one batch")
    memory.axhline(floor, color="tab:gray", linestyle=":", label="one batch, again and again")
    memory.set(xlabel="dataset, in times of MNIST's 60,000 images", ylabel="peak memory of the process, MB",
               title="Files keep the memory flat", ylim=(0, None))
    memory.legend()
    return figure


def main():
    stacks = {stack: records(stack) for stack in ("classic", "current")}
    (FOLDER / "README.md").write_text(page(stacks), encoding="utf-8")
    picture(stacks["classic"]).savefig(FOLDER / "summary.png", dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    main()
