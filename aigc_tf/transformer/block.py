"""A block of a Transformer (chapter 5): attention, then a small network at every place."""

import tensorflow as tf
from keras import layers

from aigc_tf.transformer.attention import RMSNorm, SelfAttention, dense

# ---- what a block is made of, by name ----

NORMS = {"rms": RMSNorm, "layer": lambda **options: layers.LayerNormalization(epsilon=1e-5, **options)}
ACTIVATIONS = {
    "squared_relu": lambda hidden: tf.square(tf.nn.relu(hidden)),  # So et al. 2021, arXiv:2109.08668
    "gelu": tf.nn.gelu,  # Hendrycks & Gimpel 2016, arXiv:1606.08415
}


class Block(layers.Layer):
    """hidden ← hidden + attention(norm(hidden)); hidden ← hidden + MLP(norm(hidden)).

    The norm stands before each part (Xiong et al. 2020, arXiv:2002.04745), so that the sum runs through all blocks
    untouched. The MLP is four times as wide inside, and looks at one place at a time.

    Args:
        width, num_heads, rotary, qk_norm, zero_outputs: of `SelfAttention`; the MLP's last weights begin at zero, too.
        norm, activation: names in `NORMS` and `ACTIVATIONS`.
        dropout: rate behind both parts.
        make_attention, make_dense: make the attention and all dense layers. (Chapter 6 has others.)
    """

    def __init__(
        self, width, num_heads, rotary, qk_norm, zero_outputs, norm, activation, dropout, make_attention=SelfAttention,
        make_dense=dense, **kwargs,
    ):
        super().__init__(**kwargs)
        self.attention_norm, self.mlp_norm = (NORMS[norm](name=f"{part}_norm") for part in ("attention", "mlp"))
        self.attention = make_attention(
            width, num_heads, rotary, qk_norm, zero_outputs, make_dense=make_dense, name="attention"
        )
        self.mlp_in = make_dense(4 * width, name="mlp_in")
        self.mlp_out = make_dense(width, zero=zero_outputs, name="mlp_out")
        self.activation, self.drop = ACTIVATIONS[activation], layers.Dropout(dropout)

    def call(self, hidden, positions, visible, cache=None, training=False):
        """(batch, time, width) → the same, and the keys and values; arguments as `SelfAttention` takes them."""
        mixed, cache = self.attention(self.attention_norm(hidden), positions, visible, cache)
        hidden += self.drop(mixed, training=training)
        changed = self.mlp_out(self.activation(self.mlp_in(self.mlp_norm(hidden))))
        return hidden + self.drop(changed, training=training), cache
