"""How long is one training step of a GAN, and how far from what the machine can do?  One run, interleaved.

    python benchmarks/gan_step.py            writes benchmarks/gan_step.json; four minutes on two idle cores

Compared, at batch 64, each step being one of the discriminator and one of the generator:

- ours: `aigc_tf.gan.GAN` trained by `fit` with `keras.optimizers.Adam`, as in the chapters, 20 steps per execution. It
  alone also keeps the averaged generator, the epoch's means and a watch for NaN.
- ours with FusedAdam: the same with `aigc_tf.core.optimizers.FusedAdam`, as in the recipes.
- the Keras example's way (its DCGAN): real and fake images in one pass with noisy labels, then new latents and a second
  pass for the generator; `fit` on a dataset that shuffles images one by one.
- article 004's loop in eager TensorFlow, corrected: two tapes around one pass and no `tf.function`, as there;
  `training=True`, logits, and fresh noise for each batch, as there should be. The networks are ours, made anew.
- PyTorch, and PyTorch compiled (`pytorch_programs.py`): the same layers with the same number of weights (asserted),
  losses, Adam and passes as ours.
- the limit: the multiplications and additions of our step's matrix products and convolutions, at the rate that the
  machine reaches in one large product. Small products are slower (`limits.py`).

Two works: the dense GAN of article 000 (latents 100, generator 256-512-784, discriminator 512-256-1, no batch norm) and
the course's small DCGAN (`recipes.DCGAN`: with batch norm). Activations are the course's everywhere: ReLU, tanh at the
end, LeakyReLU in the discriminator. In the same rounds our step's parts, each in a compiled loop by itself, without
`fit`; they overlap, so they need not add up. A step by `fit` is timed inside the epoch; what an epoch takes before and
after is recorded by itself. (A dataset is autotuned by default, and then waits for its tuner at the end of an epoch.)
"""

import functools

import keras
import pytorch
import tensorflow as tf
from limits import multiply_adds
from results import machine, sized, store
from steps import measured
from timing import compiled_loop, timed, timed_fit

from aigc_tf import data
from aigc_tf.core.averages import update_average
from aigc_tf.core.optimizers import FusedAdam
from aigc_tf.gan import GAN, to_tanh_range
from aigc_tf.recipes import DCGAN

BATCH_SIZE, STEPS_PER_EXECUTION = 64, 20
LEARNING_RATE, BETA_1 = 2e-4, 0.5
WORKS = {  # each with the steps of a round
    "dense GAN": ({"latent_dim": 100, "batch_norm": False}, sized(160, 40)),  # of the default widths
    "DCGAN": (DCGAN, sized(80, 40)),
}
EAGER_STEPS, PART_STEPS, ROUNDS = sized(15, 2), sized(40, 2), sized(5, 2)


# ---- the contenders; `images` are bytes, and one epoch shows each of them once ----


def ours(config, images, adam=keras.optimizers.Adam, learning_rate=LEARNING_RATE):
    """(model, its `fit` on the images)."""
    gan = GAN(**config)
    gan.compile(*(adam(learning_rate, BETA_1) for _ in range(2)), steps_per_execution=STEPS_PER_EXECUTION)
    batches = data.image_dataset(images, batch_size=BATCH_SIZE)
    return gan, functools.partial(gan.fit, batches, verbose=0)


