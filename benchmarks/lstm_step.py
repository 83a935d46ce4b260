"""How fast does an LSTM learn to write, beside PyTorch?  One run, interleaved, medians; then the time to 1.75 nats.

    AIGC_TF_DATA=folder python benchmarks/lstm_step.py      adds to benchmarks/lstm_step.json; six minutes, idle

An LSTM of 256 units on tinyshakespeare (found in AIGC_TF_DATA or downloaded), gradients through 64 characters, states
carried, clipped to norm 1, Adam. Ours: `LSTMLanguageModel` by `fit`. PyTorch, eager: `nn.LSTM` with the same number of
weights but for its second bias, the same batches and the same optimizer; it needs `pip install torch==2.13.0`, without
which its rows are left out (see `vae_step.py` for its threads and for Triton). The Keras example's way: embedding, LSTM
and logits in a `keras.Sequential`, compiled with Keras's own loss and step, on windows that begin with empty states.
Eager TensorFlow: our model's step in a Python loop without `tf.function`, at batch size 64 alone, as it takes so long.

- characters a second at several batch sizes; the limit is the step's matrix products at the rate of one product of
  2048 × 2048 matrices.
- minutes of training until the last tenth of the text costs 1.75 nats a character, measured every 60 steps off the
  clock, at batch size 64 and the same learning rate. nanoGPT publishes 1.88 after about three minutes on
  a (larger) CPU; that row is not ours and not measured here.
"""

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from results import machine, store
from timing import medians, minutes_to_quality, product, torch

from aigc_tf import data
from aigc_tf.lstm import LSTMLanguageModel
from aigc_tf.text import Vocabulary, split_text, streams, windows

nn = torch.nn if torch else None

UNITS, EMBEDDING, LENGTH, LEARNING_RATE = 256, 64, 64, 6e-3
BATCH_SIZES = (32, 64, 128, 256)
REPEATS, STEPS, EAGER_STEPS, EAGER_BATCH_SIZE = 3, 15, 3, 64
QUALITY, PIECE, MOST, QUALITY_BATCH_SIZE = 1.75, 60, 40, 64


class TorchModel(nn.Module if torch else object):
    """The same network."""

    def __init__(self, num_tokens):
        super().__init__()
        self.embedding = nn.Embedding(num_tokens, EMBEDDING)
        self.lstm = nn.LSTM(EMBEDDING, UNITS, batch_first=True)
        self.logits = nn.Linear(UNITS, num_tokens)

    def forward(self, tokens, states):
        hidden, states = self.lstm(self.embedding(tokens), states)
        return self.logits(hidden), tuple(state.detach() for state in states)


class Ours:
    name, batches = "ours: fit", staticmethod(streams)

    def __init__(self, vocabulary):
        keras.utils.set_random_seed(0)
        self.model = LSTMLanguageModel(vocabulary.tokens, units=(UNITS,), embedding_dim=EMBEDDING, embedding_stddev=1.0)
        self.model.compile(optimizer=keras.optimizers.Adam(LEARNING_RATE))

    def train(self, batches):
        self.model.fit(batches, verbose=0)

    def nats(self, batches):
        return self.model.evaluate(batches, verbose=0, return_dict=True)["loss"]


class KerasExample(Ours):
    name, batches = "Keras example's way: fit", staticmethod(windows)

    def __init__(self, vocabulary):
        keras.utils.set_random_seed(0)
        size = len(vocabulary)
        self.model = keras.Sequential(
            [layers.Embedding(size, EMBEDDING), layers.LSTM(UNITS, return_sequences=True), layers.Dense(size)]
        )
        optimizer = keras.optimizers.Adam(LEARNING_RATE, clipnorm=1.0)
        self.model.compile(optimizer, loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))

    def nats(self, batches):  # of windows, too
        return self.model.evaluate(batches.map(lambda inputs, targets: (inputs[0], targets)), verbose=0)


class Eager(Ours):
    name = "eager TensorFlow loop"

    def train(self, batches):
        model = self.model
        for inputs, targets in batches.take(EAGER_STEPS):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(model.compute_losses(inputs, targets, training=True)["loss"])
            gradients, _ = tf.clip_by_global_norm(tape.gradient(loss, model.trainable_variables), 1.0)
            model.optimizer.apply_gradients(zip(gradients, model.trainable_variables))


