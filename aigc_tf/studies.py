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

from aigc_tf import data, recipe_runs
from aigc_tf.adapt_runs import AdaptRun, InstructionsRun, PreferenceRun
from aigc_tf.core import command_line, files
from aigc_tf.finetuning import DPO, AdaptedTransformer
from aigc_tf.recipe_runs import RecipeRun
from aigc_tf.runs import LineRun, Run, SentenceRun, carry_out, speeds
from aigc_tf.text import LSTMLanguageModel, SentenceVAE
from aigc_tf.transformer import TransformerLanguageModel

BACKUPS = Path("build") / "studies"  # relative to the checkout, where `make studies` runs


GPT = Run("GPT", 1.5, TransformerLanguageModel, {"num_layers": 5, "width": 192, "num_heads": 2, "context": 256})
LSTM = Run("LSTM", 1.5, LSTMLanguageModel, {"units": (512,), "embedding_stddev": 1.0}, 4e-3, "adam", 32, 64)
NARROW = replace(GPT.changed("", width=64), learning_rate=0.04)
BEST_GPT = replace(NARROW.changed("everything", width=96, num_layers=3, context=128), batch_size=16, length=128)
BEST_LSTM = replace(LSTM.changed("LSTM", units=(256,)), learning_rate=16e-3)
INGREDIENTS = {
    "learned positions": ("position_encoding", "learned"), "sinusoidal positions": ("position_encoding", "sinusoidal"),
    "layer norm": ("norm", "layer"), "GELU": ("activation", "gelu"), "plain queries and keys": ("qk_norm", False),
    "no zeros at first": ("zero_outputs", False), "embeddings of 0.02": ("embedding_stddev", 0.02),
}
GPT_2 = {option: value for name, (option, value) in INGREDIENTS.items() if name != "sinusoidal positions"}
SMALL = replace(GPT, counts="tokens").changed("", num_layers=4, num_heads=2)

LINES = SentenceRun("plain", 2000 * 64 * 41, SentenceVAE, {"longest": 40, "latent_dim": 16, "units": 128}, 8e-3, "adam",
                    64, 41, counts="tokens")

ADAPT = AdaptRun("", 300 * 8 * 256, AdaptedTransformer, {"method": "lora", "size": 2}, 1e-2, "adam", counts="tokens")
RATES = {
    ("full", 1): (("adam", (3e-4, 1e-3, 3e-3)), ("muon", (0.005, 0.01, 0.02))),
    ("lora", 2): (("adam", (3e-3, 1e-2, 3e-2)),),
    ("last", 1): (("adam", (1e-3, 3e-3, 1e-2)),),
    ("adapters", 4): (("adam", (3e-3, 1e-2, 3e-2)),),
    ("prompt", 16): (("adam", (3e-2, 0.1, 0.3)),),
    ("prefix", 8): (("adam", (1e-2, 3e-2, 0.1)),),
}


def adapted(method, size, optimizer, rate, seed=0):
    """A run of the studies of fine-tuning; a prompt takes its places from the windows."""
    return replace(ADAPT.changed(f"{method} {size}, {optimizer} {rate}", method=method, size=size), seed=seed,
                   optimizer=optimizer, learning_rate=rate, length=256 - size if method == "prompt" else 256)


# The best rates of the choices.
ADAPT_ALL = replace(adapted("full", 1, "muon", 0.02), test=True)
LORA = replace(adapted("lora", 2, "adam", 0.01), test=True)
INSTRUCT = InstructionsRun("answers only", 300 * 16 * 160, AdaptedTransformer, {"method": "full"}, batch_size=16,
                           length=160, counts="tokens")
PREFER = PreferenceRun("", 100 * 8 * 160, DPO, {"method": "lora", "size": 8, "beta": 1.0}, 1e-3, "adam", 8, 160,
                       counts="tokens")


def scaled(width, batches):
    """A run of the study of scales: so wide, and so many batches of 8 × 256 tokens."""
    return replace(SMALL.changed(f"width {width}, {batches} batches", width=width), budget=batches * 8 * 256)


