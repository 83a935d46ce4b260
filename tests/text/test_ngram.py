"""N-grams: Witten and Bell's formula by hand, probabilities that sum to one, and the published ladder."""

import math

import numpy as np
import pytest

from aigc_tf import data
from aigc_tf.text import UNKNOWN, Vocabulary, split_text
from aigc_tf.text.ngram import NGramModel

TEXT = "abracadabra"


def test_a_unigram_mixes_counts_with_the_uniform_distribution():
    """11 characters, 5 kinds: p(c) = (count(c) + 5 · 1/5) / (11 + 5)."""
    p = NGramModel(1).fit(TEXT).next_distribution("")
    np.testing.assert_allclose(p, (np.array([5, 2, 1, 1, 2]) + 1) / 16)


def test_a_bigram_backs_off_to_the_unigram():
    """After a: b twice, c and d once, so 4 followers of 3 kinds; p(c|a) = (count + 3 · p(c)) / (4 + 3)."""
    unigram = (np.array([5, 2, 1, 1, 2]) + 1) / 16
    p = NGramModel(2).fit(TEXT).next_distribution("a")
    np.testing.assert_allclose(p, (np.array([0, 2, 1, 1, 0]) + 3 * unigram) / 7)


def test_a_text_as_long_as_the_order_is_enough():
    """"aba": p(a) = (2 + 2 · ½) / (3 + 2) = 0.6, p(a|b) = (1 + 0.6) / 2 = 0.8, p(a|ab) = (1 + 0.8) / 2 = 0.9."""
    np.testing.assert_allclose(NGramModel(3).fit("aba").next_distribution("ab"), [0.9, 0.1])


def test_two_tokens_have_one_probability():
    """p(b|a) as above, though the order asks for more than there is."""
    expected = math.log((2 + 3 * 3 / 16) / 7)
    np.testing.assert_allclose(NGramModel(5).fit(TEXT).log_prob("ab"), [expected])


def test_a_context_that_was_never_seen_counts_for_nothing():
    model = NGramModel(3).fit(TEXT)
    np.testing.assert_allclose(model.next_distribution("bd"), NGramModel(2).fit(TEXT).next_distribution("d"))


@pytest.mark.parametrize("order", [1, 2, 5])
@pytest.mark.parametrize("context", ["", "a", "abra", "zzzz", "dabrac"])
def test_probabilities_sum_to_one_and_none_is_zero(order, context):
    p = NGramModel(order, Vocabulary("abcdrz")).fit(TEXT).next_distribution(context)
    assert p.sum() == pytest.approx(1, abs=1e-12)
    assert p.min() > 0


@pytest.mark.parametrize("order", [1, 3, 6])
def test_log_prob_is_what_next_distribution_says_at_every_place(order):
    model = NGramModel(order, Vocabulary.of(TEXT + "z")).fit(TEXT)
    text = "bracazabra"
    expected = [math.log(model.next_distribution(text[:at])[model.vocabulary.index[text[at]]]) for at in range(1, 10)]
    np.testing.assert_allclose(model.log_prob(text), expected)


@pytest.mark.parametrize("order", [1, 3, 6])
def test_rows_that_are_read_side_by_side_know_nothing_of_each_other(order):
    model = NGramModel(order).fit(TEXT)
    numbers = model.numbers_of("bracadabra").reshape(2, 5)
    expected = [model.log_prob("braca"), model.log_prob("dabra")]
    np.testing.assert_allclose(model.token_log_probs(numbers), expected)


def test_a_shorter_model_is_one_that_was_fitted_so():
    whole = NGramModel(5).fit(TEXT)
    np.testing.assert_array_equal(whole.shorter(2).log_prob(TEXT), NGramModel(2).fit(TEXT).log_prob(TEXT))
    with pytest.raises(ValueError, match=r"order must lie in \[1, 5\]. Received: 6"):
        whole.shorter(6)


def test_large_vocabularies_and_orders_do_not_overflow():
    text = "".join(chr(0x4E00 + number) for number in np.random.default_rng(0).integers(5000, size=3000))
    model = NGramModel(9).fit(text)
    assert model.next_distribution(text[100:108]).argmax() == model.vocabulary.index[text[108]]


def test_words_serve_as_tokens():
    vocabulary = Vocabulary.of("the cat sat on the mat", unit="word")
    model = NGramModel(2, vocabulary).fit("the cat sat on the mat")
    assert model.next_distribution("sat").argmax() == vocabulary.index["on"]
    assert vocabulary.index[UNKNOWN] == 0


def test_generation_continues_the_prompt_and_repeats_itself_for_a_seed():
    model = NGramModel(3).fit(TEXT * 3)
    texts = [model.generate("abr", 20, seed=seed) for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]
    assert texts[0].startswith("abr") and len(texts[0]) == 23


@pytest.mark.parametrize("options", [{"top_k": 1}, {"top_p": 1e-6}, {"temperature": 1e-3}])
def test_the_likeliest_continuation_of_a_learnt_text_is_the_text(options):
    assert NGramModel(5).fit(TEXT * 5).generate("abra", 7, **options) == TEXT


@pytest.mark.parametrize("make, message", [
    (lambda: NGramModel(0), "order .* at least 1. Received: 0"),
    (lambda: NGramModel(1.5), "whole number"),
    (lambda: NGramModel(float("inf")), "whole number"),
    (lambda: NGramModel(5).fit("abc"), "at least 5 tokens. Received: 3"),
    (lambda: NGramModel(2).fit(""), "needs text"),
    (lambda: NGramModel(2, Vocabulary("ab")).log_prob("ab"), "call fit"),
    (lambda: NGramModel(2).fit(TEXT).log_prob("a"), "at least 2 tokens"),
    (lambda: NGramModel(2).fit(TEXT).generate("x", 3), "does not know"),
    (lambda: NGramModel(2).fit(TEXT).generate("a", 0), "length"),
    (lambda: NGramModel(2).fit(TEXT).generate("a", 3, temperature=0), "temperature"),
    (lambda: NGramModel(2).fit(TEXT).generate("a", 3, top_k=0), "top_k"),
    (lambda: NGramModel(2).fit(TEXT).generate("a", 3, top_p=0), "top_p"),
])
def test_bad_input_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_the_ladder_on_tinyshakespeare_is_the_published_one():
    """Nats per character, 90/10: measured independently before this course was written."""
    try:
        train, test = split_text(data.load_text("tinyshakespeare"))
    except FileNotFoundError:
        pytest.skip("tinyshakespeare is not here: set AIGC_TF_DATA to the folder with shakespeare.txt")
    vocabulary = Vocabulary.of(train + test)
    model = NGramModel(6, vocabulary).fit(train)
    ladder = [-model.shorter(order).log_prob(test).mean() for order in range(1, 7)]
    np.testing.assert_allclose(ladder, [3.347, 2.486, 2.049, 1.774, 1.669, 1.698], atol=0.002)
