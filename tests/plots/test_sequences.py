"""Drawings for networks that read: streams, the chain of states, the choices of a sampler."""

import numpy as np
import pytest
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

from aigc_tf import plots
from aigc_tf.text import streams

TEXT = "abcdefghijklmnopqrstuvwxyz"


def read_in_order(restarts):
    return list(streams(np.arange(25), 4, batch_size=2, restarts=restarts, seed=0))


def decode(numbers):
    return "".join(TEXT[number] for number in numbers)


def test_streams_show_all_characters_and_one_arrow_for_each_state_that_is_carried():
    axes, = plots.plot_streams(read_in_order(0.0), decode).axes
    shown = [text.get_text() for text in axes.texts]
    assert [each for each in shown if each in TEXT] == list("abcdmnopefghqrstijkluvwx")
    assert sum(isinstance(patch, Rectangle) for patch in axes.patches) == 24
    assert sum(isinstance(patch, FancyArrowPatch) for patch in axes.patches) == 4 and shown.count("0") == 2


def test_a_row_that_begins_anew_has_a_zero_and_no_arrow():
    axes, = plots.plot_streams(read_in_order(1.0), decode).axes
    assert not any(isinstance(patch, FancyArrowPatch) for patch in axes.patches)
    assert [text.get_text() for text in axes.texts].count("0") == 6


def test_streams_need_a_batch():
    with pytest.raises(ValueError, match="at least one batch"):
        plots.plot_streams([], decode)


def test_chain_draws_a_box_for_every_tenth_state_and_a_line_for_each_model():
    figure = plots.plot_chain({"RNN": 0.5 ** np.arange(41), "LSTM": 0.9 ** np.arange(41)}, lowest=1e-9)
    chain, chart = figure.axes
    assert sum(isinstance(patch, FancyBboxPatch) for patch in chain.patches) == 5
    assert [line.get_label() for line in chart.lines] == ["RNN", "LSTM"]
    assert np.isnan(chart.lines[0].get_ydata()[-1]) and chart.lines[1].get_ydata()[40] == pytest.approx(0.9**40)
    assert chart.get_xlim()[0] > chart.get_xlim()[1], "the past lies to the left"


def test_chain_needs_lists_of_one_length():
    with pytest.raises(ValueError, match=r"lengths \[1, 2\]"):
        plots.plot_chain({"RNN": [1.0], "LSTM": [1.0, 0.5]})


def test_choices_are_sorted_in_each_panel_and_grey_where_they_are_cut():
    panels = {"first": [0.1, 0.7, 0.2], "second": [0.5, 0.2, 0.3]}
    figure = plots.plot_choices(panels, "a\n ", kept={"first": 1}, cumulative=True)
    first, second = figure.axes
    assert [bar.get_height() for bar in first.patches] == [0.7, 0.2, 0.1]
    assert [label.get_text() for label in first.get_xticklabels()] == ["⏎", "·", "a"]
    np.testing.assert_allclose(first.lines[0].get_ydata(), [0.7, 0.9, 1.0])
    colours = [len({bar.get_facecolor() for bar in axes.patches}) for axes in figure.axes]
    assert colours == [2, 1] and len(first.lines) == 2 and len(second.lines) == 1


def test_choices_name_a_panel_that_is_not_there():
    with pytest.raises(ValueError, match="'third'"):
        plots.plot_choices({"first": [1.0]}, "a", kept={"third": 1})
