"""Points in the plane: what a panel shows, and what is refused."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from aigc_tf import plots

POINTS = np.random.default_rng(0).standard_normal((20, 2))


def test_panels_share_one_scale_and_points_have_their_colour():
    figure = plots.plot_planes({"a": plots.Plane({"data": POINTS}), "b": plots.Plane({"noise": 2 * POINTS})}, extent=4)
    left, right = figure.axes
    assert left.get_xlim() == right.get_xlim() == left.get_ylim() == (-4, 4)
    colours = [to_hex(axes.collections[0].get_facecolor()[0]) for axes in figure.axes]
    assert [colour.upper() for colour in colours] == [plots.REAL, plots.GENERATED]


def test_arrows_end_where_their_direction_says():
    arrows = POINTS[:3], np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])
    axes, = plots.plot_planes({"a": plots.Plane({"data": POINTS}, arrows)}).axes
    quiver = axes.collections[-1]
    np.testing.assert_allclose(quiver.XY, arrows[0])
    np.testing.assert_allclose(np.stack([quiver.U, quiver.V], axis=1), arrows[1])
    assert quiver.scale == 1 and quiver.scale_units == quiver.angles == "xy"


def test_paths_are_lines_with_a_dot_where_they_end():
    paths = np.stack([POINTS[:4], 0.5 * POINTS[:4]])
    axes, = plots.plot_planes({"a": plots.Plane(paths=paths, cross=np.zeros(2))}).axes
    *lines, ends, cross = axes.lines
    assert len(lines) == 4
    np.testing.assert_allclose(ends.get_xydata(), paths[-1])
    np.testing.assert_allclose(cross.get_xydata(), [[0, 0]])


def test_more_panels_than_columns_go_into_rows():
    figure = plots.plot_planes({str(number): plots.Plane({"data": POINTS}) for number in range(5)}, columns=3)
    assert len(figure.axes) == 5


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match="at least one Plane"):
        plots.plot_planes({})
    with pytest.raises(ValueError, match=r"points must have shape \(N, 2\). Received: 'data' of shape \(20,\)"):
        plots.plot_planes({"a": plots.Plane({"data": POINTS[:, 0]})})


def test_logarithmic_lines_have_a_dot_at_each_pair_but_for_those_to_compare_with():
    lines = {"error": ([1, 10], [5, 0.5]), "— floor": ([1, 10], [0.1, 0.1])}
    axes, = plots.plot_log_lines({"a": lines}, xlabel="calls", ylabel="error").axes
    assert axes.get_xscale() == axes.get_yscale() == "log"
    assert [line.get_marker() for line in axes.lines] == [".", ""]
