"""Answers to the exercises of chapter 7b, right and plausibly wrong; `test_wrong_answers.py` tries them."""

# The first cells of the solutions, with fewer pairs; fields and models that know what would be learnt or drawn.
GIVEN = """
from types import SimpleNamespace

PAIRS = 400
turns = 4 * np.pi * np.linspace(0.1, 1, 36) ** 0.6
spiral = GaussianMixture(np.stack([turns * np.cos(turns), turns * np.sin(turns)], axis=1) / 6, spread=0.08)
exact, noise = spiral.look(flow_schedule), standard_normal((PAIRS, 2), seed=1)
start = standard_normal((300, 2), seed=11)
smooth_ends = sample(exact, flow_schedule, noise, sampling_times(20), sampler="heun")


def on_spiral(found):
    apart = np.linalg.norm(np.asarray(found)[:, None] - spiral.centres, axis=-1)
    return float(np.mean(apart.min(axis=1) < 3 * spiral.spread))


def in_one_call(field):
    return start - field(start)


numbers = itertools.count(1000)


def fresh_noise():
    return standard_normal(noise.shape, seed=next(numbers))


def to_the_end(noisy):
    return noisy - sample(exact, flow_schedule, noisy, sampling_times(20), sampler="heun")


def to_the_mean(noisy):
    return noisy - np.mean(spiral.centres, axis=0)


def a_few_go_astray(share):
    def field(noisy):
        astray = tf.range(len(noisy)) < int(share * len(noisy))
        return to_the_end(noisy) + tf.cast(astray[:, None], tf.float32)
    return field


class Varying:  # drawings of one number each
    def vary(self, images, time, seed):
        lost = np.random.default_rng((seed, int(100 * time))).random(len(images)) < 2 * (time - 0.4)
        return np.where(lost[:, None], 7.0, images)


def nearest_number(images, drawings):
    return np.asarray(images)[:, 0].astype(int), None


model, TIMES = Varying(), (0.3, 0.5, 0.7, 0.9)
catalogue = SimpleNamespace(names=np.array(["fox", "owl"]), chinese_names=np.array(["狐狸", "猫头鹰"]))
all_drawings, metrics = np.array([[0.0], [1.0]]), SimpleNamespace(nearest_neighbours=nearest_number)


def number_of(name):
    return int(np.flatnonzero((catalogue.names == name) | (catalogue.chinese_names == name))[0])


kept_by = {time: np.mean(model.vary(np.ones((20, 1)), time, seed=0) == 1) for time in TIMES}
"""
STRAIGHT = """
def straight_velocity(place, time, spread):
    return {velocity}
"""
CONSTANT = "(1 - spread) * place / ((1 - time) * spread + time)"
LEVEL = """
def level_bits(level, centre, width):
    level = np.asarray(level, float)
    pixel = 2 * level / 255 - 1
    upper = np.where({last}, 1.0, expit((pixel + {half} - centre) / width))
    lower = np.where({first}, 0.0, expit((pixel - {half} - centre) / width))
    return {cost}
"""
BITS = {"last": "level == 255", "first": "level == 0", "half": "1 / 255", "cost": "-np.log2(upper - lower)"}
COLLEAGUE = """
random_ends = sample(exact, flow_schedule, noise, sampling_times(40), sampler="{sampler}", draw=fresh_noise)
colleague, share = {field}, "{share}"
"""
FORGOT = {"sampler": "ddpm", "field": "to_the_mean", "share": "nearly none"}
STUDENTS = """
students = {{20: {few}, 200: {some}, 2_000: {many}}}
enough = {enough}
"""
GROWING = {"few": "a_few_go_astray(0.3)", "some": "a_few_go_astray(0.03)", "many": "to_the_end", "enough": "200"}
OWN = "name, kept = {name!r}, {kept}"

RIGHT_ANSWERS = {
    "1": STRAIGHT.format(velocity=CONSTANT),
    "2": LEVEL.format(**BITS),
    "3": COLLEAGUE.format(**FORGOT),
    "4": STUDENTS.format(**GROWING),
    "5": OWN.format(name="猫头鹰", kept="kept_by"),
}
WRONG_ANSWERS = {
    "1": {
        "the exact velocity, which bends": STRAIGHT.format(
            velocity="(time - (1 - time) * spread**2) * place / ((1 - time)**2 * spread**2 + time**2)"),
        "the noise forgotten": STRAIGHT.format(velocity="(1 - spread) * place"),
        "towards the noise": STRAIGHT.format(velocity=f"-{CONSTANT}"),
        "the noise itself": STRAIGHT.format(velocity="place / ((1 - time) * spread + time)"),
        "the times exchanged": STRAIGHT.format(velocity="(1 - spread) * place / (time * spread + 1 - time)"),
    },
    "2": {
        "nats": LEVEL.format(**{**BITS, "cost": "-np.log(upper - lower)"}),
        "a piece half as wide": LEVEL.format(**{**BITS, "half": "0.5 / 255"}),
        "a piece twice as wide": LEVEL.format(**{**BITS, "half": "2 / 255"}),
        "closed at black": LEVEL.format(**{**BITS, "first": "level < 0"}),
        "closed at white": LEVEL.format(**{**BITS, "last": "level > 255"}),
        "the wrong sign": LEVEL.format(**{**BITS, "cost": "np.log2(upper - lower)"}),
    },
    "3": {
        "as many": COLLEAGUE.format(**{**FORGOT, "share": "as many"}),
        "more": COLLEAGUE.format(**{**FORGOT, "share": "more"}),
        "the smooth walk": COLLEAGUE.format(**{**FORGOT, "sampler": "heun"}),
        "a student of the smooth walk": COLLEAGUE.format(**{**FORGOT, "field": "to_the_end"}),
    },
    "4": {
        "more than enough": STUDENTS.format(**{**GROWING, "enough": "2_000"}),
        "too few": STUDENTS.format(**{**GROWING, "enough": "20"}),
        "one student three times": STUDENTS.format(
            **{**GROWING, "few": "to_the_end", "some": "to_the_end", "enough": "20"}),
        "students that learnt nothing": STUDENTS.format(**{**GROWING, "many": "to_the_mean"}),
    },
    "5": {
        "all kept": OWN.format(name="owl", kept="{time: 1.0 for time in TIMES}"),
        "lost counted instead of kept": OWN.format(name="owl", kept="{time: 1 - kept_by[time] for time in TIMES}"),
        "counts instead of shares": OWN.format(name="owl", kept="{time: 20 * kept_by[time] for time in TIMES}"),
        "a time missing": OWN.format(name="owl", kept="{time: kept_by[time] for time in TIMES[1:]}"),
    },
}
