"""Diffusion without labels that sorts the images into groups first, and takes the groups for labels (chapter 7)."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from aigc_tf.core.inputs import as_images, check_count
from aigc_tf.core.labels import one_hot_labels
from aigc_tf.core.noise import uniform
from aigc_tf.diffusion.model import Diffusion


def k_means(points, count, seed=0, rounds=30):
    """The middles of `count` groups of points (N, size), and the group of each point: float32 (count, size), int (N,).

    Every point belongs to the nearest middle, and every middle is the mean of its points: the two are brought together
    step by step (Lloyd 1982), from middles drawn as far apart as k-means++ draws them (Arthur & Vassilvitskii 2007).

    Raises:
        ValueError: for fewer different points than groups.
    """
    from scipy.cluster import vq  # here, since it is slow to import and only `adapt` needs it

    different = len(np.unique(points, axis=0))
    if different < count:
        raise ValueError(f"{count} groups need at least as many different points. Received: {different}")
    middles, groups = vq.kmeans2(points, count, iter=rounds, minit="++", missing="raise", rng=seed)
    return middles.astype("float32"), groups


class Groups(layers.Layer):
    """What `adapt` found, as weights that no training changes: so a checkpoint, which holds layers, holds them.

    Args:
        count: how many groups.
        shape: of an image.
    """

    def __init__(self, count, shape, **kwargs):
        super().__init__(**kwargs)
        options = {"trainable": False, "initializer": "zeros"}
        self.middles = self.add_weight(shape=(count, *shape), name="middles", **options)
        self.shares = self.add_weight(shape=(count,), name="shares", **options)
        self.built = True


@keras.saving.register_keras_serializable(package="aigc_tf")
class GroupedDiffusion(Diffusion):
    """A conditional `Diffusion` that needs no labels: `adapt` finds groups of images that look alike, and they serve.

    Training tells the network the group of each image, `generate` draws groups as often as `adapt` met them, and
    guidance exaggerates what the group changes. (Bao et al. 2022, arXiv:2212.00362, sort the features of another
    network; here pixels do.) Where labels may be given, they are numbers of groups.

    Args:
        num_classes: how many groups, at least 2.
        others: of `Diffusion`.

    Raises:
        ValueError: for fewer than 2 groups, or what `Diffusion` refuses.
    """

    def __init__(self, image_shape=(28, 28, 1), num_classes=50, **kwargs):
        if not isinstance(num_classes, int) or num_classes < 2:
            raise ValueError(f"num_classes, the groups, must be an integer of at least 2. Received: {num_classes}")
        super().__init__(image_shape=image_shape, num_classes=num_classes, **kwargs)
        self.groups = Groups(num_classes, self.image_shape, name="groups")

    @property
    def middles(self):
        """The mean image of each group, zeros before `adapt`."""
        return self.groups.middles

    @property
    def shares(self):
        """What share of the images each group holds, zeros before `adapt`."""
        return self.groups.shares

    def adapt(self, images, seed=0):
        """Finds the groups: their mean images, `middles`, and what share of the images each holds, `shares`.

        Args:
            images: the training images, (N, *image_shape) in [0, 1], as many as there are groups or more.
            seed: of the first middles.

        Raises:
            ValueError: for images of another shape, or fewer different ones than groups.
        """
        points = tf.reshape(as_images(images, self.image_shape), (len(images), -1)).numpy()
        middles, groups = k_means(points, self.num_classes, seed)
        self.middles.assign(tf.reshape(middles, self.middles.shape))
        self.shares.assign(tf.cast(tf.math.bincount(groups, minlength=self.num_classes) / len(points), tf.float32))

    def groups_of(self, images):
        """The number of the nearest middle, int32 (batch,), of images (batch, *image_shape) in [0, 1].

        Raises:
            tf.errors.InvalidArgumentError: before `adapt`.
        """
        points = tf.reshape(as_images(images, self.image_shape), (-1, tf.size(self.middles[0])))
        middles = tf.reshape(self.middles, (self.num_classes, -1))
        check = tf.debugging.assert_positive(tf.reduce_sum(self.shares), "There are no groups yet: call `adapt` first")
        with tf.control_dependencies([check] if check is not None else []):
            distances = tf.reduce_sum(middles**2, axis=1) - 2.0 * tf.matmul(points, middles, transpose_b=True)
        return tf.argmin(distances, axis=1, output_type=tf.int32)

    def _checked(self, images, labels):
        scaled = self._scaled(images)
        labels = self.groups_of(images) if labels is None else labels
        return scaled, one_hot_labels(labels, self.num_classes, images.shape[0])

    def generate(self, num_images, *, seed=None, labels=None, **options):
        """New images, as `Diffusion` generates them, of `labels` or else of groups drawn by their shares.

        Raises:
            ValueError: before `adapt`, or for what `Diffusion.generate` refuses.
        """
        check_count(num_images)
        if labels is None:
            labels = self.draw_groups(num_images, seed)
        return super().generate(num_images, seed=seed, labels=labels, **options)

    def draw_groups(self, count, seed=None):
        """Numbers of groups, int32 (count,), each as likely as its share."""
        if not tf.reduce_sum(self.shares) > 0:
            raise ValueError("There are no groups yet: call `adapt` with the training images first.")
        draws = uniform((count,), None if seed is None else (seed, 3))
        return tf.minimum(tf.searchsorted(tf.cumsum(self.shares), draws, side="right"), self.num_classes - 1)
