"""`FusedAdam`: Adam by TensorFlow's own kernel, on both stacks."""

import numbers

import keras
import tensorflow as tf

from aigc_tf.core.stack import KERAS_3


# Why: Keras's Adam is a dozen operations on each weight, and every one of them goes through memory as large as the
# weight. TensorFlow has a kernel that does it all in one pass. Keras 2 calls it only in `keras.optimizers.legacy.Adam`,
# whose moments are lost when a model is saved and loaded; Keras 3 does not call it at all.
@keras.saving.register_keras_serializable(package="aigc_tf")
class FusedAdam(keras.optimizers.Adam):
    """Adam in one pass over each weight: equal to `keras.optimizers.Adam` up to rounding, and faster on a CPU.

    Kingma & Ba 2015 (arXiv:1412.6980), algorithm 1 in the order given at the end of section 2. Step t = 1, 2, … is

        m ← beta_1 · m + (1 − beta_1) · gradient
        v ← beta_2 · v + (1 − beta_2) · gradient²
        weight ← weight − learning_rate · √(1 − beta_2ᵗ) / (1 − beta_1ᵗ) · m / (√v + epsilon)

    so `epsilon` is the paper's ε̂, as in Keras. A sparse gradient, as an embedding has, is made dense first: the
    gradients of a row that occurs several times in a batch are added up before they are squared. Keras 2 does so, too;
    Keras 3 squares each of them.

    Args:
        learning_rate: a number, or a `keras.optimizers.schedules.LearningRateSchedule`.
        beta_1: decay of the mean of the gradients, in [0, 1).
        beta_2: decay of the mean of their squares, in [0, 1).
        epsilon: above 0, in units of the gradients.
        name: of the optimizer.

    Raises:
        ValueError: for what else `keras.optimizers.Adam` takes (amsgrad, weight decay, clipping, averaging, gradient
            accumulation, loss scaling, …), a learning rate of another kind, or a beta or epsilon out of range.
    """

    def __init__(
        self, learning_rate=1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-7, *, name="fused_adam", **unsupported
    ):
        if unsupported:
            received = ", ".join(f"{argument}={value!r}" for argument, value in unsupported.items())
            raise ValueError("FusedAdam takes learning_rate, beta_1, beta_2, epsilon and name; for more there is "
                             f"keras.optimizers.Adam. Received: {received}")
        if isinstance(learning_rate, numbers.Real):
            learning_rate = float(learning_rate)
        elif not isinstance(learning_rate, keras.optimizers.schedules.LearningRateSchedule):
            raise ValueError(f"learning_rate must be a number or a LearningRateSchedule. Received: {learning_rate!r}")
        if not (0 <= beta_1 < 1 and 0 <= beta_2 < 1 and epsilon > 0):
            raise ValueError("beta_1 and beta_2 must be in [0, 1), and epsilon above 0. "
                             f"Received: beta_1={beta_1}, beta_2={beta_2}, epsilon={epsilon}")
        super().__init__(learning_rate, beta_1, beta_2, epsilon, name=name)

    def get_config(self):
        config = super().get_config()
        return {name: config[name] for name in ("learning_rate", "beta_1", "beta_2", "epsilon", "name")}

    def update_step(self, gradient, variable, learning_rate=None):
        """Updates one weight and its moments. Keras calls it: Keras 3 with the learning rate, Keras 2 without."""
        if isinstance(gradient, tf.IndexedSlices):
            gradient = tf.math.unsorted_segment_sum(gradient.values, gradient.indices, variable.shape[0])
        learning_rate = self.learning_rate if learning_rate is None else learning_rate
        index = self._get_variable_index(variable) if KERAS_3 else self._index_dict[self._var_key(variable)]
        step = tf.cast(self.iterations + 1, variable.dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].handle,
            v=self._velocities[index].handle,
            beta1_power=self.beta_1**step,
            beta2_power=self.beta_2**step,
            lr=tf.cast(learning_rate, variable.dtype),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=gradient,
        )


