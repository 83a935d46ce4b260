"""What every model accepts; a bad value stops a compiled step, too, with the same words."""

import tensorflow as tf

ROUNDING = 1e-3  # how far outside of [0, 1] rotated or mixed images may land
OUT_OF_RANGE = "Images must be finite and lie in [0, 1]. Received:"


def as_images(images, image_shape):
    """Images as a float32 tensor (batch, *image_shape).

    Raises:
        ValueError: for another shape, integers, or (outside of `tf.function`) NaN or values that are not in [0, 1].
        tf.errors.InvalidArgumentError: for NaN or values that are not in [0, 1], inside of `tf.function`.
    """
    images = tf.convert_to_tensor(images)
    if images.shape.rank == 0 or images.shape[1:] != image_shape:
        raise ValueError(f"Images must have shape (batch, *{image_shape}). Received: {tuple(images.shape)}")
    if not images.dtype.is_floating:
        raise ValueError(f"Images must be floats in [0, 1] (see data.scale_images). Received: {images.dtype.name}")
    images = tf.cast(images, tf.float32)
    in_range = tf.reduce_all((images >= -ROUNDING) & (images <= 1 + ROUNDING))  # nor NaN
    low, high = tf.reduce_min(images), tf.reduce_max(images)
    if not tf.executing_eagerly():
        with tf.control_dependencies([tf.debugging.Assert(in_range, [f"{OUT_OF_RANGE} values from", low, "to", high])]):
            return tf.identity(images)  # nothing is computed of bad images
    if not in_range:
        raise ValueError(f"{OUT_OF_RANGE} values from {low} to {high}")
    return images


def as_latents(latents, latent_dim):
    """Latents as a float32 tensor (batch, latent_dim).

    Raises:
        ValueError: for another shape, or (outside of `tf.function`) values that are not finite.
    """
    latents = tf.convert_to_tensor(latents, tf.float32)
    if latents.shape.rank != 2 or latents.shape[1] != latent_dim:
        raise ValueError(f"Latents must have shape (batch, {latent_dim}). Received: {tuple(latents.shape)}")
    if tf.executing_eagerly() and not tf.reduce_all(tf.math.is_finite(latents)):
        raise ValueError("Latents must be finite. Received: NaN or infinity; has the training of the model diverged?")
    return latents


def as_labels(labels, num_classes, batch_size):
    """Labels as an int32 tensor (batch,).

    Raises:
        ValueError: for labels that are not integers, of another shape, or (outside of `tf.function`) not in
            [0, num_classes).
        tf.errors.InvalidArgumentError: for labels that are not in [0, num_classes), inside of `tf.function`.
    """
    labels = tf.convert_to_tensor(labels)
    problem = f"Labels must be integers from 0 to {num_classes - 1}, one for each image"
    if not labels.dtype.is_integer or labels.shape.rank != 1:
        raise ValueError(f"{problem}. Received: {labels.dtype.name} of shape {tuple(labels.shape)}")
    labels = tf.cast(labels, tf.int32)
    if not tf.executing_eagerly():
        checks = [tf.debugging.assert_non_negative(labels, message=problem),
                  tf.debugging.assert_less(labels, num_classes, message=problem)]
        with tf.control_dependencies(checks):
            return tf.identity(labels)  # nothing is computed of bad labels
    if labels.shape[0] != batch_size or tf.reduce_any((labels < 0) | (labels >= num_classes)):
        raise ValueError(f"{problem}. Received: {labels.numpy()} for {batch_size} images")
    return labels


def as_tokens(tokens, num_tokens):
    """Token numbers as an int32 tensor (batch, time).

    Raises:
        ValueError: for numbers that are not integers, of another shape, or (outside of `tf.function`) not in
            [0, num_tokens).
        tf.errors.InvalidArgumentError: for numbers that are not in [0, num_tokens), inside of `tf.function`.
    """
    tokens = tf.convert_to_tensor(tokens)
    problem = f"Tokens must be integers from 0 to {num_tokens - 1} of shape (batch, time)"
    if not tokens.dtype.is_integer or tokens.shape.rank != 2:
        raise ValueError(f"{problem}. Received: {tokens.dtype.name} of shape {tuple(tokens.shape)}")
    tokens = tf.cast(tokens, tf.int32)
    low, high = tf.reduce_min(tokens), tf.reduce_max(tokens)
    in_range = (low >= 0) & (high < num_tokens)
    if not tf.executing_eagerly():
        with tf.control_dependencies([tf.debugging.Assert(in_range, [f"{problem}. Received: from", low, "to", high])]):
            return tf.identity(tokens)  # nothing is computed of bad tokens
    if not in_range:
        raise ValueError(f"{problem}. Received: from {low} to {high}")
    return tokens


def as_weights(weights, targets):
    """Weights of targets as a float32 tensor (batch, time).

    Raises:
        ValueError: for another shape than the targets', or (outside of `tf.function`) weights below 0, NaN, or a row
            without any above 0.
        tf.errors.InvalidArgumentError: for such values, inside of `tf.function`.
    """
    weights, targets = tf.cast(weights, tf.float32), tf.convert_to_tensor(targets)
    problem = "Weights must have the targets' shape, be at least 0, and above 0 somewhere in each row"
    if not weights.shape.is_compatible_with(targets.shape):
        raise ValueError(f"{problem}. Received: {tuple(weights.shape)} for {tuple(targets.shape)}")
    least, sums = tf.reduce_min(weights), tf.reduce_sum(weights, axis=1)
    valid = (least >= 0) & tf.reduce_all((sums > 0) & tf.math.is_finite(sums))
    if not tf.executing_eagerly():
        with tf.control_dependencies([tf.debugging.Assert(valid, [f"{problem}. Received: least, sums", least, sums])]):
            return tf.identity(weights)  # nothing is computed of bad weights
    if not valid:
        raise ValueError(f"{problem}. Received: at least {float(least)}, sums of rows {sums.numpy()}")
    return weights


def unpack(data):
    """The two parts of a batch, which is images alone (then the second is None) or a pair."""
    first, second = data if isinstance(data, (tuple, list)) else (data, None)
    return first, second


def check_finite(losses, step):
    """Returns `losses`, a dict of tensors, if all are finite; stops the training of a compiled step otherwise.

    Raises:
        tf.errors.InvalidArgumentError: NaN or infinity, with the step and what to do.
    """
    hint = "A loss is NaN or infinite: lower the learning rates, or look for bad data. Received: step and losses"
    finite = tf.reduce_all([tf.reduce_all(tf.math.is_finite(values)) for values in losses.values()])
    means = [tf.reduce_mean(values) for values in losses.values()]
    tf.debugging.Assert(finite, [hint, step, ", ".join(losses), *means])
    return losses


def check_name(argument, name, known):
    """Raises ValueError unless `name` is among the known ones."""
    if name not in known:
        raise ValueError(f"{argument} must be one of {sorted(known)}. Received: {name!r}")


def check_count(num_images):
    """Raises ValueError unless at least one image is asked for."""
    if num_images < 1:
        raise ValueError(f"num_images must be at least 1. Received: {num_images}")
