"""How each checkpoint was made: `python -m aigc_tf.recipes [NAME …]` trains them again, and resumes after a kill."""

import argparse
import json
import platform
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from aigc_tf import callbacks, checkpoints, data, metrics
from aigc_tf.autoencoder import PCA, Autoencoder, squared_error
from aigc_tf.core import addons, backups, command_line, files
from aigc_tf.core.optimizers import FusedAdam
from aigc_tf.diffusion import Diffusion
from aigc_tf.gan import ACGAN, GAN
from aigc_tf.metrics.classifier import DigitClassifier
from aigc_tf.text import LSTMLanguageModel, NGramModel, Vocabulary, split_text, streams
from aigc_tf.vae import IWAE, VAE, importance_weighted_nll

BACKUPS = Path("build") / "checkpoints"  # relative to the checkout, where `make checkpoints` runs


def augment(images, *, seed=None):
    """Moves images by up to two pixels and turns them by up to 0.15 radians."""
    return addons.random_rotate_translate(images, max_angle=0.15, max_shift=2, seed=seed)


# What a recipe's transform does to the images, in the words of the record.
TRANSFORMS = {
    None: "grey in [0, 1]",
    data.binarize: "dynamically binarized",
    augment: "grey in [0, 1], moved and turned a little",
}


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a checkpoint: the model, its training, and how it is measured."""

    model: type
    config: dict
    epochs: int
    measure: object  # function (model, dataset) → dict of metrics
    batch_size: int = 200
    learning_rate: float = 1e-3
    final_lr_fraction: float = 0.02  # of the learning rate at the end of a cosine; 1: it stays constant
    transform: object = None  # of the images, drawn anew in every epoch: a key of TRANSFORMS
    labels: bool = False  # whether batches hold labels
    seeds: tuple = (0,)  # one training each; the first one's weights are stored
    validation: int = data.VALIDATION  # images held out of the training, by which the recipe was chosen
    steps_per_execution: int = 1

    def __post_init__(self):
        if self.transform not in TRANSFORMS:
            raise ValueError(f"The record must say what the transform does: add {self.transform} to TRANSFORMS.")

    def load(self):
        """The dataset, as `batches` and `measure` take it."""
        return data.load_mnist(validation=self.validation)

    def build(self, dataset):
        return self.model(**self.config)

    def batches(self, mnist, seed=0):
        """The training pipeline."""
        labels = mnist.train_labels if self.labels else None
        batches = data.image_dataset(mnist.train_images, labels, batch_size=self.batch_size, seed=seed)
        return data.with_new_draws(batches, self.transform, seed=seed) if self.transform else batches

    def compile(self, model, steps):
        """Gives the model its optimizer, for so many steps in all."""
        optimizer = FusedAdam(self.decay(self.learning_rate, steps))
        model.compile(optimizer=optimizer, steps_per_execution=self.steps_per_execution)

    def decay(self, rate, steps):
        return keras.optimizers.schedules.CosineDecay(rate, steps, alpha=self.final_lr_fraction)

    def images_text(self):
        return "MNIST training images" + (f" but the last {self.validation:,}" if self.validation else "")

    def decay_text(self):
        return "constant" if self.final_lr_fraction == 1 else f"decaying along a cosine to {self.final_lr_fraction:.0%}"

    def description(self):
        """What the record says of the training."""
        return {
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "optimizer": f"Adam, {self.learning_rate} {self.decay_text()}",
            "data": f"{self.images_text()}, {TRANSFORMS[self.transform]}",
        }


@dataclass(frozen=True)
class GANRecipe(Recipe):
    """The same for two players: `learning_rate` is the generator's."""

    discriminator_rate: float = 1e-3
    beta_1: float = 0.5

    def compile(self, model, steps):
        model.compile(
            generator_optimizer=self.adam(self.learning_rate, steps),
            discriminator_optimizer=self.adam(self.discriminator_rate, steps * model.discriminator_steps),
            steps_per_execution=self.steps_per_execution,
        )

    def adam(self, rate, steps):
        return FusedAdam(self.decay(rate, steps), beta_1=self.beta_1)

    def description(self):
        rates = f"Adam, beta_1 {self.beta_1}, generator {self.learning_rate}, discriminator {self.discriminator_rate}"
        return {**super().description(), "optimizer": f"{rates}, both {self.decay_text()}"}


