"""Labels beside the input of a network."""

import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.core.labels import one_hot_labels, with_labels


def test_labels_become_one_hot():
    np.testing.assert_array_equal(one_hot_labels([2, 0], 3, 2), [[0, 0, 1], [1, 0, 0]])


def test_a_model_without_classes_has_no_labels():
    assert one_hot_labels(None, None, 2) is None


@pytest.mark.parametrize("labels, num_classes, message", [
    ([0], None, "num_classes=None and takes no labels. Received: labels"),
    (None, 3, "num_classes=3 and needs labels. Received: None"),
    ([0, 3], 3, "integers from 0 to 2"),
])
def test_labels_that_do_not_suit_the_model_are_refused(labels, num_classes, message):
    with pytest.raises(ValueError, match=message):
        one_hot_labels(labels, num_classes, 2)


def test_labels_stand_beside_the_input_where_there_are_any():
    images, one_hot = tf.zeros((2, 4)), tf.ones((2, 3))
    assert with_labels(images, None) is images
    assert with_labels(images, one_hot) == [images, one_hot]
