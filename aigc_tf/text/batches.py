"""What language models train on (chapter 4): a text's split, and batches of windows or of streams."""

import numpy as np
import tensorflow as tf

from aigc_tf.data.pipelines import prefetched


def split_text(text, share=0.9, *, validation=None):
    """(train, test): the first `share` of a text and the rest, in order, so that nothing leaks.

    With `validation`, (train, validation, test): the last `validation` of what was to train on is kept apart, to make
    choices on: when to stop, which width, which dropout. The test part is the same with it and without it, so that a
    choice made on validation text can be trained on all of the first `share`, as published numbers are, and measured
    once on text that had no say in it.

    Args:
        text: a string.
        share: of the text, in (0, 1).
        validation: of the first `share`, in (0, 1); None: there is no such part. 0.1 gives 81%, 9% and 10%.

    Raises:
        ValueError: for a share or validation outside (0, 1).
    """
    for name, part in {"share": share, "validation": 0.5 if validation is None else validation}.items():
        if not 0 < part < 1:
            raise ValueError(f"{name} must lie between 0 and 1. Received: {part}")
    train, test = _cut(text, share)
    return (train, test) if validation is None else (*_cut(train, 1 - validation), test)


def _cut(text, share):
    at = int(share * len(text))
    return text[:at], text[at:]


def windows(numbers, length, *, batch_size, shuffle=True, seed=None):
    """Batches of windows that know nothing of each other: (inputs, targets), int32 (batch, length) each.

    Targets are the inputs shifted by one: at every place, the token that comes next. The windows lie end to end, come
    in a new order every epoch, and the last batch holds what is left over.

    Args:
        numbers: token numbers (N,), N > length.
        length: tokens in a window.
        batch_size: windows in a batch.

    Raises:
        ValueError: if the text is too short for a window, or length or batch_size < 1.
    """
    numbers = _checked(numbers, length, batch_size, rows=1)
    count = (len(numbers) - 1) // length
    starts = tf.data.Dataset.range(0, count * length, length)
    if shuffle:
        starts = starts.shuffle(count, seed=seed)
    numbers, places = tf.constant(numbers), tf.range(length + 1, dtype=tf.int64)

    def cut(starts):
        pieces = tf.gather(numbers, starts[:, None] + places)  # (batch, length + 1)
        return pieces[:, :-1], pieces[:, 1:]

    return prefetched(starts.batch(batch_size).map(cut, num_parallel_calls=2))


def streams(numbers, length, *, batch_size, restarts=0.0, seed=None):
    """Batches that continue each other: ((inputs, continues), targets), int32 (batch, length), with float32 (batch,).

    The text is cut into `batch_size` equal parts that are read side by side. Row r of a batch goes on exactly where
    row r of the batch before ended, so a recurrent network may keep its state: `continues` is 1, and 0 in the first
    batch of an epoch, where it has to begin anew. What does not fill a batch at the end is left out.

    Args:
        numbers: token numbers (N,), N > batch_size * length.
        length: tokens in a window, through which gradients flow.
        batch_size: parts that the text is cut into.
        restarts: share of the rows, drawn anew for each batch, that begin anew as well. A network that always goes on
            from a state never learns to begin from none, and writes nonsense behind a short prompt.
        seed: makes the draws of restarts repeatable.

    Raises:
        ValueError: if the text is too short, length or batch_size < 1, or restarts outside [0, 1].
    """
    numbers = _checked(numbers, length, batch_size, rows=batch_size)
    if not 0 <= restarts <= 1:
        raise ValueError(f"restarts must lie in [0, 1]. Received: {restarts}")
    count = (len(numbers) - 1) // batch_size // length
    used = count * length
    parts = [numbers[row * used:row * used + used + 1] for row in range(batch_size)]
    parts = tf.constant(np.stack(parts))  # (batch, used + 1)

    def cut(step, seed):
        piece = parts[:, step * length:(step + 1) * length + 1]
        piece = tf.ensure_shape(piece, (batch_size, length + 1))
        goes_on = tf.random.stateless_uniform([batch_size], seed) >= restarts
        continues = tf.cast(goes_on & (step > 0), tf.float32)
        return (piece[:, :-1], continues), piece[:, 1:]

    seeds = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True).batch(2)
    steps = tf.data.Dataset.zip((tf.data.Dataset.range(count), seeds))
    return prefetched(steps.map(cut, num_parallel_calls=2))


def random_windows(numbers, length, *, batch_size, steps, seed=None):
    """Batches of windows that begin anywhere, (inputs, targets), int32 (batch, length) each: `steps` of them an epoch.

    Every epoch draws new ones, so that a network meets each token at every place of a window. (nanoGPT trains so.)

    Args:
        numbers: token numbers (N,), N > length.
        length: tokens in a window.
        batch_size: windows in a batch.
        steps: batches in an epoch.
        seed: makes the draws repeatable.

    Raises:
        ValueError: if the text is too short for a window, or length, batch_size or steps < 1.
    """
    numbers = _checked(numbers, length, batch_size, rows=1)
    if steps < 1:
        raise ValueError(f"steps must be at least 1. Received: {steps}")
    draws = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True).take(steps * batch_size)
    numbers, places = tf.constant(numbers), tf.range(length + 1, dtype=tf.int64)

    def cut(draws):
        pieces = tf.gather(numbers, (draws % (len(numbers) - length))[:, None] + places)  # (batch, length + 1)
        return pieces[:, :-1], pieces[:, 1:]

    return prefetched(draws.batch(batch_size, drop_remainder=True).map(cut, num_parallel_calls=2))


def _checked(numbers, length, batch_size, rows):
    numbers = np.asarray(numbers)
    if min(length, batch_size) < 1:
        raise ValueError(f"length and batch_size must be at least 1. Received: {length=}, {batch_size=}")
    if numbers.ndim != 1 or not np.issubdtype(numbers.dtype, np.integer):
        raise ValueError(f"Token numbers must be integers (N,). Received: {numbers.dtype} of shape {numbers.shape}")
    if len(numbers) <= rows * length:
        raise ValueError(
            f"The text is too short: {rows} windows of {length} tokens with their targets take at least "
            f"{rows * length + 1} tokens. Received: {len(numbers)}"
        )
    return numbers.astype("int32")
