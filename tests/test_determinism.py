"""The same seed gives the same losses and the same samples: two processes, each of which trains every kind of model."""

import json
import os
import subprocess
import sys

import pytest

SCRIPT = """
import hashlib, json
from aigc_tf import data
from aigc_tf.autoencoder import Autoencoder
from aigc_tf.metrics.classifier import DigitClassifier
from aigc_tf.gan import GAN
from aigc_tf.text.lstm import LSTMLanguageModel
from aigc_tf.data import image_files_dataset
from aigc_tf.diffusion import Diffusion
from aigc_tf.text import streams, windows
from aigc_tf.transformer import TransformerLanguageModel
from aigc_tf.vae import VAE
import keras, numpy as np

SHAPE = (8, 8, 1)
random = np.random.default_rng(0)
images, labels = random.integers(0, 256, (40, *SHAPE), "uint8"), np.arange(40) % 3
numbers = random.integers(5, size=400)
plain = data.image_dataset(images, batch_size=8, seed=1)
labelled = data.image_dataset(images, labels, batch_size=8, seed=1)
binary = data.with_new_draws(plain, data.binarize, seed=1)
binary_labelled = data.with_new_draws(labelled, data.binarize, seed=1)
np.save("images.npy", images)
from_files = image_files_dataset(["images.npy"], batch_size=8, seed=1)
stream = streams(numbers, 6, batch_size=4, restarts=0.3, seed=1)
pieces = windows(numbers, 6, batch_size=4, seed=1)
PIPELINES = {"image_dataset": plain, "with labels": labelled, "with_new_draws": binary,
             "image_files_dataset": from_files, "streams": stream, "windows": pieces}
SMALL_GAN = dict(image_shape=SHAPE, latent_dim=3, generator_widths=(16, 16), discriminator_widths=(16, 8))
ASKED = np.array([0, 1, 2])

def adam(count=1):
    return [keras.optimizers.Adam(1e-2) for _ in range(count)]

MODELS = {
    "autoencoder": (lambda: Autoencoder(SHAPE, latent_dim=3, widths=(16,)), plain, 1,
                    lambda model: model.reconstruct(images[:3] / 255.0)),
    "VAE": (lambda: VAE(SHAPE, latent_dim=3, hidden_units=(16,)), binary, 1, lambda model: model.generate(3, seed=2)),
    "conditional VAE": (lambda: VAE(SHAPE, latent_dim=3, hidden_units=(16,), num_classes=3), binary_labelled, 1,
                        lambda model: model.generate(3, seed=2, labels=ASKED)),
    "classifier": (lambda: DigitClassifier(SHAPE, filters=(4, 8), feature_dim=8, num_classes=3), labelled, 1,
                   lambda model: model.features_and_probabilities(images[:3] / 255.0)[1]),
    "GAN with dropout": (lambda: GAN(**SMALL_GAN, dropout=0.3), plain, 2, lambda model: model.generate(3, seed=2)),
    "conditional DCGAN": (lambda: GAN(**SMALL_GAN, architecture="dcgan", num_classes=3), labelled, 2,
                          lambda model: model.generate(3, seed=2, labels=ASKED)),
    "WGAN-GP": (lambda: GAN(**SMALL_GAN, batch_norm=False, adversarial_loss="wasserstein", penalty_weight=10.0), plain,
                2, lambda model: model.generate(3, seed=2)),
    "diffusion": (lambda: Diffusion(SHAPE, widths=(8, 16), num_classes=3, steps=2), labelled, 1,
                  lambda model: model.generate(3, seed=2, labels=ASKED)),
    "LSTM": (lambda: LSTMLanguageModel("abcde", units=(8,), embedding_dim=4, dropout=0.2), stream, 1,
             lambda model: model.generate("ab", 40, seed=2)),
    "Transformer": (lambda: TransformerLanguageModel("abcde", num_layers=2, width=8, num_heads=2, context=8,
                                                     dropout=0.2),
                    pieces, 1, lambda model: model.generate("ab", 40, seed=2)),
}

def digest(value):
    return hashlib.sha256(value.encode() if isinstance(value, str) else np.asarray(value).tobytes()).hexdigest()

def orders(dataset):
    # Two epochs: each draws a new order.
    epochs = [str([[part.numpy().tolist() for part in flat(batch)] for batch in dataset]) for _ in range(2)]
    assert epochs[0] != epochs[1], "an epoch repeats the one before"
    return digest("".join(epochs))

def flat(batch):
    return [leaf for part in batch for leaf in flat(part)] if isinstance(batch, tuple) else [batch]

keras.utils.set_random_seed(0)
results = {name: {"order": orders(dataset)} for name, dataset in PIPELINES.items()}
for name, (build, batches, players, sample) in MODELS.items():
    for steps in (1, 3) if name in ("VAE", "conditional DCGAN", "LSTM") else (1,):
        keras.utils.set_random_seed(0)
        model = build()
        model.compile(*adam(players), steps_per_execution=steps)
        history = model.fit(batches, epochs=3, verbose=0).history
        results[name if steps == 1 else f"{name}, {steps} steps at a time"] = {
            "losses": {key: [float(value) for value in values] for key, values in history.items()},
            "samples": np.asarray(sample(model)).tolist(),
        }
print("RESULTS" + json.dumps(results))
"""

PIPELINES = ("image_dataset", "with labels", "with_new_draws", "image_files_dataset", "streams", "windows")
MODELS = ("autoencoder", "VAE", "VAE, 3 steps at a time", "conditional VAE", "classifier", "GAN with dropout",
          "conditional DCGAN", "conditional DCGAN, 3 steps at a time", "WGAN-GP", "diffusion", "LSTM",
          "LSTM, 3 steps at a time", "Transformer")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """What two processes found, one after the other; hashes of strings differ between them, too."""
    found = []
    for hash_seed in ("1", "2"):
        done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=tmp_path_factory.mktemp("run"), text=True,
                              capture_output=True, env={**os.environ, "PYTHONHASHSEED": hash_seed})
        assert done.returncode == 0, done.stderr
        found.append(json.loads(done.stdout.split("RESULTS")[1]))
    return found


def test_every_result_is_compared(runs):
    assert set(runs[0]) == {*PIPELINES, *MODELS}


@pytest.mark.parametrize("name", PIPELINES)
def test_a_pipeline_with_a_seed_brings_the_same_epochs_in_another_process(runs, name):
    assert runs[0][name] == runs[1][name]


@pytest.mark.parametrize("name", MODELS)
def test_a_training_with_a_seed_has_the_same_losses_in_another_process(runs, name):
    first, second = (run[name]["losses"] for run in runs)
    assert first.keys() == second.keys()
    for key in first:
        assert second[key] == pytest.approx(first[key], rel=1e-6, abs=1e-7), key


@pytest.mark.parametrize("name", MODELS)
def test_a_trained_model_with_a_seed_makes_the_same_samples_in_another_process(runs, name):
    first, second = (run[name]["samples"] for run in runs)
    if isinstance(first, str):
        assert first == second
    else:
        for a, b in zip(flat(first), flat(second), strict=True):
            assert b == pytest.approx(a, abs=1e-5)


def flat(nested):
    return [leaf for part in nested for leaf in flat(part)] if isinstance(nested, list) else [nested]
