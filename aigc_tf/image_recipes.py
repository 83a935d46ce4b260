"""Kinds of recipes for chapter 8, from image to image: what each learns from, and its words for the record."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import tensorflow as tf

from aigc_tf import checkpoints, data
from aigc_tf.data import pictures
from aigc_tf.image_to_image import feature_network
from aigc_tf.recipe_kinds import TRANSFORMS, GANRecipe, Recipe, augment_drawings


@dataclass(frozen=True)
class ConceptsRecipe(Recipe):
    """The same for OpenMoji, split by concept (`data.load_openmoji_by_concept`): (train, validation, test)."""

    size: int = 32  # pixels of a drawing's side
    transform: object = augment_drawings

    def load(self):
        return data.load_openmoji_by_concept(size=self.size)

    def batches(self, parts, seed=0):
        """Drawings in colour, changed anew in every epoch, alone or with the numbers of their groups."""
        train = parts[0]
        labels = data.group_numbers(train) if self.labels else None
        batches = data.image_dataset(train.colour, labels, batch_size=self.batch_size, seed=seed)
        return data.with_new_draws(batches, self.transform, seed=seed)

    def made_of(self):
        """What a batch holds, for the record."""
        return TRANSFORMS[self.transform] + (", with their groups" if self.labels else "")

    def description(self):
        drawings = f"OpenMoji, the training concepts, {self.size} × {self.size}"
        return {**super().description(), "data": f"{drawings}, {self.made_of()}"}


@dataclass(frozen=True)
class ConceptsGANRecipe(ConceptsRecipe, GANRecipe):
    """The same for two players."""


@dataclass(frozen=True)
class PairsRecipe(ConceptsRecipe):
    """The same for pairs of an outline and a drawing in colour, changed together."""

    def batches(self, parts, seed=0):
        train = parts[0]
        both = np.concatenate([train.outline, train.colour], axis=-1)
        batches = data.image_dataset(both, batch_size=self.batch_size, seed=seed)
        changed = data.with_new_draws(batches, self.transform, seed=seed)
        return data.prefetched(changed.map(lambda both: (both[..., :1], both[..., 1:])))

    def made_of(self):
        return f"outlines with the same {TRANSFORMS[self.transform]}"


@dataclass(frozen=True)
class PairsGANRecipe(PairsRecipe, GANRecipe):
    """The same for two players."""


@dataclass(frozen=True)
class UnpairedRecipe(ConceptsRecipe, GANRecipe):
    """The same without pairs: outlines of one half of the drawings, colours of the other half."""

    def batches(self, parts, seed=0):
        train = parts[0]
        halves = np.array_split(np.random.default_rng(0).permutation(len(train.names)), 2)
        sets = [np.repeat(train.outline[halves[0]], 3, axis=-1), train.colour[halves[1]]]
        changed = [
            data.with_new_draws(
                data.image_dataset(images, batch_size=self.batch_size, seed=seed + place), self.transform, seed=seed
            )
            for place, images in enumerate(sets)
        ]
        return data.prefetched(tf.data.Dataset.zip(tuple(changed)))

    def finished(self, model):
        """Without the pools of fakes, which only training needs."""
        plain = type(model).from_config({**model.get_config(), "pool_size": 0})
        for name in ("there", "back", "target_discriminator", "source_discriminator"):
            getattr(plain, name).set_weights(getattr(model, name).get_weights())
        return plain

    def made_of(self):
        return f"outlines of one half, and the other half {TRANSFORMS[self.transform]}"


@dataclass(frozen=True)
class ShrunkRecipe(ConceptsRecipe):
    """The same for pairs of a shrunk drawing and the drawing itself."""

    factor: int = 4

    def batches(self, parts, seed=0):
        drawings = super().batches(parts, seed)
        return data.prefetched(drawings.map(lambda images: (data.shrink(images, self.factor), images)))

    def made_of(self):
        side = self.size // self.factor
        return f"{TRANSFORMS[self.transform]}, with the same shrunk to {side} × {side}"


@dataclass(frozen=True)
class ShrunkGANRecipe(ShrunkRecipe, GANRecipe):
    """The same for two players."""


@dataclass(frozen=True)
class StyleRecipe(ConceptsRecipe):
    """The same for a network of one style, told by the judge of digits: drawings laid side by side, under light.

    `epochs` are passes of `steps_per_epoch` pages; no photograph is among them.
    """

    style: object = pictures.paint_strokes  # function () → a picture
    page: int = 128  # pixels of a page's side
    steps_per_epoch: int = 100
    transform: object = None

    def build(self, parts):
        model = super().build(parts)
        model.adapt(feature_network(checkpoints.load("digit_classifier")), self.style())
        return model

    def batches(self, parts, seed=0):
        drawings = tf.data.Dataset.from_tensor_slices(parts[0].colour).repeat().shuffle(2000, seed=seed)
        seeds = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True).batch(2)
        pages = tf.data.Dataset.zip((drawings.batch(4), seeds)).map(partial(lit_page, side=self.page))
        return data.prefetched(pages.batch(self.batch_size, drop_remainder=True).take(self.steps_per_epoch))

    def made_of(self):
        return f"parts of pages of four, at {self.page} × {self.page}, under coloured light, half of them negatives"


def lit_page(four, seed, side=128):
    """A part of a page of four drawings, enlarged, under coloured light; every second one is a negative.

    Drawings are flat, and white around: with light and shade they teach a network more of what photographs are like.

    Args:
        four: uint8 (4, H, W, 3).
        seed: two integers, for the same page every time.
        side: pixels of the page.

    Returns:
        float32 (side, side, 3) in [0, 1].
    """
    size = four.shape[1]
    seeds = tf.unstack(tf.random.experimental.stateless_split(seed, 8))
    page = tf.reshape(tf.transpose(tf.reshape(four, (2, 2, size, size, 3)), (0, 2, 1, 3, 4)), (2 * size, 2 * size, 3))
    part = tf.random.stateless_uniform((), seeds[0], size, 2 * size + 1, dtype=tf.int32)
    page = tf.image.stateless_random_crop(page, tf.stack([part, part, 3]), seeds[1])
    page = tf.image.resize(page, (side, side), antialias=True) / 255.0
    light = tf.zeros((side, side, 3))
    for cells, strength, own in zip((3, 6, 12, 32, 64), (0.5, 0.25, 0.2, 0.12, 0.08), seeds[2:7]):
        clouds = tf.random.stateless_uniform((cells, cells, 3), own, -strength, strength)
        light += tf.image.resize(clouds, (side, side), method="bicubic")
    page = tf.clip_by_value(page * (0.65 + light) + 0.15 * light[..., ::-1], 0.0, 1.0)
    negative = tf.random.stateless_uniform((), seeds[7]) < 0.5
    return tf.ensure_shape(tf.where(negative, 1.0 - page, page), (side, side, 3))