def orthogonalize(matrix, steps=5):
    """The matrix with its singular values brought near 1, in its own directions.

    `steps` times X ← a X + (b A + c A²) X with A = X Xᵀ, from X = matrix / ‖matrix‖: a polynomial that lifts small
    singular values fast and keeps large ones near 1. After five steps those above a 600th of the norm lie between 0.68
    and 1.2; smaller ones have grown by a factor of up to 480. (Jordan et al. 2024,
    https://kellerjordan.github.io/posts/muon; the coefficients are theirs.)

    Args:
        matrix: (rows, columns).
        steps: how often, at least 1.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    tall = matrix.shape[0] > matrix.shape[1]
    result = tf.transpose(matrix) if tall else matrix  # so that A is the smaller of the two products
    result /= tf.norm(result) + 1e-7
    for _ in range(steps):
        product = tf.matmul(result, result, transpose_b=True)
        result = a * result + tf.matmul(b * product + c * tf.matmul(product, product), result)
    return tf.transpose(result) if tall else result


@keras.saving.register_keras_serializable(package="aigc_tf")
class Muon(FusedAdam):
    """Momentum whose matrix is made orthogonal before each step; what is no matrix inside the network gets Adam.

    For a weight (rows, columns) of a dense layer, step by step:

        velocity ← momentum · velocity + gradient
        weight ← weight − learning_rate · √max(1, columns / rows) · orthogonalize(gradient + momentum · velocity)

    so all directions of a matrix learn at the same speed, also those that the gradient hardly knows of. Embeddings, the
    logits' weights, biases and gains get Adam at `adam_ratio` times the learning rate. (Jordan et al. 2024,
    https://kellerjordan.github.io/posts/muon. Keras keeps weights transposed, hence columns / rows. The kernels of
    convolutions get Adam, too; the authors make matrices of them.)

    Args:
        learning_rate: of the matrices: a number or a schedule.
        adam_ratio: Adam's learning rate as a multiple of it, above 0.
        momentum: in [0, 1).
        beta_1, beta_2, epsilon, name: of Adam, see `FusedAdam`.

    Raises:
        ValueError: for a number out of range, or what `FusedAdam` refuses.
    """

    def __init__(self, learning_rate=0.02, adam_ratio=0.15, momentum=0.95, *, name="muon", **adam):
        if not (0 <= momentum < 1 and adam_ratio > 0):
            raise ValueError("momentum must be in [0, 1), and adam_ratio above 0. "
                             f"Received: momentum={momentum}, adam_ratio={adam_ratio}")
        super().__init__(learning_rate, name=name, **adam)
        self.adam_ratio, self.momentum = adam_ratio, momentum

    def get_config(self):
        return {**super().get_config(), "adam_ratio": self.adam_ratio, "momentum": self.momentum}

    def update_step(self, gradient, variable, learning_rate=None):
        """Updates one weight, by Muon or by Adam. Keras calls it: Keras 3 with the learning rate, Keras 2 without."""
        learning_rate = self.learning_rate if learning_rate is None else learning_rate
        index = self._get_variable_index(variable) if KERAS_3 else self._index_dict[self._var_key(variable)]
        # Keras 3 hands over the variable inside its own, and of the two only its own is named after the layer.
        if not is_hidden_matrix(self._trainable_variables[index] if KERAS_3 else variable):
            return super().update_step(gradient, variable, self.adam_ratio * learning_rate)
        velocity = self._momentums[index]
        velocity.assign(self.momentum * velocity + gradient)
        rows, columns = variable.shape
        scale = max(1.0, columns / rows) ** 0.5
        variable.assign(variable - learning_rate * scale * orthogonalize(gradient + self.momentum * velocity))


def is_hidden_matrix(variable):
    """Whether Muon is for a weight: a matrix, of a layer that is no embedding and not called `logits`."""
    owner = "/".join(getattr(variable, "path", variable.name).split("/")[-2:])  # the layer's name and the weight's own
    return len(variable.shape) == 2 and not any(part in owner for part in ("embedding", "logits"))
