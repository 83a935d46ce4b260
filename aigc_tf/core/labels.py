"""Labels of conditional models: checked, one-hot, and beside the input of a network."""

import tensorflow as tf

from aigc_tf.core.inputs import as_labels


def one_hot_labels(labels, num_classes, batch_size):
    """One-hot labels (batch, num_classes) for a conditional model; None for a model without classes.

    Args:
        labels: (batch,) integers in [0, num_classes), or None.
        num_classes: of the model, or None.
        batch_size: how many labels there must be.

    Raises:
        ValueError: for missing labels, labels that the model has no use for, or bad ones (see `inputs.as_labels`).
    """
    if not num_classes:
        if labels is not None:
            raise ValueError("This model has num_classes=None and takes no labels. Received: labels")
        return None
    if labels is None:
        raise ValueError(f"This model was made with num_classes={num_classes} and needs labels. Received: None")
    return tf.one_hot(as_labels(labels, num_classes, batch_size), num_classes)


def with_labels(inputs, one_hot):
    """What a network takes: `inputs` alone, or `[inputs, one_hot]` where there are labels."""
    return inputs if one_hot is None else [inputs, one_hot]
