"""What fine-tuning with few weights adds to a network (chapter 6): LoRA, adapters, and prefixes of keys and values."""

import tensorflow as tf
from keras import layers

from aigc_tf.transformer.attention import SelfAttention, attend, dense, rms_norm
from aigc_tf.transformer.model import embedding


class LoRADense(layers.Layer):
    """x W + (alpha / rank) · x A B: a dense layer, and a change of low rank beside it.

    Hu et al. 2021 (arXiv:2106.09685), section 4.1. A begins at random and B at zero, so that at first nothing changes.
    Were both zero, neither would ever get a gradient.

    Args:
        units: of the dense layer.
        rank: of the change A B, (in, rank) times (rank, units).
        alpha: scales the change, so that a learning rate found for one rank is about right for another.
        zero: whether W begins at zero.
    """

    def __init__(self, units, rank, alpha, *, zero=False, **kwargs):
        super().__init__(**kwargs)
        self.scale = alpha / rank
        self.dense = dense(units, zero=zero, name="dense")
        self.lora_a, self.lora_b = dense(rank, name="lora_a"), dense(units, zero=True, name="lora_b")

    @property
    def added(self):
        """The layers beside the dense one."""
        return [self.lora_a, self.lora_b]

    def call(self, inputs):
        return self.dense(inputs) + self.scale * self.lora_b(self.lora_a(inputs))

    def merged(self):
        """W + (alpha / rank) · A B: the weights of a plain dense layer that does the same."""
        return self.dense.kernel + self.scale * tf.matmul(self.lora_a.kernel, self.lora_b.kernel)


class AdapterDense(layers.Layer):
    """y + gelu(y D) U, where y = x W: a dense layer, and a small network behind it, with a connection around it.

    Houlsby et al. 2019 (arXiv:1902.00751), section 2.1, without biases. D begins at random and U at zero.

    Args:
        units: of the dense layer.
        size: numbers in the middle, between D and U.
        zero: whether W begins at zero.
    """

    def __init__(self, units, size, *, zero=False, **kwargs):
        super().__init__(**kwargs)
        self.dense = dense(units, zero=zero, name="dense")
        self.down, self.up = dense(size, name="down"), dense(units, zero=True, name="up")

    @property
    def added(self):
        """The layers behind the dense one."""
        return [self.down, self.up]

    def call(self, inputs):
        outputs = self.dense(inputs)
        return outputs + self.up(tf.nn.gelu(self.down(outputs)))


class PrefixAttention(SelfAttention):
    """`SelfAttention` that also looks at `size` learned keys and their values, which belong to no token.

    Prefix tuning (Li & Liang 2021, arXiv:2101.00190), with a softmax of its own: attention to the text + attention to
    the prefix, whose values begin at zero. The authors let text and prefix share one softmax. Then even values of zero
    take weight from the text, and the model could not begin as what it was. (He et al. 2022, arXiv:2110.04366, section
    3.1, write the shared softmax as a mean of these two terms.)

    Args:
        width, num_heads, parts: of `SelfAttention`.
        size: keys.
    """

    def __init__(self, width, num_heads, *parts, size, **kwargs):
        super().__init__(width, num_heads, *parts, **kwargs)
        self.size = size
        self.prefix_keys = embedding(size, width, 1.0, name="prefix_keys")
        self.prefix_values = layers.Embedding(size, width, embeddings_initializer="zeros", name="prefix_values")

    @property
    def added(self):
        """The keys and the values."""
        return [self.prefix_keys, self.prefix_values]

    def mix(self, queries, keys, values, visible):
        places = tf.range(self.size)[None]
        prefix_keys, prefix_values = (self.split(part(places)) for part in self.added)  # (1, heads, size, d)
        prefix_keys = rms_norm(prefix_keys) if self.qk_norm else prefix_keys
        return super().mix(queries, keys, values, visible) + attend(queries, prefix_keys, prefix_values)
