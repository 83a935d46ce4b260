"""tf.data pipelines: batches made ahead of their use, and images from files that are larger than the memory."""

import math

import numpy as np
import tensorflow as tf


def ahead(dataset):
    """The dataset with two batches made ahead, and without tf.data's autotuning.

    The course's pipelines say how parallel they are, so there is nothing to tune. And the tuner costs: at the end of an
    epoch the iterator waits for the tuner's thread, which may sleep on until it has slept 10 ms · (2ᵏ − 1) in all, so
    that an epoch of 3 s takes 5.11 s and one of 6 s takes 10.23 s (seen with TensorFlow 2.15 and 2.21).
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.prefetch(2).with_options(options)


def image_files_dataset(paths, label_paths=None, *, batch_size, buffer_size=10_000, seed=None):
    """Batches of images that are read from `.npy` files: as many as the disk holds, in little memory.

    Like `data.image_dataset`: images float32 in [0, 1], alone or with their labels, in a new order every epoch; the
    last batch holds what is left over. The order is drawn in two steps: which files are read, four at a time, and which
    of `buffer_size` images comes next; so images of one file stay nearer to each other than after a whole shuffle.

    Args:
        paths: files that `np.save` wrote, uint8 (N, H, W, C) each, with one H, W and C.
        label_paths: for each of them a file of int64 (N,), or None.
        batch_size: images per batch, at least 1.
        buffer_size: images that are held in memory to draw from; 1 keeps the order of the files.
        seed: makes the sequence of orders repeatable.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: for no files, another type, shapes that differ, labels of another number, or sizes < 1.
    """
    paths = [str(path) for path in paths]
    label_paths = None if label_paths is None else [str(path) for path in label_paths]
    if not paths or min(batch_size, buffer_size) < 1:
        raise ValueError("There must be files, and batch_size and buffer_size must be at least 1. "
                         f"Received: {len(paths)} files, {batch_size=}, {buffer_size=}")
    headers = [_header(path, np.uint8, rank=4) for path in paths]
    counts = [header[0][0] for header in headers]
    shape, header_bytes = headers[0][0][1:], headers[0][1]
    for path, header in zip(paths, headers):
        if (header[0][1:], header[1]) != (shape, header_bytes):
            raise ValueError(f"All files must hold images of one shape, {shape} as the first. "
                             f"Received: {header[0][1:]} in {path}")
    columns, record_bytes, header_sizes = [paths], [math.prod(shape)], [header_bytes]
    if label_paths is not None:
        label_headers = [_header(path, np.int64, rank=1) for path in label_paths]
        label_counts = [header[0][0] for header in label_headers]
        if label_counts != counts:
            raise ValueError("Each file of images needs a file of as many labels. Received: "
                             f"{counts} images, {label_counts} labels")
        columns.append(label_paths)
        record_bytes.append(8)
        header_sizes.append(label_headers[0][1])

    def read(*files):
        parts = [tf.data.FixedLengthRecordDataset(*part) for part in zip(files, record_bytes, header_sizes)]
        return tf.data.Dataset.zip(tuple(parts))

    def decode(images, labels=None):
        images = tf.reshape(tf.io.decode_raw(images, tf.uint8), (-1, *shape))
        images = tf.cast(images, tf.float32) / 255.0
        return images if labels is None else (images, tf.io.decode_raw(labels, tf.int64)[:, 0])

    files = tf.data.Dataset.from_tensor_slices(tuple(columns))
    if buffer_size > 1:
        files = files.shuffle(len(paths), seed=seed)
    records = files.interleave(read, cycle_length=min(4, len(paths)) if buffer_size > 1 else 1)
    if buffer_size > 1:
        records = records.shuffle(buffer_size, seed=seed)
    batches = records.batch(batch_size).map(decode, num_parallel_calls=2)
    return ahead(batches.apply(tf.data.experimental.assert_cardinality(math.ceil(sum(counts) / batch_size))))


def _header(path, dtype, rank):
    """(shape, bytes before the numbers) of a `.npy` file; nothing else of it is read."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (EOFError, ValueError) as error:
        raise ValueError(f"{path} is no whole file of `np.save`: {error}") from None
    whole = array.ndim == rank and array.dtype == dtype and array.flags["C_CONTIGUOUS"] and array.size
    if not whole:
        raise ValueError(f"A file must hold {np.dtype(dtype)} numbers of {rank} dimensions, as `np.save` writes them. "
                         f"Received: {array.dtype}, {array.shape} in {path}")
    return array.shape, array.offset
