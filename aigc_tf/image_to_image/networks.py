"""Networks from images to images (chapter 8): a U-Net, a sub-pixel network, and a discriminator that judges patches.

Images go in and come out in [−1, 1]. The networks are built from plain numbers, and know nothing of losses.
"""

import math

import keras
import tensorflow as tf
from keras import layers

from aigc_tf.core.addons import InstanceNormalization

UPSAMPLING = ("resize", "transposed")
NORMS = ("instance", "layer")


class Networks(tuple):
    """Several networks that one optimizer moves."""

    @property
    def trainable_variables(self):
        return [variable for network in self for variable in network.trainable_variables]


def normalized(hidden):
    """Instance normalization: each channel of each image by itself (Ulyanov et al. 2016, arXiv:1607.08022)."""
    return InstanceNormalization()(hidden)


def doubled(hidden, channels, upsampling, **options):
    """Twice as high and wide: each pixel repeated, then a convolution; or a transposed convolution, as in the papers.

    The windows of a transposed convolution may overlap unevenly, which draws checkerboards (Odena et al. 2016,
    doi:10.23915/distill.00003); those of a convolution after repeated pixels do not.
    """
    if upsampling == "transposed":
        return layers.Conv2DTranspose(channels, 4, strides=2, padding="same", **options)(hidden)
    return layers.Conv2D(channels, 3, padding="same", **options)(layers.UpSampling2D(2)(hidden))


# ---- generators ----


