"""The few pieces of TensorFlow Addons that the chapters use, under the same names on both stacks.

On the classic stack (Keras 2) every name calls TensorFlow Addons (`tfa`). `tfa` reached its end of life in
2024 and has no release for later TensorFlow, so on the current stack (Keras 3) the same names are made from
Keras itself. This is the only module that imports `tfa` or asks which stack it is on: `USING_TF_ADDONS`.
"""

import json
import tempfile
import warnings
from pathlib import Path

import keras
import tensorflow as tf
from tqdm.auto import tqdm

try:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tfa greets every import with its end-of-life notice
        import tensorflow_addons as tfa
except ImportError:
    tfa = None

USING_TF_ADDONS = tfa is not None

if not USING_TF_ADDONS and not hasattr(keras, "ops"):
    raise ImportError(f"Keras {keras.__version__} needs tensorflow-addons==0.23.0: its import failed.")


def rotate(images, angles):
    """Rotates images about their centres, counter-clockwise as seen on the screen.

    Pixels are interpolated bilinearly; what comes in from outside the image is 0.

    Args:
        images: float32 (N, H, W, C).
        angles: radians, a scalar for all images or one per image, (N,).

    Returns:
        float32 (N, H, W, C).

    Raises:
        ValueError: if `images` is not float32 of rank 4, or `angles` has another shape.
    """
    images = _checked_images(images)
    angles = _one_per_image("angles", angles, images, item_shape=())
    if USING_TF_ADDONS:
        rotated = tfa.image.rotate(images, angles, interpolation="bilinear")
    else:
        rows = _rotation_rows(angles, images)
        rotated = keras.ops.image.affine_transform(images, rows, interpolation="bilinear")
    return tf.ensure_shape(rotated, images.shape)


def translate(images, shifts):
    """Moves images by (dx, dy) pixels: dx > 0 to the right, dy > 0 down; negative ones to the left and up.

    Shifts need not be whole: pixels are interpolated bilinearly. What comes in from outside the image is 0.

    Args:
        images: float32 (N, H, W, C).
        shifts: pixels, (2,) for all images or (N, 2), as (dx, dy).

    Returns:
        float32 (N, H, W, C).

    Raises:
        ValueError: if `images` is not float32 of rank 4, or `shifts` has another shape.
    """
    images = _checked_images(images)
    shifts = _one_per_image("shifts", shifts, images, item_shape=(2,))
    if USING_TF_ADDONS:
        moved = tfa.image.translate(images, shifts, interpolation="bilinear")
    else:
        rows = _translation_rows(shifts)
        moved = keras.ops.image.affine_transform(images, rows, interpolation="bilinear")
    return tf.ensure_shape(moved, images.shape)


def random_rotate_translate(images, max_angle, max_shift, *, seed=None):
    """Turns and moves every image by its own small random amount.

    Angles are uniform in [-max_angle, max_angle]; shifts are whole pixels in {-max_shift, ..., max_shift}, so
    that only the rotation blurs. A pure function of `images` and `seed`: the same seed gives the same result.

    In a pipeline use it with `data.with_new_draws`, which feeds a new seed with every batch. In a plain
    `dataset.map` it would repeat itself in every epoch, and an augmentation that repeats itself is none.

        augment = functools.partial(random_rotate_translate, max_angle=0.2, max_shift=2)
        dataset = with_new_draws(dataset, augment, seed=1)

    Args:
        images: float32 (N, H, W, C).
        max_angle: radians, at least 0.
        max_shift: whole pixels, an int of at least 0.
        seed: an integer, or two; None draws them afresh.

    Returns:
        float32 (N, H, W, C), with the same static shape.

    Raises:
        ValueError: if `images` is not float32 of rank 4, or a maximum is negative or a shift not whole.
    """
    images = _checked_images(images)
    if max_angle < 0 or max_shift < 0 or max_shift != int(max_shift):
        raise ValueError("max_angle must be at least 0, and max_shift a whole number of at least 0. "
                         f"Received: max_angle={max_angle}, max_shift={max_shift}")
    if seed is None:
        seed = tf.random.uniform((2,), maxval=2**31 - 1, dtype=tf.int32)
    elif isinstance(seed, int):
        seed = (seed, 0)
    angle_seed, shift_seed = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
    num_images = tf.shape(images)[0]
    angles = tf.random.stateless_uniform((num_images,), angle_seed, -max_angle, max_angle)
    steps = int(max_shift)
    shifts = tf.random.stateless_uniform((num_images, 2), shift_seed, -steps, steps + 1, dtype=tf.int32)
    return translate(rotate(images, angles), tf.cast(shifts, tf.float32))


