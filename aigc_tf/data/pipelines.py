"""tf.data pipelines: batches of arrays, made before they are needed, with random changes drawn anew each epoch."""

import numpy as np
import tensorflow as tf

from aigc_tf.data.loading import check_images


def prefetched(dataset):
    """The dataset with two batches made ahead, and without tf.data's autotuning.

    The course's pipelines say how parallel they are, so there is nothing to tune. And the tuner costs: at the end of an
    epoch the iterator waits for the tuner's thread, which may sleep on until it has slept 10 ms · (2ᵏ − 1) in all, so
    that an epoch of 3 s takes 5.11 s and one of 6 s takes 10.23 s (seen with TensorFlow 2.15 and 2.21).
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.prefetch(2).with_options(options)


def image_dataset(images, labels=None, *, batch_size, shuffle=True, seed=None):
    """A `tf.data.Dataset` of batches: images float32 in [0, 1], alone or with their labels.

    It shuffles indices and gathers whole batches, which is many times cheaper than shuffling and batching images one
    by one. A new order is drawn every epoch; the last batch holds what is left over.

    Args:
        images: (N, H, W, C), uint8 or floats in [0, 1]; kept in memory in the type they come in.
        labels: (N,) integers, or None.
        batch_size: images per batch, at least 1.
        shuffle: whether to draw a new order each epoch.
        seed: makes the sequence of orders repeatable.

    Raises:
        ValueError: for bad images (see `scale_images`), another number of labels, or batch_size < 1.
    """
    check_images(images)
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1. Received: {batch_size}")
    if labels is not None and np.shape(labels) != (len(images),):
        raise ValueError(f"{len(images)} images need labels of shape ({len(images)},). Received: {np.shape(labels)}")
    images = tf.convert_to_tensor(images)
    scale = 1.0 / 255.0 if images.dtype == tf.uint8 else 1.0
    labels = None if labels is None else tf.convert_to_tensor(labels)

    def gather(indices):
        batch = tf.cast(tf.gather(images, indices), tf.float32) * scale
        return batch if labels is None else (batch, tf.gather(labels, indices))

    indices = tf.data.Dataset.range(len(images))
    if shuffle:
        indices = indices.shuffle(len(images), seed=seed)
    return prefetched(indices.batch(batch_size).map(gather, num_parallel_calls=2))


def with_new_draws(dataset, transform, *, seed=None):
    """Applies a random transformation to the images of each batch, drawn anew in every epoch.

    A plain `dataset.map(binarize)` would repeat itself: once the global seed is set, tf.data restarts the random
    numbers of a mapped function with every pass. So each batch is given a seed of its own here.

    Args:
        dataset: batches of images, or of (images, labels).
        transform: function `(images, seed=...)` → images, such as `binarize`; for a pair such as (damaged, clean) it
            may return a tuple, if the batches hold images alone.
        seed: makes the sequence of draws repeatable.
    """
    seeds = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True).batch(2)

    def apply(batch, seed):
        if isinstance(batch, tuple):
            return transform(batch[0], seed=seed), *batch[1:]
        return transform(batch, seed=seed)

    return prefetched(tf.data.Dataset.zip((dataset, seeds)).map(apply, num_parallel_calls=2))
