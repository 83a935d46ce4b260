"""Attention (chapter 5): who looks at whom, and how much; masks, positions, heads."""

import numpy as np
import tensorflow as tf
from keras import layers

# ---- functions ----


def attention_weights(queries, keys, visible=None):
    """softmax(q · kᵀ / √d): how much each place takes from every other one, (…, queries, keys); each row sums to one.

    Vaswani et al. 2017 (arXiv:1706.03762), equation 1, without the values.

    Args:
        queries: (…, queries, d), what each place looks for.
        keys: (…, keys, d), what each place has to offer.
        visible: bool, (queries, keys) or what goes with it: true where a query may look, at one key at least. None:
            everywhere.
    """
    scores = tf.matmul(queries / queries.shape[-1] ** 0.5, keys, transpose_b=True)  # fewer to divide than the scores
    return tf.nn.softmax(scores if visible is None else scores + tf.where(visible, 0.0, -1e9))


def attend(queries, keys, values, visible=None):
    """The mean of the values, weighted by `attention_weights`: (…, queries, size of a value)."""
    return tf.matmul(attention_weights(queries, keys, visible), values)


def causal_mask(length):
    """Bool (length, length): place i, a row, may look at itself and at what came before, never at what comes."""
    return tf.linalg.band_part(tf.ones((length, length), tf.bool), -1, 0)


def sinusoids(positions, width):
    """Positions as waves: the first half of the numbers are sines, the rest cosines, with `frequencies`.

    Vaswani et al. 2017, section 3.5, who let sines and cosines take turns.

    Args:
        positions: (…,), whole numbers from 0.
        width: of the result, even.

    Returns:
        float32 (…, width).
    """
    angles = tf.cast(positions, tf.float32)[..., None] * frequencies(width)
    return tf.concat([tf.sin(angles), tf.cos(angles)], axis=-1)


def rotate(vectors, positions):
    """Rotary positions: each pair of numbers (i, i + width/2), as a point in the plane, is turned by position · fᵢ.

    The product of two turned vectors depends on their contents and on the DISTANCE of their positions alone. (Su et al.
    2021, arXiv:2104.09864, equation 34, which pairs neighbours instead. With `frequencies` f.)

    Args:
        vectors: (…, places, width), width even.
        positions: (places,) or (…, places), whole numbers.

    Returns:
        The turned vectors, in the same shape.
    """
    angles = tf.cast(positions, tf.float32)[..., None] * frequencies(vectors.shape[-1])  # (…, places, width / 2)
    sine, cosine = tf.sin(angles), tf.cos(angles)
    first, second = tf.split(vectors, 2, axis=-1)
    return tf.concat([first * cosine - second * sine, first * sine + second * cosine], axis=-1)


def frequencies(width):
    """10,000^(−2i / width) for i = 0, 1, …, so from 1 down, in radians per position: float32 (width / 2,)."""
    return (10_000.0 ** (-np.arange(width // 2) / (width // 2))).astype("float32")


def rms_norm(vectors):
    """x / √(mean of x²): every vector gets the length √width.

    Zhang & Sennrich 2019 (arXiv:1910.07467), equation 4, without gain.
    """
    return vectors * tf.math.rsqrt(tf.reduce_mean(tf.square(vectors), axis=-1, keepdims=True) + 1e-6)


# ---- layers ----


class RMSNorm(layers.Layer):
    """`rms_norm` as a layer."""

    def call(self, vectors):
        return rms_norm(vectors)


class SelfAttention(layers.Layer):
    """Every place asks all places that it may see, with several heads side by side.

    Args:
        width: of a place's vector.
        num_heads: that share the width equally.
        rotary: whether queries and keys are turned by their positions.
        qk_norm: whether queries and keys get `rms_norm`, so that no product can exceed √d. (After Henry et al. 2020,
            arXiv:2010.04245, who learn a factor in the place of √d.)
        zero_outputs: whether the last weights begin at zero, so that at first the layer answers with zeros.
        make_dense: makes the dense layers, from what `dense` takes. (Chapter 6 has others.)
    """

    def __init__(self, width, num_heads, rotary=True, qk_norm=True, zero_outputs=True, make_dense=None, **kwargs):
        super().__init__(**kwargs)
        self.num_heads, self.rotary, self.qk_norm = num_heads, rotary, qk_norm
        make_dense = make_dense or dense
        self.query, self.key, self.value = (make_dense(width, name=name) for name in ("query", "key", "value"))
        self.join = make_dense(width, zero=zero_outputs, name="join")

    def call(self, hidden, positions, visible, cache=None):
        """(batch, time, width) → the same, and the keys and values that a later place can look at.

        Args:
            hidden: (batch, time, width).
            positions: int32, (time,); with a cache (batch, 1).
            visible: bool (time, time); with a cache (batch, 1, 1, room): true where a place may look.
            cache: None; or keys and values of earlier places, (batch, heads, room, d) each: then those of the one new
                place are put into them, at its position.
        """
        queries, keys, values = (self.split(part(hidden)) for part in (self.query, self.key, self.value))
        if self.qk_norm:
            queries, keys = rms_norm(queries), rms_norm(keys)
        if self.rotary:
            turns = positions if cache is None else positions[:, None]  # (batch, 1, 1): one place for all heads
            queries, keys = rotate(queries, turns), rotate(keys, turns)
        if cache is not None:
            keys, values = (put(kept, new, positions) for kept, new in zip(cache, (keys, values)))
        mixed = tf.transpose(self.mix(queries, keys, values, visible), (0, 2, 1, 3))  # (batch, time, heads, d)
        return self.join(tf.reshape(mixed, tf.shape(hidden))), (keys, values)

    def mix(self, queries, keys, values, visible):
        """What each head brings to each place: (batch, heads, time, d)."""
        return attend(queries, keys, values, visible)

    def split(self, vectors):
        """(batch, time, width) → (batch, heads, time, d)."""
        size = vectors.shape[-1] // self.num_heads
        shape = tf.concat([tf.shape(vectors)[:2], [self.num_heads, size]], axis=0)
        heads = tf.ensure_shape(tf.reshape(vectors, shape), (None, None, self.num_heads, size))
        return tf.transpose(heads, (0, 2, 1, 3))


def dense(units, *, zero=False, name=None):
    """A dense layer without bias; with `zero` its weights begin at zero."""
    start = "zeros" if zero else "glorot_uniform"
    return layers.Dense(units, use_bias=False, kernel_initializer=start, name=name)


def put(kept, new, positions):
    """`kept` (batch, heads, room, d) with `new` (batch, heads, 1, d) at the place that positions (batch, 1) name."""
    here = tf.range(tf.shape(kept)[2])[None] == positions  # (batch, room)
    return tf.where(here[:, None, :, None], new, kept)
