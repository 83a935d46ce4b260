"""Text as pieces (chapter 5): byte-pair encoding, which makes one token of what often stands together."""

import re
from collections import Counter, defaultdict

import numpy as np

from aigc_tf.text.vocabulary import Vocabulary

WITH_SPACE = re.compile(r" ?\w+| ?[^\w\s]+|\s")  # a word with the space before it; no piece reaches beyond


def learn_pieces(text, size):
    """The tokens of byte-pair encoding, in the order in which they were found: all characters, then merged pairs.

    Again and again the pair of neighbours that stands together most often inside words becomes one token. (Sennrich et
    al. 2016, arXiv:1508.07909, algorithm 1.) Of pairs that are equally frequent, the one that comes last in the order
    of the alphabet is taken. (A word keeps the space before it, as in GPT-2; the paper marks its end instead.)

    Args:
        text: at least one character.
        size: tokens in all; fewer, if no pair is left.

    Returns:
        A list of strings.

    Raises:
        ValueError: if the text has no characters, or more different ones than `size`.
    """
    tokens = sorted(set(text))
    if not 0 < len(tokens) <= size:
        raise ValueError(f"size must be at least the number of different characters, and the text hold one at least. "
                         f"Received: {size=}, {len(tokens)} characters")
    words = Counter(WITH_SPACE.findall(text))
    pieces = {word: [*word] for word in words}
    counts, holders = Counter(), defaultdict(set)  # how often each pair stands together, and in which words

    def count(word, sign):
        for pair in zip(pieces[word], pieces[word][1:]):
            counts[pair] += sign * words[word]
            holders[pair].add(word)
            if not counts[pair]:
                del counts[pair]

    for word in words:
        count(word, 1)
    while len(tokens) < size and counts:
        pair = max(counts, key=lambda each: (counts[each], each))
        tokens.append("".join(pair))
        for word in holders.pop(pair):
            count(word, -1)
            pieces[word] = merge(pieces[word], pair)
            count(word, 1)
    return tokens


def merge(pieces, pair):
    """A list of pieces with every occurrence of the pair, from the left, made one piece."""
    merged, at = [], 0
    while at < len(pieces):
        together = tuple(pieces[at:at + 2]) == pair
        merged.append("".join(pair) if together else pieces[at])
        at += 2 if together else 1
    return merged


class PieceVocabulary(Vocabulary):
    """A `Vocabulary` of pieces, as `learn_pieces` finds them: their order says which pairs are merged first.

    Args:
        tokens: all characters, and pieces of several characters behind them.

    Raises:
        ValueError: for no tokens, one twice, or a piece with a character that is no token.
    """

    def __init__(self, tokens, unit="piece"):
        tokens = list(tokens)
        if unit != "piece" or not tokens or len(set(tokens)) < len(tokens):
            raise ValueError("tokens must be there, each once, and unit be 'piece'. "
                             f"Received: {len(tokens)}, {len(set(tokens))} different, {unit=}")
        foreign = sorted(set("".join(tokens)) - set(tokens))
        if foreign:
            raise ValueError(f"Every character of a piece must be a token, too. Received: pieces with {foreign[:10]}")
        self.tokens, self.unit = tokens, unit
        self.index = {token: number for number, token in enumerate(tokens)}
        self.known = {}  # the numbers of words met before

    @classmethod
    def of(cls, text, unit="piece", size=512):
        """The vocabulary of `learn_pieces`, with `size` tokens."""
        return cls(learn_pieces(text, size), unit)

    def encode(self, text):
        """Numbers of the pieces of a text, int32 (pieces,).

        Raises:
            ValueError: if it is not a string, or holds a character that the vocabulary does not know.
        """
        if not isinstance(text, str):
            raise ValueError(f"Text must be a string. Received: {type(text).__name__}")
        foreign = sorted(set(text) - self.index.keys())
        if foreign:
            raise ValueError(f"The vocabulary does not know {foreign[:10]}. Received: {text[:50]!r}")
        words = [self._numbers(word) for word in WITH_SPACE.findall(text)]
        return np.fromiter((number for word in words for number in word), "int32")

    def _numbers(self, word):
        """The numbers of a word's pieces: of all pairs that make a token, the earliest token is made first."""
        if word not in self.known:
            pieces = [*word]
            while True:
                ranked = [(self.index.get(first + second, len(self)), first, second)
                          for first, second in zip(pieces, pieces[1:])]
                rank, first, second = min(ranked, default=(len(self), "", ""))
                if rank == len(self):
                    break
                pieces = merge(pieces, (first, second))
            self.known[word] = [self.index[piece] for piece in pieces]
        return self.known[word]

    def decode(self, numbers):
        """The text of token numbers (length,)."""
        return "".join(self._tokens_of(numbers))

    def extend(self, text, numbers):
        """A text as it stands, and the pieces of numbers (length,) behind it."""
        return text + self.decode(numbers)


def vocabulary_of(tokens, unit):
    """The vocabulary of a model's tokens: a `PieceVocabulary` if their unit is "piece", else a `Vocabulary`."""
    return PieceVocabulary(tokens) if unit == "piece" else Vocabulary(tokens, unit)
