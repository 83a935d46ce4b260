"""How long is one training step of a GAN, and how far from what the machine can do?  One run, interleaved, medians.

    python benchmarks/gan_step.py                    writes benchmarks/gan_step.json; four minutes on two idle cores

Compared, at batch 64, each step being one of the discriminator and one of the generator:

- ours: `aigc_tf.gan.GAN` trained by `fit`, 20 steps per execution. It alone also keeps the averaged generator, the
  epoch's means and a watch for NaN.
- article 004's loop in eager TensorFlow, corrected: two tapes around one pass and no `tf.function`, as there;
  `training=True`, logits, and fresh noise for each batch, as there should be. The networks are ours, made anew.
- PyTorch, eager: the same layers with the same number of weights (asserted), losses, Adam and passes as ours.
  This row needs PyTorch, which the course does not install: `pip install torch==2.13.0`. Without it, it is left out.
  Its threads spin while they wait for each other: beside other work on the cores it is many times too slow.
  (On Linux, PyPI's build for graphics cards brings Triton, which crashes beside TensorFlow 2.21: uninstall `triton`.)
- the limit: the multiplications and additions of our step's matrix products and convolutions, at the rate that the
  machine reaches in one product of 2048 × 2048 matrices. Products as small as ours, 64 × 256 × 1024, are slower.

Two works: the dense GAN of article 000 (latents 100, generator 256-512-784, discriminator 512-256-1, no batch norm) and
the course's small DCGAN (`recipes.DCGAN`: with batch norm). Activations are the course's everywhere: ReLU, tanh at the
end, LeakyReLU in the discriminator. Then our step's parts, each in a compiled loop by itself, without `fit`; they
overlap, so they need not add up. Ratios travel better than milliseconds.
"""

import math
import os
import platform
import statistics
import time

import keras
import tensorflow as tf
from results import store

from aigc_tf import data
from aigc_tf.gan import GAN, to_tanh_range
from aigc_tf.recipes import DCGAN

try:
    import torch
    from torch import nn
except ImportError:
    torch = None

BATCH_SIZE = 64
REPEATS = 5
STEPS_PER_EXECUTION = 20
OUR_STEPS, EAGER_STEPS, TORCH_STEPS, PART_STEPS = 160, 15, 50, 40  # in each repeat
ADAM = {"learning_rate": 2e-4, "beta_1": 0.5}
WORKS = {
    "dense GAN": {"latent_dim": 100, "batch_norm": False},  # of the default widths
    "DCGAN": DCGAN,
}
OURS, EAGER, TORCH = f"ours: fit, {STEPS_PER_EXECUTION} steps per execution", "eager TensorFlow loop", "PyTorch, eager"
PRODUCTS = {(2048, 2048, 2048): 3, (64, 256, 1024): 300}  # (rows, inner, columns): how many in each repeat


def compiled_gan(config):
    gan = GAN(**config)
    adams = {f"{player}_optimizer": keras.optimizers.Adam(**ADAM) for player in ("generator", "discriminator")}
    gan.compile(**adams, steps_per_execution=STEPS_PER_EXECUTION)
    return gan


# ---- the contenders: functions that train for so many steps ----


def our_fit(config, batches):
    gan = compiled_gan(config)
    return lambda: gan.fit(batches, epochs=1, verbose=0)


def eager_loop(config, batches):
    """Article 004's `train_step`, corrected."""
    gan = GAN(**config)
    generator, discriminator = gan.generator, gan.discriminator
    cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
    generator_optimizer, discriminator_optimizer = keras.optimizers.Adam(**ADAM), keras.optimizers.Adam(**ADAM)

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

    def run():
        for images in batches:
            step(to_tanh_range(images))

    return run


def torch_dense():
    """Generator and discriminator of the dense GAN."""
    generator = nn.Sequential(
        nn.Linear(100, 256), nn.ReLU(), nn.Linear(256, 512), nn.ReLU(), nn.Linear(512, 784), nn.Tanh(),
        nn.Unflatten(1, (1, 28, 28)),
    )  # fmt: skip
    discriminator = nn.Sequential(
        nn.Flatten(), nn.Linear(784, 512), nn.LeakyReLU(0.2), nn.Linear(512, 256), nn.LeakyReLU(0.2), nn.Linear(256, 1)
    )
    return generator, discriminator


