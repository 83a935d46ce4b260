"""One sampler for every model: step functions that share nothing but their form, in graphs and outside of them."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.text import NGramModel, decoding

TEXT = "to be or not to be, that is the question: whether 'tis nobler in the mind to suffer " * 3
TABLE = tf.constant(np.log(np.random.default_rng(3).dirichlet(np.ones(5), size=5)), tf.float32)
START = tf.constant([[0.0, 1.0, 2.0, 0.5, -1.0]])


def bigram_step(tokens, states):
    """What comes next depends on the last token; the state counts the steps."""
    return tf.gather(TABLE, tokens), states + 1


def cached_step(tokens, states):
    """The same model, which reads its last token from a cache of all tokens that grows by one at every step."""
    cache = tf.concat([states["cache"], tokens[:, None]], axis=1)
    return tf.gather(TABLE, cache[:, -1]), {"cache": cache}


STATES = {
    "a number a row": (bigram_step, lambda rows: tf.zeros((rows, 1))),
    "a growing cache": (cached_step, lambda rows: {"cache": tf.zeros((rows, 3), tf.int32)}),
}
each_step = pytest.mark.parametrize("step, states", STATES.values(), ids=STATES.keys())


def sample(step, states, rows=4, length=12, compiled=True, history=None, **options):
    history = tf.fill((rows, length), -1) if history is None else history
    write = functools.partial(decoding.sample_tokens, step, length=length, seed=1, **options)
    write = tf.function(write) if compiled else write
    return write(tf.repeat(START, rows, axis=0), states(rows), history)


# ---- what it writes does not depend on how the model keeps its past ----


@each_step
def test_every_token_is_drawn_from_what_the_step_says_and_with_the_seed_of_its_place(step, states):
    logits, expected = tf.repeat(START, 4, axis=0), []
    for place in range(12):
        expected.append(decoding.sample(decoding.adjust_logits(logits, 0.7, 4, 0.9), [1, place]))
        logits = tf.gather(TABLE, expected[-1])
    found = sample(step, states, temperature=0.7, top_k=4, top_p=0.9).tokens
    np.testing.assert_array_equal(found, tf.stack(expected, axis=1))


@each_step
def test_a_graph_writes_what_is_written_without_one(step, states):
    np.testing.assert_array_equal(sample(step, states).tokens, sample(step, states, compiled=False).tokens)


@each_step
def test_written_in_two_pieces_it_is_the_same_text(step, states):
    whole = sample(step, states, no_repeat_ngram_size=2).tokens
    first = sample(step, states, length=5, history=tf.fill((4, 12), -1), no_repeat_ngram_size=2)
    second = decoding.sample_tokens(step, first.logits, first.states, first.history, length=7, start=5, seed=1,
                                    no_repeat_ngram_size=2)
    np.testing.assert_array_equal(tf.concat([first.tokens, second.tokens], axis=1), whole)


def test_a_growing_cache_holds_all_that_was_written():
    written = sample(*STATES["a growing cache"])
    np.testing.assert_array_equal(written.states["cache"][:, 3:], written.tokens)


def test_the_history_is_filled_from_where_the_prompts_end():
    history = tf.constant([[3, 4, -1, -1], [-1, 2, -1, -1]])  # two prompts, of two tokens and of one
    written = sample(*STATES["a number a row"], rows=2, length=2, history=history)
    np.testing.assert_array_equal(written.history[:, :2], history[:, :2])
    np.testing.assert_array_equal(written.history[:, 2:], written.tokens)


# ---- bans and ends ----


@each_step
def test_what_is_banned_is_never_written(step, states):
    assert 2 in sample(step, states, rows=20).tokens.numpy()
    banned = tf.constant([False, False, True, False, False])
    assert 2 not in sample(step, states, rows=20, banned=banned).tokens.numpy()


@each_step
def test_a_row_is_over_after_its_end_token(step, states):
    tokens = sample(step, states, rows=20, length=4, end_token=2).tokens.numpy()
    assert any(2 in row for row in tokens) and any(2 not in row for row in tokens)
    for row, free in zip(tokens, sample(step, states, rows=20, length=4).tokens.numpy()):
        end = list(free).index(2) if 2 in free else len(free)
        np.testing.assert_array_equal(row[:end], free[:end])
        assert set(row[end:]) <= {2}


def test_a_row_that_ended_in_an_earlier_piece_stays_over():
    history = tf.constant([[0, 2, -1], [0, 1, -1]])
    assert sample(*STATES["a number a row"], rows=2, length=1, history=history, end_token=2).tokens[0, 0] == 2


# ---- beams ----


def test_beams_over_a_growing_cache_are_those_over_a_number():
    found = []
    for step, states in STATES.values():
        search = tf.function(functools.partial(decoding.beam_search, step))
        found.append(search(START, states(1), beam_width=6, length=5))
    np.testing.assert_array_equal(found[0][0], found[1][0])
    np.testing.assert_allclose(found[0][1], found[1][1])


# ---- an n-gram, which counts with NumPy ----


@pytest.fixture(scope="module")
def ngram():
    return NGramModel(4).fit(TEXT)


def test_an_ngrams_step_gives_its_own_distribution(ngram):
    logits, states = ngram.read_prompt("to b")
    np.testing.assert_allclose(np.exp(logits[0]), ngram.next_distribution("to b"), rtol=1e-5)
    logits, _ = ngram.step(np.array([ngram.vocabulary.number_of("e")]), states)
    np.testing.assert_allclose(np.exp(logits[0]), ngram.next_distribution("to be"), rtol=1e-5)


def test_an_ngram_writes_several_texts_side_by_side(ngram):
    texts = ngram.generate(["to be", "the mi"], 15, top_k=1)
    assert texts == [ngram.generate(prompt, 15, top_k=1) for prompt in ("to be", "the mi")]


def test_an_ngram_streams_what_it_generates(ngram):
    assert "".join(ngram.stream("to be", 23, chunk=7, seed=5)) == ngram.generate("to be", 23, seed=5)


def test_beams_find_for_an_ngram_nothing_less_likely_than_greed(ngram):
    greedy, greedy_score = ngram.beam_search("to", 10, beam_width=1)
    assert greedy == ngram.generate("to", 10, top_k=1)
    text, score = ngram.beam_search("to", 10, beam_width=8)
    assert score >= greedy_score
    assert score == pytest.approx(ngram.log_prob(text)[1:].sum(), rel=1e-4)


# ---- the verbs' words for bans and ends ----


def test_a_text_ends_with_the_token_that_stops_it(ngram):
    text = ngram.generate("to be", 200, seed=0, stop=",")
    assert text.endswith(",") and text.count(",") == 1
    assert "".join(ngram.stream("to be", 200, chunk=9, seed=0, stop=",")) == text


def test_banned_tokens_are_given_as_text(ngram):
    assert "e" in ngram.generate("to", 200, seed=0)
    assert "e" not in ngram.generate("to", 200, seed=0, banned=["e", ","])[2:]


@pytest.mark.parametrize("options, message", [
    ({"stop": "€"}, "has no token '€'"),
    ({"banned": ["€"]}, "has no token '€'"),
    ({"banned": sorted(set(TEXT))}, "Some token must be allowed. Received: all of them banned"),
])
def test_bans_and_ends_that_cannot_be_are_refused(ngram, options, message):
    with pytest.raises(ValueError, match=message):
        ngram.generate("to", 5, **options)
