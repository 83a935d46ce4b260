"""Answers to the exercises of chapter 6, right and plausibly wrong; `test_wrong_answers.py` tries them."""

# Networks that cost what we say, and one small network that is real; nothing is loaded, and nothing is trained.
GIVEN = '''
from types import SimpleNamespace
from aigc_tf.text import Vocabulary

before_training = {"help texts": 3.6, "plays": 1.37}
without_replay = {"help texts": 1.45, "plays": 1.80}


def small_lora():  # a real network, whose change has an effect
    model = AdaptedTransformer("abcdef", method="lora", size=2, num_layers=2, width=8, num_heads=1, context=8)
    for number, weight in enumerate(model.trainable_weights):
        weight.assign_add(tf.random.stateless_normal(weight.shape, (0, number)))
    return model


class Network:  # knows what it costs and how it was trained; a text makes it 2.5 nats better
    def __init__(self, method="full", text="", nats=None, steps=40, share=1.0):
        self.method, self.text, self.nats, self.share = method, text, nats, share
        self.optimizer = SimpleNamespace(iterations=tf.constant(steps))
        self.vocabulary = Vocabulary("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ&")


def costs(model):
    return dict(model.nats)


def trained_share(model):
    return model.share


def nats_per_token(model, text):  # other characters cost something else
    return np.mean([*map(ord, text)]) / 20 - 2.5 * bool(model.text)


def train_on(model, text):
    model.text = text


old = Network()
rising = "".join(chr(ord("a") + 26 * number // 30_000) for number in range(30_000))
own_text = "".join("{" if at % 10 == 0 else sign.upper() if at % 7 == 0 else sign for at, sign in enumerate(rising))
'''
GRADIENTS = """
def lora_gradients(x, g, a, b, scale):
    of_a = {of_a}
    of_b = {of_b}
    return {result}
"""
RIGHT_GRADIENTS = {"of_a": "scale * x.T @ (g @ b.T)", "of_b": "scale * (x @ a).T @ g", "result": "of_a, of_b"}
ADAPTER = """
class Adapter(layers.Layer):
    def __init__(self, units, size):
        super().__init__()
        self.dense = layers.Dense(units, {dense})
        self.down = layers.Dense(size, {down})
        self.up = layers.Dense(units, {up})

    def call(self, x):
        y = {y}
        return {result}
"""
RIGHT_ADAPTER = {
    "dense": "use_bias=False", "down": "use_bias=False", "up": "use_bias=False, kernel_initializer='zeros'",
    "y": "self.dense(x)", "result": "y + self.up(tf.nn.gelu(self.down(y)))",
}
CHANGE = """
guess = {guess}


def without_change(model):
    for layer in {places}:
        {zero}


adapted = small_lora()
{call}
cost_without = {cost}
"""
RIGHT_CHANGE = {
    "guess": "'as before'", "places": "dense_layers(model.blocks)", "call": "without_change(adapted)", "cost": "1.37",
    "zero": "layer.lora_b.kernel.assign(tf.zeros_like(layer.lora_b.kernel))",
}
COUNT = """
def numbers_that_learn(method, size, width, num_layers):
    return {{"lora": {lora}, "adapters": {adapters}, "prompt": {prompt}, "prefix": {prefix}}}[method]
"""
RIGHT_COUNT = {
    "lora": "num_layers * 18 * size * width", "adapters": "num_layers * 4 * size * width", "prompt": "size * width",
    "prefix": "num_layers * 2 * size * width",
}
MADE = """
def numbers_that_learn(method, size, width, num_layers):
    model = AdaptedTransformer("abc", method=method, size=size, width=width, num_layers=num_layers, num_heads=1)
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
"""
REPLAY = """
def mixed(new, old, share):
    return {mixed}


rehearsed = Network(nats={nats}, steps={steps}, share={share})
with_replay = {measured}
"""
SAMPLED = "tf.data.Dataset.sample_from_datasets([{new}, {old}], [{weights}], seed=SEED)"
RIGHT_REPLAY = {
    "mixed": SAMPLED.format(new="new", old="old", weights="1 - share, share"), "steps": "40", "share": "1.0",
    "nats": "{'help texts': 1.5, 'plays': 1.45}", "measured": "costs(rehearsed)",
}
LEARN = """
def learn(text):
    known = {known}
    first, rest = {cut}
    model = Network("{method}")
    before = {before}
    train_on(model, {learned})
    return {model}, before, {after}


{text}
own_model, own_before, own_after = learn(own_text)
{later}
"""
RIGHT_LEARN = {
    "known": "in_known_characters(text, old.vocabulary)", "cut": "split_text(known)", "method": "lora",
    "before": "nats_per_token(old, rest)", "learned": "first", "model": "model", "after": "nats_per_token(model, rest)",
    "text": "", "later": "",
}


