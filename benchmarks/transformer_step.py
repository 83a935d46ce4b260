"""How long is one training step of chapter 5's Transformer, and how fast does it write, beside peers?  Interleaved.

    python benchmarks/transformer_step.py      writes benchmarks/transformer_step.json; four minutes on two idle cores

Compared, on 8 windows of 256 characters of Shakespeare's plays, one network: the Transformer of the recipe
`gpt_shakespeare`, 5 blocks of width 192 with 3 heads; gradients clipped to norm 1.

- ours: `TransformerLanguageModel` by `fit` with `keras.optimizers.Adam`. It alone also watches for NaN.
- ours with FusedAdam: the same with `aigc_tf.core.optimizers.FusedAdam`.
- ours with Muon: as in the recipe.
- the Keras example's way (its miniature GPT): `keras.layers.MultiHeadAttention` with a causal mask, layer norm behind
  each part, learned positions, compiled with Keras's own loss and step, on the same pipeline. It has matrices of the
  same shapes as ours, and its biases, gains and positions besides; the example's dropout is left out.
- PyTorch, and PyTorch compiled (`pytorch_programs.py`): `scaled_dot_product_attention(is_causal=True)` in the same
  network as ours: the same number of weights, and the same loss with the same weights (both asserted).
- the limit: the multiplications and additions of the step's products, attention's only where a place may look, at the
  rate that the machine reaches in one large product. Small products are slower (`limits.py`).

A step by `fit` is timed inside the epoch; what an epoch takes before and after is recorded by itself.

Then characters per second of one text, and of 20 side by side, 200 characters each, from one character on: `generate`
(ours) and PyTorch keep the keys and values of what they have read in a cache with room for the whole context; the Keras
example reads its whole window anew for each character, by `predict`.
"""

import functools

import keras
import numpy as np
import pytorch
from keras import layers
from records import FUSED, KERAS, MUON, OURS
from results import machine, sized, store
from steps import measured
from timing import interleaved, of_kind, timed, timed_fit

from aigc_tf import data
from aigc_tf.core.optimizers import FusedAdam, Muon
from aigc_tf.recipes import GPT
from aigc_tf.text import Vocabulary, random_windows, split_text
from aigc_tf.transformer import TransformerLanguageModel

BATCH_SIZE, LEARNING_RATE, MUON_RATE = 8, 3e-3, 0.02
STEPS, ROUNDS = sized(8, 2), sized(5, 1)
CHARACTERS, FEW_CHARACTERS = sized(200, 5), sized(20, 2)  # that each text gets in a round; by predict
TEXTS = {"one text": 1, "20 texts": 20}


# ---- the contenders; `numbers` are the text's characters, and `config` says how large the network is ----


def batches_of(numbers, config):
    """An epoch of windows that begin anywhere."""
    return random_windows(numbers, config["context"], batch_size=BATCH_SIZE, steps=STEPS)


def ours(vocabulary, numbers, config, optimizer):
    """(model, its `fit`)."""
    model = TransformerLanguageModel(vocabulary.tokens, **config)
    model.compile(optimizer=optimizer)
    return model, functools.partial(model.fit, batches_of(numbers, config), verbose=0)


class ExampleEmbedding(layers.Layer):
    """The Keras example's embedding of tokens and of positions."""

    def __init__(self, num_tokens, context, width):
        super().__init__()
        self.tokens, self.positions = layers.Embedding(num_tokens, width), layers.Embedding(context, width)
        self.places = np.arange(context)

    def call(self, tokens):
        return self.tokens(tokens) + self.positions(self.places)