class ExampleGAN(keras.Model):
    """The Keras example's DCGAN, `train_step` and all, on our networks."""

    def __init__(self, config):
        super().__init__()
        gan = GAN(**config)
        self.generator, self.discriminator, self.latent_dim = gan.generator, gan.discriminator, gan.latent_dim
        self.loss_fn = keras.losses.BinaryCrossentropy(from_logits=True)
        self.means = [keras.metrics.Mean(name="d_loss"), keras.metrics.Mean(name="g_loss")]

    @property
    def metrics(self):
        return self.means

    def compile(self, d_optimizer, g_optimizer):
        super().compile()
        self.d_optimizer, self.g_optimizer = d_optimizer, g_optimizer

    def train_step(self, real_images):
        count = tf.shape(real_images)[0]
        generated_images = self.generator(tf.random.normal((count, self.latent_dim)), training=True)
        combined_images = tf.concat([generated_images, real_images], axis=0)
        labels = tf.concat([tf.ones((count, 1)), tf.zeros((count, 1))], axis=0)
        labels += 0.05 * tf.random.uniform(tf.shape(labels))
        with tf.GradientTape() as tape:
            d_loss = self.loss_fn(labels, self.discriminator(combined_images, training=True))
        weights = self.discriminator.trainable_weights
        self.d_optimizer.apply_gradients(zip(tape.gradient(d_loss, weights), weights))
        latents = tf.random.normal((count, self.latent_dim))
        with tf.GradientTape() as tape:
            predictions = self.discriminator(self.generator(latents, training=True), training=True)
            g_loss = self.loss_fn(tf.zeros((count, 1)), predictions)
        weights = self.generator.trainable_weights
        self.g_optimizer.apply_gradients(zip(tape.gradient(g_loss, weights), weights))
        for mean, loss in zip(self.means, (d_loss, g_loss)):
            mean.update_state(loss)
        return {mean.name: mean.result() for mean in self.means}


def keras_example(config, images, learning_rate=LEARNING_RATE):
    """(model, its `fit` on the images, which are shuffled one by one)."""
    model = ExampleGAN(config)
    model.compile(*(keras.optimizers.Adam(learning_rate, BETA_1) for _ in range(2)))
    batches = tf.data.Dataset.from_tensor_slices(2 * data.scale_images(images) - 1).shuffle(1024).batch(BATCH_SIZE)
    return model, functools.partial(model.fit, batches, verbose=0)


def eager_loop(config, images):
    """A function that trains one epoch by article 004's `train_step`, corrected."""
    gan, batches = GAN(**config), data.image_dataset(images, batch_size=BATCH_SIZE)
    generator, discriminator = gan.generator, gan.discriminator
    cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
    generator_optimizer, discriminator_optimizer = (keras.optimizers.Adam(LEARNING_RATE, BETA_1) for _ in range(2))

    def step(images):
        latents = tf.random.normal((BATCH_SIZE, gan.latent_dim))
        with tf.GradientTape() as generator_tape, tf.GradientTape() as discriminator_tape:
            fakes = generator(latents, training=True)
            real, fake = discriminator(images, training=True), discriminator(fakes, training=True)
            generator_loss = cross_entropy(tf.ones_like(fake), fake)
            discriminator_loss = cross_entropy(tf.ones_like(real), real) + cross_entropy(tf.zeros_like(fake), fake)
        generator_gradients = generator_tape.gradient(generator_loss, generator.trainable_variables)
        discriminator_gradients = discriminator_tape.gradient(discriminator_loss, discriminator.trainable_variables)
        generator_optimizer.apply_gradients(zip(generator_gradients, generator.trainable_variables))
        discriminator_optimizer.apply_gradients(zip(discriminator_gradients, discriminator.trainable_variables))

    def train():
        for images in batches:
            step(to_tanh_range(images))

    return train


def pytorch_program(config, images, seed=0, learning_rate=LEARNING_RATE, compiled=False):
    gan = GAN(**config)
    program = pytorch.Program(
        "GAN", images=images, seed=seed, batch_size=BATCH_SIZE, architecture=gan.architecture,
        learning_rate=learning_rate, beta_1=BETA_1, compiled=compiled,
    )
    assert program("count") == pytorch.count_weights(gan.generator, gan.discriminator), "not the same networks"
    return program


# ---- the limit ----


