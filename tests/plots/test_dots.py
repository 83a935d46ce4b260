"""Measurements of methods as dots: one for each, the mean, the colours, the floors, and what is refused."""

import pytest

from aigc_tf import plots

PANELS = {"distance": {"a": [1.0, 3.0], "b": [10.0]}, "recall": {"a": [0.5, 0.7], "b": [0.9]}}


def test_each_measurement_is_a_dot_and_the_mean_a_number():
    left, right = plots.plot_dots(PANELS, xlabel=["lower", "higher"]).axes
    assert [list(line.get_xdata()) for line in left.lines] == [[1, 3], [2, 2], [10], [10, 10]]
    assert [text.get_text() for text in right.texts] == ["0.6", "0.9"]
    assert (left.get_xlabel(), right.get_xlabel()) == ("lower", "higher")


def test_names_stand_once_from_top_to_bottom():
    axes = plots.plot_dots(PANELS, xlabel="x").axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]
    low, high = axes.get_ylim()
    assert low > high


def test_what_is_highlighted_is_coloured():
    axes = plots.plot_dots(PANELS, xlabel="x", highlight=["b"]).axes[0]
    assert [line.get_color() for line in axes.lines] == [plots.GREY, plots.GREY, plots.BLUE, plots.BLUE]


def test_a_floor_is_drawn_and_named_in_its_panel_alone():
    left, right = plots.plot_dots(PANELS, xlabel="x", floors={"distance": 0.5}, log=["distance"]).axes
    assert "real 0.5" in [text.get_text() for text in left.texts]
    assert (left.get_xscale(), right.get_xscale()) == ("log", "linear")
    assert len(left.lines) == len(right.lines) + 1


@pytest.mark.parametrize("panels", [{}, {"a": {}}, {"a": {"x": [1]}, "b": {"y": [1]}}])
def test_panels_with_other_names_are_refused(panels):
    with pytest.raises(ValueError, match="Received"):
        plots.plot_dots(panels, xlabel="x")
