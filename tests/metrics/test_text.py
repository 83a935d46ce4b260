"""Text metrics: small texts counted by hand."""

import math

import pytest

from aigc_tf.metrics import text as metrics

FOX = "the quick brown fox jumps over the lazy dog"
CAT = "the quick cat jumps over a lazy dog today"


def test_one_nat_is_so_many_bits_and_ln_eight_is_a_doubt_among_eight():
    assert metrics.bits(math.log(2)) == pytest.approx(1)
    assert metrics.perplexity(math.log(8)) == pytest.approx(8)


def test_words_keep_their_apostrophes_and_lose_case_and_marks():
    words = ["tis", "heart-ache", "o'er", "naïve", "men", "你好"]
    assert metrics.words_of("'Tis HEART-ACHE, o'er 3 naïve_men; 你好!") == words


@pytest.mark.parametrize("texts, size, expected", [
    ("a b a b", 1, 2 / 4), ("a b a b", 2, 2 / 4), (["a b", "a b"], 2, 1 / 4), ("a b c", 3, 1 / 3), ("a b c", 1, 1.0),
    (["a b", "c"], 2, 1 / 3),  # a text that is too short counts with its words, too
])
def test_distinct_is_the_number_of_different_n_grams_for_each_word(texts, size, expected):
    """Li et al. 2016 divide by words, not by n-grams."""
    assert metrics.distinct(texts, size) == pytest.approx(expected)


def test_equal_texts_have_a_self_bleu_of_one_and_different_ones_of_nearly_zero():
    assert metrics.self_bleu([FOX, FOX]) == pytest.approx(1)
    assert metrics.self_bleu([FOX, "to be or not to be that is it"]) < 0.1


def test_self_bleu_of_order_one_is_the_share_of_words_that_another_text_has():
    """Of nine words of FOX six stand in CAT ("the" once), and the other way round six of nine."""
    assert metrics.self_bleu([FOX, CAT], order=1) == pytest.approx(6 / 9)


def test_self_bleu_goes_up_to_four_words():
    """Of "a b c d e" another text has 4/5 words, 3/4 pairs, 2/3 triples, 1/2 fours: (4/5 · 3/4 · 2/3 · 1/2)^¼."""
    assert metrics.self_bleu(["a b c d e", "a b c d f"]) == pytest.approx(0.2**0.25)


def test_self_bleu_of_short_texts_stops_at_their_length():
    assert metrics.self_bleu(["to be", "to be"]) == pytest.approx(1)


@pytest.mark.parametrize("text, source, expected", [
    ("xxbananayy", "a banana split", "banana"), ("abc", "xyz", ""), ("aab", "ab aa", "aa"), ("", "abc", ""),
    ("same", "same", "same"), ("xbananx", "a banana split", "banan"),
])
def test_the_longest_copied_span(text, source, expected):
    assert metrics.longest_copied_span(text, source) == expected


def test_known_words_are_counted_with_repeats():
    assert metrics.known_words("The fox, the FOX, a wolf.", FOX) == pytest.approx(4 / 6)


@pytest.mark.parametrize("call, message", [
    (lambda: metrics.distinct("one", 2), "at least 2 words"),
    (lambda: metrics.distinct("one two", 0), "at least one word"),
    (lambda: metrics.self_bleu(["alone"]), "at least two texts"),
    (lambda: metrics.self_bleu(["a", "!"]), "with words"),
    (lambda: metrics.known_words("!?", "a"), "no words"),
])
def test_texts_without_enough_words_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
