"""Text metrics: small texts counted by hand, and numbers that rouge-score 0.1.2 gives for the same sentences."""

import math

import pytest

from aigc_tf import text_metrics as metrics

FOX = "the quick brown fox jumps over the lazy dog"
CAT = "the quick cat jumps over a lazy dog today"


def test_one_nat_is_so_many_bits_and_ln_eight_is_a_doubt_among_eight():
    assert metrics.bits(math.log(2)) == pytest.approx(1)
    assert metrics.perplexity(math.log(8)) == pytest.approx(8)


def test_words_keep_their_apostrophes_and_lose_case_and_marks():
    words = ["tis", "heart-ache", "o'er", "naïve", "men", "你好"]
    assert metrics.words_of("'Tis HEART-ACHE, o'er 3 naïve_men; 你好!") == words


@pytest.mark.parametrize("texts, size, expected", [
    ("a b a b", 1, 2 / 4), ("a b a b", 2, 2 / 3), (["a b", "a b"], 2, 1 / 2), ("a b c", 3, 1.0)
])
def test_distinct_counts_different_among_all(texts, size, expected):
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


def test_rouge_n_of_shared_bigrams():
    """Shared: the quick, jumps over, lazy dog; 8 bigrams each."""
    assert metrics.rouge_n(CAT, FOX) == pytest.approx((3 / 8, 3 / 8, 3 / 8))


def test_rouge_l_of_the_longest_common_subsequence():
    """the quick jumps over lazy dog: 6 words of 9."""
    assert metrics.rouge_l(CAT, FOX) == pytest.approx((6 / 9, 6 / 9, 6 / 9))


def test_one_word_that_is_the_reference_is_all_of_it():
    assert metrics.rouge_l("fox", "fox") == (1, 1, 1)


def test_rouge_agrees_with_the_reference_implementation():
    text, reference = "police killed the gunman in the street", "the gunman police killed was in a street"
    assert metrics.rouge_n(text, reference, 1) == pytest.approx((6 / 7, 6 / 8, 0.8))
    assert metrics.rouge_n(text, reference, 2) == pytest.approx((2 / 6, 2 / 7, 0.3076923))
    assert metrics.rouge_l(text, reference) == pytest.approx((4 / 7, 4 / 8, 0.5333333))


def test_texts_that_share_nothing_have_a_rouge_of_zero():
    assert metrics.rouge_l("a b", "c d") == metrics.rouge_n("a b", "c d") == (0, 0, 0)


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
