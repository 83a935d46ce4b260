"""The models that the contract holds to its promises, small, a row each, and what is particular about their kinds."""

import contextlib
import functools
from collections.abc import Callable
from dataclasses import dataclass, field

import keras
import numpy as np
import pytest
import tensorflow as tf

from aigc_tf import vae
from aigc_tf.autoencoder import Autoencoder
from aigc_tf.data import image_dataset
from aigc_tf.diffusion import Diffusion, GroupedDiffusion, denoising, groups
from aigc_tf.diffusion import model as diffusion
from aigc_tf.finetuning import DPO, AdaptedTransformer
from aigc_tf.gan import ACGAN, GAN
from aigc_tf.gan import model as gan
from aigc_tf.image_to_image import (
    VAEGAN,
    CycleGAN,
    Palette,
    Pix2Pix,
    StyleTransfer,
    Translator,
    cyclegan,
    palette,
    random_feature_network,
    vae_gan,
)
from aigc_tf.metrics.classifier import DigitClassifier
from aigc_tf.music import ChoraleInfill, ChoraleLSTM, ChoraleTransformer, infill
from aigc_tf.music import events as music
from aigc_tf.text import LSTMLanguageModel, RNNLanguageModel, SentenceVAE, sentence_vae
from aigc_tf.transformer import TransformerLanguageModel
from aigc_tf.vae import IWAE, VAE


@dataclass(frozen=True)
class Row:
    """A model, small, and what is particular about its kind."""

    model: type
    config: dict
    terms: set = field(default_factory=lambda: {"loss"})  # the history keys
    total: Callable = lambda terms, model: terms["loss"]  # what the terms must add up to
    objectives: tuple = ("loss",)  # what is minimised, the total first
    idle: tuple = ()  # weights whose gradient is zero by the mathematics
    steady: bool = True  # False: a step changes more than what the optimizer changes
    shared: bool = True  # whether it is tested on several devices: one row for each kind of `train_step` is enough

    @property
    def generates(self):
        """Whether it generates images."""
        return hasattr(self.model, "generate")

    @property
    def reconstructs(self):
        return hasattr(self.model, "reconstruct")

    @property
    def image_shape(self):
        return self.config.get("image_shape", (28, 28, 1))

    @property
    def latent_shape(self):
        """What `decode` makes one image of: a diffusion model's noise is as large as the image."""
        return (self.config["latent_dim"],) if "latent_dim" in self.config else self.image_shape

    @property
    def num_classes(self):
        return self.config.get("num_classes")

    def build(self, seed=0):
        keras.utils.set_random_seed(seed)
        return self.model(**self.config)

    def compiled(self, seed=0, optimizer=None, learner=None, **options):
        """Built and compiled.

        Args:
            optimizer: a function that makes one, as a GAN needs two.
            learner: of two players the one that learns, by its objective, while the other stands still; None: both.
        """
        model = self.build(seed)
        optimizer = optimizer or functools.partial(keras.optimizers.Adam, 1e-2)
        if len(self.objectives) == 1:
            model.compile(optimizer=optimizer(), **options)
            return model
        makers = {name: optimizer if learner in (None, name) else still for name in self.objectives}
        model.compile(**{name.replace("_loss", "_optimizer"): make() for name, make in makers.items()}, **options)
        return model

    def arrays(self, count):
        """Images of zeros and ones, and labels if the model takes them."""
        random = np.random.default_rng(count)
        images = (random.random((count, *self.image_shape)) < 0.3).astype("float32")
        return (images, random.integers(self.num_classes, size=count)) if self.num_classes else (images,)

    def batches(self, count, batch_size, seed=None):
        """In order, or shuffled anew in every epoch if a seed is given."""
        return image_dataset(*self.arrays(count), batch_size=batch_size, shuffle=seed is not None, seed=seed)

    def conditions(self, count):
        """Keyword arguments that the verbs of a conditional model need."""
        return {"labels": np.arange(count) % self.num_classes} if self.num_classes else {}


class GroupedRow(Row):
    """A model that finds its labels itself: none come with its images."""

    num_classes = None

    def build(self, seed=0):
        model = super().build(seed)
        model.adapt(*self.arrays(40))
        return model


class WindowsRow(Row):
    """A language model: its examples are windows of token numbers with their targets."""

    generates = reconstructs = image_shape = num_classes = None

    def arrays(self, count):
        numbers = np.random.default_rng(count).integers(len(self.config["tokens"]), size=(count, 7))
        return numbers[:, :-1], numbers[:, 1:]

    def batches(self, count, batch_size, seed=None):
        examples = tf.data.Dataset.from_tensor_slices(self.arrays(count))
        return (examples if seed is None else examples.shuffle(count, seed=seed)).batch(batch_size)


