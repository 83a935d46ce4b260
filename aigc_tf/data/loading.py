"""MNIST, as arrays and as float images."""

from typing import NamedTuple

import numpy as np

from aigc_tf.data.downloading import find_file

VALIDATION = 5_000  # how many of the training images the course holds out to choose by


class MNIST(NamedTuple):
    """The splits of MNIST: images uint8 (N, 28, 28, 1) in [0, 255], labels int64 (N,) in [0, 9]."""

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    validation_images: np.ndarray | None = None
    validation_labels: np.ndarray | None = None


def load_mnist(data_dir=None, *, validation=0):
    """The whole of MNIST: 60,000 training and 10,000 test images of handwritten digits.

    Args:
        data_dir: a folder to look in first; see `find_file` for the rest of the search.
        validation: how many of the last training images become the validation split instead, such as `VALIDATION`.
            Choose by them, and look at the test images once, at the end.

    Returns:
        `MNIST(train_images, train_labels, test_images, test_labels, validation_images, validation_labels)`: images
        uint8 (N, 28, 28, 1), labels int64 (N,); the last two are None unless `validation` is given.

    Raises:
        ValueError: for a `validation` that leaves no training image; for more see `find_file`.
        FileNotFoundError, NotADirectoryError: see `find_file`.
    """
    with np.load(find_file("mnist.npz", data_dir), allow_pickle=False) as arrays:
        images, labels = arrays["x_train"][..., np.newaxis], arrays["y_train"].astype("int64")
        if not 0 <= validation < len(images):
            raise ValueError(f"validation must be 0 to {len(images) - 1} images. Received: validation={validation}")
        kept = len(images) - validation
        return MNIST(
            train_images=images[:kept],
            train_labels=labels[:kept],
            test_images=arrays["x_test"][..., np.newaxis],
            test_labels=arrays["y_test"].astype("int64"),
            validation_images=images[kept:] if validation else None,
            validation_labels=labels[kept:] if validation else None,
        )


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
