"""How far are the live gates from red? The trainings of chapters 1 to 4 with other seeds, on the stack that runs this.

    python benchmarks/gates_across_seeds.py             adds to benchmarks/gates_across_seeds.json
    python benchmarks/gates_across_seeds.py gan lstm    these parts alone; what else is recorded stays

Also measures the committed VAE checkpoint on this stack, which the other one may have trained.
"""

import argparse
import json
import platform
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from results import store

from aigc_tf import checkpoints, data, metrics
from aigc_tf.autoencoder import PCA, Autoencoder, squared_error
from aigc_tf.core import stack
from aigc_tf.gan import GAN
from aigc_tf.text import Vocabulary, split_text, streams
from aigc_tf.text.lstm import LSTMLanguageModel
from aigc_tf.text.ngram import NGramModel
from aigc_tf.vae import VAE

SEEDS = (0, 1, 2)


def train(model, batches, epochs, learning_rate):
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, epochs * len(batches), alpha=0.02)
    model.compile(optimizer=keras.optimizers.Adam(schedule))
    model.fit(batches, epochs=epochs, verbose=0)


def autoencoders(seed):
    """Chapters 1 and 2."""
    mnist = data.load_mnist()
    train_images, test_images = data.scale_images(mnist.train_images), data.scale_images(mnist.test_images)
    pca_mse = float(np.mean((PCA(train_images, 32).reconstruct(test_images) - test_images) ** 2))
    batches = data.image_dataset(mnist.train_images, batch_size=200, seed=seed)
    autoencoder, vae = Autoencoder(latent_dim=32), VAE(latent_dim=40)
    train(autoencoder, batches, epochs=6, learning_rate=2e-3)
    mse = float(tf.reduce_mean(squared_error(test_images, autoencoder.reconstruct(test_images))))
    train(vae, data.with_new_draws(batches, data.binarize, seed=seed), epochs=10, learning_rate=1e-3)
    nats = float(tf.reduce_mean(vae.compute_losses(data.binarize(test_images, seed=0))["loss"]))
    return {"autoencoder_mse_over_pca": round(mse / pca_mse, 3), "vae_negative_elbo": round(nats, 2)}


def gan(seed):
    """Chapter 3: after one epoch, and after five."""
    mnist = data.load_mnist()
    judge = checkpoints.load("digit_classifier")
    real_features, _ = judge.features_and_probabilities(data.scale_images(mnist.test_images))
    model = GAN(latent_dim=64, generator_widths=(256, 512), discriminator_widths=(512, 256))
    model.compile(*(keras.optimizers.Adam(1e-3, beta_1=0.5) for _ in range(2)), steps_per_execution=20)
    batches = data.image_dataset(mnist.train_images, batch_size=60, seed=seed)
    row = {}
    for epochs, when in ((1, "_after_one"), (5, "")):
        model.fit(batches, initial_epoch=len(row) and 1, epochs=epochs, verbose=0)
        features, probabilities = judge.features_and_probabilities(model.generate(10_000, seed=seed))
        row[f"gan_distance{when}"] = round(float(metrics.frechet_distance(real_features, features)), 2)
        row[f"gan_score{when}"] = round(float(metrics.classifier_score(probabilities)), 2)
    return {**row, "gan_rarest_class": round(float(metrics.class_shares(probabilities).min()), 4)}


def lstm(seed):
    """Chapter 4, beside the trigram that it must be below."""
    text = data.load_text("shakespeare")
    train_text, test_text = split_text(text)
    vocabulary = Vocabulary.of(text)
    trigram = -NGramModel(3, vocabulary).fit(train_text).log_prob(test_text[:200_000]).mean()
    model = LSTMLanguageModel(vocabulary.tokens, units=(256,), embedding_dim=64, embedding_stddev=1.0)
    model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(6e-3, 4 * 95, alpha=0.02)))
    batches = streams(vocabulary.encode(train_text), 64, batch_size=64, restarts=0.1, seed=seed)
    model.fit(batches.repeat(), steps_per_epoch=95, epochs=4, verbose=0)
    validation = streams(vocabulary.encode(test_text[:60_000]), 64, batch_size=32)
    nats = model.evaluate(validation, verbose=0, return_dict=True)["loss"]
    return {"lstm_nats": round(float(nats), 3), "trigram_nats": round(float(trigram), 3)}


PARTS = {"autoencoders": autoencoders, "gan": gan, "lstm": lstm}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all if none is named")
    parts = parser.parse_args().parts or list(PARTS)
    if not set(parts) <= set(PARTS):
        parser.error(f"The parts are {', '.join(PARTS)}. Received: {', '.join(parts)}")
    binary = data.binarize(data.scale_images(data.load_mnist().test_images), seed=0)
    nll = float(checkpoints.load("vae").importance_weighted_nll(binary[::10], 500, seed=0).mean())
    rows = {row["seed"]: row for row in recorded()}
    for part in parts:
        for seed in SEEDS:
            keras.utils.set_random_seed(seed)
            found = PARTS[part](seed)
            print({"seed": seed, **found}, flush=True)
            rows[seed] = {**rows.get(seed, {"seed": seed}), **found}
        versions = {"python": platform.python_version(), "tensorflow": tf.__version__, "keras": keras.__version__}
        live = [rows[seed] for seed in sorted(rows)]
        store(__file__, {"versions": versions, "live": live, "vae_checkpoint_iw_nll_500_every_10th": round(nll, 3)})


def recorded():
    """The rows that this stack has stored before."""
    path = Path(__file__).with_suffix(".json")
    results = json.loads(path.read_text()) if path.exists() else {}
    return results.get(stack.NAME, {}).get("live", [])


if __name__ == "__main__":
    main()
