"""How long is one training step of chapter 2's VAE, and when is −ELBO at 105 nats?  One run, interleaved, medians.

    python benchmarks/vae_step.py          writes benchmarks/vae_step.json; three minutes on two idle cores

Compared, at batch 128, one network (784-512-384-40, ELU) and one objective, Bernoulli pixels:

- ours: `aigc_tf.vae.VAE` by `fit`, 16 steps per execution; images are binarized anew in every epoch.
- ours with a fused Adam: the same with `keras.optimizers.legacy.Adam` (classic stack alone), as PyTorch's is fused.
- the Keras example's way: a sampling layer, a `train_step` with three trackers, `fit` on an array of images, which are
  binarized once.
- eager TensorFlow: the same step in a Python loop, without `tf.function`, as the articles train.
- PyTorch, eager, as its VAE example trains; the same number of weights (asserted), binarized anew.
- the limit: the multiplications and additions of the step's products, at the rate of one large product.

PyTorch's rows need `pip install torch==2.13.0`. Its threads spin while they wait for each other: beside other work on
the cores it is many times too slow. (On Linux, PyPI's build for graphics cards brings Triton, which crashes beside
TensorFlow 2.21: uninstall `triton`.)
"""

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from results import machine, store
from timing import FUSED_ADAM, medians, minutes_to_quality, product, rounded, torch

from aigc_tf import data
from aigc_tf.vae import VAE, build_decoder, build_encoder

BATCH_SIZE, STEPS, EAGER_STEPS = 128, 160, 20
SIZES = ((28, 28, 1), 40, (512, 384), None, "elu")  # of the networks
WIDTHS = (784, 512, 384, 40)
TARGET, PIECE, MOST = 105.0, 160, 40  # nats; steps between two looks at the test set; looks
OURS, KERAS, EAGER, TORCH = "ours: fit", "Keras example's way: fit", "eager TensorFlow loop", "PyTorch, eager"
FUSED = "ours with a fused Adam: fit"


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


# ---- the contenders: (function that trains for so many steps, function that measures −ELBO) ----


def ours(images, test, steps, adam=keras.optimizers.Adam):
    model = VAE(*SIZES[:3])
    model.compile(optimizer=adam(1e-3), steps_per_execution=16)
    batches = data.image_dataset(images, batch_size=BATCH_SIZE, seed=0)
    batches = data.with_new_draws(batches, data.binarize, seed=0).take(steps)  # in a new order each time
    return lambda: model.fit(batches, verbose=0), lambda: tf.reduce_mean(model.compute_losses(test)["loss"])


def ours_fused(images, test, steps):
    return ours(images, test, steps, FUSED_ADAM)


def keras_example(images, test, steps):
    model = ExampleVAE()
    model.compile(optimizer=keras.optimizers.Adam(1e-3))
    binary, order = data.binarize(data.scale_images(images), seed=0).numpy(), np.random.default_rng(0)

    def train():
        chosen = order.integers(len(binary), size=steps * BATCH_SIZE)  # an array of its own for each piece
        model.fit(binary[chosen], batch_size=BATCH_SIZE, verbose=0)

    return train, lambda: model.losses_of(test)[0]


def eager_loop(images, test, steps):
    model, optimizer = ExampleVAE(), keras.optimizers.Adam(1e-3)
    batches = data.image_dataset(images, batch_size=BATCH_SIZE, seed=0)
    batches = iter(data.with_new_draws(batches, data.binarize, seed=0).repeat())

    def train():
        for _ in range(steps):
            images = next(batches)
            with tf.GradientTape() as tape:
                loss = model.losses_of(images)[0]
            gradients = tape.gradient(loss, model.trainable_weights)
            optimizer.apply_gradients(zip(gradients, model.trainable_weights))

    return train, lambda: model.losses_of(test)[0]


