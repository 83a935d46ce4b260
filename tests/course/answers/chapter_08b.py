"""Answers to the exercises of chapter 8b, right and plausibly wrong; `test_wrong_answers.py` tries them."""

from functools import partial

# A few drawings and characters, and networks that answer as we say. Nothing is trained.
GIVEN = '''
random_pages = np.random.default_rng(7)
train, validation, _ = data.load_openmoji_by_concept()
colours = data.scale_images(validation.colour[:60])
sources = np.repeat(data.scale_images(validation.outline[:60]), 3, axis=-1)
half = slice(0, 60, 2)
rain = standard_normal(sources[half].shape, seed=SEED).numpy()


class Stored:  # hides half of each colour in the outline, and reads it again; a tint counts nine times
    def translate_back(self, images):
        return np.float32(0.55 + 0.45 * images)

    def translate(self, images):
        tint = images - images.mean(axis=-1, keepdims=True)
        faint = tint.std(axis=-1, keepdims=True) < 0.06
        return np.float32(np.clip(2 * images - 1 + 8 * tint * faint, 0, 1))


stored = Stored()


def shown_by(network, images):
    return np.clip(0.5 * np.asarray(network(2 * images - 1)) + 0.5, 0, 1)


def mean(values):
    return tf.reduce_mean(values, axis=(1, 2, 3))


def generators_losses(players, x, y, fake_x, fake_y):
    fooling = mean(tf.square(players["D_Y"](fake_y) - 1)) / 2 + mean(tf.square(players["D_X"](fake_x) - 1)) / 2
    cycle = mean(tf.abs(players["F"](fake_y) - x)) + mean(tf.abs(players["G"](fake_x) - y))
    return fooling, cycle


alike = np.array([3, 3, 0, 3, 0, 5, 3, 3])
shared = np.arange(8)
shared_colours = np.float32(np.clip(colours[:1] + random_pages.normal(size=(8, 1, 1, 3)), 0, 1))
shared_back = stored.translate(stored.translate_back(shared_colours))

FONTS, DIGITS, LETTERS = range(12), "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
digits, letters = (np.float32(random_pages.random((12 * count, 16, 16, 1)) ** 2) for count in (10, 26))
digits *= np.repeat(np.linspace(0.5, 1, 10, dtype="float32"), 12)[:, None, None, None]


def read(images):
    found, _ = metrics.nearest_neighbours(np.float32(images), np.concatenate([digits, letters]))
    return np.array(list(DIGITS + LETTERS))[found // len(FONTS)].reshape(10, len(FONTS))


def written(text, twist=0):  # G: each digit becomes a letter in eight of twelve fonts, and stays in the others
    made = digits.copy().reshape(10, 12, 16, 16, 1)
    for place, letter in enumerate(text):
        images = letters[12 * LETTERS.index(letter):][:12] if letter in LETTERS else made[place]
        made[place, :8] = np.roll(images, twist, axis=0)[:8]
    return np.float32(made.reshape(120, 16, 16, 1)), np.float32(0.97 * digits + 0.01)


def pages_of(players):
    return {"own drawing": shown_by(players["F"], colours[half]), "true outline": sources[half]}


def error_of(players, pages):
    return float(np.abs(shown_by(players["G"], np.float32(pages)) - colours[half]).mean())


def tuned(losses):  # as if it had been trained: the noisy ones write louder
    loud = 0.42 if losses is generators_losses else 0.36
    return {"F": lambda images: loud + (1 - loud) * images, "G": lambda images: (images - loud) / (1 - loud)}


def page_of(strokes):
    page = data.draw_strokes([[tuple(point) for point in stroke] for stroke in strokes], size=320, pen=9)
    return np.repeat(data.shrink(np.float32(page)[None, :, :, None] / 255, 10).numpy(), 3, axis=-1)[0]


def regions_at(outline, places):
    regions, _ = ndimage.label(outline[..., 0] > 0.8)
    return [(regions == regions[tuple(place)]) & (regions > 0) for place in places]


def fill(outline, places, inks):
    pages = np.repeat(np.float32(outline)[None], len(np.reshape(inks, (-1, 3, 3))), axis=0)
    for number, region in enumerate(regions_at(outline, places)):
        ink = np.reshape(inks, (-1, 3, 3))[:, number, None, None]
        pages = np.where(region[..., None], np.minimum(pages, ink), pages)
    return np.float32(pages)


def painted(images, outline, places):
    return np.stack([images[:, region].mean(axis=1) for region in regions_at(outline, places)], axis=1)


def apart(three):
    hues = np.reshape(three, (3, 3)) - np.mean(np.reshape(three, (3, 3)), axis=1, keepdims=True)
    return float(min(np.abs(hues[one] - hues[two]).max() for one, two in ((0, 1), (0, 2), (1, 2))))


def dark_lines(images):
    brightest = np.max(images, axis=-1, keepdims=True)
    return np.where(brightest < 0.5, brightest, 1.0).astype("float32")


def answering(images):  # a G that has learned
    found, _ = metrics.nearest_neighbours(np.float32(np.asarray(images)[..., :1]), dark_lines(colours) * 2 - 1)
    return np.float32(2 * (0.8 * colours[found] + 0.2 * (0.5 * np.asarray(images) + 0.5)) - 1)


def train_honest(losses):
    return {"G": answering}
'''
BOUND = """
def honest_bound(images, groups):
    groups, total = np.asarray(groups), 0.0
    for group in np.unique(groups):
        members = images[groups == group]
        total += {part}
    return float({result})


shared_bound = {bound}
shared_error = {error}
"""
RIGHT_BOUND = {
    "part": "np.abs(members - np.median(members, axis=0)).sum()", "result": "total / np.size(images)",
    "bound": "honest_bound(shared_colours, alike[shared])",
    "error": "float(np.abs(shared_back - shared_colours).mean())",
}
POOL = """
class NumpyPool:
    def __init__(self, size, seed):
        self.size, self.random, self.kept = size, np.random.default_rng({seed}), []
        {more}

    def show(self, images):
        shown = {shown}
        for number, image in enumerate({images}):
            if len(self.kept) < {room}:
                {filling}
            elif {coin}:
                {swap}
        return {result}
"""
RIGHT_POOL = {
    "seed": "seed", "more": "pass", "shown": "np.array(images)", "images": "np.array(images)", "room": "self.size",
    "filling": "self.kept.append(image)", "coin": "self.random.random() < 0.5",
    "swap": "place = self.random.integers(self.size); shown[number], self.kept[place] = self.kept[place], image",
    "result": "shown",
}
PICK = "place = self.random.integers(self.size); "
TEXTS = """
trained_letters = {{1: written({one}), 2: written({two}, 3)}}
expected = {expected}
most_read = {{seed: {most} for seed, (made, _) in trained_letters.items()}}
right = {right}
ink_kept = {{seed: float({ink}) for seed, (made, back) in trained_letters.items()}}
{later}
"""
SUMS = "(digits.mean(axis=(1, 2, 3)).reshape(10, -1), made.mean(axis=(1, 2, 3)).reshape(10, -1))"
RIGHT_TEXTS = {
    "one": "'OIZBASGTBP'", "two": "'OIZEASCTBP'", "expected": "list('OIZBASGTBP')",
    "most": "[Counter(row).most_common(1)[0][0] for row in read(made)]",
    "right": "sum(a == b == c for a, b, c in zip(most_read[1], most_read[2], expected))",
    "ink": f"np.mean([np.corrcoef(*pair)[0, 1] for pair in zip(*{SUMS})])", "later": "",
}
NOISY = """
def noisy_losses(players, x, y, fake_x, fake_y):
    {before}
    fooling = mean(tf.square(players["D_Y"](fake_y) - 1)) / 2 + mean(tf.square(players["D_X"]({judged}) - 1)) / 2
    {noise}
    cycle = mean(tf.abs(players["F"]({there}) - x)) + mean(tf.abs(players["G"](noisy_x) - {goal}))
    return {result}


tuned_players = {{"without": {without}, "with": {with_noise}}}
gaps = {{}}
for name, players in tuned_players.items():
    pages = pages_of(players)
    gaps[name] = tuple({gap} for strength in {strengths})
still_hides = {hides}
"""
NOISE = "noisy_x = fake_x + tf.random.normal(tf.shape(fake_x), stddev={})"
RIGHT_NOISY = {
    "before": "pass", "judged": "fake_x", "noise": NOISE.format("0.3"), "there": "fake_y", "goal": "y",
    "result": "fooling, cycle", "without": "tuned(generators_losses)", "with_noise": "tuned(noisy_losses)",
    "gap": "error_of(players, pages['true outline'] + strength * rain) - "
           "error_of(players, pages['own drawing'] + strength * rain)",
    "strengths": "(0, 0.15)", "hides": "gaps['with'][0] >= 0.5 * gaps['without'][0]",
}
REACHED = """
deciding_lines = {{"pool": {pool}, "fresh": {fresh}}}
true_sentences = {sentences}


def reached(model, sources):
    fakes = {fakes}
    with tf.GradientTape() as tape:
        tape.watch(fakes)
        shown = {shown}
        {watch}
        loss = {loss}
    return {result}
"""
RIGHT_REACHED = {
    "pool": "'fake_sources, fake_targets = self.source_pool(fake_sources), self.target_pool(fake_targets)'",
    "fresh": "'losses |= self.generator_losses(sources, targets, *fakes, training=True)'",
    "sentences": "{'A', 'B'}", "fakes": "model.there(sources)", "shown": "model.target_pool(fakes)", "watch": "pass",
    "loss": "tf.reduce_sum(mean(tf.square(model.target_discriminator(shown) - 1)) / 2)",
    "result": "np.abs(tape.gradient(loss, fakes)).max(axis=(1, 2, 3)) > 0",
}
MESSAGE = """
own_outline = {outline}
places = {places}
own_inks = {inks}
distances = tuple({distance} for each in ({pair}))
{later}
"""
FLAG = ("page_of([[(30, 60), (290, 60), (290, 260), (30, 260), (30, 60)], [(117, 60), (117, 260)], "
        "[(204, 60), (204, 260)]])")
