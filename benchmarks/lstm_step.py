"""How many characters a second does an LSTM learn from, beside peers and the machine's limit?  One run, interleaved.

    AIGC_TF_DATA=folder python benchmarks/lstm_step.py     writes benchmarks/lstm_step.json; three minutes, idle

An LSTM of 256 units on tinyshakespeare (found in AIGC_TF_DATA or downloaded), gradients through 64 characters, states
carried, clipped to norm 1, Adam; at several batch sizes.

- ours: `LSTMLanguageModel` by `fit` with `keras.optimizers.Adam`, as in the chapters.
- ours with FusedAdam: as in the recipes.
- the Keras example's way: embedding, LSTM and logits in a `keras.Sequential`, compiled with Keras's own loss and step,
  on windows that begin with empty states (from the course's pipeline, which does not wait for a tuner).
- eager TensorFlow: our model's step in a Python loop without `tf.function`, as the articles train; a few steps, at
  batch size 64 alone, as it takes so long.
- PyTorch (`pytorch_programs.py`): `nn.LSTM` with the same number of weights (asserted) but for its second bias, on the
  same batches.
- the limit: the multiplications and additions of the step's products, at the rate of one large product.

What the layer costs alone, and what else was tried, is in lstm_layer.py.
"""

import functools

import keras
import pytorch
import tensorflow as tf
from keras import layers
from limits import gflop_per_second, products
from results import machine, milliseconds, sized, store
from timing import interleaved, of_kind, timed, timed_fit

from aigc_tf import data
from aigc_tf.core.optimizers import FusedAdam
from aigc_tf.text import LSTMLanguageModel, Vocabulary, split_text, streams, windows

UNITS, EMBEDDING, LENGTH, LEARNING_RATE = 256, 64, 64, 6e-3
BATCH_SIZES, EAGER_BATCH_SIZE = (32, 64, 128), 64
STEPS, EAGER_STEPS, ROUNDS = sized(12, 3), sized(3, 1), sized(5, 1)


# ---- the contenders: (model, its `fit`); `numbers` are the text's characters ----


def ours(vocabulary, numbers, batch_size, steps, adam=keras.optimizers.Adam):
    """An epoch of so many steps; the embeddings begin as N(0, 1)."""
    model = LSTMLanguageModel(vocabulary.tokens, units=(UNITS,), embedding_dim=EMBEDDING, embedding_stddev=1.0)
    model.compile(optimizer=adam(LEARNING_RATE))
    batches = streams(numbers, LENGTH, batch_size=batch_size).repeat()
    return model, functools.partial(model.fit, batches, steps_per_epoch=steps, verbose=0)


def keras_example(vocabulary, numbers, batch_size, steps, embeddings="uniform"):
    """The embeddings begin in ±0.05, as Keras has it, or as the initializer `embeddings` draws them."""
    model = keras.Sequential([
        layers.Embedding(len(vocabulary), EMBEDDING, embeddings_initializer=embeddings),
        layers.LSTM(UNITS, return_sequences=True),
        layers.Dense(len(vocabulary)),
    ])
    optimizer = keras.optimizers.Adam(LEARNING_RATE, clipnorm=1.0)
    model.compile(optimizer, loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    batches = windows(numbers, LENGTH, batch_size=batch_size).repeat()
    return model, functools.partial(model.fit, batches, steps_per_epoch=steps, verbose=0)


def eager_loop(vocabulary, numbers, batch_size, steps):
    """A function that trains so many steps."""
    model, _ = ours(vocabulary, numbers, batch_size, steps)
    batches = streams(numbers, LENGTH, batch_size=batch_size).take(steps)

    def train():
        for inputs, targets in batches:
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(model.compute_losses(inputs, targets, training=True)["loss"])
            gradients, _ = tf.clip_by_global_norm(tape.gradient(loss, model.trainable_variables), 1.0)
            model.optimizer.apply_gradients(zip(gradients, model.trainable_variables))

    return train


def pytorch_program(vocabulary, numbers, test_numbers, batch_size, seed=0):
    program = pytorch.Program(
        "LSTM", numbers=numbers, test=test_numbers, seed=seed, batch_size=batch_size, num_tokens=len(vocabulary),
        units=UNITS, embedding_dim=EMBEDDING, length=LENGTH, learning_rate=LEARNING_RATE,
    )
    model = LSTMLanguageModel(vocabulary.tokens, units=(UNITS,), embedding_dim=EMBEDDING)
    assert program("count") == [pytorch.count_weights(model)[0] + 4 * UNITS], "not the same network"
    return program


def step_gflop(num_tokens, batch_size):
    """10⁹ multiplications and additions of a step: forward, and twice as many backward."""
    per_character = UNITS * 4 * (UNITS + EMBEDDING) + UNITS * num_tokens
    return 3 * 2 * per_character * batch_size * LENGTH / 1e9


# ---- measuring ----


def contenders(vocabulary, numbers, batch_size):
    """{name: contender} at one batch size."""
    size = (vocabulary, numbers, batch_size)
    found = {
        "ours": timed_fit(ours(*size, STEPS)[1]),
        "ours with FusedAdam": timed_fit(ours(*size, STEPS, FusedAdam)[1]),
        "Keras example's way": timed_fit(keras_example(*size, STEPS)[1]),
    }
    if batch_size == EAGER_BATCH_SIZE:
        found["eager TensorFlow loop"] = timed(EAGER_STEPS, eager_loop(*size, EAGER_STEPS))
    if pytorch.INSTALLED:
        found["PyTorch"] = pytorch.timed_program(pytorch_program(vocabulary, numbers, numbers, batch_size), STEPS)
    return found


def main():
    keras.utils.set_random_seed(0)
    text = data.load_text("tinyshakespeare")
    vocabulary = Vocabulary.of(text)
    numbers = vocabulary.encode(split_text(text)[0])
    rows = {size: contenders(vocabulary, numbers, size) for size in BATCH_SIZES}
    everything = {(name, size): run for size, row in rows.items() for name, run in row.items()}
    found = interleaved({**everything, **products()}, ROUNDS)
    rates = gflop_per_second({name: kinds for name, kinds in found.items() if isinstance(name, str)})
    record = {
        "work": f"a step of LSTM-{UNITS} on tinyshakespeare, windows of {LENGTH}; {ROUNDS} rounds of {STEPS} steps "
        f"({EAGER_STEPS} eager), every contender at every batch size in turn",
        "machine": machine(),
        "gflop_per_second": rates,
    }
    for size, row in rows.items():
        seconds = {name: found[name, size] for name in row}
        record[f"batch {size}"] = {
            "milliseconds": milliseconds(of_kind(seconds)),
            "milliseconds_after_an_epoch": milliseconds(of_kind(seconds, "end")),
            "gflop": round(step_gflop(len(vocabulary), size), 3),
        }
    store(__file__, record)
    pytorch.close_all()


if __name__ == "__main__":
    main()