class TextRow(WindowsRow):
    """A recurrent language model: it takes streams, too, and carries its states from one batch to the next."""


class LinesRow(WindowsRow):
    """A model of whole lines: its examples are token numbers alone."""

    def arrays(self, count):
        numbers = np.random.default_rng(count).integers(len(self.config["tokens"]), size=(count, 6))
        return (numbers,)

    def batches(self, count, batch_size, seed=None):
        examples = tf.data.Dataset.from_tensor_slices(*self.arrays(count))
        return (examples if seed is None else examples.shuffle(count, seed=seed)).batch(batch_size)


class EventsRow(LinesRow):
    """A model of chorales: its examples are tables of events. A little way into its learning, as an `AdaptedRow`."""

    def build(self, seed=0):
        return perturbed(super().build(seed), seed)

    def arrays(self, count):
        random = np.random.default_rng(count)
        sizes = [music.NUM_TOKENS] * 4 + [music.START + 1] * 4 + [*music.CLOCK_SIZES]
        return (random.integers(sizes, size=(count, 6, len(sizes))),)


def perturbed(model, seed):
    """The model with trainable weights moved at random, so that gradients pass through those that begin at zero."""
    for number, weight in enumerate(model.trainable_weights):
        weight.assign_add(0.1 * tf.random.stateless_normal(weight.shape, (seed, number)))
    return model


class AdaptedRow(WindowsRow):
    """A Transformer that learns by a few weights, and how much each target counts comes with its windows."""

    def build(self, seed=0):
        """A little way into its learning: at first, behind weights of zero, no gradient reaches others."""
        return perturbed(super().build(seed), seed)

    def arrays(self, count):
        weights = np.random.default_rng(count).random((count, 6)).astype("float32")
        return (*super().arrays(count), weights)


class PreferencesRow(AdaptedRow):
    """One that learns from preferences: two answers, and what a reference makes of each."""

    def arrays(self, count):
        rejected = tuple(part[:, ::-1] for part in super().arrays(count))  # the same tokens the other way round
        reference = np.full(count, -5.0, "float32")
        return (*super().arrays(count), reference), (*rejected, reference)


class PairsRow(Row):
    """A model from images to images: its examples are pairs."""

    generates = reconstructs = image_shape = num_classes = None

    def arrays(self, count):
        """Sources of zeros and ones, and their negatives as targets, enlarged if these are larger."""
        shape, target_shape = self.config["source_shape"], self.config["target_shape"]
        sources = (np.random.default_rng(count).random((count, *shape)) < 0.3).astype("float32")
        factor = target_shape[0] // shape[0]
        negatives = 1 - sources.repeat(factor, axis=1).repeat(factor, axis=2)
        return sources, np.broadcast_to(negatives, (count, *target_shape)).copy()

    def batches(self, count, batch_size, seed=None):
        examples = tf.data.Dataset.from_tensor_slices(self.arrays(count))
        return (examples if seed is None else examples.shuffle(count, seed=seed)).batch(batch_size)


class UnpairedRow(PairsRow):
    """One that learns from two sets of images of one shape."""

    def arrays(self, count):
        random = np.random.default_rng(count)
        return tuple((random.random((count, *self.config["image_shape"])) < 0.3).astype("float32") for _ in range(2))


class StyleRow(Row):
    """A network of one style, which it knows from the start, as it knows whose features judge it."""

    image_shape = (12, 8, 3)

    def build(self, seed=0):
        model = super().build(seed)
        stripes = np.tile(np.float32([[[1, 0, 0]]] * 3 + [[[1, 1, 1]]] * 3), (2, 12, 1))
        model.adapt(random_feature_network(model.filters, model.feature_channels), stripes)
        return model


still = functools.partial(keras.optimizers.SGD, 0.0)


def negative_elbo(terms, model):
    return terms["reconstruction"] + model.beta * terms["kl"]


def vae_row(**config):
    config = {"latent_dim": 3, "hidden_units": (32, 16), **config}
    return Row(VAE, config, {"loss", "reconstruction", "kl"}, negative_elbo)


PLAYERS = ("discriminator_loss", "generator_loss")
LOGITS = ("real_logits", "fake_logits")


def wasserstein(terms, model):
    return terms["fake_logits"] - terms["real_logits"] + terms["penalty"]


