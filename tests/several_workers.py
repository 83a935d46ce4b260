"""What each worker of tests/test_workers.py runs: every model of the contract, under the strategy of its TF_CONFIG."""

import functools
import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from models import MODELS, SHARED, constant_draws

from aigc_tf import autoencoder, workers
from aigc_tf.core.distribute import fit_on_workers


def flat(variables):
    return np.concatenate([variable.numpy().ravel() for variable in variables])


def two_steps(row, **options):
    """Losses, weights and the change of the weights after two batches of eight; plain SGD, as in the contract."""
    model = row.compiled(optimizer=functools.partial(keras.optimizers.SGD, 1e-3), **options)
    start = flat(model.trainable_variables)
    history = fit_on_workers(model, row.batches(16, 8), epochs=1, steps_per_epoch=2).history
    return {**history, "weights": flat(model.weights), "change": flat(model.trainable_variables) - start}


def main(folder):
    """Trains all models, and the first of them wrongly too; writes what they learnt to a file for each worker."""
    strategy, results = workers.join(), {}
    with strategy.scope(), constant_draws():
        for name, row in SHARED.items():
            results |= {f"{name}: {key}": value for key, value in two_steps(row).items()}
        autoencoder.batch_mean = tf.reduce_mean  # what learners write: the mean over the worker's own part of the batch
        wrong = two_steps(MODELS["dense autoencoder"])
        results |= {f"local mean: {key}": value for key, value in wrong.items()}
    np.savez(Path(folder) / f"{strategy.cluster_resolver.task_id}.npz", **results)


if __name__ == "__main__":
    main(sys.argv[1])
