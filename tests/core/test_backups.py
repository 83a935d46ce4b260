"""Backups of a training, on either stack."""

import keras
import numpy as np

from aigc_tf.core.backups import backup_and_restore


def epochs_run(folder, epochs):
    """How many epochs a training that is backed up in `folder` had to run to reach so many."""
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    images = np.ones((4, 2), "float32")
    backup = backup_and_restore(folder)
    history = model.fit(images, images[:, :1], epochs=epochs, callbacks=[backup], verbose=0)
    return len(history.epoch)


def test_a_training_goes_on_from_its_backup(tmp_path):
    assert epochs_run(tmp_path, 3) == 3
    assert epochs_run(tmp_path, 5) == 2


def test_a_backup_that_was_cut_costs_one_epoch_and_not_the_training(tmp_path):
    epochs_run(tmp_path, 3)
    newest = tmp_path / "latest.weights.h5"  # Keras 3; a TensorFlow checkpoint of Keras 2 is replaced as a whole
    if newest.exists():
        newest.write_bytes(newest.read_bytes()[:1000])
        assert epochs_run(tmp_path, 5) == 3
    else:
        half = tmp_path / "chief" / "ckpt-4.data-00000-of-00001.tempstate1"
        half.parent.mkdir(exist_ok=True)
        half.write_bytes(b"half")
        assert epochs_run(tmp_path, 5) == 2
