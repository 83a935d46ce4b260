"""Callbacks, on a model whose every epoch is known: training counts its steps, one an epoch."""

import io
import re
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageSequence
from tqdm.keras import TqdmCallback

from aigc_tf import callbacks

LATENTS = np.array([[0.1], [0.2], [0.3]], np.float32)


class Counter(keras.Model):
    """A generator whose images are latents + 0.1 · (number of training steps so far)."""

    def __init__(self):
        super().__init__()
        self.steps = self.add_weight(name="steps", shape=(), initializer="zeros", trainable=False)

    def decode(self, latents):
        return tf.reshape(latents + 0.1 * self.steps, (-1, 1, 1, 1)) * tf.ones((1, 4, 4, 1))

    def train_step(self, data):
        self.steps.assign_add(1.0)
        return {"loss": self.steps, "kl": 0.5 * self.steps}

    def test_step(self, data):
        return {"loss": 10 * self.steps, "kl": 5 * self.steps}


def fit(callback, epochs, model=None, **kwargs):
    model = model or Counter()
    model.compile(optimizer="sgd")
    model.fit(np.zeros((2, 1)), batch_size=2, epochs=epochs, verbose=0, callbacks=[callback], **kwargs)
    return model


def test_sample_grid_starts_before_learning_and_ends_with_the_last_epoch():
    grid = callbacks.SampleGrid(LATENTS, every=2)
    fit(grid, epochs=5)
    assert grid.epochs == [0, 2, 4, 5]


def test_sample_grid_frames_are_the_images_of_their_epoch():
    grid = callbacks.SampleGrid(LATENTS, every=2)
    fit(grid, epochs=2)
    expected = [np.tile((LATENTS + 0.1 * epoch).reshape(3, 1, 1, 1), (1, 4, 4, 1)) for epoch in (0, 2)]
    np.testing.assert_allclose(grid.frames, expected, rtol=1e-6)


def test_sample_grid_takes_a_function_of_the_model():
    grid = callbacks.SampleGrid(lambda model: 1 - model.decode(LATENTS))
    fit(grid, epochs=1)
    np.testing.assert_allclose(grid.frames[0][:, 0, 0, 0], [0.9, 0.8, 0.7], rtol=1e-6)


def test_sample_grid_goes_on_in_a_second_fit():
    grid = callbacks.SampleGrid(LATENTS)
    model = fit(grid, epochs=2)
    fit(grid, epochs=1, model=model)
    assert grid.epochs == [0, 1, 2, 3]


def test_sample_grid_counts_from_the_initial_epoch():
    grid = callbacks.SampleGrid(LATENTS)
    fit(grid, epochs=7, initial_epoch=5)
    assert grid.epochs == [5, 6, 7]


def test_sample_grid_film_strip_chooses_frames_evenly_with_first_and_last():
    grid = callbacks.SampleGrid(LATENTS)
    fit(grid, epochs=8)
    titles = [axes.get_title() for axes in grid.film_strip(max_frames=3).axes]
    assert titles == ["before learning", "epoch 4", "epoch 8"]


@pytest.mark.parametrize("channels", [1, 3])
def test_sample_grid_gif_holds_every_frame_enlarged(channels):
    grid = callbacks.SampleGrid(lambda model: np.tile(model.decode(LATENTS), (1, 1, 1, channels)))
    fit(grid, epochs=2)
    gif = Image.open(io.BytesIO(grid.gif_bytes(milliseconds=100, scale=3)))
    assert (gif.n_frames, gif.size) == (3, (27, 27))  # 2 · 4 pixels and a separator, 3 times
    assert [frame.info["duration"] for frame in ImageSequence.Iterator(gif)] == [100, 100, 300]


def test_sample_grid_saves_its_gif(tmp_path):
    grid = callbacks.SampleGrid(LATENTS)
    fit(grid, epochs=1)
    grid.save_gif(tmp_path / "learning.gif")
    assert (tmp_path / "learning.gif").read_bytes() == grid.gif_bytes()


def test_sample_grid_leaves_the_old_gif_if_a_new_one_cannot_be_made(tmp_path):
    (tmp_path / "learning.gif").write_bytes(b"old")
    with pytest.raises(ValueError, match="Received: no frames"):
        callbacks.SampleGrid(LATENTS).save_gif(tmp_path / "learning.gif")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("learning.gif", b"old")]


def test_sample_grid_without_frames_has_no_film_strip():
    with pytest.raises(ValueError, match="Received: no frames"):
        callbacks.SampleGrid(LATENTS).film_strip()


