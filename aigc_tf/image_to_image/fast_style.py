"""Style transfer in one pass (chapter 8): `StyleTransfer`, a network that learns one style from many images."""

import keras
import tensorflow as tf
from keras import layers

from aigc_tf.core.distribute import batch_mean
from aigc_tf.core.inputs import as_images, check_finite, unpack
from aigc_tf.core.labels import one_hot_labels
from aigc_tf.core.model import Model, running_means
from aigc_tf.gan.model import from_tanh_range, to_tanh_range
from aigc_tf.image_to_image.networks import doubled, normalized
from aigc_tf.image_to_image.style import activations, as_picture, build_features, style_statistics, transfer_losses

FACTOR = 4  # the network halves the sides twice


def build_transformer(channels, widths, blocks, name="generator"):
    """Images in [−1, 1] → images of the same size: down to a quarter, residual blocks, and up again.

    (Johnson et al. 2016, arXiv:1603.08155, supplement, but smaller, and pixels are repeated where they have transposed
    convolutions; with instance normalization, Ulyanov et al. 2016, arXiv:1607.08022.)
    """

    def block(hidden, width, kernel=3, strides=1):
        convolution = layers.Conv2D(width, kernel, strides, padding="same", use_bias=False)
        return layers.Activation("relu")(normalized(convolution(hidden)))

    images = keras.Input((None, None, channels), name="images")
    hidden = block(images, widths[0], 5)
    for width in widths[1:]:
        hidden = block(hidden, width, strides=2)
    for _ in range(blocks):
        inner = layers.Conv2D(widths[-1], 3, padding="same", use_bias=False)(block(hidden, widths[-1]))
        hidden = layers.Add()([hidden, normalized(inner)])
    for width in reversed(widths[:-1]):
        hidden = layers.Activation("relu")(normalized(doubled(hidden, width, "resize", use_bias=False)))
    stylised = layers.Conv2D(channels, 5, padding="same", activation="tanh")(hidden)
    return keras.Model(images, stylised, name=name)


class StyleTarget(layers.Layer):
    """The `style_statistics` of a style as weights: zeros until they are known."""

    def __init__(self, sizes, **kwargs):
        super().__init__(**kwargs)

        def add(name, shape):
            return self.add_weight(name=name, shape=shape, initializer="zeros", trainable=False)

        self.means = [add(f"mean{number}", (1, 1, 1, size)) for number, size in enumerate(sizes)]
        self.grams = [add(f"gram{number}", (1, size, size)) for number, size in enumerate(sizes)]
        self.built = True

    def statistics(self):
        return tuple([tf.convert_to_tensor(weight) for weight in weights] for weights in (self.means, self.grams))


@keras.saving.register_keras_serializable(package="aigc_tf")
class StyleTransfer(Model):
    """A network that puts images of any size into ONE style in one pass (Johnson et al. 2016, arXiv:1603.08155).

    `adapt` tells it the style and whose features judge, before it trains on batches of images; both are then part of
    its weights, as they are small, but training leaves them as they are.

    Args:
        channels: of the images.
        widths: of the network at full size, half and a quarter.
        blocks: residual blocks.
        content_weight: the dial, at least 0: see `stylise`.
        scales: see `activations`.
        filters, feature_channels: of the network whose features judge.

    Raises:
        ValueError: for another number of widths, or a number out of range.
    """

    def __init__(self, channels=3, widths=(8, 24, 48), blocks=3, content_weight=0.05, scales=3, filters=(16, 32),
                 feature_channels=1, **kwargs):
        super().__init__(**kwargs)
        if len(widths) != 3 or min(*widths, *filters, scales) < 1 or min(blocks, content_weight) < 0:
            raise ValueError(
                "There must be 3 widths; widths, filters and scales must be ≥ 1, blocks and content_weight ≥ 0. "
                f"Received: {widths=}, {filters=}, {scales=}, {blocks=}, {content_weight=}"
            )
        if feature_channels not in (1, channels):
            raise ValueError(f"feature_channels must be 1, or the images' {channels}. Received: {feature_channels}")
        self.channels, self.widths, self.blocks = channels, tuple(widths), blocks
        self.content_weight = content_weight
        self.scales = scales
        self.filters, self.feature_channels = tuple(filters), feature_channels
        self.generator = build_transformer(channels, self.widths, blocks)
        self.features = build_features(self.filters, feature_channels)
        sizes = [channels, *(count * channels // feature_channels for count in self.filters)]
        self.target = StyleTarget(sizes * scales, name="target")
        self.means = running_means("loss", "style", "content")
        self.built = True

    def adapt(self, features, style):
        """Takes over the features, and the style of a picture (H, W, channels) in [0, 1].

        Raises:
            ValueError: for features of other shapes than this model's config says, or a picture that `stylise` refuses.
        """
        ours, theirs = ([tuple(weight.shape) for weight in each.weights] for each in (self.features, features))
        if ours != theirs:
            raise ValueError(f"Weights of the features must have the shapes {ours}. Received: {theirs}")
        picture = as_picture(style)
        if picture.shape[-1] != self.channels:
            raise ValueError(f"The style must have {self.channels} channels. Received: {picture.shape[-1]}")
        self.features.set_weights(features.get_weights())
        means, grams = style_statistics(activations(self.features, picture, self.scales))
        for weight, value in zip([*self.target.means, *self.target.grams], [*means, *grams]):
            weight.assign(value)

    # -- losses → step → evaluate --

    def compute_losses(self, images, labels=None, training=False):
        """The loss, style and content of each image as the network paints it, (batch,).

        Raises:
            ValueError: for images that `translate` refuses.
            tf.errors.InvalidArgumentError: before `adapt`.
        """
        one_hot_labels(labels, None, None)  # it takes none
        images = self._checked(images)
        means, grams = self.target.statistics()
        check = tf.debugging.assert_positive(tf.reduce_sum(means[0]), "There is no style yet: call `adapt` first")
        with tf.control_dependencies([check] if check is not None else []):
            stylised = self._paint(images, training)
        maps = activations(self.features, stylised, self.scales)
        content_maps = activations(self.features, images, self.scales)
        return transfer_losses(maps, content_maps, (means, grams), self.content_weight, self.scales)

    def train_step(self, data):
        with tf.GradientTape() as tape:
            losses = self.compute_losses(*unpack(data), training=True)
            objective = batch_mean(losses["loss"])
        variables = self.generator.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(objective, variables), variables))
        return self.update_metrics(check_finite(losses, self.optimizer.iterations))

    # -- the verbs --

    def _checked(self, images):
        images = tf.convert_to_tensor(images)
        shape = tuple(images.shape)
        if len(shape) != 4 or shape[-1] != self.channels or any(not side or side % FACTOR for side in shape[1:3]):
            raise ValueError(f"Images must have shape (batch, height, width, {self.channels}) with sides that are "
                             f"multiples of {FACTOR}. Received: {shape}")
        return as_images(images, shape[1:])

    @tf.function(reduce_retracing=True)
    def _paint(self, images, training=False):
        return from_tanh_range(self.generator(to_tanh_range(images), training=training))

    def call(self, inputs):
        return self._paint(self._checked(unpack(inputs)[0]))

    def translate(self, images):
        """Images in the style, float32 (N, H, W, channels) in [0, 1].

        Args:
            images: (N, H, W, channels) in [0, 1]; H and W may be any multiples of 4.

        Raises:
            ValueError: for images of another shape or range.
        """
        return self.call(images).numpy()