@dataclass(frozen=True)
class TextRecipe(Recipe):
    """The same for a language model: `batch_size` streams side by side, `length` tokens of each in a step."""

    corpus: str = "shakespeare"
    length: int = 64

    def load(self):
        return data.load_text(self.corpus)

    def build(self, text):
        return self.model(Vocabulary.of(text).tokens, **self.config)

    def batches(self, text, seed=0):
        numbers = Vocabulary.of(text).encode(split_text(text)[0])
        return streams(numbers, self.length, batch_size=self.batch_size)

    def description(self):
        read = f"{self.corpus}, the first 90%, read in order; gradients through {self.length} tokens"
        return {**super().description(), "data": read}


# ---- how checkpoints are measured ----


def measure_autoencoder(model, mnist):
    """Mean squared error per pixel on the test set, ours and PCA's with as many dimensions."""
    train, test = data.scale_images(mnist.train_images), data.scale_images(mnist.test_images)
    pca = PCA(train, model.latent_dim)
    ours = float(tf.reduce_mean(squared_error(test, model.reconstruct(test))))
    baseline = float(tf.reduce_mean(squared_error(test, pca.reconstruct(test))))
    return {"test_mse": ours, "pca_test_mse": baseline, "ratio": ours / baseline}


def measure_vae(model, mnist, num_samples=500):
    """Nats per image on the binarized test set (seed 0): −ELBO, its terms, and the importance-weighted bound.

    The bound on the validation images, if there are any, stands first: it is what a recipe is chosen by.
    """
    measured = {}
    if mnist.validation_images is not None:
        images = data.binarize(data.scale_images(mnist.validation_images), seed=0)
        labels = tf.constant(mnist.validation_labels) if model.num_classes else None
        nll = importance_weighted_nll(model, images, num_samples, seed=0, labels=labels)
        measured[f"validation_iw_nll_{num_samples}"] = float(nll.mean())
    test = data.binarize(data.scale_images(mnist.test_images), seed=0)
    labels = tf.constant(mnist.test_labels) if model.num_classes else None
    keras.utils.set_random_seed(0)
    losses = VAE.compute_losses(model, test, labels)  # an IWAE trains on another loss
    nll = importance_weighted_nll(model, test, num_samples, seed=0, labels=labels)
    return {
        **measured,
        "test_negative_elbo": float(tf.reduce_mean(losses["reconstruction"] + losses["kl"])),
        "test_reconstruction": float(tf.reduce_mean(losses["reconstruction"])),
        "test_kl": float(tf.reduce_mean(losses["kl"])),
        f"test_iw_nll_{num_samples}": float(nll.mean()),
        f"test_iw_nll_{num_samples}_every_10th": float(nll[::10].mean()),
        "iw_nll_standard_error": float(nll.std() / len(nll) ** 0.5),
    }


def measure_classifier(model, mnist):
    """Accuracy on the test set, and the floors: every metric of real training images against the test set."""
    test, train = data.scale_images(mnist.test_images), data.scale_images(mnist.train_images)
    features, probabilities = model.features_and_probabilities(test)
    chosen = np.random.default_rng(0).permutation(len(train))[: len(test)]
    accuracy = np.mean(probabilities.argmax(axis=1) == mnist.test_labels)
    floors = sample_metrics(features, *model.features_and_probabilities(train[chosen]))
    return {"test_accuracy": accuracy, "test_score": metrics.classifier_score(probabilities), **floors}


def sample_metrics(real_features, features, probabilities):
    """Every metric of samples against real images, from what the evaluator says of both, by name."""
    precision, recall = metrics.precision_recall(real_features, features)
    density, coverage = metrics.density_coverage(real_features, features)
    return {
        "frechet_distance": metrics.frechet_distance(real_features, features),
        "kernel_distance": metrics.kernel_distance(real_features, features),
        "classifier_score": metrics.classifier_score(probabilities),
        "precision": precision,
        "recall": recall,
        "density": density,
        "coverage": coverage,
        "smallest_class_share": metrics.class_shares(probabilities).min(),
    }


