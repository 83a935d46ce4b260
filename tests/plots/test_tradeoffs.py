"""Methods by two measures: the dots, the names, the floor, and what is refused."""

import pytest

from aigc_tf import plots


def test_tradeoff_draws_each_measurement_and_names_each_method():
    (axes,) = plots.plot_tradeoff({"a": [(1, 2), (2, 3)], "b": [(5, 1)]}, xlabel="x", ylabel="y", highlight=["a"]).axes
    assert [list(zip(*line.get_data(), strict=True)) for line in axes.lines] == [[(1, 2), (2, 3)], [(5, 1)]]
    assert [(text.get_text(), text.get_color()) for text in axes.texts] == [("a", plots.BLUE), ("b", plots.GREY)]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")


def test_tradeoff_draws_and_names_the_floor():
    (axes,) = plots.plot_tradeoff({"a": [(1, 2)]}, xlabel="x", ylabel="y", floor=0.5).axes
    assert "floor 0.5" in [text.get_text() for text in axes.texts] and set(axes.lines[-1].get_ydata()) == {0.5}


@pytest.mark.parametrize("points", [{}, {"a": []}, {"a": [(0, 1)]}, {"a": [(1, 1)], "b": [(1, -2)]}])
def test_tradeoff_of_what_a_logarithm_does_not_take_is_refused(points):
    with pytest.raises(ValueError, match="greater than 0"):
        plots.plot_tradeoff(points, xlabel="x", ylabel="y")
