"""Small matrices as squares: numbers, frames, names, and what is refused."""

import numpy as np
import pytest

from aigc_tf import plots

MATRIX = np.array([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])


def texts(axes):
    return [text.get_text() for text in axes.texts]


def test_each_square_has_its_number():
    axes, = plots.plot_matrices({"map": MATRIX}).axes
    assert texts(axes) == list("012345") and axes.get_title() == "map"


def test_numbers_have_the_digits_asked_for_or_none():
    assert texts(plots.plot_matrices({"map": MATRIX}, digits=1).axes[0])[-1] == "5.0"
    assert not texts(plots.plot_matrices({"map": MATRIX}, digits=None).axes[0])


def test_dark_squares_have_white_numbers():
    axes, = plots.plot_matrices({"map": MATRIX}).axes
    assert (axes.texts[0].get_color(), axes.texts[-1].get_color()) == (plots.BLACK, "white")


def test_a_frame_goes_around_its_block():
    axes = plots.plot_matrices({"a": MATRIX, "b": MATRIX}, frames={"b": [(0, 1, 2, 2)]}).axes
    frame, = axes[1].patches
    assert (frame.get_x(), frame.get_y(), frame.get_width(), frame.get_height()) == (0.5, -0.5, 2, 2)
    assert not axes[0].patches


def test_rows_and_columns_may_have_names():
    axes, = plots.plot_matrices({"map": MATRIX}, names=("ab", "xyz")).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["x", "y", "z"]


@pytest.mark.parametrize("panels, frames", [({}, {}), ({"a": [1.0]}, {}), ({"a": MATRIX}, {"b": []})])
def test_other_panels_are_refused(panels, frames):
    with pytest.raises(ValueError, match="Received"):
        plots.plot_matrices(panels, frames=frames)
