"""Answers to the exercises of chapter 7, right and plausibly wrong; `test_wrong_answers.py` tries them."""

# The first cells of the solutions, with fewer points; networks and models that know what would be learnt or drawn.
GIVEN = """
from types import SimpleNamespace as Model

turns = 4 * np.pi * np.linspace(0.1, 1, 36) ** 0.6
spiral = GaussianMixture(np.stack([turns * np.cos(turns), turns * np.sin(turns)], axis=1) / 6, spread=0.08)
start = standard_normal((400, 2), seed=11)
homes = tf.sign(standard_normal((100, 784), seed=9))
TIMES = (0.5, 0.7, 0.8, 0.9, 1.0)


def velocity_of(mixture):
    def velocity(noisy, time):
        return (noisy - mixture.posterior_mean(noisy, flow_schedule(tf.fill((len(noisy), 1), time)))) / time
    return velocity


def euler_walk(velocity, noisy, steps):
    for time in np.linspace(1, 0, steps + 1, dtype="float32")[:-1]:
        noisy = noisy - velocity(noisy, time) / steps
    return noisy


def on_spiral(found):
    apart = np.linalg.norm(np.asarray(found)[:, None] - spiral.centres, axis=-1)
    return float(np.mean(apart.min(axis=1) < 3 * spiral.spread))


inner = GaussianMixture(spiral.centres[:18], spread=0.08)
with_label, without = velocity_of(inner), velocity_of(spiral)


def clouds_used(found):
    nearest = np.linalg.norm(np.asarray(found)[:, None] - spiral.centres, axis=-1).argmin(axis=1)
    counts = np.bincount(nearest[nearest < 18], minlength=18)
    shares = counts / counts.sum()
    return float(np.exp(-np.sum(shares * np.log(np.maximum(shares, 1e-9)))))


def answer_of(network, noisy, time):
    return network(noisy, tf.constant(time, tf.float32))


def knows_homes(noisy, time):  # with a mistake of its own
    return noisy - time * velocity_of(spiral)(noisy, time) + 0.12 * tf.sin(30.0 * noisy)


def knows_velocities(noisy, time):
    return velocity_of(spiral)(noisy, time)


class Varying:  # images of one number each: the digit that the judge reads
    def vary(self, images, time, seed):
        lost = np.random.default_rng((seed, int(100 * time))).random(len(images)) < 2 * (time - 0.5)
        return np.where(lost[:, None, None, None], 7.0, images)


class Reading:
    def features_and_probabilities(self, images):
        return None, np.eye(10)[np.asarray(images)[:, 0, 0, 0].astype(int)]


model, judge = Varying(), Reading()
four = np.full((1, 28, 28, 1), 4.0)
kept_by = {time: np.mean(model.vary(np.repeat(four, 20, axis=0), time, seed=0) == 4) for time in TIMES}
"""
TIMES_OF = """
def flow_time(ratio):
    return {flow}


def cosine_time(ratio):
    return {cosine}
"""
EQUAL = {"flow": "1 / (1 + np.sqrt(ratio))", "cosine": "2 / np.pi * np.arctan(1 / np.sqrt(ratio))"}
HEUN = """
def heun_walk(velocity, noisy, steps):
    times = np.linspace(1, 0, steps + 1, dtype="float32")
    for time, earlier in zip(times[:-1], times[1:]):
        first = velocity(noisy, time)
        guess = noisy + (earlier - time) * first
        mean = {mean}
        noisy = {begin} + (earlier - time) * mean
    return noisy
"""
HEUNS = {"mean": "0.5 * (first + velocity(guess, earlier)) if earlier else first", "begin": "noisy"}
PERFECT = """
expected = {expected}


def perfect_velocity(noisy, time):
    apart = (noisy[:, None] - (1 - time) * homes) / time
    shares = tf.nn.softmax({logits}, axis={axis})
    return {result}
"""
MEMORY = {"expected": "1.0", "logits": "-0.5 * tf.reduce_sum(apart**2, axis=-1)", "axis": "1",
          "result": "(noisy - shares @ homes) / time"}
TARGET = """
home_network, velocity_network = {networks}
better, noise_works = "{better}", {noise}


def velocity_from_home(noisy, time):
    return {velocity}
"""
HOME = {"networks": "knows_homes, knows_velocities", "better": "velocity", "noise": "False",
        "velocity": "(noisy - answer_of(home_network, noisy, time)) / time"}
