"""Lines: what is spoken, each once, and numbers of equal length that give the lines back."""

import numpy as np
import pytest

from aigc_tf.text import Vocabulary, decode_lines, encode_lines, lines_of

PLAY = """ROMEO:
But soft, what light
[Aside] Shall I hear more?

But soft, what light
short
It is my lady, O, it is my love!
"""
VOCABULARY = Vocabulary.of("abc d\n")


def test_lines_are_what_is_spoken_in_order_and_each_once():
    assert lines_of(PLAY) == ["But soft, what light", "It is my lady, O, it is my love!"]
    assert lines_of(PLAY, shortest=5, longest=20) == ["But soft, what light", "short"]


@pytest.mark.parametrize("limits", [{"shortest": 0}, {"shortest": 9, "longest": 8}])
def test_impossible_lengths_are_refused(limits):
    with pytest.raises(ValueError, match="shortest must be at least 1"):
        lines_of(PLAY, **limits)


def test_numbers_are_filled_with_line_ends_and_give_the_lines_back():
    lines = ["abc d", "a", "dd ca"]
    numbers = encode_lines(lines, VOCABULARY, longest=5)
    assert numbers.shape == (3, 6)
    end = VOCABULARY.number_of("\n")
    np.testing.assert_array_equal((numbers == end).sum(axis=1), [1, 5, 1])
    assert decode_lines(numbers, VOCABULARY) == lines


@pytest.mark.parametrize("lines, received", [
    ([], "no lines"), ([""], r"\['']"), (["abcabc"], "abcabc"), (["a\nb"], "a.*b"),
], ids=["none", "empty", "too long", "with an end"])
def test_lines_that_do_not_fit_are_refused(lines, received):
    with pytest.raises(ValueError, match=f"lines of 1 to 5 characters.*{received}"):
        encode_lines(lines, VOCABULARY, longest=5)


def test_unknown_characters_are_refused():
    with pytest.raises(ValueError, match="x"):
        encode_lines(["axb"], VOCABULARY)
