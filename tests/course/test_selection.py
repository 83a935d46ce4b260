"""The plan of a run of CI, and the records that it rests on: in small checkouts whose files take as long as we say."""

import datetime
import json
import os
import subprocess
import sys
import types
from pathlib import Path

import pytest

from aigc_tf.course import selection
from aigc_tf.course.digests import Sources, lock_digest
from aigc_tf.course.selection import ALWAYS, REST, TURN, UNVERIFIED, Item

COURSE = Path(selection.__file__).parent
CHAPTERS = [f"notebooks/{number:02}.ipynb" for number in range(1, 8)]
SLOW, QUICK = "tests/test_slow.py", "tests/test_quick.py"
LOCKS = {f"requirements/{name}.txt": name for name in ("classic", "current", "plays")}
CELL = '{{"cells": [{{"cell_type": "code", "source": "print({})", "metadata": {{}}}}]}}'


def write(root, files):
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


@pytest.fixture
def small(tmp_path):
    """A checkout with seven chapters and two test files, all of which passed on both stacks on 1 November."""
    write(tmp_path, {name: CELL.format(name[-8:-6]) for name in CHAPTERS} | {
        SLOW: "def test_slow():\n    pass\n", QUICK: "def test_quick():\n    pass\n",
    } | LOCKS)
    for stack in selection.STACKS:
        pass_all(tmp_path, stack, "2026-11-01")
    return tmp_path


def pass_all(root, stack, day, paths=(*CHAPTERS, SLOW, QUICK)):
    """Record that files passed, as they stand; each took a minute, and the quick one a second."""
    sources = Sources(root)
    selection.write_records(root, stack, {
        path: {"digest": sources.digest(path, stack), "seconds": 1 if path == QUICK else 60, "passed": day}
        for path in paths
    })


def of_kind(root, kind, stack="classic", turn=0):
    """The paths of those files that run for a reason."""
    return [item.path for item in selection.survey(root, stack, turn) if item.kind == kind]


def change(root, name):
    (root / name).write_text((root / name).read_text().replace("print(", "print(1, "))


# ---- why a file runs ----


def test_where_nothing_changed_nothing_is_unverified(small):
    assert of_kind(small, UNVERIFIED) == []


def test_a_fast_test_file_always_runs(small):
    assert of_kind(small, ALWAYS) == [QUICK]


def test_a_changed_notebook_is_unverified_and_no_other(small):
    change(small, CHAPTERS[2])
    assert of_kind(small, UNVERIFIED) == [CHAPTERS[2]]


def test_a_changed_lock_leaves_all_of_its_stack_unverified(small):
    (small / "requirements" / "classic.txt").write_text("newer")
    assert of_kind(small, UNVERIFIED) == [*CHAPTERS, SLOW]


def test_a_changed_lock_leaves_the_other_stack_verified(small):
    (small / "requirements" / "classic.txt").write_text("newer")
    assert of_kind(small, UNVERIFIED, "current") == []


@pytest.mark.parametrize("entry", [
    pytest.param(None, id="null"),
    pytest.param({"seconds": 60, "passed": "2026-11-01"}, id="no digest"),
    pytest.param({"digest": "00", "seconds": 60, "passed": "2026-11-01"}, id="another digest"),
    pytest.param({"digest": "00", "seconds": "a minute", "passed": "2026-11-01"}, id="no number of seconds"),
])
def test_what_the_record_does_not_know_is_unverified(small, entry):
    file = selection.record_file(small, "classic")
    file.write_text(json.dumps(json.loads(file.read_text()) | {CHAPTERS[1]: entry}))
    assert of_kind(small, UNVERIFIED) == [CHAPTERS[1]]


@pytest.mark.parametrize("text", [None, "", "{", "[]", "null"])
def test_without_a_readable_record_everything_is_unverified(small, text):
    file = selection.record_file(small, "classic")
    file.unlink() if text is None else file.write_text(text)
    assert sorted(of_kind(small, UNVERIFIED)) == sorted([*CHAPTERS, SLOW, QUICK])


def test_the_book_is_tested_on_one_stack(small):
    (small / "tests" / "test_book.py").touch()
    listed = [stack for stack in selection.STACKS if "tests/test_book.py" in selection.files_to_run(small, stack)]
    assert listed == ["classic"]


# ---- the fifth in turn ----


def test_five_commits_in_a_row_run_everything_once(small):
    turns = [path for turn in range(41, 46) for path in of_kind(small, TURN, turn=turn)]
    assert sorted(turns) == sorted([*CHAPTERS, SLOW])


def test_what_has_no_turn_rests(small):
    assert set(of_kind(small, REST)) | set(of_kind(small, TURN)) == {*CHAPTERS, SLOW}


def git(root, *arguments):
    command = ["git", "-C", root, "-c", "user.name=a", "-c", "user.email=a@b.c", *arguments]
    subprocess.run(command, check=True, capture_output=True)


