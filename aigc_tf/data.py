"""Data: images and texts, found offline first and checked by hash; pipelines; and damage on purpose."""

import glob
import hashlib
import http.client
import os
import tempfile
import urllib.request
from pathlib import Path
from pydoc_data.topics import topics
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from aigc_tf.files import remove_leftovers
from aigc_tf.pipelines import ahead
from aigc_tf.plays import load_plays

CHECKOUT_DATA = Path(__file__).resolve().parent.parent / "data"


class DataFile(NamedTuple):
    """A file that the course knows: the hashes it may have and where else it can be fetched from."""

    sha256: tuple[str, ...]
    mirrors: tuple[str, ...]


FILES = {
    # The same 70,000 images under two zip compressions: the course's file, and the one that Keras downloads.
    "mnist.npz": DataFile(
        sha256=(
            "06af5dfe73b70e3bc1c36439982b18a8d76803db9b544f6fdf838a37fbb01b64",
            "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
        ),
        mirrors=(
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
            "https://s3.amazonaws.com/img-datasets/mnist.npz",
        ),
    ),
    # Part of Shakespeare's plays in one file, the "tinyshakespeare" of char-rnn (Karpathy 2015): 1,115,394 characters.
    "shakespeare.txt": DataFile(
        sha256=("86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",),
        mirrors=(
            "https://storage.googleapis.com/download.tensorflow.org/data/shakespeare.txt",
            "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
        ),
    ),
}


class MNIST(NamedTuple):
    """The two splits of MNIST: images uint8 (N, 28, 28, 1) in [0, 255], labels int64 (N,) in [0, 9]."""

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray


# ---- finding, checking, downloading ----


