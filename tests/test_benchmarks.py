"""Benchmarks: the clock, and contenders that do the work."""

import importlib
import json
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture()
def script(monkeypatch):
    """A function that imports a benchmark by its name."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module


@pytest.fixture()
def clock(script, monkeypatch):
    """A clock that contenders move: clock(seconds)."""
    now = [0.0]
    monkeypatch.setattr(script("timing").time, "perf_counter", lambda: now[0])

    def pass_seconds(seconds):
        now[0] += seconds

    return pass_seconds


def test_medians_leave_the_first_round_out_and_divide_by_the_units(script, clock):
    seconds = iter([100, 1, 9, 2])
    assert script("timing").medians({"work": (10, lambda: clock(next(seconds)))}, repeats=3) == {"work": 0.2}


def test_contenders_take_turns(script, clock):
    order = []
    script("timing").medians({name: (1, lambda name=name: order.append(name)) for name in "ab"}, repeats=2)
    assert order == list("ababab")


def test_minutes_are_of_training_alone_until_the_target(script, clock):
    qualities = iter([9, 5, 3, 1])

    def quality():
        clock(1000)
        return next(qualities)

    reached = script("timing").minutes_to_quality(lambda: clock(60), quality, target=3, most=10)
    assert reached == {"minutes": 3.0, "pieces": 3, "quality": 3, "reached": True}


def test_a_target_out_of_reach_ends_after_the_last_piece(script, clock):
    last = script("timing").minutes_to_quality(lambda: clock(60), lambda: 7, target=3, most=2)
    assert (last["quality"], last["reached"]) == (7, False)


@pytest.mark.parametrize("name", ["ours", "keras_example", "eager_loop"])
def test_every_contender_trains_the_vae(script, name):
    images = np.tile(np.eye(28, dtype="uint8")[..., None] * 255, (16 * 128, 1, 1, 1))
    train, quality = getattr(script("vae_step"), name)(images, (images[:50] / 255).astype("float32"), 16)
    before = float(quality())
    train()
    assert float(quality()) < 0.6 * before, f"{name} does not learn"


def test_a_step_of_the_vae_takes_the_flops_of_its_products(script):
    forward = 784 * 512 + 512 * 384 + 384 * 80 + 40 * 384 + 384 * 512 + 512 * 784
    assert script("vae_step").step_gflop() == pytest.approx(2 * 128 * (3 * forward - 784 * 512) / 1e9)


def test_the_readme_says_what_was_measured(script):
    """The table of steps stands in the README as the records have it."""
    summary = script("summary")
    readme = (BENCHMARKS.parent / "README.md").read_text(encoding="utf-8")
    assert summary.step_table(summary.records("classic")) in readme, "put summary.step_table anew into the README"


def test_the_page_of_all_tables_is_up_to_date(script):
    summary = script("summary")
    stacks = {stack: summary.records(stack) for stack in ("classic", "current")}
    found = (BENCHMARKS / "README.md").read_text(encoding="utf-8")
    assert found == summary.page(stacks), "run python benchmarks/summary.py"


@pytest.mark.parametrize("stack", ["classic", "current"])
def test_the_readers_guide_says_what_varies(script, stack):
    record = json.loads((BENCHMARKS / "what_varies.json").read_text())[stack]
    guide = (BENCHMARKS.parent / "book" / "reader.md").read_text(encoding="utf-8")
    assert script("what_varies").table(record) in guide, "put what_varies.table anew into the reader's guide"
