"""From logits to the next token (chapter 4): temperature, top-k, nucleus, no repeats, and beam search."""

import functools
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf


def check_options(length=1, temperature=1.0, top_k=None, top_p=None, no_repeat_ngram_size=None):
    """Raises ValueError for decoding options that are out of range."""
    if length < 1:
        raise ValueError(f"length must be at least 1. Received: {length}")
    if not 1e-6 <= temperature < 1e6:  # beyond them, float32 runs over
        raise ValueError(
            "temperature must be above 0, from 1e-6 to 1e6 (for the likeliest token, use top_k=1). "
            f"Received: {temperature}"
        )
    if top_k is not None and not (1 <= top_k < np.inf and top_k == int(top_k)):
        raise ValueError(f"top_k must be a whole number of at least 1. Received: {top_k}")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p must lie in (0, 1]. Received: {top_p}")
    if no_repeat_ngram_size is not None and no_repeat_ngram_size < 2:
        raise ValueError(f"no_repeat_ngram_size must be at least 2. Received: {no_repeat_ngram_size}")


def adjust_logits(logits, temperature=1.0, top_k=None, top_p=None):
    """Logits of the distribution that is sampled from: sharpened or flattened, and cut off.

    temperature τ: p ∝ exp(logit / τ). Then top-k (Fan et al. 2018, arXiv:1805.04833) keeps the k likeliest tokens, and
    top-p, the nucleus (Holtzman et al. 2020, arXiv:1904.09751), the fewest tokens whose probabilities sum to at
    least p. What is cut off gets −∞. Of tokens that are equally likely the first are kept, so that top_k=1 leaves
    nothing to chance.

    Args:
        logits: (batch, tokens).
        temperature, top_k, top_p: numbers, or tensors of a number.

    Returns:
        float32 (batch, tokens); a softmax over them gives the probabilities.
    """
    logits = tf.convert_to_tensor(logits, tf.float32) / temperature
    if top_k is None and top_p is None:
        return logits
    descending = tf.sort(logits, direction="DESCENDING")  # (batch, tokens); what is cut off becomes −∞
    if top_k is not None:
        count = tf.cast(tf.minimum(top_k, logits.shape[-1]), tf.int32)  # 2.0 is a whole number, too
        descending = tf.where(tf.range(logits.shape[-1]) < count, descending, -np.inf)
    if top_p is not None:
        before = tf.cumsum(tf.nn.softmax(descending), axis=-1, exclusive=True)  # probability of all likelier ones
        # Rounding must not cut anything off at 1, nor the likeliest token where top_p is so small that it becomes 0.
        kept = (before < top_p) | (before == 0) | (top_p >= 1)
        descending = tf.where(kept, descending, -np.inf)
    kept = descending > -np.inf
    least = tf.reduce_min(tf.where(kept, descending, np.inf), axis=-1, keepdims=True)
    # Several tokens may have the logit of the last one that is kept: there is room for the first of them.
    likelier, equal = logits > least, tf.equal(logits, least)
    room = tf.math.count_nonzero(kept, axis=-1, keepdims=True) - tf.math.count_nonzero(likelier, axis=-1, keepdims=True)
    first = tf.cumsum(tf.cast(equal, tf.int64), axis=-1) <= room
    return tf.where(likelier | (equal & first), logits, -np.inf)


def ban_repeats(logits, history, count, size):
    """−∞ for every token that would complete a sequence of `size` tokens which was there before.

    (Paulus et al. 2018, arXiv:1705.04304, section 2.5, with trigrams of words.) If that bans all tokens, none is.

    Args:
        logits: (batch, tokens).
        history: int32 (batch, room): the tokens so far, then anything.
        count: how many tokens of `history` are real.
        size: length of the sequences, at least 2.
    """
    places = tf.shape(history)[1] - size + 1  # windows of `size` tokens in the room
    if tf.get_static_value(places) is not None and tf.get_static_value(places) < 1:
        return logits
    suffix = tf.gather(history, tf.maximum(count - size + 1, 0) + tf.range(size - 1), axis=1)  # (batch, size − 1)
    same = tf.fill([tf.shape(history)[0], places], True)
    for offset in range(size - 1):
        same &= history[:, offset:offset + places] == suffix[:, offset, None]
    same &= (tf.range(places) + size <= count)[None]  # windows of real tokens only
    banned = tf.where(same, history[:, size - 1:], -1)  # one_hot(−1) is all zeros
    banned = tf.reduce_max(tf.one_hot(banned, logits.shape[-1]), axis=1) > 0
    banned &= ~tf.reduce_all(banned | tf.math.is_inf(logits), axis=-1, keepdims=True)
    return tf.where(banned, -np.inf, logits)


def sample(logits, seed):
    """One token for each row, int32 (batch,), drawn from softmax(logits) by the Gumbel-max trick.

    argmaxᵢ(logitᵢ − ln(−ln uᵢ)), with u uniform in (0, 1), has exactly the distribution softmax(logits).

    Args:
        logits: (batch, tokens).
        seed: two integers.
    """
    uniform = tf.random.stateless_uniform(tf.shape(logits), seed, minval=1e-20)
    return tf.argmax(logits - tf.math.log(-tf.math.log(uniform)), axis=-1, output_type=tf.int32)


