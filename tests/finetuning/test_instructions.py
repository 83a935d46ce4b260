"""Instructions: what is asked can be read back and checked, and no play is both trained and tested on."""

import numpy as np
import pytest

from aigc_tf.finetuning import (
    Demands,
    Example,
    answer_arrays,
    answer_windows,
    compliance,
    examples_of,
    length_of,
    mean_compliance,
    read_instruction,
    split_plays,
    write_answers,
    write_instruction,
)
from aigc_tf.text import Vocabulary

ASKED = "HAMLET to OPHELIA, short, with nunnery.\n"
GOOD = "HAMLET to OPHELIA:\nGet thee to a nunnery.$"
PLAY = """BERNARDO:
Who's there?

FRANCISCO:
Nay, answer me: stand, and unfold yourself.

BERNARDO:
Long live the king!

FRANCISCO:
He.

FRANCISCO:
You come most carefully upon your hour.

BERNARDO:
'Tis now struck twelve; get thee
to bed, Francisco."""
VOCABULARY = Vocabulary.of(PLAY + ASKED + GOOD)
ALL = {"speaker": True, "listener": True, "length": True, "word": True}


# ---- the format ----


def test_an_instruction_is_read_as_it_was_written():
    demands = Demands("KING HENRY VI", "First Lord", "medium", "heart-ache")
    assert read_instruction(write_instruction(demands)) == demands


@pytest.mark.parametrize("text", [
    "", "Write like HAMLET.\n", ASKED[:-1], ASKED + GOOD, ASKED.replace("short", "brief"), ASKED.replace("nunnery", ""),
])
def test_what_is_no_instruction_is_refused(text):
    with pytest.raises(ValueError, match="must read 'NAME to NAME, short|medium|long, with WORD.'.*Received: "):
        read_instruction(text)


@pytest.mark.parametrize("words, length", [
    (0, "short"), (7, "short"), (8, "medium"), (15, "medium"), (16, "long"), (99, "long"),
])
def test_lengths_are_numbers_of_words(words, length):
    assert length_of("Ay, " * words) == length


# ---- what is met ----


def test_a_good_answer_meets_all_demands():
    assert compliance(ASKED, GOOD) == ALL


@pytest.mark.parametrize("answer, broken", [
    (GOOD.replace("HAMLET", "OTHELLO"), {"speaker"}),
    (GOOD.replace("OPHELIA", "GERTRUDE"), {"listener"}),
    (GOOD.replace("Get", "Get thee, get thee, get"), {"length"}),
    (GOOD.replace("$", ""), {"length"}),
    (GOOD.replace("nunnery", "nunneries"), {"word"}),
    (GOOD.replace("a nunnery.$", "bed.$ A nunnery.$"), {"word"}),
    (GOOD.replace("OPHELIA:", "OPHELIA"), {"speaker", "listener", "length", "word"}),
    ("Get thee to a nunnery.$", {"speaker", "listener", "length", "word"}),
    ("", {"speaker", "listener", "length", "word"}),
], ids=["speaker", "listener", "too long", "no end", "another word", "word behind the end", "no colon", "no heading",
        "empty"])
def test_a_demand_that_is_not_met_is_seen(answer, broken):
    assert compliance(ASKED, answer) == {name: name not in broken for name in ALL}


def test_a_word_counts_in_capitals_too():
    assert compliance(ASKED, GOOD.replace("nunnery", "NUNNERY"))["word"]


def test_mean_compliance_is_a_share_for_each_demand_and_for_all_together():
    worse = GOOD.replace("HAMLET", "OTHELLO")
    found = mean_compliance([(ASKED, GOOD), (ASKED, GOOD), (ASKED, worse), (ASKED, worse.replace("$", ""))])
    assert found == {"speaker": 0.5, "listener": 1.0, "length": 0.75, "word": 1.0, "all": 0.5}


def test_compliance_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one example. Received: none"):
        mean_compliance([])


# ---- from the plays ----


def test_examples_are_the_speeches_that_answer_somebody_else_with_a_word():
    examples = examples_of(PLAY)
    assert [example.answer for example in examples] == [
        "FRANCISCO to BERNARDO:\nNay, answer me: stand, and unfold yourself.$",
        "BERNARDO to FRANCISCO:\nLong live the king!$",
        "BERNARDO to FRANCISCO:\n'Tis now struck twelve; get thee\nto bed, Francisco.$",
    ]
    assert [read_instruction(example.instruction).length for example in examples] == ["short", "short", "medium"]


def test_every_example_meets_its_own_demands():
    assert all(compliance(*example) == ALL for example in examples_of(PLAY))


def test_words_are_drawn_by_the_seed_among_those_of_four_letters():
    drawn = {read_instruction(examples_of(PLAY, seed=seed)[0].instruction).word for seed in range(30)}
    assert drawn == {"answer", "stand", "unfold", "yourself"}
    assert examples_of(PLAY, seed=3) == examples_of(PLAY, seed=3)


