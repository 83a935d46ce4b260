"""Byte-pair encoding: the first merges by hand, a text comes back, and its refusals."""

import numpy as np
import pytest

from aigc_tf.transformer.tokenizer import PieceVocabulary, learn_pieces, merge

TEXT = "low low low lower lower newest newest newest newest widest\n" * 3


def test_the_most_frequent_pair_becomes_a_token_first():
    """a + b stands together three times; then ab + c and the space + ab twice: the later in the alphabet is taken."""
    assert learn_pieces("abc abc ab", 6) == [" ", "a", "b", "c", "ab", "abc"]


def test_a_pair_is_counted_in_every_word_that_holds_it():
    """u + g stands in "hug" twice and in " pug" once; no other pair stands together three times."""
    assert learn_pieces("hug pug,hug pun", 8)[7:] == ["ug"]


def test_no_piece_reaches_beyond_a_word():
    assert all(piece.count(" ") == 0 or piece.startswith(" ") for piece in learn_pieces(TEXT, 60))
    assert all("\n" not in piece for piece in learn_pieces(TEXT, 60)[1:] if piece != "\n")


def test_there_are_fewer_tokens_if_no_pair_is_left():
    assert learn_pieces("ab", 10) == ["a", "b", "ab"]


def test_merge_takes_pairs_from_the_left():
    assert merge([*"aaab"], ("a", "a")) == ["aa", "a", "b"]


def test_the_earliest_token_is_made_first():
    """"bc" came before "ab", so "abc" is a + bc, whatever stands to the left."""
    vocabulary = PieceVocabulary(["a", "b", "c", "bc", "ab"])
    assert [vocabulary.tokens[number] for number in vocabulary.encode("abc")] == ["a", "bc"]


@pytest.mark.parametrize("text", [TEXT, "low newer\n\n  wide", "", "生成式人工智能很有趣"])
def test_a_text_comes_back(text):
    vocabulary = PieceVocabulary.of(TEXT + text, size=80)
    numbers = vocabulary.encode(text)
    assert numbers.dtype == np.int32 and vocabulary.decode(numbers) == text


def test_more_pieces_make_a_text_shorter():
    lengths = [len(PieceVocabulary.of(TEXT, size=size).encode(TEXT)) for size in (12, 20, 40)]
    assert lengths[0] == len(TEXT) > lengths[1] > lengths[2], "with 12 tokens there are only characters"


def test_a_text_is_extended_by_pieces():
    vocabulary = PieceVocabulary.of(TEXT, size=40)
    assert vocabulary.extend("low", vocabulary.encode(" newest")) == "low newest"


@pytest.mark.parametrize("size", [0, 5])
def test_a_size_below_the_number_of_characters_is_refused(size):
    with pytest.raises(ValueError, match=f"size={size}, 6 characters"):
        learn_pieces("abcdef", size)


def test_a_text_without_characters_is_refused():
    with pytest.raises(ValueError, match="0 characters"):
        learn_pieces("", 10)


@pytest.mark.parametrize("tokens, message", [
    ([], "each once"), (["a", "a"], "1 different"), (["a", "ab"], r"pieces with \['b'\]"),
])
def test_tokens_that_make_no_vocabulary_are_refused(tokens, message):
    with pytest.raises(ValueError, match=message):
        PieceVocabulary(tokens)


def test_a_foreign_character_is_refused():
    with pytest.raises(ValueError, match=r"does not know \['z'\]"):
        PieceVocabulary.of(TEXT, size=40).encode("low zoo")
