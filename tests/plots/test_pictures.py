"""Plots say what they show: shapes, scales, labels, and one picture each."""

import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from aigc_tf import plots
from aigc_tf.plots import films


@pytest.fixture
def images():
    return np.random.default_rng(0).random((6, 5, 4, 1), dtype=np.float32)


def decode(latents):
    return np.broadcast_to(latents[:, 0].reshape(-1, 1, 1, 1), (len(latents), 5, 4, 1))


EVERY_PLOT = {
    "plot_images": lambda images: plots.plot_images(images),
    "plot_images with labels": lambda images: plots.plot_images(images, columns=4, labels=range(6)),
    "plot_rows": lambda images: plots.plot_rows({"original": images, "copy": images}),
    "plot_walk": lambda images: plots.plot_walk(images, ticks=np.linspace(0, 1, 6)),
    "plot_walk in rows": lambda images: plots.plot_walk(np.stack([images] * 3), "walk", ticks=range(6)),
    "plot_film_strip": lambda images: plots.plot_film_strip([images] * 6, list("abcdef")),
    "plot_latent_map": lambda images: plots.plot_latent_map(np.eye(10)[:, :2], np.arange(10)),
    "plot_latent_plane": lambda images: plots.plot_latent_plane(decode, steps=3),
    "plot_curves": lambda images: plots.plot_curves({"loss": [2, 1]}, ylabel="nats", baselines={"PCA": 1.5}),
    "plot_kl_per_dimension": lambda images: plots.plot_kl_per_dimension([0.5, 0.0]),
    "plot_lines": lambda images: plots.plot_lines({"a": {"x": ([0, 1], [1, 2])}}, xlabel="z", ylabel="density"),
    "plot_codes": lambda images: plots.plot_codes(
        {"space": plots.Codes(np.eye(4)[:, :2], np.arange(4), decoded=images[:2])}, np.zeros((2, 2))),
    "plot_flow": lambda images: plots.plot_flow(
        {"x": plots.Box(0, 0, "x", image=images[0]), "y": plots.Box(3, 0, "y")}, [("x", "y")], gradients=[("y", "x")]),
    "plot_bars": lambda images: plots.plot_bars({"a": 2, "b": 1}, xlabel="nats", highlight="b", floor=0.5),
}


@pytest.mark.parametrize("plot", EVERY_PLOT.values(), ids=EVERY_PLOT.keys())
def test_every_plot_draws_a_figure_of_notebook_width_that_pyplot_has_let_go(plot, images):
    figure = plot(images)
    file = io.BytesIO()
    figure.savefig(file)
    assert Image.open(file).width <= 1000
    assert plt.get_fignums() == []


@pytest.mark.parametrize("name", ["plot_images", "plot_images with labels", "plot_rows", "plot_walk",
                                  "plot_walk in rows", "plot_film_strip"])
def test_plots_of_images_take_colour(name, images):
    EVERY_PLOT[name](np.repeat(images, 3, axis=-1)).canvas.draw()


def test_image_grid_lays_out_row_by_row_with_separators():
    images = np.arange(1, 4, dtype=np.float32).reshape(3, 1, 1, 1) / 10
    np.testing.assert_allclose(plots.image_grid(images, columns=2, separator=0)[..., 0],
                               [[0.1, 0, 0.2], [0, 0, 0], [0.3, 0, 1]])


def test_image_grid_is_as_square_as_it_gets(images):
    assert plots.image_grid(images).shape == (2 * 6 - 1, 3 * 5 - 1, 1)


def test_grey_keeps_its_scale(images):
    (drawn,) = plots.plot_images(images * 0.1).axes[0].images
    assert drawn.get_clim() == (0, 1)


def test_latent_plane_has_the_second_latent_growing_upwards():
    figure = plots.plot_latent_plane(lambda latents: decode(latents[:, ::-1]), steps=3, extent=1.0)
    first_column = np.asarray(figure.axes[0].images[0].get_array())[::6, 0].ravel()
    assert first_column.tolist() == [1.0, 0.0, -1.0]


def test_latent_plane_decodes_once():
    calls = []
    plots.plot_latent_plane(lambda latents: calls.append(latents) or decode(latents), steps=4)
    assert [latents.shape for latents in calls] == [(16, 2)]


def test_latent_plane_quantiles_split_the_prior_evenly():
    calls = []
    plots.plot_latent_plane(lambda z: calls.append(z) or decode(z), steps=2, extent="quantiles")
    np.testing.assert_allclose(calls[0][:, 0], [-0.6745, 0.6745] * 2, atol=1e-4)  # the quartiles of N(0, 1)


def test_curves_draw_validation_dashed_in_the_colour_of_training():
    figure = plots.plot_curves({"loss": [2, 1], "val_loss": [3, 2]}, ylabel="nats")
    training, validation = figure.axes[0].lines
    assert (validation.get_linestyle(), validation.get_color()) == ("--", training.get_color())


def test_curves_take_what_fit_returns():
    class History:
        history = {"loss": [2.0, 1.0]}
    (line,) = plots.plot_curves(History(), ylabel="nats").axes[0].lines
    assert line.get_xydata().tolist() == [[1, 2], [2, 1]]


