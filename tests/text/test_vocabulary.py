"""Vocabularies and windows: every token keeps its place, targets are the next tokens, streams really continue."""

import numpy as np
import pytest

from aigc_tf.text import UNKNOWN, Vocabulary, join_words, split_text, split_words, streams, windows

NUMBERS = np.arange(100)


# ---- vocabularies ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["To be, or not to be", "你好，世界。你好！", "naïve — “quotes” 🙂\n\ttab"])
def test_characters_of_any_language_survive_the_round_trip(text):
    vocabulary = Vocabulary.of(text)
    assert vocabulary.decode(vocabulary.encode(text)) == text
    assert len(vocabulary) == len(set(text))


def test_characters_are_numbered_in_their_order():
    vocabulary = Vocabulary.of("banana")
    assert vocabulary.tokens == ["a", "b", "n"]
    assert vocabulary.encode("ban").tolist() == [1, 0, 2]
    assert vocabulary.encode("ban").dtype == np.int32


def test_words_and_marks_are_tokens():
    assert split_words("Good, my lord's\nhorse!") == ["Good", ",", "my", "lord's", "\n", "horse", "!"]


def test_words_are_joined_as_they_are_written():
    text = "Good, my lord's horse!\nA horse: it is."
    assert join_words(split_words(text)) == text


def test_the_most_frequent_words_are_kept_and_others_become_unknown():
    vocabulary = Vocabulary.of("a b a c a b d", unit="word", size=3)
    assert vocabulary.tokens == [UNKNOWN, "a", "b"]
    assert vocabulary.encode("a d b").tolist() == [1, 0, 2]
    assert vocabulary.decode([1, 0, 2]) == f"a {UNKNOWN} b"


def test_a_text_is_extended_as_it_stands():
    assert Vocabulary.of("abc").extend("ab", [2, 2]) == "abcc"
    words = Vocabulary.of("a horse ,", unit="word")
    assert words.extend("My  kingdom\nfor", words.encode("a horse,")) == "My  kingdom\nfor a horse,"


def test_equal_tokens_make_equal_vocabularies():
    assert Vocabulary("abc") == Vocabulary(["a", "b", "c"]) != Vocabulary("acb")


@pytest.mark.parametrize("make, message", [
    (lambda: Vocabulary.of(""), "needs text"),
    (lambda: Vocabulary([]), "must be there"),
    (lambda: Vocabulary("aba"), "each once. Received: 3, 2 different"),
    (lambda: Vocabulary(["ab"]), "length 1"),
    (lambda: Vocabulary("ab", unit="syllable"), "Received: 'syllable'"),
    (lambda: Vocabulary(["a", "b"], unit="word"), UNKNOWN),
    (lambda: Vocabulary.of("a b", unit="word", size=1), "at least 2"),
    (lambda: Vocabulary("abc").encode("abd"), r"does not know \['d'\]"),
    (lambda: Vocabulary("abc").encode(b"abc"), "must be a string. Received: bytes"),
])
def test_bad_vocabularies_and_texts_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# ---- the split ------------------------------------------------------------------------------------------------------


def test_a_text_is_split_in_order():
    assert split_text("abcdefghij") == ("abcdefghi", "j")


@pytest.mark.parametrize("share", [0, 1, -0.1, float("nan")])
def test_a_split_leaves_something_on_both_sides(share):
    with pytest.raises(ValueError, match="share must lie between 0 and 1"):
        split_text("abc", share)


# ---- windows --------------------------------------------------------------------------------------------------------


def test_targets_are_the_inputs_shifted_by_one():
    for inputs, targets in windows(NUMBERS, 7, batch_size=4, seed=0):
        np.testing.assert_array_equal(targets, inputs + 1)


def test_windows_lie_end_to_end_and_the_last_batch_holds_the_rest():
    batches = list(windows(NUMBERS, 7, batch_size=4, shuffle=False))
    assert [inputs.shape for inputs, _ in batches] == [(4, 7), (4, 7), (4, 7), (2, 7)]
    np.testing.assert_array_equal(np.concatenate([inputs for inputs, _ in batches]).ravel(), np.arange(98))


def test_every_epoch_has_a_new_order_of_the_same_windows():
    batches = windows(NUMBERS, 7, batch_size=100, seed=0)
    first, second = (np.concatenate([inputs[:, 0] for inputs, _ in batches]) for _ in range(2))
    assert first.tolist() != second.tolist()
    assert sorted(first) == sorted(second) == list(range(0, 98, 7))


def test_streams_continue_where_they_stopped():
    """Row r of each batch goes on where row r of the batch before ended, and each row begins at a place of its own."""
    rows = np.concatenate([inputs for (inputs, _), _ in streams(NUMBERS, 6, batch_size=3)], axis=1)
    np.testing.assert_array_equal(rows, np.array([[0], [30], [60]]) + np.arange(30))


def test_targets_of_streams_are_shifted_by_one_even_across_batches():
    for (inputs, _), targets in streams(NUMBERS, 6, batch_size=3):
        np.testing.assert_array_equal(targets, inputs + 1)


def test_streams_begin_anew_in_every_epoch():
    batches = streams(NUMBERS, 6, batch_size=3)
    for _ in range(2):
        flags = [continues.numpy().tolist() for (_, continues), _ in batches]
        assert flags == [[0, 0, 0]] + [[1, 1, 1]] * 4


def test_a_share_of_the_rows_begins_anew_and_others_do_next_time():
    batches = streams(np.arange(20_100), 2, batch_size=100, restarts=0.2, seed=0)
    first, second = (np.stack([continues for (_, continues), _ in batches]) for _ in range(2))
    assert first.shape == (100, 100) and not first[0].any()
    assert first[1:].mean() == pytest.approx(0.8, abs=0.02)  # five standard deviations
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("cut, options, message", [
    (streams, {"length": 5, "batch_size": 2, "restarts": 1.5}, "restarts must lie in .* Received: 1.5"),
    (windows, {"length": 100, "batch_size": 1}, "too short: 1 windows of 100 tokens .* at least 101"),
    (streams, {"length": 50, "batch_size": 2}, "too short: 2 windows of 50 tokens"),
    (windows, {"length": 0, "batch_size": 1}, "at least 1. Received: length=0"),
    (streams, {"length": 5, "batch_size": 0}, "batch_size=0"),
])
def test_windows_that_do_not_fit_are_refused(cut, options, message):
    with pytest.raises(ValueError, match=message):
        cut(NUMBERS, **options)


def test_text_instead_of_numbers_is_refused():
    with pytest.raises(ValueError, match="Token numbers must be integers"):
        windows(np.array(list("abcdef")), 2, batch_size=1)