GUIDED = """
cost = "{cost}"


def guided(guidance):
    def velocity(noisy, time):
        return {velocity}
    return euler_walk(velocity, start, 60)
"""
PUSHED = {"cost": "variety",
          "velocity": "(1 - guidance) * without(noisy, time) + guidance * with_label(noisy, time)"}
OWN = "own, digit, kept = {own}, {digit}, {kept}"
MINE = {"own": "four", "digit": "4", "kept": "kept_by"}

RIGHT_ANSWERS = {
    "1": TIMES_OF.format(**EQUAL),
    "2": HEUN.format(**HEUNS),
    "3": PERFECT.format(**MEMORY),
    "4": TARGET.format(**HOME),
    "5": GUIDED.format(**PUSHED),
    "6": OWN.format(**MINE),
}
WRONG_ANSWERS = {
    "1": {
        "the root forgotten": TIMES_OF.format(**{**EQUAL, "flow": "1 / (1 + ratio)"}),
        "noise over signal": TIMES_OF.format(**{**EQUAL, "flow": "np.sqrt(ratio) / (1 + np.sqrt(ratio))"}),
        "the root forgotten in the tangent": TIMES_OF.format(**{**EQUAL, "cosine": "2 / np.pi * np.arctan(1 / ratio)"}),
        "an angle instead of a time": TIMES_OF.format(**{**EQUAL, "cosine": "np.arctan(1 / np.sqrt(ratio))"}),
        "the straight line twice": TIMES_OF.format(**{**EQUAL, "cosine": EQUAL["flow"]}),
    },
    "2": {
        "Euler": HEUN.format(**{**HEUNS, "mean": "first"}),
        "Euler, asked twice": HEUN.format(**{**HEUNS, "mean": "0.5 * (first + velocity(noisy, time))"}),
        "the second velocity at the old place": HEUN.format(
            **{**HEUNS, "mean": "0.5 * (first + velocity(noisy, earlier)) if earlier else first"}),
        "the second velocity at the old time": HEUN.format(
            **{**HEUNS, "mean": "0.5 * (first + velocity(guess, time)) if earlier else first"}),
        "from the guess": HEUN.format(**{**HEUNS, "begin": "guess"}),
        "the second velocity alone": HEUN.format(**{**HEUNS, "mean": "velocity(guess, earlier) if earlier else first"}),
        "a velocity at time 0": HEUN.format(**{**HEUNS, "mean": "0.5 * (first + velocity(guess, earlier))"}),
    },
    "3": {
        "no copies expected": PERFECT.format(**{**MEMORY, "expected": "0.0"}),
        "half of them expected": PERFECT.format(**{**MEMORY, "expected": "0.5"}),
        "shares over the places": PERFECT.format(**{**MEMORY, "axis": "0"}),
        "every home as likely": PERFECT.format(**{**MEMORY, "logits": "0 * tf.reduce_sum(apart**2, axis=-1)"}),
        "not divided by the time": PERFECT.format(**{**MEMORY, "result": "noisy - shares @ homes"}),
    },
    "4": {
        "the home named": TARGET.format(**{**HOME, "better": "home"}),
        "the noise would do": TARGET.format(**{**HOME, "noise": "True"}),
        "not divided by the time": TARGET.format(
            **{**HOME, "velocity": "noisy - answer_of(home_network, noisy, time)"}),
        "the other direction": TARGET.format(
            **{**HOME, "velocity": "(answer_of(home_network, noisy, time) - noisy) / time"}),
        "a network that answers with the velocity": TARGET.format(
            **{**HOME, "networks": "knows_velocities, knows_velocities"}),
    },
    "5": {
        "points named": GUIDED.format(**{**PUSHED, "cost": "points"}),
        "one too strong": GUIDED.format(
            **{**PUSHED, "velocity": "(1 + guidance) * with_label(noisy, time) - guidance * without(noisy, time)"}),
        "away from the label": GUIDED.format(
            **{**PUSHED, "velocity": "(1 + guidance) * without(noisy, time) - guidance * with_label(noisy, time)"}),
        "guidance without a baseline": GUIDED.format(**{**PUSHED, "velocity": "guidance * with_label(noisy, time)"}),
    },
    "6": {
        "all kept": OWN.format(**{**MINE, "kept": "{time: 1.0 for time in TIMES}"}),
        "lost counted instead of kept": OWN.format(**{**MINE, "kept": "{time: 1 - kept_by[time] for time in TIMES}"}),
        "another digit": OWN.format(**{**MINE, "digit": "9"}),
        "twenty pictures": OWN.format(**{**MINE, "own": "np.repeat(four, 20, axis=0)"}),
    },
}
