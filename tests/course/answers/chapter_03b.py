"""Answers to the exercises of chapter 3b, right and plausibly wrong; `test_wrong_answers.py` tries them."""

# What the first cells of the solutions train or load, made small: models that know what would be measured of them.
GIVEN = """
from types import SimpleNamespace as Model

critic = build_discriminator((28, 28, 1), (32, 16))
real_ten, fake_ten = (2 * uniform((10, 28, 28, 1), seed=seed) - 1 for seed in (2, 3))
shares = uniform((10, 1, 1, 1), seed=1)


def scores_of(blends):
    return critic(blends)[:, 0]


def measured(model):
    return {"distance": model.distance, "on demand": model.on_demand, "label matters": model.matters}


def bumps_found(game):
    return game.bumps


def played(bumps, steps=1, loss="non_saturating", weight=0.0, rate=2e-3):
    return Model(bumps=bumps, discriminator_steps=steps, adversarial_loss=loss, penalty_weight=weight,
                 generator_optimizer=Model(learning_rate=rate), discriminator_optimizer=Model(learning_rate=2e-4))


class Rival:
    def __init__(self, distance, on_demand=0.9, steps=500):
        self.distance, self.on_demand, self.matters = distance, on_demand, 0.9
        self.generator_optimizer = Model(iterations=steps)


class ACGAN(Rival):
    pass
"""
PENALTY = """
def penalty(critic, reals, fakes, epsilon):
    blends = {blends}
    with tf.GradientTape() as tape:
        tape.watch(blends)
        scores = critic(blends)
    gradients = tape.gradient(scores, blends)
    lengths = tf.sqrt(tf.reduce_sum(gradients**2, axis={axis}) + 1e-12)
    return {result}
"""
RIGHT = {"blends": "epsilon * reals + (1 - epsilon) * fakes", "axis": "(1, 2, 3)", "result": "(lengths - 1) ** 2"}
SEGMENTS = """
def between(a, b, c, d):
    first, last = c - a, d - b
    {}
"""
SLOPE = """
def slope(way, weight):
    return {slope}


def estimate(way, weight):
    return {estimate}
"""
CONFUSED = "expected, confused = {expected}, Model(distance={distance}, on_demand={share}, matters={matters})"
GAMES = """
games = {{"neither": played({neither}), "steps": played(8, {steps}),
         "Wasserstein": played(1, 1, "wasserstein", {weight})}}
cures = {cures}
"""
RING = {"neither": "1", "steps": "10", "weight": "1.0", "cures": '["steps"]'}
RIVALS = 'rivals = {{"projection": {projection}, "auxiliary": {auxiliary}}}\nearly = "{early}"'
PAIR = {"projection": "Rival(100)", "auxiliary": "ACGAN(140)", "early": "projection"}

RIGHT_ANSWERS = {
    "1": SLOPE.format(slope="1 + way / (2 * weight)", estimate="way + way**2 / (2 * weight)"),
    "2": SEGMENTS.format("return np.mean(abs(first + np.linspace(0, 1, 100_001) * (last - first)))"),
    "3": PENALTY.format(**RIGHT),
    "4": CONFUSED.format(expected=0.1, distance=200, share=0.11, matters=0.1),
    "5": GAMES.format(**RING),
    "6": RIVALS.format(**PAIR),
}
WRONG_ANSWERS = {
    "1": {
        "a slope of exactly 1": SLOPE.format(slope="1.0", estimate="way"),
        "the 2 forgotten": SLOPE.format(slope="1 + way / weight", estimate="slope(way, weight) * way"),
        "the penalty taken from 0": SLOPE.format(slope="way / (2 * weight)", estimate="slope(way, weight) * way"),
        "the penalty subtracted from the estimate": SLOPE.format(
            slope="1 + way / (2 * weight)",
            estimate="slope(way, weight) * way - weight * (slope(way, weight) - 1) ** 2"),
    },
    "2": {
        "the distance of the centres": SEGMENTS.format("return abs(first + last) / 2"),
        "the mean of the two ways": SEGMENTS.format("return (abs(first) + abs(last)) / 2"),
        "without an absolute value": SEGMENTS.format("return (first + last) / 2"),
        "the square root of the mean square": SEGMENTS.format(
            "return float(np.sqrt((first**2 + first * last + last**2) / 3))"),
    },
    "3": {
        "at real images": PENALTY.format(**{**RIGHT, "blends": "reals + 0 * epsilon * fakes"}),
        "at generated images": PENALTY.format(**{**RIGHT, "blends": "fakes + 0 * epsilon * reals"}),
        "the shares swapped": PENALTY.format(**{**RIGHT, "blends": "epsilon * fakes + (1 - epsilon) * reals"}),
        "one epsilon for the whole batch": PENALTY.format(
            **{**RIGHT, "blends": "epsilon[:1] * reals + (1 - epsilon[:1]) * fakes"}),
        "one length for the whole batch": PENALTY.format(
            **{**RIGHT, "axis": "None", "result": "(lengths - 1) ** 2 * tf.ones(10)"}),
        "without the square root": PENALTY.format(**{**RIGHT, "result": "(lengths**2 - 1) ** 2"}),
        "the slope pushed to 0": PENALTY.format(**{**RIGHT, "result": "lengths**2"}),
        "only steep slopes punished": PENALTY.format(**{**RIGHT, "result": "tf.nn.relu(lengths - 1) ** 2"}),
        "with the weight": PENALTY.format(**{**RIGHT, "result": "10 * (lengths - 1) ** 2"}),
        "a root that is infinitely steep at 0": PENALTY.format(**RIGHT).replace(" + 1e-12", ""),
        "the mean": PENALTY.format(**{**RIGHT, "result": "tf.reduce_mean((lengths - 1) ** 2)"}),
        "values without gradients": PENALTY.format(**{**RIGHT, "result": "tf.stop_gradient((lengths - 1) ** 2)"}),
    },
    "4": {
        "it listens all the same": CONFUSED.format(expected=0.9, distance=200, share=0.11, matters=0.1),
        "none at all": CONFUSED.format(expected=0.0, distance=200, share=0.11, matters=0.1),
        "labels that were not shuffled": CONFUSED.format(expected=0.85, distance=200, share=0.83, matters=0.9),
        "labels shifted by one": CONFUSED.format(expected=0.03, distance=220, share=0.03, matters=0.7),
        "not trained": CONFUSED.format(expected=0.1, distance=380, share=0.1, matters=0.1),
    },
    "5": {
        "no game collapses": GAMES.format(**{**RING, "neither": "8", "cures": '["neither", "steps"]'}),
        "a slower generator": GAMES.format(**{**RING, "neither": "1, rate=2e-4"}),
        "the other cure named": GAMES.format(**{**RING, "cures": '["Wasserstein"]'}),
        "both cures named": GAMES.format(**{**RING, "cures": '["steps", "Wasserstein"]'}),
        "a critic without penalty": GAMES.format(**{**RING, "weight": "0.0"}),
        "two things changed": GAMES.format(**{**RING, "steps": '10, "wasserstein", 1.0'}),
    },
    "6": {
        "unequal steps": RIVALS.format(**{**PAIR, "auxiliary": "ACGAN(140, steps=250)"}),
        "hardly trained": RIVALS.format(**{**PAIR, "projection": "Rival(380, 0.1)", "auxiliary": "ACGAN(390, 0.1)"}),
        "the same kind twice": RIVALS.format(**{**PAIR, "auxiliary": "Rival(140)"}),
        "the other one named": RIVALS.format(**{**PAIR, "early": "auxiliary"}),
    },
}
