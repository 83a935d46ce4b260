"""Studies: what was done is kept through a kill, and a stored record is of the runs that the code has."""

from dataclasses import replace

import numpy as np
import pytest

from aigc_tf import data, studies
from aigc_tf.recipe_runs import RecipeRun
from aigc_tf.runs import Run, carry_out
from aigc_tf.studies import carry_out_all
from aigc_tf.transformer import TransformerLanguageModel

BY_TOKENS = Run(
    "tiny", 960, TransformerLanguageModel, {"num_layers": 1, "width": 8, "num_heads": 1, "context": 16}, batch_size=4,
    length=16, counts="tokens",
)


@pytest.fixture(scope="module")
def text():
    return data.load_text("shakespeare")[:20_000]


def test_a_study_goes_on_after_a_kill_and_stores_its_record_whole(text, tmp_path, monkeypatch):
    monkeypatch.setitem(studies.ABOUT, "pair", "two of a kind")
    runs = [replace(BY_TOKENS, budget=128, seed=seed) for seed in (0, 1)]
    done = []

    def killed(run, text, microseconds):
        if len(done) == 1:
            raise KeyboardInterrupt
        done.append(run.seed)
        return carry_out(run, text, microseconds)

    places = {"folder": tmp_path, "backups": tmp_path / "backups"}
    monkeypatch.setattr(studies, "carry_out", killed)
    with pytest.raises(KeyboardInterrupt):
        carry_out_all("pair", runs, text, **places)
    assert not (tmp_path / "pair.json").exists()
    monkeypatch.setattr(studies, "carry_out", lambda run, *rest: done.append(run.seed) or carry_out(run, *rest))
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
    assert "transformer_scales" in capsys.readouterr().err


@pytest.mark.parametrize("name", studies.STUDIES)
def test_every_study_says_what_it_is_about_and_has_runs_of_different_names(name):
    names = [(run.name, run.seed) for run in studies.STUDIES[name]]
    assert studies.ABOUT[name] and len(set(names)) == len(names)


@pytest.mark.parametrize("name", [name for name in studies.STUDIES if (data.CHECKOUT_DATA / f"{name}.json").exists()])
def test_a_stored_study_is_of_the_runs_that_the_code_would_carry_out(name):
    rows = data.load_study(f"{name}.json")["runs"]
    assert [(row["name"], row["seed"]) for row in rows] == [(run.name, run.seed) for run in studies.STUDIES[name]]
    if isinstance(studies.STUDIES[name][0], RecipeRun):
        assert all(np.isfinite(row["validation_frechet_distance"]) for row in rows)
        return
    spent = [row["tokens"] * (row["microseconds"] / 60e6 if run.counts == "minutes" else 1) / run.budget
             for row, run in zip(rows, studies.STUDIES[name])]
    np.testing.assert_allclose(spent, 1, atol=0.05)
    assert all(np.isfinite(row["nats"]) for row in rows)
