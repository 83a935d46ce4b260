"""Text as numbers (chapter 4): vocabularies of characters or words, and the windows that language models train on."""

import re
from collections import Counter

import numpy as np
import tensorflow as tf

from aigc_tf.pipelines import ahead

UNKNOWN = "<unk>"
WORD = re.compile(r"\w+(?:['’]\w+)*|\n|[^\w\s]")


def split_words(text):
    """Words, punctuation marks and line ends, in order: "Good, my lord" → ["Good", ",", "my", "lord"]."""
    return WORD.findall(text)


def join_words(words):
    """Text from what `split_words` gives: spaces between words, none before a punctuation mark or around a line end."""
    text = " ".join(words)
    return re.sub(r" ?\n ?", "\n", re.sub(r" ([,.;:!?)\]])", r"\1", text))


class Vocabulary:
    """The tokens that a model knows, each with its number.

    Args:
        tokens: characters, as one string or a list, or words: each once.
        unit: "character" or "word". A word that is none of the tokens becomes `UNKNOWN`, which must be among them.

    Raises:
        ValueError: for another unit, no tokens, a token twice, characters of another length than 1, or words without
            `UNKNOWN`.
    """

    def __init__(self, tokens, unit="character"):
        tokens = list(tokens)
        if unit not in ("character", "word"):
            raise ValueError(f"unit must be 'character' or 'word'. Received: {unit!r}")
        if not tokens or len(set(tokens)) < len(tokens):
            raise ValueError(f"tokens must be there, each once. Received: {len(tokens)}, {len(set(tokens))} different")
        if unit == "character" and any(len(token) != 1 for token in tokens):
            raise ValueError(f"Characters must have length 1. Received: {[t for t in tokens if len(t) != 1][:5]}")
        if unit == "word" and UNKNOWN not in tokens:
            raise ValueError(f"The tokens of a word vocabulary must include {UNKNOWN!r}. Received: {tokens[:5]} …")
        self.tokens, self.unit = tokens, unit
        self.index = {token: number for number, token in enumerate(tokens)}

    @classmethod
    def of(cls, text, unit="character", size=None):
        """The vocabulary of a text: all of its characters, sorted, or its most frequent words.

        Args:
            text: at least one character.
            unit: "character" or "word".
            size: the number of words with `UNKNOWN`; None: all.
        """
        if not text:
            raise ValueError("A vocabulary needs text. Received: an empty one")
        if unit == "character":
            return cls(sorted(set(text)))
        if size is not None and size < 2:
            raise ValueError(f"size must be at least 2, {UNKNOWN!r} and a word. Received: {size}")
        frequent = Counter(split_words(text)).most_common(None if size is None else size - 1)
        return cls([UNKNOWN, *(word for word, _ in frequent)], unit)

    def __len__(self):
        return len(self.tokens)

    def __eq__(self, other):
        return isinstance(other, Vocabulary) and (self.tokens, self.unit) == (other.tokens, other.unit)

    def __hash__(self):
        return hash((tuple(self.tokens), self.unit))

    def encode(self, text):
        """Numbers of the tokens of a text, int32 (length,).

        Raises:
            ValueError: if it is not a string, or holds a character that the vocabulary does not know.
        """
        if not isinstance(text, str):
            raise ValueError(f"Text must be a string. Received: {type(text).__name__}")
        if self.unit == "word":
            unknown = self.index[UNKNOWN]
            return np.array([self.index.get(word, unknown) for word in split_words(text)], "int32")
        foreign = sorted(set(text) - self.index.keys())
        if foreign:
            raise ValueError(
                f"The vocabulary does not know {foreign[:10]}; it knows {''.join(self.tokens[:200])!r}. "
                f"Received: {text[:50]!r}"
            )
        return np.fromiter(map(self.index.__getitem__, text), "int32", len(text))

    def decode(self, numbers):
        """The text of token numbers (length,).

        Raises:
            ValueError: for a number that is no token's.
        """
        tokens = self._tokens_of(numbers)
        return "".join(tokens) if self.unit == "character" else join_words(tokens)

    def _tokens_of(self, numbers):
        numbers = np.asarray(numbers)
        if numbers.size and not (0 <= numbers.min() and numbers.max() < len(self)):
            raise ValueError(f"Token numbers must lie in [0, {len(self) - 1}]. "
                             f"Received: from {numbers.min()} to {numbers.max()}")
        return [self.tokens[number] for number in numbers]

    def extend(self, text, numbers):
        """A text as it stands, and the tokens of numbers (length,) behind it."""
        tokens = self._tokens_of(numbers)
        return text + "".join(tokens) if self.unit == "character" else join_words([text, *tokens])


