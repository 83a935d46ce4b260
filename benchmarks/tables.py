"""The records of a stack as tables in Markdown."""

import statistics

from records import CONTENDERS, OURS, WORKS, limit, rates, ratios, short, spread, works


def table(head, rows):
    """Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def named(rows):
    """The contenders that occur in any of {…: {contender: …}}, in their order."""
    return [name for name in CONTENDERS if any(name in row for row in rows.values())]


def step_table(found):
    """Steps of all works: the median, and how many times ours, with the least and the most of all rounds."""
    rows = works(found)
    names = named(rows)

    def cell(row, name):
        if name not in row:
            return "–"
        middle = f"{statistics.median(row[name]):.1f}"
        return middle if name == OURS else f"{middle} · {spread(ratios(row, name, OURS))}"

    def limit_cell(work, row):
        milliseconds = limit(found, work)
        return f"{milliseconds:.1f} · {milliseconds / statistics.median(row[OURS]):.2f}"

    return table(["milliseconds of a step · times ours (least–most)", *names, "limit"], [
        [work, *(cell(row, name) for name in names), limit_cell(work, row)] for work, row in rows.items()
    ])


def epoch_table(found):
    """What `fit` takes around the steps of an epoch."""
    rows = []
    for work in works(found):
        script, part = WORKS[work]
        record = found[script][part]
        if "milliseconds_before_an_epoch" in record:
            before, after = record["milliseconds_before_an_epoch"], record["milliseconds_after_an_epoch"]
            middle = statistics.median
            rows += [
                [short(work), name, f"{middle(record['milliseconds'][name]):.1f}", f"{middle(before[name]):.0f}",
                 f"{middle(after[name]):.0f} ({min(after[name]):.0f}–{max(after[name]):.0f})"] for name in after
            ]
    return table(["an epoch by `fit`, milliseconds", "way", "a step", "before the first", "after the last"], rows)


def parts_table(found):
    """Where a step's time goes."""
    rows = [["VAE", "one compiled loop, without fit", found["vae_step"]["VAE"]["milliseconds"]["one compiled loop"]]]
    for part in ("dense GAN", "DCGAN"):
        rows += [[part, name, values] for name, values in found["gan_step"][part]["milliseconds_of_parts"].items()]
    return table(["part of a step", "", "milliseconds"], [
        [part, name, f"{statistics.median(values):.2f}"] for part, name, values in rows
    ])


def quality_table(found):
    """Minutes until each goal: the median of the seeds, the least and the most."""
    goals = {name: row for name, row in found["minutes"].items() if isinstance(row, dict) and "target" in row}
    names = named(goals)

    def cell(row, name):
        if name not in row:
            return "–"
        minutes, reached = row[name]["minutes"], row[name]["reached"]
        return spread(minutes) + ("" if all(reached) else f", {sum(reached)} of {len(reached)} seeds reach it")

    return table(["minutes to a quality, median of the seeds (least–most)", *names], [
        [f"{goal}, {row['target']:g}", *(cell(row, name) for name in names)] for goal, row in goals.items()
    ])


def layer_table(found):
    """The LSTM layer's contenders at all sizes."""
    sizes = {size: row["milliseconds"] for size, row in found["lstm_layer"].items() if "milliseconds" in row}
    first, *_ = names = list(next(iter(sizes.values())))
    head = [f"an LSTM layer, milliseconds · times {first} (least–most)", *sizes]
    return table(head, [
        [name, *(f"{statistics.median(row[name]):.1f} · {spread(ratios(row, name, first))}" for row in sizes.values())]
        for name in names
    ])


def products_table(found):
    """What the machine reaches in products of matrices."""
    rows = {short(work): rates(found, work) for work in works(found)}
    head = ["10⁹ multiplications and additions a second, in turns with …", *rows]
    products = next(iter(rows.values()))
    return table(head, [[product, *(f"{row[product]:.0f}" for row in rows.values())] for product in products])


def characters_table(found):
    sizes = {name: row["milliseconds"] for name, row in found["lstm_step"].items() if name.startswith("batch")}
    names = named(sizes)

    def cell(size, row, name):
        batch_size = int(size.split()[1])
        return f"{1000 * batch_size * 64 / statistics.median(row[name]):,.0f}" if name in row else "–"

    return table(["characters per second in training", *names], [
        [size, *(cell(size, row, name) for name in names)] for size, row in sizes.items()
    ])


def sampling_table(found):
    return table(["model", "way", "images or characters per second"], [
        [model, way, f"{statistics.median(rates):,.0f}"]
        for model, ways in found["sampling"]["per_second"].items() for way, rates in ways.items()
    ])


def writing_table(found):
    """How fast the Transformer writes, and how many times ours that is."""
    rows = found["transformer_step"]["per_second"]
    names = named(rows)

    def cell(row, name):
        if name not in row:
            return "–"
        middle = f"{statistics.median(row[name]):,.0f}"
        return middle if name == OURS else f"{middle} · {spread(ratios(row, name, OURS))}"

    return table(["characters per second, written by the Transformer · times ours (least–most)", *names], [
        [texts, *(cell(row, name) for name in names)] for texts, row in rows.items()
    ])


def grown(found, key, model, **fixed):
    """The points in which only `key` differs, in order: [(value, milliseconds, megabytes)], medians."""
    usual = {"batch_size": 64 if model == "LSTM" else 128, "side": 28, "length": 64, "source": None, "times": 1}
    wanted = {"model": model, **usual, **fixed}
    points = [
        point for point in found["growth"]["points"]
        if all(point[name] == value for name, value in wanted.items() if name != key)
    ]
    middle = statistics.median
    return sorted((point[key], middle(point["milliseconds"]), middle(point["memory_mb"])) for point in points)


GROWTH = {  # what grows, and of which models
    "batch size": ("batch_size", [("VAE", {}), ("DCGAN", {})]),
    "image side": ("side", [("VAE", {}), ("DCGAN", {})]),
    "characters in a window": ("length", [("LSTM", {})]),
    "times MNIST": ("times", [("VAE", {"source": source}) for source in ("one batch", "memory", "files")]),
}


def growth_tables(found):
    """One table for each thing that grows."""
    return "\n\n".join(
        table(["model", title, "milliseconds of a step", "peak memory, MB"], [
            [", ".join([model, *fixed.values()]), value, f"{milliseconds:.1f}", f"{memory:.0f}"]
            for model, fixed in models for value, milliseconds, memory in grown(found, key, model, **fixed)
        ])
        for title, (key, models) in GROWTH.items()
    )
