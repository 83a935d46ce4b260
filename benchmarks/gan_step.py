"""How long is one training step of a GAN, and how far from what the machine can do?  One run, interleaved, medians.

    python benchmarks/gan_step.py                    writes benchmarks/gan_step.json; seven minutes on two idle cores

Compared, at batch 64, each step being one of the discriminator and one of the generator:

- ours: `aigc_tf.gan.GAN` trained by `fit`, 20 steps per execution. It alone also keeps the averaged generator, the
  epoch's means and a watch for NaN.
- ours with a fused Adam: the same with `keras.optimizers.legacy.Adam` (classic stack alone), as PyTorch's is fused.
- the Keras example's way (its DCGAN): real and fake images in one pass with noisy labels, then new latents and a second
  pass for the generator; `fit` on a dataset that shuffles images one by one.
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
overlap, so they need not add up. Ratios travel better than milliseconds. At last the minutes of training until 5,000
samples of the DCGAN are at a Fréchet distance of 100 from the test set (by chapter 3's judge; off the clock, every
150 steps): ours, the Keras example's way, PyTorch.
"""

import math

import keras
import numpy as np
import tensorflow as tf
from results import machine, store
from timing import FUSED_ADAM, PRODUCT, medians, minutes_to_quality, product, rounded, torch

from aigc_tf import checkpoints, data, metrics
from aigc_tf.gan import GAN, to_tanh_range
from aigc_tf.recipes import DCGAN

nn = torch.nn if torch else None

BATCH_SIZE = 64
STEPS_PER_EXECUTION = 20
OUR_STEPS, EAGER_STEPS, TORCH_STEPS, PART_STEPS = 160, 15, 50, 40  # in each repeat
ADAM = {"learning_rate": 2e-4, "beta_1": 0.5}
WORKS = {
    "dense GAN": {"latent_dim": 100, "batch_norm": False},  # of the default widths
    "DCGAN": DCGAN,
}
OURS, KERAS, EAGER, TORCH = "ours: fit", "Keras example's way: fit", "eager TensorFlow loop", "PyTorch, eager"
FUSED = "ours with a fused Adam: fit"
SMALL = (64, 256, 1024)  # rows, inner and columns of a product that is as small as ours
TARGET, PIECE, MOST, SAMPLES = 100.0, 150, 12, 5000  # distance; steps between two looks; looks; samples in each


def compiled_gan(config, adam=keras.optimizers.Adam):
    gan = GAN(**config)
    adams = {f"{player}_optimizer": adam(**ADAM) for player in ("generator", "discriminator")}
    gan.compile(**adams, steps_per_execution=STEPS_PER_EXECUTION)
    return gan


# ---- the contenders ----


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


def keras_example(config, images, steps):
    """(model, function that trains for so many steps)."""
    model, order = ExampleGAN(config), np.random.default_rng(0)
    model.compile(*(keras.optimizers.Adam(**ADAM) for _ in range(2)))

    def run():
        chosen = data.scale_images(images[order.integers(len(images), size=steps * BATCH_SIZE)])
        model.fit(tf.data.Dataset.from_tensor_slices(2 * chosen - 1).shuffle(1024).batch(BATCH_SIZE), verbose=0)

    return model, run


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


def torch_loop(config, images, steps):
    """(generator, function that trains for so many steps): `GAN.train_step` in PyTorch, one batch of fakes for both."""
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
        for indices in torch.randint(len(images), (steps, BATCH_SIZE)):
            step(images[indices].float() / 127.5 - 1.0)

    return generator, run


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


def small_products(times=300):
    """A contender: products as small as ours."""
    rows, inner, columns = SMALL
    left, right = tf.random.normal((rows, inner)), tf.random.normal((inner, columns))

    def run():
        for _ in range(times):
            tf.matmul(left, right)

    return times, run


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


