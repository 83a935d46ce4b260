"""What every model accepts: shapes are checked always, values where a look is cheap, outside of `tf.function`."""

import tensorflow as tf

ROUNDING = 1e-3  # how far outside of [0, 1] rotated or mixed images may land


def as_images(images, image_shape):
    """Images as a float32 tensor (batch, *image_shape).

    Raises:
        ValueError: for another shape, integers, or (outside of `tf.function`) NaN or values that are not in [0, 1].
    """
    images = tf.convert_to_tensor(images)
    if images.shape.rank == 0 or images.shape[1:] != image_shape:
        raise ValueError(f"Images must have shape (batch, *{image_shape}). Received: {tuple(images.shape)}")
    if not images.dtype.is_floating:
        raise ValueError(f"Images must be floats in [0, 1] (see data.scale_images). Received: {images.dtype.name}")
    images = tf.cast(images, tf.float32)
    if tf.executing_eagerly() and not tf.reduce_all((images >= -ROUNDING) & (images <= 1 + ROUNDING)):  # nor NaN
        low, high = images.numpy().min(), images.numpy().max()
        raise ValueError(f"Images must be finite and lie in [0, 1]. Received: values from {low} to {high}")
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
        tf.debugging.assert_non_negative(labels, message=problem)
        tf.debugging.assert_less(labels, num_classes, message=problem)
    elif labels.shape[0] != batch_size or tf.reduce_any((labels < 0) | (labels >= num_classes)):
        raise ValueError(f"{problem}. Received: {labels.numpy()} for {batch_size} images")
    return labels


def unpack(data):
    """The two parts of a batch, which is images alone (then the second is None) or a pair."""
    first, second = data if isinstance(data, (tuple, list)) else (data, None)
    return first, second
