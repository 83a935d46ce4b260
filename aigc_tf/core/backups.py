"""Backups of a training that survive a kill, the same on both stacks."""

import json
import tempfile
from pathlib import Path

import keras
import tensorflow as tf

from aigc_tf.core.stack import KERAS_3


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
    if KERAS_3:
        return _KerasBackup(str(folder), double_checkpoint=True, delete_checkpoint=False)
    return keras.callbacks.BackupAndRestore(str(folder), delete_checkpoint=False)


def epochs_in_backup(folder):
    """How many epochs the backup in `folder` holds, which is the number of the epoch that comes next; 0 without one."""
    if not KERAS_3:
        path = tf.train.latest_checkpoint(Path(folder) / "chief")
        epoch = "ckpt_saved_epoch/.ATTRIBUTES/VARIABLE_VALUE"
        return 0 if path is None else int(tf.train.load_checkpoint(path).get_tensor(epoch)) + 1
    path = Path(folder) / "training_metadata.json"
    return json.loads(path.read_text(encoding="utf-8"))["epoch"] if path.exists() else 0
