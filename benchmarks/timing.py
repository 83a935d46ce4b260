"""How the benchmarks take time: contenders take turns, the first round warms up, and every other round is kept.

A contender is a function without arguments that does its work and returns {what: seconds}.
"""

import time

import keras
import tensorflow as tf


def interleaved(contenders, rounds):
    """Runs all contenders in turn, round after round.

    Args:
        contenders: {name: contender}.
        rounds: how many are kept; one before them traces and warms up.

    Returns:
        {name: {what: [seconds in each round]}}.
    """
    found = {name: {} for name in contenders}
    for number in range(rounds + 1):
        for name, run in contenders.items():
            for what, seconds in run().items():
                found[name].setdefault(what, [])
                if number:
                    found[name][what].append(seconds)
    return found


def of_kind(found, what="step"):
    """{name: [seconds in each round]} of those contenders that report `what`."""
    return {name: kinds[what] for name, kinds in found.items() if what in kinds}


def timed(steps, work):
    """A contender: seconds of one of the `steps` steps that `work()` does."""

    def run():
        start = time.perf_counter()
        work()
        return {"step": (time.perf_counter() - start) / steps}

    return run


class Laps(keras.callbacks.Callback):
    """When `fit` had done how many steps of an epoch: `laps` holds (steps, seconds on the clock) of every execution."""

    def on_epoch_begin(self, epoch, logs=None):
        self.laps = []

    def on_train_batch_end(self, batch, logs=None):
        steps = min(batch + 1, self.params["steps"])  # Keras 3 takes the last execution for a whole one
        self.laps.append((steps, time.perf_counter()))


def timed_fit(fit):
    """A contender: one epoch by `fit(callbacks=…)`, of at least two executions.

    It reports the seconds of a step inside the epoch, from the end of the first execution to that of the last; those of
    `start`, what comes before the first step; and of `end`, from the last step until `fit` returns: there an autotuned
    pipeline waits for its tuner.
    """

    def run():
        clock, start = Laps(), time.perf_counter()
        fit(callbacks=[clock])
        end = time.perf_counter()
        (first, first_time), (last, last_time) = clock.laps[0], clock.laps[-1]
        step = (last_time - first_time) / (last - first)
        return {"step": step, "start": first_time - first * step - start, "end": end - last_time}

    return run


def compiled_loop(step, batches, steps):
    """A function that does `step(batch)`, which returns a number, so many times in one graph, without `fit`."""
    iterator = iter(batches.repeat())

    @tf.function
    def loop():
        total = 0.0
        for _ in tf.range(steps):
            total += step(next(iterator))
        return total

    return loop.get_concrete_function()
