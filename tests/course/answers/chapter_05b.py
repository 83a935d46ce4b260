"""Answers to the exercises of chapter 5b, right and plausibly wrong; `test_wrong_answers.py` tries them."""

# What the solutions load, made small; networks whose costs and looks are known without a training.
GIVEN = '''
LETTERS_OF = "abcdefghijklmnopqrstuvwxyz,. \\n:ABCDEFGHIJKLMNOPQRSTUVWXYZ"
random = np.random.default_rng(0)
parts = "the th er and an in ing ed st is you or to not be ess tion rea ee oo ll ss HAM LET a o i s".split()
validation_text = " ".join("".join(random.choice(parts, random.integers(1, 5))) for _ in range(4_000))
train_text = test_text = validation_text + "\\n\\nHAMLET:\\nto be, or not to be.\\n" * 20
characters = sorted(set(LETTERS_OF + validation_text))
learned = learn_pieces(validation_text, len(set(validation_text)) + 120)[-120:]
vocabulary = PieceVocabulary([*characters, *learned])
thousand = sorted(set(WORD.findall(validation_text)))[:1000]
rows_of = {8: (np.zeros((4, 32), int), np.full(4, 8)), 12: (np.zeros((4, 32), int), np.full(4, 12))}
judged = np.zeros((4, 32), int), np.full(4, 21)
names = [name for name in data.load_openmoji().chinese_names.tolist() if name][:300]
new_signs = list("龘猿鑫驢丼é")


class Copier:  # costs by the length of a word; looks so many places back
    def __init__(self, costs=None, distance=7, num_layers=1, position_encoding="rotary"):
        self.costs, self.distance = costs or {8: 0.4, 12: 4.6}, distance
        self.num_layers, self.num_heads, self.position_encoding = num_layers, 1, position_encoding


def cost_again(model, rows, periods):
    return model.costs[int(periods[0])]


def weights_of(model, rows):
    return np.full((len(rows), 31, 31), 0.01) + 0.3 * np.eye(31, k=-model.distance)


OWN_TEXT = "made up"
own_text = " ".join("".join(random.choice(["for", "if", "def", "in", "print", "ing"], 2)) for _ in range(3_000))
own_text += " for if def in print" * 100 + " " + " ".join("".join(random.choice([*"abcdefgh"], 7)) for _ in range(400))
plays, page = train_text[:len(own_text)], test_text[:3_000]
'''
LAW = """
def power_law(sizes, losses):
    x, y = {x}, {y}
    slope = {slope}
    height = {height}
    return {result}
"""
RIGHT_LAW = {
    "x": "np.log(sizes)", "y": "np.log(losses)", "height": "y.mean() - slope * x.mean()",
    "slope": "((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum()",
    "result": "np.exp(height), -slope",
}
CUT = """
def cut_word(word, learned):
    pieces = {start}
    for piece in {order}:
        at = 0
        while at < len(pieces) - 1:
            if pieces[at] + pieces[at + 1] == piece:
                pieces[at:at + 2] = [piece]
                {then}
            at += 1
    return pieces
"""
RIGHT_CUT = {"start": "[*word]", "order": "learned", "then": "pass"}
LONGEST = """
def cut_word(word, learned):
    pieces, known = [], {*learned, *word}
    while word:
        longest = max((word[:n] for n in range(1, len(word) + 1) if word[:n] in known), key=len)
        pieces.append(longest)
        word = word[len(longest):]
    return pieces
"""
REPLACED = """
def cut_word(word, learned):
    cut = "\\0".join(word)
    for piece in learned:
        for at in range(1, len(piece)):
            cut = cut.replace(piece[:at] + "\\0" + piece[at:], piece)
    return cut.split("\\0")
"""
FROM_LEFT = """
def cut_word(word, learned):
    pieces = [*word]
    at = 0
    while at < len(pieces) - 1:
        if pieces[at] + pieces[at + 1] in learned:
            pieces[at:at + 2] = [pieces[at] + pieces[at + 1]]
            at = 0
        else:
            at += 1
    return pieces
"""
OVERLAPPING = """
def cut_word(word, learned):
    pieces = [*word]
    for piece in learned:
        pairs = [a + b for a, b in zip(pieces, pieces[1:])]
        if piece in pairs:
            pieces = [piece if pair == piece else first for first, pair in zip(pieces, pairs)] + pieces[-1:]
    return pieces
"""
FIXED = """
guess, fixed = {guess}, Copier({copier})
fixed_costs = {costs}
distance = {distance}
"""
RIGHT_FIXED = {"guess": "2.9", "copier": "", "costs": "dict(fixed.costs)", "distance": "7"}
SHARE = """
def by_muon(model):
    chosen = [each for each in model.trainable_variables if {chosen}]
    sizes = lambda variables: sum({size} for each in variables)
    return {result}
"""
RIGHT_SHARE = {
    "chosen": "is_hidden_matrix(each)", "size": "int(np.prod(each.shape))",
    "result": "sizes(chosen) / sizes(model.trainable_variables)",
}
PATH = "getattr(each, 'path', each.name)"
CHANGED = """
by_name = {nats}
copiers = {{name: Copier({{21: nats}}, num_layers={layers}, position_encoding={own}) for name, nats in by_name.items()}}
again = {{name: {measured} for name in copiers}}
"""
RIGHT_CHANGED = {
    "nats": "{'rotary': 0.8, 'learned': 0.5, 'none': 2.4}", "layers": "2", "own": "name",
    "measured": "cost_again(copiers[name], *judged)",
}
BYTES = """
def to_bytes(text):
    return {numbers}


def from_bytes(numbers):
    return {text}


def join(numbers, pair, token):
    joined, at = [], 0
    while at < len(numbers):
        together = tuple(numbers[at:at + 2]) == pair
        joined.append(token if together else numbers[at])
        at += 2 if together else 1
    return joined


cut_names, byte_pairs = [list(name.encode()) for name in {learned_from}], []
for token in range({first}, {first} + {merges}):
    pairs = Counter({counted} for numbers in cut_names for pair in zip(numbers, numbers[1:]))
    byte_pairs.append({best})
    cut_names = [join(numbers, byte_pairs[-1], token) for numbers in cut_names]
{after}


def tokens_of(text):
    numbers = list(text.encode())
    for token, pair in enumerate(byte_pairs, start={first}):
        numbers = join(numbers, pair, token)
    return numbers


bytes_per_token = {per_token}
tokens_per_sign = {per_sign}
"""
RIGHT_BYTES = {
    "numbers": "list(text.encode())", "text": "bytes(numbers).decode(errors='replace')", "learned_from": "names",
    "first": "256", "merges": "100", "counted": "pair", "best": "max(pairs, key=lambda each: (pairs[each], each))",
    "after": "", "per_token": "len(''.join(names).encode()) / sum(map(len, cut_names))",
    "per_sign": "np.mean([len(tokens_of(sign)) for sign in new_signs])",
}
CHANCE = """
def larger_than_chance(runs):
    same = [run["nats"] for run in {same}]
    bound = {t} * np.std(same, ddof={ddof}) * {scatter}
    return [run["name"] for run in {others} if {difference} > bound]
"""
RIGHT_CHANCE = {
    "same": "runs if run['name'] == 'everything'", "t": "4.30", "ddof": "1", "scatter": "np.sqrt(1 + 1 / 3)",
    "others": "runs if run['name'] != 'everything'", "difference": "abs(run['nats'] - np.mean(same))",
}
OWN = """
def with_pieces(text, count={count}):
    both = sorted(set(own_text + plays + page))
    return PieceVocabulary([*both, *{pieces}])


own_vocabulary, play_vocabulary = with_pieces({learned_from}), with_pieces({against})
words = set(WORD.findall(own_text))
whole_words = {whole}
on_page = {{"own": {measured_own}, "plays": {measured_plays}}}
{after}
"""
RIGHT_OWN = {
    "count": "500", "pieces": "learn_pieces(text, len(set(text)) + count)[len(set(text)):]", "learned_from": "own_text",
    "against": "plays", "after": "",
    "whole": "{w.strip() for w in words if w in own_vocabulary.index and w.strip().isalpha() and len(w.strip()) > 1}",
    "measured_own": "len(page) / len(own_vocabulary.encode(page))",
    "measured_plays": "len(page) / len(play_vocabulary.encode(page))",
}


