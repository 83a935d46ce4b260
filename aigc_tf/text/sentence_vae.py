"""A variational autoencoder for lines of text (chapter 4b): `SentenceVAE`, and the remedies for its collapse."""

import functools

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from aigc_tf.core.distribute import batch_mean, clip_by_global_norm
from aigc_tf.core.inputs import as_latents, as_tokens, check_count, check_finite, unpack
from aigc_tf.core.model import Model, running_means
from aigc_tf.core.noise import standard_normal, uniform
from aigc_tf.text import decoding
from aigc_tf.text.lines import END, decode_lines, encode_lines
from aigc_tf.text.vocabulary import Vocabulary
from aigc_tf.vae import gaussian_kl, gaussian_log_density, log_mean_exp, reparameterize


@keras.saving.register_keras_serializable(package="aigc_tf")
class SentenceVAE(Model):
    """An LSTM reads a line into a latent, another writes it again (Bowman et al. 2016, arXiv:1511.06349).

    Minimises reconstruction + weight · KL in nats per line. The decoder sees the characters before, as every language
    model does, and so it may learn to do without the latent: then KL is 0, and the posterior has *collapsed* on the
    prior. Three remedies can be switched on: `annealing_steps`, `word_dropout` and `free_nats`.

    It trains on batches of token numbers (batch, longest + 1), as `text.encode_lines` makes them.

    Args:
        tokens: of its vocabulary: a string of characters or a list, the line end among them.
        longest: characters that a line may have.
        latent_dim: number of latent dimensions.
        units: of the encoder's LSTM and of the decoder's.
        embedding_dim: size of the vector that stands for a character.
        annealing_steps: batches in which the weight of KL rises from 0 to 1, along a line; 0: it is always 1.
        word_dropout: share of the characters before that training hides from the decoder, in [0, 1].
        free_nats: nats of KL for each line that cost nothing (Kingma et al. 2016, arXiv:1606.04934, section 6, who
            give them to groups of dimensions).
        clip_norm: the gradient's largest norm over all weights.

    Raises:
        ValueError: for a number outside its range, or a vocabulary without a line end.
    """

    def __init__(
        self, tokens, longest=50, latent_dim=32, units=256, embedding_dim=64, annealing_steps=0, word_dropout=0.0,
        free_nats=0.0, clip_norm=1.0, **kwargs,
    ):
        super().__init__(**kwargs)
        if min(longest, latent_dim, units, embedding_dim) < 1 or annealing_steps < 0:
            raise ValueError("longest, latent_dim, units and embedding_dim must be at least 1, annealing_steps at "
                             f"least 0. Received: {longest=}, {latent_dim=}, {units=}, {embedding_dim=}, "
                             f"{annealing_steps=}")
        if not (0 <= word_dropout <= 1 and free_nats >= 0 and clip_norm > 0):
            raise ValueError("word_dropout must lie in [0, 1], free_nats be at least 0, and clip_norm above 0. "
                             f"Received: {word_dropout=}, {free_nats=}, {clip_norm=}")
        self.vocabulary = Vocabulary(tokens)
        self.end, self.clip_norm = self.vocabulary.number_of(END), clip_norm
        self.longest, self.latent_dim, self.units, self.embedding_dim = longest, latent_dim, units, embedding_dim
        self.annealing_steps, self.word_dropout, self.free_nats = annealing_steps, word_dropout, free_nats
        # One more vector than there are characters: it stands for a hidden one.
        count, normal = len(self.vocabulary) + 1, keras.initializers.RandomNormal(stddev=1.0)
        self.embedding = layers.Embedding(count, embedding_dim, embeddings_initializer=normal, name="embedding")
        self.reader = layers.LSTM(units, return_sequences=True, name="reader")
        self.mean, self.log_var = layers.Dense(latent_dim, name="mean"), layers.Dense(latent_dim, name="log_var")
        self.first_states = layers.Dense(2 * units, activation="tanh", name="first_states")
        self.writer = layers.LSTM(units, return_sequences=True, name="writer")
        self.logits = layers.Dense(len(self.vocabulary), name="logits")
        self.means = running_means("loss", "reconstruction", "kl")
        self(tf.fill((1, longest + 1), self.end))  # builds all weights: the model can be saved before its first batch
        self.step(tf.fill([1], self.end), self.states_of(tf.zeros((1, latent_dim))))

    @property
    def tokens(self):
        return self.vocabulary.tokens

    # -- the networks --

    def posterior(self, numbers):
        """Mean and log-variance of q(z | line), (batch, latent_dim) each: what the reader knows at a line's end."""
        ends = tf.argmax(tf.cast(numbers == self.end, tf.int32), axis=1)
        read = tf.gather(self.reader(self.embedding(numbers)), ends, batch_dims=1)
        return self.mean(read), self.log_var(read)

    def predict_logits(self, latents, before):
        """Logits (batch, time, tokens) of each character, from the latent and the characters before (batch, time)."""
        repeated = tf.repeat(latents[:, None], tf.shape(before)[1], axis=1)
        states = tf.split(self.first_states(latents), 2, axis=-1)
        written = self.writer(tf.concat([self.embedding(before), repeated], axis=-1), initial_state=states)
        return self.logits(written)

    def states_of(self, latents):
        """The writer's states before the first character, and the latents, which every step sees."""
        return [*tf.split(self.first_states(latents), 2, axis=-1), latents]

    def step(self, tokens, states):
        """One character for each row, as `decoding.sample_tokens` wants it: logits (batch, tokens), next states."""
        *states, latents = states
        hidden, states = self.writer.cell(tf.concat([self.embedding(tokens), latents], axis=-1), states)
        return self.logits(hidden), [*states, latents]

    def reconstruction(self, numbers, latents, hidden=None):
        """−ln p(line | z), its end included: nats (batch,).

        Args:
            numbers: int32 (batch, longest + 1).
            latents: (batch, latent_dim).
            hidden: bool (batch, longest + 1), which characters before are hidden; None: none.
        """
        before = tf.pad(numbers[:, :-1], [(0, 0), (1, 0)], constant_values=self.end)
        if hidden is not None:
            before = tf.where(hidden, len(self.vocabulary), before)
        costs = tf.nn.sparse_softmax_cross_entropy_with_logits(numbers, self.predict_logits(latents, before))
        behind = tf.cumsum(tf.cast(numbers == self.end, tf.float32), axis=1, exclusive=True)  # above 0 behind the end
        return tf.reduce_sum(tf.where(behind > 0, 0.0, costs), axis=1)

    def call(self, numbers):
        return self.predict_logits(self.posterior(numbers)[0], numbers)

    # -- losses → step → evaluate --

    def compute_losses(self, numbers, noise=None, hidden=None, weight=1.0):
        """The objective and its terms for each line, in nats: a dict of tensors of shape (batch,).

        Args:
            numbers: int32 (batch, longest + 1).
            noise: standard normal (batch, latent_dim), drawn if None.
            hidden: see `reconstruction`.
            weight: of KL.
        """
        numbers = self._checked(numbers)
        mean, log_var = self.posterior(numbers)
        noise = standard_normal(tf.shape(mean)) if noise is None else noise
        reconstruction = self.reconstruction(numbers, reparameterize(mean, log_var, noise), hidden)
        kl = tf.reduce_sum(gaussian_kl(mean, log_var), axis=-1)
        return {"loss": reconstruction + weight * tf.maximum(kl, self.free_nats), "reconstruction": reconstruction,
                "kl": kl}

    def train_step(self, data):
        numbers, _ = unpack(data)
        hidden = uniform(tf.shape(numbers)) < self.word_dropout if self.word_dropout else None
        steps = tf.cast(self.optimizer.iterations + 1, tf.float32)
        weight = tf.minimum(1.0, steps / self.annealing_steps) if self.annealing_steps else 1.0
        with tf.GradientTape() as tape:
            losses = self.compute_losses(numbers, hidden=hidden, weight=weight)
            objective = batch_mean(losses["loss"])
        gradients = clip_by_global_norm(tape.gradient(objective, self.trainable_variables), self.clip_norm)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        return self.update_metrics(check_finite(losses, self.optimizer.iterations))

    def _checked(self, numbers):
        numbers = as_tokens(numbers, len(self.vocabulary))
        if numbers.shape[1] != self.longest + 1:
            raise ValueError(f"Lines must have {self.longest + 1} places, as `encode_lines` fills them. "
                             f"Received: {numbers.shape[1]}")
        return numbers

    # -- the verbs --

    def encode(self, lines):
        """Mean and log-variance of q(z | line), each (lines, latent_dim), of a list of strings."""
        return self.posterior(tf.constant(encode_lines(lines, self.vocabulary, self.longest)))

    def decode(self, latents, *, temperature=1.0, top_k=None, seed=None):
        """A line for each latent (lines, latent_dim): a list of strings, of at most `longest` characters.

        Args:
            temperature, top_k: see `text.adjust_logits`; `top_k=1` always takes the likeliest character.
            seed: makes it repeatable; None: new every time.
        """
        decoding.check_options(temperature=temperature, top_k=top_k)
        latents = as_latents(latents, self.latent_dim)
        seed = int(np.random.default_rng().integers(2**31)) if seed is None else seed
        temperature, top_k = tf.constant(temperature, tf.float32), tf.constant(top_k or len(self.vocabulary))
        numbers = self._written(latents, temperature, top_k, tf.constant(seed, tf.int64))
        return decode_lines(numbers.numpy(), self.vocabulary)

    @functools.cached_property
    def _written(self):
        def written(latents, temperature, top_k, seed):
            first = tf.fill(tf.shape(latents)[:1], self.end)
            logits, states = self.step(first, self.states_of(latents))
            history = tf.fill((tf.shape(latents)[0], self.longest), -1)
            options = {"temperature": temperature, "top_k": top_k, "end_token": tf.constant(self.end), "seed": seed}
            return decoding.sample_tokens(self.step, logits, states, history, length=self.longest, **options)[0]

        return tf.function(written, reduce_retracing=True)

    def reconstruct(self, lines):
        """Lines written from the posterior means of a list of lines, always the likeliest character next."""
        return self.decode(self.encode(lines)[0], top_k=1, seed=0)

    def generate(self, num_lines, *, seed=None, **options):
        """New lines, a list of strings, from draws of the prior N(0, 1); `options` as for `decode`.

        Raises:
            ValueError: for num_lines < 1, or options out of range.
        """
        check_count(num_lines)
        return self.decode(standard_normal((num_lines, self.latent_dim), seed), seed=seed, **options)

    def log_importance_weights(self, numbers, noise):
        """ln [p(line | z) p(z) / q(z | line)] for z = mean + e^(½ log_var) · noise: nats (batch,).

        Args:
            numbers: int32 (batch, longest + 1).
            noise: standard normal (batch, latent_dim).
        """
        mean, log_var = self.posterior(numbers)
        latents = reparameterize(mean, log_var, noise)
        log_prior = gaussian_log_density(latents, 0.0, tf.zeros_like(log_var))
        return log_prior - gaussian_log_density(latents, mean, log_var) - self.reconstruction(numbers, latents)

    def importance_weighted_nll(self, numbers, num_samples, *, seed=0, group=500):
        """−ln (1/K) Σ_k p(line | z_k) p(z_k) / q(z_k | line), z_k ~ q: an upper bound on −ln p(line).

        Burda et al. 2016 (arXiv:1509.00519), equation 8.

        Args:
            numbers: int32 (lines, longest + 1).
            num_samples: K, at least 1.
            seed: for the same estimate every time.
            group: lines that are read at once, which bounds the memory.

        Returns:
            nats per line, float32 NumPy array (lines,).

        Raises:
            ValueError: for num_samples < 1, no line, or numbers of another shape.
        """
        if num_samples < 1 or not len(numbers):
            raise ValueError(f"There must be a line, and num_samples be at least 1. "
                             f"Received: {len(numbers)} lines, {num_samples=}")
        groups = tf.data.Dataset.from_tensor_slices(self._checked(numbers)).batch(group).enumerate()
        return np.concatenate([self._bound(part, tf.constant(num_samples), tf.stack([tf.cast(seed, tf.int64), number]))
                               for number, part in groups])

    @functools.cached_property
    def _bound(self):
        def bound(numbers, num_samples, seed):
            shape = (tf.shape(numbers)[0], self.latent_dim)

            def weights(draw):
                noise = tf.random.stateless_normal(shape, seed * 1_000_003 + tf.cast(draw, tf.int64))
                return self.log_importance_weights(numbers, noise)

            return -log_mean_exp(tf.map_fn(weights, tf.range(num_samples), fn_output_signature=tf.float32))

        return tf.function(bound, reduce_retracing=True)
