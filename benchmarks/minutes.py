"""How many minutes of training does a quality take, beside peers?  Three seeds, the contenders in turn.

    AIGC_TF_DATA=folder python benchmarks/minutes.py     writes benchmarks/minutes.json; nine minutes on two idle cores

- VAE (vae_step.py): −ELBO of the binarized test images, in nats.
- DCGAN (gan_step.py, with the recipes' learning rate): Fréchet distance of samples from the test images, by chapter 3's
  evaluator. Our samples are drawn by the averaged generator, as always, the others' by the generator, as theirs are.
- LSTM (lstm_step.py, tinyshakespeare): nats per character of the test text's beginning, read with carried states. The
  Keras example's way trains and is measured on windows that begin with empty states, which is its way.

Contenders are ours with FusedAdam (`keras.optimizers.Adam` makes the same steps, each as much longer as the scripts of
steps say), the Keras example's way, and PyTorch. All have the same learning rate, Adam's ε, and first weights: kernels
as Keras draws them, embeddings from N(0, 1), also in the Keras example, whose own begin in ±0.05.

A training runs without a stop and keeps its weights at each look; then the kept weights are measured, one look after
the other, until one reaches the goal. On the clock is everything from the call of `fit` on: tracing, the waits between
epochs, and the copies of weights; not on it are building models and data, and measuring.
"""

import time
from dataclasses import dataclass

import gan_step
import keras
import lstm_step
import pytorch
import tensorflow as tf
import vae_step
from results import machine, sized, store
from timing import Laps

from aigc_tf import checkpoints, data, metrics
from aigc_tf.core.noise import standard_normal
from aigc_tf.core.optimizers import FusedAdam
from aigc_tf.recipes import DCGAN, RECIPES
from aigc_tf.text import Vocabulary, split_text, streams

SEEDS = sized((0, 1, 2), (0, 1))
OURS, KERAS, TORCH = "ours with FusedAdam", "Keras example's way", "PyTorch"
LATENTS = 64  # of the DCGAN
SAMPLES, TEST_CHARACTERS = sized(2000, 50), sized(50_000, 5000)
GOALS = {  # what is measured, what it must reach, and after how many steps it is looked at
    "VAE: −ELBO in nats": (108.0, sized(range(960, 1441, 48), range(32, 65, 16))),
    "DCGAN: Fréchet distance": (130.0, sized(range(200, 561, 20), range(20, 41, 20))),
    "LSTM: nats per character": (1.75, sized(range(100, 241, 10), range(2, 5, 2))),
}


# ---- trainings ----


@dataclass
class Training:
    """What a training leaves.

    Args:
        begin: seconds on the clock when the first execution was done, which TensorFlow has to trace before.
        seconds: on the clock at each look.
        quality: function that measures the weights of a look, by its number.
    """

    begin: float
    seconds: list
    quality: object


class Looks(Laps):
    """Keeps a network's weights after so many steps each, and the time on the clock then; ends at the last look.

    Where several steps are one execution, the weights are those after the execution in which a look falls.
    """

    def __init__(self, network, looks):
        super().__init__()
        self.network, self.looks = network, list(looks)
        self.kept, self.times, self.begin, self.before = [], [], None, 0

    def on_epoch_end(self, epoch, logs=None):
        self.before += self.laps[-1][0]

    def on_train_batch_end(self, batch, logs=None):
        super().on_train_batch_end(batch, logs)
        steps, now = self.laps[-1]
        self.begin = self.begin or now
        while self.looks and self.before + steps >= self.looks[0]:
            self.looks.pop(0)
            self.kept.append(self.network.get_weights())
            self.times.append(now)
        if not self.looks:
            self.model.stop_training = True


def train(fit, network, looks, quality):
    """A training by `fit(callbacks=…, epochs=…)`; `quality()` measures the network."""
    keeper, start = Looks(network, looks), time.perf_counter()
    fit(callbacks=[keeper], epochs=1000)

    def at(look):
        network.set_weights(keeper.kept[look])
        return float(quality())

    return Training(keeper.begin - start, [reached - start for reached in keeper.times], at)


def train_program(program, looks, quality):
    """A training by a PyTorch program; `quality()` measures it."""
    times = program("train_and_keep", looks=list(looks))

    def at(look):
        program("recall", look=look)
        return float(quality())

    return Training(quality=at, **times)


# ---- the goals: {name: function of seed and looks that makes a Training} ----


