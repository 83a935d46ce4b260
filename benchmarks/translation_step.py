"""How long is one training step of chapter 8's two translators, beside peers and the machine's limit?  Interleaved.

    python benchmarks/translation_step.py    writes benchmarks/translation_step.json; six minutes on two idle cores

Compared, at batch 4, on OpenMoji's drawings of 32 × 32 pixels, each step being one of the discriminators and one of the
generators. Two works: the recipe `pix2pix` (outlines of one channel, and their colours), and the recipe `cyclegan` (of
three channels, two sets that nobody has paired; a pool of 50 fakes for each discriminator, and the identity loss).

- ours: `Pix2Pix` and `CycleGAN` of `aigc_tf.image_to_image` by `fit` with `keras.optimizers.Adam`, 10 steps per
  execution as in the recipes. They alone also keep the epoch's means and a watch for NaN.
- ours with FusedAdam: the same with `aigc_tf.core.optimizers.FusedAdam`, as in the recipes.
- the Keras example's way (its CycleGAN): one tape around all passes, an optimizer for each of the four networks, no
  pool; each cycle's error trains the generator that ends it alone; `fit` on a dataset that shuffles images one by one.
  Its own networks are replaced by ours. (Keras has no example of pix2pix.)
- PyTorch, and PyTorch compiled (`pytorch_programs.py`): the same layers with the same number of weights, and the same
  losses with the same weights (both asserted), the same dropout, pool, average and Adam. What one network sees with the
  same weights goes through it as one batch, which ours does in turn: real images and fakes through a discriminator, and
  through CycleGAN's generators what they translate and what they must not change.
- the limit: the multiplications and additions of our step's convolutions, at the rate that the machine reaches in one
  large product. Small products are slower (`limits.py`).

A step by `fit` is timed inside the epoch; what an epoch takes before and after is recorded by itself.
"""

import functools

import keras
import numpy as np
import pytorch
import tensorflow as tf
from limits import multiply_adds
from records import FUSED, KERAS, OURS
from results import machine, sized, store
from steps import measured
from timing import timed_fit

from aigc_tf import data
from aigc_tf.core.optimizers import FusedAdam
from aigc_tf.image_to_image import CycleGAN, Pix2Pix
from aigc_tf.recipes import RECIPES

BATCH_SIZE, STEPS_PER_EXECUTION = 4, 10
LEARNING_RATE, BETA_1 = 4e-4, 0.5
ROUNDS = sized(5, 1)
MODELS = {"pix2pix": Pix2Pix, "CycleGAN": CycleGAN}
CONFIGS = {work: RECIPES[work.lower()].config for work in MODELS}
STEPS = {"pix2pix": sized(80, 20), "CycleGAN": sized(40, 20)}  # of a round
SETTINGS = {  # that PyTorch's programs are told; all others they have as the recipes do
    "pix2pix": ("widths", "dropout", "discriminator_widths", "l1_weight", "ema_decay"),
    "CycleGAN": (
        "widths", "discriminator_widths", "discriminator_norms", "cycle_weight", "identity_weight", "pool_size",
    ),
}


def drawings(work, count):
    """(sources, targets), so many of each, as bytes: pairs for pix2pix, and different drawings for CycleGAN."""
    train, _, _ = data.load_openmoji_by_concept()
    if work == "pix2pix":
        return train.outline[:count], train.colour[:count]
    return np.repeat(train.outline[:count], 3, axis=-1), train.colour[count:2 * count]


def networks(model):
    """In the order of PyTorch's programs: generators, then discriminators."""
    if isinstance(model, CycleGAN):
        return [*model.generator, *model.discriminator]
    return [model.generator, model.discriminator]


# ---- the contenders; `sources` and `targets` are bytes, and one epoch shows each of them once ----


