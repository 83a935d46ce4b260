"""MNIST is the canonical one; images are scaled, or refused."""


import numpy as np
import pytest

from aigc_tf import data


@pytest.fixture(scope="module")
def mnist():
    return data.load_mnist(data.CHECKOUT_DATA)


def test_the_shipped_mnist_is_the_canonical_file():
    assert data.sha256_of(data.CHECKOUT_DATA / "mnist.npz") == data.FILES["mnist.npz"].sha256[0]


def test_mnist_has_the_canonical_splits(mnist):
    assert mnist.train_images.shape == (60_000, 28, 28, 1)
    assert mnist.test_images.shape == (10_000, 28, 28, 1)
    assert mnist.train_images.dtype == mnist.test_images.dtype == np.uint8
    assert mnist.train_labels.dtype == mnist.test_labels.dtype == np.int64


def test_mnist_has_the_canonical_number_of_each_digit(mnist):
    train = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    test = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert np.bincount(mnist.train_labels).tolist() == train
    assert np.bincount(mnist.test_labels).tolist() == test


def test_validation_images_are_the_last_training_images(mnist):
    split = data.load_mnist(data.CHECKOUT_DATA, validation=data.VALIDATION)
    np.testing.assert_array_equal(np.concatenate([split.train_images, split.validation_images]), mnist.train_images)
    np.testing.assert_array_equal(np.concatenate([split.train_labels, split.validation_labels]), mnist.train_labels)
    assert len(split.validation_images) == data.VALIDATION == 5_000 and mnist.validation_images is None


@pytest.mark.parametrize("validation", [-1, 60_000])
def test_a_validation_split_that_leaves_nothing_is_refused(validation):
    with pytest.raises(ValueError, match=f"0 to 59999 images. Received: validation={validation}"):
        data.load_mnist(data.CHECKOUT_DATA, validation=validation)


def test_mnist_is_white_on_black_with_the_known_mean(mnist):
    assert mnist.train_images.mean() / 255 == pytest.approx(0.1307, abs=1e-4)  # quoted all over the literature


def test_scale_images_divides_bytes_by_255():
    scaled = data.scale_images(np.array([0, 51, 255], "uint8").reshape(1, 1, 3, 1))
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled.ravel(), [0, 0.2, 1], rtol=1e-7)


def test_scale_images_lets_floats_in_range_pass():
    images = np.array([0, 0.25, 1]).reshape(1, 1, 3, 1)
    np.testing.assert_array_equal(data.scale_images(images), images.astype("float32"))


BAD_IMAGES = {
    "no channels": (np.zeros((2, 3, 3)), r"shape \(N, H, W, C\). Received: shape \(2, 3, 3\)"),
    "none": (np.zeros((0, 3, 3, 1)), "non-empty"),
    "integers": (np.zeros((2, 3, 3, 1), int), "Received: dtype int64"),
    "text": (np.full((2, 3, 3, 1), "x"), "Received: dtype"),
    "0 to 255": (np.full((2, 3, 3, 1), 255.0), "Received: values from 255.0 to 255.0"),
    "negative": (np.full((2, 3, 3, 1), -0.1), "Received: values from -0.1"),
    "NaN": (np.full((2, 3, 3, 1), np.nan), "finite"),
    "infinite": (np.full((2, 3, 3, 1), np.inf), "finite"),
}


@pytest.mark.parametrize("images, message", BAD_IMAGES.values(), ids=BAD_IMAGES.keys())
def test_bad_images_are_refused(images, message):
    for function in (data.scale_images, lambda images: data.image_dataset(images, batch_size=2)):
        with pytest.raises(ValueError, match=message):
            function(images)
