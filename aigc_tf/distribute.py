"""The two lines of a custom `train_step` that change when several devices share a batch."""

import tensorflow as tf


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
    clipped sum to the optimizer, which adds the shares up again.

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
