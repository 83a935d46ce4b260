"""Recurrent language models (chapter 4): `LSTMLanguageModel`, how it learns and how it writes."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from aigc_tf import decoding
from aigc_tf.distribute import batch_mean, clip_by_global_norm
from aigc_tf.inputs import as_tokens, check_finite, unpack
from aigc_tf.recurrent import CELLS, Bits, Carry, Perplexity, TiedLogits, next_token_loss
from aigc_tf.text import Vocabulary


@keras.saving.register_keras_serializable(package="aigc_tf")
class LSTMLanguageModel(keras.Model):
    """Predicts every next token from all before it: embedding → recurrent layers → one logit for each token.

    It trains on batches of `text.windows`, (inputs, targets), where each window begins with empty states, or of
    `text.streams`, ((inputs, continues), targets), where the states are carried from batch to batch.

    Args:
        tokens: of its vocabulary: a string of characters or a list.
        unit: "character" or "word".
        cell: a name in `CELLS`: "lstm", "gru" or "layer_norm_lstm".
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
        self, tokens, unit="character", cell="lstm", units=(256,), embedding_dim=64, dropout=0.0, tied=False,
        clip_norm=1.0, embedding_stddev=None, **kwargs,
    ):
        super().__init__(**kwargs)
        if cell not in CELLS:
            raise ValueError(f"cell must be one of {', '.join(CELLS)}. Received: {cell!r}")
        if not units or min(*units, embedding_dim, 1) < 1 or not 0 <= dropout < 1 or not clip_norm > 0 or (
            embedding_stddev is not None and not 0 < embedding_stddev < np.inf
        ):
            raise ValueError(
                "units and embedding_dim must be at least 1, dropout lie in [0, 1), clip_norm and embedding_stddev be "
                f"above 0. Received: {units=}, {embedding_dim=}, {dropout=}, {clip_norm=}, {embedding_stddev=}"
            )
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
        self.logits = TiedLogits(self.embedding) if tied else layers.Dense(len(self.vocabulary), name="logits")
        self.states_per_layer = 1 if cell == "gru" else 2
        self.state_sizes = [count for count in self.units for _ in range(self.states_per_layer)]
        self.carries = {training: Carry(self.state_sizes) for training in (True, False)}  # validation disturbs nothing
        self.means = [keras.metrics.Mean(name="loss"), Bits(name="bits"), Perplexity(name="perplexity")]
        tokens = tf.TensorSpec((None, None), tf.int32)
        states = [tf.TensorSpec((None, size)) for size in self.state_sizes]
        self._read = tf.function(self.read, input_signature=[tokens, states])  # one graph for texts of any length
        self._log_probs = tf.function(self._log_probs, input_signature=[tokens, tokens, states])
        self._continue = tf.function(self._continue, reduce_retracing=True)
        self._search = tf.function(self._search, reduce_retracing=True)
        self(tf.zeros((1, 1), tf.int32))  # builds all weights: the model can be saved before its first batch
        self.step(tf.zeros([1], tf.int32), self.empty_states(1))

    def get_config(self):
        names = ("tokens", "unit", "cell", "units", "embedding_dim", "dropout", "tied", "clip_norm", "embedding_stddev")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}

    @property
    def tokens(self):
        return self.vocabulary.tokens

    @property
    def unit(self):
        return self.vocabulary.unit

    @property
    def metrics(self):
        return self.means

    # -- the network: over a whole window, and by one step --

    def empty_states(self, count):
        return [tf.zeros((count, size)) for size in self.state_sizes]

    def read(self, tokens, states, training=False):
        """Logits (batch, time, tokens) for the token after each of `tokens` (batch, time), and the states left."""
        hidden, left, each = self.embedding(tokens), [], self.states_per_layer
        for number, layer in enumerate(self.recurrent):
            hidden, *new = layer(hidden, initial_state=states[number * each:(number + 1) * each], training=training)
            hidden = self.drop(hidden, training=training)
            left += new
        return self.logits(self.projection(hidden) if self.tied else hidden), left

    def step(self, tokens, states):
        """The same for one token of each row, (batch,): logits (batch, tokens), and the states left."""
        hidden, left, each = self.embedding(tokens), [], self.states_per_layer
        for number, layer in enumerate(self.recurrent):
            hidden, new = layer.cell(hidden, states[number * each:(number + 1) * each])
            left += tf.nest.flatten(new)
        return self.logits(self.projection(hidden) if self.tied else hidden), left

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
        return self.log(check_finite(losses, self.optimizer.iterations))

    def test_step(self, data):
        return self.log(self.compute_losses(*data))

    def log(self, losses):
        """Adds a batch's loss to the epoch's means, and returns the means so far: in nats, in bits, as perplexity."""
        for metric in self.metrics:
            metric.update_state(losses["loss"])
        return {metric.name: metric.result() for metric in self.metrics}

    # -- the verbs --

    def _log_probs(self, inputs, targets, states):
        logits, states = self.read(inputs, states)
        return -tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits), states

    def log_prob(self, text, *, group=2000):
        """ln p(cₜ | all before), in nats, one for each token after the first: float32 (tokens − 1,).

        Args:
            group: tokens that are read at once, which bounds the memory; it does not change the result.
        """
        numbers = self._encode(text, least=2)[None]
        states, parts = self.empty_states(1), []
        for at in range(0, numbers.shape[1] - 1, group):
            end = min(at + group, numbers.shape[1] - 1)
            inputs, targets = tf.constant(numbers[:, at:end]), tf.constant(numbers[:, at + 1:end + 1])
            values, states = self._log_probs(inputs, targets, states)
            parts.append(values[0].numpy())
        return np.concatenate(parts)

    def next_distribution(self, context):
        """Probabilities of the next token after a text of at least one token: float64 (tokens,), sums to one."""
        logits, _ = self._after(context)
        return tf.nn.softmax(tf.cast(logits[0], tf.float64)).numpy()

    def generate(self, prompt, length, **options):
        """The prompt, continued by `length` tokens; a list of prompts gives a list of texts, written side by side.

        Args:
            prompt: a string of at least one token, or a list of them.
            length: tokens to write.
            **options: temperature, top_k, top_p, no_repeat and seed; see `stream`.
        """
        prompts = [prompt] if isinstance(prompt, str) else list(prompt)
        numbers = np.concatenate(list(self._write(prompts, length, length, **options)), axis=1)
        texts = [self.vocabulary.extend(prompt, row) for prompt, row in zip(prompts, numbers)]
        return texts[0] if isinstance(prompt, str) else texts

    def stream(self, prompt, length, *, chunk=10, **options):
        """The same text piece by piece, as it is written: yields the prompt, then up to `chunk` tokens at a time.

        Args:
            temperature, top_k, top_p: see `decoding.adjust_logits`.
            no_repeat: no sequence of so many tokens may come twice (`decoding.ban_repeats`).
            seed: an integer makes it repeatable; None: new every time.

        Raises:
            ValueError: for an empty prompt, tokens that the vocabulary does not know, or options out of range.
        """
        written, text = np.zeros((1, 0), "int32"), prompt
        pieces = self._write([prompt], length, chunk, **options)
        yield prompt
        for piece in pieces:
            written = np.concatenate([written, piece], axis=1)
            longer = self.vocabulary.extend(prompt, written[0])
            yield longer[len(text):]
            text = longer

    def most_likely(self, prompt, length, *, width=5):
        """(text, log_probability): the likeliest continuation that beam search finds, and its ln p in nats.

        Args:
            prompt: a string of at least one token.
            length: tokens to write.
            width: beams; 1 is the greedy choice.
        """
        decoding.check_options(length)
        if width < 1:
            raise ValueError(f"width must be at least 1. Received: {width}")
        tokens, scores = self._search(*self._after(prompt), tf.constant(width), tf.constant(length))
        return self.vocabulary.extend(prompt, tokens[0].numpy()), float(scores[0])

    def _encode(self, text, least=1):
        numbers = self.vocabulary.encode(text)
        if len(numbers) < least:
            raise ValueError(f"The text must have at least {least} tokens. Received: {text!r}")
        return numbers

    def _after(self, prompt):
        """Logits (1, tokens) of what comes after a prompt, and the states there."""
        logits, states = self._read(tf.constant(self._encode(prompt)[None]), self.empty_states(1))
        return logits[:, -1], states

    def _write(self, prompts, length, chunk, *, temperature=1.0, top_k=None, top_p=None, no_repeat=None, seed=None):
        """Yields the tokens that come after the prompts: int32 (prompts, up to `chunk`)."""
        decoding.check_options(length, temperature, top_k, top_p, no_repeat)
        seed = int(np.random.default_rng().integers(2**31)) if seed is None else seed
        starts = [self._after(prompt) for prompt in prompts]  # each is read once, whatever its length
        logits = tf.concat([logits for logits, _ in starts], axis=0)
        states = [tf.concat(parts, axis=0) for parts in zip(*(states for _, states in starts))]
        history = self._histories(prompts, length if no_repeat else 0)
        # As tensors, and never None, so that one traced graph serves all of them.
        options = [tf.constant(temperature, tf.float32), tf.constant(top_k or len(self.vocabulary)),
                   tf.constant(top_p or 1.0, tf.float32), no_repeat]
        for at in range(0, length, chunk):
            count = tf.constant(min(chunk, length - at))
            places = tf.constant(seed, tf.int64), tf.constant(at, tf.int64)
            tokens, logits, states, history = self._continue(logits, states, history, count, *places, *options)
            yield tokens.numpy()

    def _histories(self, prompts, room):
        """The prompts' last tokens, ending at the same place, with room behind; −1 where a prompt is shorter."""
        numbers = [self.vocabulary.encode(prompt) for prompt in prompts]
        longest = max(map(len, numbers))
        rows = [np.pad(row, (longest - len(row), room), constant_values=-1) for row in numbers]
        return tf.constant(np.stack(rows), tf.int32)

    def _continue(self, logits, states, history, count, seed, start, temperature, top_k, top_p, no_repeat):
        tokens = tf.TensorArray(tf.int32, count)
        before = tf.reduce_sum(tf.cast(tf.reduce_any(history >= 0, axis=0), tf.int32))
        for at in tf.range(count):
            place = start + tf.cast(at, tf.int64)
            if no_repeat:
                logits = decoding.ban_repeats(logits, history, before + at, no_repeat)
            adjusted = decoding.adjust_logits(logits, temperature, top_k, top_p)
            chosen = decoding.sample(adjusted, tf.stack([seed, place]))
            tokens = tokens.write(at, chosen)
            if no_repeat:
                history = tf.where(tf.range(tf.shape(history)[1])[None] == before + at, chosen[:, None], history)
            logits, states = self.step(chosen, states)
        return tf.transpose(tokens.stack()), logits, states, history

    def _search(self, logits, states, width, length):
        return decoding.beam_search(self.step, logits, states, width=width, length=length)
