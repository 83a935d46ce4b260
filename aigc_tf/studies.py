"""Trainings that chapters compare, each with the same budget: `python -m aigc_tf.studies [NAME …]` runs them again."""

import argparse
import functools
import json
import platform
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import keras
import tensorflow as tf

from aigc_tf import data
from aigc_tf.core import command_line, files
from aigc_tf.runs import LineRun, Run, SentenceRun, carry_out, speeds
from aigc_tf.text import LSTMLanguageModel, SentenceVAE
from aigc_tf.transformer import TransformerLanguageModel

BACKUPS = Path("build") / "studies"  # relative to the checkout, where `make studies` runs


GPT = Run("GPT", 1.5, TransformerLanguageModel, {"num_layers": 5, "width": 192, "num_heads": 2, "context": 256})
LSTM = Run("LSTM", 1.5, LSTMLanguageModel, {"units": (512,), "embedding_stddev": 1.0}, 4e-3, "adam", 32, 64)
SMALL = replace(GPT, counts="tokens").changed("", num_layers=4, num_heads=2)

LINES = SentenceRun("plain", 2500 * 64 * 41, SentenceVAE, {"longest": 40, "latent_dim": 16, "units": 256}, 4e-3, "adam",
                    64, 41, counts="tokens")


def scaled(width, batches):
    """A run of the study of scales: so wide, and so many batches of 8 × 256 tokens."""
    return replace(SMALL.changed(f"width {width}, {batches} batches", width=width), budget=batches * 8 * 256)


STUDIES = {
    "language_model_choices": [
        *[replace(GPT.changed(f"Transformer, width {width}, {rate}", width=width), learning_rate=rate)
          for width in (64, 96, 128, 192) for rate in (0.02, 0.04, 0.08)],
        *[replace(LSTM.changed(f"LSTM, {units} units, {size} streams, {rate}", units=(units,)), batch_size=size,
                  learning_rate=rate)
          for units, size, rate in ((256, 32, 2e-3), (256, 32, 4e-3), (256, 32, 8e-3), (512, 32, 2e-3), (512, 32, 4e-3),
                                    (512, 32, 8e-3), (512, 16, 4e-3), (512, 64, 4e-3))],
    ],
    "transformer_scales": [
        *[scaled(width, 400) for width in (32, 64, 96, 128, 192)],
        *[scaled(96, batches) for batches in (50, 100, 200, 800, 1600)],
        scaled(192, 800),  # predicted from the ten above
    ],
    "sentence_vaes": [
        # It reads no places behind a line's end. A line and its end have 32 characters on average, a row 41 places.
        LineRun("no latent", LINES.budget * 32 // 41, LSTMLanguageModel, {"units": (256,), "embedding_stddev": 1.0},
                4e-3, "adam", 64, 41, counts="tokens"),
        LINES,
        LINES.changed("annealing", annealing_steps=1000),
        *[LINES.changed(f"word dropout {rate}", word_dropout=rate) for rate in (0.25, 0.5)],
        *[LINES.changed(f"{nats} free nats", free_nats=float(nats)) for nats in (4, 8)],
        LINES.changed("annealing, word dropout 0.25", annealing_steps=1000, word_dropout=0.25),
        LINES.changed("annealing, 4 free nats", annealing_steps=1000, free_nats=4.0),
    ],
}
ABOUT = {
    "sentence_vaes": "Lines of the plays of 10 to 40 characters; VAEs with different cures, nats and KL per line.",
    "language_model_choices": "The plays, a minute and a half of one core: Transformers of 5 blocks, and LSTMs, of "
                              "different sizes and learning rates.",
    "transformer_scales": "The plays; 4 blocks, 2 heads, of different widths, trained on different numbers of tokens.",
}


def carry_out_all(name, runs, text, *, folder=data.CHECKOUT_DATA, backups=BACKUPS):
    """Carries out a study and stores its record. What was done before a kill is not done again.

    Returns:
        The record, as `data.load_study` gives it.
    """
    def kept(file, make):
        path = Path(backups) / name / f"{file}.json"
        if not path.exists():
            files.write_file(path, json.dumps(make()))
            print(path.read_text(), flush=True)
        return json.loads(path.read_text())

    by_minutes = [run for run in runs if run.counts == "minutes"]
    times = iter(kept("speeds", lambda: speeds(by_minutes, text)) if by_minutes else [])
    paces = [next(times) if run.counts == "minutes" else None for run in runs]
    rows = [kept(number, functools.partial(carry_out, run, text, pace))
            for number, (run, pace) in enumerate(zip(runs, paces))]
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
