"""The drawing of attention, read from the figure's own parts."""

import numpy as np
import pytest

from aigc_tf import plots


def test_attention_lines_are_as_thick_as_the_weights():
    panels = {"one": ([[0.25, 0.75]], ["?"], ["a", "b"]), "two": ([[1.0]], ["?"], ["c"])}
    figure = plots.plot_attention(panels, columns=2)
    first, second = figure.axes
    np.testing.assert_allclose(first.collections[0].get_linewidths(), [1.5, 4.5])
    np.testing.assert_allclose(second.collections[0].get_linewidths(), [6.0])
    assert [text.get_text() for text in first.texts] == ["?", "a", "b"]


@pytest.mark.parametrize("panels", [{}, {"one": ([[1.0]], ["?"], ["a", "b"])}])
def test_attention_needs_a_weight_for_each_pair_of_names(panels):
    with pytest.raises(ValueError, match="a row for each name that asks"):
        plots.plot_attention(panels)
