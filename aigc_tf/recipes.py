"""How each checkpoint was made: `python -m aigc_tf.recipes [NAME …]` trains them again, and resumes after a kill."""

import argparse
import json
import platform
import shutil
import sys
import time
from functools import partial
from pathlib import Path

import keras
import tensorflow as tf

from aigc_tf import callbacks, checkpoints, data
from aigc_tf.autoencoder import Autoencoder
from aigc_tf.core import backups, command_line, files
from aigc_tf.diffusion import Diffusion, GroupedDiffusion
from aigc_tf.finetuning import DPO, AdaptedTransformer
from aigc_tf.gan import ACGAN, GAN
from aigc_tf.image_recipes import (
    ConceptsGANRecipe,
    ConceptsRecipe,
    PairsGANRecipe,
    PairsRecipe,
    ShrunkGANRecipe,
    ShrunkRecipe,
    StyleRecipe,
    UnpairedRecipe,
)
from aigc_tf.image_to_image import VAEGAN, CycleGAN, Palette, Pix2Pix, StyleTransfer, Translator
from aigc_tf.measures import (
    colouring_distance,
    frechet_to_validation,
    measure_all,
    measure_answers,
    measure_autoencoder,
    measure_bits,
    measure_classifier,
    measure_colouring,
    measure_cycle,
    measure_diffusion,
    measure_drawings,
    measure_enlarging,
    measure_groups,
    measure_guidance,
    measure_infill,
    measure_lines,
    measure_preferred,
    measure_redrawn,
    measure_samples,
    measure_style,
    measure_text,
    measure_vae,
    measure_windows,
    measure_writer,
    nats_of_a_page,
    nats_of_answers,
    nats_of_validation,
    validation_loss,
    validation_redrawing_error,
)
from aigc_tf.metrics.classifier import DigitClassifier
from aigc_tf.music import ChoraleInfill, ChoraleLSTM, ChoraleTransformer
from aigc_tf.music_recipes import ChoraleRecipe
from aigc_tf.recipe_kinds import (
    DrawingsRecipe,
    GANRecipe,
    GroupedRecipe,
    Recipe,
    ReflowRecipe,
    augment,
    augment_drawings,
    mirror_drawings,
)
from aigc_tf.text import LSTMLanguageModel, SentenceVAE
from aigc_tf.text_recipes import InstructionsRecipe, LinesRecipe, PreferencesRecipe, TextRecipe, TransformerRecipe
from aigc_tf.transformer import TransformerLanguageModel
from aigc_tf.vae import IWAE, VAE

BACKUPS = Path("build") / "checkpoints"  # relative to the checkout, where `make checkpoints` runs

DCGAN: dict = {"architecture": "dcgan", "generator_widths": (256, 64, 32), "discriminator_widths": (32, 64, 128)}
GAN_TRAINING: dict = {"batch_size": 60, "seeds": (0, 1, 2), "steps_per_execution": 20}
ENLARGING: dict = {
    "source_shape": (16, 16, 3), "target_shape": (64, 64, 3), "architecture": "sub_pixel", "widths": (32,) * 6,
}
ENLARGING_TRAINING: dict = {
    "epochs": 40, "batch_size": 16, "size": 64, "steps_per_execution": 10, "half_precision": True,
    "measure": measure_enlarging,
}
CONDITIONAL_DIFFUSION: dict = {"num_classes": 10, "ema_decay": 0.9995}
DIFFUSION_TRAINING: dict = {
    "epochs": 20, "batch_size": 64, "learning_rate": 3e-3, "warmup_steps": 400, "seeds": (0, 1, 2),
    "curve": partial(frechet_to_validation, sampler="dpm", steps=8),
}
GPT: dict = {"num_layers": 5, "width": 192, "num_heads": 3, "context": 256}
GPT_TRAINING: dict = {
    "batch_size": 8, "steps_per_epoch": 200, "learning_rate": 0.02, "warmup_steps": 100, "half_precision": True,
    "measure": measure_all(measure_text, measure_windows), "curve": nats_of_a_page,
}
OPENMOJI: dict = {"image_shape": (32, 32, 3), "ema_decay": 0.9995}
OPENMOJI_TRAINING: dict = {"batch_size": 64, "learning_rate": 3e-3, "warmup_steps": 400}
COLOURING: dict = {"dropout": 0.3}
COLOURING_TRAINING: dict = {
    "epochs": 24, "batch_size": 4, "learning_rate": 4e-4, "steps_per_execution": 10, "seeds": (0, 1, 2),
    "half_precision": True, "measure": measure_colouring, "curve": colouring_distance,
}
CHORALES: dict = {"batch_size": 16, "warmup_steps": 100, "half_precision": True}
FEW_TRAINING: dict = {**OPENMOJI_TRAINING, "every": 20, "epochs": 1500, "warmup_steps": 300}