STUDIES = {
    "language_model_choices": [
        *[replace(GPT.changed(f"Transformer, width {width}, {rate}", width=width), learning_rate=rate)
          for width in (64, 96, 128) for rate in (0.02, 0.04, 0.08)],
        NARROW.changed("Transformer, width 48, 0.04", width=48),
        NARROW.changed("Transformer, width 96, 3 blocks, 0.04", width=96, num_layers=3),
        *[replace(NARROW, name=f"Transformer, width 64, 0.04, {size} windows", batch_size=size) for size in (4, 16)],
        *[replace(LSTM.changed(f"LSTM, {units} units, {size} streams, {rate}", units=(units,)), batch_size=size,
                  learning_rate=rate)
          for units, size, rate in ((256, 32, 2e-3), (256, 32, 4e-3), (256, 32, 8e-3), (256, 32, 16e-3),
                                    (128, 32, 16e-3), (512, 32, 4e-3), (512, 32, 8e-3), (256, 16, 8e-3),
                                    (256, 64, 16e-3))],
        *[NARROW.changed(f"Transformer, width 128, {blocks} blocks, 0.04", width=128, num_layers=blocks)
          for blocks in (3, 2)],
        replace(NARROW.changed("Transformer, width 96, 3 blocks, 0.04, 16 windows of 128", width=96, num_layers=3,
                               context=128), batch_size=16, length=128),
    ],
    "language_models": [
        *[replace(BEST_GPT, seed=seed) for seed in (0, 1, 2)],
        *[BEST_GPT.changed(name, **{option: value}) for name, (option, value) in INGREDIENTS.items()],
        replace(BEST_GPT, name="no warm-up", warmup=0.0),
        *[replace(BEST_GPT, name=f"Adam {rate}", optimizer="adam", learning_rate=rate) for rate in (4e-3, 8e-3, 16e-3)],
        *[replace(BEST_GPT.changed(f"GPT-2's way, {rate}", **GPT_2), optimizer="adam", learning_rate=rate)
          for rate in (2e-3, 4e-3, 8e-3)],
        *[replace(BEST_LSTM, seed=seed) for seed in (0, 1, 2)],
        replace(BEST_GPT, name="Adam 0.002", optimizer="adam", learning_rate=2e-3),
    ],
    "transformer_scales": [
        *[scaled(width, 400) for width in (32, 64, 96, 128, 192)],
        *[scaled(96, batches) for batches in (50, 100, 200, 800, 1600)],
        scaled(192, 800),  # predicted from the ten above
    ],
    "fine_tuning_choices": [
        adapted(*method, optimizer, rate)
        for method, choices in RATES.items() for optimizer, rates in choices for rate in rates
    ] + [adapted("prefix", 8, "adam", 0.3), adapted("prompt", 16, "adam", 1.0)],
    "fine_tuning": [
        *[replace(ADAPT_ALL, name="full", seed=seed) for seed in (0, 1, 2)],
        *[replace(LORA, name="lora 2", seed=seed) for seed in (0, 1, 2)],
        replace(ADAPT_ALL, name="blank", blank=True),
        replace(adapted("last", 1, "adam", 0.01), name="last 1", test=True),
        replace(adapted("adapters", 4, "adam", 0.01), name="adapters 4", test=True),
        replace(ADAPT_ALL, name="replay", replay=0.25),
        *[LORA.changed(f"lora {rank}", size=rank) for rank in (1, 8, 32)],
        replace(adapted("prefix", 8, "adam", 0.3), name="prefix 8", test=True),
        replace(adapted("prompt", 16, "adam", 0.3), name="prompt 16", test=True),
    ],
    "instructions": [
        *[replace(run, seed=seed) for seed in (0, 1)
          for run in (INSTRUCT, replace(INSTRUCT, name="everything", answers_only=False))],
        replace(INSTRUCT, name="no END", end_counts=False),
        replace(INSTRUCT, name="rate 0.2", learning_rate=0.2),
    ],
    "preferences": [
        *[PREFER.changed(f"beta {beta}", beta=beta) for beta in (0.01, 0.1, 0.3, 1.0, 3.0)],
        *[replace(PREFER, name="beta 1.0", seed=seed) for seed in (1, 2)],
        replace(PREFER, name="beta 1.0, 300 batches", budget=3 * PREFER.budget),
        replace(PREFER, name="swapped", swapped=True),
        replace(PREFER, name="reference", learning_rate=0.0, budget=8 * 160),  # measured like the others
    ],
    "cyclegan_parts": [
        *[RecipeRun("as stored", "cyclegan", seed=seed) for seed in (1, 2)],  # seed 0 is the checkpoint
        RecipeRun("no pool", "cyclegan", {"pool_size": 0}),
        RecipeRun("no identity loss", "cyclegan", {"identity_weight": 0.0}),
        *[RecipeRun(f"cycle weight {weight}", "cyclegan", {"cycle_weight": float(weight)}) for weight in (0, 100)],
        *[RecipeRun(f"{norm} for both", "cyclegan", {"discriminator_norms": (norm, norm)})
          for norm in ("instance", "layer")],
        *[RecipeRun("cycle weight 0", "cyclegan", {"cycle_weight": 0.0}, seed=seed) for seed in (1, 2)],
        RecipeRun("neither", "cyclegan", {"cycle_weight": 0.0, "identity_weight": 0.0}),
        RecipeRun("no identity loss", "cyclegan", {"identity_weight": 0.0}, seed=1),
        RecipeRun("no pool", "cyclegan", {"pool_size": 0}, seed=1),
        RecipeRun("instance for both", "cyclegan", {"discriminator_norms": ("instance", "instance")}, seed=1),
    ],
    "sentence_vaes": [
        LineRun("no latent", LINES.budget, LSTMLanguageModel, {"units": (128,), "embedding_stddev": 1.0},
                8e-3, "adam", 64, 41, counts="tokens"),
        LINES,
        LINES.changed("annealing", annealing_steps=800),
        *[LINES.changed(f"word dropout {rate}", word_dropout=rate) for rate in (0.25, 0.5)],
        *[LINES.changed(f"{nats} free nats", free_nats=float(nats)) for nats in (4, 8)],
        LINES.changed("annealing, word dropout 0.25", annealing_steps=800, word_dropout=0.25),
        LINES.changed("annealing, 4 free nats", annealing_steps=800, free_nats=4.0),
    ],
}
ABOUT = {
    "cyclegan_parts": "The recipe of cyclegan, 30 epochs of drawings without pairs: with two more seeds, with one part "
                      "changed, and without both losses that tie a colouring to its outline. Minutes are of a machine "
                      "that did other work as well.",
    "sentence_vaes": "Lines of the plays of 10 to 40 characters; VAEs with different cures, nats and KL per line.",
    "language_model_choices": "The plays, a minute and a half of one core: Transformers and LSTMs of different sizes "
                              "and learning rates.",
    "language_models": "The plays, a minute and a half of one core: the best Transformer of the choices, changed in "
                       "one thing at a time, and the best LSTM.",
    "fine_tuning_choices": "Python's help texts, 300 batches of 8 windows: ways to fine-tune gpt_shakespeare, each "
                           "with several learning rates.",
    "fine_tuning": "Python's help texts, 300 batches of 8 windows: ways to fine-tune gpt_shakespeare, each at the best "
                   "of its learning rates; from blank; and with a quarter of plays.",
    "instructions": "Instructions from the plays, 300 batches of 16 rows, all weights of gpt_shakespeare: loss on "
                    "answers only or on everything, without END in the loss, and at ten times the learning rate; "
                    "measured on a play whose instructions it did not see.",
    "preferences": "Pairs of answers by gpt_characters to 400 instructions from the plays, 100 batches of 8, DPO with "
                   "LoRA of rank 8: several betas, three seeds of one, three times as many batches, with the pairs "
                   "swapped, and without training; measured on a play whose instructions it did not see.",
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
    makes = [functools.partial(recipe_runs.carry_out, run, text) if isinstance(run, RecipeRun)
             else functools.partial(carry_out, run, text, pace) for run, pace in zip(runs, paces)]
    rows = [kept(number, make) for number, make in enumerate(makes)]
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
                carry_out_all(name, STUDIES[name], STUDIES[name][0].load())

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    return command_line.run(
        "Studies", work, interrupted="The next `make studies` goes on with the training that was stopped.",
        busy="another study is going on here. Wait for it to end, or stop it, and try again.",
    )


if __name__ == "__main__":
    sys.exit(main())
