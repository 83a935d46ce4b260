"""The few pieces of TensorFlow Addons that the chapters use, under the same names on both stacks.

On the classic stack (Keras 2) every name calls TensorFlow Addons (`tfa`). `tfa` reached its end of life in
2024 and has no release for later TensorFlow, so on the current stack (Keras 3) the same names are made from
Keras itself. This is the only module that imports `tfa`.
"""

import warnings

import keras
import tensorflow as tf

from aigc_tf.core.noise import seed_pair
from aigc_tf.core.stack import KERAS_3

if not KERAS_3:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tfa greets every import with its end-of-life notice
        import tensorflow_addons as tfa


def rotate(images, angles):
    """Rotates images about their centres, counter-clockwise as seen on the screen.

    Pixels are interpolated bilinearly; what comes in from outside the image is 0.

    Args:
        images: float32 (N, H, W, C).
        angles: radians, a scalar for all images or one per image, (N,).

    Returns:
        float32 (N, H, W, C).

    Raises:
        ValueError: if `images` is not float32 of rank 4, or `angles` has another shape.
    """
    images = _checked_images(images)
    angles = _one_per_image("angles", angles, images, item_shape=())
    if KERAS_3:
        rows = _rotation_rows(angles, images)
        rotated = keras.ops.image.affine_transform(images, rows, interpolation="bilinear")
    else:
        rotated = tfa.image.rotate(images, angles, interpolation="bilinear")
    return tf.ensure_shape(rotated, images.shape)


def translate(images, shifts):
    """Moves images by (dx, dy) pixels: dx > 0 to the right, dy > 0 down; negative ones to the left and up.

    Shifts need not be whole: pixels are interpolated bilinearly. What comes in from outside the image is 0.

    Args:
        images: float32 (N, H, W, C).
        shifts: pixels, (2,) for all images or (N, 2), as (dx, dy).

    Returns:
        float32 (N, H, W, C).

    Raises:
        ValueError: if `images` is not float32 of rank 4, or `shifts` has another shape.
    """
    images = _checked_images(images)
    shifts = _one_per_image("shifts", shifts, images, item_shape=(2,))
    if KERAS_3:
        rows = _translation_rows(shifts)
        moved = keras.ops.image.affine_transform(images, rows, interpolation="bilinear")
    else:
        moved = tfa.image.translate(images, shifts, interpolation="bilinear")
    return tf.ensure_shape(moved, images.shape)


def random_rotate_translate(images, max_angle, max_shift, *, seed=None):
    """Turns and moves every image by its own small random amount.

    Angles are uniform in [-max_angle, max_angle]; shifts are whole pixels in {-max_shift, ..., max_shift}, so
    that only the rotation blurs. A pure function of `images` and `seed`: the same seed gives the same result.

    In a pipeline use it with `data.with_new_draws`, which feeds a new seed with every batch. In a plain
    `dataset.map` it would repeat itself in every epoch, and an augmentation that repeats itself is none.

        augment = functools.partial(random_rotate_translate, max_angle=0.2, max_shift=2)
        dataset = with_new_draws(dataset, augment, seed=1)

    Args:
        images: float32 (N, H, W, C).
        max_angle: radians, at least 0.
        max_shift: whole pixels, an int of at least 0.
        seed: an integer, or two; None draws them afresh.

    Returns:
        float32 (N, H, W, C), with the same static shape.

    Raises:
        ValueError: if `images` is not float32 of rank 4, or a maximum is negative or a shift not whole.
    """
    images = _checked_images(images)
    if max_angle < 0 or max_shift < 0 or max_shift != int(max_shift):
        raise ValueError("max_angle must be at least 0, and max_shift a whole number of at least 0. "
                         f"Received: max_angle={max_angle}, max_shift={max_shift}")
    if seed is None:
        seed = tf.random.uniform((2,), maxval=2**31 - 1, dtype=tf.int32)
    angle_seed, shift_seed = tf.unstack(tf.random.experimental.stateless_split(seed_pair(seed), 2))
    num_images = tf.shape(images)[0]
    angles = tf.random.stateless_uniform((num_images,), angle_seed, -max_angle, max_angle)
    steps = int(max_shift)
    shifts = tf.random.stateless_uniform((num_images, 2), shift_seed, -steps, steps + 1, dtype=tf.int32)
    return translate(rotate(images, angles), tf.cast(shifts, tf.float32))


