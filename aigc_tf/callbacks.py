"""Callbacks that let one watch a generator learn: samples from fixed latents or prompts, and one line per epoch."""

import os
import sys
import time

import keras
import numpy as np
import tensorflow as tf
from tqdm.keras import TqdmCallback

from aigc_tf import plots
from aigc_tf.core.files import write_file


class SampleGrid(keras.callbacks.Callback):
    """Collects what a generator makes of the SAME latents, before learning and then every few epochs.

    Used for a second `fit`, it goes on counting epochs where it stopped.

    Args:
        sample: latents (N, latent_dim), for images from `model.decode(latents)`; or a function from the model
            to images. Images are floats in [0, 1] of shape (N, H, W, C).
        every: epochs between two frames. The last epoch is always collected.
        log_dir: folder for TensorBoard, which then shows the grids under Images.

    Attributes:
        frames: list of float32 arrays (N, H, W, C).
        epochs: number of epochs learnt at each frame, the first usually 0.
    """

    def __init__(self, sample, *, every=1, log_dir=None):
        super().__init__()
        if every < 1:
            raise ValueError(f"every must be at least 1. Received: every={every}")
        self.sample = sample if callable(sample) else tf.constant(sample, tf.float32)
        self.every = every
        self.frames, self.epochs = [], []
        self.writer = tf.summary.create_file_writer(os.path.join(log_dir, "samples")) if log_dir else None

    def on_epoch_begin(self, epoch, logs=None):
        if not self.frames:
            self.epochs_learnt = epoch  # 0, unless fit was given an initial_epoch
            self.collect()

    def on_epoch_end(self, epoch, logs=None):
        self.epochs_learnt += 1
        if self.epochs_learnt % self.every == 0:
            self.collect()

    def on_train_end(self, logs=None):
        if self.epochs and self.epochs[-1] != self.epochs_learnt:
            self.collect()

    def collect(self):
        """Adds the model's images of this moment to `frames`."""
        images = self.sample(self.model) if callable(self.sample) else self.model.decode(self.sample)
        frame = np.asarray(images, np.float32)
        grid = plots.image_grid(frame)
        self.frames.append(frame)
        self.epochs.append(self.epochs_learnt)
        if self.writer:
            with self.writer.as_default(step=self.epochs_learnt):
                tf.summary.image("samples", grid[None])
            self.writer.flush()

    def check_frames(self):
        """Raises ValueError if there is nothing to show yet."""
        if not self.frames:
            raise ValueError("SampleGrid collects frames while `fit` runs with it. Received: no frames yet")

    def film_strip(self, *, max_frames=10, **kwargs):
        """Returns a Figure of at most `max_frames` frames, evenly chosen, with `plots.plot_film_strip`."""
        self.check_frames()
        count = min(max_frames, len(self.frames))
        chosen = np.linspace(0, len(self.frames) - 1, count).round().astype(int)
        epochs = [self.epochs[index] for index in chosen]
        titles = [f"epoch {epoch}" if epoch else "before learning" for epoch in epochs]
        return plots.plot_film_strip([self.frames[index] for index in chosen], titles, **kwargs)

    def gif_bytes(self, *, milliseconds=400, scale=2):
        """Returns the frames as an animated GIF, enlarged `scale` times; the last one stays longest."""
        self.check_frames()
        return plots.images_gif(self.frames, milliseconds=milliseconds, scale=scale)

    def save_gif(self, path, *, milliseconds=400, scale=2):
        """Writes `gif_bytes` to `path`: the whole file, or none."""
        write_file(path, self.gif_bytes(milliseconds=milliseconds, scale=scale))


class SampleTexts(keras.callbacks.Callback):
    """Collects how a language model continues the SAME prompts, before learning and after every epoch.

    Args:
        prompts: list of strings; they are continued side by side.
        length: tokens to write.
        **options: of the model's `generate`, such as temperature and seed.

    Attributes:
        frames: list of lists of texts, one for each prompt.
    """

    def __init__(self, prompts, length, **options):
        super().__init__()
        self.prompts, self.length, self.options = list(prompts), length, options
        self.frames = []

    def on_train_begin(self, logs=None):
        if not self.frames:
            self.collect()

    def on_epoch_end(self, epoch, logs=None):
        self.collect()

    def collect(self):
        """Adds what the model writes at this moment to `frames`."""
        self.frames.append(self.model.generate(self.prompts, self.length, **self.options))

    def film_strip(self, prompt=0):
        """The frames of one prompt as text, one under the other, with their epochs.

        Raises:
            ValueError: if there is nothing to show yet.
        """
        if not self.frames:
            raise ValueError("SampleTexts collects frames while `fit` runs with it. Received: no frames yet")
        titles = [f"── epoch {epoch} " if epoch else "── before learning " for epoch in range(len(self.frames))]
        return "\n".join(f"{title:─<60}\n{frame[prompt]}" for title, frame in zip(titles, self.frames))


class EpochLines(keras.callbacks.Callback):
    """Prints one plain line per epoch, for notebooks and logs; use it with `fit(..., verbose=0)`.

        epoch  3/12  loss 108.2    kl 24.90    val_loss 107.9    5.3 s

    Args:
        metrics: names to print, by default all. Names with `val_` are left out in epochs without validation.
        every: prints the first epoch, every `every`-th and the last; seconds count from the line before.
    """

    def __init__(self, metrics=None, *, every=1):
        super().__init__()
        if every < 1:
            raise ValueError(f"every must be at least 1. Received: every={every}")
        self.metrics = metrics
        self.every = every

    def on_train_begin(self, logs=None):
        self.printed = self.epoch = None
        self.since = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.epoch, self.logs = epoch, dict(logs or {})
        if self.printed is None or (epoch + 1) % self.every == 0:
            self.print_line()

    def on_train_end(self, logs=None):
        if self.printed != self.epoch:
            self.print_line()

    def print_line(self):
        """Prints the line of the epoch that has just ended."""
        names = self.metrics or sorted(self.logs, key=loss_first)  # Keras 2 and 3 differ in order
        unknown = [name for name in names if name not in self.logs and not name.startswith("val_")]
        if unknown:
            raise ValueError(f"metrics must be among {sorted(self.logs)}. Received: {unknown}")
        values = [f"{name} {short_number(self.logs[name]):7}" for name in names if name in self.logs]
        total = self.params["epochs"]
        now = time.perf_counter()
        head = f"epoch {self.epoch + 1:{len(str(total))}}/{total}"
        print("  ".join([head, *values, f"{now - self.since:.1f} s"]), flush=True)
        self.printed, self.since = self.epoch, now


def loss_first(name):
    """Sorting key for names of metrics: training before validation, and the loss before its parts."""
    return name.startswith("val_"), name.removeprefix("val_") != "loss", name


def short_number(value):
    """Returns a number as text with four significant digits: 108.2, 24.90, 0.06789, 1.000e-05."""
    return f"{float(value):#.4g}".rstrip(".")


def progress(metrics=None, *, every=1):
    """Returns the progress callback that suits the place: bars in a terminal, lines in a notebook or a log.

    Use it with `fit(..., verbose=0)`. `metrics` and `every` are those of `EpochLines`; bars show all metrics.
    """
    return TqdmCallback() if sys.stderr.isatty() else EpochLines(metrics, every=every)
