"""A network that fills any gap of a chorale, knowing what stands on both sides (chapter 9): `ChoraleInfill`."""

import functools

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from aigc_tf.core.distribute import batch_mean, clip_by_global_norm
from aigc_tf.core.inputs import check_finite
from aigc_tf.core.model import Model, running_means
from aigc_tf.core.noise import uniform
from aigc_tf.core.voices import VOICES
from aigc_tf.music.events import CLOCK, CLOCK_SIZES, COLUMNS, NUM_TOKENS, TOKENS, as_events, decode, encode
from aigc_tf.music.writers import make_block, table
from aigc_tf.text import decoding
from aigc_tf.transformer.block import NORMS

GAP = NUM_TOKENS  # what stands where a token is to be guessed


@keras.saving.register_keras_serializable(package="aigc_tf")
class ChoraleInfill(Model):
    """Guesses the tokens in gaps, all at once, from all that is not hidden, before and after.

    Every sixteenth is one vector: the sum of one from a table for each voice, in which a gap has a row of its own, and
    one for each number of the clock. Blocks as in chapter 5, but without a mask against the future, mix them within
    `reach` sixteenths on both sides. (Uria, Murray & Larochelle 2014, arXiv:1310.1757, train one network for all orders
    so; Huang et al. 2017, arXiv:1903.07227, do it for chorales, with convolutions.)

    Args:
        num_layers, width, num_heads: of the blocks.
        reach: sixteenths that each one can look at on either side, in every block.
        dropout: rate, in [0, 1).
        clip_norm: the gradient's largest norm over all weights.
    """

    def __init__(self, num_layers=4, width=128, num_heads=4, reach=48, dropout=0.1, clip_norm=1.0, **kwargs):
        super().__init__(**kwargs)
        if min(num_layers, num_heads, reach) < 1 or width % (2 * num_heads) or not 0 <= dropout < 1 or clip_norm <= 0:
            raise ValueError("num_layers, num_heads and reach must be at least 1, width a multiple of 2 · num_heads, "
                             f"dropout lie in [0, 1), and clip_norm be above 0. Received: {num_layers=}, {width=}, "
                             f"{num_heads=}, {reach=}, {dropout=}, {clip_norm=}")
        self.num_layers, self.width, self.num_heads, self.reach = num_layers, width, num_heads, reach
        self.dropout, self.clip_norm = dropout, clip_norm
        self.voice_tables = [table(GAP + 1, width, voice) for voice in VOICES]
        self.clock_tables = [table(size, width, f"clock_{number}") for number, size in enumerate(CLOCK_SIZES)]
        self.drop = layers.Dropout(dropout)
        self.blocks = [make_block(width, num_heads, dropout, number) for number in range(num_layers)]
        self.last_norm = NORMS["rms"](name="last_norm")
        self.logits = layers.Dense(len(VOICES) * NUM_TOKENS, kernel_initializer="zeros", name="logits")
        self.means = running_means("loss")
        self(tf.zeros((1, 1, COLUMNS), tf.int32))

    # -- the network --

    def vectors(self, tokens, clock, training=False):
        """What the blocks make of each sixteenth: tokens (batch, T, 4), clock (batch, T, 3) → (batch, T, width)."""
        hidden = sum(each(tokens[..., voice]) for voice, each in enumerate(self.voice_tables))
        hidden += sum(each(clock[..., number]) for number, each in enumerate(self.clock_tables))
        hidden, times = self.drop(hidden, training=training), tf.range(tf.shape(tokens)[1])
        visible = tf.abs(times[:, None] - times[None]) <= self.reach
        for block in self.blocks:
            hidden, _ = block(hidden, times, visible, training=training)
        return self.last_norm(hidden)

    def read(self, tokens, clock, training=False):
        """Logits (batch, T, 4, tokens), for tokens (batch, T, 4) in which `GAP` stands where one is to be guessed."""
        logits = self.logits(self.vectors(tokens, clock, training))
        return tf.reshape(logits, tf.concat([tf.shape(tokens), [NUM_TOKENS]], axis=0))

    def call(self, events, training=False):
        return self.read(events[..., TOKENS], events[..., CLOCK], training)

    # -- losses → step → evaluate --

    def compute_losses(self, events, training=False):
        """{"loss": nats per hidden token, times four (batch,)}, of tables of events (batch, T, 11).

        What is hidden is drawn anew for every table, see `draw_gaps`. Four tokens are a sixteenth: so its unit is that
        of `ChoraleWriter`'s loss, and yet the two must not be compared, for this one knows what comes.
        """
        events = as_events(events)
        tokens = events[..., TOKENS]
        gaps = draw_gaps(tf.shape(tokens)[0], tf.shape(tokens)[1])
        logits = self.read(tf.where(gaps, GAP, tokens), events[..., CLOCK], training)
        nats = tf.where(gaps, tf.nn.sparse_softmax_cross_entropy_with_logits(tokens, logits), 0.0)
        hidden = tf.reduce_sum(tf.cast(gaps, tf.float32), axis=[1, 2])
        return {"loss": len(VOICES) * tf.reduce_sum(nats, axis=[1, 2]) / hidden}

    def train_step(self, events):
        with tf.GradientTape() as tape:
            losses = self.compute_losses(events, training=True)
            objective = batch_mean(losses["loss"])
        gradients = clip_by_global_norm(tape.gradient(objective, self.trainable_variables), self.clip_norm)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        return self.update_metrics(check_finite(losses, self.optimizer.iterations))

    # -- the verbs --

    def log_prob(self, pieces, voices=(0, 1, 2, 3), *, see_later=False, group=64):
        """ln p of the tokens of some voices, given the others and, of these voices, all that stands before.

        By the chain rule, place by place in the order of time: a place's own token and those of these voices that come
        later are gaps when it is guessed. It looks `reach` sixteenths far. With all four voices and without
        `see_later` it knows what a `ChoraleWriter` knows.

        Args:
            pieces: list of `data.Chorale`.
            voices: numbers of those that are guessed.
            see_later: whether it knows the future of the other voices, and what the lower ones of these sixteenth sing.
            group: guesses that are made at once, which bounds the memory.

        Returns:
            A list of float32 (T, voices), in nats.
        """
        return [self._chain(encode(piece), voices, see_later, group) for piece in pieces]

    def _chain(self, table, voices, see_later, group):
        tokens, length, width = table[:, TOKENS], len(table), min(len(table), 2 * self.reach + 1)
        places = np.array([(time, voice) for time in range(length) for voice in voices])
        starts = np.clip(places[:, 0] - self.reach, 0, length - width)
        results = []
        for at in range(0, len(places), group):
            (times, turns), begins = places[at:at + group].T, starts[at:at + group]
            inside = begins[:, None] + np.arange(width)  # (group, width)
            order = inside[..., None] * 4 + np.arange(4) >= (times * 4 + turns)[:, None, None]  # from this place on
            hidden = order & np.isin(np.arange(4), voices) if see_later else order
            results.append(self._guess(
                tf.constant(np.where(hidden, GAP, tokens[inside])), tf.constant(table[inside][..., CLOCK]),
                tf.constant(times - begins), tf.constant(turns), tf.constant(tokens[times, turns]),
            ).numpy())
        return np.concatenate(results).reshape(length, len(voices))

    def harmonise(self, pieces, **options):
        """The pieces with their sopranos, and with three new voices below, written in the knowledge of all of it.

        Args:
            pieces: list of `data.Chorale`, whose lower voices do not matter.
            **options: of `fill`.
        """
        return self.fill(pieces, [np.tile([False, True, True, True], (len(each.pitches), 1)) for each in pieces],
                         **options)

    def generate(self, plans, **options):
        """New music with the clock of each plan, a `data.Chorale` whose notes do not matter; options of `fill`."""
        return self.fill(plans, [np.ones((len(each.pitches), 4), bool) for each in plans], **options)

    def fill(self, pieces, gaps, *, rounds=64, temperature=1.0, seed=None):
        """The pieces with new notes in their gaps, by blocked Gibbs sampling.

        Round k of K hides a share of 1 − 0.9 k/K of the places, first all and at last a tenth, drawn anew, and draws
        them all at once, as if they did not depend on one another. (Yao et al. 2014, arXiv:1406.1485, in the form of
        Huang et al. 2017, section 4.2.)

        Args:
            pieces: list of `data.Chorale`.
            gaps: for each a bool array (T, 4), True where its tokens are to be written anew.
            rounds: at least 1.
            temperature: of the draws, above 0.
            seed: an integer makes it repeatable; None: new every time.

        Returns:
            A list of `data.Chorale`.
        """
        decoding.check_options(temperature=temperature)
        if rounds < 1:
            raise ValueError(f"rounds must be at least 1. Received: {rounds}")
        for piece, gap in zip(pieces, gaps):
            if np.shape(gap) != piece.pitches.shape or np.asarray(gap).dtype != bool:
                raise ValueError(f"gaps must be True and False, of shape {piece.pitches.shape} for {piece.name}. "
                                 f"Received: {np.asarray(gap).dtype} of shape {np.shape(gap)}")
        seed = int(np.random.default_rng().integers(2**31)) if seed is None else seed
        tables, filled = [encode(piece) for piece in pieces], []
        for number, (events, gap) in enumerate(zip(tables, gaps)):
            tokens = self._fill(
                tf.constant(events[None]), tf.constant(np.asarray(gap)[None]), tf.constant(rounds),
                tf.constant(temperature, tf.float32), tf.constant([seed, number], tf.int64),
            ).numpy()[0]
            filled.append(decode(tokens))
        return [piece._replace(pitches=pitches, holds=holds) for piece, (pitches, holds) in zip(pieces, filled)]

    # -- compiled --

    @functools.cached_property
    def _guess(self):
        def guess(tokens, clock, times, voices, targets):
            vectors = tf.gather(self.vectors(tokens, clock), times, batch_dims=1)  # (batch, width)
            logits = tf.reshape(self.logits(vectors), [-1, len(VOICES), NUM_TOKENS])
            logits = tf.gather(logits, voices, batch_dims=1)
            return -tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits)

        numbers = tf.TensorSpec((None,), tf.int64)
        specs = [tf.TensorSpec((None, None, 4), tf.int32), tf.TensorSpec((None, None, len(CLOCK_SIZES)), tf.int32)]
        return tf.function(guess, input_signature=[*specs, numbers, numbers, tf.TensorSpec((None,), tf.int32)])

    @functools.cached_property
    def _fill(self):
        def fill(events, gaps, rounds, temperature, seed):
            tokens, clock = events[..., TOKENS], events[..., CLOCK]
            for number in tf.range(rounds):
                share = 1 - 0.9 * tf.cast(number, tf.float32) / tf.cast(rounds, tf.float32)
                seeds = tf.stack([seed[0], 2**32 * seed[1] + 2 * tf.cast(number, tf.int64)])  # and one more: the next
                hidden = gaps & (uniform(tf.shape(tokens), seeds) < share)
                logits = self.read(tf.where(hidden, GAP, tokens), clock) / temperature
                rows = tf.reshape(logits, [-1, NUM_TOKENS])
                drawn = tf.reshape(decoding.sample(rows, seeds + [0, 1]), tf.shape(tokens))
                tokens = tf.where(hidden, drawn, tokens)
            return tokens

        specs = [tf.TensorSpec((None, None, COLUMNS), tf.int32), tf.TensorSpec((None, None, 4), tf.bool)]
        numbers = [tf.TensorSpec((), tf.int32), tf.TensorSpec((), tf.float32), tf.TensorSpec((2,), tf.int64)]
        return tf.function(fill, input_signature=specs + numbers)


def draw_gaps(rows, time):
    """What is hidden in each of `rows` pieces of so many sixteenths: bool (rows, time, 4), at least one place in each.

    Of every voice nothing is hidden, or all, or a share drawn evenly; but of one voice, drawn by lot, never nothing. In
    half of the pieces, only places behind one drawn by lot are hidden. So the network meets melodies without lower
    voices, pieces that break off, and holes.
    """
    chosen = tf.one_hot(tf.cast(4 * uniform([rows]), tf.int32), 4, True, False, dtype=tf.bool)[:, None]
    kind, share = uniform([rows, 1, 4]), uniform([rows, 1, 4])
    share = tf.where(kind > 2 / 3, 1.0, tf.where((kind < 1 / 3) & ~chosen, 0.0, share))
    place = 4 * tf.range(time)[:, None] + tf.range(4)
    cut = tf.cast(tf.cast(4 * time, tf.float32) * (2 * uniform([rows, 1, 1]) - 1), tf.int32)  # half of the time below 0
    gaps = (uniform([rows, time, 4]) < share) & (place >= cut)
    last = chosen & (tf.range(time) == time - 1)[:, None]  # hidden where nothing else is
    return gaps | (last & ~tf.reduce_any(gaps, axis=[1, 2], keepdims=True))
