"""One training of a study: what it is, and what it may spend (`Run` and its kinds, `carry_out`)."""

import math
import statistics
import time
from dataclasses import dataclass, replace

import keras
import numpy as np
import tensorflow as tf

from aigc_tf import data
from aigc_tf.core.optimizers import FusedAdam, Muon
from aigc_tf.text import (
    Vocabulary,
    encode_lines,
    lines_of,
    nats_per_token,
    random_windows,
    split_text,
    streams,
)
from aigc_tf.transformer import TransformerLanguageModel

OPTIMIZERS = {"muon": Muon, "adam": FusedAdam}

@dataclass(frozen=True)
class Run:
    """One training of a language model on the plays, and what it may spend.

    The learning rate rises in even steps for `warmup` of the budget, and then falls along a cosine to 2%.

    Args:
        name: what the study calls it.
        budget: tokens; or, if `counts` is "minutes", minutes of one core at the speed that `speeds` finds.
        model: class of the network, a Transformer or a recurrent one.
        config: its arguments but the tokens.
        learning_rate: at its highest.
        optimizer: "muon", with Adam at 0.15 times the rate for what is no matrix inside the network, or "adam".
        length: tokens in a window, or in a part of a stream.
    """

    name: str
    budget: float
    model: type
    config: dict
    learning_rate: float = 0.02
    optimizer: str = "muon"
    batch_size: int = 8
    length: int = 256
    warmup: float = 0.02
    counts: str = "minutes"
    seed: int = 0

    def changed(self, name, **config):
        """The same under another name, with options of the network changed."""
        return replace(self, name=name, config={**self.config, **config})

    def load(self):
        """The text to learn from."""
        return data.load_text("shakespeare")

    def compiled(self, text):
        """The model, ready to train on a text."""
        keras.utils.set_random_seed(self.seed)
        model = self.model(Vocabulary.of(text).tokens, **self.config)
        model.compile(optimizer=OPTIMIZERS[self.optimizer](self.learning_rate))
        return model

    def parts(self, text):
        """What the text gives to train on, and what to validate with: token numbers (N,), and a string."""
        train, validation, _ = split_text(text, validation=0.1)
        return Vocabulary.of(text).encode(train), validation

    def batches(self, numbers):
        if issubclass(self.model, TransformerLanguageModel):
            return random_windows(numbers, self.length, batch_size=self.batch_size, steps=200, seed=self.seed)
        return streams(numbers, self.length, batch_size=self.batch_size)

    def note(self, model, validation):
        """The number of the curve: nats per token of a page."""
        return nats_per_token(model, validation[:20_000])

    def measure(self, model, validation):
        """What the record says of the trained model, by name."""
        return {"nats": nats_per_token(model, validation[:100_000])}


@dataclass(frozen=True)
class LineRun(Run):
    """The same of single lines in random order, of `length` − 1 characters at most; `nats` are per line."""

    def lines(self, text):
        """Lines to train on, shuffled, and every fourth of those to validate with."""
        train, validation, _ = split_text(text, validation=0.1)
        train, validation = (lines_of(part, longest=self.length - 1) for part in (train, validation))
        return np.random.default_rng(self.seed).permutation(train), validation[::4]

    def parts(self, text):
        train, validation = ("\n" + "\n".join(lines) + "\n" for lines in self.lines(text))
        return Vocabulary.of(text).encode(train), validation

    def measure(self, model, validation):
        return {"nats": -np.sum(model.log_prob(validation)) / (validation.count("\n") - 1)}


@dataclass(frozen=True)
class SentenceRun(LineRun):
    """One training of a `SentenceVAE`: `nats` are its importance-weighted bound, and the curve notes its KL."""

    def parts(self, text):
        return [encode_lines(lines, Vocabulary.of(text), self.length - 1) for lines in self.lines(text)]

    def batches(self, rows):
        return tf.data.Dataset.from_tensor_slices(rows).shuffle(len(rows), seed=self.seed).batch(self.batch_size, True)

    def note(self, model, rows):
        return np.mean(model.compute_losses(rows[:500])["kl"])

    def measure(self, model, rows):
        terms = model.compute_losses(rows)
        return {"nats": np.mean(model.importance_weighted_nll(rows, 50)),
                **{name: np.mean(terms[name]) for name in ("reconstruction", "kl")}}