class Written(NamedTuple):
    """Where `sample_tokens` stopped: what it takes to go on from there."""

    tokens: tf.Tensor  # int32 (batch, length), the new ones
    logits: tf.Tensor  # (batch, vocabulary), of the token after them
    states: Any  # of the model, after them
    history: tf.Tensor  # int32 (batch, room), all tokens


def sample_tokens(
    step, logits, states, history, *, length, seed, start=0, temperature=1.0, top_k=None, top_p=None,
    no_repeat_ngram_size=None, banned=None, end_token=None,
):
    """Tokens that a model writes, one after another; the model is known by its `step` alone.

    Args:
        step: function (tokens (batch,), states) → (logits (batch, vocabulary), states): one step of a language model.
        logits: (batch, vocabulary), for the first token.
        states: what `step` takes and gives back: any structure of tensors (batch, …), which may grow, as a cache does.
        history: int32 (batch, room), the tokens before, ending at the same place in all rows, then room for `length`
            more; −1 stands for none. Only `no_repeat_ngram_size` and `end_token` read it.
        length: tokens to write.
        seed, start: two integers; the token at place `start` + t is drawn with the seed (seed, start + t), so that a
            text written in pieces is the same as one written at once.
        temperature, top_k, top_p: see `adjust_logits`.
        no_repeat_ngram_size: see `ban_repeats`.
        banned: bool (vocabulary,), tokens that are never written, or None.
        end_token: the token after which a row is over, and then filled up with it, or None.

    Returns:
        A `Written`.
    """
    tokens = tf.TensorArray(tf.int32, length)
    before = tf.reduce_sum(tf.cast(tf.reduce_any(history >= 0, axis=0), tf.int32))
    over = tf.zeros(tf.shape(logits)[:1], tf.bool) if end_token is None else tf.reduce_any(history == end_token, axis=1)
    shapes = state_shapes(step, logits, states)
    for at in tf.range(length):
        tf.autograph.experimental.set_loop_options(shape_invariants=[(states, shapes)])
        adjusted = logits if banned is None else tf.where(banned, -np.inf, logits)
        if no_repeat_ngram_size:
            adjusted = ban_repeats(adjusted, history, before + at, no_repeat_ngram_size)
        adjusted = adjust_logits(adjusted, temperature, top_k, top_p)
        chosen = sample(adjusted, tf.stack([tf.cast(seed, tf.int64), tf.cast(start + at, tf.int64)]))
        if end_token is not None:
            chosen = tf.where(over, end_token, chosen)
            over = over | (chosen == end_token)
        tokens = tokens.write(at, chosen)
        history = tf.where(tf.range(tf.shape(history)[1])[None] == before + at, chosen[:, None], history)
        logits, states = step(chosen, states)
    return Written(tf.transpose(tokens.stack()), logits, states, history)


def state_shapes(step, logits, states):
    """Shapes of the states in a loop over `step`: a dimension that one step changes, as a growing cache's, is None."""
    if tf.executing_eagerly():  # where no loop is traced, nobody asks
        return None
    _, after = step(tf.zeros(tf.shape(logits)[:1], tf.int32), states)

    def in_loop(state, next_state):
        dims = zip(state.shape, next_state.shape)
        return tf.TensorShape([size if size == next_size else None for size, next_size in dims])

    return tf.nest.map_structure(in_loop, states, after)


def beam_search(step, logits, states, *, beam_width, length):
    """The likeliest continuation found by keeping the `beam_width` best prefixes at every step.

    Args:
        step: function (tokens (beam_width,), states) → (logits (beam_width, vocabulary), states); see `sample_tokens`.
        logits: (1, vocabulary), for the first token.
        states: of the model after the prompt, any structure of tensors (1, …), which may grow.
        beam_width: at least 1 (then it is the greedy choice).
        length: tokens.

    Returns:
        (tokens, log_probability): int32 (beam_width, length), and float32 (beam_width,) of the whole continuations,
        best first.
    """
    states = tf.nest.map_structure(lambda state: tf.repeat(state, beam_width, axis=0), states)
    logits = tf.repeat(logits, beam_width, axis=0)
    scores = tf.concat([[0.0], tf.fill([beam_width - 1], -np.inf)], axis=0)  # all prefixes are the same: keep one
    tokens = tf.zeros([beam_width, length], tf.int32)
    vocabulary_size = logits.shape[-1]
    shapes = state_shapes(step, logits, states)
    for at in tf.range(length):
        tf.autograph.experimental.set_loop_options(shape_invariants=[(states, shapes)])
        totals = tf.reshape(scores[:, None] + tf.nn.log_softmax(logits), [-1])
        scores, best = tf.math.top_k(totals, beam_width)
        beams, chosen = best // vocabulary_size, best % vocabulary_size
        tokens = tf.gather(tokens, beams)
        tokens = tf.where(tf.range(length)[None] == at, chosen[:, None], tokens)
        logits, states = step(chosen, tf.nest.map_structure(functools.partial(tf.gather, indices=beams), states))
    return tokens, scores
