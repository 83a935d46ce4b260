"""Python's help texts in the characters of the plays (chapter 6): a second corpus for a network of plays."""

from aigc_tf.data.corpora import load_text

QUOTES = str.maketrans("‘’“”–", "''\"\"-")
UNKNOWN = "&"  # stands for every other sign that a vocabulary lacks: the plays know it, and hardly use it


def load_help_texts(vocabulary):
    """Python's help texts, in the characters of a vocabulary: a string.

    No indentation, since the plays have none; each paragraph once, for many stand under several topics.

    Args:
        vocabulary: of a language model of characters, `UNKNOWN` among its tokens.

    Raises:
        ValueError: for a vocabulary without `UNKNOWN`.
    """
    lines = "\n".join(line.strip() for line in load_text("python-docs").splitlines())
    return in_known_characters("\n\n".join(dict.fromkeys(filter(None, lines.split("\n\n")))), vocabulary)


def in_known_characters(text, vocabulary):
    """The text in characters that the vocabulary has: a string as long.

    What it lacks becomes straight, if it is a curly quote or a long dash and that helps, and otherwise `UNKNOWN`.

    Raises:
        ValueError: for a vocabulary without `UNKNOWN`.
    """
    if UNKNOWN not in vocabulary.tokens:
        raise ValueError(f"The vocabulary must have the sign {UNKNOWN!r}. Received: {vocabulary.tokens!r:.80}")
    known, straight = vocabulary.index, text.translate(QUOTES)
    return "".join(next(filter(known.__contains__, signs), UNKNOWN) for signs in zip(text, straight))
