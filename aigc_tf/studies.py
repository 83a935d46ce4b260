"""Trainings that chapters compare, each with the same budget: `python -m aigc_tf.studies [NAME …]` runs them again."""

import argparse
import json
import math
import platform
import shutil
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import tensorflow as tf

from aigc_tf import data
from aigc_tf.core import command_line, files
from aigc_tf.core.optimizers import FusedAdam, Muon
from aigc_tf.text import LSTMLanguageModel, Vocabulary, nats_per_token, random_windows, split_text, streams
from aigc_tf.transformer import TransformerLanguageModel

BACKUPS = Path("build") / "studies"  # relative to the checkout, where `make studies` runs


@dataclass(frozen=True)
class Run:
    """One training of a language model on the plays, and what it may spend.

    The learning rate rises in even steps for `warmup` of the budget, and then falls along a cosine to 2%.

    Args:
        name: what the study calls it.
        budget: minutes of one core, or tokens if `counts` is "tokens".
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

    def batches(self, numbers):
        if issubclass(self.model, TransformerLanguageModel):
            return random_windows(numbers, self.length, batch_size=self.batch_size, steps=200, seed=self.seed)
        return streams(numbers, self.length, batch_size=self.batch_size)

    def compiled(self, tokens):
        keras.utils.set_random_seed(self.seed)
        model = self.model(tokens, **self.config)
        model.compile(optimizer={"muon": Muon, "adam": FusedAdam}[self.optimizer](self.learning_rate))
        return model


GPT = Run("GPT", 2.0, TransformerLanguageModel, {"num_layers": 5, "width": 192, "num_heads": 3, "context": 256})
LSTM = Run("LSTM", 2.0, LSTMLanguageModel, {"units": (512,), "embedding_stddev": 1.0}, 4e-3, "adam", 32, 64)
SMALL = replace(GPT, counts="tokens").changed("", num_layers=4, num_heads=2)


def scaled(width, batches):
    """A run of the study of scales: so wide, and so many batches of 8 × 256 tokens."""
    return replace(SMALL.changed(f"width {width}, {batches} batches", width=width), budget=batches * 8 * 256)


STUDIES = {
    "transformer_options": [
        *[replace(GPT, name="everything", seed=seed) for seed in (0, 1, 2)],
        GPT.changed("learned positions", position_encoding="learned"),
        GPT.changed("sinusoidal positions", position_encoding="sinusoidal"),
        GPT.changed("layer norm", norm="layer"),
        GPT.changed("GELU", activation="gelu"),
        GPT.changed("plain queries and keys", qk_norm=False),
        GPT.changed("no zeros at first", zero_outputs=False),
        GPT.changed("embeddings of 0.02", embedding_stddev=0.02),
        replace(GPT, name="no warm-up", warmup=0.0),
        *[replace(GPT, name=f"Adam {rate}", optimizer="adam", learning_rate=rate) for rate in (1e-3, 2e-3, 4e-3)],
        *[replace(GPT, name=f"Muon {rate}", learning_rate=rate) for rate in (0.01, 0.04)],
        *[replace(GPT, name=f"{size} windows a batch", batch_size=size) for size in (4, 16, 32)],
    ],
    "language_model_choices": [
        replace(LSTM, name=f"LSTM, {size} streams, {rate}", batch_size=size, learning_rate=rate)
        for size, rates in {8: (1e-3, 2e-3), 16: (2e-3, 4e-3), 32: (2e-3, 4e-3), 64: (4e-3,), 128: (4e-3,)}.items()
        for rate in rates
    ],
    "transformer_scales": [
        *[scaled(width, 400) for width in (32, 64, 96, 128, 192)],
        *[scaled(96, batches) for batches in (50, 100, 200, 800, 1600)],
        scaled(192, 800),  # predicted from the ten above
    ],
}
ABOUT = {
    "transformer_options": "The plays; 5 blocks of width 192, 3 heads, context 256, changed in one thing at a time.",
    "language_model_choices": "The plays; LSTMs of 512 units with different batches and learning rates.",
    "transformer_scales": "The plays; 4 blocks, 2 heads, of different widths, trained on different numbers of tokens.",
}


class Budget(keras.callbacks.Callback):
    """Steers the learning rate by what is spent, notes a curve on the way, and ends the training.

    The first batch, in which the step is compiled, does not count, nor does what `value` takes. Minutes are those of
    the processor: run with one thread, they are the minutes of one core, whatever else the machine does.

    Args:
        run: a `Run`.
        value: function () → number, noted `notes` times.
    """

    def __init__(self, run, value, notes=6):
        super().__init__()
        self.run, self.value, self.notes = run, value, notes
        self.minutes, self.tokens, self.curve, self.since = 0.0, 0, [], None

    @property
    def share(self):
        """How much of the budget is spent, from 0 to 1."""
        return min(1.0, {"minutes": self.minutes, "tokens": self.tokens}[self.run.counts] / self.run.budget)

    def on_train_batch_begin(self, batch, logs=None):
        rate = self.run.learning_rate * rate_after(self.share, self.run.warmup)
        self.model.optimizer.learning_rate.assign(rate)

    def on_train_batch_end(self, batch, logs=None):
        now = time.process_time()
        if self.since is not None:
            self.minutes += (now - self.since) / 60
            self.tokens += self.run.batch_size * self.run.length
        if self.share >= (len(self.curve) + 1) / self.notes:
            self.curve.append([round(self.minutes, 3), self.tokens, round(float(self.value()), 4)])
        self.since = time.process_time()
        self.model.stop_training = self.share >= 1


def rate_after(share, warmup):
    """The learning rate as a share of its highest, when `share` of the budget is spent."""
    rising = (share + 0.001) / warmup if share < warmup else 1.0
    return min(rising, 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * share)))


def carry_out(run, text):
    """Trains a run on text that is not for validation or test; returns its row in the record."""
    train, validation, _ = split_text(text, validation=0.1)
    model = run.compiled(Vocabulary.of(text).tokens)
    budget = Budget(run, lambda: nats_per_token(model, validation[:20_000]))
    model.fit(run.batches(model.vocabulary.encode(train)), epochs=100_000, callbacks=[budget], verbose=0)
    return {
        "name": run.name, "seed": run.seed, "parameters": sum(int(tf.size(each)) for each in model.trainable_variables),
        "minutes": round(budget.minutes, 2), "tokens": budget.tokens,
        "nats": round(nats_per_token(model, validation[:100_000]), 4), "curve": budget.curve,
    }


def carry_out_all(name, runs, text, *, folder=data.CHECKOUT_DATA, backups=BACKUPS):
    """Carries out a study and stores its record. What was done before a kill is not done again.

    Returns:
        The record, as `data.load_study` gives it.
    """
    rows = []
    for number, run in enumerate(runs):
        done = Path(backups) / name / f"{number}.json"
        if not done.exists():
            files.write_file(done, json.dumps(carry_out(run, text)))
            print(done.read_text(), flush=True)
        rows.append(json.loads(done.read_text()))
    versions = {"python": platform.python_version(), "tensorflow": tf.__version__, "keras": keras.__version__}
    record = {"about": ABOUT[name], "versions": versions, "runs": rows}
    files.write_file(Path(folder) / f"{name}.json", json.dumps(record, indent=1) + "\n")
    shutil.rmtree(Path(backups) / name)
    return record


def main(arguments=None):
    """Carry out the named studies, or all; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m aigc_tf.studies", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(STUDIES)}; all if none is given")
    chosen = parser.parse_args(arguments).names or list(STUDIES)
    unknown = sorted(set(chosen) - set(STUDIES))
    if unknown:
        parser.error(f"there are the studies {', '.join(STUDIES)}. Received: {', '.join(unknown)}")

    def work():
        with files.file_lock(BACKUPS / "studies.lock"):
            for name in chosen:
                carry_out_all(name, STUDIES[name], data.load_text("shakespeare"))

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    return command_line.run(
        "Studies", work, interrupted="The next `make studies` goes on with the training that was stopped.",
        busy="another study is going on here. Wait for it to end, or stop it, and try again.",
    )


if __name__ == "__main__":
    sys.exit(main())
