"""Pictures of toy games: what they draw, and an animation that has all its frames."""

import io

import numpy as np
import pytest
from PIL import Image

from aigc_tf import metrics
from aigc_tf.plots import figures_gif, plot_feature_clouds, plot_line_game, plot_line_games, plot_plane_games
from aigc_tf.plots import games as game_plots


def line_game(title="epoch 1"):
    random = np.random.default_rng(0)
    places = np.linspace(0, 1, 11)
    return plot_line_game(random.random(100), random.random(50), places, places, title=title)


def test_a_game_on_a_line_draws_the_discriminator_between_0_and_1():
    left, right = line_game().axes
    assert left.get_xlim() == (0, 1)
    assert right.get_ylim() == (0, 1)
    np.testing.assert_allclose(right.lines[0].get_ydata(), np.linspace(0, 1, 11))
    assert left.get_title() == "epoch 1"


def test_games_in_the_plane_have_a_panel_for_each_row_and_title():
    points = np.full((5, 2), 0.5)
    figure = plot_plane_games(points, {"fair": [points, points], "unfair": [points, points]}, ["1", "2"])
    assert len(figure.axes) == 4
    assert [axes.get_title() for axes in figure.axes[:2]] == ["1", "2"]
    assert [figure.axes[0].get_ylabel(), figure.axes[2].get_ylabel()] == ["fair", "unfair"]


def test_real_and_generated_have_the_colours_of_the_course():
    points = np.full((5, 2), 0.5)
    (axes,) = plot_plane_games(points, {"fair": [points]}, ["1"]).axes
    colours = [game_plots.plt.matplotlib.colors.to_hex(dots.get_facecolor()[0]).upper() for dots in axes.collections]
    assert colours == [game_plots.REAL, game_plots.GENERATED]


@pytest.mark.parametrize("rows", [{}, {"fair": []}])
def test_a_row_without_its_panels_is_refused(rows):
    with pytest.raises(ValueError, match="one panel for each of 1 titles. Received: "):
        plot_plane_games(np.zeros((1, 2)), rows, ["1"])


def test_an_animation_has_a_frame_for_each_figure():
    gif = figures_gif([line_game(f"epoch {epoch}") for epoch in range(3)])
    with Image.open(io.BytesIO(gif)) as animation:
        assert animation.n_frames == 3


def test_an_animation_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one figure. Received: none"):
        figures_gif([])


def test_moments_of_a_game_on_a_line_show_d_and_the_best_d():
    real, places = np.linspace(0, 0.99, 1000), np.linspace(0, 1, 11)
    figure = plot_line_games(real, [(real, places), (real / 2, places)], places, ["epoch 1", "epoch 2"])
    assert [axes.get_title() for axes in figure.axes[:2]] == ["epoch 1", "epoch 2"]
    equal, half = (axes.lines[1].get_ydata() for axes in figure.axes[2:])
    np.testing.assert_allclose(equal, 0.5, atol=1e-6)  # fakes as dense as real numbers
    np.testing.assert_allclose(half[:20], 1 / 3, atol=0.02)  # twice as dense
    np.testing.assert_allclose(half[30:], 1, atol=1e-6)  # none


@pytest.mark.parametrize("moments", [[], [(np.ones(3), np.ones(11))] * 2])
def test_moments_without_their_titles_are_refused(moments):
    with pytest.raises(ValueError, match="each moment needs a title. Received: "):
        plot_line_games(np.ones(3), moments, np.linspace(0, 1, 11), ["epoch 1"])


def test_clouds_of_features_say_what_precision_and_recall_are():
    random = np.random.default_rng(0)
    real, fakes = random.normal(size=(30, 2)), random.normal(2, 1, (20, 2))
    titles = [axes.get_title() for axes in plot_feature_clouds(real, fakes).axes]
    precision, recall = metrics.precision_recall(real, fakes)
    assert titles == ["Fréchet: two Gaussians", f"precision: {precision * 20:.0f} of 20 in a disc",
                      f"recall: {recall * 30:.0f} of 30 in a disc"]


def test_the_ellipses_hold_two_standard_deviations():
    random = np.random.default_rng(0)
    points = random.normal(size=(500, 2)) * [3, 1]
    ellipse = plot_feature_clouds(points, points).axes[0].patches[0]
    assert ellipse.width == pytest.approx(4 * 3, rel=0.1)
    assert ellipse.height == pytest.approx(4, rel=0.1)
    assert abs(np.cos(np.radians(ellipse.angle))) == pytest.approx(1, abs=0.01)
