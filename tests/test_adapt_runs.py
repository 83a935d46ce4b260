"""Runs of chapter 6: they begin as the stored network, train what they say, and measure what the chapter reports."""

from dataclasses import replace

import numpy as np
import pytest

from aigc_tf import adapt_runs, checkpoints
from aigc_tf.adapt_runs import AdaptRun, InstructionsRun, PreferenceRun
from aigc_tf.finetuning import DPO, END, AdaptedTransformer, Preference, examples_of
from aigc_tf.runs import carry_out
from aigc_tf.text import nats_per_token

ADAPT = AdaptRun("LoRA", 2 * 64, AdaptedTransformer, {"method": "lora", "size": 1}, 1e-3, "adam", 4, 16,
                 counts="tokens")


@pytest.fixture(scope="module")
def help_texts():
    return ADAPT.load()[:20_000]


def test_a_run_of_fine_tuning_begins_as_its_base_and_moves_a_part_of_it(help_texts):
    base, model = checkpoints.load(ADAPT.base), ADAPT.compiled(None)
    _, validation = ADAPT.parts(help_texts)
    assert ADAPT.note(model, validation) == pytest.approx(nats_per_token(base, validation), rel=1e-5)
    row = carry_out(ADAPT, help_texts)
    assert row["tokens"] == 128 and row["plays"] == pytest.approx(1.35, abs=0.1)
    assert 0.005 < row["share"] < 0.01 and "test" not in row


def test_a_run_from_blank_knows_nothing():
    model = replace(ADAPT, blank=True).compiled(None)
    assert nats_per_token(model, "To be, or not") == pytest.approx(np.log(76), rel=1e-5)


def test_with_replay_a_part_of_the_batches_are_plays(help_texts):
    vocabulary = checkpoints.load(ADAPT.base).vocabulary
    numbers = np.full_like(ADAPT.parts(help_texts)[0], vocabulary.number_of("&"))  # a text of one sign, to know it by
    replayed = [int(np.ptp(inputs)) > 0 for inputs, _ in replace(ADAPT, replay=0.25).batches(numbers)]
    assert 0.15 < np.mean(replayed) < 0.35 and replayed.count(False) <= 200
    assert not any(int(np.ptp(inputs)) for inputs, _ in ADAPT.batches(numbers))


INSTRUCT = InstructionsRun("tiny", 2 * 4 * 160, AdaptedTransformer, {"method": "last", "size": 0}, 1e-3, "adam", 4, 160,
                           counts="tokens")
PLAY = "\n\n".join(f"{name}:\nI hear {word} {count}." for name, word, count in [
    (name, word, count) for count in ("once", "twice") for word in ("thunder", "music", "nothing")
    for name in ("MACBETH", "BANQUO")])


@pytest.fixture(scope="module")
def instructions():
    examples = examples_of(PLAY, longest=160)
    return {"train": examples, "validation": examples, "plays": PLAY * 3}


def test_a_run_of_instructions_measures_answers_plays_and_demands(instructions):
    row = carry_out(INSTRUCT, instructions)
    assert row["tokens"] == 1280
    assert {"nats", "plays", "speaker", "listener", "length", "word", "all", "ended"} <= set(row)
    assert len(row["written"]) <= 5 and all(text.startswith(("MACBETH to", "BANQUO to")) for text in row["written"])


@pytest.mark.parametrize("changes, counted", [
    ({}, lambda example: len(example.answer)),
    ({"answers_only": False}, lambda example: len(example.instruction) + len(example.answer) - 1),
    ({"end_counts": False}, lambda example: len(example.answer) - 1),
])
def test_what_counts_in_the_loss(instructions, changes, counted):
    batches = replace(INSTRUCT, **changes).batches(instructions["train"])
    found = sorted(int(count) for _, _, weights in batches for count in np.sum(weights, axis=1))
    assert set(found) <= {counted(example) for example in instructions["train"]}
    assert END in instructions["train"][0].answer


def test_runs_with_one_seed_read_the_same_in_the_same_order(instructions):
    one, other = (list(replace(INSTRUCT, answers_only=each).batches(instructions["train"])) for each in (True, False))
    for (inputs, targets, weights), (same_inputs, same_targets, more_weights) in zip(one, other, strict=True):
        np.testing.assert_allclose(inputs, same_inputs)
        np.testing.assert_allclose(targets, same_targets)
        assert np.sum(weights) < np.sum(more_weights)


PREFER = PreferenceRun("tiny", 4 * 2 * 160, DPO, {"method": "lora", "size": 1, "beta": 0.1}, 1e-2, "adam", 2, 160,
                       counts="tokens", base="gpt_shakespeare", instructions=4)


@pytest.fixture
def pairs(monkeypatch, instructions):
    """Every real answer before its own beginning, in the place of what a network writes."""
    made = [Preference(asked, answer, answer[:9]) for asked, answer in instructions["train"]]
    monkeypatch.setattr(adapt_runs, "pairs_of", lambda *asked: made)
    return made


def test_a_run_of_preferences_learns_its_pairs_and_measures_new_answers(pairs, instructions):
    row = carry_out(PREFER, instructions)
    assert row["tokens"] == 1280 and row["accuracy"] > 0.9
    assert {"nats", "reward", "kl", "speaker", "word", "all"} <= set(row)


def test_swapped_pairs_have_the_worse_answer_for_the_better(pairs, instructions):
    swapped, _ = replace(PREFER, swapped=True).parts(instructions)
    assert [(pair.chosen, pair.rejected) for pair in swapped] == [(pair.rejected, pair.chosen) for pair in pairs]