def gan_row(
    terms=(), total=lambda terms, model: terms["discriminator_loss"], idle=(), steady=True, model=GAN, **config
):
    """Without batch normalization and dropout: both make an image's losses depend on its batch or on chance."""
    small = {"latent_dim": 3, "generator_widths": (32, 16), "discriminator_widths": (16, 8), "batch_norm": False}
    return Row(model, {**small, **config}, {*PLAYERS, *LOGITS, *terms}, total, PLAYERS, idle, steady)


def diffusion_row(**config):
    return Row(Diffusion, {"image_shape": (8, 8, 1), "widths": (8, 16), **config})


def pairs_row(model, target_shape=(8, 8, 3), terms=frozenset({"loss"}), objectives=("loss",), idle=(), **config):
    config = {"source_shape": (8, 8, 1), "target_shape": target_shape, "widths": (4, 6), **config}
    total = pix2pix_total if model is Pix2Pix else lambda terms, model: terms["loss"]
    return PairsRow(model, config, set(terms), total, objectives, idle)


def pix2pix_total(terms, model):
    return terms["discriminator_loss"]


def text_row(model=LSTMLanguageModel, shared=False, **config):
    config = {"tokens": "abcde", "units": (8, 6), "embedding_dim": 4, "clip_norm": 0.1, **config}
    return TextRow(model, config, TEXT_TERMS, total_bits, shared=shared)


def transformer_row(shared=False, **config):
    """Without zero outputs, through which no gradient would reach the weights before them at first."""
    small = {"tokens": "abcde", "num_layers": 2, "width": 8, "num_heads": 2, "context": 8, "clip_norm": 0.1}
    config = {**small, "zero_outputs": False, **config}
    return WindowsRow(TransformerLanguageModel, config, TEXT_TERMS, total_bits, shared=shared)


def adapted_row(row=AdaptedRow, model=AdaptedTransformer, terms=None, total=None, shared=False, **config):
    """LoRA of the highest rank there is; embedding, logits and the dense layers' own weights stay as they are."""
    small = {"tokens": "abcde", "num_layers": 2, "width": 8, "num_heads": 2, "context": 8, "clip_norm": 0.1}
    config = {**small, "zero_outputs": False, "size": 8, **config}
    idle = ("embedding/embeddings", "dense/kernel", "logits/kernel")
    return row(model, config, terms or TEXT_TERMS, total or total_bits, idle=idle, shared=shared)


def events_row(model, shared=False, **config):
    return EventsRow(model, {"width": 8, "dropout": 0.0, "clip_norm": 0.1, **config}, shared=shared)


def total_bits(terms, model):
    return terms["bits"] * np.log(2)


TEXT_TERMS = {"loss", "bits", "perplexity"}
PIX2PIX_TERMS = {*PLAYERS, *LOGITS, "l1"}
SMALL_COLOUR = {"image_shape": (16, 12, 3), "architecture": "dcgan", "num_classes": 3}