def step_gflop(gan):
    """10⁹ multiplications and additions of the products and convolutions in one `train_step`.

    Each layer does as much work in its forward pass, for its weights' gradients, and for its inputs' gradients; the
    latter are not asked for where the inputs are latents or images that need no gradient.
    """
    generator, discriminator = (list(multiply_adds(player).values()) for player in (gan.generator, gan.discriminator))
    of_generator = 3 * sum(generator) - generator[0]
    real_and_fake = 2 * (3 * sum(discriminator) - discriminator[0])  # the discriminator's step
    judged = 2 * sum(discriminator)  # in the generator's step: forward, and the gradients of inputs alone
    return 2 * BATCH_SIZE * (of_generator + real_and_fake + judged) / 1e9


# ---- where our step's time goes ----


def parts(gan):
    """Functions of a batch of images in [0, 1]; each returns a number, so that none of its work is pruned away."""
    fakes = gan.draw(BATCH_SIZE, None)
    players = (gan.generator, gan.discriminator)
    adams = {adam: [adam(LEARNING_RATE, BETA_1) for _ in players] for adam in (keras.optimizers.Adam, FusedAdam)}
    for pair in adams.values():
        for optimizer, network in zip(pair, players):
            optimizer.build(network.trainable_variables)

    def generator_forward(images):
        return tf.reduce_sum(gan.draw(BATCH_SIZE, None, training=True))

    def discriminator_forward(images):
        return tf.reduce_sum(gan.discriminate(tf.concat([to_tanh_range(images), fakes], axis=0), None, True)[0])

    def discriminator_step(images):
        return tf.reduce_sum(gan.discriminator_step(to_tanh_range(images), fakes, None)["discriminator_loss"])

    def updates(images, adam):
        for optimizer, network in zip(adams[adam], players):
            weights = network.trainable_variables
            optimizer.apply_gradients((tf.zeros(weight.shape), weight) for weight in weights)
        return 0.0

    def average(images):
        step = gan.generator_optimizer.iterations
        update_average(gan.average_generator, gan.generator, decay=gan.ema_decay, step=step)
        return 0.0

    def whole_step(images):
        return gan.train_step(images)["generator_loss"]

    return {
        "whole step, without fit": whole_step,
        "discriminator's step": discriminator_step,
        "discriminator forward, real and fake": discriminator_forward,
        "generator forward": generator_forward,
        "both optimizers": functools.partial(updates, adam=keras.optimizers.Adam),
        "both optimizers, fused": functools.partial(updates, adam=FusedAdam),
        "averaged generator": average,
    }


# ---- measuring ----


def measure(config, steps, images):
    """The record of one work."""
    images = images[:steps * BATCH_SIZE]
    gan, fit = ours(config, images)
    contenders = {
        "ours": timed_fit(fit),
        "ours with FusedAdam": timed_fit(ours(config, images, FusedAdam)[1]),
        "Keras example's way": timed_fit(keras_example(config, images)[1]),
        "eager TensorFlow loop": timed(EAGER_STEPS, eager_loop(config, images[:EAGER_STEPS * BATCH_SIZE])),
    }
    contenders |= pytorch.contenders(functools.partial(pytorch_program, config, images), steps)
    batches = data.image_dataset(images, batch_size=BATCH_SIZE)
    loops = {
        name: timed(PART_STEPS, compiled_loop(part, batches, PART_STEPS))
        for name, part in parts(ours(config, images)[0]).items()
    }
    return measured(contenders, ROUNDS, step_gflop(gan), loops)


def main():
    keras.utils.set_random_seed(0)
    images = data.load_mnist().train_images
    record = {
        "work": f"a step of discriminator and generator, batch {BATCH_SIZE}; {ROUNDS} rounds of "
        + " or ".join(f"{steps} ({name})" for name, (_, steps) in WORKS.items())
        + f" steps, {EAGER_STEPS} (eager), {PART_STEPS} (parts), every contender in turn",
        "machine": machine(),
    }
    for name, (config, steps) in WORKS.items():
        record[name] = measure(config, steps, images)
    store(__file__, record)


if __name__ == "__main__":
    main()