class Torch:
    name, batches = "PyTorch, eager", staticmethod(streams)

    def __init__(self, vocabulary):
        torch.manual_seed(0)
        self.model = TorchModel(len(vocabulary))
        self.optimizer = torch.optim.Adam(self.model.parameters(), LEARNING_RATE)
        self.states = {}

    def losses(self, batches, purpose):
        for (inputs, continues), targets in batches.as_numpy_iterator():
            states = self.states[purpose] if continues[0] else None
            logits, self.states[purpose] = self.model(torch.tensor(inputs, dtype=torch.long), states)
            yield nn.functional.cross_entropy(logits.flatten(0, 1), torch.tensor(targets, dtype=torch.long).flatten())

    def train(self, batches):
        for loss in self.losses(batches, "train"):
            self.optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimizer.step()

    def nats(self, batches):
        with torch.no_grad():
            return float(np.mean([float(loss) for loss in self.losses(batches, "test")]))


def step_gflop(num_tokens, batch_size):
    """Multiplications and additions of a step: forward, and twice as many backward."""
    per_character = UNITS * 4 * (UNITS + EMBEDDING) + UNITS * num_tokens
    return 3 * 2 * per_character * batch_size * LENGTH / 1e9


def speed(contenders, vocabulary, numbers):
    """{batch size: {name: characters a second}}."""
    rows = {}
    for batch_size in BATCH_SIZES:
        runs = {}
        for contender in contenders:
            if contender is not Eager or batch_size == EAGER_BATCH_SIZE:
                batches = contender.batches(numbers, LENGTH, batch_size=batch_size).take(STEPS).cache()
                steps = EAGER_STEPS if contender is Eager else STEPS
                train = contender(vocabulary).train
                runs[contender.name] = steps * batch_size * LENGTH, lambda train=train, batches=batches: train(batches)
        rows[batch_size] = {name: round(1 / seconds) for name, seconds in medians(runs, REPEATS).items()}
        print(batch_size, rows[batch_size], flush=True)
    return rows


def time_to_quality(contender, vocabulary, numbers, test_numbers):
    """Minutes of training until QUALITY, pieces of PIECE steps, and the nats at last."""
    player, test = contender(vocabulary), streams(test_numbers, LENGTH, batch_size=32)
    batches = contender.batches(numbers, LENGTH, batch_size=QUALITY_BATCH_SIZE).repeat()
    pieces = iter(batches.skip(at * PIECE).take(PIECE) for at in range(MOST))
    print(f"{player.name}, to {QUALITY} nats:", flush=True)
    return minutes_to_quality(lambda: player.train(next(pieces)), lambda: player.nats(test), QUALITY, MOST)


def main():
    contenders = [Ours, KerasExample, Eager] + ([Torch] if torch else [])
    text = data.load_text("tinyshakespeare")
    vocabulary = Vocabulary.of(text)
    numbers, test_numbers = (vocabulary.encode(part) for part in split_text(text))
    rows = speed(contenders, vocabulary, numbers)
    large, gflop = product()
    rate = gflop / medians({"product": large})["product"]
    limits = {size: size * LENGTH * rate / step_gflop(len(vocabulary), size) for size in rows}  # characters a second
    record = {
        "work": f"LSTM-{UNITS} on tinyshakespeare, windows of {LENGTH}; medians of {REPEATS} repeats of {STEPS} steps",
        "machine": machine(),
        "characters_per_second": rows,
        "matmul_gflop_per_second": round(rate, 1),
        "share_of_limit": {
            size: {name: round(value / limits[size], 3) for name, value in row.items()} for size, row in rows.items()
        },
        f"to_{QUALITY}_nats": {
            contender.name: time_to_quality(contender, vocabulary, numbers, test_numbers)
            for contender in contenders if contender is not Eager
        },
        "published": {"nanoGPT on a CPU": "1.88 nats after about 3 minutes"},
    }
    store(__file__, record)


if __name__ == "__main__":
    main()
