"""How fast does an LSTM learn to write, beside PyTorch?  One run, interleaved, medians; then the time to 1.75 nats.

    AIGC_TF_DATA=folder python benchmarks/lstm_step.py      adds to benchmarks/lstm_step.json; six minutes, idle

An LSTM of 256 units on tinyshakespeare (found in AIGC_TF_DATA or downloaded), gradients through 64 characters, states
carried, clipped to norm 1, Adam. Ours: `LSTMLanguageModel` by `fit`. PyTorch, eager: `nn.LSTM` with the same number of
weights but for its second bias, the same batches and the same optimizer; it needs `pip install torch==2.13.0`, without
which its rows are left out (see `gan_step.py` for its threads and for Triton).

- characters a second at several batch sizes; the limit is the step's matrix products at the rate of one product of
  2048 × 2048 matrices.
- minutes of training until the last tenth of the text costs 1.75 nats a character, measured every 60 steps off the
  clock, at batch size 64 and the same learning rate. nanoGPT publishes 1.88 after about three minutes on
  a (larger) CPU; that row is not ours and not measured here.
"""

import os
import platform
import statistics
import time

import keras
import numpy as np
import tensorflow as tf
from results import store

from aigc_tf import data
from aigc_tf.lstm import LSTMLanguageModel
from aigc_tf.text import Vocabulary, split_text, streams

try:
    import torch
    from torch import nn
except ImportError:
    torch = None

UNITS, EMBEDDING, LENGTH, LEARNING_RATE = 256, 64, 64, 6e-3
BATCH_SIZES = (32, 64, 128, 256)
REPEATS, STEPS = 3, 10
QUALITY, BLOCK, MOST_BLOCKS = 1.75, 60, 40
PRODUCT = 2048


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
    name = "ours: fit"

    def __init__(self, vocabulary):
        keras.utils.set_random_seed(0)
        self.model = LSTMLanguageModel(vocabulary.tokens, units=(UNITS,), embedding_dim=EMBEDDING)
        self.model.compile(optimizer=keras.optimizers.Adam(LEARNING_RATE))

    def train(self, batches):
        self.model.fit(batches, verbose=0)

    def nats(self, batches):
        return self.model.evaluate(batches, verbose=0, return_dict=True)["loss"]


class Torch:
    name = "PyTorch, eager"

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


def matmul_rate():
    a = tf.random.normal((PRODUCT, PRODUCT))
    times = []
    for _ in range(7):
        start = time.perf_counter()
        float(tf.linalg.matmul(a, a)[0, 0])
        times.append(time.perf_counter() - start)
    return 2 * PRODUCT**3 / 1e9 / statistics.median(times)


def speed(contenders, vocabulary, numbers):
    """{batch size: {name: characters a second}}."""
    rows = {}
    for batch_size in BATCH_SIZES:
        batches = streams(numbers, LENGTH, batch_size=batch_size).take(STEPS).cache()
        players = [contender(vocabulary) for contender in contenders]
        times = {player.name: [] for player in players}
        for repeat in range(REPEATS + 1):
            for player in players:
                start = time.perf_counter()
                player.train(batches)
                if repeat:  # the first round traces and warms up
                    times[player.name].append(time.perf_counter() - start)
        count = STEPS * batch_size * LENGTH
        rows[batch_size] = {name: round(count / statistics.median(values)) for name, values in times.items()}
        print(batch_size, rows[batch_size], flush=True)
    return rows


def time_to_quality(contender, batch_size, vocabulary, numbers, test_numbers):
    """(minutes of training, characters read, nats at last) until QUALITY."""
    player, test = contender(vocabulary), streams(test_numbers, LENGTH, batch_size=32)
    batches = streams(numbers, LENGTH, batch_size=batch_size).repeat()
    seconds = 0.0
    for block in range(MOST_BLOCKS):
        piece = batches.skip(block * BLOCK).take(BLOCK)
        start = time.perf_counter()
        player.train(piece)
        seconds += time.perf_counter() - start
        nats = player.nats(test)
        if nats <= QUALITY:
            break
    read = (block + 1) * BLOCK * batch_size * LENGTH
    print(f"{player.name}, batch {batch_size}: {nats:.3f} nats after {seconds / 60:.2f} minutes", flush=True)
    return {"minutes": round(seconds / 60, 2), "batch_size": batch_size, "characters": read, "nats": round(nats, 3)}


def main():
    contenders = [Ours]
    if torch:
        torch.set_num_threads(os.cpu_count())
        contenders.append(Torch)
    else:
        print("PyTorch's rows are left out, since it is not installed here: `pip install torch==2.13.0` adds them.")
    text = data.load_text("tinyshakespeare")
    vocabulary = Vocabulary.of(text)
    numbers, test_numbers = (vocabulary.encode(part) for part in split_text(text))
    rows = speed(contenders, vocabulary, numbers)
    rate = matmul_rate()
    shares = {
        size: {name: round(step_gflop(len(vocabulary), size) * value / (size * LENGTH) / rate, 3)
               for name, value in row.items()} for size, row in rows.items()
    }
    quality = {
        f"{contender.name}, batch {size}": time_to_quality(contender, size, vocabulary, numbers, test_numbers)
        for size in (64,) for contender in contenders
    }
    record = {
        "work": f"LSTM-{UNITS} on tinyshakespeare, windows of {LENGTH}; medians of {REPEATS} repeats of {STEPS} steps",
        "versions": {
            "python": platform.python_version(), "tensorflow": tf.__version__, "keras": keras.__version__,
            "torch": torch.__version__ if torch else None,
        },
        "characters_per_second": rows,
        "matmul_gflop_per_second": round(rate, 1),
        "share_of_limit": shares,
        f"to_{QUALITY}_nats": quality,
        "published": {"nanoGPT on a CPU": "1.88 nats after about 3 minutes"},
    }
    store(__file__, record)


if __name__ == "__main__":
    main()