def vaes(mnist):
    test = data.binarize(data.scale_images(mnist.test_images), seed=0)

    def ours(seed, looks):
        model, fit = vae_step.ours(mnist.train_images, FusedAdam)
        return train(fit, model, looks, lambda: tf.reduce_mean(model.compute_losses(test)["loss"]))

    def keras_example(seed, looks):
        model, fit = vae_step.keras_example(mnist.train_images)
        return train(fit, model, looks, lambda: model.losses_of(test)[0])

    def torch(seed, looks):
        program = vae_step.pytorch_program(mnist.train_images, test.numpy(), seed)
        return train_program(program, looks, lambda: program("quality"))

    return {OURS: ours, KERAS: keras_example, TORCH: torch}


def gans(mnist):
    evaluator, rate = checkpoints.load("digit_classifier"), RECIPES["dcgan"].learning_rate
    real, _ = evaluator.features_and_probabilities(data.scale_images(mnist.test_images))
    latents = standard_normal((SAMPLES, LATENTS), seed=0)

    def distance(images):
        return metrics.frechet_distance(real, evaluator.features_and_probabilities(images)[0])

    def distance_of(generator):
        return distance(0.5 * generator(latents, training=False) + 0.5)

    def ours(seed, looks):
        gan, fit = gan_step.ours(DCGAN, mnist.train_images, FusedAdam, rate)
        return train(fit, gan.average_generator, looks, lambda: distance_of(gan.average_generator))

    def keras_example(seed, looks):
        model, fit = gan_step.keras_example(DCGAN, mnist.train_images, rate)
        return train(fit, model.generator, looks, lambda: distance_of(model.generator))

    def torch(seed, looks):
        program = gan_step.pytorch_program(DCGAN, mnist.train_images, seed, rate)
        return train_program(program, looks, lambda: distance(program("generate", latents=latents.numpy())))

    return {OURS: ours, KERAS: keras_example, TORCH: torch}


def lstms(text):
    vocabulary, batch_size = Vocabulary.of(text), lstm_step.EAGER_BATCH_SIZE
    numbers, test_numbers = (vocabulary.encode(part) for part in split_text(text))
    test_numbers = test_numbers[:TEST_CHARACTERS]
    test = streams(test_numbers, lstm_step.LENGTH, batch_size=32)

    def ours(seed, looks):
        model, fit = lstm_step.ours(vocabulary, numbers, batch_size, looks[-1], FusedAdam)
        return train(fit, model, looks, lambda: model.evaluate(test, verbose=0, return_dict=True)["loss"])

    def keras_example(seed, looks):
        model, fit = lstm_step.keras_example(
            vocabulary, numbers, batch_size, looks[-1], keras.initializers.RandomNormal(stddev=1.0)
        )
        of_windows = test.map(lambda inputs, targets: (inputs[0], targets))
        return train(fit, model, looks, lambda: model.evaluate(of_windows, verbose=0))

    def torch(seed, looks):
        program = lstm_step.pytorch_program(vocabulary, numbers, test_numbers, batch_size, seed)
        return train_program(program, looks, lambda: program("quality"))

    return {OURS: ours, KERAS: keras_example, TORCH: torch}


# ---- measuring ----


def first_reached(training, target, looks):
    """The first look whose quality is at most the target, or the last one: {minutes, steps, quality, reached}."""
    for look in range(len(looks)):
        value = training.quality(look)
        if value <= target:
            break
    return {
        "minutes": round(training.seconds[look] / 60, 4), "seconds_to_begin": round(training.begin, 3),
        "steps": looks[look], "quality": round(value, 3), "reached": value <= target,
    }


def measure(contenders, target, looks):
    """{name: {what: [value for each seed]}}."""
    rows = {name: [] for name in contenders if name != TORCH or pytorch.INSTALLED}
    for seed in SEEDS:
        for name, found in rows.items():
            keras.utils.set_random_seed(seed)
            found.append(first_reached(contenders[name](seed, looks), target, looks))
            pytorch.close_all()
            print(f"    {name}, seed {seed}: {found[-1]}", flush=True)
    return {name: {what: [row[what] for row in found] for what in found[0]} for name, found in rows.items()}


def main():
    mnist, text = data.load_mnist(), data.load_text("tinyshakespeare")
    record = {"work": f"minutes of training until a quality is reached, seeds {', '.join(map(str, SEEDS))}, every "
              "contender in turn", "machine": machine()}
    for (name, (target, looks)), contenders in zip(GOALS.items(), (vaes(mnist), gans(mnist), lstms(text))):
        print(f"{name}, to {target:g}:", flush=True)
        record[name] = {"target": target, "steps_between_looks": looks.step, **measure(contenders, target, looks)}
    store(__file__, record)


if __name__ == "__main__":
    main()
