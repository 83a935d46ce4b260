"""The one line of a custom `train_step` that changes when several devices share a batch."""

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
