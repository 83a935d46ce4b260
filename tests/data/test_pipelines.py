"""Pipelines: no waiting for a tuner, and images from files."""

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