def measure_samples(model, mnist):
    """The metrics of as many samples as there are test images, and the seconds that 1,000 samples take.

    The Fréchet distance of 5,000 samples to the validation images, if there are any, is what a recipe is chosen by.
    """
    evaluator = checkpoints.load("digit_classifier")
    test = data.scale_images(mnist.test_images)
    labels = mnist.train_labels[: len(test)] if getattr(model, "num_classes", None) else None
    asked = {} if labels is None else {"labels": labels}  # classes as frequent as in the training set
    images = model.generate(len(test), seed=0, **asked)
    features, probabilities = evaluator.features_and_probabilities(images)
    measured = sample_metrics(evaluator.features_and_probabilities(test)[0], features, probabilities)
    if mnist.validation_images is not None:
        validation, _ = evaluator.features_and_probabilities(data.scale_images(mnist.validation_images))
        measured["validation_frechet_distance"] = metrics.frechet_distance(validation, features[: len(validation)])
    if labels is not None:
        measured["accuracy_on_demand"] = np.mean(probabilities.argmax(axis=1) == labels)
    _, to_training = metrics.nearest_neighbours(images[:1000], data.scale_images(mnist.train_images))
    thousand = {} if labels is None else {"labels": np.resize(labels, 1000)}
    start = time.perf_counter()
    model.generate(1000, seed=0, **thousand)
    seconds = time.perf_counter() - start
    return {**measured, "median_distance_to_training": np.median(to_training), "seconds_per_1000": seconds}


def measure_text(model, text):
    """Nats per character on the last tenth of the text, beside the 5-gram's, and what 20 written pages are like."""
    train, test = split_text(text)
    nats = -float(np.mean(model.log_prob(test)))
    five_gram = -float(np.mean(NGramModel(5, model.vocabulary).fit(train).log_prob(test)))
    prompts = ["\n\n"] * 20
    start = time.perf_counter()
    pages = [page.strip() for page in model.generate(prompts, 1000, temperature=0.8, seed=0)]
    seconds = time.perf_counter() - start
    return {
        "test_nats": nats,
        "test_bits": metrics.bits(nats),
        "five_gram_test_nats": five_gram,
        "known_words": np.mean([metrics.known_words(page, train) for page in pages]),
        "longest_copied_span": max(len(metrics.longest_copied_span(page, train)) for page in pages),
        "distinct_2": metrics.distinct(pages, 2),
        "self_bleu_4": metrics.self_bleu(pages, 4),
        "characters_per_second": 1000 * len(pages) / seconds,
    }


def measure_all(*measures):
    """One measurement made of several."""
    return lambda model, dataset: {key: value for each in measures for key, value in each(model, dataset).items()}


DCGAN: dict = {"architecture": "dcgan", "generator_widths": (256, 64, 32), "discriminator_widths": (32, 64, 128)}
GAN_TRAINING: dict = {"batch_size": 60, "seeds": (0, 1, 2), "steps_per_execution": 20}

