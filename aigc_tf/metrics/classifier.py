"""The evaluator of chapter 3: a small digit classifier whose features and probabilities the metrics are computed on."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from aigc_tf.core.distribute import batch_mean
from aigc_tf.core.inputs import as_images, as_labels, check_finite, unpack
from aigc_tf.core.model import Model, running_means


def build_classifier(image_shape, filters, feature_dim, num_classes, dropout):
    """Images → (features, logits): two convolutions with pooling, one dense layer of features, one of logits."""
    images = keras.Input(image_shape, name="images")
    hidden = images
    for count in filters:
        hidden = layers.Conv2D(count, 5, padding="same", activation="relu")(hidden)
        hidden = layers.MaxPooling2D(2)(hidden)
    features = layers.Dense(feature_dim, activation="relu", name="features")(layers.Flatten()(hidden))
    logits = layers.Dense(num_classes, name="logits")(layers.Dropout(dropout)(features))
    return keras.Model(images, [features, logits], name="network")


@keras.saving.register_keras_serializable(package="aigc_tf")
class DigitClassifier(Model):
    """A convolutional classifier (LeCun et al. 1998), trained on `(images, labels)`; calling it gives logits.

    Args:
        image_shape: (height, width, channels).
        filters: of the 5 × 5 convolutions, each followed by 2 × 2 max pooling.
        feature_dim: size of the last hidden layer, in which distances between distributions are measured.
        num_classes: number of classes.
        dropout: share of the features that is dropped in training.
    """

    def __init__(
        self, image_shape=(28, 28, 1), filters=(16, 32), feature_dim=64, num_classes=10, dropout=0.3, **kwargs
    ):
        super().__init__(**kwargs)
        if feature_dim < 1 or num_classes < 2:
            raise ValueError(
                f"feature_dim must be ≥ 1 and num_classes ≥ 2. Received: {feature_dim=}, {num_classes=}"
            )
        self.image_shape = tuple(image_shape)
        self.filters = tuple(filters)
        self.feature_dim = feature_dim
        self.num_classes = num_classes
        self.dropout = dropout
        self.network = build_classifier(self.image_shape, self.filters, feature_dim, num_classes, dropout)
        self.means = running_means("loss", "accuracy")
        self.built = True  # the network has its weights: the model can be saved before its first batch

    # -- losses → step → evaluate --

    def compute_losses(self, images, labels=None, training=False):
        """Cross entropy −ln p(label|image) in nats, and whether the guess is right (0 or 1), each (batch,)."""
        if labels is None:
            raise ValueError("A classifier needs labels to learn from. Received: None")
        images = as_images(images, self.image_shape)
        labels = as_labels(labels, self.num_classes, images.shape[0])
        _, logits = self.network(images, training=training)
        guesses = tf.argmax(logits, axis=-1, output_type=tf.int32)
        return {
            "loss": tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits),
            "accuracy": tf.cast(guesses == labels, tf.float32),
        }

    def train_step(self, data):
        images, labels = unpack(data)
        with tf.GradientTape() as tape:
            losses = self.compute_losses(images, labels, training=True)
            objective = batch_mean(losses["loss"])
        gradients = tape.gradient(objective, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        return self.update_metrics(check_finite(losses, self.optimizer.iterations))

    def call(self, inputs, training=False):
        images, _ = unpack(inputs)
        return self.network(as_images(images, self.image_shape), training=training)[1]

    # -- the verbs --

    def features_and_probabilities(self, images, *, group=1000):
        """What the metrics need of images.

        Args:
            images: (N, *image_shape) in [0, 1].
            group: images that are looked at together, which bounds the memory.

        Returns:
            (features, probabilities): float32 NumPy arrays (N, feature_dim) and (N, num_classes).
        """
        images = as_images(images, self.image_shape)
        count = len(images)
        groups = [images[at:at + group] for at in range(0, count, group)]
        parts = [self.network(part, training=False) for part in groups]  # large parts, so eager is as fast
        features = np.concatenate([part[0] for part in parts])
        return features, np.concatenate([tf.nn.softmax(part[1]) for part in parts])


def pooled_features(classifier, images, *, group=1000):
    """Means over places of what the classifier's last convolution makes of images: which patterns there are, how often.

    FID's own features are such means (Heusel et al. 2017, arXiv:1706.08500, of Inception's last map). What a class is
    decided by stands in the last hidden layer instead; of a drawing that is its shape, hardly its colours.

    Args:
        classifier: a `DigitClassifier`.
        images: (N, *image_shape) in [0, 1].
        group: images that are looked at together, which bounds the memory.

    Returns:
        float32 NumPy array (N, filters[-1]).

    Raises:
        ValueError: see `inputs.as_images`.
    """
    images = as_images(images, classifier.image_shape)
    last = [layer for layer in classifier.network.layers if isinstance(layer, layers.Conv2D)][-1]
    network = keras.Model(classifier.network.inputs, last.output)
    parts = [network(images[at:at + group], training=False) for at in range(0, len(images), group)]
    return np.concatenate([tf.reduce_mean(part, axis=(1, 2)) for part in parts])