def _checked_images(images):
    """Returns `images` as a tensor, or says what is wrong with them."""
    images = tf.convert_to_tensor(images)
    if images.dtype != tf.float32 or images.shape.rank != 4:
        raise ValueError("images must be float32 of shape (N, H, W, C). "
                         f"Received: dtype={images.dtype.name}, shape={images.shape}")
    return images


def _one_per_image(name, values, images, item_shape):
    """Returns `values`, given once for all images or once per image, as a tensor (N, *item_shape)."""
    values = tf.convert_to_tensor(values, tf.float32)
    per_image = tf.TensorShape((images.shape[0], *item_shape))
    if values.shape.is_compatible_with(item_shape):
        return tf.broadcast_to(values, (tf.shape(images)[0], *item_shape))
    if not values.shape.is_compatible_with(per_image):
        raise ValueError(f"{name} must have shape {item_shape} or {per_image}. "
                         f"Received: shape={values.shape}")
    return values


def _rotation_rows(angles, images):
    """Returns (N, 8) rows for `affine_transform`: where in the input each output pixel (x, y) comes from."""
    cos, sin = tf.cos(angles), tf.sin(angles)
    x_centre = tf.cast(tf.shape(images)[2] - 1, tf.float32) / 2
    y_centre = tf.cast(tf.shape(images)[1] - 1, tf.float32) / 2
    zeros = tf.zeros_like(angles)
    return tf.stack([cos, -sin, x_centre - cos * x_centre + sin * y_centre,
                     sin, cos, y_centre - sin * x_centre - cos * y_centre, zeros, zeros], axis=1)


def _translation_rows(shifts):
    """Returns (N, 8) rows for `affine_transform` that move images by `shifts` (N, 2)."""
    dx, dy = tf.unstack(shifts, axis=1)
    ones, zeros = tf.ones_like(dx), tf.zeros_like(dx)
    return tf.stack([ones, zeros, -dx, zeros, ones, -dy, zeros, zeros], axis=1)


class _AddonsProgressBar(tfa.callbacks.TQDMProgressBar if USING_TF_ADDONS else object):  # type: ignore[misc]
    """The progress bar of `tfa`, with a clear error where it would stop at the end of the first epoch."""

    def on_train_begin(self, logs=None):
        if self.params["steps"] is None:
            raise ValueError("TQDMProgressBar needs to know the number of steps. Received: a dataset of "
                             "unknown length. Use tf.data.experimental.assert_cardinality(steps).")
        super().on_train_begin(logs)


