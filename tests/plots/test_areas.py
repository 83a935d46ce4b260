"""Areas to scale: rectangles where they belong, all panels in one scale, and what cannot be drawn is refused."""

import pytest

from aigc_tf import plots
from aigc_tf.plots import BLUE, GREY, Area


def test_rectangles_stand_where_they_should_in_their_colours():
    figure = plots.plot_areas({"one": [Area(0, 0, 4, 2, "whole"), Area(1, 3, 2, 1, colour=BLUE)]})
    first, second = figure.axes[0].patches
    assert (first.get_xy(), first.get_width(), first.get_height()) == ((0, 0), 4, 2)
    assert second.get_xy() == (1, 3) and second.get_alpha() == 1 > first.get_alpha()
    assert [text.get_text() for text in figure.axes[0].texts if text.get_text()] == ["whole"]


def test_panels_share_one_scale():
    figure = plots.plot_areas({"wide": [Area(0, 0, 8, 2)], "narrow": [Area(0, 0, 2, 2)]})
    figure.draw_without_rendering()
    wide, narrow = (axes.patches[0].get_window_extent() for axes in figure.axes)
    assert wide.width / narrow.width == pytest.approx(4, rel=0.02)
    assert wide.height == pytest.approx(narrow.height, rel=0.02)


def test_a_text_outside_stands_at_the_right():
    inside, outside = plots.plot_areas({"": [Area(0, 0, 4, 2, "a"), Area(0, 3, 4, 2, "b", GREY, True)]}).axes[0].texts
    assert inside.get_position()[0] == 2 and outside.get_position()[0] > 4


@pytest.mark.parametrize("panels", [{}, {"empty": []}])
def test_a_panel_without_areas_is_refused(panels):
    with pytest.raises(ValueError, match="in each an area. Received: "):
        plots.plot_areas(panels)
