"""The best cheap language model (chapter 4): counts of character sequences, smoothed by Witten and Bell's rule."""

import functools

import numpy as np

from aigc_tf.text import decoding
from aigc_tf.text.generation import TextGenerator
from aigc_tf.text.vocabulary import Vocabulary


class NGramModel(TextGenerator):
    """p(c|h) from how often c followed the last `order` − 1 tokens h, backing off to ever shorter h.

    p(c|h) = (count(h c) + T(h) · p(c|h′)) / (count(h) + T(h)), where h′ is h without its oldest token and T(h) the
    number of different tokens seen after h; below the empty h lies the uniform distribution. (Witten & Bell 1991,
    method C, interpolated: Chen & Goodman 1998, equation 17.) Every token of the vocabulary has a positive
    probability, and they sum to one.

    Args:
        order: n of the n-gram, at least 1; 1 counts single tokens.
        vocabulary: a `Vocabulary`; None: that of the text it is fitted to.
    """

    def __init__(self, order, vocabulary=None):
        if not (1 <= order < np.inf and order == int(order)):
            raise ValueError(f"order must be a whole number of at least 1. Received: {order}")
        self.order, self.vocabulary = order, vocabulary
        self.levels = []

    def fit(self, text):
        """Counts a text; a second call forgets the first.

        Returns:
            The model.
        """
        self.vocabulary = self.vocabulary or Vocabulary.of(text)
        numbers = self.vocabulary.encode(text).astype("int64")
        if len(numbers) < self.order:
            raise ValueError(f"The text must have at least {self.order} tokens. Received: {len(numbers)}")
        size = len(self.vocabulary)
        self.levels = []
        context = np.zeros(len(numbers), "int64")  # rank of the k tokens before each place; k = 0: all the same
        for k in range(self.order):
            # A context is known by its rank among those that occur, so that codes stay small for any order.
            codes, context[k:] = np.unique(context[k:] * size + self._older(numbers, k), return_inverse=True)
            pairs, counts = np.unique(context[k:] * size + numbers[k:], return_counts=True)
            owners = pairs // size
            totals = np.bincount(owners, counts, len(codes))
            self.levels.append((codes, totals, np.bincount(owners, minlength=len(codes)), pairs, counts))
        return self

    def shorter(self, order):
        """The model of a lower order that the same counts give: a smaller step of the ladder, at no cost.

        Raises:
            ValueError: if the order is not in [1, this model's].
        """
        if not 1 <= order <= self.order:
            raise ValueError(f"order must lie in [1, {self.order}]. Received: {order}")
        model = NGramModel(order, self.vocabulary)
        model.levels = self.levels[:order]
        return model

    @staticmethod
    def _older(numbers, k):
        """The token k places before each place from the k-th on; zeros for k = 0."""
        return numbers[:len(numbers) - k] if k else np.zeros(len(numbers), "int64")

    def numbers_of(self, text, least=0):
        if not self.levels:
            raise ValueError("The model has counted nothing yet: call fit(text) first")
        return super().numbers_of(text, least).astype("int64")

    def _probabilities(self, context_at, numbers_at):
        """p of each of `numbers_at` (M,), where `context_at(k)` gives the k-th token before each, −1 for none."""
        size = len(self.vocabulary)
        p = np.full(len(numbers_at), 1.0 / size)
        rank = np.zeros(len(numbers_at), "int64")  # −1: this context was never seen
        for k, (codes, totals, types, pairs, counts) in enumerate(self.levels):
            older = context_at(k)
            rank = np.where((rank < 0) | (older < 0), -1, _place(codes, rank * size + older))
            seen = rank >= 0
            at = _place(pairs, rank * size + numbers_at)
            count = np.where(seen & (at >= 0), counts[at], 0)
            p = np.where(seen, (count + types[rank] * p) / (totals[rank] + types[rank]), p)
        return p

    def token_log_probs(self, numbers):
        """ln p of each token after the first of its row, in nats: (rows, time) → float64 (rows, time − 1)."""
        def context_at(k):
            if not k:
                return np.zeros(numbers.size, "int64")
            before = np.pad(numbers, [(0, 0), (k, 0)], constant_values=-1)  # −1: before the text
            return before[:, :numbers.shape[1]].ravel()

        p = self._probabilities(context_at, numbers.ravel())
        return np.log(p.reshape(numbers.shape)[:, 1:])

    def next_distribution(self, context):
        """Probabilities of the next token after a text, which may be empty: float64 (tokens,), sums to one."""
        return self._next(self.numbers_of(context))

    def _next(self, numbers):
        """p of every token after `numbers`, in which −1 stands for what lies before the text."""
        def context_at(k):
            older = 0 if not k else numbers[-k] if k <= len(numbers) else -1
            return np.full(len(self.vocabulary), older, "int64")

        return self._probabilities(context_at, np.arange(len(self.vocabulary)))

    # -- one step of writing; `generate`, `stream` and `beam_search` are inherited --

    def read_prompt(self, prompt):
        """Logits (1, tokens) of what comes after a text, which may be empty, and its last tokens as the only state."""
        recent = np.concatenate([np.full(self.order, -1), self.numbers_of(prompt)])[-self.order:]  # −1: before the text
        return self._logits(recent[None]), [recent[None]]

    def step(self, tokens, states):
        """Tokens (batch,) → logits (batch, tokens), and the last tokens of each row, (batch, order)."""
        recent = np.concatenate([states[0][:, 1:], np.asarray(tokens)[:, None]], axis=1)
        return self._logits(recent), [recent]

    def _logits(self, recent):
        return np.log(np.stack([self._next(row) for row in recent])).astype("float32")

    @property
    def _sample_tokens(self):  # counts are looked up with NumPy, so there is no graph to compile
        return functools.partial(decoding.sample_tokens, self.step)

    @property
    def _beam_search(self):
        return functools.partial(decoding.beam_search, self.step)


def _place(table, values):
    """Where each value stands in a sorted table, −1 if it does not."""
    at = np.searchsorted(table, values).clip(max=len(table) - 1)
    return np.where(table[at] == values, at, -1)
