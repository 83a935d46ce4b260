"""Pipelines lose and repeat nothing, wait for no tuner, and read images from files."""

from collections import Counter

import numpy as np
import pytest
import tensorflow as tf

from aigc_tf import data, text, workers
from aigc_tf.data import image_files_dataset

IMAGES = np.random.default_rng(0).integers(256, size=(25, 4, 3, 2)).astype("uint8")
SCALED = data.scale_images(IMAGES)
NUMBERS = np.arange(100) % 7
PIPELINES = {
    "image_dataset": lambda folder: data.image_dataset(IMAGES, batch_size=4),
    "with_new_draws": lambda folder: data.with_new_draws(tf.data.Dataset.from_tensors(SCALED), data.binarize),
    "film_batches": lambda folder: data.film_batches(IMAGES[:, :2, :2, :1] | 1, batch_size=2, steps=2, speed=(1, 2)),
    "windows": lambda folder: text.windows(NUMBERS, 5, batch_size=4),
    "streams": lambda folder: text.streams(NUMBERS, 5, batch_size=4),
    "noisy_batches": lambda folder: workers.noisy_batches(SCALED, 4, (0, 2), seed=0),
    "image_files_dataset": lambda folder: image_files_dataset(files(folder)[0], batch_size=4),
}


def files(folder, sizes=(10, 10, 5)):
    """IMAGES and labels 0, 1, … in files of these sizes."""
    pairs = []
    for at, size in zip(np.cumsum((0, *sizes)), sizes):
        for name, array in (("images", IMAGES), ("labels", np.arange(len(IMAGES)))):
            np.save(folder / f"{name}_{at}.npy", array[at:at + size])
        pairs.append((folder / f"images_{at}.npy", folder / f"labels_{at}.npy"))
    return tuple(zip(*pairs))


def together(dataset):
    return tuple(np.concatenate(parts) for parts in zip(*dataset.as_numpy_iterator()))


@pytest.mark.parametrize("name", PIPELINES)
def test_no_pipeline_waits_for_the_tuner(name, tmp_path):
    assert PIPELINES[name](tmp_path).options().autotune.enabled is False


def test_files_give_every_image_once_with_its_label(tmp_path):
    images, labels = together(image_files_dataset(*files(tmp_path), batch_size=4, seed=0))
    assert sorted(labels) == list(range(25))
    np.testing.assert_array_equal(images, IMAGES[labels].astype("float32") / 255)


def test_files_come_in_their_order_without_a_buffer(tmp_path):
    _, labels = together(image_files_dataset(*files(tmp_path), batch_size=4, buffer_size=1))
    assert list(labels) == list(range(25))


def test_every_epoch_has_a_new_order_and_a_seed_repeats_all_of_them(tmp_path):
    first, second = ([together(dataset)[1] for _ in range(2)] for dataset in
                     (image_files_dataset(*files(tmp_path), batch_size=4, seed=3) for _ in range(2)))
    np.testing.assert_array_equal(first, second)
    assert list(first[0]) != list(first[1])


def test_images_alone_know_their_number_of_batches_and_their_shape(tmp_path):
    batches = image_files_dataset(files(tmp_path)[0], batch_size=4)
    assert len(batches) == 7
    assert batches.element_spec.shape.as_list() == [None, 4, 3, 2]


def wrong(folder, case):
    """Arguments that are refused, and what the refusal says."""
    images, labels = files(folder)
    if case == "floats":
        np.save(images[1], IMAGES / 255)
    elif case == "another shape":
        np.save(images[1], IMAGES[:, :2])
    elif case == "truncated":
        images[1].write_bytes(images[1].read_bytes()[:-1])
    elif case == "objects":
        np.save(images[1], np.array([{}]))
    elif case == "labels of another number":
        np.save(labels[1], np.arange(3))
    elif case == "no files":
        images, labels = (), ()
    return (images, labels), {"batch_size": 0 if case == "batch size" else 4}


