"""Attention: its weights by hand, what a mask hides, and what positions add to something that knows no order."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.transformer.attention import (
    RMSNorm,
    SelfAttention,
    attend,
    attention_weights,
    causal_mask,
    put,
    rms_norm,
    rotate,
    sinusoids,
)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def build(width=8, **options):
    keras.utils.set_random_seed(0)
    layer = SelfAttention(width, **{"num_heads": 2, "zero_outputs": False, **options})
    layer(tf.zeros((1, 1, width)), tf.range(1), None)
    return layer


# ---- weights and masks ----


def test_weights_are_a_softmax_of_products_over_the_root_of_their_width():
    """q · k = 2 ln 3 and 0, over √4: scores ln 3 and 0, so weights 3/4 and 1/4."""
    queries, keys = tf.constant([[2 * np.log(3), 0, 0, 7]], tf.float32), tf.constant([[1.0, 0, 0, 0], [0, 1, 0, 0]])
    np.testing.assert_allclose(attention_weights(queries, keys), [[0.75, 0.25]], rtol=1e-6)


def test_weights_of_a_query_sum_to_one():
    weights = attention_weights(normal(2, 3, 5, 4), normal(2, 3, 7, 4, seed=1))
    assert weights.shape == (2, 3, 5, 7)
    np.testing.assert_allclose(tf.reduce_sum(weights, axis=-1), np.ones((2, 3, 5)), rtol=1e-6)


def test_queries_of_zero_give_the_plain_mean_of_the_values():
    values = normal(7, 3)
    expected = np.tile(values.mean(axis=0), (2, 1))
    np.testing.assert_allclose(attend(tf.zeros((2, 4)), normal(7, 4), values), expected, rtol=1e-5, atol=1e-7)


def test_queries_of_zero_behind_the_causal_mask_give_the_mean_so_far():
    values = tf.constant([[3.0], [5.0], [10.0]])
    found = attend(tf.zeros((3, 4)), normal(3, 4), values, causal_mask(3))
    np.testing.assert_allclose(found, [[3], [4], [6]], rtol=1e-6)


def test_the_causal_mask_lets_a_place_look_at_itself_and_back():
    np.testing.assert_array_equal(causal_mask(3), [[True, False, False], [True, True, False], [True, True, True]])


def test_what_is_masked_weighs_nothing_however_well_it_fits():
    weights = attention_weights(tf.constant([[9.0]]), tf.constant([[-9.0], [900.0]]), tf.constant([[True, False]]))
    np.testing.assert_array_equal(weights, [[1, 0]])


# ---- positions ----


def test_a_pair_is_turned_by_its_position():
    """Of width 2 there is one pair, with frequency 1: a turn by 1 radian."""
    turned = rotate(tf.constant([[1.0, 0.0], [0.0, 1.0]]), tf.constant([1, 1]))
    np.testing.assert_allclose(turned, [[np.cos(1), np.sin(1)], [-np.sin(1), np.cos(1)]], rtol=1e-6)


def test_a_number_is_paired_with_the_one_half_the_width_on():
    """Frequencies 1 and 1/100: at position 50, by 50 radians and by half a radian."""
    turned = rotate(tf.constant([[1.0, 2.0, 0.0, 0.0]]), tf.constant([50]))
    np.testing.assert_allclose(turned, [[np.cos(50), 2 * np.cos(0.5), np.sin(50), 2 * np.sin(0.5)]], rtol=1e-5)


def test_position_0_turns_nothing():
    vectors = normal(2, 1, 8)
    np.testing.assert_array_equal(rotate(vectors, tf.constant([0])), vectors)


def test_turning_keeps_lengths():
    vectors = normal(2, 9, 8)
    turned = rotate(vectors, tf.range(9))
    np.testing.assert_allclose(np.linalg.norm(turned, axis=-1), np.linalg.norm(vectors, axis=-1), rtol=1e-5)


def test_a_product_depends_on_the_distance_of_its_positions_alone():
    query, key = normal(2, 1, 8)
    products = [float(tf.reduce_sum(rotate(query, tf.constant([at + 3])) * rotate(key, tf.constant([at]))))
                for at in (0, 1, 40)]
    other = float(tf.reduce_sum(rotate(query, tf.constant([4])) * rotate(key, tf.constant([0]))))
    assert products == pytest.approx([products[0]] * 3, rel=1e-4)
    assert other != pytest.approx(products[0], rel=1e-2)


def test_rows_may_have_positions_of_their_own():
    vectors = normal(2, 1, 8)
    side_by_side = rotate(vectors, tf.constant([[3], [5]]))
    alone = [rotate(vectors[row], tf.constant([position])) for row, position in ((0, 3), (1, 5))]
    np.testing.assert_allclose(side_by_side, alone, rtol=1e-5, atol=1e-6)


def test_sinusoids_are_sines_then_cosines():
    """Frequencies 1 and 1/100."""
    expected = [[0, 0, 1, 1], [np.sin(2), np.sin(0.02), np.cos(2), np.cos(0.02)]]
    np.testing.assert_allclose(sinusoids(tf.constant([0, 2]), 4), expected, rtol=1e-6)


# ---- norms ----


def test_rms_norm_divides_by_the_root_of_the_mean_square():
    """Of (1, 7) the mean square is 25."""
    np.testing.assert_allclose(rms_norm(tf.constant([1.0, 7.0])), [1 / 5, 7 / 5], rtol=1e-6)


@pytest.mark.parametrize("size", [0.1, 1, 1000])
def test_rms_norm_gives_every_vector_the_length_of_the_root_of_its_width(size):
    lengths = np.linalg.norm(rms_norm(size * normal(5, 16)), axis=-1)
    np.testing.assert_allclose(lengths, [4] * 5, rtol=1e-3)


def test_rms_norm_of_nothing_is_nothing():
    np.testing.assert_array_equal(rms_norm(tf.zeros((2, 4))), np.zeros((2, 4)))


def test_rms_norm_as_a_layer_learns_nothing():
    layer, vectors = RMSNorm(), normal(2, 4)
    np.testing.assert_array_equal(layer(vectors), rms_norm(vectors))
    assert layer.weights == []


# ---- heads ----


def by_hand(layer, hidden, mask, qk_norm):
    """Head by head, without positions: hidden (time, width)."""
    *parts, join = layer.get_weights()
    width, size = hidden.shape[1], hidden.shape[1] // layer.num_heads
    queries, keys, values = (hidden @ part for part in parts)
    outputs = []
    for at in range(0, width, size):
        query, key, value = (each[:, at:at + size] for each in (queries, keys, values))
        if qk_norm:
            query, key = (each / np.sqrt(np.mean(each**2, axis=1, keepdims=True)) for each in (query, key))
        scores = np.exp(query @ key.T / np.sqrt(size)) * mask
        outputs.append(scores / scores.sum(axis=1, keepdims=True) @ value)
    return np.concatenate(outputs, axis=1) @ join


@pytest.mark.parametrize("qk_norm", [False, True])
def test_every_head_attends_with_its_own_part_of_the_width(qk_norm):
    layer, hidden = build(rotary=False, qk_norm=qk_norm), normal(2, 5, 8)
    found, _ = layer(hidden, tf.range(5), causal_mask(5))
    expected = [by_hand(layer, row, np.tri(5), qk_norm) for row in hidden]
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)


def test_it_begins_with_zeros_if_that_is_asked():
    found, _ = build(zero_outputs=True)(normal(2, 5, 8), tf.range(5), causal_mask(5))
    np.testing.assert_array_equal(found, np.zeros((2, 5, 8)))


def test_without_mask_and_positions_it_knows_no_order():
    """Who permutes the places permutes what they get, and changes nothing else."""
    layer, hidden, order = build(rotary=False), normal(1, 5, 8), [3, 0, 4, 2, 1]
    plain, permuted = (layer(each, tf.range(5), None)[0].numpy() for each in (hidden, hidden[:, order]))
    np.testing.assert_allclose(permuted, plain[:, order], rtol=1e-4, atol=1e-6)


def test_turned_queries_and_keys_bring_in_the_order():
    layer, hidden, order = build(rotary=True), normal(1, 5, 8), [3, 0, 4, 2, 1]
    plain, permuted = (layer(each, tf.range(5), None)[0].numpy() for each in (hidden, hidden[:, order]))
    assert np.abs(permuted - plain[:, order]).max() > 0.01


def test_turned_queries_and_keys_know_distances_and_no_places():
    layer, hidden = build(rotary=True), normal(1, 5, 8)
    first, later = (layer(hidden, start + tf.range(5), causal_mask(5))[0] for start in (0, 30))
    np.testing.assert_allclose(first, later, rtol=1e-4, atol=1e-5)


def test_a_new_place_is_put_where_its_row_has_come_to():
    kept, new = tf.fill((2, 1, 3, 1), 9.0), tf.constant([1.0, 2.0])[:, None, None, None]
    found = put(kept, new, tf.constant([[0], [2]]))
    np.testing.assert_array_equal(found[:, 0, :, 0], [[1, 9, 9], [9, 9, 2]])
