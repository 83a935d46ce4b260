"""Piano rolls: where notes, bars and marks are drawn."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

from aigc_tf import plots

PITCHES = np.repeat([(72, 67, 64, 48), (71, 65, 62, 55)], 4, axis=0)
HOLDS = np.tile(np.arange(8)[:, None] % 4 > 0, (1, 4))


def drawn(*args, **options):
    axes, = plots.plot_piano_roll(*args, **options).axes
    return axes


def bars(axes):
    return [(bar.get_x(), bar.get_y() + bar.get_height() / 2, bar.get_width()) for bar in axes.patches]


def test_a_bar_for_each_note_with_a_gap_behind_it():
    found = bars(drawn([60, 60, 62], np.array([False, True, False])))
    np.testing.assert_allclose(found, [(0, 60, 1.7), (2, 62, 0.7)])


def test_each_voice_has_its_colour():
    colours = [to_hex(bar.get_facecolor(), keep_alpha=False).upper() for bar in drawn(PITCHES, HOLDS).patches]
    assert list(dict.fromkeys(colours)) == [plots.BLUE, plots.GREEN, plots.ORANGE, plots.PURPLE]


def test_a_note_in_unison_leaves_the_higher_voice_to_see():
    heights = [bar.get_height() for bar in drawn(np.array([[60, 60]]), np.zeros((1, 2), bool)).patches]
    assert heights[1] < heights[0] / 2


def test_bars_are_numbered_from_the_first_full_one():
    axes = drawn(np.full(40, 60), np.zeros(40, bool), metre="3/4", pickup=4)
    assert axes.get_xticks().tolist() == [4, 16, 28]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "2", "3"]


def test_each_c_has_its_name():
    axes = drawn(PITCHES, HOLDS)
    assert [(tick, label.get_text()) for tick, label in zip(axes.get_yticks(), axes.get_yticklabels())] == [
        (48, "C3"), (60, "C4"), (72, "C5")]


@pytest.mark.parametrize("given", [[0], np.arange(4) == np.zeros((8, 1))])
def test_given_notes_are_paler(given):
    alphas = [bar.get_alpha() for bar in drawn(PITCHES, HOLDS, given=given).patches]
    assert len(set(alphas[:2])) == 1 and set(alphas[2:]) == {1.0} and alphas[0] < 0.5


def test_an_arch_stands_above_each_fermata():
    axes = drawn(PITCHES, HOLDS, fermatas=np.arange(8) > 3)
    arches = [line for line in axes.lines if "frown" in str(line.get_marker())]
    assert [arch.get_xdata()[0] for arch in arches] == [pytest.approx(5.85)]
    assert arches[0].get_ydata()[0] > 71


def test_a_mark_joins_the_two_voices_with_its_text():
    axes = drawn(PITCHES, HOLDS, marks=[(4, 0, 3, 5)])
    assert [text.get_text() for text in axes.texts] == ["5"]
    assert [line.get_ydata().tolist() for line in axes.lines] == [[71.5, 51.5], [72, 71], [48, 55]]


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_the_legend_names_what_is_drawn():
    figure = plots.plot_piano_roll(PITCHES, HOLDS, given=[0], marks=[(4, 0, 3, 5)])
    assert legend(figure) == ["soprano", "alto", "tenor", "bass", "given", "parallel"]


def test_one_voice_is_a_melody():
    assert legend(plots.plot_piano_roll([60], np.array([False]))) == ["melody"]


def test_axes_of_a_figure_can_be_drawn_on():
    figure, axes = plt.subplots()
    assert plots.plot_piano_roll(PITCHES, HOLDS, ax=axes, title="Above") is figure
    assert axes.get_legend() and axes.get_title() == "Above"
    plt.close(figure)


@pytest.mark.parametrize("options, said", [
    ({"fermatas": [True]}, r"each of 8 sixteenths. Received: \(1,\)"), ({"given": [4]}, "voice numbers below 4"),
    ({"given": np.array([True])}, r"bool of shape \(1,\)"), ({"marks": [(0, 0, 1, 5)]}, "Received: 0"),
    ({"marks": [(8, 0, 1, 5)]}, "Received: 8"), ({"metre": "4"}, "metre"),
])
def test_what_does_not_fit_is_refused(options, said):
    with pytest.raises(ValueError, match=said):
        plots.plot_piano_roll(PITCHES, HOLDS, **options)


@pytest.mark.parametrize("pitches, said", [
    (np.full((4, 5), 60), r"\(4, 5\)"), (np.full(513, 60), r"\(513,\)"), (np.full(4, -1), "0 notes"),
])
def test_what_cannot_be_shown_is_refused(pitches, said):
    with pytest.raises(ValueError, match=said):
        plots.plot_piano_roll(pitches, np.zeros(pitches.shape, bool))


def test_known_places_are_coloured_and_the_others_white():
    known = np.zeros((3, 4), bool)
    known[:2] = True
    figure = plots.plot_known([known, ~known], [(2, 0), (0, 3)], ["first", "second"])
    for axis, grid in zip(figure.axes, (known, ~known)):
        faces = [patch.get_facecolor()[:3] for patch in axis.patches]
        assert [face != (1, 1, 1) for face in faces[:-1]] == grid.ravel().tolist(), "the last is the frame"
        assert [text.get_text() for text in axis.texts] == ["?"]


def test_the_question_mark_stands_at_the_place_that_is_asked():
    figure = plots.plot_known([np.ones((5, 4), bool)], [(3, 2)], ["one"])
    assert figure.axes[0].texts[0].get_position() == (3, 2)


@pytest.mark.parametrize("known, asked, titles", [([], [], []), ([np.ones((2, 4))], [], ["one"]),
                                                  ([np.ones((2, 5))], [(0, 0)], ["one"])])
def test_what_is_no_grid_of_places_is_an_error(known, asked, titles):
    with pytest.raises(ValueError, match="A grid .*Received: "):
        plots.plot_known(known, asked, titles)