def batches_of(sources, targets, paired):
    """Batches of (sources, targets), as in the recipes, but of unchanged drawings."""
    if not paired:
        sets = [data.image_dataset(images, batch_size=BATCH_SIZE) for images in (sources, targets)]
        return data.prefetched(tf.data.Dataset.zip(tuple(sets)))
    channels, both = sources.shape[-1], np.concatenate([sources, targets], axis=-1)
    batches = data.image_dataset(both, batch_size=BATCH_SIZE)
    return data.prefetched(batches.map(lambda both: (both[..., :channels], both[..., channels:])))


def ours(work, config, sources, targets, adam=keras.optimizers.Adam):
    """(model, its `fit` on the images)."""
    model = MODELS[work](**config)
    model.compile(*(adam(LEARNING_RATE, BETA_1) for _ in range(2)), steps_per_execution=STEPS_PER_EXECUTION)
    return model, functools.partial(model.fit, batches_of(sources, targets, paired=work == "pix2pix"), verbose=0)


class ExampleCycleGAN(keras.Model):
    """The Keras example's CycleGAN, `train_step` and all, on our networks; x are the sources, and y the targets."""

    def __init__(self, config):
        super().__init__()
        model = CycleGAN(**config)
        self.gen_g, self.gen_f = model.generator
        self.disc_y, self.disc_x = model.discriminator
        self.lambda_cycle, self.lambda_identity = model.cycle_weight, model.identity_weight / model.cycle_weight
        self.squared, self.absolute = keras.losses.MeanSquaredError(), keras.losses.MeanAbsoluteError()

    def compile(self, *network_optimizers):
        super().compile()
        self.network_optimizers = network_optimizers

    def generator_loss(self, real, cycled, same, fake_logits):
        cycle_loss = self.absolute(real, cycled) * self.lambda_cycle
        identity_loss = self.absolute(real, same) * self.lambda_cycle * self.lambda_identity
        return self.squared(tf.ones_like(fake_logits), fake_logits) + cycle_loss + identity_loss

    def discriminator_loss(self, real_logits, fake_logits):
        real_loss = self.squared(tf.ones_like(real_logits), real_logits)
        return 0.5 * (real_loss + self.squared(tf.zeros_like(fake_logits), fake_logits))

    def train_step(self, batch):
        real_x, real_y = batch
        with tf.GradientTape(persistent=True) as tape:
            fake_y, fake_x = self.gen_g(real_x, training=True), self.gen_f(real_y, training=True)
            cycled_x, cycled_y = self.gen_f(fake_y, training=True), self.gen_g(fake_x, training=True)
            same_x, same_y = self.gen_f(real_x, training=True), self.gen_g(real_y, training=True)
            real_x_logits, fake_x_logits = self.disc_x(real_x, training=True), self.disc_x(fake_x, training=True)
            real_y_logits, fake_y_logits = self.disc_y(real_y, training=True), self.disc_y(fake_y, training=True)
            losses = {
                "G_loss": self.generator_loss(real_y, cycled_y, same_y, fake_y_logits),
                "F_loss": self.generator_loss(real_x, cycled_x, same_x, fake_x_logits),
                "D_X_loss": self.discriminator_loss(real_x_logits, fake_x_logits),
                "D_Y_loss": self.discriminator_loss(real_y_logits, fake_y_logits),
            }
        weights = [each.trainable_variables for each in (self.gen_g, self.gen_f, self.disc_x, self.disc_y)]
        gradients = [tape.gradient(loss, own) for loss, own in zip(losses.values(), weights)]
        for optimizer, own_gradients, own in zip(self.network_optimizers, gradients, weights):
            optimizer.apply_gradients(zip(own_gradients, own))
        return losses


def keras_example(config, sources, targets):
    """(CycleGAN, its `fit` on the images, which are shuffled one by one)."""
    model = ExampleCycleGAN(config)
    model.compile(*(keras.optimizers.Adam(LEARNING_RATE, BETA_1) for _ in range(4)))
    sets = [
        tf.data.Dataset.from_tensor_slices(2 * data.scale_images(images) - 1).shuffle(256).batch(BATCH_SIZE)
        for images in (sources, targets)
    ]
    return model, functools.partial(model.fit, tf.data.Dataset.zip(tuple(sets)), verbose=0)


