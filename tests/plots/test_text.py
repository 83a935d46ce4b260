"""Pictures of text: every character has its place and its colour, and what does not fit is refused."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from aigc_tf.plots import text as text_plots

TEXT = "To be,\nor not"


def labels(axis):
    return [label.get_text() for label in axis.get_xticklabels()]


def test_over_text_every_character_stands_under_its_column():
    rows = {"first": np.linspace(0, 1, len(TEXT)), "second": np.zeros(len(TEXT))}
    axes = text_plots.plot_over_text(TEXT, rows, label="gate").axes[0]
    assert labels(axes) == list("To·be,⏎or·not")
    np.testing.assert_allclose(axes.images[0].get_array(), list(rows.values()))
    assert axes.images[0].get_clim() == (0, 1)


def test_a_passage_breaks_where_the_text_does_and_where_the_page_ends():
    axes = text_plots.plot_passage(TEXT, np.arange(len(TEXT)), label="nats", columns=4).axes[0]
    places = {text.get_position(): text.get_text() for text in axes.texts}
    assert [places[column, 0] for column in range(4)] == list("To b")
    assert places[0, 1] == "e" and places[2, 1] == "⏎" and places[0, 2] == "o"
    ground = axes.images[0].get_array()
    assert ground[0, 3] == 3 and ground[1, 0] == 4


def test_next_tokens_stand_in_the_order_of_the_first_distribution():
    figure = text_plots.plot_next({"one": [0.1, 0.7, 0.2], "two": [0, 1, 0]}, ["a", " ", "c"], most=2)
    assert [labels(axis) for axis in figure.axes] == [["·", "c"]] * 2
    heights = [[bar.get_height() for bar in axis.patches] for axis in figure.axes]
    assert heights == [[0.7, 0.2], [1, 0]]
    assert figure.axes[0].get_ylim() == figure.axes[1].get_ylim()


def test_a_unit_is_drawn_over_its_feature():
    axes = text_plots.plot_unit(TEXT, np.zeros(len(TEXT)), np.ones(len(TEXT)), name="loud").axes[0]
    assert axes.get_ylim() == (-1.05, 1.05) and len(labels(axes)) == len(TEXT)


@pytest.mark.parametrize("draw", [
    lambda: text_plots.plot_over_text(TEXT, {"short": [1, 2]}, label="x"),
    lambda: text_plots.plot_over_text(TEXT, {}, label="x"),
    lambda: text_plots.plot_passage(TEXT, [1, 2], label="x"),
])
def test_numbers_that_do_not_fit_the_text_are_refused(draw):
    with pytest.raises(ValueError, match=f"{len(TEXT)} characters.* Received"):
        draw()


def test_pictures_are_closed_in_pyplot():
    text_plots.plot_unit(TEXT, np.zeros(len(TEXT)), np.ones(len(TEXT)), name="loud")
    assert not plt.get_fignums()