def changed(template, right, **wrong):
    """The template with the right parts, but for some that are wrong."""
    return template.format(**{**right, **wrong})


RIGHT_ANSWERS = {
    "1": LAW.format(**RIGHT_LAW),
    "2": CUT.format(**RIGHT_CUT),
    "3": FIXED.format(**RIGHT_FIXED),
    "4": SHARE.format(**RIGHT_SHARE),
    "5": CHANGED.format(**RIGHT_CHANGED),
    "6": BYTES.format(**RIGHT_BYTES),
    "7": CHANCE.format(**RIGHT_CHANCE),
    "8": OWN.format(**RIGHT_OWN),
}
WRONG_ANSWERS = {
    "1": {
        "the slope in place of b": changed(LAW, RIGHT_LAW, result="np.exp(height), slope"),
        "the logarithm of a": changed(LAW, RIGHT_LAW, result="height, -slope"),
        "b and a exchanged": changed(LAW, RIGHT_LAW, result="-slope, np.exp(height)"),
        "the line through the first and the last point": changed(
            LAW, RIGHT_LAW, slope="(y[-1] - y[0]) / (x[-1] - x[0])", height="y[0] - slope * x[0]"),
        "the line through the origin": changed(LAW, RIGHT_LAW, slope="(x * y).sum() / (x * x).sum()", height="0.0"),
        "means not taken off": changed(LAW, RIGHT_LAW, slope="(x * y).sum() / (x * x).sum()"),
        "divided by the spread of the losses": changed(
            LAW, RIGHT_LAW, slope="((y - y.mean()) ** 2).sum() / ((x - x.mean()) * (y - y.mean())).sum()"),
        "the mean of the slopes between neighbours": changed(LAW, RIGHT_LAW, slope="np.mean(np.diff(y) / np.diff(x))"),
        "logarithms to base 10, undone with e": changed(LAW, RIGHT_LAW, x="np.log10(sizes)", y="np.log10(losses)"),
        "bits inside the logarithm": changed(LAW, RIGHT_LAW, y="np.log(np.divide(losses, np.log(2)))"),
        "no logarithm of the losses": changed(LAW, RIGHT_LAW, y="np.asarray(losses, float)"),
        "fitted without logarithms": """
def power_law(sizes, losses):
    sizes, losses = np.asarray(sizes, float), np.asarray(losses, float)
    powers = np.linspace(0, 1, 1001)[:, None]
    shapes = sizes ** -powers
    heights = (shapes * losses).sum(axis=1) / (shapes * shapes).sum(axis=1)
    best = np.argmin(((heights[:, None] * shapes - losses) ** 2).sum(axis=1))
    return heights[best], powers[best, 0]
""",
    },
    "2": {
        "the longest piece first, from the left": LONGEST,
        "the last learned piece first": changed(CUT, RIGHT_CUT, order="reversed(learned)"),
        "the longest pieces first": changed(CUT, RIGHT_CUT, order="sorted(learned, key=len, reverse=True)"),
        "in the order of the alphabet": changed(CUT, RIGHT_CUT, order="sorted(learned)"),
        "the first place alone": changed(CUT, RIGHT_CUT, then="break"),
        "the first pair that spells any piece": FROM_LEFT,
        "joined also where both overlap": OVERLAPPING,
        "the space dropped": changed(CUT, RIGHT_CUT, start="[*word.strip()]"),
        "small letters": changed(CUT, RIGHT_CUT, start="[*word.lower()]"),
        "pairs of characters alone": changed(CUT, RIGHT_CUT, order="(each for each in learned if len(each) == 2)"),
        "one string, not a list": changed(CUT, RIGHT_CUT).replace("return pieces", "return '|'.join(pieces)"),
    },
    "3": {
        "no number as a guess": changed(FIXED, RIGHT_FIXED, guess="-1.0"),
        "trained on words of all lengths": changed(FIXED, RIGHT_FIXED, copier="{8: 2.7, 12: 2.7}"),
        "two blocks, which copy all lengths": changed(FIXED, RIGHT_FIXED, copier="{8: 0.5, 12: 0.6}, num_layers=2"),
        "trained on two lengths": changed(FIXED, RIGHT_FIXED, copier="{8: 1.2, 12: 1.3}"),
        "trained on words of 12": changed(FIXED, RIGHT_FIXED, copier="{8: 4.6, 12: 0.4}, distance=11", distance="11"),
        "the costs exchanged": changed(FIXED, RIGHT_FIXED, costs="{8: fixed.costs[12], 12: fixed.costs[8]}"),
        "bits": changed(FIXED, RIGHT_FIXED, costs="{n: cost / np.log(2) for n, cost in fixed.costs.items()}"),
        "words of 8 alone": changed(FIXED, RIGHT_FIXED, costs="{8: 0.4}"),
        "the place of the earlier letter": changed(FIXED, RIGHT_FIXED, distance="8"),
        "counted from the beginning of the row": changed(FIXED, RIGHT_FIXED, distance="30 - 7"),
    },
    "4": {
        "all matrices": changed(SHARE, RIGHT_SHARE, chosen="len(each.shape) == 2"),
        "all but the embeddings": changed(SHARE, RIGHT_SHARE, chosen=f"'embedding' not in {PATH}"),
        "all but the logits": changed(SHARE, RIGHT_SHARE, chosen=f"'logits' not in {PATH}"),
        "the norms' gains, too": changed(
            SHARE, RIGHT_SHARE, chosen=f"not any(part in {PATH} for part in ('embedding', 'logits'))"),
        "attention alone": changed(SHARE, RIGHT_SHARE, chosen=f"'/attention/' in {PATH}"),
        "the MLPs alone": changed(SHARE, RIGHT_SHARE, chosen=f"'mlp_in' in {PATH} or 'mlp_out' in {PATH}"),
        "Adam's share": changed(SHARE, RIGHT_SHARE, chosen="not is_hidden_matrix(each)"),
        "matrices counted, not numbers": changed(SHARE, RIGHT_SHARE, size="1"),
        "rows counted, not numbers": changed(SHARE, RIGHT_SHARE, size="each.shape[0]"),
        "the numbers, not their share": changed(SHARE, RIGHT_SHARE, result="sizes(chosen)"),
        "percent": changed(SHARE, RIGHT_SHARE, result="100 * sizes(chosen) / sizes(model.trainable_variables)"),
    },
    "5": {
        "three times rotary": changed(CHANGED, RIGHT_CHANGED, own="'rotary'"),
        "one block": changed(CHANGED, RIGHT_CHANGED, layers="1"),
        "names exchanged": changed(CHANGED, RIGHT_CHANGED, nats="{'rotary': 2.4, 'learned': 0.5, 'none': 0.8}"),
        "perplexities": changed(CHANGED, RIGHT_CHANGED, measured="np.exp(cost_again(copiers[name], *judged))"),
        "networks that learned nothing": changed(
            CHANGED, RIGHT_CHANGED, nats="dict.fromkeys(('rotary', 'learned', 'none'), np.log(32))"),
        "bits": changed(CHANGED, RIGHT_CHANGED, measured="cost_again(copiers[name], *judged) / np.log(2)"),
    },
    "6": {
        "numbers of characters": changed(
            BYTES, RIGHT_BYTES, numbers="[ord(sign) for sign in text]", text="''.join(map(chr, numbers))"),
        "UTF-16": changed(
            BYTES, RIGHT_BYTES, numbers="list(text.encode('utf-16'))",
            text="bytes(numbers).decode('utf-16', 'replace')"),
        "a byte for each sign of Latin-1": changed(
            BYTES, RIGHT_BYTES, numbers="list(text.encode('latin-1', 'replace'))",
            text="bytes(numbers).decode('latin-1')"),
        "an error at half a character": changed(BYTES, RIGHT_BYTES, text="bytes(numbers).decode()"),
        "half a character left out": changed(BYTES, RIGHT_BYTES, text="bytes(numbers).decode(errors='ignore')"),
        "names joined into one text": changed(BYTES, RIGHT_BYTES, learned_from="[''.join(names)]"),
        "learned from a part of the names": changed(BYTES, RIGHT_BYTES, learned_from="names[:100]"),
        "the 100 most frequent pairs of one count": changed(
            BYTES, RIGHT_BYTES, after="byte_pairs = [pair for pair, _ in Counter(pair for name in names for pair in "
            "zip(name.encode(), name.encode()[1:])).most_common(100)]"),
        "99 merges": changed(BYTES, RIGHT_BYTES, merges="99"),
        "the rarest pair": changed(BYTES, RIGHT_BYTES, best="min(pairs, key=lambda each: (pairs[each], each))"),
        "new tokens from 255 on": changed(BYTES, RIGHT_BYTES, first="255"),
        "tokens per byte": changed(
            BYTES, RIGHT_BYTES, per_token="sum(map(len, cut_names)) / len(''.join(names).encode())"),
        "characters per token": changed(BYTES, RIGHT_BYTES, per_token="len(''.join(names)) / sum(map(len, cut_names))"),
        "every new character three tokens": changed(BYTES, RIGHT_BYTES, per_sign="3.0"),
        "one token for what is unknown": changed(BYTES, RIGHT_BYTES, per_sign="1.0"),
        "all new characters together": changed(BYTES, RIGHT_BYTES, per_sign="len(tokens_of(''.join(new_signs)))"),
        "the characters of the names": changed(
            BYTES, RIGHT_BYTES, per_sign="np.mean([len(tokens_of(sign)) for sign in set(''.join(names))])"),
    },
    "7": {
        "n in the denominator": changed(CHANCE, RIGHT_CHANCE, ddof="0"),
        "1.96 in place of 4.30": changed(CHANCE, RIGHT_CHANCE, t="1.96"),
        "3.18, of three degrees of freedom": changed(CHANCE, RIGHT_CHANCE, t="3.18"),
        "2.92, of one side": changed(CHANCE, RIGHT_CHANCE, t="2.92"),
        "the scatter of one run alone": changed(CHANCE, RIGHT_CHANCE, scatter="1"),
        "the error of the mean alone": changed(CHANCE, RIGHT_CHANCE, scatter="np.sqrt(1 / 3)"),
        "two single runs": changed(CHANCE, RIGHT_CHANCE, scatter="np.sqrt(2)"),
        "the whole range of the three": changed(CHANCE, RIGHT_CHANCE, scatter="3"),
        "only what is worse": changed(CHANCE, RIGHT_CHANCE, difference="run['nats'] - np.mean(same)"),
        "only what is better": changed(CHANCE, RIGHT_CHANCE, difference="np.mean(same) - run['nats']"),
        "against the best of the three": changed(CHANCE, RIGHT_CHANCE, difference="abs(run['nats'] - min(same))"),
        "against the first of the three": changed(CHANCE, RIGHT_CHANCE, difference="abs(run['nats'] - same[0])"),
        "the spread of all runs": changed(CHANCE, RIGHT_CHANCE, same="runs"),
        "the first three runs": changed(CHANCE, RIGHT_CHANCE, same="runs[:3]", others="runs[3:]"),
        "those within the bound": changed(CHANCE, RIGHT_CHANCE).replace("> bound", "<= bound"),
        "runs, not names": changed(CHANCE, RIGHT_CHANCE).replace('[run["name"] for run', '[run["nats"] for run'),
    },
    "8": {
        "a short text": changed(OWN, RIGHT_OWN, after="own_text = own_text[:5_000]"),
        "500 tokens with the characters": changed(OWN, RIGHT_OWN, pieces="learn_pieces(text, 500)[len(set(text)):]"),
        "100 pieces": changed(OWN, RIGHT_OWN, count="100"),
        "pieces of the plays": changed(OWN, RIGHT_OWN, learned_from="plays"),
        "pieces of both texts": changed(OWN, RIGHT_OWN, learned_from="own_text + plays"),
        "the plays cut with your pieces": changed(OWN, RIGHT_OWN, against="own_text"),
        "all pieces as words": changed(
            OWN, RIGHT_OWN, whole="{token.strip() for token in own_vocabulary.tokens[-500:]}"),
        "pieces that are no words in your text": changed(
            OWN, RIGHT_OWN, whole="{t.strip() for t in own_vocabulary.tokens if t.strip().isalpha() and len(t) > 1}"),
        "all words": changed(OWN, RIGHT_OWN, whole="{w.strip() for w in words if w.strip().isalpha() and len(w) > 2}"),
        "words without a space before them alone": changed(
            OWN, RIGHT_OWN, whole="{w for w in words if w in own_vocabulary.index and w.isalpha() and len(w) > 1}"),
        "with the space": changed(
            OWN, RIGHT_OWN, whole="{w for w in words if w in own_vocabulary.index and len(w.strip()) > 1}"),
        "tokens per character": changed(OWN, RIGHT_OWN, measured_own="len(own_vocabulary.encode(page)) / len(page)"),
        "exchanged": changed(OWN, RIGHT_OWN, after="on_page = dict(zip(('plays', 'own'), on_page.values()))"),
        "your own text in place of the page": changed(
            OWN, RIGHT_OWN, measured_own="len(own_text) / len(own_vocabulary.encode(own_text))"),
        "the number of tokens": changed(OWN, RIGHT_OWN, measured_own="len(own_vocabulary.encode(page))",
                                        measured_plays="len(play_vocabulary.encode(page))"),
    },
}
