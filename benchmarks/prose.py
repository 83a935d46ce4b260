"""What the benchmarks say of speed in sentences: each number comes from a record (a test sees to that)."""

import statistics

from records import FUSED, KERAS, MUON, OURS, TORCH, WORKS, best_pytorch, order, ratios, short, spread, verdict, works

ADAM, LAYER = "`keras.optimizers.Adam`", "Keras's layer"


def beside_pytorch(stacks):
    """Rows of a table: our step in times of PyTorch's, on each stack, and whether that is a difference."""
    def cell(row):
        torch = best_pytorch(row)
        return f"{spread(ratios(row, FUSED, torch))}: {verdict(ratios(row, FUSED, torch))}" if torch else "–"

    head = ["a step with FusedAdam, in times of PyTorch's", *(f"{stack} stack" for stack in stacks)]
    rows = [works(found) for found in stacks.values()]
    measured = [work for work in WORKS if any(work in row for row in rows)]
    return head, [[work, *(cell(row.get(work, {})) for row in rows)] for work in measured]


def adam(found):
    """What the chapters' Adam costs."""
    row = ", ".join(f"{spread(ratios(row, OURS, FUSED))} ({short(work)})" for work, row in works(found).items())
    return f"With {ADAM}, as in the chapters, a step takes {row} times as long as with `FusedAdam`."


def muon(found):
    """What the optimizer of the Transformers' recipes costs."""
    row = found["transformer_step"]["Transformer"]["milliseconds"]
    times = spread(ratios(row, MUON, FUSED))
    return f"With `Muon`, as in its recipes, the Transformer's step takes {times} times as long as with `FusedAdam`."


def ends(found):
    """What an epoch's end costs."""
    row = found["vae_step"]["VAE"]["milliseconds_after_an_epoch"]
    waits = {name: f"{statistics.median(row[name]):.0f} ms" for name in (KERAS, OURS)}
    return (
        f"After the last step of a short epoch of the VAE, `fit` takes another {waits[KERAS]} in the Keras example's "
        f"way, where it waits for tf.data's tuner, and {waits[OURS]} in ours. The table has steps inside an epoch."
    )


def lstm(found):
    """Where the LSTM's time goes, and whether a layer can be faster."""
    products = {}
    for name, rate in found["lstm_step"]["gflop_per_second"].items():
        size, library = name.rsplit(", ", 1)
        products.setdefault(size, []).append(f"{rate:.0f} in {library}")
    shown = ", ".join(f"{' and '.join(values)} for {size}" for size, values in products.items())
    layers = []
    for size, record in found["lstm_layer"].items():
        if isinstance(record, dict) and "milliseconds" in record:
            row = record["milliseconds"]
            ways = {name: spread(ratios(row, name, LAYER)) for name in row if name != LAYER}
            torch = ways.pop(TORCH, None)
            best = min(ways, key=lambda name: statistics.median(row[name]))
            layers.append(f"{ways[best]} ({best})" + (f" and {torch} (PyTorch)" if torch else "") + f" at {size}")
    return (
        f"Products of matrices, in turns with the LSTM, run at so many GFLOP/s: {shown} (the small ones are those of "
        f"its loop over time). The layer alone, forward and gradients, takes, in times of {LAYER}: {'; '.join(layers)}."
    )


def goals(found):
    """Who reaches a quality first."""
    rows = {name: row for name, row in found["minutes"].items() if isinstance(row, dict) and "target" in row}
    orders = [
        f"{goal.split(':')[0]}: " + ", ".join(order(row, FUSED, other) for other in (KERAS, TORCH) if other in row)
        for goal, row in rows.items()
    ]
    begins = [statistics.median(row[FUSED]["seconds_to_begin"]) for row in rows.values()]
    return (
        f"Who is first at the same quality, if the seeds' ranges do not overlap: {'; '.join(orders)}. The minutes hold "
        f"TensorFlow's tracing; its first steps are done after {min(begins):.1f} to {max(begins):.1f} s."
    )


SENTENCES = {
    adam: "vae_step gan_step lstm_step", muon: "transformer_step", ends: "vae_step", lstm: "lstm_step lstm_layer",
    goals: "minutes",
}


def sentences(found):
    """The sentences that the records of a stack allow."""
    return [write(found) for write, scripts in SENTENCES.items() if set(scripts.split()) <= set(found)]
