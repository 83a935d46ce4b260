"""Style transfer, pixel by pixel (chapter 8): what style and content are, and `stylise`, which optimises one picture.

Both are said in the features of a network that was trained for something else, or for nothing: `feature_network` has
those of the course's own classifiers, `random_feature_network` those of chance.
"""

from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from aigc_tf.core.inputs import as_images
from aigc_tf.core.optimizers import FusedAdam

KERNEL = 5  # of the convolutions, as in `DigitClassifier`
PYRAMID = 4  # sizes in which `stylise` moves pixels: one by one, and in squares of 2, 4 and 8

# -- what is compared --


def gram_matrix(features):
    """G_ij = 1/M Σ_k F_ik F_jk: which features occur together, wherever they are (Gatys et al. 2016, equation 3).

    (Gatys, Ecker & Bethge 2016, "Image style transfer using convolutional neural networks", CVPR.) There it is the sum
    over the M places of the map; here it is their mean, so that pictures of different sizes can be compared.

    Args:
        features: activations of a layer, (batch, height, width, N).

    Returns:
        float32 (batch, N, N).
    """
    shape = tf.shape(features)
    rows = tf.reshape(features, (shape[0], shape[1] * shape[2], features.shape[-1]))
    return tf.matmul(rows, rows, transpose_a=True) / tf.cast(shape[1] * shape[2], tf.float32)


def style_statistics(maps):
    """What is known of a style: for each layer μ, the mean activations, and A, the Gram matrix about μ.

    Activations are never below 0, so part of the plain Gram matrix is μμᵀ (of the pixels' own most of it), which a
    picture of the right colours has, too; about μ it is the covariance.
    (Novak & Nikulin 2016, arXiv:1605.04603, shift activations, too, by a fixed number.)

    Args:
        maps: for each layer (1, height, width, N).

    Returns:
        (means, grams), for each layer (1, 1, 1, N) and (1, N, N).
    """
    means = [tf.reduce_mean(layer, axis=(1, 2), keepdims=True) for layer in maps]
    return means, [gram_matrix(layer - mean) for layer, mean in zip(maps, means)]


def style_loss(maps, means, grams):
    """1/L Σ_l Σ_ij (G_ij − A_ij)² / Σ_ij A_ij², (batch,), with G = gram_matrix(F − μ) of each layer.

    Equations 4 and 5 there with weights that make each of L layers count alike, however large its activations are. 0 is
    the style itself.

    Args:
        maps: F of each layer, (batch, height, width, N).
        means, grams: μ and A, the style's (`style_statistics`).
    """
    errors = [relative_error(gram_matrix(layer - mean), gram) for layer, mean, gram in zip(maps, means, grams)]
    return tf.add_n(errors) / len(errors)


def content_loss(features, content_features):
    """Σ_ij (F_ij − P_ij)² / Σ_ij P_ij², (batch,): how far activations are from the content's, place by place.

    Equation 1 there, which has ½ for the denominator: 1 is a picture without any activations.

    Args:
        features, content_features: activations of one layer, (batch, height, width, N).
    """
    return relative_error(features, content_features)


def relative_error(values, targets):
    """Σ (value − target)² / Σ target², (batch,)."""
    axes = list(range(1, len(targets.shape)))
    return tf.reduce_sum((values - targets) ** 2, axes) / (tf.reduce_sum(targets**2, axes) + 1e-8)


# -- whose features --


def build_features(filters, channels, seed=None, name="features"):
    """Images (batch, height, width, channels) of any size → activations of each convolution of a `DigitClassifier`.

    Args:
        filters: of the convolutions, one or more; pooling halves the map between them.
        channels: of the images.
        seed: of weights of chance (He et al. 2015, arXiv:1502.01852), for which a grey of ½ is nothing: the filters
            would otherwise see brightness alone. None: weights that are to be replaced.
    """
    images = hidden = keras.Input((None, None, channels), name="images")
    activations = []
    for level, count in enumerate(filters):
        hidden = layers.MaxPooling2D(2)(hidden) if level else hidden
        hidden = layers.Conv2D(count, KERNEL, padding="same", activation="relu", name=f"feature_{level}")(hidden)
        activations.append(hidden)
    network = keras.Model(images, activations, name=name)
    network.trainable = False
    if seed is not None:
        random = np.random.default_rng(seed)
        for level in range(len(filters)):
            layer = network.get_layer(f"feature_{level}")
            shape = layer.kernel.shape
            kernel = random.normal(scale=(2 / np.prod(shape[:3])) ** 0.5, size=shape)
            layer.set_weights([kernel, (-0.5 if level == 0 else 0.0) * kernel.sum((0, 1, 2))])
    return network


def feature_network(classifier):
    """The convolutions of a trained `DigitClassifier`, copied, for images of any size (see `build_features`)."""
    network = build_features(classifier.filters, classifier.image_shape[-1])
    trained = [layer for layer in classifier.network.layers if isinstance(layer, layers.Conv2D)]
    network.set_weights([weight for layer in trained for weight in layer.get_weights()])
    return network