def _checked_images(images):
    """Returns `images` as a tensor, or says what is wrong with them."""
    images = tf.convert_to_tensor(images)
    if images.dtype != tf.float32 or images.shape.rank != 4:
        raise ValueError("images must be float32 of shape (N, H, W, C). "
                         f"Received: dtype={images.dtype.name}, shape={images.shape}")
    return images


def _one_per_image(name, values, images, item_shape):
    """Returns `values`, given once for all images or once per image, as a tensor (N, *item_shape)."""
    values = tf.convert_to_tensor(values, tf.float32)
    per_image = tf.TensorShape((images.shape[0], *item_shape))
    if values.shape.is_compatible_with(item_shape):
        return tf.broadcast_to(values, (tf.shape(images)[0], *item_shape))
    if not values.shape.is_compatible_with(per_image):
        raise ValueError(f"{name} must have shape {item_shape} or {per_image}. "
                         f"Received: shape={values.shape}")
    return values


def _rotation_rows(angles, images):
    """Returns (N, 8) rows for `affine_transform`: where in the input each output pixel (x, y) comes from."""
    cos, sin = tf.cos(angles), tf.sin(angles)
    x_centre = tf.cast(tf.shape(images)[2] - 1, tf.float32) / 2
    y_centre = tf.cast(tf.shape(images)[1] - 1, tf.float32) / 2
    zeros = tf.zeros_like(angles)
    return tf.stack([cos, -sin, x_centre - cos * x_centre + sin * y_centre,
                     sin, cos, y_centre - sin * x_centre - cos * y_centre, zeros, zeros], axis=1)


def _translation_rows(shifts):
    """Returns (N, 8) rows for `affine_transform` that move images by `shifts` (N, 2)."""
    dx, dy = tf.unstack(shifts, axis=1)
    ones, zeros = tf.ones_like(dx), tf.zeros_like(dx)
    return tf.stack([ones, zeros, -dx, zeros, ones, -dy, zeros, zeros], axis=1)


class _KerasLayerNormLSTMCell(keras.layers.LSTMCell):
    """The successor of `tfa.rnn.LayerNormLSTMCell` without its dropout: same weights in the same order, same result.

    An LSTM cell whose sums are normalized before its nonlinearities, and its carried state after each step (Ba et al.
    2016, arXiv:1607.06450, equations 20 to 22, which leave the carried state itself as it is).

    Args:
        units: size of the two states.
        norm_epsilon: what the three normalizations add to the variance.
    """

    def __init__(self, units, norm_epsilon=1e-3, **kwargs):
        super().__init__(units, **kwargs)
        self.norm_epsilon = norm_epsilon
        self.kernel_norm = keras.layers.LayerNormalization(epsilon=norm_epsilon, name="kernel_norm")
        self.recurrent_norm = keras.layers.LayerNormalization(epsilon=norm_epsilon, name="recurrent_norm")
        self.state_norm = keras.layers.LayerNormalization(epsilon=norm_epsilon, name="state_norm")

    def build(self, input_shape):
        super().build(input_shape)
        self.kernel_norm.build((None, 4 * self.units))
        self.recurrent_norm.build((None, 4 * self.units))
        self.state_norm.build((None, self.units))

    def call(self, inputs, states, training=False):
        output, carried = states
        sums = self.kernel_norm(tf.matmul(inputs, self.kernel))
        sums += self.recurrent_norm(tf.matmul(output, self.recurrent_kernel)) + self.bias
        input_gate, forget_gate, candidate, output_gate = tf.split(sums, 4, axis=-1)
        carried = tf.sigmoid(forget_gate) * carried + tf.sigmoid(input_gate) * tf.tanh(candidate)
        carried = self.state_norm(carried)
        output = tf.sigmoid(output_gate) * tf.tanh(carried)
        return output, [output, carried]

    def get_config(self):
        return {**super().get_config(), "norm_epsilon": self.norm_epsilon}


LayerNormLSTMCell = _KerasLayerNormLSTMCell if KERAS_3 else tfa.rnn.LayerNormLSTMCell


@keras.saving.register_keras_serializable(package="aigc_tf")
class _KerasInstanceNormalization(keras.layers.GroupNormalization):
    """The successor of `tfa.layers.InstanceNormalization`: a group for each channel, same weights, same result.

    Its layers are named as that class's are, since the names of weights in checkpoints are made of them.
    """

    def __init__(self, name=None, **kwargs):
        name = name or f"instance_normalization_{keras.backend.get_uid('instance_normalization')}"
        super().__init__(name=name, **{**kwargs, "groups": -1})  # a config has their number, which the channels give


InstanceNormalization = _KerasInstanceNormalization if KERAS_3 else tfa.layers.InstanceNormalization
