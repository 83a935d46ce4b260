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