def test_a_commit_passes_the_turn_on(tmp_path):
    git(tmp_path, "init")
    turns = []
    for _ in range(2):
        git(tmp_path, "commit", "--allow-empty", "-m", "more")
        turns.append(selection.turn_of(tmp_path))
    assert turns == [1, 2]


def test_without_git_a_day_passes_the_turn_on(tmp_path):
    assert selection.turn_of(tmp_path) == datetime.date.today().toordinal()


def test_a_clone_without_history_takes_the_day_too(tmp_path):
    git(tmp_path, "init")
    git(tmp_path, "commit", "--allow-empty", "-m", "more")
    (tmp_path / ".git" / "shallow").touch()
    assert selection.turn_of(tmp_path) == datetime.date.today().toordinal()


# ---- what fits ----


def item(path, seconds, kind=UNVERIFIED, passed="2026-11-01"):
    return Item(path, seconds, passed, kind)


def chosen(classic, current=(), budget=100):
    """The paths that run on either stack."""
    plan = selection.choose({"classic": [*classic], "current": [*current]}, budget)
    return [[each.path for each in items] for items in plan.values()]


def test_two_files_run_at_a_time():
    assert selection.expected({"classic": [item("a", 40), item("b", 30), item("c", 30)]}) == 50


def test_a_run_takes_no_less_than_its_longest_file():
    assert selection.expected({"classic": [item("a", 40), item("b", 10)], "current": [item("a", 30)]}) == 70


def test_files_without_a_record_come_first_and_then_those_that_passed_longest_ago():
    items = [item("a", 1, passed="2026-11-03"), item("b", 1, passed="2026-11-02"), item("c", 1, passed="")]
    assert chosen(items) == [["c", "b", "a"], []]


def test_what_does_not_fit_is_left_out_and_what_is_shorter_may_follow():
    assert chosen([item("a", 90), item("b", 200), item("c", 100)]) == [["a", "c"], []]


def test_the_classic_stack_comes_first():
    assert chosen([item("a", 90)], [item("a", 90)]) == [["a"], []]


def test_what_is_unverified_on_one_stack_comes_before_a_turn_on_the_other():
    assert chosen([item("a", 90, TURN)], [item("a", 90)]) == [[], ["a"]]


def test_fast_files_run_whatever_else_does():
    assert chosen([item("a", 100), item("b", 9, ALWAYS)], [item("b", 9, ALWAYS)]) == [["b"], ["b"]]


def test_what_rests_does_not_run():
    assert chosen([item("a", 1, REST)]) == [[], []]


def test_what_was_left_out_comes_first_next_time(small):
    (small / "requirements" / "plays.txt").write_text("newer")  # nine minutes of work for each stack, in pairs
    first = selection.choose({"classic": selection.survey(small, "classic")}, budget=121)["classic"]
    pass_all(small, "classic", "2026-11-02", [each.path for each in first])
    (small / "requirements" / "plays.txt").write_text("newest")
    second = selection.choose({"classic": selection.survey(small, "classic")}, budget=121)["classic"]
    assert [each.path for each in first] == [QUICK, *CHAPTERS[:4]]
    assert [each.path for each in second] == [QUICK, *CHAPTERS[4:], SLOW]


def test_a_notebook_that_never_passed_takes_what_its_last_run_took(tmp_path):
    write(tmp_path, {"01.ipynb": '{"metadata": {"aigc_tf": {"minutes": 1.5}}}'})
    assert selection.estimate(tmp_path / "01.ipynb") == 90


# ---- the command ----