RECIPES = {
    "digit_classifier": Recipe(  # first: it judges what the others draw
        DigitClassifier, {}, epochs=12, measure=measure_classifier, batch_size=100, learning_rate=2e-3,
        transform=augment, labels=True, steps_per_execution=20, validation=0,
    ),
    "group_classifier": ConceptsRecipe(  # for chapter 8
        DigitClassifier, {"image_shape": (32, 32, 3), "num_classes": 10}, epochs=30, measure=measure_groups,
        batch_size=50, learning_rate=2e-3, labels=True, steps_per_execution=10,
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
        measure=measure_samples, measure_first=measure_all(measure_diffusion, measure_bits), **DIFFUSION_TRAINING,
    ),
    "diffusion": GroupedRecipe(  # without groups its distance was 30 after four epochs
        GroupedDiffusion, {"num_classes": 50, "ema_decay": 0.9995, "guidance": 1.5}, measure=measure_samples,
        measure_first=measure_guidance, **{**DIFFUSION_TRAINING, "epochs": 5},
    ),
    "diffusion_student": ReflowRecipe(  # its first step starts at noise alone: times are drawn evenly, noise included
        Diffusion,
        {**CONDITIONAL_DIFFUSION, "label_dropout": 0.0, "time_draws": "uniform", "sampler": "euler", "steps": 4},
        epochs=8, measure=measure_samples, batch_size=64, learning_rate=1e-3,
    ),
    "openmoji_diffusion": DrawingsRecipe(  # with drawings moved and turned its held-out loss was 0.214, not 0.189
        Diffusion, OPENMOJI, measure=measure_drawings, epochs=200, **OPENMOJI_TRAINING
    ),
    "openmoji_diffusion_few": DrawingsRecipe(  # so few that it learns them by heart
        Diffusion, OPENMOJI, measure=measure_drawings, **FEW_TRAINING
    ),
    "openmoji_diffusion_few_changed": DrawingsRecipe(
        Diffusion, OPENMOJI, measure=measure_drawings, transform=augment_drawings, **FEW_TRAINING
    ),
    "colour_unet": PairsRecipe(Translator, COLOURING, **COLOURING_TRAINING),
    "pix2pix": PairsGANRecipe(  # with instance normalization, 80 epochs were worse than 24
        Pix2Pix, {**COLOURING, "l1_weight": 10.0}, discriminator_rate=4e-4, **COLOURING_TRAINING
    ),
    "palette": PairsRecipe(
        Palette, {}, epochs=80, batch_size=64, learning_rate=3e-3, warmup_steps=200, half_precision=True,
        measure=measure_colouring,
    ),
    "cyclegan": UnpairedRecipe(  # with "instance" for both, its outlines are coloured: the colours hide there
        CycleGAN, {"widths": (24, 48, 96, 192), "discriminator_norms": ("instance", "layer")}, epochs=30, batch_size=4,
        learning_rate=4e-4, discriminator_rate=4e-4, steps_per_execution=10, half_precision=True,
        measure=measure_cycle, curve=colouring_distance,
    ),
    "super_resolution": ShrunkRecipe(Translator, ENLARGING, learning_rate=1e-3, **ENLARGING_TRAINING),
    "super_resolution_gan": ShrunkGANRecipe(
        Pix2Pix, {**ENLARGING, "l1_weight": 10.0, "sees_source": False}, learning_rate=4e-4, discriminator_rate=4e-4,
        **ENLARGING_TRAINING,
    ),
    "style_transfer": StyleRecipe(
        StyleTransfer, {}, epochs=100, batch_size=1, learning_rate=2e-3, size=64, steps_per_execution=20,
        measure=measure_style,
    ),
    "gan_dense": GANRecipe(
        GAN, {"latent_dim": 64}, epochs=10, measure=measure_samples, final_lr_fraction=1.0, **GAN_TRAINING
    ),
    "dcgan": GANRecipe(GAN, DCGAN, epochs=4, measure=measure_samples, **GAN_TRAINING),
    "dcgan_long": GANRecipe(
        GAN, {**DCGAN, "dropout": 0.3}, epochs=12, measure=measure_samples, **{**GAN_TRAINING, "seeds": (0,)}
    ),
    "vae_gan": GANRecipe(
        VAEGAN,
        {"latent_dim": 16, "encoder_widths": (32, 64, 192), "decoder_widths": (192, 64, 32), "kl_weight": 0.05,
         "feature_weight": 0.005, "dropout": 0.3},
        epochs=8, measure=measure_all(measure_autoencoder, measure_samples), curve=frechet_to_validation,
        half_precision=True, **GAN_TRAINING,
    ),
    "openmoji_vae_gan": ConceptsGANRecipe(
        VAEGAN,
        {"image_shape": (32, 32, 3), "latent_dim": 128, "encoder_widths": (32, 64, 128, 192),
         "decoder_widths": (192, 128, 64, 32), "discriminator_widths": (32, 64, 96), "kl_weight": 0.005,
         "feature_weight": 1.0, "dropout": 0.3},
        epochs=150, batch_size=16, discriminator_rate=4e-4, steps_per_execution=16, half_precision=True,
        transform=mirror_drawings, measure=measure_redrawn, curve=validation_redrawing_error, curve_of="validation_mse",
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
    "sentence_vae": LinesRecipe(
        SentenceVAE, {"longest": 40, "latent_dim": 16, "units": 256, "free_nats": 8.0}, epochs=8, measure=measure_lines,
        batch_size=64, learning_rate=4e-3,
    ),
    # With a dropout of 0.15 the next one was 0.036 nats worse after 35 epochs.
    "chorale_lstm": ChoraleRecipe(
        ChoraleLSTM, {"units": (384,)}, epochs=40, measure=measure_writer, muon=False, learning_rate=6e-3,
        curve=nats_of_validation, **CHORALES,
    ),
    "chorale_transformer": ChoraleRecipe(
        ChoraleTransformer, {"dropout": 0.2}, epochs=40, measure=measure_writer, learning_rate=0.02,
        curve=nats_of_validation, **CHORALES,
    ),
    "chorale_infill": ChoraleRecipe(
        ChoraleInfill, {"num_layers": 6}, epochs=50, measure=measure_infill, learning_rate=0.02,
        curve=validation_loss, **CHORALES,
    ),
    "gpt_shakespeare": TransformerRecipe(TransformerLanguageModel, GPT, epochs=45, **GPT_TRAINING),
    "gpt_tinyshakespeare": TransformerRecipe(
        TransformerLanguageModel, {**GPT, "dropout": 0.2}, epochs=24, corpus="tinyshakespeare", **GPT_TRAINING
    ),
    "gpt_characters": InstructionsRecipe(
        AdaptedTransformer, {"method": "full"}, epochs=20, measure=measure_answers, curve=nats_of_answers,
        batch_size=16, steps_per_epoch=200, learning_rate=0.02, warmup_steps=50, half_precision=True,
    ),
    "gpt_preferred": PreferencesRecipe(  # three times as long costs 3 nats more of KL, for no more reward
        DPO, {"method": "lora", "size": 8, "beta": 1.0}, epochs=1, measure=measure_preferred, batch_size=8,
        learning_rate=1e-3, warmup_steps=10, half_precision=True,
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
            model = recipe.finished(model)
            if recipe.half_precision:
                checkpoints.round_to_half(model)
            stored = stored or model
        if not done.exists():
            first = recipe.measure_first if seed == recipe.seeds[0] else None
            measure = measure_all(recipe.measure, first) if first else recipe.measure
            measured = {key: round(float(value), 5) for key, value in measure(model, dataset).items()}
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
    curve = {f"{recipe.curve_of}_by_minute": stopwatch.curve} if recipe.curve else {}
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
