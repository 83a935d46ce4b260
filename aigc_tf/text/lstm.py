"""Recurrent language models (chapter 4): the plain one, `RNNLanguageModel`, and `LSTMLanguageModel`."""

import functools

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from aigc_tf.core.distribute import batch_mean, clip_by_global_norm
from aigc_tf.core.inputs import as_tokens, check_finite, check_name, unpack
from aigc_tf.core.model import Model
from aigc_tf.text.generation import TextGenerator
from aigc_tf.text.recurrent import CELLS, Bits, Carry, Perplexity, TiedLogits, next_token_loss
from aigc_tf.text.vocabulary import Vocabulary


@keras.saving.register_keras_serializable(package="aigc_tf")
class RNNLanguageModel(TextGenerator, Model):
    """Predicts every next token from all before it: embedding → recurrent layers → one logit for each token.

    (Elman 1990; Mikolov et al. 2010, "Recurrent neural network based language model".)

    It trains on batches of `text.windows`, (inputs, targets), where each window begins with empty states, or of
    `text.streams`, ((inputs, continues), targets), where the states are carried from batch to batch.

    Args:
        tokens: of its vocabulary: a string of characters or a list.
        unit: "character" or "word".
        cell: a name in `CELLS`: "rnn", "lstm", "gru" or "layer_norm_lstm".
        units: of the recurrent layers, in order.
        embedding_dim: size of the vector that stands for a token.
        embedding_stddev: of those vectors at first; None: Keras's own, uniform in ±0.05. With 1.0 short trainings learn
            much faster, long ones on little text overfit sooner, and tied logits begin far too large.
        dropout: rate after every recurrent layer, in [0, 1) (Zaremba et al. 2014, arXiv:1409.2329).
        tied: whether the logits reuse the embedding.
        clip_norm: the gradient's largest norm over all weights (Pascanu et al. 2013, arXiv:1211.5063).

    Raises:
        ValueError: for an unknown cell or unit, or a number outside its range.
    """

    def __init__(
        self, tokens, unit="character", cell="rnn", units=(256,), embedding_dim=64, dropout=0.0, tied=False,
        clip_norm=1.0, embedding_stddev=None, **kwargs,
    ):
        super().__init__(**kwargs)
        check_name("cell", cell, CELLS)
        check_numbers(units, embedding_dim, dropout, clip_norm, embedding_stddev)
        self.vocabulary = Vocabulary(tokens, unit)
        self.cell, self.units, self.embedding_dim = cell, tuple(units), embedding_dim
        self.dropout, self.tied, self.clip_norm, self.embedding_stddev = dropout, tied, clip_norm, embedding_stddev
        first = "uniform" if embedding_stddev is None else keras.initializers.RandomNormal(stddev=embedding_stddev)
        self.embedding = layers.Embedding(
            len(self.vocabulary), embedding_dim, embeddings_initializer=first, name="embedding"
        )
        self.recurrent = [
            CELLS[cell](count, return_sequences=True, return_state=True, name=f"recurrent_{number}")
            for number, count in enumerate(self.units)
        ]
        self.drop = layers.Dropout(dropout)
        self.projection = layers.Dense(embedding_dim, name="projection") if tied else None
        if tied:
            self.logits = TiedLogits(self.embedding, name="logits")
        else:
            self.logits = layers.Dense(len(self.vocabulary), name="logits")
        self.states_per_layer = 1 if cell in ("rnn", "gru") else 2
        self.state_sizes = [count for count in self.units for _ in range(self.states_per_layer)]
        self.carries = {training: Carry(self.state_sizes) for training in (True, False)}  # validation disturbs nothing
        self.means = [keras.metrics.Mean(name="loss"), Bits(name="bits"), Perplexity(name="perplexity")]
        self(tf.zeros((1, 1), tf.int32))  # builds all weights: the model can be saved before its first batch
        self.step(tf.zeros([1], tf.int32), self.empty_states(1))

    @property
    def tokens(self):
        return self.vocabulary.tokens

    @property
    def unit(self):
        return self.vocabulary.unit

    # -- the network: over a whole window, and by one step --

    def empty_states(self, count):
        return [tf.zeros((count, size)) for size in self.state_sizes]

    def read(self, tokens, states, training=False):
        """Logits (batch, time, tokens) for the token after each of `tokens` (batch, time), and the states left."""
        hidden, next_states = self.embedding(tokens), []
        for layer, layer_states in zip(self.recurrent, self._by_layer(states)):
            hidden, *layer_states = layer(hidden, initial_state=layer_states, training=training)
            hidden = self.drop(hidden, training=training)
            next_states += layer_states
        return self.logits(self.projection(hidden) if self.tied else hidden), next_states

    def step(self, tokens, states):
        """The same for one token of each row, (batch,): logits (batch, tokens), and the states left."""
        hidden, next_states = self.embedding(tokens), []
        for layer, layer_states in zip(self.recurrent, self._by_layer(states)):
            hidden, layer_states = layer.cell(hidden, layer_states)
            next_states += tf.nest.flatten(layer_states)
        return self.logits(self.projection(hidden) if self.tied else hidden), next_states

    def _by_layer(self, states):
        """The flat list of states as a list for each layer: an LSTM has two, a plain cell and a GRU have one."""
        count = self.states_per_layer
        return [states[at:at + count] for at in range(0, len(states), count)]

    def call(self, tokens, training=False):
        return self.read(tokens, self.empty_states(tf.shape(tokens)[0]), training)[0]

    # -- losses → step → evaluate --

    def compute_losses(self, inputs, targets, training=False):
        """{"loss": nats per token (batch,)} of windows read from empty states, or of the next batch of streams.

        Args:
            inputs: int32 (batch, time); or the pair of them and `continues`, and then the states are carried on.
            targets: int32 (batch, time), the inputs shifted by one.
        """
        inputs, continues = unpack(inputs)
        inputs, targets = as_tokens(inputs, len(self.vocabulary)), as_tokens(targets, len(self.vocabulary))
        carry = self.carries[training]
        states = self.empty_states(tf.shape(inputs)[0]) if continues is None else carry.read(continues)
        logits, states = self.read(inputs, states, training)
        if continues is not None:
            carry.write(states)
        return {"loss": next_token_loss(targets, logits)}

    def train_step(self, data):
        with tf.GradientTape() as tape:
            losses = self.compute_losses(*data, training=True)
            objective = batch_mean(losses["loss"])
        gradients = clip_by_global_norm(tape.gradient(objective, self.trainable_variables), self.clip_norm)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        return self.update_metrics(check_finite(losses, self.optimizer.iterations))

    def update_metrics(self, losses):
        """Adds a batch's loss to the epoch's means, and returns the means so far: in nats, in bits, as perplexity."""
        return super().update_metrics({metric.name: losses["loss"] for metric in self.metrics})

    # -- the verbs; `log_prob`, `generate`, `stream` and `beam_search` are inherited --

    def token_log_probs(self, numbers, *, group=2000):
        """ln p of each token after the first of its row, in nats, every row from empty states.

        Args:
            numbers: token numbers (rows, time).
            group: tokens that are read at once, which bounds the memory; it does not change the result.

        Returns:
            float32 (rows, time − 1).
        """
        states, parts, length = self.empty_states(len(numbers)), [], max(1, group // len(numbers))
        for at in range(0, numbers.shape[1] - 1, length):
            end = min(at + length, numbers.shape[1] - 1)
            inputs, targets = tf.constant(numbers[:, at:end]), tf.constant(numbers[:, at + 1:end + 1])
            values, states = self._log_probs(inputs, targets, states)
            parts.append(values.numpy())
        return np.concatenate(parts, axis=1)

    def next_distribution(self, context):
        """Probabilities of the next token after a text of at least one token: float64 (tokens,), sums to one."""
        logits, _ = self.read_prompt(context)
        return tf.nn.softmax(tf.cast(logits[0], tf.float64)).numpy()

    def read_prompt(self, prompt):
        """Logits (1, tokens) of what comes after a text of at least one token, and the states there."""
        numbers = self.numbers_of(prompt, least=1)
        logits, states = self._read(tf.constant(numbers[None]), self.empty_states(1))
        return logits[:, -1], states

    # -- compiled: one graph for texts of any length --

    @functools.cached_property
    def _read(self):
        return tf.function(self.read, input_signature=[TOKENS, self._state_specs()])

    @functools.cached_property
    def _log_probs(self):
        def log_probs(inputs, targets, states):
            logits, states = self.read(inputs, states)
            return -tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits), states

        return tf.function(log_probs, input_signature=[TOKENS, TOKENS, self._state_specs()])

    def _state_specs(self):
        return [tf.TensorSpec((None, size)) for size in self.state_sizes]


@keras.saving.register_keras_serializable(package="aigc_tf")
class LSTMLanguageModel(RNNLanguageModel):
    """An `RNNLanguageModel` of LSTM cells (Hochreiter & Schmidhuber 1997), with the same arguments.

    All else is the same, so that the two can be compared: what differs is the cell alone.
    """

    def __init__(self, tokens, unit="character", cell="lstm", **kwargs):
        super().__init__(tokens, unit, cell, **kwargs)


TOKENS = tf.TensorSpec((None, None), tf.int32)  # (batch, time)


def check_numbers(units, embedding_dim, dropout, clip_norm, embedding_stddev):
    """Raises ValueError unless the numbers of an `RNNLanguageModel` are in their ranges."""
    good = [
        len(units) > 0 and min(units, default=0) >= 1,
        embedding_dim >= 1,
        0 <= dropout < 1,
        clip_norm > 0,
        embedding_stddev is None or 0 < embedding_stddev < np.inf,
    ]
    if not all(good):
        raise ValueError(
            "units and embedding_dim must be at least 1, dropout lie in [0, 1), clip_norm and embedding_stddev be "
            f"above 0. Received: {units=}, {embedding_dim=}, {dropout=}, {clip_norm=}, {embedding_stddev=}"
        )
