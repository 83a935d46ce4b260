"""What the benchmarks of a training step share: contenders and products of matrices in turn, and their record."""

import pytorch
from limits import gflop_per_second, products
from results import milliseconds
from timing import interleaved, of_kind


def measured(contenders, rounds, gflop, parts=None):
    """Runs everything in turn, ends PyTorch's programs and returns the record.

    Args:
        contenders: {name: contender}, each of one way to make the step.
        rounds: how many are kept.
        gflop: 10⁹ multiplications and additions of the step.
        parts: {name: contender} of parts of the step, if they are to be measured in the same rounds.
    """
    parts = parts or {}
    found = interleaved({**contenders, **parts, **products()}, rounds)
    pytorch.close_all()
    record = {
        "milliseconds": milliseconds(of_kind({name: found[name] for name in contenders})),
        "milliseconds_before_an_epoch": milliseconds(of_kind(found, "start")),
        "milliseconds_after_an_epoch": milliseconds(of_kind(found, "end")),
        "gflop": round(gflop, 3),
        "gflop_per_second": gflop_per_second(found),
    }
    if parts:
        record["milliseconds_of_parts"] = milliseconds(of_kind({name: found[name] for name in parts}))
    return record