def torch_dcgan():
    """Generator and discriminator of the DCGAN; images and maps are (batch, channels, height, width) here."""
    generator = nn.Sequential(
        nn.Linear(64, 256, bias=False), nn.BatchNorm1d(256), nn.ReLU(),
        nn.Linear(256, 64 * 7 * 7, bias=False), nn.BatchNorm1d(64 * 7 * 7), nn.ReLU(), nn.Unflatten(1, (64, 7, 7)),
        nn.ConvTranspose2d(64, 32, 4, stride=2, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU(),
        nn.ConvTranspose2d(32, 1, 4, stride=2, padding=1), nn.Tanh(),
    )  # fmt: skip
    discriminator = nn.Sequential(
        nn.Conv2d(1, 32, 4, stride=2, padding=1), nn.LeakyReLU(0.2),
        nn.Conv2d(32, 64, 4, stride=2, padding=1), nn.LeakyReLU(0.2), nn.Flatten(),
        nn.Linear(64 * 7 * 7, 128), nn.LeakyReLU(0.2), nn.Linear(128, 1),
    )  # fmt: skip
    return generator, discriminator


def torch_loop(config, images):
    """The step of `GAN.train_step` in PyTorch: one batch of fakes serves both players."""
    gan = GAN(**config)
    generator, discriminator = torch_dcgan() if gan.architecture == "dcgan" else torch_dense()
    for theirs, ours in ((generator, gan.generator), (discriminator, gan.discriminator)):
        count = sum(weight.numel() for weight in theirs.parameters())
        expected = sum(math.prod(weight.shape) for weight in ours.trainable_variables)
        assert count == expected, f"PyTorch's {ours.name} has {count} weights, ours {expected}"
    images = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()  # uint8 (N, 1, 28, 28)
    betas = (ADAM["beta_1"], 0.999)
    generator_optimizer = torch.optim.Adam(generator.parameters(), ADAM["learning_rate"], betas)
    discriminator_optimizer = torch.optim.Adam(discriminator.parameters(), ADAM["learning_rate"], betas)
    softplus = nn.functional.softplus

    def step(real):
        fakes = generator(torch.randn(BATCH_SIZE, gan.latent_dim))
        discriminator_optimizer.zero_grad()
        real_logits, fake_logits = discriminator(torch.cat([real, fakes.detach()])).chunk(2)
        (softplus(-real_logits) + softplus(fake_logits)).mean().backward()
        discriminator_optimizer.step()
        generator_optimizer.zero_grad()
        loss = softplus(-discriminator(fakes)).mean()
        loss.backward(inputs=list(generator.parameters()))  # and none for the discriminator's weights
        generator_optimizer.step()

    def run():
        for indices in torch.randperm(len(images)).split(BATCH_SIZE):
            step(images[indices].float() / 127.5 - 1.0)

    return run


# ---- the limit ----


def multiply_adds(network):
    """Multiply-adds that one image takes in each layer with a kernel, from the first layer to the last.

    A convolution's kernel is applied at each place of its output, a transposed one's at each place of its input; what
    reaches over the border counts, too.
    """
    counts = []
    for layer in network.layers:
        if hasattr(layer, "kernel"):
            places = layer.input if isinstance(layer, keras.layers.Conv2DTranspose) else layer.output
            counts.append(math.prod(layer.kernel.shape) * math.prod(places.shape[1:-1]))  # a dense layer has one place
    return counts


def step_gflop(gan):
    """10⁹ multiplications and additions of the products and convolutions in one `train_step`.

    Each layer does as much work in its forward pass, for its weights' gradients, and for its inputs' gradients; the
    latter are not asked for where the inputs are latents or images that need no gradient.
    """
    generator, discriminator = multiply_adds(gan.generator), multiply_adds(gan.discriminator)
    of_generator = 3 * sum(generator) - generator[0]
    real_and_fake = 2 * (3 * sum(discriminator) - discriminator[0])  # the discriminator's step
    judged = 2 * sum(discriminator)  # in the generator's step: forward, and the gradients of inputs alone
    return 2 * BATCH_SIZE * (of_generator + real_and_fake + judged) / 1e9


def product_gflop(sizes):
    return 2 * math.prod(sizes) / 1e9


def products(sizes, times):
    """A function that multiplies two matrices so many times."""
    rows, inner, columns = sizes
    left, right = tf.random.normal((rows, inner)), tf.random.normal((inner, columns))

    def run():
        for _ in range(times):
            tf.matmul(left, right)

    return run


# ---- where our step's time goes ----


def parts(gan):
    """Functions of a batch of images in [0, 1]; each returns a number, so that none of its work is pruned away."""
    fakes = gan.draw(BATCH_SIZE, None)
    generator, discriminator = gan.generator.trainable_variables, gan.discriminator.trainable_variables
    players = ((gan.generator_optimizer, generator), (gan.discriminator_optimizer, discriminator))

    def generator_forward(images):
        return tf.reduce_sum(gan.draw(BATCH_SIZE, None, training=True))

    def discriminator_forward(images):
        return tf.reduce_sum(gan.discriminate(tf.concat([to_tanh_range(images), fakes], axis=0), None, True)[0])

    def discriminator_step(images):
        return tf.reduce_sum(gan.discriminator_step(to_tanh_range(images), fakes, None)["discriminator_loss"])

    def both_updates(images):
        for optimizer, weights in players:
            optimizer.apply_gradients((tf.zeros(weight.shape), weight) for weight in weights)
        return 0.0

    def average(images):
        gan.update_average()
        return 0.0

    def whole_step(images):
        return gan.train_step(images)["generator_loss"]

    return {
        "whole step, without fit": whole_step,
        "discriminator's step": discriminator_step,
        "discriminator forward, real and fake": discriminator_forward,
        "generator forward": generator_forward,
        "both optimizers": both_updates,
        "averaged generator": average,
    }


def compiled_loop(part, batches):
    iterator = iter(batches.repeat())

    @tf.function
    def loop():
        total = 0.0
        for _ in tf.range(PART_STEPS):
            total += part(next(iterator))
        return total

    return loop.get_concrete_function()


# ---- measuring ----


def median_milliseconds(contenders):
    """Median time of one step, by name, of interleaved repeats of {name: (steps, function that makes them)}."""
    times = {name: [] for name in contenders}
    for repeat in range(REPEATS + 1):
        for name, (steps, run) in contenders.items():
            start = time.perf_counter()
            run()
            if repeat:  # the first round traces and warms up
                times[name].append(1000 * (time.perf_counter() - start) / steps)
    return {name: statistics.median(values) for name, values in times.items()}


def measure(config, images):
    """The record of one work."""
    batches = data.image_dataset(images[: OUR_STEPS * BATCH_SIZE], batch_size=BATCH_SIZE, seed=0)
    few = batches.take(EAGER_STEPS)
    rows = {OURS: (OUR_STEPS, our_fit(config, batches)), EAGER: (EAGER_STEPS, eager_loop(config, few))}
    if torch:
        rows[TORCH] = (TORCH_STEPS, torch_loop(config, images[: TORCH_STEPS * BATCH_SIZE]))
    gan = compiled_gan(config)
    loops = {name: (PART_STEPS, compiled_loop(part, batches)) for name, part in parts(gan).items()}
    floors = {sizes: (times, products(sizes, times)) for sizes, times in PRODUCTS.items()}
    medians = median_milliseconds({**rows, **loops, **floors})
    gflop = step_gflop(gan)
    rates = {sizes: 1000 * product_gflop(sizes) / medians[sizes] for sizes in PRODUCTS}
    limit = 1000 * gflop / rates[2048, 2048, 2048]
    whole = medians["whole step, without fit"]
    return {
        "milliseconds": {name: round(medians[name], 2) for name in rows} | {"limit": round(limit, 2)},
        "ratio_to_ours": {name: round(medians[name] / medians[OURS], 3) for name in rows},
        "gflop": round(gflop, 3),
        "gflop_per_second": {" x ".join(map(str, sizes)): round(rate, 1) for sizes, rate in rates.items()},
        "share_of_limit": {name: round(limit / medians[name], 3) for name in rows},
        "milliseconds_of_parts": {name: round(medians[name], 2) for name in loops},
        "share_of_whole_step": {name: round(medians[name] / whole, 3) for name in loops},
    }


def show(name, record):
    rates = ", ".join(f"{sizes}: {rate:.0f}" for sizes, rate in record["gflop_per_second"].items())
    print(f"\n{name}: {record['gflop']:.3f} GFLOP a step; GFLOP/s of products {rates}")
    for row, ratio in record["ratio_to_ours"].items():
        share = record["share_of_limit"][row]
        print(f"  {row:36} {record['milliseconds'][row]:7.2f} ms, {ratio:5.2f} times ours, {share:4.0%} of the limit")
    print(f"  {'limit':36} {record['milliseconds']['limit']:7.2f} ms")
    for part, share in record["share_of_whole_step"].items():
        print(f"    {part:36} {record['milliseconds_of_parts'][part]:7.2f} ms, {share:4.0%} of the whole step")


def main():
    keras.utils.set_random_seed(0)
    if torch:
        torch.set_num_threads(os.cpu_count())  # as many as TensorFlow takes
    else:
        print("PyTorch's row is left out, since it is not installed here: `pip install torch==2.13.0` adds it.")
    images = data.load_mnist().train_images
    record = {
        "work": f"a step of discriminator and generator, batch {BATCH_SIZE}; medians of {REPEATS} repeats of "
        f"{OUR_STEPS} steps (ours), {EAGER_STEPS} (eager), {TORCH_STEPS} (PyTorch), {PART_STEPS} (parts)",
        "versions": {
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "torch": torch.__version__ if torch else None,
        },
    }
    for name, config in WORKS.items():
        record[name] = measure(config, images)
        show(name, record[name])
    store(__file__, record)


if __name__ == "__main__":
    main()
