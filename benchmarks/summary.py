"""The benchmarks' records as sentences, tables and a picture.

    python benchmarks/summary.py     reads the *.json beside it; writes README.md and summary.png
    python benchmarks/summary.py --quick     prints the page for the records of quick runs, in build/quick
"""

import sys

import tables
from picture import picture
from prose import beside_pytorch, sentences
from records import FOLDER, records

STACKS = ("classic", "current")
TABLES = {  # of a stack: what it needs
    tables.step_table: "vae_step gan_step lstm_step", tables.epoch_table: "vae_step gan_step",
    tables.quality_table: "minutes", tables.products_table: "vae_step gan_step lstm_step",
    tables.parts_table: "vae_step gan_step", tables.layer_table: "lstm_layer",
    tables.characters_table: "lstm_step", tables.writing_table: "transformer_step", tables.sampling_table: "sampling",
    tables.growth_tables: "growth",
}


def made(found):
    """When, where and with what."""
    machine = found["vae_step"]["machine"]
    dates = sorted({record["machine"]["date"] for record in found.values() if "machine" in record})
    when = " to ".join(dict.fromkeys([dates[0], dates[-1]]))
    return (
        f"{when}, {machine['cores']} cores ({machine['processor']}), {machine['memory_gib']} GiB, "
        f"TensorFlow {machine['tensorflow']}, Keras {machine['keras']}"
    )


def measured(stacks):
    return {stack: found for stack, found in stacks.items() if "vae_step" in found}


def tables_of(found, wanted=TABLES):
    """The tables that the records of a stack allow."""
    return [make(found) for make in wanted if set(TABLES[make].split()) <= set(found)]


def page(stacks):
    """The whole README of the benchmarks, for {stack: its records}: first how fast a step is, then every table."""
    parts = ["# Benchmarks", __doc__.splitlines()[0] + " Made by `make bench`; do not edit.", *speed(measured(stacks))]
    if "growth" in stacks["classic"]:
        parts.append("![Summary](summary.png)")
    for stack, found in measured(stacks).items():
        parts += [
            f"## The {stack} stack",
            made(found) + ". Medians of rounds in which all contenders take turns, and ratios round by round; ratios "
            "travel better than milliseconds. What is compared stands at the head of each script.",
            *tables_of(found),
        ]
    return "\n\n".join(part for part in parts if part) + "\n"


def speed(stacks):
    """The parts that say how long a step takes beside PyTorch's on each stack, with the classic one's sentences."""
    if "classic" not in stacks:
        return ["Nothing has been measured yet: `make bench`."]
    return [
        "## How fast is a step?",
        "Measured in rounds in which all contenders take turns: medians, with the least and the most of all rounds. "
        "PyTorch is at its best: Adam with `fused=True`, `channels_last`, eager or compiled, whichever is faster.",
        tables.table(*beside_pytorch(stacks)),
        "On the classic stack (*ours* has `keras.optimizers.Adam`):",
        "\n".join(f"- {sentence}" for sentence in sentences(stacks["classic"])),
    ]


def main():
    if "--quick" in sys.argv:
        stacks = {stack: records(stack, FOLDER.parent / "build" / "quick") for stack in STACKS}
        print(page(stacks))
        return
    stacks = {stack: records(stack) for stack in STACKS}
    (FOLDER / "README.md").write_text(page(stacks), encoding="utf-8")
    if {"growth", "minutes"} <= set(stacks["classic"]):
        picture(stacks["classic"]).savefig(FOLDER / "summary.png", dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    main()