def run(root, *arguments):
    """The script in a checkout of its own, without any package."""
    for name in ("course/selection.py", "course/digests.py", "core/files.py"):
        write(root, {f"aigc_tf/{name}": (COURSE.parent / name).read_text()})
    command = [sys.executable, "-I", "-S", root / "aigc_tf" / "course" / "selection.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=root).stdout


def test_the_plan_names_what_runs_and_why(small):
    change(small, CHAPTERS[2])
    assert f"    1.0  {CHAPTERS[2]}  changed since it passed on 2026-11-01\n" in run(small)


def test_the_plan_names_what_finds_no_time(small):
    file = selection.record_file(small, "classic")
    file.write_text(file.read_text().replace('"seconds": 60', '"seconds": 6000'))
    change(small, CHAPTERS[2])
    late = run(small).split("stay unverified:\n")[1]
    assert late.startswith(f"  100.0  {CHAPTERS[2]}")


def test_the_files_of_a_plan_are_arguments_of_pytest_the_longest_first(small):
    change(small, CHAPTERS[2])
    run(small, "--write", "plan")
    for stack in selection.STACKS:
        first, *_, last = (small / "plan" / f"{stack}.txt").read_text().splitlines()
        assert CHAPTERS[2] in (small / "plan" / f"{stack}.txt").read_text() and last == QUICK and first != QUICK


# ---- what a test run records ----

CONFTEST = f"""
import sys
sys.path.append({str(COURSE)!r})
import selection

def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(selection.Recorder(config.rootpath, "classic", config.args))
"""
TESTS = {
    "pytest.ini": "[pytest]\n",
    "tests/conftest.py": CONFTEST,
    "tests/test_good.py": "def test_a():\n    pass\ndef test_b():\n    pass\n",
    "tests/test_skips.py": "import pytest\ndef test_a():\n    pytest.skip()\ndef test_b():\n    pass\n",
    "tests/test_fails.py": "def test_a():\n    pass\ndef test_b():\n    assert False\n",
    "tests/test_breaks.py": "def test_a():\n    pass\ndef teardown_module():\n    assert False\n",
    "tests/test_none.py": "import nothing_of_this_name\n",
    "tests/test_ends.py": "import pytest\ndef test_a():\n    pass\ndef test_b():\n    pytest.exit('enough')\n",
    "tests/test_edits.py": "def test_a():\n    open(__file__, 'a').write('more = 1\\n')\n",
}


def run_tests(root, *arguments, **environment):
    """What pytest prints, run in a checkout of TESTS."""
    write(root, TESTS | LOCKS)
    command = [sys.executable, "-m", "pytest", "-p", "xdist", *arguments]
    kept = {name: value for name, value in os.environ.items() if name not in ("EAGERLY", "PYTEST_ADDOPTS", "SELECT")}
    kept["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # for speed
    return subprocess.run(command, cwd=root, env=kept | environment, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def tested(tmp_path_factory):
    """A checkout whose tests were run in two processes, as a selection, and what pytest printed."""
    root = tmp_path_factory.mktemp("tested")
    apart = ["--dist", "loadfile", "--ignore", "tests/test_ends.py"]  # which ends the whole run
    return root, run_tests(root, "-n", "2", *apart, "tests", SELECT="some file")


def test_files_are_recorded_that_passed_as_a_whole_and_were_not_changed_meanwhile(tested):
    assert set(selection.read_records(tested[0], "classic")) == {"tests/test_good.py", "tests/test_skips.py"}


def test_the_record_has_digest_and_day(tested):
    entry = selection.read_records(tested[0], "classic")["tests/test_good.py"]
    digest = Sources(tested[0]).digest("tests/test_good.py", "classic")
    assert (entry["digest"], entry["passed"]) == (digest, datetime.date.today().isoformat())


def test_the_record_of_the_other_stack_is_left_alone(tested):
    assert not selection.record_file(tested[0], "current").exists()


def test_a_selected_run_ends_with_what_is_unverified_and_the_summary(tested):
    *lines, summary = tested[1].splitlines()
    assert "    0.5  tests/test_none.py  no record that it passed" in lines and " passed" in summary


def test_the_second_stack_names_what_the_first_has_left(small):
    sections = []
    reporter = types.SimpleNamespace(section=sections.append, write=lambda text: None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SELECT", "some file")
        selection.Recorder(small, "current", []).pytest_terminal_summary(reporter)
    assert sections == ["classic stack: 0 files are unverified", "current stack: 0 files are unverified"]


@pytest.mark.parametrize("arguments, environment", [
    pytest.param(["tests/test_good.py", "-k", "test_a"], {}, id="tests by name"),
    pytest.param(["tests/test_good.py::test_a"], {}, id="one test"),
    pytest.param(["tests/test_good.py", "--deselect", "tests/test_good.py::test_b"], {}, id="without one test"),
    pytest.param(["tests/test_good.py"], {"EAGERLY": "1"}, id="without graphs"),
    pytest.param(["--lf", "tests/test_good.py"], {}, id="what failed last"),
    pytest.param(["tests/test_ends.py"], {}, id="a run that was stopped"),
    pytest.param(["-x", "tests/test_fails.py", "tests/test_good.py"], {}, id="a run that ended at the first failure"),
])
def test_a_part_of_the_tests_leaves_no_record(tmp_path, arguments, environment):
    run_tests(tmp_path, *arguments, **environment)
    assert not selection.record_file(tmp_path, "classic").exists()


def test_a_file_of_its_own_is_added_to_the_record(tmp_path):
    write(tmp_path, TESTS | LOCKS)
    pass_all(tmp_path, "classic", "2026-11-01", ["tests/test_skips.py"])
    run_tests(tmp_path, "tests/test_good.py")
    assert set(selection.read_records(tmp_path, "classic")) == {"tests/test_good.py", "tests/test_skips.py"}


def test_files_that_are_gone_leave_the_record(small):
    (small / SLOW).unlink()
    pass_all(small, "classic", "2026-11-02", [QUICK])
    assert set(selection.read_records(small, "classic")) == {*CHAPTERS, QUICK}


def test_an_environment_made_from_other_locks_records_nothing(small, monkeypatch):
    monkeypatch.setattr(sys, "prefix", str(small))
    stamps = []
    for digest in (lock_digest("classic", small), "0"):
        (small / "aigc-tf.stamp").write_text(f"classic 3.11 {digest}\n")
        stamps.append(selection.stack_here(small))
    (small / "aigc-tf.stamp").unlink()
    assert [*stamps, selection.stack_here(small)] == ["classic", None, None]
