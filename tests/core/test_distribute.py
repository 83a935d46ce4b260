"""Means and clipping over a batch that several devices share, beside a device whose part is written down here."""

import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.core.distribute import batch_mean, clip_by_global_norm


class Replica:
    """One of several devices: the others have `other`, all together. (tests/test_contract.py has real ones.)"""

    def __init__(self, other, devices=2):
        self.other, self.num_replicas_in_sync = other, devices

    def all_reduce(self, operation, value):
        assert operation == tf.distribute.ReduceOp.SUM
        return tf.nest.map_structure(tf.add, value, self.other)


@pytest.fixture
def beside(monkeypatch):
    """Puts this process on a device that shares its batch with `other`."""
    return lambda *arguments: monkeypatch.setattr(
        tf.distribute, "get_replica_context", lambda: Replica(*arguments)
    )


def test_on_one_device_it_is_the_mean():
    assert float(batch_mean(tf.constant([1.0, 2.0, 6.0]))) == 3


def test_outside_of_a_device_it_is_the_mean(monkeypatch):
    """Between the steps of a strategy there is no replica to ask."""
    monkeypatch.setattr(tf.distribute, "get_replica_context", lambda: None)
    assert float(batch_mean(tf.constant([1.0, 2.0, 6.0]))) == 3


def test_a_device_divides_by_the_examples_of_all_devices(beside):
    """Two examples here and six elsewhere: its share of the mean is (3 + 5) / 8."""
    beside(6.0)
    assert float(batch_mean(tf.constant([3.0, 5.0]))) == 1


def test_the_mean_keeps_the_kind_of_number():
    assert batch_mean(tf.constant([1.0, 2.0], tf.float64)).dtype == tf.float64


def test_gradients_of_norm_5_are_clipped_together():
    clipped = clip_by_global_norm([tf.constant([3.0]), tf.constant([[4.0]])], 1.0)
    np.testing.assert_allclose(clipped[0], [0.6], rtol=1e-6)
    np.testing.assert_allclose(clipped[1], [[0.8]], rtol=1e-6)


def test_small_gradients_stay_as_they_are():
    np.testing.assert_allclose(clip_by_global_norm([tf.constant([0.3, 0.4])], 1.0)[0], [0.3, 0.4], rtol=1e-6)


def test_outside_of_a_device_gradients_are_clipped_whole(monkeypatch):
    monkeypatch.setattr(tf.distribute, "get_replica_context", lambda: None)
    np.testing.assert_allclose(clip_by_global_norm([tf.constant([3.0, 4.0])], 1.0)[0], [0.6, 0.8], rtol=1e-6)


def test_the_norm_is_that_of_all_devices_and_each_hands_on_an_equal_share(beside):
    """(3, 0) here and (0, 4) elsewhere: norm 5, clipped to (0.6, 0.8), of which this device gives half."""
    beside([tf.constant([0.0, 4.0])])
    np.testing.assert_allclose(clip_by_global_norm([tf.constant([3.0, 0.0])], 1.0)[0], [0.3, 0.4], rtol=1e-6)


def test_of_four_devices_each_hands_on_a_quarter(beside):
    beside([tf.constant([0.0, 4.0])], 4)
    np.testing.assert_allclose(clip_by_global_norm([tf.constant([3.0, 0.0])], 10.0)[0], [0.75, 1.0], rtol=1e-6)


def test_an_embeddings_sparse_gradient_is_taken_too():
    """Rows 0 and 2 of three: (3, 0) and (0, 4)."""
    sparse = tf.IndexedSlices(tf.constant([[3.0, 0.0], [0.0, 4.0]]), tf.constant([0, 2]), tf.constant([3, 2]))
    np.testing.assert_allclose(clip_by_global_norm([sparse], 1.0)[0], [[0.6, 0], [0, 0], [0, 0.8]], rtol=1e-6)