class ExampleBlock(layers.Layer):
    """The Keras example's block: what is added to the input is normed together with it."""

    def __init__(self, width, num_heads):
        super().__init__()
        self.attention = layers.MultiHeadAttention(num_heads, width // num_heads)
        self.mlp = keras.Sequential([layers.Dense(4 * width, activation="relu"), layers.Dense(width)])
        self.norms = [layers.LayerNormalization(epsilon=1e-6) for _ in range(2)]

    def call(self, hidden):
        hidden = self.norms[0](hidden + self.attention(hidden, hidden, use_causal_mask=True))
        return self.norms[1](hidden + self.mlp(hidden))


def keras_example(vocabulary, numbers, config):
    """(model, its `fit`); it takes windows of the whole context alone."""
    model = keras.Sequential([
        keras.Input((config["context"],), dtype="int32"),
        ExampleEmbedding(len(vocabulary), config["context"], config["width"]),
        *(ExampleBlock(config["width"], config["num_heads"]) for _ in range(config["num_layers"])),
        layers.Dense(len(vocabulary)),
    ])
    optimizer = keras.optimizers.Adam(LEARNING_RATE, global_clipnorm=1.0)
    model.compile(optimizer, loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model, functools.partial(model.fit, batches_of(numbers, config), verbose=0)


def pytorch_program(vocabulary, numbers, config, seed=0, compiled=False):
    program = pytorch.Program(
        "Transformer", numbers=numbers, seed=seed, batch_size=BATCH_SIZE, num_tokens=len(vocabulary),
        learning_rate=LEARNING_RATE, compiled=compiled, **config,
    )
    model = TransformerLanguageModel(vocabulary.tokens, **config)
    assert program("count") == pytorch.count_weights(model), "not the same network"
    return program


# ---- one network: the same weights give the same loss ----


def weights_for_pytorch(model):
    """The model's weights as `pytorch_programs.TransformerNetwork` has them, in the order of its parameters."""
    def turned(*dense):
        return np.concatenate([layer.get_weights()[0].T for layer in dense])

    weights = [model.embedding.get_weights()[0]]
    for block in model.blocks:
        attention = block.attention
        weights.append(turned(attention.query, attention.key, attention.value))
        weights += [turned(layer) for layer in (attention.join, block.mlp_in, block.mlp_out)]
    return [*weights, turned(model.logits)]


def losses_with_same_weights(vocabulary, numbers, config):
    """Losses of one batch, in nats: ours, PyTorch's, and PyTorch's when it reads token by token with its cache."""
    model = TransformerLanguageModel(vocabulary.tokens, **config)
    draws = np.random.default_rng(0)
    model.set_weights([draws.normal(0, 0.1, weight.shape).astype("float32") for weight in model.get_weights()])
    inputs, targets = (np.array(part) for part in next(iter(batches_of(numbers, config))))
    program = pytorch_program(vocabulary, numbers, config)
    losses = program("losses_with", weights=weights_for_pytorch(model), inputs=inputs, targets=targets)
    program.close()
    return [float(np.mean(model.compute_losses(inputs, targets)["loss"])), *losses]


# ---- the limit ----


def step_gflop(num_tokens, config):
    """10⁹ multiplications and additions of a step: forward, and twice as many backward."""
    width, context = config["width"], config["context"]
    attention = 2 * width * (context + 1) / 2  # queries by keys, weights by values: of the places seen, in the mean
    per_character = config["num_layers"] * (12 * width**2 + attention) + width * num_tokens
    return 3 * 2 * per_character * BATCH_SIZE * context / 1e9


# ---- measuring ----


def step_contenders(*work):
    """{name: contender}."""
    optimizers = {
        OURS: keras.optimizers.Adam(LEARNING_RATE), FUSED: FusedAdam(LEARNING_RATE),
        MUON: Muon(MUON_RATE, adam_ratio=LEARNING_RATE / MUON_RATE),
    }
    return {
        **{name: timed_fit(ours(*work, optimizer)[1]) for name, optimizer in optimizers.items()},
        KERAS: timed_fit(keras_example(*work)[1]),
        **pytorch.contenders(functools.partial(pytorch_program, *work), STEPS),
    }


def by_predict(model, config):
    """A function that writes a few characters, the window read anew for each, as the Keras example does."""
    def write():
        window = np.zeros((1, config["context"]), "int32")
        for place in range(FEW_CHARACTERS):
            window[0, place + 1] = model.predict(window, verbose=0)[0, place].argmax()

    return write


def writers(vocabulary, numbers, config):
    """{(how many texts, name): contender}, a step being a character."""
    work = vocabulary, numbers, config
    model = TransformerLanguageModel(vocabulary.tokens, **config)
    ways = {OURS: lambda texts: model.generate([vocabulary.tokens[0]] * texts, CHARACTERS, seed=0)}
    for name, program in pytorch.programs(functools.partial(pytorch_program, *work)).items():
        ways[name] = functools.partial(program, "write", count=CHARACTERS)
    found = {
        (texts, name): timed(count * CHARACTERS, functools.partial(write, texts=count))
        for texts, count in TEXTS.items() for name, write in ways.items()
    }
    example, _ = keras_example(*work)
    return {**found, ("one text", KERAS): timed(FEW_CHARACTERS, by_predict(example, config))}


def written_per_second(*work):
    """{how many texts: {name: [characters per second in each round]}}."""
    found = of_kind(interleaved(writers(*work), ROUNDS))
    pytorch.close_all()
    rates = {texts: {} for texts in TEXTS}
    for (texts, name), seconds in found.items():
        rates[texts][name] = [round(1 / value) for value in seconds]
    return rates


def main():
    keras.utils.set_random_seed(0)
    text = data.load_text("shakespeare")
    vocabulary = Vocabulary.of(text)
    work = vocabulary, vocabulary.encode(split_text(text)[0]), GPT
    if pytorch.INSTALLED:
        expected, *losses = losses_with_same_weights(*work)
        assert np.allclose(losses, expected, rtol=0, atol=1e-4), f"not the same network: {expected}, {losses}"
    record = {
        "work": f"a step of the Transformer, {BATCH_SIZE} windows of {GPT['context']}; {ROUNDS} rounds of {STEPS} "
        f"steps, every contender in turn; {CHARACTERS} characters of each text ({FEW_CHARACTERS} by predict)",
        "machine": machine(),
        "per_second": written_per_second(*work),
        "Transformer": measured(step_contenders(*work), ROUNDS, step_gflop(len(vocabulary), GPT)),
    }
    store(__file__, record)


if __name__ == "__main__":
    main()