@pytest.mark.parametrize("case, words", {
    "floats": "Received: float64", "another shape": "one shape", "truncated": "no whole file",
    "objects": "no whole file", "labels of another number": "3, 5. labels",
    "no files": "Received: 0 files", "batch size": "batch_size=0",
}.items())
def test_wrong_files_are_refused(case, words, tmp_path):
    arguments, options = wrong(tmp_path, case)
    with pytest.raises(ValueError, match=words):
        image_files_dataset(*arguments, **options)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere.npy"):
        image_files_dataset([tmp_path / "nowhere.npy"], batch_size=4)


# ---- image_dataset ----


def numbered_images(count, dtype="float32"):
    """Images of one grey value each, by which they can be told apart: value n/255 or, as bytes, n."""
    grey = np.arange(count).reshape(-1, 1, 1, 1) * np.ones((1, 2, 3, 1))
    return grey.astype("uint8") if dtype == "uint8" else (grey / 255).astype(dtype)


def numbers(batch):
    return np.round(np.asarray(batch)[:, 0, 0, 0] * 255).astype(int)


def epoch(dataset):
    """The numbers of the images of one pass."""
    return np.concatenate([numbers(batch) for batch in dataset])


def test_every_image_comes_exactly_once_an_epoch():
    dataset = data.image_dataset(numbered_images(50), batch_size=8)
    for _ in range(2):
        assert Counter(epoch(dataset)) == Counter(range(50))


def test_each_epoch_has_another_order():
    dataset = data.image_dataset(numbered_images(50), batch_size=8, seed=0)
    assert not np.array_equal(epoch(dataset), epoch(dataset))


def test_a_seed_repeats_the_whole_sequence_of_orders():
    one, other = (data.image_dataset(numbered_images(50), batch_size=8, seed=0) for _ in range(2))
    for _ in range(2):
        np.testing.assert_array_equal(epoch(one), epoch(other))


def test_another_seed_gives_another_order():
    one, other = (data.image_dataset(numbered_images(50), batch_size=8, seed=seed) for seed in (0, 1))
    assert not np.array_equal(epoch(one), epoch(other))


def test_without_shuffling_the_order_is_kept():
    np.testing.assert_array_equal(epoch(data.image_dataset(numbered_images(9), batch_size=4, shuffle=False)), range(9))


def test_the_last_batch_holds_what_is_left_over():
    dataset = data.image_dataset(numbered_images(10), batch_size=4)
    assert [len(batch) for batch in dataset] == [4, 4, 2]
    assert len(dataset) == 3


def test_labels_stay_with_their_images():
    for images, labels in data.image_dataset(numbered_images(50), np.arange(50), batch_size=8, seed=0):
        np.testing.assert_array_equal(numbers(images), labels)


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_batches_are_float32_from_0_to_1(dtype):
    (batch,) = data.image_dataset(numbered_images(256, dtype), batch_size=256, shuffle=False)
    assert batch.dtype == tf.float32
    np.testing.assert_allclose(batch[:, 0, 0, 0], np.arange(256) / 255, rtol=1e-6)
    assert float(tf.reduce_max(batch)) <= 1.0


def test_images_of_any_size_and_three_channels_pass():
    images = np.random.default_rng(0).random((3, 16, 12, 3), dtype="float32")
    (batch,) = data.image_dataset(images, batch_size=3, shuffle=False)
    np.testing.assert_array_equal(batch, images)


@pytest.mark.parametrize("batch_size", [0, -1])
def test_an_empty_batch_is_refused(batch_size):
    with pytest.raises(ValueError, match=f"at least 1. Received: {batch_size}"):
        data.image_dataset(numbered_images(4), batch_size=batch_size)


@pytest.mark.parametrize("labels", [np.zeros(3), np.zeros((4, 1)), np.zeros((4, 10))])
def test_labels_that_do_not_fit_the_images_are_refused(labels):
    with pytest.raises(ValueError, match=r"4 images need labels of shape \(4,\)"):
        data.image_dataset(numbered_images(4), labels, batch_size=2)
