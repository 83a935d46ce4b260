"""Preferences: losses by hand, the reference that stays, and an answer that becomes likelier than another."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.finetuning import (
    DPO,
    Preference,
    answer_log_probs,
    dpo_loss,
    kl_to_reference,
    preference_windows,
    reinforce_loss,
    sample_answers,
    write_preferences,
)
from aigc_tf.transformer import TransformerLanguageModel

PREFERENCES = [Preference("ab:", "cab$", "abba$"), Preference("b:", "cc$", "b$"), Preference("ca:", "a$", "bbb$")]


@functools.cache
def reference():
    keras.utils.set_random_seed(0)
    return TransformerLanguageModel("abc:$", num_layers=1, width=8, num_heads=2, context=10, zero_outputs=False)


def batches(**options):
    return preference_windows(PREFERENCES, reference(), 9, batch_size=3, shuffle=False, **options)


@pytest.fixture(scope="module")
def learnt():
    """Its losses at first, the model after 60 steps, and its losses then."""
    model = DPO.of(reference(), "lora", 4, beta=0.5)
    (chosen, rejected), = batches()
    before = model.compute_losses(chosen, rejected)
    model.compile(optimizer=keras.optimizers.Adam(0.01))
    model.fit(batches().repeat(60), verbose=0)
    return before, model, model.compute_losses(chosen, rejected)


# ---- losses ----


@pytest.mark.parametrize("chosen, rejected, beta, loss", [
    (0.0, 0.0, 0.1, np.log(2)), (-3.0, -3.0, 2.0, np.log(2)), (1.0, -1.0, 0.5, np.log(1 + np.exp(-1))),
    (-1.0, 1.0, 0.5, np.log(1 + np.exp(1))), (1e4, -1e4, 1.0, 0.0), (-1e4, 1e4, 1.0, 2e4),
])
def test_the_loss_is_minus_the_log_of_a_sigmoid(chosen, rejected, beta, loss):
    found = dpo_loss(tf.constant([chosen]), tf.constant([rejected]), beta)
    np.testing.assert_allclose(found, [loss], rtol=1e-5)


def test_reinforce_climbs_the_mean_reward():
    """A lottery of three answers: over all of them, weighted by p, the gradient is that of −Σ p · reward."""
    logits, rewards = tf.Variable([0.1, -0.4, 0.7]), tf.constant([1.0, 0.0, 3.0])
    with tf.GradientTape(persistent=True) as tape:
        p = tf.nn.softmax(logits)
        mean = -tf.reduce_sum(p * rewards)
        losses = [tf.reduce_sum(tf.stop_gradient(p) * reinforce_loss(tf.math.log(p), rewards, baseline))
                  for baseline in (0.0, 2.0)]
    for loss in losses:  # the baseline leaves the mean as it is
        np.testing.assert_allclose(tape.gradient(loss, logits), tape.gradient(mean, logits), rtol=1e-5)


def test_no_gradient_flows_through_rewards():
    rewards = tf.Variable([1.0, 2.0])
    with tf.GradientTape() as tape:
        loss = reinforce_loss(tf.constant([-1.0, -2.0]), rewards * 1.0, 0.0)
    assert tape.gradient(loss, rewards) is None


# ---- answers, measured ----


def test_ln_p_of_an_answer_is_that_of_its_tokens():
    """The first four of the seven tokens, behind the first of all, belong to the instruction or are its end."""
    expected = [reference().log_prob("ab:cab$")[2:].sum(), reference().log_prob("b:b$")[1:].sum()]
    found = answer_log_probs(reference(), [("ab:", "cab$"), ("b:", "b$")])
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_the_divergence_is_the_mean_difference_of_ln_p():
    model = DPO.of(reference(), "last", 1)
    model.logits.kernel.assign(1.5 * model.logits.kernel.numpy())
    examples = [("ab:", "cab$"), ("b:", "b$")]
    differences = [model.log_prob(a + b)[len(a) - 1:].sum() - reference().log_prob(a + b)[len(a) - 1:].sum()
                   for a, b in examples]
    assert kl_to_reference(model, reference(), examples) == pytest.approx(np.mean(differences), rel=1e-4)
    assert kl_to_reference(reference(), reference(), examples) == 0


class Writer:
    """Answers with the numbers 0, 1, 2, … in the order in which it is asked, and notes how many texts at a time."""

    window = 40

    def __init__(self):
        self.count, self.groups, self.lengths = 0, [], []

    def generate(self, prompts, length, **options):
        self.groups.append((len(prompts), options["seed"]))
        self.lengths.append(length)
        first, self.count = self.count, self.count + len(prompts)
        return [f"{prompt}{number}$" for number, prompt in enumerate(prompts, start=first)]


def test_answers_to_one_instruction_stand_side_by_side_and_each_group_has_a_seed():
    writer = Writer()
    written = sample_answers(writer, ["a:", "b:", "c:"], 3, 5, seed=7, group=4)
    assert [asked for asked, _ in written] == ["a:"] * 3 + ["b:"] * 3 + ["c:"] * 3
    assert [answer for _, answer in written] == [f"{number}$" for number in range(9)]
    assert writer.groups == [(4, 7), (4, 11), (1, 15)]


def test_preferences_are_written_judged_and_paired():
    writer = Writer()
    pairs = write_preferences(writer, ["a:", "bb:"], 3, 12, judge=lambda asked, answer: -int(answer[:-1]))
    assert pairs == [Preference("a:", "0$", "2$"), Preference("bb:", "3$", "5$")]
    assert writer.lengths == [9], "what is left behind the longest instruction"


# ---- batches ----


def test_a_batch_holds_both_answers_and_what_the_reference_makes_of_them():
    (chosen, rejected), = batches()
    for (inputs, targets, weights, log_probs), name in ((chosen, "chosen"), (rejected, "rejected")):
        answers = [getattr(preference, name) for preference in PREFERENCES]
        assert inputs.shape == targets.shape == weights.shape == (3, 9)
        decode = reference().vocabulary.decode
        assert [decode(row[kept > 0]) for row, kept in zip(targets.numpy(), weights.numpy())] == answers
        expected = answer_log_probs(reference(), [(preference.instruction, getattr(preference, name))
                                                  for preference in PREFERENCES])
        np.testing.assert_allclose(log_probs, expected, rtol=1e-5)


def test_two_equal_answers_are_no_preference():
    with pytest.raises(ValueError, match=r"two different answers. Received: twice 'a\$' to 'b:'"):
        preference_windows([*PREFERENCES, Preference("b:", "a$", "a$")], reference(), 9, batch_size=2)


# ---- learning ----


def test_it_begins_as_its_reference(learnt):
    """Then nothing is preferred: −ln ½, and nothing has been paid."""
    before, _, _ = learnt
    np.testing.assert_allclose(before["loss"], [np.log(2)] * 3, rtol=1e-5)
    np.testing.assert_allclose(before["margin"], [0] * 3, atol=1e-5)
    np.testing.assert_allclose(before["kl"], [0] * 3, atol=1e-5)


def test_what_it_reports_is_worked_out_from_ln_p_of_the_answers(learnt):
    _, model, losses = learnt
    ratios = []
    for name in ("chosen", "rejected"):
        examples = [(preference.instruction, getattr(preference, name)) for preference in PREFERENCES]
        ratios.append(answer_log_probs(model, examples) - answer_log_probs(reference(), examples))
    margins = 0.5 * (ratios[0] - ratios[1])
    np.testing.assert_allclose(losses["margin"], margins, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(losses["loss"], np.log(1 + np.exp(-margins)), rtol=1e-3, atol=1e-4)
    np.testing.assert_array_equal(losses["accuracy"], (margins > 0).astype("float32"))
    np.testing.assert_allclose(losses["kl"], -(ratios[0] + ratios[1]) / 2, rtol=1e-4, atol=1e-4)


def test_it_learns_which_answer_is_better(learnt):
    _, _, losses = learnt
    assert np.mean(losses["loss"]) < 0.3
    np.testing.assert_array_equal(losses["accuracy"], [1, 1, 1])


def test_what_it_has_learnt_can_be_merged_into_a_plain_model(learnt):
    _, model, _ = learnt
    np.testing.assert_allclose(model.merged().log_prob("ab:cab$"), model.log_prob("ab:cab$"), rtol=1e-4, atol=1e-5)
