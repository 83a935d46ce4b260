"""How each checkpoint was made: `python -m aigc_tf.recipes [NAME …]` trains them again, and resumes after a kill."""

import argparse
import json
import platform
import shutil
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import keras
import tensorflow as tf

from aigc_tf import callbacks, checkpoints, data, files
from aigc_tf.autoencoder import PCA, Autoencoder, squared_error
from aigc_tf.vae import VAE, importance_weighted_nll

BACKUPS = Path("build") / "checkpoints"  # relative to the checkout, where `make checkpoints` runs


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a checkpoint: the model, its training, and how it is measured."""

    model: type
    config: dict
    epochs: int
    measure: object  # function (model, mnist) → dict of metrics
    batch_size: int = 200
    learning_rate: float = 1e-3  # decays along a cosine to 2%
    binarized: bool = False
    seed: int = 0
    notes: str = field(default="")

    def batches(self, images, labels):
        """The training pipeline: grey or dynamically binarized images, with labels for a conditional model."""
        conditional = bool(self.config.get("num_classes"))
        batches = data.image_dataset(
            images, labels if conditional else None, batch_size=self.batch_size, seed=self.seed
        )
        return data.with_new_draws(batches, data.binarize, seed=self.seed) if self.binarized else batches


# ---- how checkpoints are measured ----


def measure_autoencoder(model, mnist):
    """Mean squared error per pixel on the test set, ours and PCA's with as many dimensions."""
    train, test = data.scale_images(mnist.train_images), data.scale_images(mnist.test_images)
    pca = PCA(train, model.latent_dim)
    ours = float(tf.reduce_mean(squared_error(test, model.reconstruct(test))))
    baseline = float(tf.reduce_mean(squared_error(test, pca.reconstruct(test))))
    return {"test_mse": ours, "pca_test_mse": baseline, "ratio": ours / baseline}


def measure_vae(model, mnist, num_samples=500):
    """Nats per image on the binarized test set (seed 0): −ELBO, its terms, and the importance-weighted bound."""
    test = data.binarize(data.scale_images(mnist.test_images), seed=0)
    labels = tf.constant(mnist.test_labels) if model.num_classes else None
    keras.utils.set_random_seed(0)
    losses = model.compute_losses(test, labels)
    nll = importance_weighted_nll(model, test, num_samples, seed=0, labels=labels)
    return {
        "test_negative_elbo": float(tf.reduce_mean(losses["reconstruction"] + losses["kl"])),
        "test_reconstruction": float(tf.reduce_mean(losses["reconstruction"])),
        "test_kl": float(tf.reduce_mean(losses["kl"])),
        f"test_iw_nll_{num_samples}": float(nll.mean()),
        f"test_iw_nll_{num_samples}_every_10th": float(nll[::10].mean()),
        "iw_nll_standard_error": float(nll.std() / len(nll) ** 0.5),
    }


RECIPES = {
    "autoencoder": Recipe(Autoencoder, {"latent_dim": 32}, epochs=60, measure=measure_autoencoder),
    "vae": Recipe(VAE, {"latent_dim": 40}, epochs=260, measure=measure_vae, binarized=True),
    "conditional_vae": Recipe(
        VAE, {"latent_dim": 32, "num_classes": 10}, epochs=60, measure=measure_vae, binarized=True
    ),
    "vae_plane": Recipe(
        VAE, {"latent_dim": 2, "hidden_units": (512, 256)}, epochs=60, measure=measure_vae, binarized=True
    ),
}

# ---- training ----


class Stopwatch(keras.callbacks.Callback):
    """Minutes of training, kept in a file at every epoch so that they survive a kill."""

    def __init__(self, path):
        super().__init__()
        self.path = Path(path)

    def on_train_begin(self, logs=None):
        self.before = json.loads(self.path.read_text())["minutes"] if self.path.exists() else 0.0
        self.minutes = self.before  # it stays so if the training had come to its end before the kill
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.minutes = self.before + (time.perf_counter() - self.start) / 60
        files.write_file(self.path, json.dumps({"minutes": self.minutes}))


def train(name, recipe, mnist, *, folder=checkpoints.FOLDER, backups=BACKUPS):
    """Trains one recipe to its end and stores the checkpoint; a training that was killed goes on at its last epoch.

    Returns:
        The record, as `checkpoints.info(name)` gives it.
    """
    keras.utils.set_random_seed(recipe.seed)
    model = recipe.model(**recipe.config)
    batches = recipe.batches(mnist.train_images, mnist.train_labels)
    steps = recipe.epochs * len(batches)
    rate = keras.optimizers.schedules.CosineDecay(recipe.learning_rate, steps, alpha=0.02)
    model.compile(optimizer=keras.optimizers.Adam(rate))
    backup = Path(backups) / name
    backup.mkdir(parents=True, exist_ok=True)
    stopwatch = Stopwatch(backup / "minutes.json")
    resume = keras.callbacks.BackupAndRestore(str(backup / "state"), delete_checkpoint=False)
    progress = callbacks.progress(every=max(1, recipe.epochs // 20))
    model.fit(batches, epochs=recipe.epochs, callbacks=[resume, stopwatch, progress], verbose=0)
    record = {
        "recipe": {
            "epochs": recipe.epochs,
            "batch_size": recipe.batch_size,
            "optimizer": f"Adam, {recipe.learning_rate} decaying along a cosine to 2%",
            "data": "MNIST training images, " + ("dynamically binarized" if recipe.binarized else "grey in [0, 1]"),
        },
        "seed": recipe.seed,
        "versions": {
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
        "minutes": round(stopwatch.minutes, 1),
        "metrics": {key: round(value, 5) for key, value in recipe.measure(model, mnist).items()},
    }
    record = checkpoints.save(model, name, record, folder)
    shutil.rmtree(backup)
    return record


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m aigc_tf.recipes", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(RECIPES)}; all if none is given")
    chosen = parser.parse_args(arguments).names or list(RECIPES)
    unknown = sorted(set(chosen) - set(RECIPES))
    if unknown:
        parser.error(f"there is a recipe for {', '.join(RECIPES)}. Received: {', '.join(unknown)}")
    try:
        with files.only_one(BACKUPS / "training.lock"):
            mnist = data.load_mnist()
            for name in chosen:
                print(f"{name}: {RECIPES[name].epochs} epochs", flush=True)
                record = train(name, RECIPES[name], mnist)
                print(f"{name}: {record['minutes']} minutes, {record['metrics']}", flush=True)
    except KeyboardInterrupt:
        return complain("stopped. The next `make checkpoints` goes on from the last finished epoch.", code=130)
    except BlockingIOError:
        return complain("another training is going on here. Wait for it to end, or stop it, and try again.")
    except OSError as error:
        return complain(files.explain(error))
    except ValueError as error:  # a broken data file
        return complain(error)
    return 0


def complain(problem, code=1):
    print(f"\nCheckpoints: {problem}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