def test_examples_that_are_too_long_are_left_out():
    lengths = [len(example.instruction + example.answer) for example in examples_of(PLAY)]
    kept = [len(example.instruction + example.answer) for example in examples_of(PLAY, longest=sorted(lengths)[1])]
    assert sorted(kept) == sorted(lengths)[:2]


@pytest.mark.parametrize("text", ["", "HAMLET:\nWords, words, words.", "A novel has no speakers.\n\nNone at all."])
def test_a_text_without_examples_is_refused(text):
    with pytest.raises(ValueError, match="No speech of the text.*Received: "):
        examples_of(text)


def test_plays_to_test_on_lie_behind_what_the_checkpoint_has_learnt(monkeypatch):
    """Plays of 40, 40, 40 and 20 characters: 0.5 of them lies in the second one, which is trained on whole."""
    plays = {"a": 40, "b": 40, "c": 40, "d": 20}
    monkeypatch.setattr("aigc_tf.finetuning.instructions.play_files", lambda: plays)
    monkeypatch.setattr("aigc_tf.finetuning.instructions.load_plays", lambda name: plays[name] * "x")
    assert split_plays(0.5) == (["a", "b"], ["c", "d"])
    assert split_plays(0.85) == (["a", "b", "c"], ["d"])
    for share in (0.0, 0.95):
        with pytest.raises(ValueError, match=f"plays to train on and plays to test. Received: {share}"):
            split_plays(share)


# ---- what a model reads and writes ----


def counted(examples, **options):
    """The targets that count, as a text for each row."""
    _, targets, weights = answer_arrays(examples, VOCABULARY, 90, **options)
    return [VOCABULARY.decode(row[weight > 0]) for row, weight in zip(targets, weights)]


def test_the_answer_alone_counts_its_end_included():
    assert counted([(ASKED, GOOD), (ASKED, "He.$")]) == [GOOD, "He.$"]


def test_everything_counts_if_wanted_but_what_only_fills_up():
    assert counted([(ASKED, GOOD), (ASKED, "He.$")], answers_only=False) == [(ASKED + GOOD)[1:], (ASKED + "He.$")[1:]]


def test_inputs_are_instruction_and_answer_and_targets_are_one_further():
    inputs, targets, weights = answer_arrays([(ASKED, GOOD)], VOCABULARY, 90)
    assert inputs.shape == targets.shape == weights.shape == (1, 90)
    assert VOCABULARY.decode(inputs[0]) == (ASKED + GOOD).ljust(90, "$")
    np.testing.assert_array_equal(inputs[:, 1:], targets[:, :-1])


def test_an_example_may_fill_all_tokens_and_no_more():
    count = len(ASKED + GOOD)
    assert answer_arrays([(ASKED, GOOD)], VOCABULARY, count - 1)[2].sum() == len(GOOD)
    with pytest.raises(ValueError, match=f"and {count - 1} together. Received: {len(ASKED)} and {len(GOOD)}"):
        answer_arrays([(ASKED, GOOD)], VOCABULARY, count - 2)


@pytest.mark.parametrize("examples, message", [
    ([], "at least one example. Received: none"), ([("", GOOD)], "Received: 0 and 42"),
    ([(ASKED, "")], "Received: 40 and 0"), ([(ASKED, "§$")], "does not know.*§"),
])
def test_examples_that_teach_nothing_are_refused(examples, message):
    with pytest.raises(ValueError, match=message):
        answer_arrays(examples, VOCABULARY, 90)


def test_batches_hold_every_example_once():
    examples = examples_of(PLAY)
    batches = list(answer_windows(examples, VOCABULARY, 120, batch_size=2, seed=0))
    assert [inputs.shape for inputs, _, _ in batches] == [(2, 120), (1, 120)]
    found = sorted(VOCABULARY.decode(row).rstrip("$") for inputs, _, _ in batches for row in inputs.numpy())
    assert found == sorted((example.instruction + example.answer).rstrip("$") for example in examples)


class Parrot:
    """Says what it was told to, and more behind the end; takes at most 60 tokens."""

    window = 60

    def generate(self, prompts, length, *, stop, seed=None):
        self.asked = length
        return [prompt + (GOOD + "and more")[:length].partition(stop)[0] + stop for prompt in prompts]


def test_answers_are_what_a_model_writes_behind_the_instructions():
    model, longer = Parrot(), ASKED.replace("HAMLET", "PRINCE HAMLET")
    answers = write_answers(model, [ASKED, longer], 50, seed=0)
    assert answers == [Example(ASKED, GOOD), Example(longer, GOOD)]


def test_answers_fill_the_context_behind_the_longest_instruction():
    model, longer = Parrot(), ASKED.replace("HAMLET", "PRINCE HAMLET")
    write_answers(model, [ASKED, longer])
    assert model.asked == 60 - len(longer)
