"""How far are the live gates from red? The trainings of chapters 1 and 2 with other seeds, on the stack that runs this.

    python benchmarks/gates_across_seeds.py          adds to benchmarks/gates_across_seeds.json

Also measures the committed VAE checkpoint on this stack, which the other one may have trained.
"""

import platform

import keras
import numpy as np
import tensorflow as tf
from results import store

from aigc_tf import checkpoints, data
from aigc_tf.autoencoder import PCA, Autoencoder, squared_error
from aigc_tf.vae import VAE

SEEDS = (0, 1, 2)


def train(model, batches, epochs, learning_rate):
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, epochs * len(batches), alpha=0.02)
    model.compile(optimizer=keras.optimizers.Adam(schedule))
    model.fit(batches, epochs=epochs, verbose=0)


def main():
    mnist = data.load_mnist()
    train_images, test_images = data.scale_images(mnist.train_images), data.scale_images(mnist.test_images)
    binary = data.binarize(test_images, seed=0)
    pca = PCA(train_images, 32)
    pca_mse = float(np.mean((pca.reconstruct(test_images) - test_images) ** 2))
    rows = []
    for seed in SEEDS:
        keras.utils.set_random_seed(seed)
        batches = data.image_dataset(mnist.train_images, batch_size=200, seed=seed)
        autoencoder, vae = Autoencoder(latent_dim=32), VAE(latent_dim=40)
        train(autoencoder, batches, epochs=6, learning_rate=2e-3)
        mse = float(tf.reduce_mean(squared_error(test_images, autoencoder.reconstruct(test_images))))
        train(vae, data.with_new_draws(batches, data.binarize, seed=seed), epochs=10, learning_rate=1e-3)
        nats = float(tf.reduce_mean(vae.compute_losses(binary)["loss"]))
        row = {"seed": seed, "autoencoder_mse_over_pca": round(mse / pca_mse, 3), "vae_negative_elbo": round(nats, 2)}
        print(row, flush=True)
        rows.append(row)
    nll = checkpoints.load("vae").importance_weighted_nll(binary[::10], 500, seed=0)
    record = {
        "versions": {"python": platform.python_version(), "tensorflow": tf.__version__, "keras": keras.__version__},
        "live": rows,
        "vae_checkpoint_iw_nll_500_every_10th": round(float(nll.mean()), 3),
    }
    store(__file__, record)


if __name__ == "__main__":
    main()
