"""A language model of attention (chapter 5): `TransformerLanguageModel`, a small GPT."""

import functools

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from aigc_tf.core.distribute import batch_mean, clip_by_global_norm
from aigc_tf.core.inputs import as_tokens, check_finite, check_name
from aigc_tf.core.model import Model
from aigc_tf.text import next_token_loss
from aigc_tf.text.generation import TextGenerator
from aigc_tf.text.recurrent import Bits, Perplexity
from aigc_tf.transformer.attention import causal_mask, dense, sinusoids
from aigc_tf.transformer.block import ACTIVATIONS, NORMS, Block
from aigc_tf.transformer.tokenizer import vocabulary_of

POSITION_ENCODINGS = ("rotary", "learned", "sinusoidal", "none")


@keras.saving.register_keras_serializable(package="aigc_tf")
class TransformerLanguageModel(TextGenerator, Model):
    """Predicts every next token from up to `context` tokens before it: embedding → blocks → one logit for each token.

    The decoder of Vaswani et al. 2017 alone, with the norm before each part. (GPT-2, Radford et al. 2019, is this with
    learned positions, layer norm, GELU, qk_norm and zero_outputs off, and in addition biases and tied logits.) It
    trains on batches of `text.windows` or `text.random_windows`: (inputs, targets), each window from no context.

    A text longer than `context` is read as it is written: when the window is full, its older half is forgotten, and the
    newer half is read anew, from position 0. So every token after the first `context` is guessed from at least half as
    many.

    Args:
        tokens: of its vocabulary: a string of characters or a list.
        unit: "character", "word" or "piece".
        num_layers: blocks.
        width: numbers that stand for a place, a multiple of twice `num_heads`.
        num_heads: of every attention.
        context: tokens that it can look at, even.
        dropout: rate behind the embedding and both parts of a block, in [0, 1).
        position_encoding: "rotary" (turned queries and keys), "learned" or "sinusoidal" (added to the embedding), or
            "none".
        norm: "rms", or "layer" (Ba et al. 2016, arXiv:1607.06450).
        activation: of the MLPs, "squared_relu" or "gelu".
        qk_norm: whether queries and keys get `rms_norm`.
        zero_outputs: whether the last weights of each part and the logits' begin at zero: at first every block hands
            its input on, and all tokens are equally likely.
        embedding_stddev: of the tokens' vectors at first, and of the learned positions'.
        clip_norm: the gradient's largest norm over all weights.

    Raises:
        ValueError: for an unknown name, or a number outside its range.
    """

    def __init__(
        self, tokens, unit="character", num_layers=4, width=128, num_heads=4, context=256, dropout=0.0,
        position_encoding="rotary", norm="rms", activation="squared_relu", qk_norm=True, zero_outputs=True,
        embedding_stddev=1.0, clip_norm=1.0, **kwargs,
    ):
        super().__init__(**kwargs)
        check_name("position_encoding", position_encoding, POSITION_ENCODINGS)
        check_name("norm", norm, NORMS)
        check_name("activation", activation, ACTIVATIONS)
        check_numbers(num_layers, width, num_heads, context, dropout, embedding_stddev, clip_norm)
        self.vocabulary = vocabulary_of(tokens, unit)
        self.num_layers, self.width, self.num_heads, self.context = num_layers, width, num_heads, context
        self.dropout, self.position_encoding, self.norm, self.activation = dropout, position_encoding, norm, activation
        self.qk_norm, self.zero_outputs = qk_norm, zero_outputs
        self.embedding_stddev, self.clip_norm = embedding_stddev, clip_norm
        self.embedding = embedding(len(self.vocabulary), width, embedding_stddev, name="embedding")
        if position_encoding == "learned":
            self.position_embedding = embedding(context, width, embedding_stddev, name="position_embedding")
        self.drop = layers.Dropout(dropout)
        self.blocks = self.make_blocks()
        self.last_norm = NORMS[norm](name="last_norm")
        self.logits = dense(len(self.vocabulary), zero=zero_outputs, name="logits")
        self.means = self.make_means()
        self(tf.zeros((1, 2), tf.int32))  # builds all weights: the model can be saved before its first batch

    @property
    def tokens(self):
        return self.vocabulary.tokens

    @property
    def unit(self):
        return self.vocabulary.unit

    @property
    def window(self):
        """Tokens of a text that it can look at."""
        return self.context

    # -- what it is made of, and what it reports: chapter 6 changes that --

    def make_blocks(self, **options):
        """The blocks; `options` are those of `Block` that are no options of the model."""
        parts = (self.position_encoding == "rotary", self.qk_norm, self.zero_outputs, self.norm, self.activation,
                 self.dropout)
        return [Block(self.width, self.num_heads, *parts, **options, name=f"block_{number}")
                for number in range(self.num_layers)]

    def make_means(self):
        """The running means of what it reports."""
        return [keras.metrics.Mean(name="loss"), Bits(name="bits"), Perplexity(name="perplexity")]

    # -- the network: over a whole window, and by one step --

    def read(self, tokens, training=False):
        """Logits (batch, time, tokens) for the token after each of `tokens` (batch, time), and every block's cache.

        Raises:
            ValueError: for more tokens than `context`; tf.errors.InvalidArgumentError where only a run can tell.
        """
        time = self.check_length(tokens)
        positions, visible, caches = tf.range(time), causal_mask(time), []
        hidden = self.drop(self.embed(tokens, positions), training=training)
        for block in self.blocks:
            hidden, cache = block(hidden, positions, visible, training=training)
            caches.append(cache)
        return self.logits(self.last_norm(hidden)), caches

    def step(self, tokens, states):
        """The same for one token of each row, (batch,): logits (batch, tokens), and the states left.

        The states are a dict: `tokens` (batch, context), those that are still seen; `length` (batch,), how many these
        are; and `caches`, keys and values (batch, heads, context, d) of every block. Rows do not know of each other.
        """
        states = self.forget(states)
        positions = states["length"][:, None]  # (batch, 1)
        room = tf.range(self.context)[None]
        seen = tf.where(room == positions, tokens[:, None], states["tokens"])
        visible = (room <= positions)[:, None, None]  # (batch, 1, 1, context)
        hidden, caches = self.embed(tokens[:, None], positions), []
        for block, cache in zip(self.blocks, states["caches"]):
            hidden, cache = block(hidden, positions, visible, cache)
            caches.append(cache)
        logits = self.logits(self.last_norm(hidden))[:, 0]
        return logits, {"tokens": seen, "length": states["length"] + 1, "caches": caches}

    def embed(self, tokens, positions):
        """The vectors that stand for tokens (batch, time) at their positions, (time,) or (batch, time)."""
        hidden = self.token_vectors(tokens)
        if self.position_encoding == "learned":
            hidden += self.position_embedding(positions)
        elif self.position_encoding == "sinusoidal":
            hidden += sinusoids(positions, self.width)
        return hidden

    def token_vectors(self, tokens):
        """The vectors that stand for tokens (batch, time), wherever they are."""
        return self.embedding(tokens)

    def check_length(self, tokens):
        """The number of places of tokens (batch, time), which the context must hold."""
        message = f"The context holds {self.context} tokens. Received: a window of more"
        if tokens.shape[1] is not None:
            if tokens.shape[1] > self.context:
                raise ValueError(f"{message}, {tokens.shape[1]}")
            return tokens.shape[1]
        time = tf.shape(tokens)[1]
        check = tf.debugging.assert_less_equal(time, self.context, message)
        with tf.control_dependencies([check] if check is not None else []):
            return tf.identity(time)

    def forget(self, states):
        """The states, with the newer half of the context read anew in each row whose context is full."""
        full = states["length"] == self.context

        def shorter():
            again = self.states_after(states["tokens"][:, -(self.window // 2):])
            return tf.nest.map_structure(
                lambda new, old: tf.where(tf.reshape(full, [-1] + [1] * (len(old.shape) - 1)), new, old), again, states
            )

        return tf.cond(tf.reduce_any(full), shorter, lambda: states)

    def states_after(self, tokens):
        """The states after tokens (batch, time), time ≤ context, of rows that begin with them."""
        return self._states(tokens, self.read(tokens)[1])

    def _states(self, tokens, caches):
        time = tf.shape(tokens)[1]
        room = self.context - time
        caches = [tuple(self._roomy(tf.pad(each, [(0, 0), (0, 0), (0, room), (0, 0)])) for each in cache)
                  for cache in caches]
        tokens = tf.ensure_shape(tf.pad(tokens, [(0, 0), (0, room)]), (None, self.context))
        return {"tokens": tokens, "length": tf.fill(tf.shape(tokens)[:1], time), "caches": caches}

    def _roomy(self, cache):
        return tf.ensure_shape(cache, (None, self.num_heads, self.context, self.width // self.num_heads))

    def call(self, tokens, training=False):
        return self.read(tokens, training)[0]

    # -- losses → step → evaluate --

    def compute_losses(self, inputs, targets, training=False):
        """{"loss": nats per token (batch,)} of windows that begin without context.

        Args:
            inputs: int32 (batch, time), time ≤ context.
            targets: int32 (batch, time), the inputs shifted by one.
        """
        if isinstance(inputs, (tuple, list)):
            raise ValueError("A Transformer carries no states: it takes batches of `windows` or `random_windows`. "
                             "Received: batches of `streams`")
        inputs, targets = as_tokens(inputs, len(self.vocabulary)), as_tokens(targets, len(self.vocabulary))
        return {"loss": next_token_loss(targets, self(inputs, training=training))}

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

    def token_log_probs(self, numbers, *, group=64):
        """ln p of each token after the first of its row, in nats, as if the row were read token by token.

        The first `context` guesses of a row come from one window. Each further window moves on by half the context,
        and its second half counts.

        Args:
            numbers: token numbers (rows, time).
            group: windows that are read at once, which bounds the memory; it does not change the result.

        Returns:
            float32 (rows, time − 1).
        """
        numbers = np.asarray(numbers)
        rows, count, half = len(numbers), numbers.shape[1] - 1, self.window // 2
        starts = window_starts(count, self.window)
        padded = np.pad(numbers, [(0, 0), (0, starts[-1] + self.window - count)])
        inside = starts[:, None] + np.arange(min(self.window, count) + 1)  # (windows, a window's tokens)
        pieces = padded[:, inside].reshape(-1, inside.shape[1]).astype("int32")
        values = np.concatenate([self._log_probs(pieces[at:at + group]) for at in range(0, len(pieces), group)])
        values = values.reshape(rows, len(starts), -1)
        later = values[:, 1:, half:].reshape(rows, -1)
        return np.concatenate([values[:, 0], later], axis=1)[:, :count]

    def next_distribution(self, context):
        """Probabilities of the next token after a text of at least one token: float64 (tokens,), sums to one."""
        logits, _ = self.read_prompt(context)
        return tf.nn.softmax(tf.cast(logits[0], tf.float64)).numpy()

    def read_prompt(self, prompt):
        """Logits (1, tokens) of what comes after a text of at least one token, and the states there."""
        numbers = self.numbers_of(prompt, least=1)
        seen = numbers[window_starts(len(numbers), self.window)[-1]:]
        return self._read(tf.constant(seen[None]))

    # -- compiled: one graph for texts of any length --

    @functools.cached_property
    def _read(self):
        def last_logits(tokens):
            logits, caches = self.read(tokens)
            return logits[:, -1], self._states(tokens, caches)

        return tf.function(last_logits, input_signature=[TOKENS])

    @functools.cached_property
    def _compiled_log_probs(self):
        def log_probs(tokens):
            logits, _ = self.read(tokens[:, :-1])
            return -tf.nn.sparse_softmax_cross_entropy_with_logits(tokens[:, 1:], logits)

        return tf.function(log_probs, input_signature=[TOKENS])

    def _log_probs(self, pieces):
        return self._compiled_log_probs(tf.constant(pieces)).numpy()


def embedding(count, width, stddev, name):
    """A vector (width,) for each of `count` numbers, at first from N(0, stddev²)."""
    normal = keras.initializers.RandomNormal(stddev=stddev)
    return layers.Embedding(count, width, embeddings_initializer=normal, name=name)


TOKENS = tf.TensorSpec((None, None), tf.int32)  # (batch, time)


def window_starts(count, context):
    """Where the windows begin in which `count` tokens are read: 0, then half a context on whenever one is full."""
    half = context // 2
    return half * np.arange(1 + max(0, -(-(count - context) // half)))


def check_numbers(num_layers, width, num_heads, context, dropout, embedding_stddev, clip_norm):
    """Raises ValueError unless the numbers of a `TransformerLanguageModel` are in their ranges."""
    if min(num_layers, width, num_heads, context) < 1 or width % (2 * num_heads) or context % 2:
        raise ValueError(
            "num_layers must be at least 1, width a multiple of 2 · num_heads, and context even. "
            f"Received: {num_layers=}, {width=}, {num_heads=}, {context=}"
        )
    if not (0 <= dropout < 1 and 0 < embedding_stddev < np.inf and clip_norm > 0):
        raise ValueError("dropout must lie in [0, 1), embedding_stddev and clip_norm be above 0. "
                         f"Received: {dropout=}, {embedding_stddev=}, {clip_norm=}")
