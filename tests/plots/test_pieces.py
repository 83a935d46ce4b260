"""The drawing of pieces: every piece is a box of its width, and what cannot be drawn is refused."""

import numpy as np
import pytest

from aigc_tf import plots


def test_pieces_are_boxes_as_wide_as_their_characters_in_two_colours():
    axes = plots.plot_pieces({"cut": ["to", " ", "bed"], "whole": ["to bed"]}).axes[0]
    boxes = [(bar.get_x(), bar.get_width()) for bar in axes.patches]
    np.testing.assert_allclose(boxes, [(0.075, 1.85), (2.075, 0.85), (3.075, 2.85), (0.075, 5.85)])
    first, second, third, _ = (bar.get_facecolor() for bar in axes.patches)
    assert first == third != second
    assert [text.get_text() for text in axes.texts[:6]] == list("to·bed")
    assert [label.get_text() for label in axes.get_yticklabels()] == ["cut", "whole"]


@pytest.mark.parametrize("rows", [{}, {"cut": ["to", ""]}])
def test_pieces_without_characters_are_refused(rows):
    with pytest.raises(ValueError, match="at least one character"):
        plots.plot_pieces(rows)