def test_names_of_equal_baselines_do_not_overlap():
    figure = plots.plot_curves({"loss": [2.0, 1.0]}, ylabel="nats", baselines={"PCA": 1.5, "mean": 1.5})
    first, second = (text.get_window_extent() for text in figure.axes[0].texts)
    assert not first.overlaps(second)


def test_kl_per_dimension_counts_what_is_active():
    figure = plots.plot_kl_per_dimension([0.001, 2.0, 0.5, 0.0], threshold=0.01)
    texts = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert texts == ["active (> 0.01 nats): 2", "unused: 2"]


def test_bars_print_their_values():
    figure = plots.plot_bars({"PCA": 0.0169, "ours": 0.5}, xlabel="MSE")
    assert [text.get_text() for text in figure.axes[0].texts] == ["0.0169", "0.5"]


@pytest.mark.parametrize(("call", "message"), [
    (lambda images: plots.image_grid(images[0]), r"Received: shape=\(5, 4, 1\)"),
    (lambda images: plots.image_grid(images, columns=0), "Received: columns=0"),
    (lambda images: plots.plot_images(images[..., 0]), r"Received: shape=\(6, 5, 4\)"),
    (lambda images: plots.plot_images(images, labels=[1]), "Received: 1 for 6 images"),
    (lambda images: plots.plot_images(images, columns=0), "Received: columns=0"),
    (lambda images: plots.plot_rows({}), "Received: no rows"),
    (lambda images: plots.plot_walk(images[None, None]), r"Received: shape=\(1, 1, 6, 5, 4, 1\)"),
    (lambda images: plots.plot_walk(images, ticks=[1, 2]), "Received: 2 for 6 steps"),
    (lambda images: plots.plot_film_strip([images], ["a", "b"]), "Received: 1 frames, 2 titles"),
    (lambda images: plots.plot_film_strip([], []), "Received: 0 frames"),
    (lambda images: plots.plot_latent_map(np.zeros((4, 3)), np.zeros(4)), r"Received: latents \(4, 3\)"),
    (lambda images: plots.plot_latent_plane(decode, extent="wide"), "Received: extent='wide'"),
    (lambda images: plots.plot_latent_plane(lambda latents: decode(latents)[:3]), "Received: 3 images"),
    (lambda images: plots.plot_curves({"loss": [1]}, ["kl"], ylabel="nats"), r"Received: keys=\['kl'\]"),
    (lambda images: plots.plot_kl_per_dimension(np.zeros((2, 2))), r"Received: shape=\(2, 2\)"),
    (lambda images: plots.plot_bars({"a": 1}, xlabel="nats", highlight="b"), r"Received: highlight=\['b'\]"),
])
def test_bad_input_is_an_error_that_says_what_was_received(images, call, message):
    with pytest.raises(ValueError, match=message):
        call(images)
    assert plt.get_fignums() == []


def displayed(monkeypatch):
    """Catches what is displayed, as a list of (object, metadata)."""
    shown = []
    monkeypatch.setattr(plots.films.display, "display",
                        lambda item, metadata, raw=False: shown.append((item, metadata)))
    return shown


def test_show_carries_the_alternative_text(monkeypatch, images):
    shown = displayed(monkeypatch)
    figure = plots.plot_images(images)
    plots.show(figure, "six random images")
    (displayed_figure, metadata), = shown
    assert displayed_figure is figure
    assert metadata == {"image/png": {"alt": "six random images", "pixel_size": films.pixel_size(figure)}}


def test_a_figure_without_images_has_no_pixel_size(monkeypatch):
    shown = displayed(monkeypatch)
    plots.show(plots.plot_bars({"one": 1.0}, xlabel="nothing"), "a bar that says nothing")
    assert shown[0][1] == {"image/png": {"alt": "a bar that says nothing"}}


@pytest.mark.parametrize("count", [10, 20])
def test_the_pixel_size_is_that_on_the_screen(count):
    """Ten images of 28 pixels, with lines between them, share 9 inches of 100 pixels: 900 / 289."""
    size = films.pixel_size(plots.plot_images(np.zeros((count, 28, 28, 1), "float32"), columns=count))
    assert size == pytest.approx(9 * 100 / (29 * count - 1), rel=0.05)


def test_show_gif_keeps_frames_pixels_and_durations(monkeypatch):
    shown = displayed(monkeypatch)
    frames = [Image.new("L", (4, 4), grey) for grey in (0, 100, 255)]
    gif = io.BytesIO()
    frames[0].save(gif, "GIF", save_all=True, append_images=frames[1:], duration=[100, 200, 300], loop=0)
    plots.show_gif(gif.getvalue(), "from black to white")
    (bundle, metadata), = shown
    assert metadata == {"image/png": {"alt": "from black to white"}}
    assert bundle["text/plain"] == "from black to white"
    animation = Image.open(io.BytesIO(plots.films.base64.b64decode(bundle["image/png"])))
    found = []
    for index in range(animation.n_frames):
        animation.seek(index)
        found.append((animation.convert("L").getpixel((0, 0)), animation.info["duration"]))
    assert found == [(0, 100), (100, 200), (255, 300)]
