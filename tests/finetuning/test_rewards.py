"""Rewards: worked out by hand, dear where a model copies or repeats, and what is chosen by them."""

import pytest

from aigc_tf.finetuning import (
    Preference,
    best_of,
    copied_share,
    demands_met,
    preferences_of,
    repeated_share,
    reward,
)

ASKED = "HAMLET to OPHELIA, short, with nunnery.\n"
GOOD = "HAMLET to OPHELIA:\nGet thee to a nunnery.$"


def test_the_share_of_demands_that_are_met():
    assert demands_met(ASKED, GOOD) == 1
    assert demands_met(ASKED, GOOD.replace("nunnery", "house").replace("$", "")) == 0.5


@pytest.mark.parametrize("text, share", [
    ("", 0), ("go", 0), ("to a nunnery", 0), ("go go go", 1 / 2), ("Go, go! GO: go go", 3 / 4), ("a b a b c", 1 / 4),
])
def test_repetition_is_the_share_of_pairs_of_words_that_were_there(text, share):
    assert repeated_share(text) == pytest.approx(share)


@pytest.mark.parametrize("free, share", [(0, 0.8), (3, 0.5), (8, 0), (30, 0)])
def test_a_copy_costs_what_it_has_beyond_the_free_characters(free, share):
    assert copied_share("12345678ab", "0123456789", free) == pytest.approx(share)


def test_nothing_copies_nothing():
    assert copied_share("", "source") == 0


def test_a_reward_is_demands_less_the_price_of_copies_and_repetitions():
    """In 40 letters, all copied, 30 are free: 10 / 40; of 3 pairs of words 1 was there before."""
    answer = "HAMLET to OPHELIA:\n" + "nunnerynun " * 3 + "nunnery$"
    speech = answer.partition("\n")[2][:-1]
    demands = 1.0
    assert demands_met(ASKED, answer) == demands
    copied, repeated = (len(speech) - 30) / len(speech), 1 / 3
    assert reward(ASKED, answer) == pytest.approx(demands - repeated)
    assert reward(ASKED, answer, source=speech) == pytest.approx(demands - repeated - copied)
    assert reward(ASKED, answer, speech, copying=2.0, repetition=0.0) == pytest.approx(demands - 2 * copied)


def test_the_heading_is_no_repetition_nor_copy():
    """It repeats the instruction, as it must."""
    assert reward(ASKED, "HAMLET to OPHELIA:\nOphelia to a nunnery!$", source=ASKED + "HAMLET to OPHELIA:\n") == 1


def test_the_best_answer_is_the_first_of_those_with_the_highest_reward():
    assert best_of(["a", "b", "c"], [0.5, 1.0, 1.0]) == "b"


@pytest.mark.parametrize("answers, rewards", [([], []), (["a"], [1.0, 2.0])])
def test_the_best_of_nothing_is_refused(answers, rewards):
    with pytest.raises(ValueError, match=f"Received: {len(answers)} answers, {len(rewards)} rewards"):
        best_of(answers, rewards)


def test_preferences_are_the_best_and_the_worst_answer_where_these_differ():
    examples = [("one", "a"), ("two", "x"), ("one", "b"), ("two", "y"), ("one", "c")]
    assert preferences_of(examples, [0.5, 1.0, 0.2, 1.0, 0.9]) == [Preference("one", chosen="c", rejected="b")]


@pytest.mark.parametrize("rewards, message", [
    ([1.0, 1.0], "different reward. Received: 2 examples of 1 instr"), ([1.0], "Received: 2 examples, 1 rewards"),
])
def test_answers_among_which_none_is_better_are_refused(rewards, message):
    with pytest.raises(ValueError, match=message):
        preferences_of([("one", "a"), ("one", "b")], rewards)
