"""Drawings of several machines: who sends what to whom in a ring, and who is busy when."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import FancyArrowPatch

from aigc_tf import plots

START = plots.Ring(np.array([[1, 2], [30, 40], [500, 600]]), np.full((3, 2), 1 / 3), moving=(0, 1, 0))
END = plots.Ring(np.full((3, 2), 7), np.ones((3, 2)))


def test_a_ring_shows_each_worker_its_numbers_and_what_it_sends():
    axes = plots.plot_ring({"turn 1": START}).axes[0]
    texts = [text.get_text() for text in axes.texts]
    assert [text for text in texts if text.startswith("worker")] == ["worker 0", "worker 1", "worker 2"]
    assert {"1", "2", "30", "40", "500", "600"} <= set(texts)
    red = [text.get_text() for text in axes.texts if text.get_color() == plots.VERMILION]
    assert red == ["a", "b", "a"]  # on the arrows
    assert sum(isinstance(patch, FancyArrowPatch) for patch in axes.patches) == 3


def test_a_ring_at_rest_has_no_arrows_and_finished_sums_are_white_on_blue():
    axes = plots.plot_ring({"turn 1": START, "done": END}).axes[1]
    assert not [patch for patch in axes.patches if isinstance(patch, FancyArrowPatch)]
    assert [text.get_color() for text in axes.texts if text.get_text() == "7"] == ["white"] * 6


def test_rings_fill_rows():
    figure = plots.plot_ring({str(number): END for number in range(5)}, columns=4)
    assert [axes.get_title() for axes in figure.axes] == ["0", "1", "2", "3", "4", "", "", ""]


@pytest.mark.parametrize("panels, message", [
    ({}, "at least one ring. Received: none"),
    ({"odd": plots.Ring(np.ones((3, 2)), np.ones((2, 3)))}, r"one shape. Received: \(3, 2\) and \(2, 3\) in 'odd'"),
])
def test_a_ring_of_wrong_shapes_is_refused(panels, message):
    with pytest.raises(ValueError, match=message):
        plots.plot_ring(panels)


ROWS = {"worker 0": [("compute", 0, 6), ("wait", 6, 2), ("send", 8, 4)],
        "worker 1": [("compute", 0, 8), ("wait", 8, 0)]}


def test_a_timeline_has_one_colour_for_each_kind_of_work_and_leaves_out_what_takes_no_time():
    figure = plots.plot_timeline(ROWS, xlabel="time (ms)")
    bars = [(bar.get_x(), bar.get_width(), to_hex(bar.get_facecolor())) for bar in figure.axes[0].patches]
    assert [bar[:2] for bar in bars] == [(0, 6), (6, 2), (8, 4), (0, 8)]
    assert bars[0][2] == bars[3][2] and len({colour for *_, colour in bars}) == 3
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["compute", "wait", "send"]
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["worker 0", "worker 1"]


def test_colours_of_a_timeline_may_be_named():
    colours = {"compute": "#111111", "wait": "#222222", "send": "#333333"}
    bars = plots.plot_timeline(ROWS, xlabel="time (ms)", colours=colours).axes[0].patches
    assert [to_hex(bar.get_facecolor()) for bar in bars] == ["#111111", "#222222", "#333333", "#111111"]


@pytest.mark.parametrize("rows, message", [
    ({}, "at least one row. Received: none"),
    ({"worker 0": [("compute", 0, -1)]}, "lengths must not be negative. Received: -1 of 'compute'"),
])
def test_a_timeline_without_rows_or_with_negative_lengths_is_refused(rows, message):
    with pytest.raises(ValueError, match=message):
        plots.plot_timeline(rows, xlabel="time (ms)")
