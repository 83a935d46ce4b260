"""What every language model can do (chapter 4): the verbs `log_prob`, `generate`, `stream` and `beam_search`."""

import functools

import numpy as np
import tensorflow as tf

from aigc_tf.text import decoding


class TextGenerator:
    """The verbs of a language model. A class that inherits them has:

    - `vocabulary`: a `Vocabulary`;
    - `token_log_probs(numbers)`: token numbers (rows, time) → ln p of each token after the first of its row, (rows,
      time − 1), where no row knows of another;
    - `read_prompt(prompt)`: text → logits (1, vocabulary) of the token after it, and the states there;
    - `step(tokens, states)`: tokens (batch,) → logits (batch, vocabulary), and the next states. The states may be any
      structure of tensors (batch, …): `sample_tokens` and `beam_search` only hand them on.
    """

    def log_prob(self, text):
        """ln p(cₜ | all before), in nats, one for each token after the first: (tokens − 1,)."""
        return self.token_log_probs(self.numbers_of(text, least=2)[None])[0]

    def numbers_of(self, text, least=0):
        """Token numbers of a text, (tokens,).

        Raises:
            ValueError: for characters that the vocabulary does not know, or fewer tokens than `least`.
        """
        numbers = self.vocabulary.encode(text)
        if len(numbers) < least:
            raise ValueError(f"The text must have at least {least} tokens. Received: {text!r}")
        return numbers

    @functools.cached_property
    def _sample_tokens(self):
        """`decoding.sample_tokens` for this model's step, as one graph for all prompts."""
        return tf.function(functools.partial(decoding.sample_tokens, self.step), reduce_retracing=True)

    @functools.cached_property
    def _beam_search(self):
        return tf.function(functools.partial(decoding.beam_search, self.step), reduce_retracing=True)

    def generate(self, prompt, length, **options):
        """The prompt, continued by `length` tokens; a list of prompts gives a list of texts, written side by side.

        Args:
            prompt: a string of at least one token, or a list of them.
            length: tokens to write.
            **options: temperature, top_k, top_p, no_repeat_ngram_size, banned, stop and seed; see `stream`.
        """
        prompts = [prompt] if isinstance(prompt, str) else list(prompt)
        numbers = np.concatenate(list(self._write(prompts, length, length, **options)), axis=1)
        texts = [self._extend(prompt, row, options.get("stop")) for prompt, row in zip(prompts, numbers)]
        return texts[0] if isinstance(prompt, str) else texts

    def stream(self, prompt, length, *, chunk=10, **options):
        """The same text piece by piece, as it is written: yields the prompt, then up to `chunk` tokens at a time.

        Args:
            temperature, top_k, top_p: see `decoding.adjust_logits`.
            no_repeat_ngram_size: no sequence of so many tokens may come twice (`decoding.ban_repeats`).
            banned: tokens that are never written, as a list of their texts.
            stop: the token after which a text ends, even if `length` is not reached; None: none does.
            seed: an integer makes it repeatable; None: new every time.

        Raises:
            ValueError: for an empty prompt, tokens that the vocabulary does not know, or options out of range.
        """
        written, text = np.zeros((1, 0), "int32"), prompt
        pieces = self._write([prompt], length, chunk, **options)
        yield prompt
        for piece in pieces:
            written = np.concatenate([written, piece], axis=1)
            longer = self._extend(prompt, written[0], options.get("stop"))
            yield longer[len(text):]
            text = longer

    def beam_search(self, prompt, length, *, beam_width=5):
        """(text, log_probability): the likeliest continuation that beam search finds, and its ln p in nats.

        Args:
            prompt: a string of at least one token.
            length: tokens to write.
            beam_width: prefixes that are kept; 1 is the greedy choice.
        """
        decoding.check_options(length)
        if beam_width < 1:
            raise ValueError(f"beam_width must be at least 1. Received: {beam_width}")
        logits, states = self.read_prompt(prompt)
        options = {"beam_width": tf.constant(beam_width), "length": tf.constant(length)}
        tokens, scores = self._beam_search(logits, states, **options)
        return self.vocabulary.extend(prompt, tokens[0].numpy()), float(scores[0])

    def _write(
        self, prompts, length, chunk, *, temperature=1.0, top_k=None, top_p=None, no_repeat_ngram_size=None, banned=(),
        stop=None, seed=None,
    ):
        """Yields the tokens that come after the prompts: int32 (prompts, up to `chunk`)."""
        decoding.check_options(length, temperature, top_k, top_p, no_repeat_ngram_size)
        seed = int(np.random.default_rng().integers(2**31)) if seed is None else seed
        end_token = None if stop is None else tf.constant(self.vocabulary.number_of(stop))
        starts = [self.read_prompt(prompt) for prompt in prompts]  # each once, however long
        logits = tf.concat([logits for logits, _ in starts], axis=0)
        states = tf.nest.map_structure(lambda *parts: tf.concat(parts, axis=0), *(states for _, states in starts))
        history = self._histories(prompts, length if no_repeat_ngram_size or stop is not None else 0)
        # Numbers as tensors, and never None, so that one traced graph serves all of them.
        options = {
            "temperature": tf.constant(temperature, tf.float32), "top_k": tf.constant(top_k or len(self.vocabulary)),
            "top_p": tf.constant(top_p or 1.0, tf.float32), "no_repeat_ngram_size": no_repeat_ngram_size,
            "banned": self._mask(banned) if banned else None, "end_token": end_token,
            "seed": tf.constant(seed, tf.int64),
        }
        for at in range(0, length, chunk):
            count, start = tf.constant(min(chunk, length - at)), tf.constant(at)
            tokens, logits, states, history = self._sample_tokens(
                logits, states, history, length=count, start=start, **options
            )
            yield tokens.numpy()

    def _histories(self, prompts, room):
        """The prompts' last tokens, ending at the same place, with room behind; −1 where a prompt is shorter."""
        numbers = [self.vocabulary.encode(prompt) for prompt in prompts]
        longest = max(map(len, numbers))
        rows = [np.pad(row, (longest - len(row), room), constant_values=-1) for row in numbers]
        return tf.constant(np.stack(rows), tf.int32)

    def _mask(self, banned):
        """Bool (vocabulary,), true for the banned tokens."""
        numbers = [self.vocabulary.number_of(token) for token in banned]
        if len(set(numbers)) == len(self.vocabulary):
            raise ValueError("Some token must be allowed. Received: all of them banned")
        return tf.reduce_any(tf.one_hot(numbers, len(self.vocabulary), True, False, dtype=tf.bool), axis=0)

    def _extend(self, prompt, numbers, stop):
        """The prompt with what was written behind it, to its first `stop`."""
        if stop is not None:
            ends = np.flatnonzero(numbers == self.vocabulary.number_of(stop))
            numbers = numbers[:ends[0] + 1] if len(ends) else numbers
        return self.vocabulary.extend(prompt, numbers)