class _KerasProgressBar(keras.callbacks.Callback):
    """The successor of `tfa.callbacks.TQDMProgressBar`, with the same constructor arguments and defaults.

    Within an epoch it shows the metrics as Keras reports them (means so far), where `tfa` shows the mean of
    those means; at the end of an epoch both show the metrics of the whole epoch.
    """

    def __init__(
        self,
        metrics_separator=" - ",
        overall_bar_format="{l_bar}{bar} {n_fmt}/{total_fmt} ETA: {remaining}s,  {rate_fmt}{postfix}",
        epoch_bar_format="{n_fmt}/{total_fmt}{bar} ETA: {remaining}s - {desc}",
        metrics_format="{name}: {value:0.4f}",
        update_per_second=10,
        leave_epoch_progress=True,
        leave_overall_progress=True,
        show_epoch_progress=True,
        show_overall_progress=True,
    ):
        super().__init__()
        self.metrics_separator = metrics_separator
        self.metrics_format = metrics_format
        self.show_epoch_progress = show_epoch_progress
        common = {"dynamic_ncols": True, "mininterval": 1 / update_per_second}
        self.overall_options = {"bar_format": overall_bar_format, "leave": leave_overall_progress,
                                "disable": not show_overall_progress, "unit": "epochs", **common}
        self.epoch_options = {"bar_format": epoch_bar_format, "leave": leave_epoch_progress,
                              "disable": not show_epoch_progress, "unit": "steps", **common}
        self.overall_bar = None  # while fit() runs: how `test` hooks know that they are inside it

    def on_train_begin(self, logs=None):
        self.overall_bar = tqdm(desc="Training", total=self.params["epochs"], **self.overall_options)

    def on_epoch_begin(self, epoch, logs=None):
        if self.show_epoch_progress:
            print(f"Epoch {epoch + 1}/{self.params['epochs']}")
        self.epoch_bar = tqdm(total=self.params["steps"], **self.epoch_options)

    def on_train_batch_end(self, batch, logs=None):
        self._advance(batch, logs)

    def on_epoch_end(self, epoch, logs=None):
        self._complete(logs)
        self.overall_bar.update(1)

    def on_train_end(self, logs=None):
        self.overall_bar.close()
        self.overall_bar = None

    def on_test_begin(self, logs=None):
        if self.overall_bar is None:
            self.epoch_bar = tqdm(desc="Evaluating", total=self.params["steps"], **self.epoch_options)

    def on_test_batch_end(self, batch, logs=None):
        if self.overall_bar is None:
            self._advance(batch, logs)

    def on_test_end(self, logs=None):
        if self.overall_bar is None:
            self._complete(logs)

    def _advance(self, batch, logs):
        self.epoch_bar.set_description_str(self._format_metrics(logs), refresh=False)
        self.epoch_bar.update(batch + 1 - self.epoch_bar.n)

    def _complete(self, logs):
        self.epoch_bar.total = self.epoch_bar.total or self.epoch_bar.n  # a dataset of unknown length
        self.epoch_bar.n = self.epoch_bar.total
        self.epoch_bar.set_description_str(self._format_metrics(logs))
        self.epoch_bar.close()

    def _format_metrics(self, logs):
        return self.metrics_separator.join(
            self.metrics_format.format(name=name, value=float(value)) for name, value in (logs or {}).items())


TQDMProgressBar = _AddonsProgressBar if USING_TF_ADDONS else _KerasProgressBar


class _KerasLayerNormLSTMCell(keras.layers.LSTMCell):
    """The successor of `tfa.rnn.LayerNormLSTMCell` without its dropout: same weights in the same order, same result.

    An LSTM cell whose sums are normalized before its nonlinearities, and its carried state after each step (Ba et al.
    2016, arXiv:1607.06450, equations 20 to 22, which leave the carried state itself as it is).

    Args:
        units: size of the two states.
        norm_epsilon: what the three normalizations add to the variance.
    """

    def __init__(self, units, norm_epsilon=1e-3, **kwargs):
        super().__init__(units, **kwargs)
        self.norm_epsilon = norm_epsilon
        self.kernel_norm = keras.layers.LayerNormalization(epsilon=norm_epsilon, name="kernel_norm")
        self.recurrent_norm = keras.layers.LayerNormalization(epsilon=norm_epsilon, name="recurrent_norm")
        self.state_norm = keras.layers.LayerNormalization(epsilon=norm_epsilon, name="state_norm")

    def build(self, input_shape):
        super().build(input_shape)
        self.kernel_norm.build((None, 4 * self.units))
        self.recurrent_norm.build((None, 4 * self.units))
        self.state_norm.build((None, self.units))

    def call(self, inputs, states, training=False):
        output, carried = states
        sums = self.kernel_norm(tf.matmul(inputs, self.kernel))
        sums += self.recurrent_norm(tf.matmul(output, self.recurrent_kernel)) + self.bias
        let_in, keep, candidate, let_out = tf.split(sums, 4, axis=-1)
        carried = self.state_norm(tf.sigmoid(keep) * carried + tf.sigmoid(let_in) * tf.tanh(candidate))
        output = tf.sigmoid(let_out) * tf.tanh(carried)
        return output, [output, carried]

    def get_config(self):
        return {**super().get_config(), "norm_epsilon": self.norm_epsilon}


