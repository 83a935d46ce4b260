"""Decoding: each way of choosing the next token against distributions worked out by hand, beam search against all."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.text import decoding

P = np.array([0.5, 0.25, 0.15, 0.1])
LOGITS = np.log(P)[None]


def distribution(**options):
    return tf.nn.softmax(decoding.adjust_logits(LOGITS, **options))[0].numpy()


# ---- temperature, top-k, nucleus ------------------------------------------------------------------------------------


def test_without_options_nothing_changes():
    np.testing.assert_allclose(distribution(), P, rtol=1e-6)


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_temperature_raises_probabilities_to_a_power(temperature):
    power = P ** (1 / temperature)
    np.testing.assert_allclose(distribution(temperature=temperature), power / power.sum(), rtol=1e-6)


@pytest.mark.parametrize("k, kept", [
    (1, [1, 0, 0, 0]), (2, [2 / 3, 1 / 3, 0, 0]), (2.0, [2 / 3, 1 / 3, 0, 0]), (4, P), (9, P),
])
def test_top_k_keeps_the_k_likeliest(k, kept):
    np.testing.assert_allclose(distribution(top_k=k), kept, rtol=1e-6)


@pytest.mark.parametrize("p, kept", [(0.4, [1, 0, 0, 0]), (0.6, [2 / 3, 1 / 3, 0, 0]), (1.0, P)])
def test_the_nucleus_is_the_fewest_tokens_that_reach_p(p, kept):
    np.testing.assert_allclose(distribution(top_p=p), kept, rtol=1e-6)


@pytest.mark.parametrize("k, kept", [(1, [1]), (2, [1, 2]), (3, [0, 1, 2]), (4, [0, 1, 2, 4]), (9, [0, 1, 2, 3, 4])])
def test_of_tokens_that_are_equally_likely_top_k_keeps_the_first(k, kept):
    logits = [[0.0, 1.0, 1.0, -1.0, 0.0], [5.0] * 5]
    adjusted = np.isfinite(decoding.adjust_logits(logits, top_k=k))
    assert np.flatnonzero(adjusted[0]).tolist() == kept
    assert np.flatnonzero(adjusted[1]).tolist() == list(range(min(k, 5)))


def test_what_was_cut_off_before_stays_cut_off_when_k_has_room():
    kept = decoding.adjust_logits([[-np.inf, 1.0, -np.inf, 0.0]], top_k=3)
    np.testing.assert_array_equal(kept, [[-np.inf, 1, -np.inf, 0]])


def test_greed_draws_the_first_of_equally_likely_tokens_whatever_the_seed():
    logits = decoding.adjust_logits(np.zeros((500, 4)), top_k=1)
    assert set(decoding.sample(logits, seed=[0, 7]).numpy()) == {0}


@pytest.mark.parametrize("p, kept", [(1e-9, [0]), (0.3, [0, 1]), (0.5, [0, 1]), (0.6, [0, 1, 2]), (1.0, [0, 1, 2, 3])])
def test_of_tokens_that_are_equally_likely_the_nucleus_holds_the_first(p, kept):
    adjusted = decoding.adjust_logits(np.zeros((1, 4)), top_p=p)
    assert np.flatnonzero(np.isfinite(adjusted[0])).tolist() == kept


def test_top_k_and_the_nucleus_are_cut_in_a_graph_as_outside_of_one():
    logits = np.random.default_rng(0).integers(3, size=(20, 9)).astype("float32")
    compiled = tf.function(decoding.adjust_logits)
    for k, p in [(1, 1.0), (4, 0.7), (9, 0.2)]:
        found = compiled(logits, top_k=tf.constant(k), top_p=tf.constant(p))
        np.testing.assert_array_equal(found, decoding.adjust_logits(logits, top_k=k, top_p=p))


def test_a_token_that_reaches_p_exactly_completes_the_nucleus():
    likeliest = float(distribution().max())
    np.testing.assert_allclose(distribution(top_p=likeliest), [1, 0, 0, 0])


def test_the_smallest_nucleus_holds_the_likeliest_token():
    """1e-50 is 0 in float32."""
    np.testing.assert_allclose(distribution(top_p=1e-50), [1, 0, 0, 0])


def test_a_nucleus_of_one_keeps_even_what_rounding_calls_impossible():
    """1 + e⁻³⁰ is 1 in float32: the two last tokens add nothing to the sum."""
    logits = [[0.0, -30.0, -40.0]]
    np.testing.assert_array_equal(decoding.adjust_logits(logits, top_p=1.0), logits)


def test_logits_become_float32():
    assert decoding.adjust_logits(np.zeros((1, 2), "float64")).dtype == tf.float32


def test_each_row_has_its_own_nucleus():
    logits = np.log([[0.9, 0.05, 0.05], [0.4, 0.35, 0.25]])
    logits[0] += 10  # which changes no probability
    kept = np.isfinite(decoding.adjust_logits(logits, top_p=0.7))
    assert kept.tolist() == [[True, False, False], [True, True, False]]


@pytest.mark.parametrize("options, message", [
    ({"temperature": 0}, "temperature must be above 0.*top_k=1.*Received: 0"),
    ({"temperature": -1}, "Received: -1"),
    ({"temperature": float("nan")}, "Received: nan"),
    ({"temperature": 1e6}, "Received: 1000000.0"),
    ({"top_k": float("inf")}, "whole number"),
    ({"top_k": 0}, "top_k .* at least 1. Received: 0"),
    ({"top_k": 1.5}, "whole number"),
    ({"top_p": 0}, r"top_p must lie in \(0, 1\]. Received: 0"),
    ({"top_p": 1.1}, "Received: 1.1"),
    ({"length": 0}, "length must be at least 1"),
    ({"no_repeat_ngram_size": 1}, "no_repeat_ngram_size must be at least 2"),
])
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        decoding.check_options(**options)


@pytest.mark.parametrize("options", [
    {"length": 1}, {"temperature": 1e-6}, {"temperature": 999_999}, {"top_k": 1}, {"top_p": 1e-9}, {"top_p": 1},
    {"no_repeat_ngram_size": 2},
])
def test_options_at_the_edge_are_accepted(options):
    decoding.check_options(**options)


# ---- no repeats -----------------------------------------------------------------------------------------------------


def banned(history, count, size, tokens=4):
    logits = decoding.ban_repeats(tf.zeros((len(history), tokens)), tf.constant(history), count, size)
    return [np.flatnonzero(row == -np.inf).tolist() for row in logits.numpy()]


def test_what_followed_the_last_tokens_before_is_banned():
    assert banned([[0, 1, 2, 0, 1, 9]], count=5, size=3) == [[2]]  # 0 1 was followed by 2
    assert banned([[0, 1, 0, 2, 0, 9]], count=5, size=2) == [[1, 2]]


def test_all_of_the_last_tokens_must_have_been_there_before():
    """1 2 was followed by 3, but now 0 2 is."""
    assert banned([[1, 2, 3, 0, 2, 9]], count=5, size=3) == [[]]


def test_what_is_behind_the_count_does_not_count():
    assert banned([[3, 0, 1, 0, 1, 0]], count=2, size=2) == [[]]


def test_the_last_tokens_themselves_are_a_past():
    """After 0 0, a third 0 would repeat the pair 0 0; the room is as long as the pair."""
    assert banned([[0, 0]], count=2, size=2) == [[0]]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_nothing_is_banned_before_one_sequence_is_complete(count):
    assert banned([[0, 0, 0, 0]], count=count, size=3) == [[]]


def test_rooms_of_unknown_size_work_in_a_graph():
    ban = tf.function(
        lambda history: decoding.ban_repeats(tf.zeros((1, 4)), history, 5, 3),
        input_signature=[tf.TensorSpec([None, None], tf.int32)],
    )
    assert np.flatnonzero(np.isinf(ban([[0, 1, 2, 0, 1, 9]])[0])).tolist() == [2]


def test_each_row_has_its_own_past():
    assert banned([[0, 1, 0], [1, 2, 1]], count=3, size=2) == [[1], [2]]


@pytest.mark.parametrize("size", [3, 6])
def test_nothing_is_banned_where_the_past_is_shorter(size):
    assert banned([[0, 1]], count=2, size=size) == [[]]


def test_if_all_would_be_banned_none_is():
    assert banned([[0, 0, 1, 0, 9]], count=4, size=2, tokens=2) == [[]]


def test_each_row_has_its_own_way_out():
    assert banned([[0, 0, 1, 0], [0, 1, 1, 0]], count=4, size=2, tokens=2) == [[], [1]]


def test_what_was_cut_off_before_does_not_count_as_a_way_out():
    """Token 0 was cut off and 1 would be banned: nothing would be left, so 1 stays."""
    logits = decoding.ban_repeats(tf.constant([[-np.inf, 0.0]]), tf.constant([[1, 1]]), 2, 2)
    np.testing.assert_array_equal(logits, [[-np.inf, 0]])


# ---- sampling -------------------------------------------------------------------------------------------------------


def test_samples_are_as_frequent_as_they_are_probable():
    drawn = decoding.sample(tf.repeat(tf.constant(LOGITS, tf.float32), 40_000, axis=0), seed=[0, 0])
    shares = np.bincount(drawn, minlength=4) / 40_000
    np.testing.assert_allclose(shares, P, atol=0.01)  # four standard deviations


def test_what_was_cut_off_is_never_drawn():
    logits = decoding.adjust_logits(np.repeat(LOGITS, 10_000, axis=0), top_k=2)
    assert set(decoding.sample(logits, seed=[1, 0]).numpy()) == {0, 1}


def test_the_same_seed_draws_the_same():
    logits = tf.zeros((50, 30))
    draws = [decoding.sample(logits, seed=[0, place]).numpy().tolist() for place in (0, 0, 1)]
    assert draws[0] == draws[1] != draws[2]


def test_the_smallest_number_of_the_generator_leaves_the_noise_finite(monkeypatch):
    """All noise alike, however extreme: the likeliest token wins."""
    monkeypatch.setattr(tf.random, "stateless_uniform", lambda shape, seed, minval=0.0: tf.fill(shape, minval))
    assert decoding.sample(tf.constant([[0.0, 1.0]]), seed=[0, 0]).numpy().tolist() == [1]


def test_samples_are_int32():
    assert decoding.sample(tf.zeros((1, 2)), seed=[0, 0]).dtype == tf.int32


# ---- beam search ----------------------------------------------------------------------------------------------------

TRANSITIONS = np.log(np.random.default_rng(3).dirichlet(np.ones(4) * 0.5, size=4)).astype("float32")


def step(tokens, states):
    """A language model whose next token depends on the last one alone; its state counts the steps."""
    return tf.gather(TRANSITIONS, tokens), [states[0] + 1]


def search(width, length=4):
    states = [tf.zeros((1, 1))]
    logits = tf.constant(LOGITS, tf.float32)
    tokens, scores = decoding.beam_search(step, logits, states, beam_width=width, length=length)
    return tokens.numpy(), scores.numpy()


def log_probability(tokens):
    return np.log(P)[tokens[0]] + sum(TRANSITIONS[a, b] for a, b in itertools.pairwise(tokens))


def test_a_wide_beam_finds_the_likeliest_of_all_continuations():
    everything = sorted(itertools.product(range(4), repeat=4), key=log_probability, reverse=True)
    tokens, _ = search(width=64)
    assert tokens[0].tolist() == list(everything[0])


@pytest.mark.parametrize("width", [1, 3, 16])
def test_scores_are_the_log_probabilities_of_the_continuations_best_first(width):
    tokens, scores = search(width)
    assert tokens.shape == (width, 4)
    np.testing.assert_allclose(scores, [log_probability(row) for row in tokens], rtol=1e-5)
    assert (np.diff(scores) <= 0).all()


def test_one_beam_is_the_greedy_choice():
    tokens, _ = search(width=1)
    expected = [int(np.argmax(P))]
    for _ in range(3):
        expected.append(int(np.argmax(TRANSITIONS[expected[-1]])))
    assert tokens[0].tolist() == expected


def test_each_beam_keeps_the_state_of_its_own_beginning():
    """A model that looks two tokens back: its state is the token before the last."""
    table = np.log(np.random.default_rng(5).dirichlet(np.ones(3) * 0.5, size=(3, 3))).astype("float32")

    def step(tokens, states):
        return tf.gather_nd(table, tf.concat([states[0], tokens[:, None]], axis=1)), [tokens[:, None]]

    def log_probability(tokens):
        before = (0, 0, *tokens)
        return sum(table[before[at:at + 3]] for at in range(4))

    tokens, scores = decoding.beam_search(step, table[:1, 0], [tf.zeros((1, 1), tf.int32)], beam_width=30, length=4)
    best = max(itertools.product(range(3), repeat=4), key=log_probability)
    assert tokens[0].numpy().tolist() == list(best)
    assert float(scores[0]) == pytest.approx(log_probability(best), rel=1e-5)
