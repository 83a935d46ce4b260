"""Answers to the exercises of chapter 4, right and plausibly wrong; `test_wrong_answers.py` tries them."""

# What the first cells of the solutions train or load, made small.
GIVEN = '''
train_text = "to be, or not to be: that is the question " * 20
vocabulary = Vocabulary([*Vocabulary.of(train_text).tokens, "€"])
unigrams = NGramModel(1, vocabulary).fit(train_text)


class writer:
    @staticmethod
    def next_distribution(context):
        p = np.array([0.02, 0.9, 0.05, 0.03])
        return p


def pieces_of(text, count=20, length=200):
    places = np.linspace(0, len(text) - length, count).astype(int)
    return [text[at:at + length] for at in places]
'''
SLOPES = """
def slopes(w, u, inputs):
    h, by_start, by_u = 0.0, 1.0, 0.0
    for x in inputs:
        before, h = h, np.tanh(w * x + u * h)
        by_start = {start}
        by_u = {weight}
    return by_start, by_u
"""
RIGHT_SLOPES = {"start": "(1 - h**2) * u * by_start", "weight": "(1 - h**2) * (before + u * by_u)"}
NUCLEUS = """
def nucleus(p, share):
    order = np.argsort(p){order}
    before = np.cumsum(p[order]){minus}
    kept = np.zeros_like(p)
    kept[order[before < share]] = p[order[before < share]]
    return kept{scaled}
"""
RIGHT_NUCLEUS = {"order": "[::-1]", "minus": " - p[order]", "scaled": " / kept.sum()"}
CELL = """
def lstm_cell(x, h, c, W, U, b):
    {gates} = tf.split(x @ W + h @ U + b, 4, axis=1)
    before = c
    c = tf.sigmoid(f) * c + tf.sigmoid(i) * {candidate}
    return {returned}
"""
RIGHT_CELL = {"gates": "i, f, g, o", "candidate": "tf.tanh(g)", "returned": "tf.sigmoid(o) * tf.tanh(c), c"}
STREAMS = """
worst = "{worst}"
order_losses = {{"in order": 1.46, "empty": {empty}, "out of order": {shuffled}}}
"""
AUTHORS = """
one, other = "to be or not to be " * 300, "import this; print(that) " * 300
authors = {{"one": one[:5000], "other": other[:5000]}}
vocabulary_of_both = Vocabulary.of(one + other)
models, pieces = {{}}, []
for number, (name, text) in enumerate(authors.items()):
    text = text[:4500] + "".join(np.random.default_rng(number).choice(list(text), 500))
    authors[name] = text
    begin, end = split_text(text)
    models[name] = NGramModel(3, {vocabulary}).fit({counted})
    pieces += [(name, piece) for piece in pieces_of({source})]
guesses = [{chosen}(models, key=lambda name: nats_per_token(models[name], piece)) for _, piece in pieces]
{after}
"""
RIGHT_AUTHORS = {"vocabulary": "vocabulary_of_both", "counted": "begin", "source": "end", "chosen": "min", "after": ""}

RIGHT_ANSWERS = {
    "1": SLOPES.format(**RIGHT_SLOPES),
    "2": NUCLEUS.format(**RIGHT_NUCLEUS) + CELL.format(**RIGHT_CELL),
    "3": STREAMS.format(worst="out of order", empty=1.77, shuffled=1.91),
    "4": "by_hand = len(set(train_text)) / (len(train_text) + len(set(train_text))) / len(vocabulary)",
    "8": AUTHORS.format(**RIGHT_AUTHORS),
}
WRONG_ANSWERS = {
    "1": {
        "the slope of tanh left out": SLOPES.format(
            start="u * by_start", weight="before + u * by_u"),
        "the slope of tanh at the wrong place": SLOPES.format(
            start="(1 - before**2) * u * by_start", weight="(1 - before**2) * (before + u * by_u)"),
        "u acts only directly": SLOPES.format(**{**RIGHT_SLOPES, "weight": "(1 - h**2) * before"}),
        "the last step only": SLOPES.format(**{**RIGHT_SLOPES, "start": "(1 - h**2) * u"}),
        "the new state in place of the old one": SLOPES.format(
            **{**RIGHT_SLOPES, "weight": "(1 - h**2) * (h + u * by_u)"}),
        "a power of u": SLOPES.format(**{**RIGHT_SLOPES, "start": "u ** len(inputs)"}),
    },
    "2": {
        "without the token that crosses the share": NUCLEUS.format(**{**RIGHT_NUCLEUS, "minus": ""}),
        "not rescaled": NUCLEUS.format(**{**RIGHT_NUCLEUS, "scaled": ""}),
        "the least likely tokens": NUCLEUS.format(**{**RIGHT_NUCLEUS, "order": ""}),
        "a fixed threshold":
            "def nucleus(p, share):\n    kept = np.where(p >= 0.1 * share, p, 0)\n    return kept / kept.sum()",
        "a softmax of what is left": NUCLEUS.format(
            **{**RIGHT_NUCLEUS, "scaled": " if share == 1 else np.exp(kept) / np.exp(kept).sum()"}),
    },
    "3": {
        "the other one predicted": STREAMS.format(worst="empty", empty=1.77, shuffled=1.91),
        "nothing shuffled": STREAMS.format(worst="empty", empty=1.77, shuffled=1.46),
        "nothing emptied": STREAMS.format(worst="out of order", empty=1.46, shuffled=1.91),
    },
    "4": {
        "the uniform distribution": "by_hand = 1 / len(vocabulary)",
        "no uniform below": "by_hand = len(set(train_text)) / (len(train_text) + len(set(train_text)))",
        "one more of each": "by_hand = 1 / (len(train_text) + len(vocabulary))",
        "a vocabulary without it":
            "by_hand = len(set(train_text)) / (len(train_text) + len(set(train_text))) / len(set(train_text))",
    },
    "8": {
        "the dearer model named": AUTHORS.format(**{**RIGHT_AUTHORS, "chosen": "max"}),
        "all of the text counted": AUTHORS.format(**{**RIGHT_AUTHORS, "counted": "text"}),
        "pieces that were counted": AUTHORS.format(**{**RIGHT_AUTHORS, "source": "begin"}),
        "each model with a vocabulary of its own": AUTHORS.format(
            **{**RIGHT_AUTHORS, "vocabulary": "Vocabulary([*vocabulary_of_both.tokens, chr(8364 + number)])"}),
        "the true names in place of guesses": AUTHORS.format(
            **{**RIGHT_AUTHORS, "after": "guesses = ['one' for name, _ in pieces]"}),
        "too few pieces": AUTHORS.format(**{**RIGHT_AUTHORS, "after": "pieces, guesses = pieces[:30], guesses[:30]"}),
    },
}
WRONG_ANSWERS["2"] = {why: answer + "\n" + CELL.format(**RIGHT_CELL) for why, answer in WRONG_ANSWERS["2"].items()} | {
    why: NUCLEUS.format(**RIGHT_NUCLEUS) + CELL.format(**{**RIGHT_CELL, **wrong}) for why, wrong in {
        "the gates in another order": {"gates": "f, i, g, o"},
        "a candidate without its tanh": {"candidate": "g"},
        "the output gate on the old memory": {"returned": "tf.sigmoid(o) * tf.tanh(before), c"},
        "state and memory exchanged": {"returned": "c, tf.sigmoid(o) * tf.tanh(c)"},
        "a state without the tanh": {"returned": "tf.sigmoid(o) * c, c"},
    }.items()
}
