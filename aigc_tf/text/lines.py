"""A text as lines of equal length, for models of whole lines (chapter 4b)."""

import numpy as np

END = "\n"  # ends a line, and fills the places behind it


def lines_of(text, *, shortest=10, longest=50):
    """The lines of a play that somebody speaks, in order: no names of speakers, no stage directions, none twice.

    Args:
        text: a string of plays, where a speaker's name stands in capitals on a line of its own and ends with a colon,
            and directions stand in brackets.
        shortest, longest: characters that a line may have.

    Returns:
        A list of different strings without line ends.

    Raises:
        ValueError: unless 1 ≤ shortest ≤ longest.
    """
    if not 1 <= shortest <= longest:
        raise ValueError(f"shortest must be at least 1, and at most longest. Received: {shortest=}, {longest=}")
    found = (line.strip() for line in text.split(END))
    return list(dict.fromkeys(
        line for line in found if shortest <= len(line) <= longest and not line.endswith(":") and line[0] not in "[("
    ))


def encode_lines(lines, vocabulary, longest=50):
    """Token numbers int32 (lines, longest + 1): a line, and line ends up to the last place.

    Args:
        lines: strings without line ends.
        vocabulary: a `Vocabulary` of characters, the line end among them.
        longest: characters that a line may have.

    Raises:
        ValueError: for no lines, a line that is empty, too long or has a line end, or characters that are unknown.
    """
    bad = [line for line in lines if not 0 < len(line) <= longest or END in line]
    if bad or not len(lines):
        raise ValueError(f"There must be lines of 1 to {longest} characters, without line ends. "
                         f"Received: {bad[:3] if bad else 'no lines'}")
    filled = "".join(line.ljust(longest + 1, END) for line in lines)
    return vocabulary.encode(filled).reshape(len(lines), longest + 1)


def decode_lines(numbers, vocabulary):
    """The lines of token numbers (lines, time): each up to its first line end."""
    return [vocabulary.decode(row).split(END)[0] for row in np.asarray(numbers)]
