"""How good is generated text? Its variety, its words, and what it copied.

Nothing here knows a model. Nats per character are −mean of a model's `log_prob(text)`; the two other ways to say it
are below.
"""

import math
import re

import numpy as np
from sacrebleu.metrics import BLEU

WORDS = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


def bits(nats):
    """Nats in bits: nats / ln 2."""
    return nats / math.log(2)


def perplexity(nats):
    """exp(nats): the effective number of equally likely tokens that a model chooses among."""
    return math.exp(nats)


def words_of(text):
    """Words in lower case, without punctuation; "'tis" and "heart-ache" are one word each."""
    return WORDS.findall(text.lower())


def distinct(texts, size):
    """Distinct-n: the number of different word n-grams, divided by the number of words, in (0, 1].

    (Li et al. 2016, arXiv:1510.03055, section 5, where the number is "scaled by total number of generated tokens".) A
    text of T words without a repeat has (T − n + 1) / T: nearly 1 where texts are long. Others divide by the number of
    n-grams; then that is 1. Compare texts of equal length only: longer ones repeat more.

    Args:
        texts: list of strings, or one string.
        size: n, at least 1.

    Raises:
        ValueError: if no text has `size` words.
    """
    words = [words_of(text) for text in _texts(texts)]
    different = {gram for each in words for gram in _grams(each, size)}
    if not different:
        raise ValueError(f"Some text must have at least {size} words. Received: {_texts(texts)!r:.80}")
    return len(different) / sum(map(len, words))


def self_bleu(texts, order=4):
    """Mean BLEU of each text against all others, in [0, 1]: the higher, the more alike they are. Zhu et al. 2018.

    BLEU-`order` of each (Papineni et al. 2002), by sacrebleu, over words in lower case, a little smoothed where an
    n-gram is missing ("exp").

    Args:
        texts: at least two strings.
        order: the longest n-gram.
    """
    texts = [" ".join(words_of(text)) for text in _texts(texts)]
    if len(texts) < 2 or not all(texts):
        raise ValueError(f"Self-BLEU compares at least two texts with words in them. Received: {len(texts)}")
    bleu = BLEU(max_ngram_order=order, tokenize="none", effective_order=True)
    scores = [bleu.sentence_score(text, texts[:at] + texts[at + 1:]).score for at, text in enumerate(texts)]
    return float(np.mean(scores)) / 100


def longest_copied_span(text, source):
    """The longest piece of a text that stands letter by letter in a source: memorisation, made visible.

    Args:
        text: what was generated.
        source: what was learnt from.

    Returns:
        The piece, the first if there are several; "" if not one character is shared.
    """
    best = ""
    for start in range(len(text)):
        while start + len(best) < len(text) and text[start:start + len(best) + 1] in source:
            best = text[start:start + len(best) + 1]
    return best


def known_words(text, source):
    """Share of the words of a text that occur anywhere in a source, in [0, 1]."""
    words, known = words_of(text), set(words_of(source))
    if not words:
        raise ValueError(f"The text has no words. Received: {text[:50]!r}")
    return sum(word in known for word in words) / len(words)


def _texts(texts):
    return [texts] if isinstance(texts, str) else list(texts)


def _grams(words, size):
    if size < 1:
        raise ValueError(f"An n-gram has at least one word. Received: {size}")
    return [tuple(words[at:at + size]) for at in range(len(words) - size + 1)]
