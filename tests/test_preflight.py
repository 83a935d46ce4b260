import json

import pytest

from aigc_tf import __main__ as preflight


@pytest.fixture
def all_is_well(monkeypatch):
    for check in ("check_stack", "check_machine", "check_memory", "check_disk", "check_data", "check_checkpoints"):
        monkeypatch.setattr(preflight, check, lambda: ("ok", "fine"))


def test_exit_code_is_0_when_nothing_is_wrong(all_is_well, tmp_path):
    assert preflight.main(notebooks=tmp_path) == 0


def test_exit_code_is_0_with_a_warning(all_is_well, monkeypatch, tmp_path):
    monkeypatch.setattr(preflight, "check_memory", lambda: ("warning", "little"))
    assert preflight.main(notebooks=tmp_path) == 0


def test_exit_code_is_1_with_a_problem(all_is_well, monkeypatch, tmp_path):
    monkeypatch.setattr(preflight, "check_data", lambda: ("PROBLEM", "none"))
    assert preflight.main(notebooks=tmp_path) == 1


def test_stack_is_named_with_its_versions():
    level, text = preflight.check_stack()
    assert level == "ok" and "tensorflow 2." in text


def test_missing_package_says_what_to_do(monkeypatch):
    def missing(name):
        raise preflight.importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(preflight.importlib.metadata, "version", missing)
    level, text = preflight.check_stack()
    assert level == "PROBLEM" and "make setup" in text


def test_little_memory_is_a_warning():
    assert preflight.check_memory(needed=1e18)[0] == "warning"


def test_little_disk_is_a_problem():
    assert preflight.check_disk(needed=1e18)[0] == "PROBLEM"


def test_broken_data_is_a_problem_in_its_own_words(monkeypatch):
    from aigc_tf import data

    def broken(name):
        raise ValueError(f"{name}: wrong hash")

    monkeypatch.setattr(data, "find_file", broken)
    assert preflight.check_data() == ("PROBLEM", "MNIST: mnist.npz: wrong hash")


def test_every_broken_checkpoint_is_named(monkeypatch):
    from aigc_tf import checkpoints

    def check(name):
        if name != "good":
            raise FileNotFoundError(f"no {name}.weights.h5")

    monkeypatch.setattr(checkpoints, "names", lambda: ["good", "vae", "gan"])
    monkeypatch.setattr(checkpoints, "check", check)
    level, text = preflight.check_checkpoints()
    assert level == "PROBLEM" and "vae: no vae.weights.h5; gan: no gan.weights.h5" in text and "good" not in text


def test_minutes_are_scaled_to_the_speed_of_this_machine(monkeypatch, tmp_path):
    facts = {"aigc_tf": {"minutes": 2.0, "steps_per_second": 300.0}}
    (tmp_path / "01_chapter.ipynb").write_text(json.dumps({"metadata": facts}))
    monkeypatch.setattr(preflight, "steps_per_second", lambda: 150.0)
    assert preflight.estimate_minutes(tmp_path) == ["01_chapter: about 4.0 minutes on this machine"]


def test_chapter_never_timed_has_no_estimate(tmp_path):
    (tmp_path / "01_chapter.ipynb").write_text('{"metadata": {}}')
    assert preflight.estimate_minutes(tmp_path) == []


def test_speed_is_measured():
    assert preflight.steps_per_second.__wrapped__(seconds=0.05) > 0
