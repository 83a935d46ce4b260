"""Networks that write chorales token by token (chapter 9): `ChoraleLSTM` and `ChoraleTransformer`."""

import functools

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from aigc_tf.core.distribute import batch_mean, clip_by_global_norm
from aigc_tf.core.inputs import check_finite
from aigc_tf.core.model import Model, running_means
from aigc_tf.core.voices import VOICES
from aigc_tf.music.events import (
    BEFORE,
    CLOCK,
    CLOCK_SIZES,
    COLUMNS,
    HOLD,
    NUM_TOKENS,
    START,
    TOKENS,
    as_events,
    chords_of,
    decode,
    encode,
)
from aigc_tf.text import decoding
from aigc_tf.transformer.block import NORMS, Block


class ChoraleWriter(Model):
    """Guesses every token of a chorale from those before it: soprano, alto, tenor, bass, then the next sixteenth.

    A *place* is one voice in one sixteenth, so a sixteenth has four. A place is told the token of the place before it;
    what each voice sounds, in this sixteenth if the voice has had its turn, else in the one before; which voice it is;
    and what the clock says. Each of these is a vector from a table, and the place's vector is their sum. A subclass
    adds a network that reads these vectors in their order: `read` all of a piece, `next` one place after another.

    Args:
        width: numbers that stand for a place.
        dropout: rate, in [0, 1).
        clip_norm: the gradient's largest norm over all weights.
    """

    def __init__(self, width, dropout, clip_norm, **kwargs):
        super().__init__(**kwargs)
        if not (width >= 1 and 0 <= dropout < 1 and clip_norm > 0):
            raise ValueError("width must be at least 1, dropout lie in [0, 1), and clip_norm be above 0. "
                             f"Received: {width=}, {dropout=}, {clip_norm=}")
        self.width, self.dropout, self.clip_norm = width, dropout, clip_norm
        self.last_table = table(START + 1, width, "last")
        self.voice_table = table(len(VOICES), width, "voice")
        self.sounding_tables = [table(START + 1, width, f"sounding_{voice}") for voice in VOICES]
        self.clock_tables = [table(size, width, f"clock_{number}") for number, size in enumerate(CLOCK_SIZES)]
        self.drop = layers.Dropout(dropout)
        self.logits = layers.Dense(NUM_TOKENS, kernel_initializer="zeros", name="logits")
        self.means = running_means("loss")

    # -- what a place is told --

    def embed(self, last, voices, sounding, clock):
        """The vectors of places: (…) and (…) token and voice numbers, (…, 4), (…, 3) → (…, width)."""
        vectors = self.last_table(last) + self.voice_table(voices)
        vectors += sum(each(sounding[..., number]) for number, each in enumerate(self.sounding_tables))
        return vectors + sum(each(clock[..., number]) for number, each in enumerate(self.clock_tables))

    def places(self, events):
        """The vectors of all places of tables (batch, T, 11): (batch, 4 T, width)."""
        rows, time = tf.shape(events)[0], tf.shape(events)[1]
        flat = tf.reshape(events[..., TOKENS], [rows, 4 * time])
        last = tf.concat([tf.fill([rows, 1], START), flat[:, :-1]], axis=1)
        had_turn = np.tril(np.ones((4, 4), bool), -1)  # (place, voice)
        sounding = tf.where(had_turn, chords_of(events)[:, :, None], events[:, :, None, BEFORE])
        voices = tf.tile(tf.range(4)[None], [rows, time])
        clock = tf.repeat(events[..., CLOCK], 4, axis=1)
        return self.embed(last, voices, tf.reshape(sounding, [rows, 4 * time, 4]), clock)

    def call(self, events, training=False):
        """Logits (batch, T, 4, tokens) of tables of events (batch, T, 11)."""
        events = tf.cast(events, tf.int32)  # Keras builds a model that it loads with floats
        logits = self.read(self.drop(self.places(events), training=training), training)
        return tf.reshape(logits, tf.concat([tf.shape(events)[:2], [4, NUM_TOKENS]], axis=0))

    # -- losses → step → evaluate --

    def compute_losses(self, events, training=False):
        """{"loss": nats per sixteenth, of its four tokens together (batch,)}, of tables of events (batch, T, 11)."""
        events = as_events(events)
        nats = tf.nn.sparse_softmax_cross_entropy_with_logits(events[..., TOKENS], self(events, training=training))
        return {"loss": tf.reduce_mean(tf.reduce_sum(nats, axis=-1), axis=-1)}

    def train_step(self, events):
        with tf.GradientTape() as tape:
            losses = self.compute_losses(events, training=True)
            objective = batch_mean(losses["loss"])
        gradients = clip_by_global_norm(tape.gradient(objective, self.trainable_variables), self.clip_norm)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        return self.update_metrics(check_finite(losses, self.optimizer.iterations))

    # -- the verbs --

    def log_prob(self, pieces):
        """ln p of every token given all before it, in nats: a list of float32 (T, 4), one for each `data.Chorale`."""
        return [self._log_probs(tf.constant(encode(piece)[None])).numpy()[0] for piece in pieces]

    def generate(self, plans, **options):
        """New music with the clock of each plan, a `data.Chorale` whose notes do not matter.

        Args:
            plans: list of `data.Chorale`; metre, pickup, length and fermatas count.
            **options: of `harmonise`.

        Returns:
            A list of `data.Chorale`.
        """
        return self._write(plans, 0, **options)

    def harmonise(self, pieces, *, temperature=1.0, top_p=None, seed=None):
        """The pieces with their sopranos, and with three new voices below. It does not know how the melody goes on.

        Args:
            pieces: list of `data.Chorale`, whose lower voices do not matter.
            temperature, top_p: see `text.decoding.adjust_logits`.
            seed: an integer makes it repeatable; None: new every time.
        """
        return self._write(pieces, 1, temperature=temperature, top_p=top_p, seed=seed)

    def _write(self, pieces, voices_given, *, temperature=1.0, top_p=None, seed=None):
        decoding.check_options(1, temperature, None, top_p)
        seed = int(np.random.default_rng().integers(2**31)) if seed is None else seed
        tables = [encode(piece) for piece in pieces]
        longest = max(map(len, tables))
        padded = np.stack([np.pad(each, [(0, longest - len(each)), (0, 0)]) for each in tables])
        given = np.where(np.arange(4) < voices_given, padded[..., TOKENS], -1)
        tokens = self._sample(
            tf.constant(given.reshape(len(given), -1)), tf.constant(padded[..., CLOCK]),
            tf.constant(temperature, tf.float32), tf.constant(top_p or 1.0, tf.float32), tf.constant(seed, tf.int64),
        ).numpy().reshape(len(tables), longest, 4)
        notes = [decode(row[:len(each)]) for row, each in zip(tokens, tables)]
        return [piece._replace(pitches=pitches, holds=holds) for piece, (pitches, holds) in zip(pieces, notes)]

    def begin(self, given, clock):
        """Logits (batch, tokens) of the first place, and the states there: see `step`."""
        rows, places = tf.shape(given)[0], tf.shape(given)[1]
        states = {"network": self.empty_states(rows, places), "place": tf.fill([rows], -1), "given": given,
                  "clock": clock, "sounding": tf.fill([rows, 4], START)}
        return self.step(tf.fill([rows], START), states)

    def step(self, tokens, states):
        """Tokens (batch,) of the last place → logits (batch, tokens) of the next, and the states there.

        The states are a dict: `place`, (batch,), the number of the place that the tokens are for; `given`,
        (batch, places), tokens that must be written, −1 where the network may choose; `clock` (batch, T, 3); `sounding`
        (batch, 4); and those of the `network`.
        """
        place = states["place"] + 1
        turn = (tf.range(4)[None] == (states["place"] % 4)[:, None]) & (tokens != HOLD)[:, None]
        sounding = tf.where(turn & (place > 0)[:, None], tokens[:, None], states["sounding"])
        here = tf.minimum(place, tf.shape(states["given"])[1] - 1)  # after the last place there is none
        clock = tf.gather(states["clock"], here // 4, batch_dims=1)
        vector = self.embed(tokens, place % 4, sounding, clock)
        logits, network = self.next(vector, place, states["network"])
        wanted = tf.gather(states["given"], here, batch_dims=1)[:, None]
        allowed = (wanted < 0) | (wanted == tf.range(NUM_TOKENS)[None])
        logits = tf.where(allowed, logits, -np.inf)
        return logits, {**states, "network": network, "place": place, "sounding": sounding}

    # -- compiled --

    @functools.cached_property
    def _log_probs(self):
        def log_probs(events):
            return -tf.nn.sparse_softmax_cross_entropy_with_logits(events[..., TOKENS], self(events))

        return tf.function(log_probs, input_signature=[tf.TensorSpec((None, None, COLUMNS), tf.int32)])

    @functools.cached_property
    def _sample(self):
        def sample(given, clock, temperature, top_p, seed):
            logits, states = self.begin(given, clock)
            nothing = tf.zeros([tf.shape(given)[0], 0], tf.int32)
            written = decoding.sample_tokens(
                self.step, logits, states, nothing, length=tf.shape(given)[1], seed=seed, temperature=temperature,
                top_p=top_p,
            )
            return written.tokens

        tokens, number = tf.TensorSpec((None, None), tf.int32), tf.TensorSpec((), tf.float32)
        clock = tf.TensorSpec((None, None, len(CLOCK_SIZES)), tf.int32)
        return tf.function(sample, input_signature=[tokens, clock, number, number, tf.TensorSpec((), tf.int64)])


@keras.saving.register_keras_serializable(package="aigc_tf")
class ChoraleLSTM(ChoraleWriter):
    """A `ChoraleWriter` whose places are read by LSTM layers, one after another (Hochreiter & Schmidhuber 1997).

    Args:
        units: of the layers, in order.
        width, dropout, clip_norm: see `ChoraleWriter`; dropout also acts behind every layer.
    """

    def __init__(self, units=(256, 256), width=128, dropout=0.2, clip_norm=1.0, **kwargs):
        super().__init__(width, dropout, clip_norm, **kwargs)
        if not units or min(units) < 1:
            raise ValueError(f"units must be numbers from 1, one for each layer. Received: {units=}")
        self.units = tuple(units)
        self.recurrent = [layers.LSTM(count, return_sequences=True, name=f"recurrent_{number}")
                          for number, count in enumerate(self.units)]
        self(tf.zeros((1, 1, COLUMNS), tf.int32))

    def read(self, vectors, training=False):
        """Logits (batch, places, tokens) from the vectors of places (batch, places, width)."""
        for layer in self.recurrent:
            vectors = self.drop(layer(vectors, training=training), training=training)
        return self.logits(vectors)

    def empty_states(self, rows, places):
        return [[tf.zeros((rows, count))] * 2 for count in self.units]

    def next(self, vector, place, states):
        """The same for one place (batch, width): logits (batch, tokens), and the states left."""
        left = []
        for layer, state in zip(self.recurrent, states):
            vector, state = layer.cell(vector, state)
            left.append([*state])
        return self.logits(vector), left


@keras.saving.register_keras_serializable(package="aigc_tf")
class ChoraleTransformer(ChoraleWriter):
    """A `ChoraleWriter` whose places look at those before them, by chapter 5's blocks.

    Each place sees the last `reach` places, wherever in the piece it is, so pieces may be of any length. (Vaswani et
    al. 2017 with rotary positions, Su et al. 2021; of distances alone, as Huang et al. 2018, arXiv:1809.04281, found
    good for music.)

    Args:
        num_layers, num_heads: of the blocks.
        reach: places that a place can look at, itself among them.
        width, dropout, clip_norm: see `ChoraleWriter`.
    """

    def __init__(self, num_layers=4, width=128, num_heads=4, reach=256, dropout=0.1, clip_norm=1.0, **kwargs):
        super().__init__(width, dropout, clip_norm, **kwargs)
        if min(num_layers, num_heads, reach) < 1 or width % (2 * num_heads):
            raise ValueError("num_layers, num_heads and reach must be at least 1, and width a multiple of "
                             f"2 · num_heads. Received: {num_layers=}, {width=}, {num_heads=}, {reach=}")
        self.num_layers, self.num_heads, self.reach = num_layers, num_heads, reach
        self.blocks = [make_block(width, num_heads, dropout, number) for number in range(num_layers)]
        self.last_norm = NORMS["rms"](name="last_norm")
        self(tf.zeros((1, 1, COLUMNS), tf.int32))

    def read(self, vectors, training=False):
        """Logits (batch, places, tokens) from the vectors of places (batch, places, width)."""
        places = tf.range(tf.shape(vectors)[1])
        distance = places[:, None] - places[None]
        visible = (distance >= 0) & (distance < self.reach)
        for block in self.blocks:
            vectors, _ = block(vectors, places, visible, training=training)
        return self.logits(self.last_norm(vectors))

    def empty_states(self, rows, places):
        cache = tf.zeros((rows, self.num_heads, places, self.width // self.num_heads))
        return [(cache, cache) for _ in self.blocks]

    def next(self, vector, place, states):
        """The same for one place (batch, width): logits (batch, tokens), and the caches with the new place."""
        distance = place[:, None] - tf.range(tf.shape(states[0][0])[2])[None]  # (batch, places)
        visible = ((distance >= 0) & (distance < self.reach))[:, None, None]
        hidden, left = vector[:, None], []
        for block, cache in zip(self.blocks, states):
            hidden, cache = block(hidden, place[:, None], visible, cache)
            left.append(cache)
        return self.logits(self.last_norm(hidden))[:, 0], left


def table(count, width, name):
    """A vector (width,) for each of `count` numbers."""
    normal = keras.initializers.RandomNormal(stddev=0.3)
    return layers.Embedding(count, width, embeddings_initializer=normal, name=f"{name}_embedding")


def make_block(width, num_heads, dropout, number):
    """Block `number` of a stack, chapter 5's with its own defaults."""
    return Block(width, num_heads, True, True, True, "rms", "squared_relu", dropout, name=f"block_{number}")