LayerNormLSTMCell = tfa.rnn.LayerNormLSTMCell if USING_TF_ADDONS else _KerasLayerNormLSTMCell


# ---- backups, and several machines ----


class _KerasBackup(keras.callbacks.BackupAndRestore):
    """Keras 3's `BackupAndRestore`, for several workers too, as Keras 2's is: the chief alone writes to the folder.

    All workers save, since the value of a metric is the sum of their parts; what the others save is thrown away.
    """

    def on_train_begin(self, logs=None):
        with self.model.distribute_strategy.scope():
            super().on_train_begin(logs)

    def on_epoch_end(self, epoch, logs=None):
        if self.model.distribute_strategy.extended.should_checkpoint:
            super().on_epoch_end(epoch, logs)
        else:
            with tempfile.TemporaryDirectory() as folder:
                self.model.save_weights(Path(folder) / "thrown_away.weights.h5")


def backup_and_restore(folder):
    """Keras's `BackupAndRestore`, made to survive a kill in the middle of a backup, and kept when training has ended.

    Keras 2 writes a TensorFlow checkpoint, which takes the place of the last when it is whole. Keras 3 writes over its
    file, so there the one before is kept as well.

    Args:
        folder: where the state of the training is kept, an epoch at a time.
    """
    if USING_TF_ADDONS:
        return keras.callbacks.BackupAndRestore(str(folder), delete_checkpoint=False)
    return _KerasBackup(str(folder), double_checkpoint=True, delete_checkpoint=False)


def epochs_in_backup(folder):
    """How many epochs the backup in `folder` holds, which is the number of the epoch that comes next; 0 without one."""
    if USING_TF_ADDONS:
        path = tf.train.latest_checkpoint(Path(folder) / "chief")
        epoch = "ckpt_saved_epoch/.ATTRIBUTES/VARIABLE_VALUE"
        return 0 if path is None else int(tf.train.load_checkpoint(path).get_tensor(epoch)) + 1
    path = Path(folder) / "training_metadata.json"
    return json.loads(path.read_text(encoding="utf-8"))["epoch"] if path.exists() else 0


def fit_on_workers(model, batches, *, epochs, steps_per_epoch, initial_epoch=0, callbacks=()):
    """`model.fit` for a model that was made under `tf.distribute.MultiWorkerMirroredStrategy`.

    Keras 2's `fit` knows that strategy. Keras 3's does not (keras-team/keras issue 20585): it fails where it takes the
    mean of the logs over workers. There, this does what `fit` does, without those logs: `strategy.run` calls the
    model's own `train_step`, and what an epoch reports is read from its metrics, which are sums over all workers.

    Args:
        model: compiled.
        batches: a dataset of global batches, endless or of all the epochs to come.
        epochs, steps_per_epoch, initial_epoch, callbacks: as in `fit`.

    Returns:
        Keras's `History`.
    """
    if USING_TF_ADDONS:
        return model.fit(batches, epochs=epochs, steps_per_epoch=steps_per_epoch, initial_epoch=initial_epoch,
                         callbacks=[*callbacks], verbose=0)
    strategy = model.distribute_strategy

    def step(batch):
        strategy.run(model.train_step, args=(batch,))

    step = step if model.run_eagerly else tf.function(step)
    calls = keras.callbacks.CallbackList([*callbacks], add_history=True, model=model, epochs=epochs,
                                         steps=steps_per_epoch)
    calls.on_train_begin()
    iterator = iter(strategy.experimental_distribute_dataset(batches))
    for epoch in range(initial_epoch, epochs):
        model.reset_metrics()
        calls.on_epoch_begin(epoch)
        for number in range(steps_per_epoch):
            calls.on_train_batch_begin(number)
            step(next(iterator))
            calls.on_train_batch_end(number)
        calls.on_epoch_end(epoch, {name: float(value) for name, value in model.get_metrics_result().items()})
    calls.on_train_end()
    return model.history