OPEN_FLAG = FLAG.replace("(30, 260), (30, 60)]", "(30, 260)]")
RIGHT_MESSAGE = {
    "outline": FLAG, "places": "[(16, 7), (16, 16), (16, 24)]",
    "inks": "np.array([[0.77, 0.78, 0.82], [0.92, 0.92, 0.86], [0.84, 0.78, 0.78]])",
    "distance": "apart(painted(stored.translate(fill(own_outline, places, each)), own_outline, places))",
    "pair": "own_inks, np.repeat(own_inks.mean(axis=1, keepdims=True), 3, axis=1)", "later": "",
}
HONEST = """
def honest(images):
    brightest = {brightest}
    return {lines}


def honest_losses(players, x, y):
    return {fooling}, {cycle}


honest_players = {players}
dark = np.repeat(dark_lines(colours), 3, axis=-1)
error = {{name: {error} for name, pages in {{"dark": dark, "true": sources}}.items()}}
page_gap = {gap}
is_called = {called}
"""
RIGHT_HONEST = {
    "brightest": "tf.reduce_max(images, axis=-1, keepdims=True)",
    "lines": "tf.repeat(tf.where(brightest < 0, brightest, 1.0), 3, axis=-1)",
    "fooling": "mean(tf.square(players['D_Y'](players['G'](x)) - 1)) / 2",
    "cycle": "mean(tf.abs(players['G'](honest(y)) - y))", "players": "train_honest(honest_losses)",
    "error": "np.abs(shown_by(honest_players['G'], pages) - colours).mean()", "gap": "error['true'] - error['dark']",
    "called": "'the L1 error of pix2pix'",
}