def pytorch(images, test, steps):
    nn = torch.nn
    encoder = nn.Sequential(nn.Linear(784, 512), nn.ELU(), nn.Linear(512, 384), nn.ELU(), nn.Linear(384, 80))
    decoder = nn.Sequential(nn.Linear(40, 384), nn.ELU(), nn.Linear(384, 512), nn.ELU(), nn.Linear(512, 784))
    weights = [*encoder.parameters(), *decoder.parameters()]
    expected = build_encoder(*SIZES).count_params() + build_decoder(*SIZES).count_params()
    assert sum(weight.numel() for weight in weights) == expected, "not the same networks"
    optimizer = torch.optim.Adam(weights, 1e-3, eps=1e-7)
    images, test = (torch.tensor(np.array(part)).reshape(-1, 784) for part in (images, test))

    def loss_of(binary):
        mean, log_var = encoder(binary).chunk(2, dim=1)
        logits = decoder(mean + torch.exp(0.5 * log_var) * torch.randn_like(mean))
        reconstruction = nn.functional.binary_cross_entropy_with_logits(logits, binary, reduction="sum")
        return (reconstruction - 0.5 * torch.sum(1 + log_var - mean**2 - log_var.exp())) / len(binary)

    def train():
        for _ in range(steps):
            chosen = images[torch.randint(len(images), (BATCH_SIZE,))].float() / 255
            optimizer.zero_grad()
            loss_of(torch.bernoulli(chosen)).backward()
            optimizer.step()

    def quality():
        with torch.no_grad():
            return loss_of(test)

    return train, quality


def step_gflop():
    """10⁹ multiplications and additions: forward, weights' gradients, inputs' gradients (none for the images)."""
    encoder = [a * b for a, b in zip(WIDTHS[:-1], (*WIDTHS[1:-1], 2 * WIDTHS[-1]))]
    decoder = [a * b for a, b in zip(WIDTHS[::-1][:-1], WIDTHS[::-1][1:])]
    return 2 * BATCH_SIZE * (3 * sum(encoder + decoder) - encoder[0]) / 1e9


def main():
    keras.utils.set_random_seed(0)
    mnist = data.load_mnist()
    test = data.binarize(data.scale_images(mnist.test_images), seed=0)
    makers = {OURS: ours, KERAS: keras_example, EAGER: eager_loop}
    makers |= ({FUSED: ours_fused} if FUSED_ADAM else {}) | ({TORCH: pytorch} if torch else {})
    steps = {name: EAGER_STEPS if name == EAGER else STEPS for name in makers}
    rows = {name: (steps[name], maker(mnist.train_images, test, steps[name])[0]) for name, maker in makers.items()}
    large, gflop = product()
    seconds = medians({**rows, "product": large})
    rate = gflop / seconds.pop("product")
    limit = step_gflop() / rate
    quality = {}
    for name, maker in makers.items():
        if name not in (EAGER, FUSED):  # the same steps as ours, each as much longer or shorter as said above
            print(f"{name}: {1000 * seconds[name]:.2f} ms")
            quality[name] = minutes_to_quality(*maker(mnist.train_images, test, PIECE), TARGET, MOST)
    record = {
        "work": f"a step of VAE 784-512-384-40, batch {BATCH_SIZE}; medians of 5 repeats of {STEPS} steps "
        f"({EAGER_STEPS} eager)",
        "machine": machine(),
        "milliseconds": rounded({name: 1000 * value for name, value in {**seconds, "limit": limit}.items()}),
        "ratio_to_ours": rounded({name: value / seconds[OURS] for name, value in seconds.items()}, 3),
        "share_of_limit": rounded({name: limit / value for name, value in seconds.items()}, 3),
        "matmul_gflop_per_second": round(rate, 1),
        f"to_{TARGET:.0f}_nats": quality,
    }
    for name, ratio in record["ratio_to_ours"].items():
        print(f"{name:40} {record['milliseconds'][name]:7.2f} ms, {ratio:5.2f} times ours, "
              f"{record['share_of_limit'][name]:4.0%} of the limit")
    store(__file__, record)


if __name__ == "__main__":
    main()
