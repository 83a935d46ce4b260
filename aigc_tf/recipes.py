"""How each checkpoint was made: `python -m aigc_tf.recipes [NAME …]` trains them again, and resumes after a kill."""

import argparse
import json
import platform
import shutil
import sys
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import keras
import tensorflow as tf

from aigc_tf import callbacks, checkpoints, data
from aigc_tf.autoencoder import Autoencoder
from aigc_tf.core import addons, backups, command_line, files
from aigc_tf.core.noise import seed_pair, standard_normal
from aigc_tf.core.optimizers import FusedAdam
from aigc_tf.diffusion import Diffusion
from aigc_tf.gan import ACGAN, GAN
from aigc_tf.measures import (
    frechet_to_validation,
    measure_all,
    measure_autoencoder,
    measure_classifier,
    measure_diffusion,
    measure_drawings,
    measure_samples,
    measure_text,
    measure_vae,
)
from aigc_tf.metrics.classifier import DigitClassifier
from aigc_tf.text import LSTMLanguageModel, Vocabulary, split_text, streams
from aigc_tf.vae import IWAE, VAE

BACKUPS = Path("build") / "checkpoints"  # relative to the checkout, where `make checkpoints` runs


def augment(images, *, seed=None):
    """Moves images by up to two pixels and turns them by up to 0.15 radians."""
    return addons.random_rotate_translate(images, max_angle=0.15, max_shift=2, seed=seed)


def augment_drawings(images, *, seed=None):
    """Moves drawings on white by up to three pixels, turns them by up to 0.15 radians, and mirrors every other one."""
    seeds = tf.unstack(tf.random.experimental.stateless_split(seed_pair(seed), 2))
    moved = 1.0 - addons.random_rotate_translate(1.0 - images, max_angle=0.15, max_shift=3, seed=seeds[0])
    mirrored = tf.random.stateless_uniform((tf.shape(images)[0], 1, 1, 1), seeds[1]) < 0.5
    return tf.where(mirrored, moved[:, :, ::-1], moved)