def changed(template, right, **wrong):
    """The template with the right parts, but for some that are wrong."""
    return template.format(**{**right, **wrong})


def sampled(new="new", old="old", weights="1 - share, share"):
    """An answer to exercise 5 that draws from two datasets, with something wrong."""
    return changed(REPLAY, RIGHT_REPLAY, mixed=SAMPLED.format(new=new, old=old, weights=weights))


def zeroed(*layers):
    """An answer to exercise 3 that forgets some layers of a block."""
    names = ", ".join(layers)
    return changed(CHANGE, RIGHT_CHANGE, places=f"[layer for block in model.blocks for layer in ({names},)]")


def joined(rows):
    """An answer to exercise 5 that makes one batch of two; `rows` joins their inputs, or their targets."""
    both = f"lambda one, two: tuple({rows} for new, old in zip(one, two))"
    return changed(REPLAY, RIGHT_REPLAY, mixed=f"tf.data.Dataset.zip((new, old)).map({both})")


ATTENTION = [f"block.attention.{name}" for name in ("query", "key", "value", "join")]
MLP = ["block.mlp_in", "block.mlp_out"]
RIGHT_ANSWERS = {
    "1": GRADIENTS.format(**RIGHT_GRADIENTS),
    "2": ADAPTER.format(**RIGHT_ADAPTER),
    "3": CHANGE.format(**RIGHT_CHANGE),
    "4": COUNT.format(**RIGHT_COUNT),
    "5": REPLAY.format(**RIGHT_REPLAY),
    "6": LEARN.format(**RIGHT_LEARN),
}
WRONG_ANSWERS = {
    "1": {
        "no scale": changed(GRADIENTS, RIGHT_GRADIENTS, of_a="x.T @ (g @ b.T)", of_b="(x @ a).T @ g"),
        "no scale for A": changed(GRADIENTS, RIGHT_GRADIENTS, of_a="x.T @ (g @ b.T)"),
        "no scale for B": changed(GRADIENTS, RIGHT_GRADIENTS, of_b="(x @ a).T @ g"),
        "the scale twice": changed(GRADIENTS, RIGHT_GRADIENTS, result="scale * of_a, scale * of_b"),
        "the scale divided by the rank once more": changed(
            GRADIENTS, RIGHT_GRADIENTS, result="of_a / a.shape[1], of_b / a.shape[1]"),
        "the scale's square root in each": changed(
            GRADIENTS, RIGHT_GRADIENTS, result="of_a / scale**0.5, of_b / scale**0.5"),
        "the other sign": changed(GRADIENTS, RIGHT_GRADIENTS, result="-of_a, -of_b"),
        "B first": changed(GRADIENTS, RIGHT_GRADIENTS, result="of_b, of_a"),
        "A alone": changed(GRADIENTS, RIGHT_GRADIENTS, result="[of_a, 0 * of_b]"),
        "A always zero, as at the start": changed(GRADIENTS, RIGHT_GRADIENTS, result="0 * of_a, of_b"),
        "transposed": changed(GRADIENTS, RIGHT_GRADIENTS, result="of_a.T, of_b.T"),
        "B transposed": changed(GRADIENTS, RIGHT_GRADIENTS, result="of_a, of_b.T"),
        "the mean over the rows": changed(GRADIENTS, RIGHT_GRADIENTS, result="of_a / len(x), of_b / len(x)"),
        "rows added up before the product": changed(
            GRADIENTS, RIGHT_GRADIENTS, of_a="scale * np.outer(x.sum(axis=0), (g @ b.T).sum(axis=0))",
            of_b="scale * np.outer((x @ a).sum(axis=0), g.sum(axis=0))"),
        "the gradient of W for both": changed(
            GRADIENTS, RIGHT_GRADIENTS, of_a="scale * x.T @ g", of_b="scale * x.T @ g"),
        "the gradient of W for A": changed(GRADIENTS, RIGHT_GRADIENTS, of_a="scale * x.T @ g"),
        "B not transposed": changed(GRADIENTS, RIGHT_GRADIENTS, of_a="scale * x.T @ (g @ b)"),
        "x not transposed": changed(GRADIENTS, RIGHT_GRADIENTS, of_a="scale * x @ (g @ b.T)"),
        "A in place of B": changed(GRADIENTS, RIGHT_GRADIENTS, of_a="scale * x.T @ (g @ a)"),
        "B in place of A": changed(GRADIENTS, RIGHT_GRADIENTS, of_b="scale * (x @ b).T @ g"),
        "A transposed": changed(GRADIENTS, RIGHT_GRADIENTS, of_b="scale * (x @ a.T).T @ g"),
        "A and B forgotten": changed(
            GRADIENTS, RIGHT_GRADIENTS, of_a="scale * x.T @ (g @ np.ones_like(b).T)",
            of_b="scale * (x @ np.ones_like(a)).T @ g"),
        "B after A's step": changed(GRADIENTS, RIGHT_GRADIENTS, of_b="scale * (x @ (a - of_a)).T @ g"),
    },
    "2": {
        "no gelu": changed(ADAPTER, RIGHT_ADAPTER, result="y + self.up(self.down(y))"),
        "gelu behind U": changed(ADAPTER, RIGHT_ADAPTER, result="y + tf.nn.gelu(self.up(self.down(y)))"),
        "gelu before D": changed(ADAPTER, RIGHT_ADAPTER, result="y + self.up(self.down(tf.nn.gelu(y)))"),
        "gelu around everything": changed(
            ADAPTER, RIGHT_ADAPTER, result="tf.nn.gelu(y + self.up(tf.nn.gelu(self.down(y))))"),
        "relu": changed(ADAPTER, RIGHT_ADAPTER, result="y + self.up(tf.nn.relu(self.down(y)))"),
        "swish": changed(ADAPTER, RIGHT_ADAPTER, result="y + self.up(tf.nn.silu(self.down(y)))"),
        "tanh": changed(ADAPTER, RIGHT_ADAPTER, result="y + self.up(tf.nn.tanh(self.down(y)))"),
        "no residual connection": changed(ADAPTER, RIGHT_ADAPTER, result="self.up(tf.nn.gelu(self.down(y)))"),
        "x in place of y in the sum": changed(ADAPTER, RIGHT_ADAPTER, result="x + self.up(tf.nn.gelu(self.down(y)))"),
        "x in the adapter, beside W": changed(ADAPTER, RIGHT_ADAPTER, result="y + self.up(tf.nn.gelu(self.down(x)))"),
        "the adapter before W": changed(
            ADAPTER, RIGHT_ADAPTER, y="x + self.up(tf.nn.gelu(self.down(x)))", result="self.dense(y)"),
        "a gelu behind W": changed(ADAPTER, RIGHT_ADAPTER, y="tf.nn.gelu(self.dense(x))"),
        "no W": changed(ADAPTER, RIGHT_ADAPTER, y="x + 0 * self.dense(x)"),
        "a product": changed(ADAPTER, RIGHT_ADAPTER, result="y * (1 + self.up(tf.nn.gelu(self.down(y))))"),
        "a difference": changed(ADAPTER, RIGHT_ADAPTER, result="y - self.up(tf.nn.gelu(self.down(y)))"),
        "divided by the size": changed(
            ADAPTER, RIGHT_ADAPTER, result="y + self.up(tf.nn.gelu(self.down(y))) / self.down.units"),
        "U random": changed(ADAPTER, RIGHT_ADAPTER, up="use_bias=False"),
        "D zero in place of U": changed(
            ADAPTER, RIGHT_ADAPTER, up="use_bias=False", down="use_bias=False, kernel_initializer='zeros'"),
        "D and U zero": changed(ADAPTER, RIGHT_ADAPTER, down="use_bias=False, kernel_initializer='zeros'"),
        "W zero, too": changed(ADAPTER, RIGHT_ADAPTER, dense="use_bias=False, kernel_initializer='zeros'"),
        "biases": changed(ADAPTER, RIGHT_ADAPTER, dense="use_bias=True", down="use_bias=True",
                          up="use_bias=True, kernel_initializer='zeros'"),
        "a bias in the dense layer": changed(ADAPTER, RIGHT_ADAPTER, dense="use_bias=True"),
        "a bias in U": changed(ADAPTER, RIGHT_ADAPTER, up="kernel_initializer='zeros'"),
        "gelu inside both layers": changed(
            ADAPTER, RIGHT_ADAPTER, up="use_bias=False, kernel_initializer='zeros', activation='gelu'",
            down="use_bias=False, activation='gelu'", result="y + self.up(self.down(y))"),
        "the package's class": "Adapter = AdapterDense",
        "a class made from the package's": "class Adapter(AdapterDense):\n    pass",
    },
    "3": {
        "no guess": changed(CHANGE, RIGHT_CHANGE, guess="''"),
        "a number as a guess": changed(CHANGE, RIGHT_CHANGE, guess="1.37"),
        "A to zero": changed(
            CHANGE, RIGHT_CHANGE, zero="layer.lora_a.kernel.assign(tf.zeros_like(layer.lora_a.kernel))"),
        "A and B to zero": changed(
            CHANGE, RIGHT_CHANGE, zero="[each.kernel.assign(tf.zeros_like(each.kernel)) for each in layer.added]"),
        "W to zero": changed(CHANGE, RIGHT_CHANGE, zero="layer.dense.kernel.assign(tf.zeros_like(layer.dense.kernel))"),
        "everything to zero": changed(
            CHANGE, RIGHT_CHANGE, places="model.weights", zero="layer.assign(tf.zeros_like(layer))"),
        "the scale to zero": changed(CHANGE, RIGHT_CHANGE, zero="layer.scale = 0.0"),
        "B to zero, and the scale": changed(
            CHANGE, RIGHT_CHANGE, zero=RIGHT_CHANGE["zero"] + "\n        layer.scale = 0.0"),
        "B taken away twice": changed(CHANGE, RIGHT_CHANGE, zero="layer.lora_b.kernel.assign(-layer.lora_b.kernel)"),
        "B a tenth": changed(CHANGE, RIGHT_CHANGE, zero="layer.lora_b.kernel.assign(0.1 * layer.lora_b.kernel)"),
        "B drawn anew": changed(
            CHANGE, RIGHT_CHANGE,
            zero="layer.lora_b.kernel.assign(tf.random.normal(layer.lora_b.kernel.shape, stddev=0.1))"),
        "A drawn anew as well": changed(
            CHANGE, RIGHT_CHANGE, zero=RIGHT_CHANGE["zero"]
            + "\n        layer.lora_a.kernel.assign(tf.random.normal(layer.lora_a.kernel.shape))"),
        "nothing assigned": changed(CHANGE, RIGHT_CHANGE, zero="layer.lora_b.kernel * 0"),
        "the change added to W first": changed(
            CHANGE, RIGHT_CHANGE, zero="layer.dense.kernel.assign(layer.merged())\n        " + RIGHT_CHANGE["zero"]),
        "the change subtracted from W": changed(
            CHANGE, RIGHT_CHANGE,
            zero="layer.dense.kernel.assign(2 * layer.dense.kernel - layer.merged())"),
        "a merged copy": changed(
            CHANGE, RIGHT_CHANGE, places="dense_layers(AdaptedTransformer.of(model.merged(), 'lora', 2).blocks)"),
        "attention alone": zeroed(*ATTENTION),
        "the MLPs alone": zeroed(*MLP),
        "queries and values alone": zeroed(ATTENTION[0], ATTENTION[2]),
        **{f"without {forgotten}": zeroed(*(each for each in ATTENTION + MLP if each != forgotten))
           for forgotten in ATTENTION + MLP},
        "the first block alone": changed(CHANGE, RIGHT_CHANGE, places="dense_layers(model.blocks[:1])"),
        "the last block alone": changed(CHANGE, RIGHT_CHANGE, places="dense_layers(model.blocks[-1:])"),
        "without the last layer": changed(CHANGE, RIGHT_CHANGE, places="dense_layers(model.blocks)[:-1]"),
        "not done to the network": changed(CHANGE, RIGHT_CHANGE, call=""),
        "measured before": changed(CHANGE, RIGHT_CHANGE, cost="1.82"),
        "the help texts measured": changed(CHANGE, RIGHT_CHANGE, cost="before_training['help texts']"),
        "the dictionary's order": changed(CHANGE, RIGHT_CHANGE, cost="[*before_training.values()][0]"),
        "the difference": changed(CHANGE, RIGHT_CHANGE, cost="1.37 - before_training['plays']"),
        "bits": changed(CHANGE, RIGHT_CHANGE, cost="1.37 / np.log(2)"),
        "a perplexity": changed(CHANGE, RIGHT_CHANGE, cost="np.exp(1.37)"),
    },
    "4": {
        "LoRA in attention alone": changed(COUNT, RIGHT_COUNT, lora="num_layers * 8 * size * width"),
        "LoRA in queries and values alone": changed(COUNT, RIGHT_COUNT, lora="num_layers * 4 * size * width"),
        "LoRA in the MLPs alone": changed(COUNT, RIGHT_COUNT, lora="num_layers * 10 * size * width"),
        "LoRA without the join": changed(COUNT, RIGHT_COUNT, lora="num_layers * 16 * size * width"),
        "LoRA without one layer of the MLP": changed(COUNT, RIGHT_COUNT, lora="num_layers * 13 * size * width"),
        "LoRA: six square layers": changed(COUNT, RIGHT_COUNT, lora="num_layers * 12 * size * width"),
        "LoRA: an MLP twice as wide": changed(COUNT, RIGHT_COUNT, lora="num_layers * 14 * size * width"),
        "LoRA: A alone": changed(COUNT, RIGHT_COUNT, lora="num_layers * 9 * size * width"),
        "LoRA: products in place of sums": changed(
            COUNT, RIGHT_COUNT, lora="num_layers * size * (4 * width * width + 2 * width * 4 * width)"),
        "LoRA: full matrices": changed(COUNT, RIGHT_COUNT, lora="num_layers * 12 * width**2"),
        "LoRA: the rank squared": changed(COUNT, RIGHT_COUNT, lora="num_layers * 18 * size**2 * width"),
        "LoRA: one block": changed(COUNT, RIGHT_COUNT, lora="18 * size * width"),
        "LoRA with the logits of three tokens": changed(
            COUNT, RIGHT_COUNT, lora="num_layers * 18 * size * width + size * (width + 3)"),
        "LoRA with W": changed(COUNT, RIGHT_COUNT, lora="num_layers * (18 * size * width + 12 * width**2)"),
        "adapters behind all six": changed(COUNT, RIGHT_COUNT, adapters="num_layers * 18 * size * width"),
        "adapters behind all six, at the outputs": changed(
            COUNT, RIGHT_COUNT, adapters="num_layers * 2 * size * (4 * width + 4 * width + width)"),
        "one adapter in a block": changed(COUNT, RIGHT_COUNT, adapters="num_layers * 2 * size * width"),
        "adapters: D alone": changed(COUNT, RIGHT_COUNT, adapters="num_layers * 2 * size * width"),
        "adapters behind both layers of the MLP": changed(
            COUNT, RIGHT_COUNT, adapters="num_layers * size * (2 * width + 8 * width + 2 * width)"),
        "an adapter behind the inner layer of the MLP": changed(
            COUNT, RIGHT_COUNT, adapters="num_layers * size * (2 * width + 8 * width)"),
        "adapters with biases": changed(
            COUNT, RIGHT_COUNT, adapters="num_layers * 2 * (2 * size * width + size + width)"),
        "adapters as wide as the MLP's entry": changed(COUNT, RIGHT_COUNT, adapters="num_layers * 10 * size * width"),
        "adapters: one block": changed(COUNT, RIGHT_COUNT, adapters="4 * size * width"),
        "a prompt in every block": changed(COUNT, RIGHT_COUNT, prompt="num_layers * size * width"),
        "a prompt with keys and values": changed(COUNT, RIGHT_COUNT, prompt="2 * size * width"),
        "a prompt with the vocabulary": changed(COUNT, RIGHT_COUNT, prompt="(size + 3) * width"),
        "a prompt of numbers": changed(COUNT, RIGHT_COUNT, prompt="size"),
        "prefixes: keys alone": changed(COUNT, RIGHT_COUNT, prefix="num_layers * size * width"),
        "prefixes: once": changed(COUNT, RIGHT_COUNT, prefix="2 * size * width"),
        "prefixes: queries, too": changed(COUNT, RIGHT_COUNT, prefix="num_layers * 3 * size * width"),
        "prefixes: for each of two heads": changed(COUNT, RIGHT_COUNT, prefix="num_layers * 4 * size * width"),
        "a network made": MADE,
        "the widths of one network": changed(COUNT, RIGHT_COUNT, lora="num_layers * 18 * size * 6"),
    },
    "5": {
        "the shares exchanged": sampled(weights="share, 1 - share"),
        "half and half": sampled(weights="0.5, 0.5"),
        "a quarter, whatever is asked for": sampled(weights="0.75, 0.25"),
        "the share beside 1": sampled(weights="1.0, share"),
        "the datasets exchanged": sampled(new="old", old="new"),
        "the same old batch again and again": sampled(old="old.take(1).repeat()"),
        "the same few new batches": sampled(new="new.take(10).repeat()"),
        "old ones alone": changed(REPLAY, RIGHT_REPLAY, mixed="old"),
        "new ones alone": changed(REPLAY, RIGHT_REPLAY, mixed="new"),
        "one behind the other": changed(REPLAY, RIGHT_REPLAY, mixed="new.concatenate(old)"),
        "the old ones first": changed(REPLAY, RIGHT_REPLAY, mixed="old.take(int(300 * share)).concatenate(new)"),
        "the old ones last": changed(
            REPLAY, RIGHT_REPLAY, mixed="new.take(300 - int(300 * share)).concatenate(old.take(int(300 * share)))"),
        "in turns": changed(
            REPLAY, RIGHT_REPLAY,
            mixed="tf.data.Dataset.choose_from_datasets([new, old], tf.data.Dataset.range(2).repeat())"),
        "every fourth": changed(
            REPLAY, RIGHT_REPLAY, mixed="tf.data.Dataset.choose_from_datasets([new, old], "
            "tf.data.Dataset.range(4).map(lambda n: tf.cast(n == 3, tf.int64)).repeat())"),
        "one of so many, rounded": changed(
            REPLAY, RIGHT_REPLAY, mixed="tf.data.Dataset.choose_from_datasets([new, old], "
            "tf.data.Dataset.range(round(1 / share)).map(lambda n: tf.cast(n == 0, tf.int64)).repeat())"),
        "rows of both in each batch": joined("tf.concat([new, old], axis=0)"),
        "a share of each batch's rows": joined(
            "tf.concat([new[tf.cast(2 * share + 0.5, tf.int32):], old[:tf.cast(2 * share + 0.5, tf.int32)]], axis=0)"),
        "batches joined along the time": joined("tf.concat([new, old], axis=1)"),
        "a weighted sum": joined("new - tf.cast(tf.cast(new - old, tf.float64) * share, new.dtype)"),
        "rows drawn, then batched": changed(
            REPLAY, RIGHT_REPLAY,
            mixed=SAMPLED.format(new="new.unbatch()", old="old.unbatch()", weights="1 - share, share") + ".batch(2)"),
        "single rows": changed(
            REPLAY, RIGHT_REPLAY,
            mixed=SAMPLED.format(new="new.unbatch()", old="old.unbatch()", weights="1 - share, share") + ".batch(1)"),
        "40 batches": changed(REPLAY, RIGHT_REPLAY, mixed=RIGHT_REPLAY["mixed"] + ".take(40)"),
        "40 batches again and again": changed(REPLAY, RIGHT_REPLAY, mixed=RIGHT_REPLAY["mixed"] + ".take(40).repeat()"),
        "LoRA trained": changed(REPLAY, RIGHT_REPLAY, share="0.015"),
        "the last block trained": changed(REPLAY, RIGHT_REPLAY, share="0.2"),
        "30 steps": changed(REPLAY, RIGHT_REPLAY, steps="30"),
        "both datasets to their end": changed(REPLAY, RIGHT_REPLAY, steps="80"),
        "the network without replay": changed(REPLAY, RIGHT_REPLAY, nats="without_replay"),
        "the network before": changed(REPLAY, RIGHT_REPLAY, nats="before_training"),
        "trained on plays alone": changed(REPLAY, RIGHT_REPLAY, nats="{'help texts': 3.7, 'plays': 1.34}"),
        "names exchanged": changed(
            REPLAY, RIGHT_REPLAY, measured="dict(zip(('plays', 'help texts'), costs(rehearsed).values()))"),
        "measured without replay": changed(REPLAY, RIGHT_REPLAY, measured="without_replay"),
        "measured before": changed(REPLAY, RIGHT_REPLAY, measured="before_training"),
        "what was saved": changed(
            REPLAY, RIGHT_REPLAY,
            measured="{name: without_replay[name] - nats for name, nats in costs(rehearsed).items()}"),
        "bits": changed(
            REPLAY, RIGHT_REPLAY, measured="{name: nats / np.log(2) for name, nats in costs(rehearsed).items()}"),
        "perplexities": changed(
            REPLAY, RIGHT_REPLAY, measured="{name: np.exp(nats) for name, nats in costs(rehearsed).items()}"),
    },
    "6": {
        "a short text": changed(LEARN, RIGHT_LEARN, text="own_text = own_text[:10_000]"),
        "all weights": changed(LEARN, RIGHT_LEARN, method="full"),
        "adapters": changed(LEARN, RIGHT_LEARN, method="adapters"),
        "the old network": changed(LEARN, RIGHT_LEARN, model="old"),
        "a plain network": changed(LEARN, RIGHT_LEARN, later="own_model = Network('', own_model.text)"),
        "characters that it does not know": changed(LEARN, RIGHT_LEARN, known="text"),
        "unknown characters left out": changed(
            LEARN, RIGHT_LEARN, known="''.join(each for each in text if each in old.vocabulary.tokens)"),
        "unknown characters as spaces": changed(
            LEARN, RIGHT_LEARN, known="''.join(each if each in old.vocabulary.tokens else ' ' for each in text)"),
        "small letters": changed(LEARN, RIGHT_LEARN, known="in_known_characters(text.lower(), old.vocabulary)"),
        "learned from everything": changed(LEARN, RIGHT_LEARN, learned="known"),
        "learned from the rest": changed(LEARN, RIGHT_LEARN, learned="rest"),
        "learned from nothing": changed(LEARN, RIGHT_LEARN, learned="''"),
        "learned from the help texts": changed(LEARN, RIGHT_LEARN, learned="'The name is rebound to the new value.'"),
        "learned from the first half": changed(LEARN, RIGHT_LEARN, learned="known[:len(known) // 2]"),
        "81%, with a validation part": changed(
            LEARN, RIGHT_LEARN, cut="split_text(known, validation=0.1)[::2]"),
        "the validation part measured": changed(
            LEARN, RIGHT_LEARN, cut="split_text(known, validation=0.1)[:2]"),
        "80%": changed(LEARN, RIGHT_LEARN, cut="split_text(known, 0.8)"),
        "10%": changed(LEARN, RIGHT_LEARN, cut="split_text(known, 0.1)"),
        "the last 90%": changed(LEARN, RIGHT_LEARN, cut="split_text(known, 0.1)[::-1]"),
        "two parts exchanged": changed(LEARN, RIGHT_LEARN, cut="split_text(known)[::-1]"),
        "backwards": changed(LEARN, RIGHT_LEARN, cut="split_text(known[::-1])"),
        "drawn characters": changed(
            LEARN, RIGHT_LEARN, cut="split_text(''.join(np.random.default_rng(0).permutation([*known])))"),
        "measured on what it learned from": changed(
            LEARN, RIGHT_LEARN, before="nats_per_token(old, first)", after="nats_per_token(model, first)"),
        "after measured on what it learned from": changed(
            LEARN, RIGHT_LEARN, after="nats_per_token(model, first)"),
        "measured on everything": changed(
            LEARN, RIGHT_LEARN, before="nats_per_token(old, known)", after="nats_per_token(model, known)"),
        "before and after exchanged": changed(
            LEARN, RIGHT_LEARN, later="own_before, own_after = own_after, own_before"),
        "before measured after": changed(LEARN, RIGHT_LEARN, later="own_before = own_after"),
        "after measured with the old network": changed(LEARN, RIGHT_LEARN, after="nats_per_token(old, rest)"),
        "the gain": changed(LEARN, RIGHT_LEARN, later="own_after = own_before - own_after"),
        "the sum, not the mean": changed(
            LEARN, RIGHT_LEARN, before="nats_per_token(old, rest) * len(rest)",
            after="nats_per_token(model, rest) * len(rest)"),
        "bits": changed(
            LEARN, RIGHT_LEARN, before="nats_per_token(old, rest) / np.log(2)",
            after="nats_per_token(model, rest) / np.log(2)"),
        "perplexities": changed(
            LEARN, RIGHT_LEARN, before="np.exp(nats_per_token(old, rest))",
            after="np.exp(nats_per_token(model, rest))"),
    },
}