def build_unet(source_shape, target_shape, widths, upsampling="resize", dropout=0.0, name="generator"):
    """A U-Net as in pix2pix (Isola et al. 2017, arXiv:1611.07004, section 6.1.1): images → images of the same size.

    Each level halves height and width; on the way back each level also gets what it was on the way down. Other than
    there the last convolution sees the source itself, too, so that fine lines need not pass through a level.

    Args:
        source_shape, target_shape: (height, width, channels) with the same sides, multiples of 2 to the number of
            widths.
        widths: channels of each level.
        upsampling: a name in `UPSAMPLING` (see `doubled`).
        dropout: rate on the way back, in [0, 1).

    Raises:
        ValueError: for sides that differ, or that do not fit the number of widths.
    """
    factor = 2 ** len(widths)
    if not widths or source_shape[:2] != target_shape[:2] or any(side % factor for side in source_shape[:2]):
        raise ValueError(
            "A U-Net's images keep their sides, and these must be multiples of 2 to the number of widths. Received: "
            f"{source_shape=}, {target_shape=}, {widths=}"
        )
    sources = keras.Input(source_shape, name="sources")
    hidden, skips = sources, []
    for level, width in enumerate(widths):
        hidden = layers.Conv2D(width, 4, strides=2, padding="same")(hidden)
        inside = 0 < level < len(widths) - 1  # not on the smallest map: there is too little to take a mean of
        hidden = layers.LeakyReLU(0.2)(normalized(hidden) if inside else hidden)
        skips.append(hidden)
    skips.pop()
    for width in reversed(widths[:-1]):
        hidden = layers.Dropout(dropout)(normalized(doubled(hidden, width, upsampling)))
        hidden = layers.Concatenate()([layers.ReLU()(hidden), skips.pop()])
    hidden = layers.ReLU()(doubled(hidden, widths[0] // 2, upsampling))
    hidden = layers.Concatenate()([hidden, sources])
    images = layers.Conv2D(target_shape[-1], 3, padding="same", activation="tanh", name="images")(hidden)
    return keras.Model(sources, images, name=name)


def build_sub_pixel_network(source_shape, target_shape, widths, upsampling=None, dropout=None, name="generator"):
    """Small images → large ones: residual blocks at the small size, then pixels made of channels.

    Blocks without normalization as in EDSR (Lim et al. 2017, arXiv:1707.02921, section 3.1), sub-pixel layers of Shi et
    al. 2016 (arXiv:1609.05158, equation 4). What is learnt is added to the source, enlarged by bicubic interpolation.

    Args:
        source_shape, target_shape: (height, width, channels); the target's sides are 2, 4, 8, … times the source's.
        widths: channels of each residual block, all the same.
        upsampling, dropout: of other networks; not used.

    Raises:
        ValueError: for sides that are no such multiple, other channels, or widths that differ.
    """
    factor = target_shape[0] // source_shape[0]
    fits = tuple(target_shape) == (factor * source_shape[0], factor * source_shape[1], source_shape[2])
    if factor < 2 or factor & (factor - 1) or not fits or len(set(widths)) != 1:
        raise ValueError(
            "The target's sides must be 2, 4, 8, … times the source's, with as many channels, and all widths the same. "
            f"Received: {source_shape=}, {target_shape=}, {widths=}"
        )
    sources = keras.Input(source_shape, name="sources")
    hidden = layers.Conv2D(widths[0], 3, padding="same")(sources)
    for width in widths:
        change = layers.Conv2D(width, 3, padding="same", activation="relu")(hidden)
        hidden = layers.Add()([hidden, layers.Conv2D(width, 3, padding="same")(change)])
    for _ in range(int(math.log2(factor))):
        hidden = PixelShuffle()(layers.Conv2D(4 * widths[-1], 3, padding="same", activation="relu")(hidden))
    change = layers.Conv2D(target_shape[-1], 3, padding="same", name="change")(hidden)
    images = layers.Add()([Enlarge(target_shape[:2])(sources), change])
    return keras.Model(sources, images, name=name)


@keras.saving.register_keras_serializable(package="aigc_tf")
class PixelShuffle(layers.Layer):
    """(batch, H, W, 4 C) → (batch, 2 H, 2 W, C): of each four channels a square of pixels (Shi et al. 2016)."""

    def call(self, inputs):
        return tf.nn.depth_to_space(inputs, 2)

    def compute_output_shape(self, shape):
        return (shape[0], 2 * shape[1], 2 * shape[2], shape[3] // 4)


@keras.saving.register_keras_serializable(package="aigc_tf")
class Enlarge(layers.Layer):
    """Bicubic interpolation to `size`, (height, width)."""

    def __init__(self, size, **kwargs):
        super().__init__(**kwargs)
        self.size = tuple(size)

    def get_config(self):
        return {**super().get_config(), "size": self.size}

    def call(self, inputs):
        return tf.image.resize(inputs, self.size, method="bicubic")

    def compute_output_shape(self, shape):
        return (shape[0], *self.size, shape[3])


GENERATORS = {"sub_pixel": build_sub_pixel_network, "unet": build_unet}

# ---- discriminators ----


def build_patch_discriminator(shapes, widths, norm="instance", name="discriminator"):
    """Images → one logit for each patch, (batch, h, w, 1), positive for "real" (PatchGAN, Isola et al., section 6.1.2).

    Args:
        shapes: (height, width, channels) of the images that it sees together: [target], or [source, target].
        widths: channels; each layer but the last halves height and width.
        norm: a name in `NORMS`: "instance", of each channel by itself, which hides how much of each colour there is; or
            "layer", of all channels of an image together (Ba et al. 2016, arXiv:1607.06450), which does not.

    Raises:
        ValueError: if the images differ in size.
    """
    if len({tuple(shape[:2]) for shape in shapes}) > 1:
        raise ValueError(f"What a discriminator sees together must have one height and width. Received: {shapes}")
    inputs = [keras.Input(shape) for shape in shapes]
    hidden = layers.Concatenate()(inputs) if len(inputs) > 1 else inputs[0]
    for level, width in enumerate(widths):
        strides = 2 if level < len(widths) - 1 else 1
        hidden = layers.Conv2D(width, 4, strides=strides, padding="same")(hidden)
        if level:
            hidden = normalized(hidden) if norm == "instance" else layers.GroupNormalization(1)(hidden)
        hidden = layers.LeakyReLU(0.2)(hidden)
    logits = layers.Conv2D(1, 4, padding="same", name="logits")(hidden)
    return keras.Model(inputs if len(inputs) > 1 else inputs[0], logits, name=name)
