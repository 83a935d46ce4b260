"""What changes when several devices share a batch: two lines of a custom `train_step`, and `fit` itself."""

import keras
import tensorflow as tf

from aigc_tf.core.stack import KERAS_3


def batch_mean(per_example):
    """Mean over the GLOBAL batch: Σ losses of this replica / number of examples on all replicas.

    Under `tf.distribute` each replica sees a part of the batch and the optimizer adds the replicas' gradients up, so
    each must divide by the size of the whole batch; with one device this is an ordinary mean.

    Args:
        per_example: losses, shape (batch,).

    Returns:
        A scalar in the units of `per_example`.
    """
    count = tf.cast(tf.shape(per_example)[0], per_example.dtype)
    replica = tf.distribute.get_replica_context()
    if replica is not None and replica.num_replicas_in_sync > 1:
        count = replica.all_reduce(tf.distribute.ReduceOp.SUM, count)
    return tf.reduce_sum(per_example) / count


def clip_by_global_norm(gradients, clip_norm):
    """Gradients, scaled down together if the norm over all of them is above `clip_norm`.

    It is the norm of the WHOLE batch's gradient: devices add theirs up first, and each then hands an equal share of the
    clipped sum to the optimizer, which adds the shares up again. (An optimizer's own `global_clipnorm` clips each
    device's part before that sum, so two devices would not learn what one does.)

    Args:
        gradients: list of tensors.
        clip_norm: largest norm, above 0.

    Returns:
        List of tensors.
    """
    gradients = [tf.convert_to_tensor(gradient) for gradient in gradients]  # an embedding's are sparse
    replica = tf.distribute.get_replica_context()
    devices = 1 if replica is None else replica.num_replicas_in_sync
    if devices > 1:
        gradients = replica.all_reduce(tf.distribute.ReduceOp.SUM, gradients)
    gradients, _ = tf.clip_by_global_norm(gradients, clip_norm)
    return [gradient / devices for gradient in gradients]


def fit_on_workers(model, batches, *, epochs, steps_per_epoch, initial_epoch=0, callbacks=()):
    """`model.fit` for a model that was made under `tf.distribute.MultiWorkerMirroredStrategy`.

    Keras 2's `fit` knows that strategy. Keras 3's does not (keras-team/keras issue 20585): it fails where it takes the
    mean of the logs over workers. There, this does what `fit` does, without those logs: `strategy.run` calls the
    model's own `train_step`, and what an epoch reports is read from its metrics, which are sums over all workers.

    Args:
        model: compiled.
        batches: a dataset of global batches, endless or of all the epochs to come.
        epochs, steps_per_epoch, initial_epoch, callbacks: as in `fit`.

    Returns:
        Keras's `History`.
    """
    if not KERAS_3:
        return model.fit(batches, epochs=epochs, steps_per_epoch=steps_per_epoch, initial_epoch=initial_epoch,
                         callbacks=[*callbacks], verbose=0)
    strategy = model.distribute_strategy

    def step(batch):
        strategy.run(model.train_step, args=(batch,))

    step = step if model.run_eagerly else tf.function(step)
    calls = keras.callbacks.CallbackList([*callbacks], add_history=True, model=model, epochs=epochs,
                                         steps=steps_per_epoch)
    calls.on_train_begin()
    iterator = iter(strategy.experimental_distribute_dataset(batches))
    for epoch in range(initial_epoch, epochs):
        model.reset_metrics()
        calls.on_epoch_begin(epoch)
        for number in range(steps_per_epoch):
            calls.on_train_batch_begin(number)
            step(next(iterator))
            calls.on_train_batch_end(number)
        calls.on_epoch_end(epoch, {name: float(value) for name, value in model.get_metrics_result().items()})
    calls.on_train_end()
    return model.history
