"""Studies: each training ends when its budget is spent, the learning rate follows the budget, and a record is kept."""

import json
from dataclasses import replace

import numpy as np
import pytest

from aigc_tf import data, studies
from aigc_tf.studies import Run, carry_out, carry_out_all, rate_after
from aigc_tf.text import LSTMLanguageModel
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
    assert [tokens for _, tokens, _ in row["curve"]] == [192, 320, 512, 640, 832, 960]  # batches of 64, at each sixth


def test_a_budget_of_minutes_is_spent_and_hardly_more(text):
    row = carry_out(BY_MINUTES, text)
    assert row["minutes"] == pytest.approx(0.005, abs=0.005)
    assert len(row["curve"]) == 6


def test_what_the_curve_costs_is_not_in_the_budget(text, monkeypatch):
    clock = {"now": 0.0}
    monkeypatch.setattr(studies.time, "process_time", lambda: clock["now"])

    def slow(model, part):
        clock["now"] += 1000.0
        return 1.0

    monkeypatch.setattr(studies, "nats_per_token", slow)
    assert carry_out(BY_TOKENS, text)["minutes"] == 0


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

    class Spy(studies.Budget):
        def on_train_batch_end(self, batch, logs=None):
            rates.append(float(np.asarray(self.model.optimizer.learning_rate)))
            super().on_train_batch_end(batch, logs)

    monkeypatch.setattr(studies, "Budget", Spy)
    carry_out(replace(BY_TOKENS, warmup=0.2), text)
    spent = [0.0, *np.arange(15) / 15]  # the first batch does not count
    np.testing.assert_allclose(rates, [0.02 * rate_after(share, 0.2) for share in spent], rtol=1e-5)


def test_a_study_goes_on_after_a_kill_and_stores_its_record_whole(text, tmp_path, monkeypatch):
    monkeypatch.setitem(studies.ABOUT, "pair", "two of a kind")
    runs = [replace(BY_TOKENS, budget=128, seed=seed) for seed in (0, 1)]
    done = []

    def killed(run, text):
        if len(done) == 1:
            raise KeyboardInterrupt
        done.append(run.seed)
        return carry_out(run, text)

    places = {"folder": tmp_path, "backups": tmp_path / "backups"}
    monkeypatch.setattr(studies, "carry_out", killed)
    with pytest.raises(KeyboardInterrupt):
        carry_out_all("pair", runs, text, **places)
    assert not (tmp_path / "pair.json").exists()
    monkeypatch.setattr(studies, "carry_out", lambda run, text: done.append(run.seed) or carry_out(run, text))
    record = carry_out_all("pair", runs, text, **places)
    assert done == [0, 1]
    assert data.load_study("pair.json", tmp_path) == record
    assert [row["seed"] for row in record["runs"]] == [0, 1] and record["about"] == "two of a kind"
    assert list(tmp_path.iterdir()) == [tmp_path / "backups", tmp_path / "pair.json"] or not list(
        (tmp_path / "backups").iterdir())


def test_a_study_that_is_not_there_says_how_to_make_it(tmp_path):
    with pytest.raises(FileNotFoundError, match="make studies NAME=nothing"):
        data.load_study("nothing.json", tmp_path)


def test_an_unknown_study_is_refused_and_the_known_ones_are_named(capsys):
    with pytest.raises(SystemExit):
        studies.main(["nothing"])
    assert "transformer_options" in capsys.readouterr().err


@pytest.mark.parametrize("name", studies.STUDIES)
def test_every_study_says_what_it_is_about_and_has_runs_of_different_names(name):
    names = [(run.name, run.seed) for run in studies.STUDIES[name]]
    assert studies.ABOUT[name] and len(set(names)) == len(names)


@pytest.mark.parametrize("name", [name for name in studies.STUDIES if (data.CHECKOUT_DATA / f"{name}.json").exists()])
def test_a_stored_study_is_of_the_runs_that_the_code_would_carry_out(name):
    rows = data.load_study(f"{name}.json")["runs"]
    assert [(row["name"], row["seed"]) for row in rows] == [(run.name, run.seed) for run in studies.STUDIES[name]]
    spent = [row[run.counts] / run.budget for row, run in zip(rows, studies.STUDIES[name])]
    np.testing.assert_allclose(spent, 1, atol=0.05)
    assert json.dumps(rows) and all(row["nats"] < 4 for row in rows)
