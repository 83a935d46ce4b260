"""Features of the classifier that Fréchet distances are measured in."""

import keras
import numpy as np
import pytest

from aigc_tf.metrics.classifier import DigitClassifier, pooled_features


@pytest.fixture(scope="module")
def classifier():
    keras.utils.set_random_seed(0)
    return DigitClassifier(image_shape=(8, 8, 3), filters=(4, 6), feature_dim=5, num_classes=3)


def test_pooled_features_are_the_means_of_the_last_convolution(classifier):
    images = np.random.default_rng(0).random((5, 8, 8, 3)).astype("float32")
    maps = keras.Model(classifier.network.inputs, classifier.network.layers[3].output)(images).numpy()
    assert maps.shape == (5, 4, 4, 6)  # behind one pooling
    np.testing.assert_allclose(pooled_features(classifier, images), maps.mean(axis=(1, 2)), rtol=1e-5)


def test_pooled_features_do_not_depend_on_how_many_images_go_together(classifier):
    images = np.random.default_rng(1).random((7, 8, 8, 3)).astype("float32")
    np.testing.assert_allclose(
        pooled_features(classifier, images, group=3), pooled_features(classifier, images), rtol=1e-5
    )


def test_pooled_features_of_bytes_are_refused(classifier):
    with pytest.raises(ValueError, match="Received: uint8"):
        pooled_features(classifier, np.zeros((2, 8, 8, 3), "uint8"))
