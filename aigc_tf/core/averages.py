"""A moving average of a network's weights, which draws better samples than the weights of the last step."""

import tensorflow as tf


def averaged_copy(build, network):
    """A network that `build()` makes, with the weights of `network`, and that no optimizer moves."""
    average = build()
    average.set_weights(network.get_weights())
    average.trainable = False
    return average


def update_average(average, network, *, decay, step):
    """average ← d · average + (1 − d) · weight, with d = min(decay, (1 + step) / (10 + step)).

    (Yazıcı et al. 2019, arXiv:1806.04498.) A smaller d at first keeps early samples from showing the first weights. All
    weights are averaged, batch normalization's statistics too.

    Args:
        average, network: two networks of the same layers.
        decay: in [0, 1).
        step: optimizer steps that the network has made.
    """
    step = tf.cast(step, tf.float32)
    decay = tf.minimum(decay, (1.0 + step) / (10.0 + step))
    for mean, weight in zip(average.weights, network.weights):
        mean.assign(mean + (1.0 - decay) * (weight - mean))