def measure(config, images):
    """The record of one work."""
    batches = data.image_dataset(images[: OUR_STEPS * BATCH_SIZE], batch_size=BATCH_SIZE, seed=0)
    few = batches.take(EAGER_STEPS)
    gan = compiled_gan(config)
    rows = {
        OURS: (OUR_STEPS, lambda: gan.fit(batches, verbose=0)),
        KERAS: (OUR_STEPS, keras_example(config, images, OUR_STEPS)[1]),
        EAGER: (EAGER_STEPS, eager_loop(config, few)),
    }
    if FUSED_ADAM:
        fused = compiled_gan(config, FUSED_ADAM)
        rows[FUSED] = (OUR_STEPS, lambda: fused.fit(batches, verbose=0))
    if torch:
        rows[TORCH] = (TORCH_STEPS, torch_loop(config, images, TORCH_STEPS)[1])
    loops = {name: (PART_STEPS, compiled_loop(part, batches)) for name, part in parts(compiled_gan(config)).items()}
    large, large_gflop = product()
    seconds = medians({**rows, **loops, "large": large, "small": small_products()})
    gflop, rate = step_gflop(gan), large_gflop / seconds["large"]
    limit, whole = gflop / rate, seconds["whole step, without fit"]
    return {
        "milliseconds": rounded({name: 1000 * seconds[name] for name in rows} | {"limit": 1000 * limit}),
        "ratio_to_ours": rounded({name: seconds[name] / seconds[OURS] for name in rows}, 3),
        "share_of_limit": rounded({name: limit / seconds[name] for name in rows}, 3),
        "gflop": round(gflop, 3),
        "gflop_per_second": {
            f"{PRODUCT} x {PRODUCT} x {PRODUCT}": round(rate, 1),
            " x ".join(map(str, SMALL)): round(2 * math.prod(SMALL) / 1e9 / seconds["small"], 1),
        },
        "milliseconds_of_parts": rounded({name: 1000 * seconds[name] for name in loops}),
        "share_of_whole_step": rounded({name: seconds[name] / whole for name in loops}, 3),
    }


def time_to_quality(images, test_images):
    """{name: minutes until the DCGAN's samples are near enough}."""
    evaluator = checkpoints.load("digit_classifier")
    real = evaluator.judge(data.scale_images(test_images))[0]

    def distance(samples):
        return metrics.frechet_distance(real, evaluator.judge(samples)[0])

    gan, (example, train_example) = compiled_gan(DCGAN), keras_example(DCGAN, images, PIECE)
    batches = data.image_dataset(images, batch_size=BATCH_SIZE, seed=0).take(PIECE)  # in a new order each time
    latents = tf.random.stateless_normal((SAMPLES, gan.latent_dim), (0, 0))
    players = {
        OURS: (lambda: gan.fit(batches, verbose=0), lambda: distance(gan.generate(SAMPLES, seed=0))),
        KERAS: (train_example, lambda: distance(0.5 * example.generator(latents, training=False) + 0.5)),
    }
    if torch:
        generator, train_torch = torch_loop(DCGAN, images, PIECE)

        def torch_distance():
            generator.eval()
            with torch.no_grad():
                samples = generator(torch.from_numpy(latents.numpy().copy())).permute(0, 2, 3, 1).numpy()
            generator.train()
            return distance(0.5 * samples + 0.5)

        players[TORCH] = (train_torch, torch_distance)
    quality = {}
    for name, (train, measure_distance) in players.items():
        print(f"  {name}, to a Fréchet distance of {TARGET:.0f}:")
        quality[name] = minutes_to_quality(train, measure_distance, TARGET, MOST)
    return quality


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
    mnist = data.load_mnist()
    record = {
        "work": f"a step of discriminator and generator, batch {BATCH_SIZE}; medians of 5 repeats of "
        f"{OUR_STEPS} steps (by fit), {EAGER_STEPS} (eager), {TORCH_STEPS} (PyTorch), {PART_STEPS} (parts)",
        "machine": machine(),
    }
    for name, config in WORKS.items():
        record[name] = measure(config, mnist.train_images)
        show(name, record[name])
    record[f"DCGAN_to_distance_{TARGET:.0f}"] = time_to_quality(mnist.train_images, mnist.test_images)
    store(__file__, record)


if __name__ == "__main__":
    main()
