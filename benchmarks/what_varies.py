"""What varies when the same course is run again: each model's first 50 steps, in processes that differ in one thing.

    python benchmarks/what_varies.py                                  adds to benchmarks/what_varies.json
    python benchmarks/what_varies.py --other .venv-current/bin/python     and compares with the other stack

Every row of the record is the largest relative difference of the loss (mean of steps 41 to 50) and the largest absolute
difference of samples (pixels and probabilities in [0, 1]; for text the share of characters) to the run without changes;
0.0 means equal to the last bit.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

CHANGES = {
    "again": {},
    "steps_per_execution=10": {"steps_per_execution": 10},
    "one thread": {"threads": 1},
    "oneDNN off": {"onednn": "0"},
    "op determinism": {"op_determinism": True},
    "seed 1": {"seed": 1},
    "seed 2": {"seed": 2},
}
EPOCHS, STEPS = 5, 10


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--other", help="the Python of the other stack")
    parser.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)  # what to change; where the arrays go
    arguments = parser.parse_args()
    if arguments.worker:
        work(json.loads(arguments.worker[0]), arguments.worker[1])
        return
    base = run({})
    record = {name: compare(base, run(change)) for name, change in CHANGES.items()}
    if arguments.other:
        record["the other stack"] = compare(base, run({}, arguments.other))
    from results import store  # imports Keras, which the workers must start themselves

    versions = {name: str(base[f"versions/{name}"]) for name in ("python", "tensorflow", "keras")}
    losses = {name.split("/")[0]: float(base[name][-1]) for name in base if name.endswith("/losses")}
    sizes = base["by batch size/nats"].tolist()
    store(__file__, {"versions": versions, "losses": losses, "nats in batches of 1, 10, 100": sizes, **record})


def run(change, python=sys.executable):
    """The arrays of a process of its own that trains everything."""
    environment = {**os.environ, "TF_ENABLE_ONEDNN_OPTS": change.get("onednn", "1")}
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "arrays.npz"
        command = [python, __file__, "--worker", json.dumps(change), str(target)]
        subprocess.run(command, env=environment, check=True)
        with np.load(target) as arrays:
            return dict(arrays)


def compare(base, other):
    """For each model the differences of losses, samples and first weights."""
    rows = {}
    for key, values in base.items():
        name, kind = key.split("/")
        if kind == "losses":
            rows.setdefault(name, {})["loss"] = float(abs(other[key][-1] / values[-1] - 1))
        elif kind == "text":
            rows.setdefault(name, {})["samples"] = float(np.mean(values != other[key]))
        elif kind in ("samples", "first weights"):
            rows.setdefault(name, {})[kind] = float(np.abs(values - other[key]).max())
    for name, row in rows.items():
        print(f"{name:28}", {kind: f"{difference:.1e}" for kind, difference in row.items()}, flush=True)
    print(flush=True)
    return rows


def table(record):
    """The record of a stack in Markdown, for the reader's guide: the largest differences over all models."""
    head = ["what is different", "models that stay equal to the last bit", "loss after 50 steps, of itself",
            "pixels and probabilities", "characters of a text"]
    lines = [head, ["---"] * len(head)]
    for change, rows in record.items():
        if isinstance(rows, dict) and isinstance(rows.get("LSTM (4)"), dict):
            trained = {name: row for name, row in rows.items() if "loss" in row}
            equal = sum(max(row["loss"], row["samples"]) == 0 for row in trained.values())
            drawn = {name: row["samples"] for name, row in rows.items()}
            lines.append([
                change, f"{equal} of {len(trained)}", shown(max(row["loss"] for row in trained.values())),
                shown(max(value for name, value in drawn.items() if "LSTM" not in name and "lstm" not in name)),
                f"{max(value for name, value in drawn.items() if 'lstm' in name.lower()):.0%}",
            ])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def shown(difference):
    return "0" if difference == 0 else f"{difference:.0e}" if difference < 1e-3 else f"{difference:.2g}"


# ---- in a process of its own ----


def work(change, target):
    from aigc_tf import checkpoints, data  # isort: skip  # first, so that TensorFlow starts quietly
    import keras
    import tensorflow as tf

    if "threads" in change:
        tf.config.threading.set_intra_op_parallelism_threads(change["threads"])
        tf.config.threading.set_inter_op_parallelism_threads(change["threads"])
    seed = change.get("seed", 0)
    keras.utils.set_random_seed(seed)  # before the pipelines, as in the chapters: their draws depend on it, too
    if change.get("op_determinism"):
        tf.config.experimental.enable_op_determinism()
    mnist = data.load_mnist()
    test_images = data.scale_images(mnist.test_images[:100])
    arrays = {"versions/python": platform.python_version(), "versions/tensorflow": tf.__version__,
              "versions/keras": keras.__version__}
    for name, (build, batches, optimizers, sample) in trainings(mnist, test_images, seed).items():
        keras.utils.set_random_seed(seed)
        model = build()
        first = [np.ravel(weights) for weights in checkpoints.weights_of(model)]
        arrays[f"{name}/first weights"] = np.concatenate(first)
        model.compile(**{key: keras.optimizers.Adam(1e-3) for key in optimizers},
                      steps_per_execution=change.get("steps_per_execution", 1))
        history = model.fit(batches.repeat(), epochs=EPOCHS, steps_per_epoch=STEPS, verbose=0).history
        arrays[f"{name}/losses"] = np.array(history["discriminator_loss" if "GAN" in name else "loss"])
        arrays[f"{name}/{'text' if 'LSTM' in name else 'samples'}"] = np.array(sample(model))
    vae, gan = checkpoints.load("vae"), checkpoints.load("conditional_gan")
    writer = checkpoints.load("lstm_shakespeare")
    arrays["checkpoint vae/samples"] = vae.generate(100, seed=0)
    arrays["checkpoint conditional_gan/samples"] = gan.generate(100, seed=0, labels=np.arange(100) % 10)
    arrays["checkpoint lstm_shakespeare/text"] = np.array(list(writer.generate("HAMLET:\n", 150, seed=0)))
    arrays["by batch size/nats"] = by_batch_size(writer)
    np.savez(target, **arrays)