def sha256_of(path):
    """SHA-256 of a file's bytes, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def keras_cache():
    """The folder in which Keras keeps downloaded datasets."""
    return Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "datasets"


def find_file(name, data_dir=None):
    """Path of a known data file whose hash was checked.

    Looks in `data_dir`, the folder named by AIGC_TF_DATA, the checkout's data/, Keras's cache, and at last downloads
    the file into `data_dir` or Keras's cache.

    Args:
        name: a key of `FILES`, such as "mnist.npz".
        data_dir: a folder to look in first.

    Raises:
        ValueError: for an unknown name, or a file whose hash is wrong (broken or truncated).
        NotADirectoryError: if `data_dir` or AIGC_TF_DATA is not a folder.
        FileNotFoundError: if the file is nowhere and cannot be downloaded.
    """
    if name not in FILES:
        raise ValueError(f"Unknown data file; known are {sorted(FILES)}. Received: name={name!r}")
    chosen = [Path(folder) for folder in (data_dir, os.environ.get("AIGC_TF_DATA")) if folder]
    for folder in chosen:
        if not folder.is_dir():
            raise NotADirectoryError(f"The data folder must exist. Received: {folder}")
    folders = [*chosen, CHECKOUT_DATA, keras_cache()]
    for folder in folders:
        path = folder / name
        if path.is_file():
            found = sha256_of(path)
            if found not in FILES[name].sha256:
                raise ValueError(
                    f"{path} is broken or is another file: expected SHA-256 {FILES[name].sha256[0]}, found {found}. "
                    f"Delete it (in a checkout, `git checkout data/{name}` brings it back) and run again."
                )
            return path
    target = (Path(data_dir) if data_dir else keras_cache()) / name
    failures = []
    for url in FILES[name].mirrors:
        try:
            return download(url, target, FILES[name].sha256)
        except (OSError, http.client.HTTPException, ValueError) as error:
            failures.append(f"{url}: {error}")
    looked = ", ".join(str(folder) for folder in folders)
    raise FileNotFoundError(
        f"{name} was not found in {looked}, and could not be downloaded ({'; '.join(failures)}). Put a copy with "
        f"SHA-256 {FILES[name].sha256[0]} into one of these folders, or set AIGC_TF_DATA to the folder that holds it."
    )


def download(url, target, sha256, timeout=30):
    """Fetches `url` to the path `target`: whole, with one of the hashes `sha256`, or not at all.

    The bytes go to a temporary name beside the target, which is renamed when the hash is right.

    Raises:
        OSError, http.client.HTTPException: if the address cannot be read or the file cannot be written.
        ValueError: if the bytes have another hash.
    """
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(target.parent, f".{glob.escape(target.name)}.????????")  # as mkstemp below names them
    digest = hashlib.sha256()
    with urllib.request.urlopen(url, timeout=timeout) as response:
        handle, partial = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                while block := response.read(1 << 20):
                    digest.update(block)
                    file.write(block)
            if digest.hexdigest() not in sha256:
                raise ValueError(f"expected SHA-256 {sha256[0]}, found {digest.hexdigest()}")
            os.replace(partial, target)
        finally:
            Path(partial).unlink(missing_ok=True)  # gone already when all went well
    return target


def load_mnist(data_dir=None):
    """The whole of MNIST: 60,000 training and 10,000 test images of handwritten digits.

    Args:
        data_dir: a folder to look in first; see `find_file` for the rest of the search.

    Returns:
        `MNIST(train_images, train_labels, test_images, test_labels)`; images uint8 (N, 28, 28, 1), labels int64 (N,).

    Raises:
        ValueError, FileNotFoundError, NotADirectoryError: see `find_file`.
    """
    with np.load(find_file("mnist.npz", data_dir), allow_pickle=False) as arrays:
        return MNIST(
            train_images=arrays["x_train"][..., np.newaxis],
            train_labels=arrays["y_train"].astype("int64"),
            test_images=arrays["x_test"][..., np.newaxis],
            test_labels=arrays["y_test"].astype("int64"),
        )


def load_text(name, data_dir=None):
    """A text to learn from.

    Args:
        name: one of
            "shakespeare", all 38 plays; "shakespeare/tragedies", those of a genre (comedies, histories, problems,
            roman, romances, tragedies); "shakespeare/hamlet", one play: speaker and lines, no stage directions;
            "tinyshakespeare", the text of char-rnn and nanoGPT, for comparison with published numbers;
            "python-docs", the help texts of Python's standard library, which differ between versions;
            or the path of a file in UTF-8.
        data_dir: a folder to look in first for "tinyshakespeare"; see `find_file`.

    Raises:
        ValueError: for an unknown genre or play, bytes that are not UTF-8, an empty file or a broken one.
        FileNotFoundError: if there is no such file, or the package that brings the plays is not installed.
        IsADirectoryError: if the path is a folder.
    """
    corpus, _, part = str(name).partition("/")
    if corpus == "shakespeare":
        return load_plays(part or None)
    if name == "python-docs":
        return "\n\n".join(text.strip() for _, text in sorted(topics.items()))
    path = find_file("shakespeare.txt", data_dir) if name == "tinyshakespeare" else Path(name)
    if path.is_dir():
        raise IsADirectoryError(f"A text must be a file. Received: the folder {path}")
    if not path.is_file():
        raise FileNotFoundError(
            'There are the texts "shakespeare", "tinyshakespeare" and "python-docs", or the path of a file. '
            f"Received: {name!r}, which is no file"
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 text: byte {error.start} is {error.object[error.start]:#04x}. "
                         "Convert it first, or choose another file") from None
    if not text:
        raise ValueError(f"A text must not be empty. Received: {path}, a file without a character")
    return text


# ---- pipelines ----


def check_images(images):
    """Raises ValueError unless `images` is a non-empty array (N, H, W, C), uint8 or finite floats in [0, 1]."""
    images = np.asarray(images)
    if images.ndim != 4 or 0 in images.shape:
        raise ValueError(f"Images must be a non-empty array of shape (N, H, W, C). Received: shape {images.shape}")
    if images.dtype == np.uint8:
        return
    if not np.issubdtype(images.dtype, np.floating):
        raise ValueError(f"Images must be uint8 in [0, 255] or floats in [0, 1]. Received: dtype {images.dtype}")
    low, high = float(images.min()), float(images.max())  # NaN anywhere makes both NaN, and the comparison false
    if not 0.0 <= low <= high <= 1.0:
        raise ValueError(f"Float images must be finite and lie in [0, 1]. Received: values from {low} to {high}")


def scale_images(images):
    """Images as float32 in [0, 1]: uint8 is divided by 255, floats that are in range already pass.

    Args:
        images: (N, H, W, C), uint8 in [0, 255] or floats in [0, 1].

    Raises:
        ValueError: for another rank or type, values out of range, or NaN.
    """
    check_images(images)
    images = np.asarray(images)
    return images.astype("float32") / 255.0 if images.dtype == np.uint8 else images.astype("float32")


def image_dataset(images, labels=None, *, batch_size, shuffle=True, seed=None):
    """A `tf.data.Dataset` of batches: images float32 in [0, 1], alone or with their labels.

    It shuffles indices and gathers whole batches, which is many times cheaper than shuffling and batching images one
    by one. A new order is drawn every epoch; the last batch holds what is left over.

    Args:
        images: (N, H, W, C), uint8 or floats in [0, 1]; kept in memory in the type they come in.
        labels: (N,) integers, or None.
        batch_size: images per batch, at least 1.
        shuffle: whether to draw a new order each epoch.
        seed: makes the sequence of orders repeatable.

    Raises:
        ValueError: for bad images (see `scale_images`), another number of labels, or batch_size < 1.
    """
    check_images(images)
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1. Received: {batch_size}")
    if labels is not None and np.shape(labels) != (len(images),):
        raise ValueError(f"{len(images)} images need labels of shape ({len(images)},). Received: {np.shape(labels)}")
    images = tf.convert_to_tensor(images)
    scale = 1.0 / 255.0 if images.dtype == tf.uint8 else 1.0
    labels = None if labels is None else tf.convert_to_tensor(labels)

    def gather(indices):
        batch = tf.cast(tf.gather(images, indices), tf.float32) * scale
        return batch if labels is None else (batch, tf.gather(labels, indices))

    indices = tf.data.Dataset.range(len(images))
    if shuffle:
        indices = indices.shuffle(len(images), seed=seed)
    return ahead(indices.batch(batch_size).map(gather, num_parallel_calls=2))


# ---- binarization and corruption: tensor in, tensor out, eager or in a pipeline ----


def with_new_draws(dataset, transform, *, seed=None):
    """Applies a random transformation to the images of each batch, drawn anew in every epoch.

    A plain `dataset.map(binarize)` would repeat itself: once the global seed is set, tf.data restarts the random
    numbers of a mapped function with every pass. So each batch is given a seed of its own here.

    Args:
        dataset: batches of images, or of (images, labels).
        transform: function `(images, seed=...)` → images, such as `binarize`; for a pair such as (damaged, clean) it
            may return a tuple, if the batches hold images alone.
        seed: makes the sequence of draws repeatable.
    """
    seeds = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True).batch(2)

    def apply(batch, seed):
        if isinstance(batch, tuple):
            return transform(batch[0], seed=seed), *batch[1:]
        return transform(batch, seed=seed)

    return ahead(tf.data.Dataset.zip((dataset, seeds)).map(apply, num_parallel_calls=2))


def _seed_pair(seed):
    """A seed as the stateless random functions want it: two integers."""
    return (seed, 0) if isinstance(seed, int) else seed


def _as_batch(images):
    images = tf.convert_to_tensor(images, tf.float32)
    if images.shape.rank not in (None, 4):
        raise ValueError(f"Images must have shape (N, H, W, C). Received: shape {tuple(images.shape)}")
    return images


def _uniform(shape, seed):
    if seed is None:
        return tf.random.uniform(shape)
    return tf.random.stateless_uniform(shape, seed=_seed_pair(seed))


def binarize(images, *, seed=None):
    """Samples black-and-white images: each pixel is 1 with probability equal to its grey value.

    Drawn anew in every epoch (`with_new_draws(dataset, binarize)`) this is "dynamic" binarization (Salakhutdinov &
    Murray 2008; Burda et al. 2016), the setting of the published likelihoods that chapter 2 compares with.

    Args:
        images: (N, H, W, C) floats in [0, 1].
        seed: an integer, or two, for the same draw every time, for example for a test set.

    Returns:
        float32 images of zeros and ones, same shape.
    """
    images = _as_batch(images)
    return tf.cast(_uniform(tf.shape(images), seed) < images, tf.float32)


def add_gaussian_noise(images, stddev, *, seed=None):
    """Images plus N(0, stddev²), clipped to [0, 1].

    Raises:
        ValueError: if stddev is negative.
    """
    if not stddev >= 0:  # NaN is not, either
        raise ValueError(f"stddev must be at least 0. Received: {stddev}")
    images = _as_batch(images)
    shape = tf.shape(images)
    noise = tf.random.normal(shape) if seed is None else tf.random.stateless_normal(shape, seed=_seed_pair(seed))
    return tf.clip_by_value(images + stddev * noise, 0.0, 1.0)


def mask_pixels(images, fraction, *, seed=None):
    """Sets each pixel (all its channels) to 0 with probability `fraction`.

    Raises:
        ValueError: if fraction is outside [0, 1].
    """
    if not 0 <= fraction <= 1:
        raise ValueError(f"fraction must lie in [0, 1]. Received: {fraction}")
    images = _as_batch(images)
    shape = tf.shape(images)
    keep = _uniform([shape[0], shape[1], shape[2], 1], seed) >= fraction
    return images * tf.cast(keep, tf.float32)


def mask_block(images, size, *, seed=None):
    """Sets one square of `size` × `size` pixels to 0 in each image, at a place drawn for each image.

    Raises:
        ValueError: if the block does not fit into the image.
    """
    images = _as_batch(images)
    height, width = images.shape[1], images.shape[2]
    if not 0 < size <= min(height, width):
        raise ValueError(f"The block must be 1 to {min(height, width)} pixels wide. Received: size={size}")
    places = _uniform([tf.shape(images)[0], 2], seed)
    top = tf.floor(places[:, :1] * (height - size + 1))  # (N, 1)
    left = tf.floor(places[:, 1:] * (width - size + 1))
    rows, columns = tf.range(height, dtype=tf.float32), tf.range(width, dtype=tf.float32)
    in_rows = (rows >= top) & (rows < top + size)  # (N, H)
    in_columns = (columns >= left) & (columns < left + size)  # (N, W)
    block = in_rows[:, :, None, None] & in_columns[:, None, :, None]
    return tf.where(block, 0.0, images)