def split_text(text, share=0.9):
    """The first `share` of a text, to train on, and the rest, to measure on: in order, so that nothing leaks."""
    if not 0 < share < 1:
        raise ValueError(f"share must lie between 0 and 1. Received: {share}")
    at = int(share * len(text))
    return text[:at], text[at:]


def windows(numbers, length, *, batch_size, shuffle=True, seed=None):
    """Batches of windows that know nothing of each other: (inputs, targets), int32 (batch, length) each.

    Targets are the inputs shifted by one: at every place, the token that comes next. The windows lie end to end, come
    in a new order every epoch, and the last batch holds what is left over.

    Args:
        numbers: token numbers (N,), N > length.
        length: tokens in a window.
        batch_size: windows in a batch.

    Raises:
        ValueError: if the text is too short for a window, or length or batch_size < 1.
    """
    numbers = _checked(numbers, length, batch_size, rows=1)
    count = (len(numbers) - 1) // length
    starts = tf.data.Dataset.range(0, count * length, length)
    if shuffle:
        starts = starts.shuffle(count, seed=seed)
    numbers, places = tf.constant(numbers), tf.range(length + 1, dtype=tf.int64)

    def cut(starts):
        pieces = tf.gather(numbers, starts[:, None] + places)  # (batch, length + 1)
        return pieces[:, :-1], pieces[:, 1:]

    return ahead(starts.batch(batch_size).map(cut, num_parallel_calls=2))


def streams(numbers, length, *, batch_size, restarts=0.0, seed=None):
    """Batches that continue each other: ((inputs, continues), targets), int32 (batch, length), with float32 (batch,).

    The text is cut into `batch_size` equal parts that are read side by side. Row r of a batch goes on exactly where
    row r of the batch before ended, so a recurrent network may keep its state: `continues` is 1, and 0 in the first
    batch of an epoch, where it has to begin anew. What does not fill a batch at the end is left out.

    Args:
        numbers: token numbers (N,), N > batch_size * length.
        length: tokens in a window, through which gradients flow.
        batch_size: parts that the text is cut into.
        restarts: share of the rows, drawn anew for each batch, that begin anew as well. A network that always goes on
            from a state never learns to begin from none, and writes nonsense behind a short prompt.
        seed: makes the draws of restarts repeatable.

    Raises:
        ValueError: if the text is too short, length or batch_size < 1, or restarts outside [0, 1].
    """
    numbers = _checked(numbers, length, batch_size, rows=batch_size)
    if not 0 <= restarts <= 1:
        raise ValueError(f"restarts must lie in [0, 1]. Received: {restarts}")
    count = (len(numbers) - 1) // batch_size // length
    used = count * length
    parts = [numbers[row * used:row * used + used + 1] for row in range(batch_size)]
    parts = tf.constant(np.stack(parts))  # (batch, used + 1)

    def cut(step, seed):
        piece = parts[:, step * length:(step + 1) * length + 1]
        piece = tf.ensure_shape(piece, (batch_size, length + 1))
        goes_on = tf.random.stateless_uniform([batch_size], seed) >= restarts
        continues = tf.cast(goes_on & (step > 0), tf.float32)
        return (piece[:, :-1], continues), piece[:, 1:]

    seeds = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True).batch(2)
    steps = tf.data.Dataset.zip((tf.data.Dataset.range(count), seeds))
    return ahead(steps.map(cut, num_parallel_calls=2))


def _checked(numbers, length, batch_size, rows):
    numbers = np.asarray(numbers)
    if min(length, batch_size) < 1:
        raise ValueError(f"length and batch_size must be at least 1. Received: {length=}, {batch_size=}")
    if numbers.ndim != 1 or not np.issubdtype(numbers.dtype, np.integer):
        raise ValueError(f"Token numbers must be integers (N,). Received: {numbers.dtype} of shape {numbers.shape}")
    if len(numbers) <= rows * length:
        raise ValueError(
            f"The text is too short: {rows} windows of {length} tokens with their targets take at least "
            f"{rows * length + 1} tokens. Received: {len(numbers)}"
        )
    return numbers.astype("int32")
