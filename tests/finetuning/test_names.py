"""Invented names: an instruction and its heading get the same new names, and nothing else of an example changes."""

import numpy as np
import pytest

from aigc_tf.finetuning import Example, compliance, invented_name, read_instruction, renamed

NAMES = ["HAMLET", "OPHELIA", "KING CLAUDIUS"]
EXAMPLE = Example("HAMLET to OPHELIA, short, with nunnery.\n", "HAMLET to OPHELIA:\nGet thee to a nunnery, Ophelia.$")
OTHER = Example("OPHELIA to HAMLET, short, with lord.\n", "OPHELIA to HAMLET:\nGood my lord.$")


def test_an_invented_name_can_stand_in_an_instruction():
    random = np.random.default_rng(0)
    for _ in range(200):
        read_instruction(f"{invented_name(NAMES, random)} to HAMLET, short, with lord.\n")


def test_half_of_the_invented_names_are_made_of_syllables():
    random = np.random.default_rng(0)
    invented = [invented_name(["Xx"], random) for _ in range(1000)]  # both halves of one name are the name
    assert 0.45 < np.mean([name == "Xx" for name in invented]) < 0.55
    assert all(len(name) in (4, 6, 8) and name.isupper() for name in invented if name != "Xx")


def test_new_names_stand_in_instruction_and_heading_and_the_speech_stays():
    for instruction, answer in renamed([EXAMPLE, OTHER] * 20, 1.0):
        assert all(compliance(instruction, answer).values())
        assert answer.partition("\n")[2] in (each.answer.partition("\n")[2] for each in (EXAMPLE, OTHER))
        assert read_instruction(instruction)[2:] in ((("short", "nunnery")), ("short", "lord"))


def test_the_share_is_about_what_was_asked_for_and_a_seed_repeats_it():
    many = [EXAMPLE, OTHER] * 500
    changed = [new != old for new, old in zip(renamed(many, 0.6, seed=1), many)]
    assert 0.5 < np.mean(changed) < 0.65  # a few keep their names, because one name was drawn twice
    assert renamed(many, 0.6, seed=1) == renamed(many, 0.6, seed=1) != renamed(many, 0.6, seed=2)
    assert renamed(many, 0.0) == many


def test_an_example_that_would_become_too_long_keeps_its_names():
    assert renamed([EXAMPLE] * 20, 1.0, longest=40) == [EXAMPLE] * 20


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_out_of_range_is_refused(share):
    with pytest.raises(ValueError, match=r"must lie in \[0, 1\]. Received: "):
        renamed([EXAMPLE], share)