class Budget(keras.callbacks.Callback):
    """Steers the learning rate by what is spent, notes a curve on the way, and ends the training.

    Args:
        run: a `Run`.
        most: tokens that it may read.
        value: function () → number, noted `notes` times.
    """

    def __init__(self, run, most, value, notes=6):
        super().__init__()
        self.run, self.most, self.value, self.notes = run, most, value, notes
        self.tokens, self.curve = 0, []

    def on_train_batch_begin(self, batch, logs=None):
        rate = self.run.learning_rate * rate_after(self.tokens / self.most, self.run.warmup)
        self.model.optimizer.learning_rate.assign(rate)

    def on_train_batch_end(self, batch, logs=None):
        self.tokens += self.run.batch_size * self.run.length
        if self.tokens >= self.most * (len(self.curve) + 1) / self.notes:
            self.curve.append([self.tokens, round(float(self.value()), 4)])
        self.model.stop_training = self.tokens >= self.most


def rate_after(share, warmup):
    """The learning rate as a share of its highest, when `share` of the budget is spent."""
    rising = (share + 0.001) / warmup if share < warmup else 1.0
    return min(rising, 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * share)))


class StepClock(keras.callbacks.Callback):
    """Seconds of the processor from the end of the first batch to the end of the last."""

    def on_train_batch_end(self, batch, logs=None):
        now = time.process_time()
        self.start = now if batch == 0 else self.start
        self.seconds = now - self.start


def speeds(runs, text, *, steps=6, rounds=5):
    """Microseconds of the processor for each token of training, a list with one number for each run.

    The medians of rounds in which all runs take turns, so that nothing else on the machine makes one look slower than
    another. With one thread they are microseconds of one core.
    """
    setups = {setup_of(run): run for run in runs}
    clock, spent = StepClock(), {setup: [] for setup in setups}
    work = {setup: (run.compiled(text), run.batches(run.parts(text)[0]).take(steps + 1))
            for setup, run in setups.items()}
    for _ in range(1 + rounds):
        for setup, (model, batches) in work.items():
            model.fit(batches, callbacks=[clock], verbose=0)
            spent[setup].append(1e6 * clock.seconds / steps / setups[setup].batch_size / setups[setup].length)
    return [round(statistics.median(spent[setup_of(run)][1:]), 1) for run in runs]  # the first round compiles


def setup_of(run):
    """What a step's time depends on; the numbers that weights begin with are none of it."""
    config = {name: value for name, value in run.config.items() if name not in ("zero_outputs", "embedding_stddev")}
    return f"{run.model} {config} {run.optimizer} {run.batch_size} {run.length}"


def carry_out(run, text, microseconds=None):
    """Trains a run on text that is not for validation or test; returns its row in the record.

    Args:
        run: a `Run`.
        text: a string.
        microseconds: what a token costs by `speeds`, for a run that counts minutes.
    """
    train, validation = run.parts(text)
    model = run.compiled(text)
    most = run.budget if run.counts == "tokens" else run.budget * 60e6 / microseconds
    budget = Budget(run, most, lambda: run.note(model, validation))
    model.fit(run.batches(train), epochs=100_000, callbacks=[budget], verbose=0)
    measured = {name: value if isinstance(value, list) else round(float(value), 4)
                for name, value in run.measure(model, validation).items()}
    return {
        "name": run.name, "seed": run.seed, "parameters": sum(int(tf.size(each)) for each in model.trainable_variables),
        "microseconds": microseconds, "tokens": budget.tokens, **measured, "curve": budget.curve,
    }
