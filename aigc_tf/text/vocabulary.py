"""Text as numbers (chapter 4): vocabularies of characters or words."""

import re
from collections import Counter

import numpy as np

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

    def number_of(self, token):
        """The number of one token.

        Raises:
            ValueError: for another token.
        """
        if token not in self.index:
            raise ValueError(f"The vocabulary has no token {token!r}; it begins with {self.tokens[:10]}")
        return self.index[token]

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
