"""What a recurrent language model (chapter 4) is made of: its loss, its layers, and the states that it carries."""

import keras
import tensorflow as tf
from keras import layers

from aigc_tf.core import addons

# Each makes a layer (batch, time, features) → (batch, time, units) that also returns its states.
CELLS = {
    "rnn": layers.SimpleRNN,  # Elman 1990: h ← tanh(W x + U h + b)
    "lstm": layers.LSTM,  # Hochreiter & Schmidhuber 1997
    "gru": layers.GRU,  # Cho et al. 2014, arXiv:1406.1078
    "layer_norm_lstm": lambda units, **options: layers.RNN(addons.LayerNormLSTMCell(units), **options),
}


def next_token_loss(targets, logits):
    """−ln p(target) by softmax(logits), in nats, averaged over time: (batch,).

    Args:
        targets: int32 (batch, time).
        logits: (batch, time, tokens).
    """
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits), axis=1)


class Bits(keras.metrics.Mean):
    """Mean of losses in nats, in bits: / ln 2."""

    def result(self):
        return super().result() / tf.math.log(2.0)


class Perplexity(keras.metrics.Mean):
    """exp of the mean of losses in nats: the effective number of equally likely tokens."""

    def result(self):
        return tf.exp(super().result())


@keras.saving.register_keras_serializable(package="aigc_tf")
class TiedLogits(layers.Layer):
    """Logits from comparing with the tokens' own embeddings, h · Eᵀ + b (Press & Wolf 2017, arXiv:1608.05859).

    Args:
        embedding: the `keras.layers.Embedding` whose matrix E (tokens, size) is used; h is (…, size).
    """

    def __init__(self, embedding, **kwargs):
        super().__init__(**kwargs)
        self.embedding = embedding

    def build(self, input_shape):
        self.bias = self.add_weight(shape=(self.embedding.input_dim,), initializer="zeros", name="bias")
        self.built = True

    def call(self, hidden):
        return tf.tensordot(hidden, tf.transpose(self.embedding.embeddings), 1) + self.bias  # einsum is far slower here


class Carry:
    """The states that one batch leaves to the next, each (batch, units), one set on every device.

    It is no layer and holds no weights: a model that is saved forgets them.

    Args:
        sizes: units of each state.
    """

    def __init__(self, sizes):
        local = {
            "synchronization": tf.VariableSynchronization.ON_READ,
            "aggregation": tf.VariableAggregation.ONLY_FIRST_REPLICA,
        }
        self.variables = [
            tf.Variable(tf.zeros((0, size)), shape=(None, size), trainable=False, **local) for size in sizes
        ]

    def read(self, continues):
        """The kept states where `continues` (batch,) is 1, zeros where it is 0.

        Raises:
            tf.errors.InvalidArgumentError: if a batch goes on with another number of rows than the one before.
        """
        count = tf.shape(continues)[0]

        def kept(variable):
            value = tf.convert_to_tensor(variable)
            problem = "A batch that continues another needs as many rows. Received: rows before and now"
            same = tf.debugging.Assert(tf.shape(value)[0] == count, [problem, tf.shape(value)[0], count])
            with tf.control_dependencies([same] if same is not None else []):
                return value * continues[:, None]

        def state(variable):
            new = tf.zeros((count, variable.shape[1]))
            return tf.cond(tf.reduce_any(continues > 0), lambda: kept(variable), lambda: new)

        return [state(variable) for variable in self.variables]

    def write(self, states):
        """Keeps the states that a batch leaves."""
        for variable, state in zip(self.variables, states):
            variable.assign(state)
