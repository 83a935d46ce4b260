import json
import subprocess
import sys
from pathlib import Path

import pytest

from aigc_tf.course import preflight

CHECKOUT = Path(__file__).resolve().parent.parent.parent


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


# What is printed.


@pytest.fixture
def timed_chapter(monkeypatch, tmp_path):
    """A folder with a chapter that took two minutes on a machine of the same speed as this one."""
    facts = {"aigc_tf": {"minutes": 2.0, "steps_per_second": 300.0}}
    (tmp_path / "01_chapter.ipynb").write_text(json.dumps({"metadata": facts}))
    monkeypatch.setattr(preflight, "steps_per_second", lambda: 300.0)
    return tmp_path


def test_lines_tell_checks_and_minutes(all_is_well, timed_chapter, capsys):
    preflight.main(notebooks=timed_chapter)
    chapter = "          01_chapter: about 2.0 minutes on this machine\n"
    assert capsys.readouterr().out == "      ok  fine\n" * 6 + chapter


def test_json_is_one_object_and_nothing_beside(all_is_well, timed_chapter, capsys):
    preflight.main(notebooks=timed_chapter, arguments=["--json"])
    names = ("stack", "machine", "memory", "disk", "data", "checkpoints")
    assert json.loads(capsys.readouterr().out) == {
        "ok": True,
        "stack": preflight.stack.NAME,
        "checks": [{"check": name, "level": "ok", "text": "fine"} for name in names],
        "steps_per_second": 300.0,
        "minutes": {"01_chapter": 2.0},
    }


def test_json_tells_a_problem_in_object_and_exit_code(all_is_well, timed_chapter, monkeypatch, capsys):
    monkeypatch.setattr(preflight, "check_data", lambda: ("PROBLEM", "none"))
    code = preflight.main(notebooks=timed_chapter, arguments=["--json"])
    assert code == 1 and json.loads(capsys.readouterr().out)["ok"] is False


def test_unknown_option_is_a_usage_error(capsys):
    with pytest.raises(SystemExit, match="2"):
        preflight.main(arguments=["--jsn"])
    assert "--json" in capsys.readouterr().err


def test_options_of_the_calling_program_are_not_read(all_is_well, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "argv", ["course", "--chapter", "02"])
    assert preflight.main(notebooks=tmp_path) == 0


def test_command_prints_json_on_standard_output_alone():
    answer = subprocess.run([sys.executable, "-m", "aigc_tf", "--json"], cwd=CHECKOUT, capture_output=True, text=True)
    assert answer.returncode == (0 if json.loads(answer.stdout)["ok"] else 1)


# The checks.


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


# Minutes per chapter.


def test_minutes_are_scaled_to_the_speed_of_this_machine(monkeypatch, tmp_path):
    facts = {"aigc_tf": {"minutes": 2.0, "steps_per_second": 300.0}}
    (tmp_path / "01_chapter.ipynb").write_text(json.dumps({"metadata": facts}))
    monkeypatch.setattr(preflight, "steps_per_second", lambda: 150.0)
    assert preflight.estimate_minutes(tmp_path) == {"01_chapter": 4.0}


def test_chapter_never_timed_has_no_estimate(tmp_path):
    (tmp_path / "01_chapter.ipynb").write_text('{"metadata": {}}')
    assert preflight.estimate_minutes(tmp_path) == {}


def test_speed_is_measured():
    assert preflight.steps_per_second.__wrapped__(seconds=0.05) > 0