MODELS = {
    "dense autoencoder": Row(Autoencoder, {"latent_dim": 3, "widths": (32, 16)}),
    "convolutional autoencoder": Row(
        Autoencoder,
        {"image_shape": (16, 12, 3), "latent_dim": 3, "architecture": "convolutional", "widths": (8, 4)},
    ),
    "VAE": vae_row(),
    "conditional beta VAE": vae_row(image_shape=(16, 12, 3), beta=4.0, num_classes=3),
    "IWAE": Row(
        IWAE, {"num_samples": 3, "latent_dim": 3, "hidden_units": (32, 16)}, {"loss", "negative_elbo"}, shared=False
    ),
    "dense GAN": gan_row(),
    "conditional DCGAN": gan_row(**SMALL_COLOUR),
    "GAN with spectral norm": gan_row(
        idle=("logit/direction",),  # of one number, so it is 1 for ever
        adversarial_loss="hinge", spectral_norm=True, steady=False,
    ),
    "AC-GAN": gan_row(["class_loss"], model=ACGAN, **SMALL_COLOUR),
    "WGAN-GP": gan_row(
        ["penalty"], wasserstein, ("logit/bias",),  # it adds the same to real and fake
        adversarial_loss="wasserstein", penalty_weight=10.0, discriminator_steps=2,
    ),
    "diffusion": diffusion_row(),
    "conditional diffusion": diffusion_row(
        image_shape=(16, 12, 3), num_classes=3, schedule="linear", prediction="noise", time_draws="uniform"
    ),
    "grouped diffusion": GroupedRow(
        GroupedDiffusion, {"image_shape": (8, 8, 1), "widths": (8, 16), "num_classes": 3},
        idle=("middles", "shares"), shared=False,  # `adapt` finds them
    ),
    "classifier": Row(
        DigitClassifier,
        {"image_shape": (16, 12, 3), "filters": (4, 8), "feature_dim": 16, "num_classes": 3, "dropout": 0.0},
        {"loss", "accuracy"},
    ),
    "translator": pairs_row(Translator),
    "super-resolution": pairs_row(
        Translator, (16, 16, 3), source_shape=(4, 4, 3), architecture="sub_pixel", widths=(4, 4)
    ),
    "pix2pix": pairs_row(Pix2Pix, terms=PIX2PIX_TERMS, objectives=PLAYERS, discriminator_widths=(4, 6)),
    "pix2pix of its outputs alone": pairs_row(
        Pix2Pix, terms=PIX2PIX_TERMS, objectives=PLAYERS, discriminator_widths=(4, 6), sees_source=False,
        upsampling="transposed", adversarial_loss="hinge",
    ),
    "Palette": pairs_row(Palette, widths=(8,)),
    "CycleGAN": UnpairedRow(
        CycleGAN,
        {"image_shape": (8, 8, 3), "widths": (4, 6), "discriminator_widths": (4, 6), "pool_size": 0},
        {*PLAYERS, "adversarial", "cycle", "identity"}, lambda terms, model: terms["discriminator_loss"], PLAYERS,
    ),
    "style transfer": StyleRow(
        StyleTransfer, {"widths": (4, 8, 8), "blocks": 1, "filters": (2, 3), "scales": 2, "content_weight": 0.05},
        {"loss", "style", "content"}, lambda terms, model: terms["style"] + model.content_weight * terms["content"],
        idle=(*(f"{kind}{number}" for kind in ("mean", "gram") for number in range(6)),
              *(f"feature_{number}/{weight}" for number in range(2) for weight in ("kernel", "bias"))),
    ),
    "VAE-GAN": Row(
        VAEGAN,
        {"image_shape": (8, 8, 3), "latent_dim": 3, "encoder_widths": (4, 6), "decoder_widths": (6, 4),
         "discriminator_widths": (4, 6), "batch_norm": False},
        {*PLAYERS, *LOGITS, "encoder_loss", "reconstruction", "kl"},
        lambda terms, model: terms["discriminator_loss"], PLAYERS,
    ),
    "sentence VAE": LinesRow(
        SentenceVAE,
        {"tokens": "abcd\n", "longest": 5, "latent_dim": 3, "units": 8, "embedding_dim": 4, "clip_norm": 0.1},
        {"loss", "reconstruction", "kl"}, lambda terms, model: terms["reconstruction"] + terms["kl"], shared=False,
    ),
    "plain RNN": text_row(RNNLanguageModel),
    "LSTM": text_row(shared=True),
    "GRU, tied": text_row(cell="gru", tied=True),
    "layer-norm LSTM": text_row(cell="layer_norm_lstm"),
    "Transformer": transformer_row(shared=True),
    "Transformer, learned positions, layer norm, gelu": transformer_row(
        position_encoding="learned", norm="layer", activation="gelu"
    ),
    "LoRA": adapted_row(shared=True),
    "LSTM of chorales": events_row(ChoraleLSTM, shared=True, units=(24, 16)),
    "Transformer of chorales": events_row(ChoraleTransformer, num_layers=2, num_heads=2, reach=6),
    "infilling of chorales": events_row(ChoraleInfill, shared=True, num_layers=2, num_heads=2, reach=2),
    "DPO": adapted_row(
        PreferencesRow, DPO, {"loss", "accuracy", "margin", "kl"}, lambda terms, model: terms["loss"], beta=0.5
    ),
}

SHARED = {name: row for name, row in MODELS.items() if row.shared}

# ---- the same noise for every image ----

RANDOM = [(vae, "standard_normal"), (gan, "standard_normal"), (gan, "uniform"), (diffusion, "standard_normal"),
          (diffusion, "uniform"), (denoising, "standard_normal"), (groups, "uniform"),
          (sentence_vae, "standard_normal"), (sentence_vae, "uniform"), (palette, "standard_normal"),
          (vae_gan, "standard_normal"), (cyclegan, "uniform"), (infill, "uniform")]


def constant_noise(shape, seed=None):
    return 0.5 * tf.ones(shape)


@contextlib.contextmanager
def constant_draws():
    with pytest.MonkeyPatch.context() as patch:
        for module, name in RANDOM:
            patch.setattr(module, name, constant_noise)
        yield
