"""Drawings of ideas: lines with one colour a name, shaded gaps, spaces of codes, boxes and arrows."""

import numpy as np
import pytest
from matplotlib.patches import Ellipse, FancyArrowPatch, FancyBboxPatch

from aigc_tf import plots

LINES = {
    "left": {"p": ([0, 1], [0, 1]), "— floor": ([0, 1], [0, 0])},
    "right": {"q": ([0, 1], [2, 2]), "p": ([0, 1], [1, 1])},
}


def test_a_name_has_one_colour_in_all_panels():
    left, right = plots.plot_lines(LINES, xlabel="z", ylabel="density").axes
    assert left.lines[0].get_color() == right.lines[1].get_color() != right.lines[0].get_color()


def test_a_baseline_is_dotted_grey_and_named_without_its_dash():
    figure = plots.plot_lines(LINES, xlabel="z", ylabel="density")
    line = figure.axes[0].lines[1]
    assert (line.get_color(), line.get_linestyle(), line.get_label()) == (plots.BASELINE, ":", "floor")


def test_each_panel_may_have_its_own_labels():
    figure = plots.plot_lines(LINES, xlabel=["z", "epoch"], ylabel="nats")
    assert [axes.get_xlabel() for axes in figure.axes] == ["z", "epoch"]
    assert [axes.get_ylabel() for axes in figure.axes] == ["nats", "nats"]


def test_the_area_between_two_lines_is_shaded_and_named():
    figure = plots.plot_lines(LINES, xlabel="z", ylabel="nats", shade={"left": ("— floor", "p", "gap")})
    assert [area.get_label() for area in figure.axes[0].collections] == ["gap"]
    assert "gap" in [text.get_text() for text in figure.legends[0].get_texts()]


@pytest.mark.parametrize("panels, shade, message", [
    ({}, None, "at least one panel of lines. Received: none"),
    (LINES, {"left": ("p", "q", "gap")}, "shade must name two of .* Received: 'p' and 'q'"),
])
def test_lines_that_are_not_there_are_refused(panels, shade, message):
    with pytest.raises(ValueError, match=message):
        plots.plot_lines(panels, xlabel="z", ylabel="nats", shade=shade)


def test_clouds_are_ellipses_of_one_standard_deviation():
    codes = plots.Codes(np.zeros((2, 2)), np.arange(2), stddevs=np.array([[0.5, 0.1], [1, 1]]), window=(-1, 1, -1, 1))
    ellipses = [patch for patch in plots.plot_codes({"a": codes}, np.zeros((1, 2))).axes[0].patches]
    assert [type(each) for each in ellipses] == [Ellipse, Ellipse]
    assert (ellipses[0].width, ellipses[0].height) == (1.0, 0.2)  # the diameters


def test_places_outside_of_the_window_have_no_cross():
    codes = plots.Codes(np.eye(2), np.arange(2), window=(0, 1, 0, 1))
    axes = plots.plot_codes({"a": codes}, np.array([[0.5, 0.5], [2.0, 0.5]])).axes[0]
    assert [text.get_text() for text in axes.texts] == ["a"]


BOXES = {"x": plots.Box(0, 0, "image"), "y": plots.Box(3, 0, "loss")}


def test_gradients_are_dashed_and_values_are_not():
    axes = plots.plot_flow(BOXES, [("x", "y")], gradients=[("y", "x", "slope")]).axes[0]
    arrows = [patch for patch in axes.patches if isinstance(patch, FancyArrowPatch)]
    assert [arrow.get_linestyle() for arrow in arrows] == ["-", "--"]
    assert sum(isinstance(patch, FancyBboxPatch) for patch in axes.patches) == 2
    assert "slope" in [text.get_text() for text in axes.texts]


def test_an_arrow_to_nowhere_is_refused():
    with pytest.raises(ValueError, match=r"join the boxes \['x', 'y'\]. Received: \['z'\]"):
        plots.plot_flow(BOXES, [("x", "z")])
