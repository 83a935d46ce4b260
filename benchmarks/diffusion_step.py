"""How long is one training step of chapter 7's diffusion model, beside peers and the machine's limit?  Interleaved.

    python benchmarks/diffusion_step.py      writes benchmarks/diffusion_step.json; three minutes on two idle cores

Compared, at batch 64, on MNIST with all labels, one network: the U-Net of the recipe `conditional_diffusion`.

- ours: `aigc_tf.diffusion.Diffusion` by `fit` with `keras.optimizers.Adam`: flow matching, a share of the labels
  hidden, a moving average of the weights. It alone also watches for NaN.
- ours with FusedAdam: the same with `aigc_tf.core.optimizers.FusedAdam`, as in the recipe.
- the Keras example's way (its DDIM): evenly drawn times on its cosine schedule, the absolute error of the noise, the
  error of the image as a second mean, an average of the weights by a Python loop; `fit` on a dataset that shuffles
  images one by one. Its own network and AdamW are replaced by ours and Adam; every label is seen.
- PyTorch, and PyTorch compiled (`pytorch_programs.py`): the same layers with the same number of weights (asserted), the
  same losses, draws and hidden labels as ours, the average by PyTorch's own `AveragedModel`.
- the limit: the multiplications and additions of our step's matrix products and convolutions, at the rate that the
  machine reaches in one large product. Small products are slower (`limits.py`).

A step by `fit` is timed inside the epoch; what an epoch takes before and after is recorded by itself.
"""

import functools
import math

import keras
import pytorch
import tensorflow as tf
from limits import multiply_adds
from results import machine, sized, store
from steps import measured
from timing import timed_fit

from aigc_tf import data
from aigc_tf.core.optimizers import FusedAdam
from aigc_tf.diffusion import Diffusion, time_features
from aigc_tf.recipes import CONDITIONAL_DIFFUSION

BATCH_SIZE, LEARNING_RATE = 64, 3e-3
STEPS, ROUNDS = sized(20, 2), sized(5, 1)


# ---- the contenders; `images` are bytes, and one epoch shows each of them once ----


def ours(config, images, labels, adam=keras.optimizers.Adam):
    """(model, its `fit` on the images)."""
    model = Diffusion(**config)
    model.compile(optimizer=adam(LEARNING_RATE))
    batches = data.image_dataset(images, labels, batch_size=BATCH_SIZE)
    return model, functools.partial(model.fit, batches, verbose=0)


class ExampleDiffusion(keras.Model):
    """The Keras example's DDIM, `train_step` and all, on our networks."""

    START, END = math.acos(0.95), math.acos(0.02)  # angles whose cosines are the most and the least of the image

    def __init__(self, config):
        super().__init__()
        model = Diffusion(**config)
        self.network, self.ema_network, self.ema = model.network, model.average_network, model.ema_decay
        self.loss_fn = keras.losses.MeanAbsoluteError()
        self.means = [keras.metrics.Mean(name="noise_loss"), keras.metrics.Mean(name="image_loss")]

    @property
    def metrics(self):
        return self.means

    def losses_of(self, images, one_hot):
        """Errors of the noise, which it learns from, and of the image."""
        noises = tf.random.normal(tf.shape(images))
        angles = self.START + tf.random.uniform((tf.shape(images)[0], 1, 1, 1)) * (self.END - self.START)
        signal_rates, noise_rates = tf.cos(angles), tf.sin(angles)
        noisy_images = signal_rates * images + noise_rates * noises
        noise_variances = tf.reshape(noise_rates**2, (-1,))  # what the example tells its network instead of the time
        predicted_noises = self.network([noisy_images, time_features(noise_variances), one_hot], training=True)
        predicted_images = (noisy_images - noise_rates * predicted_noises) / signal_rates
        return self.loss_fn(noises, predicted_noises), self.loss_fn(images, predicted_images)

    def train_step(self, batch):
        with tf.GradientTape() as tape:
            losses = self.losses_of(*batch)
        weights = self.network.trainable_weights
        self.optimizer.apply_gradients(zip(tape.gradient(losses[0], weights), weights))
        for mean, loss in zip(self.means, losses):
            mean.update_state(loss)
        for weight, ema_weight in zip(self.network.weights, self.ema_network.weights):
            ema_weight.assign(self.ema * ema_weight + (1 - self.ema) * weight)
        return {mean.name: mean.result() for mean in self.means}


def keras_example(config, images, labels):
    """(model, its `fit` on the images, which are shuffled one by one)."""
    model = ExampleDiffusion(config)
    model.compile(optimizer=keras.optimizers.Adam(LEARNING_RATE))
    pairs = 2 * data.scale_images(images) - 1, tf.one_hot(labels, config["num_classes"])
    batches = tf.data.Dataset.from_tensor_slices(pairs).shuffle(10 * BATCH_SIZE).batch(BATCH_SIZE, drop_remainder=True)
    return model, functools.partial(model.fit, batches.prefetch(tf.data.AUTOTUNE), verbose=0)


def pytorch_program(config, images, labels, seed=0, compiled=False):
    model = Diffusion(**config)
    settings = {name: getattr(model, name) for name in ("widths", "num_classes", "label_dropout", "ema_decay")}
    program = pytorch.Program(
        "Diffusion", images=images, labels=labels, seed=seed, batch_size=BATCH_SIZE, learning_rate=LEARNING_RATE,
        compiled=compiled, **settings,
    )
    assert program("count") == pytorch.count_weights(model.network), "not the same network"
    return program


# ---- the limit ----


def step_gflop(network):
    """10⁹ multiplications and additions: forward, weights' gradients, inputs' gradients (none for what goes in)."""
    layers = multiply_adds(network)
    first = sum(layers[name] for name in ("down0", "time", "label"))
    return 2 * BATCH_SIZE * (3 * sum(layers.values()) - first) / 1e9


def main():
    keras.utils.set_random_seed(0)
    mnist = data.load_mnist()
    work = CONDITIONAL_DIFFUSION, *(part[:STEPS * BATCH_SIZE] for part in (mnist.train_images, mnist.train_labels))
    model, fit = ours(*work)
    contenders = {
        "ours": timed_fit(fit),
        "ours with FusedAdam": timed_fit(ours(*work, FusedAdam)[1]),
        "Keras example's way": timed_fit(keras_example(*work)[1]),
        **pytorch.contenders(functools.partial(pytorch_program, *work), STEPS),
    }
    record = {
        "work": f"a step of the U-Net {model.widths}, batch {BATCH_SIZE}; {ROUNDS} rounds of {STEPS} steps, every "
        "contender in turn",
        "machine": machine(),
        "diffusion U-Net": measured(contenders, ROUNDS, step_gflop(model.network)),
    }
    store(__file__, record)


if __name__ == "__main__":
    main()