# What a recipe's transform does to the images, in the words of the record.
TRANSFORMS = {
    None: "grey in [0, 1]",
    data.binarize: "dynamically binarized",
    augment: "grey in [0, 1], moved and turned a little",
    augment_drawings: "in colour, moved and turned a little, half of them mirrored",
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
    warmup_steps: int = 0  # in which the learning rate rises from 0 at first
    transform: object = None  # of the images, drawn anew in every epoch: a key of TRANSFORMS
    labels: bool = False  # whether batches hold labels
    seeds: tuple = (0,)  # one training each; the first one's weights are stored
    validation: int = data.VALIDATION  # images held out of the training, by which the recipe was chosen
    steps_per_execution: int = 1
    curve: object = None  # function (model, dataset) → Fréchet distance, noted at the end of every epoch

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
        warmup = min(self.warmup_steps, steps // 10)
        if not warmup:
            return keras.optimizers.schedules.CosineDecay(rate, steps, alpha=self.final_lr_fraction)
        return keras.optimizers.schedules.CosineDecay(
            0.0, steps - warmup, alpha=self.final_lr_fraction, warmup_target=rate, warmup_steps=warmup
        )

    def images_text(self):
        return "MNIST training images" + (f" but the last {self.validation:,}" if self.validation else "")

    def decay_text(self):
        if self.final_lr_fraction == 1:
            return "constant"
        rise = f"rising for {self.warmup_steps} steps, " if self.warmup_steps else ""
        return f"{rise}decaying along a cosine to {self.final_lr_fraction:.0%}"

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


@dataclass(frozen=True)
class ReflowRecipe(Recipe):
    """The same for a student that starts as its teacher and learns the teacher's ways from noise to image as lines."""

    teacher: str = "conditional_diffusion"
    teacher_draws: dict = field(default_factory=lambda: {"sampler": "dpm", "steps": 10})
    num_pairs: int = 50_000  # of noise and the image that the teacher makes of it

    def build(self, dataset):
        model, teacher = super().build(dataset), checkpoints.load(self.teacher)
        for network in (model.network, model.average_network):
            network.set_weights(teacher.average_network.get_weights())
        return model

    def batches(self, mnist, seed=0):
        teacher = checkpoints.load(self.teacher)
        labels = tf.constant(mnist.train_labels[: self.num_pairs])
        noise = standard_normal((len(labels), *teacher.image_shape), seed=1000 + seed)
        images = teacher.decode(noise, labels, **self.teacher_draws)
        order = tf.data.Dataset.range(len(labels)).shuffle(len(labels), seed=seed).batch(self.batch_size)
        return order.map(lambda chosen: tuple(tf.gather(part, chosen) for part in (images, labels, noise))).prefetch(2)

    def description(self):
        how = ", ".join(f"{key} {value}" for key, value in self.teacher_draws.items())
        made = f"{self.num_pairs:,} draws of noise with labels, and what {self.teacher} makes of them ({how})"
        return {**super().description(), "data": made}


@dataclass(frozen=True)
class DrawingsRecipe(Recipe):
    """The same for OpenMoji in colour, nine of every ten drawings."""

    def load(self):
        return data.load_openmoji()

    def batches(self, drawings, seed=0):
        batches = data.image_dataset(drawings.colour, batch_size=self.batch_size, seed=seed)
        return data.with_new_draws(batches, self.transform, seed=seed) if self.transform else batches

    def description(self):
        changed = TRANSFORMS[self.transform] if self.transform else "in colour"
        return {**super().description(), "data": f"OpenMoji drawings but every tenth, {changed}"}


DCGAN: dict = {"architecture": "dcgan", "generator_widths": (256, 64, 32), "discriminator_widths": (32, 64, 128)}
GAN_TRAINING: dict = {"batch_size": 60, "seeds": (0, 1, 2), "steps_per_execution": 20}
CONDITIONAL_DIFFUSION: dict = {"num_classes": 10, "ema_decay": 0.9995}
DIFFUSION_TRAINING: dict = {
    "epochs": 20, "batch_size": 64, "learning_rate": 3e-3, "warmup_steps": 400, "seeds": (0, 1, 2),
    "curve": partial(frechet_to_validation, sampler="dpm", steps=8),
}
OPENMOJI: dict = {"image_shape": (32, 32, 3), "ema_decay": 0.9995}
OPENMOJI_TRAINING: dict = {"epochs": 200, "batch_size": 64, "learning_rate": 3e-3, "warmup_steps": 400}

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
        Diffusion, {**CONDITIONAL_DIFFUSION, "guidance": 1.25}, labels=True,
        measure=measure_all(measure_samples, measure_diffusion), **DIFFUSION_TRAINING,
    ),
    "diffusion": Recipe(
        Diffusion, {"ema_decay": 0.9995}, measure=measure_samples, **{**DIFFUSION_TRAINING, "epochs": 10},
    ),
    "diffusion_student": ReflowRecipe(  # its first step starts at noise alone: times are drawn evenly, noise included
        Diffusion,
        {**CONDITIONAL_DIFFUSION, "label_dropout": 0.0, "time_draws": "uniform", "sampler": "euler", "steps": 4},
        epochs=8, measure=measure_samples, batch_size=64, learning_rate=1e-3,
    ),
    "openmoji_diffusion": DrawingsRecipe(
        Diffusion, OPENMOJI, measure=measure_drawings, transform=augment_drawings, **OPENMOJI_TRAINING
    ),
    "openmoji_diffusion_plain": DrawingsRecipe(  # nothing drawn anew: chapter 7b compares what the two learn by heart
        Diffusion, OPENMOJI, measure=measure_drawings, **OPENMOJI_TRAINING
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
        curve=frechet_to_validation, **GAN_TRAINING,
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
    """Minutes of training, kept in a file at every epoch so that they survive a kill, and a curve over them.

    Args:
        path: the file.
        value: function () → number, noted at the end of every epoch, or None. Its own time does not count.
    """

    def __init__(self, path, value=None):
        super().__init__()
        self.path, self.value = Path(path), value
        self.minutes, self.curve = 0.0, []

    def on_train_begin(self, logs=None):
        if self.path.exists():
            before = json.loads(self.path.read_text())
            self.minutes, self.curve = before["minutes"], before["curve"]

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.minutes += (time.perf_counter() - self.start) / 60
        if self.value:
            self.curve.append([round(self.minutes, 2), round(float(self.value()), 3)])
        files.write_file(self.path, json.dumps({"minutes": self.minutes, "curve": self.curve}))


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
            model, trained = train_once(recipe, seed, dataset, backup)
            stored = stored or model
        if not done.exists():
            measured = {key: round(float(value), 5) for key, value in recipe.measure(model, dataset).items()}
            files.write_file(done, json.dumps({"seed": seed, **trained, "metrics": measured}))
        results.append(json.loads(done.read_text()))
    versions = {"python": platform.python_version(), "tensorflow": tf.__version__, "keras": keras.__version__}
    record = {"recipe": recipe.description(), **results[0], "versions": versions}
    if len(results) > 1:
        record["by_seed"] = results
    record = checkpoints.save(stored, name, record, folder)
    shutil.rmtree(Path(backups) / name)
    return record


def train_once(recipe, seed, dataset, backup):
    """One training; returns the model, and for the record the minutes that it took and the recipe's curve over them.

    The folder `backup` lets it go on after a kill.
    """
    keras.utils.set_random_seed(seed)
    model = recipe.build(dataset)
    batches = recipe.batches(dataset, seed)
    recipe.compile(model, steps=recipe.epochs * len(batches))
    backup.mkdir(parents=True, exist_ok=True)
    stopwatch = Stopwatch(backup / "minutes.json", partial(recipe.curve, model, dataset) if recipe.curve else None)
    resume = backups.backup_and_restore(backup / "state")
    progress = callbacks.progress(every=max(1, recipe.epochs // 20))
    model.fit(batches, epochs=recipe.epochs, callbacks=[resume, stopwatch, progress], verbose=0)
    curve = {"frechet_by_minute": stopwatch.curve} if recipe.curve else {}
    return model, {"minutes": round(stopwatch.minutes, 1), **curve}


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
