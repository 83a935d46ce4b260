"""Answers to the exercises of chapter 8, right and plausibly wrong; `test_wrong_answers.py` tries them."""

# The drawings, and the first cells of the solutions; models and networks that answer as we say. Nothing is trained.
GIVEN = '''
from types import SimpleNamespace

train, validation, _ = data.load_openmoji_by_concept()
known_outlines, known_colours = data.scale_images(train.outline), data.scale_images(train.colour)
outlines, colours = data.scale_images(validation.outline[:60]), data.scale_images(validation.colour[:60])
judge = checkpoints.load("group_classifier")

HUES = ["red", "orange", "yellow", "green", "blue", "purple", "brown", "black", "white"]
places = [list(train.names).index(f"{hue} heart") for hue in HUES]
hearts, heart_outline = known_colours[places], known_outlines[places[:1]]
median, mean = np.median(hearts, axis=0), hearts.mean(axis=0)


def answer_of(network):
    return 0.5 * np.asarray(network(2 * heart_outline - 1))[0] + 0.5


def says(image, off=0.004):  # a network, not quite trained
    return lambda inputs: 2 * (image + off * np.sign(np.random.default_rng(1).normal(size=image.shape)))[None] - 1


class Player:  # a Pix2Pix that was trained for so many steps, and answers with a function of outlines
    def __init__(self, answers, steps=98, **config):
        self.config = {"name": "player", "l1_weight": 100.0, "sees_source": True, "widths": [16, 32, 64], **config}
        self.l1_weight, self.sees_source = self.config["l1_weight"], self.config["sees_source"]
        self.generator_optimizer, self.translate = SimpleNamespace(iterations=tf.constant(steps)), answers

    def get_config(self):
        return self.config


def inked(share, wrong=0.0):  # the truth, blended with its outline, and with the colours of others
    def answers(asked):
        found, _ = metrics.nearest_neighbours(asked, outlines)
        truth, others = colours[found], np.roll(colours, 7, axis=0)[found]
        return np.float32((1 - wrong) * (share * truth + (1 - share) * asked) + wrong * others)
    return answers


def by_weight_of(steps=98, **config):
    looks = {1: inked(0.9, 0.4), 10: inked(0.5, 0.2), 100: inked(0.1)}
    return {weight: Player(look, steps, l1_weight=float(weight), **config) for weight, look in looks.items()}


def negatives(asked):
    return np.float32(1 - inked(1.0)(asked))


def one_for_all(asked):
    return np.float32(np.repeat(colours[:1], len(asked), axis=0))


def scored(model, images=outlines, targets=colours):
    found = measures.measure_nearness(model.translate(images), targets, judge)
    return found["l1"], found["frechet_distance"]


def small_player(kind=Pix2Pix):
    player = kind(widths=(8, 16), discriminator_widths=(8, 16))
    player.compile(*(FusedAdam(1e-3, beta_1=0.5) for _ in range(2)))
    return player


eight_outlines, eight_colours = (tf.constant(2 * images[:8] - 1, tf.float32) for images in (outlines, colours))
shuffled = np.random.default_rng(SEED).permutation(len(outlines))


class Painter:  # twenty colours, inside the lines, with less at a gap; another seed has other colours
    def translate(self, asked, *, seed=None, steps=None):
        hues = np.random.default_rng(seed).random((len(asked), 1, 1, 3))
        at = np.hypot(*np.mgrid[-15.5:16, -15.5:16])[..., None] < 9.5
        return np.float32(np.where(at, hues, 0.98) * asked)


palette, turn = Painter(), np.linspace(0, 2 * np.pi, 60)


def page_of(strokes):
    page = data.draw_strokes([[tuple(point) for point in stroke] for stroke in strokes], size=320, pen=9)
    return data.shrink(np.float32(page)[None, :, :, None] / 255, 10).numpy()


def outside_of(outline):
    regions, _ = ndimage.label(outline[0, ..., 0] > 0.8)
    return regions == regions[0, 0]


def ball(gap, radius=100):
    turn = np.linspace(gap, 2 * np.pi - gap, 60)
    return page_of([np.stack([160 + radius * np.cos(turn), 160 + radius * np.sin(turn)], axis=1)])
'''
GUESS = """
def best_guess(values, q):
    ordered = sorted(values)
    return {result}
"""
FIELD = """
def receptive_field(layers):
    side = {first}
    for kernel, stride in {order}:
        side = {side}
    return side


needed = {needed}
"""
RIGHT_FIELD = {"first": "1", "order": "reversed(layers)", "side": "(side - 1) * stride + kernel", "needed": "5"}
HEARTS = """
middle = hearts[:, 15, 15]
expected = {expected}
heart_networks = {networks}
"""
RIGHT_HEARTS = {
    "expected": "{'absolute': np.median(middle, axis=0), 'squared': middle.mean(axis=0)}",
    "networks": "{'absolute': says(median), 'squared': says(mean)}",
}
WEIGHTS = """
by_weight = {models}
scores = {{weight: {score} for weight, model in by_weight.items()}}
nearest_weight, most_real_weight = {named}
"""
RIGHT_WEIGHTS = {
    "models": "by_weight_of()", "score": "scored(model)",
    "named": "(min(scores, key=lambda weight: scores[weight][place]) for place in (0, 1))",
}
STEP = """
stopping_lines = {lines}
stays_without = {stays}


def changes_of(model):
    networks = {{"generator": model.generator, "discriminator": model.discriminator}}
    before = {{name: {weights} for name, network in networks.items()}}
    fakes = model.generator(eight_outlines, training=True)
    {step}
    return {{
        name: {change}
        for name, network in networks.items()
    }}
"""
RIGHT_STEP = {
    "lines": '("with tape.stop_recording():", "tf.stop_gradient(fakes)")', "stays": "True",
    "weights": "network.get_weights()", "step": "model.discriminator_step(eight_outlines, eight_colours, fakes)",
    "change": "max(float(np.abs(new - old).max()) for new, old in zip(network.get_weights(), before[name]))",
}
OWN = """
own_outlines = {{"closed": {closed}, "opened": {opened}}}
own_answers = {{name: {answers} for name, own in own_outlines.items()}}
spreads = {{name: {spread} for name, twenty in own_answers.items()}}
ink_outside = {{name: {ink} for name, twenty in own_answers.items()}}
runs_out = {runs_out}
"""
RIGHT_OWN = {
    "closed": "ball(0.0)", "opened": "ball(0.25)", "spread": "float(twenty.std(axis=0).mean())",
    "answers": "palette.translate(np.repeat(own, 20, axis=0), seed=SEED, steps=PALETTE_STEPS)",
    "ink": "float(1 - twenty[:, outside_of(own_outlines['closed'])].mean())",
    "runs_out": "ink_outside['opened'] >= 2 * ink_outside['closed']",
}
GAMES = """
games = {{"blind": {blind}, "seeing": {seeing}}}
costs_of_shuffling = {{}}
for name, model in games.items():
    ordered, mixed = model.translate(outlines), model.translate(outlines[shuffled])
    errors = [float(metrics.absolute_error(images, targets).mean()) for images, targets in {pairs}]
    costs_of_shuffling[name] = {cost}
cost_if_ignored, blind_ignores = {ignored}, {ignores}
"""
RIGHT_GAMES = {
    "blind": "Player(negatives, sees_source=False, l1_weight=0.0)", "seeing": "Player(inked(0.9, 0.3), l1_weight=0.0)",
    "pairs": "((ordered, colours), (mixed, colours))", "cost": "errors[1] - errors[0]", "ignored": "0.0",
    "ignores": "False",
}


