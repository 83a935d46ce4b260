"""The moving average of weights, against its formula."""

import keras
import numpy as np
import pytest

from aigc_tf.core.averages import averaged_copy, update_average


def one_weight(value=0.0):
    network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    network.set_weights([np.array([[value]])])
    return network


@pytest.mark.parametrize("step, kept", [(1, 2 / 11), (8, 0.5), (10**6, 0.9)])
def test_the_decay_is_small_at_first_and_never_above_what_was_asked(step, kept):
    average = one_weight(1.0)
    update_average(average, one_weight(0.0), decay=0.9, step=step)
    assert average.get_weights()[0][0, 0] == pytest.approx(kept, rel=1e-6)


def test_a_copy_has_the_weights_and_no_optimizer_moves_it():
    copy = averaged_copy(one_weight, one_weight(3.0))
    assert copy.get_weights()[0][0, 0] == 3.0
    assert copy.trainable_variables == []


def test_statistics_of_batch_norm_are_averaged_too():
    def build():
        return keras.Sequential([keras.Input((1,)), keras.layers.BatchNormalization()])

    network, average = build(), build()
    network.set_weights([np.full(1, 5.0)] * 4)
    update_average(average, network, decay=0.0, step=1)
    assert [weight.item() for weight in average.get_weights()] == [5.0] * 4