def pytorch_program(work, config, sources, targets, seed=0, compiled=False):
    model = MODELS[work](**config)
    program = pytorch.Program(
        MODELS[work].__name__, sources=sources, targets=targets, seed=seed, batch_size=BATCH_SIZE,
        learning_rate=LEARNING_RATE, beta_1=BETA_1, compiled=compiled,
        **{name: getattr(model, name) for name in SETTINGS[work]},
    )
    assert program("count") == pytorch.count_weights(*networks(model)), "not the same networks"
    return program


# ---- the same networks: the same weights give the same losses ----


def losses_with_same_weights(work, config, sources, targets):
    """(ours, PyTorch's), each [the discriminators' loss, the generators'] of one batch, without dropout."""
    model, draws = MODELS[work](**config), np.random.default_rng(0)
    for network in networks(model):
        network.set_weights([draws.normal(0, 0.1, weight.shape).astype("float32") for weight in network.weights])
    weights = [
        np.ascontiguousarray(value.transpose(3, 2, 0, 1)) if value.ndim == 4 else value  # kernels: (out, in, h, w)
        for network in networks(model) for value in network.get_weights()
    ]
    images = [data.scale_images(part[:BATCH_SIZE]) for part in (sources, targets)]
    found = model.compute_losses(*images)
    program = pytorch_program(work, config, sources, targets)
    losses = program("losses_with", weights=weights, images=[2 * part - 1 for part in images])
    program.close()
    return [float(np.mean(found[name])) for name in ("discriminator_loss", "generator_loss")], losses


# ---- the limit ----


def step_gflop(work, model):
    """10⁹ multiplications and additions of the convolutions in one `train_step`.

    Each layer does as much work in its forward pass, for its weights' gradients, and for its inputs' gradients; the
    latter are not asked for where the inputs are drawings.
    """
    counts = [list(multiply_adds(network).values()) for network in networks(model)]
    generators, discriminators = counts[:len(counts) // 2], counts[len(counts) // 2:]
    total = 0
    for layers in generators:
        of_drawings, of_fakes = 3 * sum(layers) - layers[0], 3 * sum(layers)
        cycle_and_identity = of_fakes + of_drawings if work == "CycleGAN" else 0
        total += of_drawings + cycle_and_identity
    for layers in discriminators:
        real_and_fake = 2 * (3 * sum(layers) - layers[0])  # the discriminators' step
        judged = 2 * sum(layers)  # in the generators' step: forward, and the gradients of inputs alone
        total += real_and_fake + judged
    return 2 * BATCH_SIZE * total / 1e9


# ---- measuring ----


def measure(work):
    """The record of one work."""
    arguments = work, CONFIGS[work], *drawings(work, STEPS[work] * BATCH_SIZE)
    if pytorch.INSTALLED:
        expected, losses = losses_with_same_weights(*arguments)
        assert np.allclose(losses, expected, rtol=1e-4), f"not the same networks: {expected}, {losses}"
    model, fit = ours(*arguments)
    contenders = {OURS: timed_fit(fit), FUSED: timed_fit(ours(*arguments, FusedAdam)[1])}
    if work == "CycleGAN":
        contenders[KERAS] = timed_fit(keras_example(*arguments[1:])[1])
    contenders |= pytorch.contenders(functools.partial(pytorch_program, *arguments), STEPS[work])
    return measured(contenders, ROUNDS, step_gflop(work, model))


def main():
    keras.utils.set_random_seed(0)
    record = {
        "work": f"a step of discriminators and generators, batch {BATCH_SIZE}; {ROUNDS} rounds of "
        + " or ".join(f"{steps} ({work})" for work, steps in STEPS.items()) + " steps, every contender in turn",
        "machine": machine(),
        **{work: measure(work) for work in MODELS},
    }
    store(__file__, record)


if __name__ == "__main__":
    main()