def trainings(mnist, test_images, seed):
    """For each model: what builds it, its batches, its optimizers, and what it shows of itself."""
    import keras
    import tensorflow as tf

    from aigc_tf import data
    from aigc_tf.autoencoder import Autoencoder
    from aigc_tf.gan import GAN
    from aigc_tf.metrics.classifier import DigitClassifier
    from aigc_tf.text import Vocabulary, streams
    from aigc_tf.text.lstm import LSTMLanguageModel
    from aigc_tf.vae import VAE

    few, labels = mnist.train_images[:6000], mnist.train_labels[:6000]
    images = data.image_dataset(few, batch_size=60, seed=seed)
    labelled = data.image_dataset(few, labels, batch_size=60, seed=seed)
    few_images = data.image_dataset(few, batch_size=16, seed=seed)
    few_labelled = data.image_dataset(few, labels, batch_size=16, seed=seed)  # for networks that take long
    binary = data.with_new_draws(images, data.binarize, seed=seed)
    binary_labelled = data.with_new_draws(labelled, data.binarize, seed=seed)
    text = data.load_text("shakespeare")
    vocabulary = Vocabulary.of(text)
    windows = streams(vocabulary.encode(text[:500_000]), 32, batch_size=32, restarts=0.1, seed=seed)
    digits = np.arange(100) % 10
    points = np.random.default_rng(0).uniform(-1, 1, (1000, 2)).astype("float32")
    inside = (np.hypot(*points.T) < 0.6).astype("float32")
    rings = tf.data.Dataset.from_tensor_slices((points, inside)).shuffle(1000, seed=seed).batch(50)

    def dense():  # the kind of network that chapter 0 trains
        layers = [keras.layers.Dense(64, "elu"), keras.layers.Dense(64, "elu"), keras.layers.Dense(1, "sigmoid")]
        model = keras.Sequential([keras.Input((2,)), *layers])
        compile_ = model.compile
        model.compile = lambda **options: compile_(loss="binary_crossentropy", **options)
        return model

    one, two = ("optimizer",), ("discriminator_optimizer", "generator_optimizer")
    return {
        "dense classifier (0)": (dense, rings, one, lambda model: model(points)),
        "Autoencoder (1)": (lambda: Autoencoder(latent_dim=32), images, one, lambda m: m.reconstruct(test_images)),
        "Autoencoder, conv. (1)": (lambda: Autoencoder(latent_dim=32, architecture="convolutional", widths=(16, 8)),
                                   few_images, one, lambda model: model.reconstruct(test_images)),
        "VAE (2)": (lambda: VAE(latent_dim=40), binary, one, lambda model: model.generate(100, seed=0)),
        "conditional VAE (2)": (lambda: VAE(latent_dim=40, num_classes=10), binary_labelled, one,
                                lambda model: model.generate(100, seed=0, labels=digits)),
        "DigitClassifier (3)": (DigitClassifier, few_labelled, one,
                                lambda model: model.features_and_probabilities(test_images)[1]),
        "GAN (3)": (lambda: GAN(latent_dim=64, generator_widths=(256, 512), discriminator_widths=(512, 256)), images,
                    two, lambda model: model.generate(100, seed=0)),
        "conditional DCGAN (3)": (
            lambda: GAN(latent_dim=64, architecture="dcgan", num_classes=10, generator_widths=(32, 16),
                        discriminator_widths=(16, 32)),
            few_labelled, two, lambda model: model.generate(100, seed=0, labels=digits),
        ),
        "LSTM (4)": (lambda: LSTMLanguageModel(vocabulary.tokens, units=(128,), embedding_dim=64), windows, one,
                     lambda model: list(model.generate("HAMLET:\n", 200, seed=0))),
    }


def by_batch_size(writer):
    """The same 100 windows of text, evaluated 1, 10 and 100 at a time."""
    from aigc_tf import data
    from aigc_tf.text import windows

    numbers = writer.vocabulary.encode(data.load_text("shakespeare")[:50 * 100 + 1])
    writer.compile()
    return np.array([
        writer.evaluate(windows(numbers, 50, batch_size=size, shuffle=False), verbose=0, return_dict=True)["loss"]
        for size in (1, 10, 100)
    ])


if __name__ == "__main__":
    main()
