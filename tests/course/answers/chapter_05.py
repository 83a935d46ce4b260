"""Answers to the exercises of chapter 5, right and plausibly wrong; `test_wrong_answers.py` tries them."""

# What the first cells of the solutions load or train, made small; networks that know what would be learned.
GIVEN = '''
LETTERS = "abcdefghijklmnopqrstuvwxyz,. \\n:ABCDEFGHIJKLMNOPQRSTUVWXYZ"
START, COUNT = 200, 3_000
BY_NAME = {"rotary": 2.22, "learned": 2.44, "sinusoidal": 2.34, "none": 2.48}
bigram = 2.47


class Fading:  # a network that forgets, and that order matters to
    vocabulary = Vocabulary(LETTERS)

    def token_log_probs(self, numbers):
        numbers = np.asarray(numbers)
        state, values = np.ones(len(numbers)), []
        for now, following in zip(numbers.T, numbers.T[1:]):
            state = 0.9 * state + np.cos(now)
            values.append(-1.5 - np.sin(state) - 0.2 * np.cos(following))
        return np.stack(values, axis=1)


class InOrder(Fading):  # texts in the order of the alphabet are cheap
    def token_log_probs(self, numbers):
        ups = np.mean(np.diff(numbers, axis=1) == 1, axis=1, keepdims=True)
        return super().token_log_probs(numbers) - 2 * (1 - ups)


class Priced:  # costs the same everywhere
    def __init__(self, position_encoding, nats):
        self.position_encoding, self.nats = position_encoding, nats

    def numbers_of(self, text, least=0):
        return np.zeros(len(text), int)

    def token_log_probs(self, numbers):
        return np.full((len(numbers), numbers.shape[1] - 1), -self.nats)


class Marked(Fading):  # line ends cost more if little is known
    def token_log_probs(self, numbers):
        numbers, before = np.asarray(numbers), np.arange(1, np.shape(numbers)[1])
        return super().token_log_probs(numbers) - 2.0 * ((numbers[:, 1:] == LETTERS.index("\\n")) & (before < 17))


vocabulary = Fading.vocabulary
rows = (np.arange(200)[:, None] + np.arange(129)) % len(LETTERS)
train_text = validation_text = "to be, or not to be:\\n\\nHAMLET:\\nthat is the question. " * 80
judged = validation_text[:1000]
piece = validation_text[START - 128:START + COUNT]
signs = np.array([*piece[128:]])
kinds = {"line ends": signs == "\\n", "letters": np.char.isalpha(signs)}
kinds["the rest"] = ~np.any(list(kinds.values()), axis=0)


def deal(count, seed=0):
    random = np.random.default_rng(seed)
    letters = tf.constant(np.stack([random.permutation(26)[:CARDS] for _ in range(count)]))
    digits = tf.constant(random.integers(10, size=(count, CARDS)))
    return letters, digits, letters[:, :3], digits[:, :3]


class OneHead(keras.Model):
    def __init__(self, size=32):
        super().__init__()
        self.letter, self.digit = layers.Embedding(26, size), layers.Embedding(10, size)
        self.first, self.second, self.third = (layers.Embedding(26, size) for _ in range(3))
        self.query, self.key, self.value = (layers.Dense(size, use_bias=False) for _ in range(3))
        self.hidden, self.answer = layers.Dense(64, activation="relu"), layers.Dense(30)

    def question(self, asked):
        return (self.first(asked[:, 0]) + self.second(asked[:, 1]) + self.third(asked[:, 2]))[:, None]
'''
GRADIENT = """
def scores_gradient(weights, values, upstream):
    return {gradient}
"""
ATTENTION = """
def causal_attention(queries, keys, values):
    scores = queries @ keys.swapaxes(-1, -2) / {root}
    visible = {visible}
    scores = np.where(visible, scores, {hidden})
    weights = np.exp(scores{shifted})
    {after}
    return weights / weights.sum(axis={axis}, keepdims=True) @ values
"""
RIGHT_ATTENTION = {
    "root": "np.sqrt(queries.shape[-1])", "visible": "np.tril(np.ones(scores.shape[-2:], bool))", "hidden": "-np.inf",
    "shifted": " - scores.max(axis=-1, keepdims=True)", "after": "pass", "axis": "-1",
}
SHUFFLED = """
writer = InOrder()
random = np.random.default_rng(0)
near, known = rows[:, 120:], rows[:, :120]
texts = {{"all": {all}, "last 8": {near}, "shuffled": {shuffled}}}
costs = {{name: {sign}writer.token_log_probs(read){which} for name, read in texts.items()}}
{after}
"""
RIGHT_SHUFFLED = {
    "all": "rows", "near": "near", "sign": "-", "which": "[:, -1]", "after": "",
    "shuffled": "np.concatenate([random.permuted(known, axis=1), near], axis=1)",
}
SEEN = """
def seen(n, context):
    half = context // 2
    return {count}
"""
POSITIONS = """
models = {{name: Priced({own}, nats) for name, nats in {nats}.items()}}
by_positions = {{name: {measured} for name, model in models.items()}}
"""
RIGHT_POSITIONS = {"own": "name", "nats": "BY_NAME", "measured": "nats_per_token(model, judged)"}
SAVED = """
writer = Marked()
read = vocabulary.encode(piece)
long = writer.token_log_probs({read}[None])[0, {begin}:][:COUNT]
rows_of_17 = read[128 + np.arange(COUNT)[:, None] + np.arange({first}, {last})]
saved = {difference}
profits = {profits}
"""
RIGHT_SAVED = {
    "read": "read", "begin": "127", "first": "-16", "last": "1", "profits": "'line ends'",
    "difference": "long - writer.token_log_probs(rows_of_17)[:, -1]",
}
HEADS = """
class Heads(OneHead):
    def __init__(self, heads):
        super().__init__({size})
        self.heads = heads

    def split(self, vectors):
        games, places, size = vectors.shape
        return {split}

    def weights_of(self, cards, asked):
        queries, keys = {queries}, self.split(self.key(cards))
        return {weights}

    def call(self, game):
        letters, digits, asked = game
        cards = self.letter(letters) + self.digit(digits)
        seen = tf.matmul(self.weights_of(cards, asked), self.split(self.value(cards)))
        return tf.reshape(self.answer(self.hidden(tf.reshape(seen, (letters.shape[0], -1)))), (-1, 3, 10))


right_by_heads = {shares}
"""
RIGHT_HEADS = {
    "size": "", "queries": "self.split(self.query(self.question(asked)))",
    "weights": "attention_weights(queries, keys)",
    "split": "tf.transpose(tf.reshape(vectors, (games, places, self.heads, size // self.heads)), (0, 2, 1, 3))",
    "shares": "{1: [0.64, 0.65, 0.66], 2: [0.91, 0.93, 0.92], 4: [1.0, 1.0, 1.0]}",
}
OWN = """
random = np.random.default_rng(0)
own_text = "".join(random.choice([{words}], {count}))
own_text += "".join(random.choice(["to ", "be, ", "or ", "not ", "note "], {count} // 10))
own_vocabulary, (begin, end) = {vocabulary}, split_text(own_text)
own_model = NGramModel({order}, own_vocabulary).fit({learned})
own_nats = nats_per_token(own_model, {judged}){unit}
counted_nats = nats_per_token(NGramModel({counted}, own_vocabulary).fit({part}), {judged}){unit}
{after}
"""
RIGHT_OWN = {
    "words": "'to ', 'be, ', 'or ', 'not '", "count": "8_000", "order": "2", "learned": "begin",
    "judged": "end[:20_000]", "unit": "", "counted": "3", "part": "begin", "after": "",
    "vocabulary": "Vocabulary.of(own_text)",
}