def test_sample_grid_writes_images_for_tensorboard(tmp_path):
    pytest.importorskip("tensorboard", reason="tf.summary.image is TensorBoard's")
    fit(callbacks.SampleGrid(LATENTS, log_dir=tmp_path), epochs=2)
    (path,) = (tmp_path / "samples").iterdir()
    events = [tf.compat.v1.Event.FromString(record.numpy()) for record in tf.data.TFRecordDataset(str(path))]
    assert [(value.tag, event.step) for event in events for value in event.summary.value] == [
        ("samples", 0), ("samples", 1), ("samples", 2)]


def test_epoch_lines_print_a_line_an_epoch(capsys):
    fit(callbacks.EpochLines(), epochs=10, validation_data=(np.zeros((2, 1)),))
    lines = [re.sub(r"\d+\.\d s$", "T s", line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 10
    assert lines[2] == "epoch  3/10  loss 3.000    kl 1.500    val_loss 30.00    val_kl 15.00    T s"
    assert len({len(line) for line in lines}) == 1


def test_epoch_lines_print_first_last_and_every_so_many(capsys):
    fit(callbacks.EpochLines(["kl"], every=3), epochs=7)
    heads = [line[:19] for line in capsys.readouterr().out.splitlines()]
    assert heads == [f"epoch {epoch}/7  kl {epoch / 2:#.4g}"[:19] for epoch in (1, 3, 6, 7)]


def test_epoch_lines_can_be_used_twice(capsys):
    lines = callbacks.EpochLines()
    fit(lines, epochs=1, model=fit(lines, epochs=1))
    assert len(capsys.readouterr().out.splitlines()) == 2


@pytest.mark.parametrize(("value", "text"), [
    (108.24, "108.2"), (24.9, "24.90"), (0.067891, "0.06789"), (1e-5, "1.000e-05"), (1234.4, "1234"),
    (float("nan"), "nan"), (0, "0.000")])
def test_short_number(value, text):
    assert callbacks.short_number(value) == text


@pytest.mark.parametrize(("terminal", "kind"),
                         [(True, TqdmCallback), (False, callbacks.EpochLines)])
def test_progress_is_bars_in_a_terminal_and_lines_elsewhere(monkeypatch, terminal, kind):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    assert isinstance(callbacks.progress(), kind)


@pytest.mark.parametrize("make", [lambda: callbacks.SampleGrid(LATENTS, every=0),
                                  lambda: callbacks.EpochLines(every=0)])
def test_every_below_one_is_an_error(make):
    with pytest.raises(ValueError, match="Received: every=0"):
        make()


def test_epoch_lines_name_an_unknown_metric():
    with pytest.raises(ValueError, match=r"among \['kl', 'loss'\]. Received: \['klee'\]"):
        fit(callbacks.EpochLines(["klee"]), epochs=1)


def test_sample_grid_names_images_of_the_wrong_shape():
    with pytest.raises(ValueError, match=r"Received: shape=\(3, 4, 4\)"):
        fit(callbacks.SampleGrid(lambda model: model.decode(LATENTS)[..., 0]), epochs=1)


# ---- texts ----------------------------------------------------------------------------------------------------------


class Parrot(keras.Model):
    """Writes the prompt and how often it was asked."""

    def __init__(self):
        super().__init__()
        self.asked = 0

    def generate(self, prompts, length, **options):
        self.asked += 1
        return [f"{prompt} {length} {options} {self.asked}" for prompt in prompts]


def test_texts_are_collected_before_learning_and_after_every_epoch():
    samples = callbacks.SampleTexts(["a", "b"], 3, seed=1)
    samples.set_model(Parrot())
    samples.on_train_begin()
    samples.on_epoch_end(0)
    samples.on_train_begin()  # a second fit goes on
    samples.on_epoch_end(0)
    assert samples.frames == [[f"{prompt} 3 {{'seed': 1}} {n}" for prompt in "ab"] for n in (1, 2, 3)]
    strip = samples.film_strip(prompt=1)
    assert strip.splitlines()[0].startswith("── before learning ──") and "── epoch 2 ──" in strip
    assert "b 3 {'seed': 1} 3" in strip and "a 3" not in strip


def test_there_is_no_film_of_texts_before_fit():
    with pytest.raises(ValueError, match="no frames yet"):
        callbacks.SampleTexts(["a"], 3).film_strip()
