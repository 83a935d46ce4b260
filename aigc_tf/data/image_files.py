"""Images from files that are larger than the memory."""

import math

import numpy as np
import tensorflow as tf

from aigc_tf.data.pipelines import prefetched


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
    image_shape, counts, image_offset = check_image_files(paths)
    columns, record_bytes, offsets = [paths], [math.prod(image_shape)], [image_offset]
    if label_paths is not None:
        columns.append(label_paths)
        record_bytes.append(8)
        offsets.append(check_label_files(label_paths, counts))

    def read(*files):
        parts = [tf.data.FixedLengthRecordDataset(*part) for part in zip(files, record_bytes, offsets)]
        return tf.data.Dataset.zip(tuple(parts))

    def decode(images, labels=None):
        images = tf.reshape(tf.io.decode_raw(images, tf.uint8), (-1, *image_shape))
        images = tf.cast(images, tf.float32) / 255.0
        return images if labels is None else (images, tf.io.decode_raw(labels, tf.int64)[:, 0])

    files = tf.data.Dataset.from_tensor_slices(tuple(columns))
    if buffer_size > 1:
        files = files.shuffle(len(paths), seed=seed)
    records = files.interleave(read, cycle_length=min(4, len(paths)) if buffer_size > 1 else 1)
    if buffer_size > 1:
        records = records.shuffle(buffer_size, seed=seed)
    batches = records.batch(batch_size).map(decode, num_parallel_calls=2)
    return prefetched(batches.apply(tf.data.experimental.assert_cardinality(math.ceil(sum(counts) / batch_size))))


def check_image_files(paths):
    """(shape of an image, number of images in each file, bytes before the first) of files with one shape.

    Raises:
        ValueError: for a file that does not hold images, or images of another shape than the first file's.
    """
    headers = [npy_header(path, np.uint8, rank=4) for path in paths]
    (_, *image_shape), offset = headers[0]
    for path, (shape, file_offset) in zip(paths, headers):
        if (list(shape[1:]), file_offset) != (image_shape, offset):
            raise ValueError(f"All files must hold images of one shape, {tuple(image_shape)} as the first. "
                             f"Received: {shape[1:]} in {path}")
    return tuple(image_shape), [shape[0] for shape, _ in headers], offset


def check_label_files(paths, counts):
    """Bytes before the first label in files of labels, one file for each file of images.

    Raises:
        ValueError: for a file that does not hold labels, or another number of them than of images.
    """
    headers = [npy_header(path, np.int64, rank=1) for path in paths]
    label_counts = [shape[0] for shape, _ in headers]
    if label_counts != counts:
        raise ValueError("Each file of images needs a file of as many labels. Received: "
                         f"{counts} images, {label_counts} labels")
    return headers[0][1]


def npy_header(path, dtype, rank):
    """(shape, bytes before the numbers) of a `.npy` file; nothing else of it is read."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (EOFError, ValueError) as error:
        raise ValueError(f"{path} is no whole file of `np.save`: {error}") from None
    if not isinstance(array, np.ndarray):  # of several arrays
        raise ValueError(f"A file must hold one array, as `np.save` writes it. Received: the archive {path}")
    whole = array.ndim == rank and array.dtype == dtype and array.flags["C_CONTIGUOUS"] and array.size
    if not whole:
        raise ValueError(f"A file must hold {np.dtype(dtype)} numbers of {rank} dimensions, as `np.save` writes them. "
                         f"Received: {array.dtype}, {array.shape} in {path}")
    return array.shape, array.offset