def changed(template, right, **wrong):
    """The template with the right parts, but for some that are wrong."""
    return template.format(**{**right, **wrong})


def guess(result):
    """An answer to exercise 1."""
    return GUESS.format(result=result)


RIGHT_ANSWERS = {
    "1": guess("ordered[int(np.ceil(q * len(ordered))) - 1]"),
    "2": FIELD.format(**RIGHT_FIELD),
    "3": HEARTS.format(**RIGHT_HEARTS),
    "4": WEIGHTS.format(**RIGHT_WEIGHTS),
    "5": STEP.format(**RIGHT_STEP),
    "6": OWN.format(**RIGHT_OWN),
    "7": GAMES.format(**RIGHT_GAMES),
}
OTHER_RIGHT_ANSWERS = {
    "1": {
        "NumPy's quantile without interpolation": guess("np.quantile(values, q, method='inverted_cdf')"),
        "rounded down": guess("ordered[int(q * len(ordered))]"),
    },
    "2": {
        "from the image, with the distance of neighbours": """
needed = 5


def receptive_field(layers):
    side, apart = 1, 1
    for kernel, stride in layers:
        side, apart = side + (kernel - 1) * apart, apart * stride
    return side
""",
    },
    "3": {
        "two digits": changed(
            HEARTS, RIGHT_HEARTS, expected="{'absolute': (0.69, 0.4, 0.2), 'squared': (0.63, 0.51, 0.38)}"),
    },
    "5": {
        "whole lines, the other way round": changed(
            STEP, RIGHT_STEP,
            lines='["losses = self.discriminator_losses(sources, targets, tf.stop_gradient(fakes), training=True)", '
                  '"    with tape.stop_recording():"]'),
    },
    "7": {
        "a generator that does ignore it": changed(
            GAMES, RIGHT_GAMES, blind="Player(one_for_all, sees_source=False, l1_weight=0.0)", ignores="True"),
    },
}
WRONG_ANSWERS = {
    "1": {
        "always the median": guess("np.median(values)"),
        "the mean": guess("np.mean(values)"),
        "the two costs exchanged": guess("ordered[int(np.ceil((1 - q) * len(ordered))) - 1]"),
        "interpolated": guess("np.quantile(values, q)"),
        "a share of the range": guess("ordered[0] + q * (ordered[-1] - ordered[0])"),
        "the values not sorted": guess("values[int(np.ceil(q * len(values))) - 1]"),
        "a search over a hundred guesses": guess(
            "min(np.linspace(ordered[0], ordered[-1], 100), key=lambda each: "
            "sum(q * (v - each) if v > each else (1 - q) * (each - v) for v in values))"),
        "squared errors": guess(
            "min(np.linspace(ordered[0], ordered[-1], 1000), key=lambda each: "
            "sum(q * (v - each)**2 if v > each else (1 - q) * (each - v)**2 for v in values))"),
        "each value once": guess("sorted(set(values))[int(np.ceil(q * len(set(values)))) - 1]"),
    },
    "2": {
        "from the image to the logit": changed(FIELD, RIGHT_FIELD, order="layers"),
        "the -1 forgotten": changed(FIELD, RIGHT_FIELD, side="side * stride + kernel"),
        "no strides": changed(FIELD, RIGHT_FIELD, side="side + kernel - 1"),
        "kernels multiplied": changed(FIELD, RIGHT_FIELD, side="side * kernel"),
        "kernels and strides added": changed(FIELD, RIGHT_FIELD, first="0", side="side + kernel * stride"),
        "the logit forgotten": changed(FIELD, RIGHT_FIELD, first="0"),
        "142 pixels": changed(FIELD, RIGHT_FIELD, needed="4"),
        "all layers counted": changed(FIELD, RIGHT_FIELD, needed="7"),
        "one of stride 1 alone": changed(FIELD, RIGHT_FIELD, needed="6"),
    },
    "3": {
        "the red heart": changed(HEARTS, RIGHT_HEARTS, expected="dict.fromkeys(('absolute', 'squared'), middle[0])"),
        "the brown heart": changed(HEARTS, RIGHT_HEARTS, expected="dict.fromkeys(('absolute', 'squared'), middle[6])"),
        "grey": changed(HEARTS, RIGHT_HEARTS, expected="dict.fromkeys(('absolute', 'squared'), (0.5, 0.5, 0.5))"),
        "the mean twice": changed(
            HEARTS, RIGHT_HEARTS, expected="dict.fromkeys(('absolute', 'squared'), middle.mean(axis=0))"),
        "median and mean exchanged": changed(
            HEARTS, RIGHT_HEARTS, expected="{'squared': np.median(middle, axis=0), 'absolute': middle.mean(axis=0)}"),
        "from -1 to 1": changed(
            HEARTS, RIGHT_HEARTS,
            expected="{'absolute': 2 * np.median(middle, axis=0) - 1, 'squared': 2 * middle.mean(axis=0) - 1}"),
        "the absolute error twice": changed(
            HEARTS, RIGHT_HEARTS, networks="{'absolute': says(median), 'squared': says(median)}"),
        "the squared error twice": changed(
            HEARTS, RIGHT_HEARTS, networks="{'absolute': says(mean), 'squared': says(mean)}"),
        "the networks exchanged": changed(
            HEARTS, RIGHT_HEARTS, networks="{'absolute': says(mean), 'squared': says(median)}"),
        "trained on one heart": changed(
            HEARTS, RIGHT_HEARTS, networks="{'absolute': says(hearts[0]), 'squared': says(hearts[0])}"),
        "stopped early": changed(
            HEARTS, RIGHT_HEARTS, networks="{'absolute': says(median, 0.1), 'squared': says(mean, 0.1)}"),
    },
    "4": {
        "the nearest taken for the most real": changed(WEIGHTS, RIGHT_WEIGHTS, named="100, 100"),
        "the two exchanged": changed(WEIGHTS, RIGHT_WEIGHTS, named="1, 100"),
        "the largest error named": changed(
            WEIGHTS, RIGHT_WEIGHTS,
            named="(max(scores, key=lambda weight: scores[weight][place]) for place in (0, 1))"),
        "the scores of other outlines": changed(
            WEIGHTS, RIGHT_WEIGHTS, score="scored(model, known_outlines[:60], known_colours[:60])"),
        "the pair exchanged": changed(WEIGHTS, RIGHT_WEIGHTS, score="scored(model)[::-1]"),
        "ten steps": changed(WEIGHTS, RIGHT_WEIGHTS, models="by_weight_of(10)"),
        "one trained longer": changed(
            WEIGHTS, RIGHT_WEIGHTS, models="by_weight_of() | {1: Player(inked(0.9, 0.4), 196, l1_weight=1.0)}"),
        "one of another width": changed(
            WEIGHTS, RIGHT_WEIGHTS,
            models="by_weight_of() | {1: Player(inked(0.9, 0.4), l1_weight=1.0, widths=[32, 64])}"),
        "one weight three times": changed(
            WEIGHTS, RIGHT_WEIGHTS,
            models="{weight: Player(model.translate) for weight, model in by_weight_of().items()}"),
    },
    "5": {
        "they would not stay": changed(STEP, RIGHT_STEP, stays="False"),
        "the two tapes named": changed(
            STEP, RIGHT_STEP, lines='("with tf.GradientTape() as tape:", "with tape.stop_recording():")'),
        "the variables named": changed(
            STEP, RIGHT_STEP,
            lines='("variables = self.discriminator.trainable_variables", "tf.stop_gradient(fakes)")'),
        "one line twice": changed(STEP, RIGHT_STEP, lines='("tf.stop_gradient(fakes)", "tf.stop_gradient(fakes)")'),
        "the chapter's line": changed(
            STEP, RIGHT_STEP, lines='("with tape.stop_recording():", "colour, tf.stop_gradient(fake)")'),
        "no copies": changed(
            STEP, RIGHT_STEP, weights="network.weights",
            change="max(float(np.abs(new - old).max()) for new, old in zip(network.weights, before[name]))"),
        "no absolute value": changed(
            STEP, RIGHT_STEP,
            change="max(float((new - old).max()) for new, old in zip(network.get_weights(), before[name]))"),
        "the first weights alone": changed(
            STEP, RIGHT_STEP, change="float(np.abs(network.get_weights()[0] - before[name][0]).max())"),
        "the mean": changed(
            STEP, RIGHT_STEP,
            change="max(float(np.abs(new - old).mean()) for new, old in zip(network.get_weights(), before[name]))"),
        "a step of both": changed(
            STEP, RIGHT_STEP, step="model.train_step((0.5 * eight_outlines + 0.5, 0.5 * eight_colours + 0.5))"),
        "no step": changed(STEP, RIGHT_STEP, step="model.discriminator_losses(eight_outlines, eight_colours, fakes)"),
    },
    "6": {
        "no gap": changed(OWN, RIGHT_OWN, opened="ball(0.0)"),
        "a thinner place, but no gap": changed(OWN, RIGHT_OWN, opened="np.clip(ball(0.0) + 0.1, 0, 1)"),
        "half of the line": changed(OWN, RIGHT_OWN, opened="ball(1.5)"),
        "a smaller ball": changed(OWN, RIGHT_OWN, opened="ball(0.25, radius=80)"),
        "white on black": changed(OWN, RIGHT_OWN, closed="1 - ball(0.0)", opened="1 - ball(0.25)"),
        "the two exchanged": changed(OWN, RIGHT_OWN, closed="ball(0.25)", opened="ball(0.0)"),
        "one answer twenty times": changed(
            OWN, RIGHT_OWN,
            answers="np.repeat(palette.translate(own, seed=SEED, steps=PALETTE_STEPS), 20, axis=0)"),
        "ten answers": changed(
            OWN, RIGHT_OWN, answers="palette.translate(np.repeat(own, 10, axis=0), seed=SEED, steps=PALETTE_STEPS)"),
        "twenty of the closed one for both": changed(
            OWN, RIGHT_OWN,
            answers="palette.translate(np.repeat(ball(0.0), 20, axis=0), seed=SEED, steps=PALETTE_STEPS)"),
        "another seed for the second": changed(
            OWN, RIGHT_OWN,
            answers="palette.translate(np.repeat(own, 20, axis=0), seed=len(name), steps=PALETTE_STEPS)"),
        "the spread over the pixels": changed(OWN, RIGHT_OWN, spread="float(twenty.std(axis=(1, 2)).mean())"),
        "the spread of everything": changed(OWN, RIGHT_OWN, spread="float(twenty.std())"),
        "the variance": changed(OWN, RIGHT_OWN, spread="float(twenty.var(axis=0).mean())"),
        "the ink everywhere": changed(OWN, RIGHT_OWN, ink="float(1 - twenty.mean())"),
        "the ink inside": changed(
            OWN, RIGHT_OWN, ink="float(1 - twenty[:, ~outside_of(own_outlines['closed'])].mean())"),
        "each one's own outside": changed(
            OWN, RIGHT_OWN, ink="float(1 - twenty[:, outside_of(own_outlines[name])].mean())"),
        "paper in place of ink": changed(
            OWN, RIGHT_OWN, ink="float(twenty[:, outside_of(own_outlines['closed'])].mean())"),
        "it floods the page": changed(OWN, RIGHT_OWN, runs_out="True"),
    },
    "7": {
        "it costs something to ignore": changed(GAMES, RIGHT_GAMES, ignored="0.05"),
        "the error in place of its change": changed(
            GAMES, RIGHT_GAMES, cost="errors[1]", ignored="0.0"),
        "the other sign": changed(GAMES, RIGHT_GAMES, cost="errors[0] - errors[1]"),
        "no sign": changed(GAMES, RIGHT_GAMES, cost="abs(errors[1] - errors[0])"),
        "a ratio": changed(GAMES, RIGHT_GAMES, cost="errors[1] / errors[0]"),
        "the targets shuffled, too": changed(
            GAMES, RIGHT_GAMES, pairs="((ordered, colours), (mixed, colours[shuffled]))"),
        "the blind one taken for one that ignores": changed(GAMES, RIGHT_GAMES, ignores="True"),
        "both see it": changed(GAMES, RIGHT_GAMES, blind="Player(negatives, l1_weight=0.0)"),
        "the two exchanged": changed(
            GAMES, RIGHT_GAMES, blind=RIGHT_GAMES["seeing"], seeing=RIGHT_GAMES["blind"]),
        "an L1 error": changed(
            GAMES, RIGHT_GAMES, blind="Player(negatives, sees_source=False)", seeing="Player(inked(0.9, 0.3))"),
        "one has an L1 error": changed(GAMES, RIGHT_GAMES, seeing="Player(inked(0.9, 0.3))"),
        "ten steps": changed(
            GAMES, RIGHT_GAMES, blind="Player(negatives, 10, sees_source=False, l1_weight=0.0)",
            seeing="Player(inked(0.9, 0.3), 10, l1_weight=0.0)"),
    },
}
