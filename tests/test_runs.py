"""Runs: a training ends when its budget is spent, its learning rate follows the budget, and a row is kept."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from aigc_tf import data, runs
from aigc_tf.runs import LineRun, Run, SentenceRun, carry_out, rate_after
from aigc_tf.text import LSTMLanguageModel, SentenceVAE
from aigc_tf.transformer import TransformerLanguageModel

TINY = {"num_layers": 1, "width": 8, "num_heads": 1, "context": 16}
BY_TOKENS = Run("tiny", 960, TransformerLanguageModel, TINY, batch_size=4, length=16, counts="tokens")
BY_MINUTES = replace(BY_TOKENS, budget=0.005, counts="minutes")
RECURRENT = Run("recurrent", 960, LSTMLanguageModel, {"units": (8,)}, 4e-3, "adam", 4, 16, counts="tokens")


@pytest.fixture(scope="module")
def text():
    return data.load_text("shakespeare")[:20_000]


@pytest.mark.parametrize("run", [BY_TOKENS, RECURRENT], ids=lambda run: run.name)
def test_a_budget_of_tokens_is_spent_to_the_last_batch(text, run):
    row = carry_out(run, text)
    assert row["tokens"] == 960
    assert [tokens for tokens, _ in row["curve"]] == [192, 320, 512, 640, 832, 960]  # batches of 64, at each sixth


def test_a_budget_of_minutes_is_spent_at_the_speed_that_was_measured(text):
    row = carry_out(BY_MINUTES, text, microseconds=1000)
    assert row["tokens"] == 320  # 0.005 minutes are 300,000 microseconds, and a batch has 64 tokens
    assert row["microseconds"] == 1000


def test_speeds_are_medians_of_turns_and_the_same_for_the_same_work(text, monkeypatch):
    clock = {"now": 0.0}
    slow = replace(BY_MINUTES, name="slow", batch_size=8)

    def process_time():  # every batch takes as many seconds as it has rows
        return clock["now"]

    fit = TransformerLanguageModel.fit

    def timed_fit(self, batches, callbacks, **options):
        rows = next(iter(batches))[0].shape[0]

        def later(batch, logs):
            clock["now"] += rows

        tick = keras.callbacks.LambdaCallback(on_train_batch_end=later)
        return fit(self, batches, callbacks=[tick, *callbacks], **options)

    monkeypatch.setattr(runs.time, "process_time", process_time)
    monkeypatch.setattr(TransformerLanguageModel, "fit", timed_fit)
    other_seed = replace(BY_MINUTES, seed=1)
    assert runs.speeds([BY_MINUTES, slow, other_seed], text, steps=2, rounds=1) == [62_500.0, 62_500.0, 62_500.0]


def test_what_weights_begin_with_does_not_count_as_other_work():
    other_start, wider = BY_MINUTES.changed("", embedding_stddev=0.02), BY_MINUTES.changed("", width=16)
    assert runs.setup_of(other_start) == runs.setup_of(BY_MINUTES) != runs.setup_of(wider)


def test_the_rate_rises_for_the_warm_up_and_falls_to_2_percent():
    shares = np.linspace(0, 1, 101)
    rates = np.array([rate_after(share, warmup=0.1) for share in shares])
    assert rates[0] < 0.02 and rates.argmax() == 10
    assert (np.diff(rates[:11]) > 0).all() and (np.diff(rates[10:]) < 0).all()
    assert rates[-1] == pytest.approx(0.02)


def test_without_a_warm_up_the_rate_begins_at_its_highest():
    assert rate_after(0.0, warmup=0.0) == 1


def test_the_model_is_trained_at_that_rate(text, monkeypatch):
    rates = []

    class Spy(runs.Budget):
        def on_train_batch_end(self, batch, logs=None):
            rates.append(float(np.asarray(self.model.optimizer.learning_rate)))
            super().on_train_batch_end(batch, logs)

    monkeypatch.setattr(runs, "Budget", Spy)
    carry_out(replace(BY_TOKENS, warmup=0.2), text)
    spent = np.arange(15) / 15
    np.testing.assert_allclose(rates, [0.02 * rate_after(share, 0.2) for share in spent], rtol=1e-5)


LINES = SentenceRun("lines", 3 * 4 * 41, SentenceVAE, {"longest": 40, "latent_dim": 2, "units": 8}, 4e-3, "adam", 4, 41,
                    counts="tokens")
NO_LATENT = LineRun("no latent", 3 * 4 * 41, LSTMLanguageModel, {"units": (8,)}, 4e-3, "adam", 4, 41, counts="tokens")


def test_a_sentence_run_keeps_the_bound_and_its_terms_and_notes_kl(text):
    row = carry_out(LINES, text)
    assert row["tokens"] == LINES.budget
    assert row["nats"] == pytest.approx(row["reconstruction"] + row["kl"], rel=0.02)  # it has hardly learnt to use z
    assert len(row["curve"]) == 3 and row["curve"][-1][1] == pytest.approx(row["kl"], rel=0.5)


def test_both_kinds_of_lines_hold_the_same_lines(text):
    rows, held_out = LINES.parts(text)
    numbers, validation = NO_LATENT.parts(text)
    ends = rows == numbers[0]
    assert len(rows) == (numbers == numbers[0]).sum() - 1
    assert len(held_out) == validation.count("\n") - 1
    assert (np.cumsum(ends, axis=1) <= 1).sum() == len(numbers) - 1  # all characters, each with its end once


def test_an_untrained_line_model_pays_the_logarithm_of_the_characters_for_each(text):
    model = NO_LATENT.compiled("".join(sorted(set(text))))
    model.set_weights([np.zeros_like(weight) for weight in model.get_weights()])
    _, validation = NO_LATENT.parts(text)
    lines = validation.count("\n") - 1
    expected = np.log(len(set(text))) * (len(validation) - 1) / lines
    assert NO_LATENT.measure(model, validation)["nats"] == pytest.approx(expected, rel=1e-5)