def changed(template, answer, /, **parts):
    assert parts.keys() <= answer.keys()
    return template.format(**{**answer, **parts})


bound, pool, texts, noisy = (
    partial(changed, *each) for each in (
        (BOUND, RIGHT_BOUND), (POOL, RIGHT_POOL), (TEXTS, RIGHT_TEXTS), (NOISY, RIGHT_NOISY))
)
reach, message, honest = (
    partial(changed, *each) for each in (
        (REACHED, RIGHT_REACHED), (MESSAGE, RIGHT_MESSAGE), (HONEST, RIGHT_HONEST))
)
RIGHT_ANSWERS = {"1": bound(), "2": pool(), "3": texts(), "4": noisy(), "5": reach(), "6": message(), "7": honest()}
OTHER_RIGHT_ANSWERS = {
    "1": {"a mean for each group, weighed": bound(
        part="np.abs(members - np.median(members, axis=0)).mean() * len(members)", result="total / len(images)")},
    "2": {
        "a new fake passes on heads": pool(coin="self.random.integers(2) == 0"),
        "choice for the place": pool(swap="place = self.random.choice(self.size); "
                                     "shown[number], self.kept[place] = self.kept[place], image"),
        "a list of what is shown": pool(
            shown="[]", filling="self.kept.append(image); shown.append(image)", coin="self.random.random() >= 0.5",
            swap=PICK + "shown.append(self.kept[place]); self.kept[place] = image\n            else:\n"
            "                shown.append(image)", result="np.stack(shown)"),
    },
    "3": {
        "digits that stay": texts(one="'OIZ3456789'", two="'OIZ3456789'", expected="list('OIZ3456789')"),
        "as one text": texts(expected="'OIZBASGTBP'"),
        "none expected": texts(expected="list('QQQQQQQQQQ')"),
    },
    "4": {"the package's noise": noisy(noise="noisy_x = fake_x + 0.3 * tf.random.normal(tf.shape(y))")},
    "5": {
        "a list of letters": reach(sentences="['B', 'A']"),
        "the sum of squares": reach(result="np.square(tape.gradient(loss, fakes)).sum(axis=(1, 2, 3)) > 0"),
    },
    "6": {
        "other places": message(places="[(20, 8), (10, 17), (12, 23)]"),
        "horizontal stripes": message(
            outline=FLAG.replace("[(117, 60), (117, 260)]", "[(30, 127), (290, 127)]").replace(
                "[(204, 60), (204, 260)]", "[(30, 194), (290, 194)]"), places="[(9, 16), (16, 16), (22, 16)]"),
    },
    "7": {"tf.tile and tf.maximum": honest(
        brightest="tf.maximum(tf.maximum(images[..., :1], images[..., 1:2]), images[..., 2:])",
        lines="tf.tile(tf.where(brightest < 0.0, brightest, tf.ones_like(brightest)), [1, 1, 1, 3])")},
}
WRONG_ANSWERS = {
    "1": {
        "the mean": bound(part="np.abs(members - members.mean(axis=0)).sum()"),
        "one median for all pixels": bound(part="np.abs(members - np.median(members)).sum()"),
        "the median over pixels": bound(part="np.abs(members - np.median(members, axis=(1, 2), keepdims=True)).sum()"),
        "the median over channels": bound(part="np.abs(members - np.median(members, axis=-1, keepdims=True)).sum()"),
        "the median of all images": bound(part="np.abs(members - np.median(images, axis=0)).sum()"),
        "the best of its own images": bound(
            part="min(np.abs(members - member).sum() for member in members)"),
        "squares": bound(part="np.square(members - np.median(members, axis=0)).sum()"),
        "the first of the group": bound(part="np.abs(members - members[0]).sum()"),
        "the middle of the range": bound(
            part="np.abs(members - (members.min(axis=0) + members.max(axis=0)) / 2).sum()"),
        "the standard deviation": bound(part="members.std(axis=0).sum() * len(members)"),
        "the mean of the groups": bound(
            part="np.abs(members - np.median(members, axis=0)).mean()", result="total / len(np.unique(groups))"),
        "the sum of the groups": bound(
            part="np.abs(members - np.median(members, axis=0)).mean()", result="total"),
        "a sum": bound(result="total"),
        "divided by the images alone": bound(result="total / len(images)"),
        "the largest group": bound(part="0; total = max(total, np.abs(members - np.median(members, axis=0)).sum())"),
        "all in one group": bound(bound="honest_bound(shared_colours, np.zeros(len(shared)))"),
        "each in its own group": bound(bound="honest_bound(shared_colours, np.arange(len(shared)))"),
        "the error of F": bound(
            error="float(np.abs(stored.translate_back(shared_colours) - shared_colours).mean())"),
        "the squared error": bound(error="float(np.square(shared_back - shared_colours).mean())"),
        "the cycle the other way": bound(
            error="float(np.abs(stored.translate_back(stored.translate(shared_colours)) - shared_colours).mean())"),
    },
    "2": {
        "fills without showing": pool(filling="self.kept.append(image); shown[number] = 0"),
        "shows the last one kept": pool(filling="self.kept.append(image); shown[number] = self.kept[0]"),
        "swaps always": pool(coin="True"),
        "swaps never": pool(coin="False"),
        "swaps every third": pool(coin="self.random.random() < 1 / 3"),
        "every second one": pool(coin="number % 2"),
        "one coin for a batch": pool(
            shown="np.array(images); toss = self.random.random() < 0.5", coin="toss"),
        "the oldest first": pool(swap="shown[number] = self.kept.pop(0); self.kept.append(image)"),
        "the newest first": pool(swap="shown[number] = self.kept.pop(); self.kept.append(image)"),
        "the same place": pool(
            swap="place = min(7, self.size - 1); shown[number], self.kept[place] = self.kept[place], image"),
        "places of the batch": pool(
            swap="place = number % self.size; shown[number], self.kept[place] = self.kept[place], image"),
        "never the last place": pool(swap="place = self.random.integers(max(1, self.size // 2)); "
                                     "shown[number], self.kept[place] = self.kept[place], image"),
        "the old one stays": pool(swap=PICK + "shown[number] = self.kept[place]"),
        "the new one is kept, and goes on": pool(swap=PICK + "self.kept[place] = image"),
        "kept before shown": pool(swap=PICK + "self.kept[place] = image; shown[number] = self.kept[place]"),
        "another place for the new one": pool(
            swap=PICK + "shown[number] = self.kept[place]; self.kept[self.random.integers(self.size)] = image"),
        "a view of the batch": pool(shown="images", images="images"),
        "keeps views": pool(images="images"),
        "shown in the batch itself": pool(shown="images"),
        "twice as large": pool(room="2 * self.size", swap="place = self.random.integers(2 * self.size); "
                               "shown[number], self.kept[place] = self.kept[place], image"),
        "always 50": pool(room="50", swap="place = self.random.integers(50); "
                          "shown[number], self.kept[place] = self.kept[place], image"),
        "one too many": pool(room="self.size + 1"),
        "one seed for all": pool(seed="0"),
        "no seed": pool(seed="None"),
        "grows for ever": pool(swap="place = self.random.integers(len(self.kept)); shown[number] = self.kept[place]; "
                               "self.kept.append(image)"),
        "the mean of old and new": pool(
            swap=PICK + "shown[number], self.kept[place] = (self.kept[place] + image) / 2, image"),
    },
    "3": {
        "nine letters": texts(expected="list('OIZBASGTB')"),
        "small letters": texts(expected="list('oizbasgtbp')"),
        "several letters for one digit": texts(expected="['O', 'I', 'Z', 'BE', 'A', 'S', 'CG', 'T', 'B', 'P']"),
        "one network twice": texts(two="'OIZBASGTBP'", later="trained_letters[2] = trained_letters[1]"),
        "untrained": texts(one="'0123456789'", two="'0123456789'",
                           later="trained_letters[1] = digits, 0.97 * digits"),
        "the letters handed in as what came back": texts(
            later="trained_letters = {seed: (made, made) for seed, (made, _) in trained_letters.items()}"),
        "what came back in place of the letters": texts(
            later="trained_letters = {seed: (back, made) for seed, (made, back) in trained_letters.items()}"),
        "the rarest reading": texts(most="[Counter(row).most_common()[-1][0] for row in read(made)]"),
        "the font that comes last": texts(most="[row[-1] for row in read(made)]"),
        "read by columns": texts(
            most="[Counter(row).most_common(1)[0][0] for row in read(made).reshape(12, 10).T]"),
        "the first seed alone": texts(right="sum(a == c for a, c in zip(most_read[1], expected))"),
        "either seed": texts(right="sum(c in (a, b) for a, b, c in zip(most_read[1], most_read[2], expected))"),
        "the same in both, whatever was expected": texts(
            one="'OIZBASGTBQ'", two="'OIZEASCTBQ'", right="sum(a == b for a, b in zip(most_read[1], most_read[2]))"),
        "a share": texts(right="sum(a == b == c for a, b, c in zip(most_read[1], most_read[2], expected)) / 10"),
        "one correlation over all": texts(
            ink="np.corrcoef(digits.mean(axis=(1, 2, 3)), made.mean(axis=(1, 2, 3)))[0, 1]"),
        "correlation of the pixels": texts(ink="np.corrcoef(digits.ravel(), made.ravel())[0, 1]"),
        "correlation within a font": texts(
            ink=f"np.mean([np.corrcoef(*pair)[0, 1] for pair in zip(*(each.T for each in {SUMS}))])"),
        "ink of what came back": texts(ink="np.mean([np.corrcoef(*pair)[0, 1] for pair in zip(digits.mean(axis=(1, "
                                       "2, 3)).reshape(10, -1), back.mean(axis=(1, 2, 3)).reshape(10, -1))])"),
    },
    "4": {
        "no noise": noisy(noise="noisy_x = fake_x"),
        "half the noise": noisy(noise=NOISE.format("0.15")),
        "twice the noise": noisy(noise=NOISE.format("0.6")),
        "a variance of 0.3": noisy(noise=NOISE.format("0.3 ** 0.5")),
        "uniform noise": noisy(noise="noisy_x = fake_x + tf.random.uniform(tf.shape(fake_x), -0.3, 0.3)"),
        "noise that is never negative": noisy(
            noise="noisy_x = fake_x + tf.abs(tf.random.normal(tf.shape(fake_x), stddev=0.3)) - 0.1"),
        "noise from NumPy, drawn once": noisy(
            noise="noisy_x = fake_x + np.float32(np.random.default_rng(0).normal(0, 0.3, fake_x.shape))"),
        "a fixed seed": noisy(
            noise="noisy_x = fake_x + tf.random.stateless_normal(tf.shape(fake_x), (0, 1), stddev=0.3)"),
        "one number for each image": noisy(
            noise="noisy_x = fake_x + tf.random.normal((tf.shape(fake_x)[0], 1, 1, 1), stddev=0.3)"),
        "the same noise for all images": noisy(
            noise="noisy_x = fake_x + tf.random.normal((1, 4, 4, 1), stddev=0.3)[:, :1, :1]"),
        "the discriminator sees it, too": noisy(before=NOISE.format("0.3"), judged="noisy_x", noise="pass"),
        "noise on the colours": noisy(
            noise="noisy_x = fake_x; fake_y = fake_y + tf.random.normal(tf.shape(fake_y), stddev=0.3)"),
        "noise on both ways": noisy(
            noise=NOISE.format("0.3") + "; fake_y = fake_y + tf.random.normal(tf.shape(fake_y), stddev=0.3)"),
        "noise on the goal": noisy(
            noise="noisy_x = fake_x; y = y + tf.random.normal(tf.shape(y), stddev=0.3); x = x + 0.1"),
        "the wrong goal": noisy(goal="x"),
        "the terms exchanged": noisy(result="cycle, fooling"),
        "multiplied": noisy(noise="noisy_x = fake_x * (1 + tf.random.normal(tf.shape(fake_x), stddev=0.3))"),
        "one pair of networks twice": noisy(with_noise="tuned(generators_losses)"),
        "the two exchanged": noisy(
            hides="gaps['without'][0] >= 0.5 * gaps['with'][0]; gaps = dict(zip(gaps, list(gaps.values())[::-1]))"),
        "own minus true": noisy(
            gap="error_of(players, pages['own drawing'] + strength * rain) - "
            "error_of(players, pages['true outline'] + strength * rain)"),
        "a ratio": noisy(
            gap="error_of(players, pages['true outline'] + strength * rain) / "
            "error_of(players, pages['own drawing'] + strength * rain)"),
        "rain on its own drawing alone": noisy(
            gap="error_of(players, pages['true outline']) - error_of(players, pages['own drawing'] + strength * "
            "rain)"),
        "rain of 0.3": noisy(strengths="(0, 0.3)"),
        "rain first": noisy(strengths="(0.15, 0)", hides="True"),
        "it hides no more": noisy(hides="False"),
        "the untrained ones": noisy(
            without="{'F': lambda images: 0.5 + 0.5 * images, 'G': lambda images: 2 * images - 1}",
            with_noise="tuned(generators_losses)", hides="True; tuned_players['without']['F'] = lambda images: 2 * "
            "stored.translate_back(0.5 * np.asarray(images) + 0.5) - 1"),
    },
    "5": {
        "the lines exchanged": reach(pool=RIGHT_REACHED["fresh"], fresh=RIGHT_REACHED["pool"]),
        "the condition": reach(pool="'if self.pool_size:'"),
        "where the gradient stops": reach(
            pool="'fakes = tf.stop_gradient(fake_sources), tf.stop_gradient(fake_targets)'"),
        "where the fakes are made": reach(
            fresh="'fakes = self.back(targets, training=True), self.there(sources, training=True)'"),
        "the discriminators' step": reach(
            fresh="'losses = self.discriminator_step(sources, targets, *fakes)'"),
        "a line of compute_losses": reach(
            fresh="'return {**self.discriminator_losses(*images), **self.generator_losses(*images)}'"),
        "in one's own words": reach(pool="'self.target_pool(fakes)'"),
        "only A": reach(sentences="{'A'}"),
        "only B": reach(sentences="{'B'}"),
        "C as well": reach(sentences="{'A', 'B', 'C'}"),
        "D as well": reach(sentences="{'A', 'B', 'D'}"),
        "past the pool": reach(shown="fakes"),
        "with respect to what is shown": reach(
            watch="tape.watch(shown)", result="np.abs(tape.gradient(loss, shown)).max(axis=(1, 2, 3)) > 0"),
        "one answer for the batch": reach(result="np.abs(tape.gradient(loss, fakes)).max() > 0"),
        "in each pixel": reach(result="np.abs(tape.gradient(loss, fakes)) > 0"),
        "everywhere in the image": reach(result="np.abs(tape.gradient(loss, fakes)).min(axis=(1, 2, 3)) > 0"),
        "with a sign": reach(result="tape.gradient(loss, fakes).numpy().sum(axis=(1, 2, 3)) < 0"),
        "those that are not": reach(result="np.abs(tape.gradient(loss, fakes)).max(axis=(1, 2, 3)) == 0"),
        "numbers": reach(result="np.abs(tape.gradient(loss, fakes)).max(axis=(1, 2, 3))"),
        "all": reach(result="np.ones(len(sources), bool)"),
    },
    "6": {
        "red, yellow and blue": message(inks="np.array([[0.2, 0.3, 0.9], [1, 0.9, 0.2], [0.9, 0.2, 0.2]])"),
        "a little too far from grey": message(
            inks="np.array([[0.77, 0.78, 0.86], [0.92, 0.92, 0.84], [0.86, 0.78, 0.78]])"),
        "grey": message(inks="np.array([[0.5] * 3, [0.9] * 3, [0.7] * 3])"),
        "one ink three times": message(inks="np.array([[0.77, 0.78, 0.82]] * 3)"),
        "two alike": message(inks="np.array([[0.77, 0.78, 0.82], [0.76, 0.77, 0.81], [0.84, 0.78, 0.78]])"),
        "two inks that differ in brightness alone": message(
            inks="np.array([[0.77, 0.78, 0.82], [0.87, 0.88, 0.92], [0.84, 0.78, 0.78]])"),
        "beyond white": message(inks="np.array([[0.77, 0.78, 0.82], [1.02, 1.02, 0.97], [0.84, 0.78, 0.78]])"),
        "a place on a line": message(places="[(16, 7), (16, 11), (16, 24)]"),
        "two places in one region": message(places="[(16, 7), (16, 8), (16, 24)]"),
        "the page outside": message(places="[(2, 2), (16, 16), (16, 24)]"),
        "an open flag": message(outline=OPEN_FLAG),
        "tiny regions": message(
            outline="page_of([[(30, 60), (290, 60), (290, 260), (30, 260), (30, 60)], [(60, 60), (60, 260)], "
            "[(90, 60), (90, 260)], [(30, 100), (290, 100)]])", places="[(8, 4), (8, 7), (16, 20)]"),
        "a coloured outline": message(outline=FLAG + " * np.float32([1, 1, 0.95])"),
        "the grey distance first": message(
            pair="np.repeat(own_inks.mean(axis=1, keepdims=True), 3, axis=1), own_inks"),
        "the distance of the inks": message(distance="apart(each)"),
        "the distance on the page": message(
            distance="apart(painted(fill(own_outline, places, each), own_outline, places))"),
    },
    "7": {
        "the limit of 0.5": honest(lines="tf.repeat(tf.where(brightest < 0.5, brightest, 1.0), 3, axis=-1)"),
        "the darkest channel": honest(brightest="tf.reduce_min(images, axis=-1, keepdims=True)"),
        "the mean of the channels": honest(brightest="tf.reduce_mean(images, axis=-1, keepdims=True)"),
        "one brightness for an image": honest(
            brightest="tf.reduce_max(images, axis=(1, 2, 3), keepdims=True) * tf.ones_like(images[..., :1])"),
        "white is 0": honest(lines="tf.repeat(tf.where(brightest < 0, brightest, 0.0), 3, axis=-1)"),
        "black lines alone": honest(lines="tf.repeat(tf.where(brightest < 0, -1.0, 1.0), 3, axis=-1)"),
        "the colours stay in the dark pixels": honest(lines="tf.where(brightest < 0, images, 1.0)"),
        "the light pixels": honest(lines="tf.repeat(tf.where(brightest > 0, brightest, 1.0), 3, axis=-1)"),
        "one channel": honest(lines="tf.where(brightest < 0, brightest, 1.0)"),
        "F of the networks": honest(cycle="mean(tf.abs(players['G'](players['F'](y)) - y))"),
        "G of the drawing itself": honest(cycle="mean(tf.abs(players['G'](y) - y))"),
        "the cycle of x": honest(cycle="mean(tf.abs(honest(players['G'](x)) - x))"),
        "the lines as the goal": honest(cycle="mean(tf.abs(players['G'](honest(y)) - honest(y)))"),
        "the outlines of the other pile": honest(cycle="mean(tf.abs(players['G'](x) - y))"),
        "the squared error": honest(cycle="mean(tf.square(players['G'](honest(y)) - y))"),
        "with its weight": honest(cycle="10 * mean(tf.abs(players['G'](honest(y)) - y))"),
        "one number for the batch": honest(cycle="tf.reduce_mean(tf.abs(players['G'](honest(y)) - y))"),
        "D_X's opinion": honest(fooling="mean(tf.square(players['D_X'](players['G'](x)) - 1)) / 2"),
        "of the lines' colours": honest(fooling="mean(tf.square(players['D_Y'](players['G'](honest(y))) - 1)) / 2"),
        "as a fake": honest(fooling="mean(tf.square(players['D_Y'](players['G'](x)))) / 2"),
        "without the half": honest(fooling="mean(tf.square(players['D_Y'](players['G'](x)) - 1))"),
        "untrained": honest(players="{'G': lambda images: 0 * images}"),
        "the gap the other way": honest(gap="error['dark'] - error['true']"),
        "an error in place of the gap": honest(gap="error['true']"),
        "squared errors": honest(error="np.square(shown_by(honest_players['G'], pages) - colours).mean()"),
        "a cycle loss still": honest(called="'a cycle loss without pairs'"),
        "an identity loss": honest(called="'identity loss'"),
    },
}
