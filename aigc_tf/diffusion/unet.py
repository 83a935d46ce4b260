"""The network of a diffusion model (chapter 7): a U-Net, told the time and perhaps the class.

Ronneberger et al. 2015 (arXiv:1505.04597) for the shape, Ho et al. 2020 for its use; small enough for two cores.
"""

import math

import keras
import tensorflow as tf
from keras import layers

TIME_FEATURES = 32  # sines, and as many cosines


def time_features(times):
    """sin and cos of t at 32 frequencies from 1 to 1,000, (batch, 64): near times look alike, far ones do not.

    (Vaswani et al. 2017, arXiv:1706.03762, section 3.5, of a time instead of a position.)

    Args:
        times: (batch,) in [0, 1].
    """
    frequencies = tf.exp(tf.linspace(0.0, math.log(1000.0), TIME_FEATURES))
    angles = times[:, None] * frequencies
    return tf.concat([tf.sin(angles), tf.cos(angles)], axis=-1)


def small():
    """An initializer near 0, so that at first a block changes next to nothing."""
    return keras.initializers.VarianceScaling(1e-4)


def residual_block(hidden, condition, channels, name):
    """Two convolutions, between which the condition stretches and shifts each channel, added to what came in."""
    shortcut = hidden
    if hidden.shape[-1] != channels:
        shortcut = layers.Conv2D(channels, 1, name=f"{name}_shortcut")(hidden)
    hidden = layers.GroupNormalization(8, name=f"{name}_norm1")(hidden)
    hidden = layers.Activation("swish")(hidden)
    hidden = layers.Conv2D(channels, 3, padding="same", name=f"{name}_conv1")(hidden)
    hidden = layers.GroupNormalization(8, name=f"{name}_norm2")(hidden)
    scale = layers.Reshape((1, 1, channels))(layers.Dense(channels, name=f"{name}_scale")(condition))
    shift = layers.Reshape((1, 1, channels))(layers.Dense(channels, name=f"{name}_shift")(condition))
    hidden = layers.Add()([layers.Multiply()([hidden, scale]), hidden, shift])  # hidden · (1 + scale) + shift
    hidden = layers.Activation("swish")(hidden)
    hidden = layers.Conv2D(channels, 3, padding="same", kernel_initializer=small(), name=f"{name}_conv2")(hidden)
    return layers.Add()([shortcut, hidden])


def build_unet(image_shape, widths=(48, 96), num_blocks=1, num_classes=None, name="network"):
    """Noisy images, time features (and one-hot labels) → a prediction in the shape of the images.

    The first convolution reads patches of 2 × 2, then each level halves height and width; on the way up each level
    also gets what it was on the way down. An all-zero row of `one_hot_labels` means "any class".

    Args:
        image_shape: (height, width, channels); the sides must be multiples of 2 to the number of widths.
        widths: channels of each level, multiples of 8.
        num_blocks: residual blocks of each level, on the way down and on the way up.
        num_classes: of a conditional model, or None.

    Raises:
        ValueError: for image sides or widths that do not fit.
    """
    factor = 2 ** len(widths)
    if not widths or any(side % factor for side in image_shape[:2]) or any(width % 8 for width in widths):
        raise ValueError(
            "The image's sides must be multiples of 2 to the number of widths, and widths multiples of 8. "
            f"Received: {image_shape=}, {widths=}"
        )
    inputs = [keras.Input(image_shape, name="noisy"), keras.Input((2 * TIME_FEATURES,), name="time_features")]
    condition = layers.Dense(2 * widths[0], name="time")(inputs[1])
    if num_classes:
        inputs.append(keras.Input((num_classes,), name="one_hot_labels"))
        condition = layers.Add()([condition, layers.Dense(2 * widths[0], use_bias=False, name="label")(inputs[2])])
    condition = layers.Activation("swish")(condition)
    condition = layers.Dense(2 * widths[0], activation="swish", name="condition")(condition)

    hidden, skips = inputs[0], []
    for level, channels in enumerate(widths):
        hidden = layers.Conv2D(channels, 2, strides=2, name=f"down{level}")(hidden)
        for block in range(num_blocks):
            hidden = residual_block(hidden, condition, channels, f"down{level}_block{block}")
        skips.append(hidden)
    hidden = residual_block(hidden, condition, widths[-1], "middle")
    for level, channels in reversed(list(enumerate(widths))):
        hidden = layers.Concatenate()([hidden, skips.pop()])
        for block in range(num_blocks):
            hidden = residual_block(hidden, condition, channels, f"up{level}_block{block}")
        if level:
            hidden = layers.Conv2DTranspose(widths[level - 1], 2, strides=2, name=f"up{level}")(hidden)
    hidden = layers.Activation("swish")(layers.GroupNormalization(8, name="out_norm")(hidden))
    outputs = layers.Conv2DTranspose(image_shape[-1], 2, strides=2, kernel_initializer=small(), name="out")(hidden)
    return keras.Model(inputs, outputs, name=name)