def random_feature_network(filters=(16, 32), channels=1, seed=0):
    """The same convolutions with weights of chance: the baseline, which does better than one expects.

    (He, Wang & Hopcroft 2016, arXiv:1606.04801; for textures Ustyuzhaninov et al. 2016, arXiv:1606.00021.)
    """
    return build_features(filters, channels, seed)


def activations(network, images, scales):
    """What style is made of, a list of maps: the pixels and each layer's activations, at each of several sizes.

    A network of two layers sees 14 pixels; so that larger strokes count, it also looks at the images at half their
    size, a quarter, …. The pixels stand for the colours. A network for grey images looks at each channel by itself.

    Args:
        network: a `feature_network`.
        images: (batch, height, width, C) in [0, 1].
        scales: how many sizes, at least 1.
    """
    maps = []
    for scale in range(scales):
        images = tf.nn.avg_pool2d(images, 2, 2, "VALID") if scale else images
        channels = images.shape[-1]
        if network.input_shape[-1] == channels:
            maps += [images, *tf.nest.flatten(network(images))]  # of one layer Keras 2 makes no list
        else:
            each = tf.nest.flatten(network(tf.concat(tf.split(images, channels, axis=-1), axis=0)))
            maps += [images, *(tf.concat(tf.split(layer, channels), axis=-1) for layer in each)]
    return maps


def transfer_losses(maps, content_maps, statistics, content_weight, scales):
    """What both ways minimise, style_loss + content_weight · content_loss, and the two: {name: (batch,)}.

    Content is compared in the last layer of the second size, if there is one: that leaves the strokes free.
    """
    place = len(maps) // scales * min(scales, 2) - 1
    style = style_loss(maps, *statistics)
    content = content_loss(maps[place], content_maps[place])
    return {"loss": style + content_weight * content, "style": style, "content": content}


# -- one picture, pixel by pixel --


class Stylised(NamedTuple):
    """What `stylise` returns.

    Args:
        picture: float32 (H, W, C) in [0, 1].
        film: the pictures at the start, after every so many steps, and at the end, float32 (frames, H, W, C).
        losses: of each frame, {"loss" | "style" | "content": (frames,)}.
    """

    picture: np.ndarray
    film: np.ndarray
    losses: dict


def stylise(content, style, features, *, content_weight=0.05, steps=200, learning_rate=0.1, scales=3, every=20):
    """The content in the style, found by Adam on its pixels (Gatys et al. 2016, section 2.3), beginning at the content.

    Pixels are the sigmoid of a sum of images, of full size, half, a quarter and an eighth. Steps of Adam are equally
    large in each, so whole regions change as easily as a single pixel. (Gatys et al. move pixels alone, with L-BFGS;
    with features as few as ours that finds speckles.)

    Args:
        content, style: pictures (H, W, C) in [0, 1], which need not be equally large.
        features: a `feature_network` or `random_feature_network`.
        content_weight: the dial, at least 0, where style alone counts.
        steps: of Adam, at least 0.
        learning_rate: of Adam.
        scales: see `activations`.
        every: steps between two frames of the film.

    Returns:
        `Stylised`.

    Raises:
        ValueError: for a picture of another shape or range, or a number out of range.
    """
    if min(content_weight, steps) < 0 or min(scales, every) < 1:
        raise ValueError("content_weight and steps must be ≥ 0, scales and every ≥ 1. Received: "
                         f"{content_weight=}, {steps=}, {scales=}, {every=}")
    content, style = as_picture(content), as_picture(style)
    content_maps = activations(features, content, scales)
    statistics = style_statistics(activations(features, style, scales))
    height, width, channels = content.shape[1:]
    start = tf.clip_by_value(content, 0.02, 0.98)
    start = tf.math.log(start) - tf.math.log(1.0 - start)
    changes = [tf.Variable(tf.zeros((1, -(-height // 2**level), -(-width // 2**level), channels)))
               for level in range(PYRAMID)]
    optimizer = FusedAdam(keras.optimizers.schedules.CosineDecay(learning_rate, max(steps, 1), alpha=0.05))
    optimizer.build(changes)

    def losses_now():
        pixels = tf.sigmoid(tf.add_n([start, *(tf.image.resize(each, (height, width)) for each in changes)]))
        maps = activations(features, pixels, scales)
        return pixels, transfer_losses(maps, content_maps, statistics, content_weight, scales)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            pixels, losses = losses_now()
        optimizer.apply_gradients(zip(tape.gradient(losses["loss"], changes), changes))
        return pixels, losses  # from before the step

    frames = []
    for number in range(steps):
        pixels, losses = step()
        if number % every == 0:
            frames.append((pixels, losses))
    frames.append(losses_now())
    film = np.concatenate([pixels for pixels, _ in frames])
    history = {name: np.concatenate([losses[name] for _, losses in frames]) for name in frames[0][1]}
    return Stylised(film[-1], film, history)


def as_picture(picture):
    """One picture as a batch, float32 (1, H, W, C).

    Raises:
        ValueError: for another rank, or what `as_images` refuses.
    """
    picture = tf.convert_to_tensor(picture)
    if picture.shape.rank != 3:
        raise ValueError(f"A picture must have shape (height, width, channels). Received: {tuple(picture.shape)}")
    return as_images(picture[tf.newaxis], tuple(picture.shape))