def changed(template, right, **wrong):
    """The template with the right parts, but for some that are wrong."""
    return template.format(**{**right, **wrong})


RIGHT_ANSWERS = {
    "1": GRADIENT.format(gradient="weights * ((values - weights @ values) @ upstream)"),
    "2": ATTENTION.format(**RIGHT_ATTENTION),
    "3": SHUFFLED.format(**RIGHT_SHUFFLED),
    "4": SEEN.format(count="n if n <= context else half + 1 + (n - context - 1) % half"),
    "5": POSITIONS.format(**RIGHT_POSITIONS),
    "6": SAVED.format(**RIGHT_SAVED),
    "7": HEADS.format(**RIGHT_HEADS),
    "8": OWN.format(**RIGHT_OWN),
}
WRONG_ANSWERS = {
    "1": {
        "the gradient of the weights": GRADIENT.format(gradient="values @ upstream"),
        "the diagonal of the softmax alone": GRADIENT.format(gradient="weights * (1 - weights) * (values @ upstream)"),
        "the answer not taken off": GRADIENT.format(gradient="weights * (values @ upstream)"),
        "the weights left out": GRADIENT.format(gradient="(values - weights @ values) @ upstream"),
        "the plain mean in place of the answer": GRADIENT.format(
            gradient="weights * ((values - values.mean(axis=0)) @ upstream)"),
        "the wrong sign": GRADIENT.format(gradient="weights * ((weights @ values - values) @ upstream)"),
    },
    "2": {
        "no mask": changed(ATTENTION, RIGHT_ATTENTION, visible="True"),
        "the past hidden": changed(ATTENTION, RIGHT_ATTENTION, visible="np.triu(np.ones(scores.shape[-2:], bool))"),
        "zeros in place of hidden scores": changed(ATTENTION, RIGHT_ATTENTION, hidden="0.0"),
        "a place does not see itself": changed(
            ATTENTION, RIGHT_ATTENTION, visible="np.tril(np.ones(scores.shape[-2:], bool), -1)", hidden="-1e9"),
        "no root": changed(ATTENTION, RIGHT_ATTENTION, root="1.0"),
        "d in place of its root": changed(ATTENTION, RIGHT_ATTENTION, root="queries.shape[-1]"),
        "the root of the time": changed(ATTENTION, RIGHT_ATTENTION, root="np.sqrt(queries.shape[-2])"),
        "the root of the size of a value": changed(ATTENTION, RIGHT_ATTENTION, root="np.sqrt(values.shape[-1])"),
        "the softmax over the queries": changed(ATTENTION, RIGHT_ATTENTION, axis="-2"),
        "the maximum not taken off": changed(ATTENTION, RIGHT_ATTENTION, shifted=""),
        "hidden after the softmax": changed(
            ATTENTION, RIGHT_ATTENTION, visible="True",
            after="return np.tril(weights / weights.sum(axis=-1, keepdims=True)) @ values"),
    },
    "3": {
        "nothing shuffled": changed(SHUFFLED, RIGHT_SHUFFLED, shuffled="rows"),
        "everything shuffled": changed(SHUFFLED, RIGHT_SHUFFLED, shuffled="random.permuted(rows, axis=1)"),
        "the last 8 shuffled instead": changed(
            SHUFFLED, RIGHT_SHUFFLED, shuffled="np.concatenate([known, random.permuted(near, axis=1)], axis=1)"),
        "rows exchanged, not characters": changed(
            SHUFFLED, RIGHT_SHUFFLED, shuffled="np.concatenate([random.permutation(known), near], axis=1)"),
        "characters of all rows mixed": changed(
            SHUFFLED, RIGHT_SHUFFLED, shuffled="np.concatenate([random.permuted(known), near], axis=1)"),
        "seven in place of eight": changed(SHUFFLED, RIGHT_SHUFFLED, near="rows[:, 121:]"),
        "the first 8 in place of the last": changed(SHUFFLED, RIGHT_SHUFFLED, near="rows[:, :9]"),
        "means in place of costs": changed(
            SHUFFLED, RIGHT_SHUFFLED, after="costs = {name: np.mean(cost) for name, cost in costs.items()}"),
        "the mean of each row": changed(SHUFFLED, RIGHT_SHUFFLED, which=".mean(axis=1)"),
        "bits": changed(SHUFFLED, RIGHT_SHUFFLED, which="[:, -1] / np.log(2)"),
        "the wrong sign": changed(SHUFFLED, RIGHT_SHUFFLED, sign=""),
    },
    "4": {
        "always the whole context": SEEN.format(count="min(n, context)"),
        "always half of it": SEEN.format(count="n if n <= context else half"),
        "one too few": SEEN.format(count="n if n < context else half + (n - context) % half"),
        "the first guess after the full window still full": SEEN.format(
            count="n if n <= context + 1 else half + 1 + (n - context - 2) % half"),
        "back to nothing": SEEN.format(count="(n - 1) % context + 1 if n else 0"),
        "the window's first character counted as guessed": SEEN.format(
            count="n + 1 if n < context else half + 1 + (n - context - 1) % half"),
    },
    "5": {
        "four times rotary": changed(POSITIONS, RIGHT_POSITIONS, own="'rotary'"),
        "names exchanged": changed(POSITIONS, RIGHT_POSITIONS, nats="{**BY_NAME, 'rotary': 2.48, 'none': 2.22}"),
        "networks that learned nothing": changed(POSITIONS, RIGHT_POSITIONS, nats="dict.fromkeys(BY_NAME, 4.33)"),
        "bits": changed(POSITIONS, RIGHT_POSITIONS, measured="nats_per_token(model, judged) / np.log(2)"),
        "perplexities": changed(POSITIONS, RIGHT_POSITIONS, measured="np.exp(nats_per_token(model, judged))"),
    },
    "6": {
        "the wrong sign": changed(
            SAVED, RIGHT_SAVED, difference="writer.token_log_probs(rows_of_17)[:, -1] - long"),
        "the cost with a long memory alone": changed(SAVED, RIGHT_SAVED, difference="-long"),
        "one place off": changed(SAVED, RIGHT_SAVED, begin="126"),
        "the next character's cost": changed(
            SAVED, RIGHT_SAVED, begin="128",
            difference="(long - writer.token_log_probs(rows_of_17)[:COUNT - 1, -1]).tolist() + [0.0]"),
        "15 characters in place of 16": changed(SAVED, RIGHT_SAVED, first="-15"),
        "8 characters in place of 16": changed(SAVED, RIGHT_SAVED, first="-8"),
        "only the size of a saving": changed(
            SAVED, RIGHT_SAVED, difference="np.abs(long - writer.token_log_probs(rows_of_17)[:, -1])"),
        "another kind": changed(SAVED, RIGHT_SAVED, profits="'letters'"),
        "the kind that saves least": changed(
            SAVED, RIGHT_SAVED, profits="min(kinds, key=lambda kind: np.mean(saved[kinds[kind]]))"),
    },
    "7": {
        "each head has all 32 numbers": changed(
            HEADS, RIGHT_HEADS, size="32 * heads"),
        "the same look for all heads": changed(
            HEADS, RIGHT_HEADS, weights="tf.repeat(attention_weights(queries, keys)[:, :1], self.heads, axis=1)"),
        "cut without turning the axes": changed(
            HEADS, RIGHT_HEADS, split="tf.reshape(vectors, (games, self.heads, places, size // self.heads))"),
        "the softmax over the heads": changed(
            HEADS, RIGHT_HEADS, weights="tf.nn.softmax(tf.matmul(queries, keys, transpose_b=True), axis=1)"),
        "no softmax": changed(HEADS, RIGHT_HEADS, weights="tf.matmul(queries, keys, transpose_b=True)"),
        "one head three times": changed(
            HEADS, RIGHT_HEADS, shares="{heads: [0.64, 0.65, 0.66] for heads in (1, 2, 4)}"),
        "the order of heads exchanged": changed(
            HEADS, RIGHT_HEADS, shares="{4: [0.64, 0.65, 0.66], 2: [0.91, 0.93, 0.92], 1: [1.0, 1.0, 1.0]}"),
        "one start alone": changed(HEADS, RIGHT_HEADS, shares="{1: [0.65], 2: [0.92], 4: [1.0]}"),
        "percent": changed(HEADS, RIGHT_HEADS, shares="{1: [64, 65, 66], 2: [91, 93, 92], 4: [100, 100, 100]}"),
        "networks that learned nothing": changed(
            HEADS, RIGHT_HEADS, shares="{heads: [0.1, 0.1, 0.1] for heads in (1, 2, 4)}"),
    },
    "8": {
        "a short text": changed(OWN, RIGHT_OWN, count="2_000"),
        "judged by what was learned": changed(OWN, RIGHT_OWN, judged="begin[:20_000]"),
        "all of the text counted": changed(OWN, RIGHT_OWN, part="own_text"),
        "a 2-gram counted": changed(OWN, RIGHT_OWN, counted="2"),
        "exchanged": changed(OWN, RIGHT_OWN, after="own_nats, counted_nats = counted_nats, own_nats"),
        "bits": changed(OWN, RIGHT_OWN, unit=" / np.log(2)"),
        "a vocabulary of another text": changed(
            OWN, RIGHT_OWN, vocabulary="Vocabulary.of(own_text + 'äöü')"),
        "a network that learned nothing": changed(
            OWN, RIGHT_OWN, after="own_model = Priced('none', np.log(len(own_vocabulary)))\n"
            "own_model.vocabulary, own_nats = own_vocabulary, np.log(len(own_vocabulary))"),
    },
}
