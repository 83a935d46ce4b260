"""How long is one training step of chapter 2's VAE, beside peers and the machine's limit?  One run, interleaved.

    python benchmarks/vae_step.py          writes benchmarks/vae_step.json; two minutes on two idle cores

Compared, at batch 128, one network (784-512-384-40, ELU) and one objective, Bernoulli pixels:

- ours: `aigc_tf.vae.VAE` by `fit` with `keras.optimizers.Adam`, as in the chapters, 16 steps per execution; images are
  binarized anew in every epoch. It alone also watches for NaN.
- ours with FusedAdam: the same with `aigc_tf.core.optimizers.FusedAdam`, as in the recipes.
- one compiled loop: `VAE.train_step` with FusedAdam on the same batches, the whole round in one graph, without `fit`.
- the Keras example's way: a sampling layer, a `train_step` with three trackers, `fit` on an array of images, which are
  binarized once.
- eager TensorFlow: the same step in a Python loop, without `tf.function`, as the articles train.
- PyTorch, and PyTorch compiled (`pytorch_programs.py`): the same number of weights (asserted), binarized anew.
- the limit: the multiplications and additions of the step's products, at the rate of one large product.

A step by `fit` is timed inside the epoch; what an epoch takes before and after is recorded by itself. (An array's
pipeline is autotuned, and at the end of an epoch the iterator waits for the tuner: see `aigc_tf.data.prefetched`.)
"""

import functools

import keras
import pytorch
import tensorflow as tf
from keras import layers
from results import machine, sized, store
from steps import measured
from timing import compiled_loop, timed, timed_fit

from aigc_tf import data
from aigc_tf.core.optimizers import FusedAdam
from aigc_tf.vae import VAE, build_decoder, build_encoder

BATCH_SIZE, STEPS_PER_EXECUTION = 128, 16
STEPS, EAGER_STEPS, ROUNDS = sized(160, 32), sized(20, 2), sized(5, 2)
SIZES = ((28, 28, 1), 40, (512, 384), None, "elu")  # of the networks
WIDTHS = (784, 512, 384, 40)


class Sampling(layers.Layer):
    """The Keras example's sampling layer."""

    def call(self, inputs):
        mean, log_var = inputs
        return mean + tf.exp(0.5 * log_var) * tf.random.normal(tf.shape(mean))


class ExampleVAE(keras.Model):
    """A VAE as the Keras example writes it, on our networks."""

    def __init__(self):
        super().__init__()
        self.encoder, self.decoder, self.sampling = build_encoder(*SIZES), build_decoder(*SIZES), Sampling()
        self.trackers = [keras.metrics.Mean(name=name) for name in ("loss", "reconstruction_loss", "kl_loss")]

    @property
    def metrics(self):
        return self.trackers

    def losses_of(self, images):
        mean, log_var = self.encoder(images)
        logits = self.decoder(self.sampling([mean, log_var]))
        entropies = tf.nn.sigmoid_cross_entropy_with_logits(images, logits)
        reconstruction = tf.reduce_mean(tf.reduce_sum(entropies, axis=(1, 2, 3)))
        kl = -0.5 * (1 + log_var - tf.square(mean) - tf.exp(log_var))
        kl = tf.reduce_mean(tf.reduce_sum(kl, axis=1))
        return reconstruction + kl, reconstruction, kl

    def train_step(self, images):
        with tf.GradientTape() as tape:
            losses = self.losses_of(images)
        gradients = tape.gradient(losses[0], self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights))
        for tracker, loss in zip(self.trackers, losses):
            tracker.update_state(loss)
        return {tracker.name: tracker.result() for tracker in self.trackers}


# ---- the contenders; `images` are bytes, and one epoch shows each of them once ----


def binarized_anew(images):
    return data.with_new_draws(data.image_dataset(images, batch_size=BATCH_SIZE), data.binarize)


def ours(images, adam=keras.optimizers.Adam):
    """(model, its `fit` on the images)."""
    model = VAE(*SIZES[:3])
    model.compile(optimizer=adam(1e-3), steps_per_execution=STEPS_PER_EXECUTION)
    return model, functools.partial(model.fit, binarized_anew(images), verbose=0)


def keras_example(images):
    """(model, its `fit` on the images)."""
    model = ExampleVAE()
    model.compile(optimizer=keras.optimizers.Adam(1e-3))
    binary = data.binarize(data.scale_images(images), seed=0).numpy()
    return model, functools.partial(model.fit, binary, batch_size=BATCH_SIZE, verbose=0)


def without_fit(images, steps):
    """A function that trains so many steps in one graph."""
    model = VAE(*SIZES[:3])
    model.compile(optimizer=FusedAdam(1e-3))
    model.optimizer.build(model.trainable_variables)
    return compiled_loop(lambda batch: model.train_step(batch)["loss"], binarized_anew(images), steps)


def eager_loop(images):
    """(model, function that trains one epoch)."""
    model, optimizer, batches = ExampleVAE(), keras.optimizers.Adam(1e-3), binarized_anew(images)

    def train():
        for images in batches:
            with tf.GradientTape() as tape:
                loss = model.losses_of(images)[0]
            gradients = tape.gradient(loss, model.trainable_weights)
            optimizer.apply_gradients(zip(gradients, model.trainable_weights))

    return model, train


def pytorch_program(images, test, seed=0, compiled=False):
    program = pytorch.Program(
        "VAE", images=images, test=test, seed=seed, batch_size=BATCH_SIZE, compiled=compiled
    )
    networks = build_encoder(*SIZES), build_decoder(*SIZES)
    assert program("count") == pytorch.count_weights(*networks), "not the same networks"
    return program


def step_gflop():
    """10⁹ multiplications and additions: forward, weights' gradients, inputs' gradients (none for the images)."""
    encoder = [a * b for a, b in zip(WIDTHS[:-1], (*WIDTHS[1:-1], 2 * WIDTHS[-1]))]
    decoder = [a * b for a, b in zip(WIDTHS[::-1][:-1], WIDTHS[::-1][1:])]
    return 2 * BATCH_SIZE * (3 * sum(encoder + decoder) - encoder[0]) / 1e9


def main():
    keras.utils.set_random_seed(0)
    images = data.load_mnist().train_images[:STEPS * BATCH_SIZE]
    contenders = {
        "ours": timed_fit(ours(images)[1]),
        "ours with FusedAdam": timed_fit(ours(images, FusedAdam)[1]),
        "one compiled loop": timed(STEPS, without_fit(images, STEPS)),
        "Keras example's way": timed_fit(keras_example(images)[1]),
        "eager TensorFlow loop": timed(EAGER_STEPS, eager_loop(images[:EAGER_STEPS * BATCH_SIZE])[1]),
    }
    test = data.binarize(data.scale_images(images[:1]), seed=0).numpy()  # of which nothing is asked
    contenders |= pytorch.contenders(functools.partial(pytorch_program, images, test), STEPS)
    record = {
        "work": f"a step of VAE 784-512-384-40, batch {BATCH_SIZE}; {ROUNDS} rounds of {STEPS} steps "
        f"({EAGER_STEPS} eager), every contender in turn",
        "machine": machine(),
        "VAE": measured(contenders, ROUNDS, step_gflop()),
    }
    store(__file__, record)


if __name__ == "__main__":
    main()