RECIPES = {
    "digit_classifier": Recipe(  # first: it judges what the others draw
        DigitClassifier, {}, epochs=12, measure=measure_classifier, batch_size=100, learning_rate=2e-3,
        transform=augment, labels=True, steps_per_execution=20, validation=0,
    ),
    "autoencoder": Recipe(
        Autoencoder, {"latent_dim": 32}, epochs=60, measure=measure_all(measure_autoencoder, measure_samples),
        seeds=(0, 1, 2),
    ),
    "vae": Recipe(
        IWAE, {"latent_dim": 40, "num_samples": 10}, epochs=130, measure=measure_all(measure_vae, measure_samples),
        batch_size=100, transform=data.binarize,
    ),
    "conditional_vae": Recipe(
        VAE, {"latent_dim": 32, "num_classes": 10}, epochs=60, measure=measure_vae, transform=data.binarize, labels=True
    ),
    "vae_plane": Recipe(
        VAE, {"latent_dim": 2, "hidden_units": (512, 256)}, epochs=60, measure=measure_vae, transform=data.binarize
    ),
    "conditional_gan": GANRecipe(
        GAN, {**DCGAN, "num_classes": 10}, epochs=4, measure=measure_samples, labels=True, **GAN_TRAINING
    ),
    "conditional_diffusion": Recipe(
        Diffusion, {"num_classes": 10, "ema_decay": 0.9995}, epochs=24, measure=measure_samples, batch_size=128,
        labels=True,
    ),
    "gan_dense": GANRecipe(
        GAN, {"latent_dim": 64}, epochs=10, measure=measure_samples, final_lr_fraction=1.0, **GAN_TRAINING
    ),
    "dcgan": GANRecipe(GAN, DCGAN, epochs=4, measure=measure_samples, **GAN_TRAINING),
    "dcgan_long": GANRecipe(
        GAN, {**DCGAN, "dropout": 0.3}, epochs=12, measure=measure_samples, **{**GAN_TRAINING, "seeds": (0,)}
    ),
    "conditional_gan_long": GANRecipe(  # without dropout 24 epochs are worse than 4: the discriminator learns by heart
        GAN, {**DCGAN, "num_classes": 10, "dropout": 0.3}, epochs=12, measure=measure_samples, labels=True,
        **GAN_TRAINING,
    ),
    "wgan_gp": GANRecipe(
        GAN, {**DCGAN, "adversarial_loss": "wasserstein", "penalty_weight": 10.0, "discriminator_steps": 2},
        epochs=2, measure=measure_samples, **GAN_TRAINING,
    ),
    "ac_gan": GANRecipe(
        ACGAN, {**DCGAN, "num_classes": 10}, epochs=4, measure=measure_samples, labels=True, **GAN_TRAINING
    ),
    "lstm_tinyshakespeare": TextRecipe(
        LSTMLanguageModel, {"units": (320, 320), "dropout": 0.4}, epochs=16, measure=measure_text, batch_size=64,
        learning_rate=4e-3, corpus="tinyshakespeare",
    ),
    "lstm_shakespeare": TextRecipe(
        LSTMLanguageModel, {"units": (512,), "dropout": 0.1, "embedding_stddev": 1.0}, epochs=3, measure=measure_text,
        batch_size=128, learning_rate=4e-3,
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


def train(name, recipe, dataset, *, folder=checkpoints.FOLDER, backups=BACKUPS):
    """Trains one recipe to its end, once for each of its seeds, and stores the checkpoint of the first one.

    A training that was killed goes on at its last epoch; what was measured already is not done again.

    Returns:
        The record, as `checkpoints.info(name)` gives it; with several seeds, `by_seed` holds what each one reached.
    """
    results, stored = [], None
    for seed in recipe.seeds:
        backup = Path(backups) / name / str(seed)
        done = backup / "result.json"
        if stored is None or not done.exists():
            model, minutes = train_once(recipe, seed, dataset, backup)
            stored = stored or model
        if not done.exists():
            measured = {key: round(float(value), 5) for key, value in recipe.measure(model, dataset).items()}
            files.write_file(done, json.dumps({"seed": seed, "minutes": round(minutes, 1), "metrics": measured}))
        results.append(json.loads(done.read_text()))
    versions = {"python": platform.python_version(), "tensorflow": tf.__version__, "keras": keras.__version__}
    record = {"recipe": recipe.description(), **results[0], "versions": versions}
    if len(results) > 1:
        record["by_seed"] = results
    record = checkpoints.save(stored, name, record, folder)
    shutil.rmtree(Path(backups) / name)
    return record


def train_once(recipe, seed, dataset, backup):
    """One training; returns the model and the minutes that it took. The folder `backup` lets it go on after a kill."""
    keras.utils.set_random_seed(seed)
    model = recipe.build(dataset)
    batches = recipe.batches(dataset, seed)
    recipe.compile(model, steps=recipe.epochs * len(batches))
    backup.mkdir(parents=True, exist_ok=True)
    stopwatch = Stopwatch(backup / "minutes.json")
    resume = backups.backup_and_restore(backup / "state")
    progress = callbacks.progress(every=max(1, recipe.epochs // 20))
    model.fit(batches, epochs=recipe.epochs, callbacks=[resume, stopwatch, progress], verbose=0)
    return model, stopwatch.minutes


def main(arguments=None):
    """Train the named checkpoints, or all; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m aigc_tf.recipes", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(RECIPES)}; all if none is given")
    chosen = parser.parse_args(arguments).names or list(RECIPES)
    unknown = sorted(set(chosen) - set(RECIPES))
    if unknown:
        parser.error(f"there is a recipe for {', '.join(RECIPES)}. Received: {', '.join(unknown)}")

    def work():
        with files.file_lock(BACKUPS / "training.lock"):
            for name in chosen:
                print(f"{name}: {RECIPES[name].epochs} epochs", flush=True)
                record = train(name, RECIPES[name], RECIPES[name].load())
                print(f"{name}: {record['minutes']} minutes, {record['metrics']}", flush=True)

    return command_line.run(
        "Checkpoints", work, interrupted="The next `make checkpoints` goes on from the last finished epoch.",
        busy="another training is going on here. Wait for it to end, or stop it, and try again.",
    )


if __name__ == "__main__":
    sys.exit(main())
