"""What is added to a network begins without effect, does what its formula says, and reaches the learning."""

import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.finetuning import AdapterDense, LoRADense, PrefixAttention
from aigc_tf.transformer import SelfAttention, attention_weights, causal_mask

INPUTS = tf.random.stateless_normal((2, 3, 4), seed=(0, 0))
PLACES, VISIBLE = tf.range(3), causal_mask(3)


def by_hand(kernel, shape, start=0.0, step=0.1):
    """A kernel of 0, 0.1, 0.2, …"""
    kernel.assign(start + step * np.arange(np.prod(shape)).reshape(shape))
    return kernel.numpy()


@pytest.mark.parametrize("make", [lambda: LoRADense(5, rank=2, alpha=4.0), lambda: AdapterDense(5, size=2)],
                         ids=["LoRA", "adapter"])
def test_at_first_a_wrapped_layer_does_what_the_dense_one_does(make):
    layer = make()
    np.testing.assert_array_equal(layer(INPUTS), layer.dense(INPUTS))


def test_lora_adds_a_product_of_two_small_matrices():
    layer = LoRADense(5, rank=2, alpha=6.0)
    layer(INPUTS)
    a, b = by_hand(layer.lora_a.kernel, (4, 2)), by_hand(layer.lora_b.kernel, (2, 5))
    expected = INPUTS.numpy() @ (layer.dense.kernel.numpy() + 3 * a @ b)  # alpha / rank = 3
    np.testing.assert_allclose(layer(INPUTS), expected, rtol=1e-5, atol=1e-6)


def test_merged_lora_weights_are_those_of_a_plain_layer():
    layer = LoRADense(5, rank=2, alpha=6.0)
    layer(INPUTS)
    by_hand(layer.lora_b.kernel, (2, 5))
    np.testing.assert_allclose(tf.matmul(INPUTS, layer.merged()[None]), layer(INPUTS), rtol=1e-5, atol=1e-6)


def test_one_factor_of_lora_begins_at_random_so_that_the_other_learns():
    """Were both zero, neither would get a gradient."""
    layer = LoRADense(5, rank=2, alpha=6.0)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(layer(INPUTS)))
    assert np.any(tape.gradient(loss, layer.lora_b.trainable_weights)[0])


def test_an_adapter_adds_a_small_network_behind_the_dense_layer():
    layer = AdapterDense(5, size=2)
    layer(INPUTS)
    down, up = by_hand(layer.down.kernel, (5, 2)), by_hand(layer.up.kernel, (2, 5))
    outputs = layer.dense(INPUTS).numpy()
    expected = outputs + tf.nn.gelu(outputs @ down).numpy() @ up
    np.testing.assert_allclose(layer(INPUTS), expected, rtol=1e-5, atol=1e-6)


def prefixed(qk_norm=False):
    """Attention of one head, so that a reference is short, with a prefix whose values are not zero."""
    layer = PrefixAttention(4, 1, False, qk_norm, False, size=2)
    layer(INPUTS, PLACES, VISIBLE)
    return layer, by_hand(layer.prefix_values.embeddings, (2, 4), start=1.0)


def plain(layer):
    """The same attention without the prefix: (batch, time, width)."""
    other = SelfAttention(4, 1, False, layer.qk_norm, False)
    other(INPUTS, PLACES, VISIBLE)
    for name in ("query", "key", "value", "join"):
        getattr(other, name).kernel.assign(getattr(layer, name).kernel.numpy())
    return other(INPUTS, PLACES, VISIBLE)[0].numpy()


def test_at_first_a_prefix_has_no_effect():
    layer = PrefixAttention(4, 1, False, False, False, size=2)
    np.testing.assert_allclose(layer(INPUTS, PLACES, VISIBLE)[0], plain(layer), rtol=1e-6)


def test_a_prefix_adds_attention_to_its_own_keys_and_values():
    layer, values = prefixed()
    weights = attention_weights(layer.query(INPUTS), layer.prefix_keys.embeddings.numpy()).numpy()
    expected = plain(layer) + layer.join(weights @ values).numpy()
    np.testing.assert_allclose(layer(INPUTS, PLACES, VISIBLE)[0], expected, rtol=1e-5, atol=1e-6)


def test_where_keys_are_normalised_the_length_of_a_prefix_has_no_influence():
    layer, _ = prefixed(qk_norm=True)
    before = layer(INPUTS, PLACES, VISIBLE)[0]
    layer.prefix_keys.embeddings.assign(10 * layer.prefix_keys.embeddings.numpy())
    np.testing.assert_allclose(layer(INPUTS, PLACES, VISIBLE)[0], before, rtol=1e-4, atol=1e-5)


def test_a_prefix_takes_no_place_in_the_cache():
    layer, _ = prefixed()
    _, (keys, values) = layer(INPUTS, PLACES, VISIBLE)
    assert keys.shape == values.shape == (2, 1, 3, 4)
