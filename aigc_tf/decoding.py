"""From logits to the next token (chapter 4): temperature, top-k, nucleus, no repeats, and beam search."""

import numpy as np
import tensorflow as tf


def check_options(length=1, temperature=1.0, top_k=None, top_p=None, no_repeat=None):
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
    if no_repeat is not None and no_repeat < 2:
        raise ValueError(f"no_repeat must be at least 2. Received: {no_repeat}")


def adjust_logits(logits, temperature=1.0, top_k=None, top_p=None):
    """Logits of the distribution that is sampled from: sharpened or flattened, and cut off.

    temperature τ: p ∝ exp(logit / τ). Then top-k (Fan et al. 2018, arXiv:1805.04833) keeps the k likeliest tokens, and
    top-p, the nucleus (Holtzman et al. 2020, arXiv:1904.09751), the fewest tokens whose probabilities sum to at
    least p. What is cut off gets −∞.

    Args:
        logits: (batch, tokens).
        temperature, top_k, top_p: numbers, or tensors of a number.

    Returns:
        float32 (batch, tokens); a softmax over them gives the probabilities.
    """
    logits = tf.convert_to_tensor(logits, tf.float32) / temperature
    if top_k is not None:
        count = tf.cast(tf.minimum(top_k, logits.shape[-1]), tf.int32)  # 2.0 is a whole number, too
        least = tf.math.top_k(logits, count).values[:, -1:]
        logits = tf.where(logits < least, -np.inf, logits)
    if top_p is not None:
        descending = tf.sort(logits, direction="DESCENDING")
        before = tf.cumsum(tf.nn.softmax(descending), axis=-1, exclusive=True)  # probability of all likelier ones
        # Rounding must not cut anything off at 1, nor the likeliest token where top_p is so small that it becomes 0.
        kept = (before < top_p) | (before == 0) | (top_p >= 1)
        least = tf.reduce_min(tf.where(kept, descending, np.inf), axis=-1, keepdims=True)
        logits = tf.where(logits < least, -np.inf, logits)
    return logits


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


def beam_search(step, logits, states, *, width, length):
    """The likeliest continuation that keeping the `width` best beginnings at every step finds.

    Args:
        step: function (tokens (width,), states) → (logits (width, tokens), states): one step of a language model.
        logits: (1, tokens), for the first token.
        states: list of tensors (1, …) after the prompt.
        width: beams, at least 1 (then it is the greedy choice).
        length: tokens.

    Returns:
        (tokens, log_probability): int32 (width, length), and float32 (width,) of the whole continuations, best first.
    """
    states = [tf.repeat(state, width, axis=0) for state in states]
    logits = tf.repeat(logits, width, axis=0)
    scores = tf.concat([[0.0], tf.fill([width - 1], -np.inf)], axis=0)  # all beams are the same at first: keep one
    tokens = tf.zeros([width, length], tf.int32)
    num_tokens = logits.shape[-1]
    for at in tf.range(length):
        totals = tf.reshape(scores[:, None] + tf.nn.log_softmax(logits), [-1])
        scores, best = tf.math.top_k(totals, width)
        beams, chosen = best // num_tokens, best % num_tokens
        tokens = tf.gather(tokens, beams)
        tokens = tf.where(tf.range(length)[None] == at, chosen[:, None], tokens)
        logits, states = step(chosen, [tf.gather(state, beams) for state in states])
    return tokens, scores
