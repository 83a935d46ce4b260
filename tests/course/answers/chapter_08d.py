"""Answers to the exercises of chapter 8d, right and plausibly wrong; `test_wrong_answers.py` tries them."""

# A few drawings and digits; models that answer by a rule in the place of trained ones. Nothing is trained.
GIVEN = '''
from types import SimpleNamespace

from aigc_tf.diffusion import Look, flow_schedule

_, validation, _ = data.load_openmoji_by_concept(size=64)
drawings = data.scale_images(validation.colour[:24])
small = data.shrink(drawings, FACTOR).numpy()


def repeat(images, factor=FACTOR):
    return np.repeat(np.repeat(np.asarray(images), factor, axis=1), factor, axis=2)


def psnr(images, truths=drawings):
    return float(-10 * np.log10(np.square(images - truths).mean()))


def sharpened(images):  # wins over bicubic, and makes noise louder
    soft = data.enlarge(images, FACTOR).numpy()
    return np.clip(1.6 * soft - 0.6 * tf.nn.avg_pool2d(soft, 7, 1, "SAME").numpy(), 0, 1)


l1_network = SimpleNamespace(translate=sharpened)
enlarged = {"bicubic": data.enlarge(small, FACTOR).numpy(), "L1 network": sharpened(small)}


def pixel_shuffle(hidden, factor=2):
    height, width, channels = hidden.shape[1], hidden.shape[2], hidden.shape[3] // factor**2
    squares = tf.reshape(hidden, (-1, height, width, factor, factor, channels))
    return tf.reshape(tf.transpose(squares, (0, 1, 3, 2, 4, 5)), (-1, height * factor, width * factor, channels))


def residual_block(hidden, width):
    change = layers.Conv2D(width, 3, padding="same", activation="relu")(hidden)
    return layers.Add()([hidden, layers.Conv2D(width, 3, padding="same")(change)])


def make_enlarger(side, channels=3, width=32, blocks=4):
    source = keras.Input((side, side, channels))
    hidden = layers.Conv2D(width, 3, padding="same")(source)
    for _ in range(blocks):
        hidden = residual_block(hidden, width)
    for _ in range(2):
        hidden = layers.Lambda(pixel_shuffle)(layers.Conv2D(4 * width, 3, padding="same", activation="relu")(hidden))
    bicubic = layers.Lambda(lambda images: tf.image.resize(images, (4 * side, 4 * side), method="bicubic"))(source)
    return keras.Model(source, layers.Add()([bicubic, layers.Conv2D(channels, 3, padding="same")(hidden)]))


def flat(side, value=0.5):
    return np.full((1, side, side, 3), value, "float32")


def middle_of(network, value=0.5):
    side = network.input_shape[1]
    answer = np.asarray(network(flat(side, value)))[0]
    middle = len(answer) // 2
    return answer[middle - 8:middle + 8, middle - 8:middle + 8]


def untrained_of(width=8):
    keras.utils.set_random_seed(SEED)
    return make_enlarger(32, width=width, blocks=2)


noise = np.random.default_rng(SEED).normal(size=small.shape).astype("float32")
ENLARGERS = {"bicubic": lambda images: data.enlarge(images, FACTOR).numpy(), "L1 network": l1_network.translate}
half = data.shrink(drawings, 2).numpy()


def means(large):
    return data.shrink(large, FACTOR)


def singles(large):
    return large[:, 2::FACTOR, 2::FACTOR]


def answers_of(network, images):
    return np.clip(0.5 * np.asarray(network(2 * images - 1)) + 0.5, 0, 1)


WAYS = {"mean of 4 × 4": means(half).numpy(), "one pixel of 4 × 4": singles(half)}


def knows(of_means, of_singles):  # a network that comes so much nearer to the truth than bicubic
    def network(images):
        share = of_means if np.allclose(0.5 * images + 0.5, WAYS["mean of 4 × 4"], atol=1e-4) else of_singles
        soft = data.enlarge(0.5 * images + 0.5, FACTOR).numpy()
        return 2 * (share * half + (1 - share) * soft) - 1
    return network


digits = data.scale_images(data.load_mnist(validation=data.VALIDATION).validation_images[:6])
seen = data.mask_block(tf.ones_like(digits), HOLE, seed=SEED).numpy()
broken = digits * seen
scaled = 2 * broken - 1


def blurring(noisy, time):  # a look that takes the mean of its surroundings for the image
    images = tf.nn.avg_pool2d(noisy, 3, 1, "SAME")
    noise = (noisy - (1 - time) * images) / time
    return Look(images, noise, noise - images)


def rates(times):
    return flow_schedule(tf.reshape(times, (-1, 1, 1, 1)))


def walk(put_back, seed=SEED, steps=REPAIR_STEPS):
    start, draw = standard_normal(scaled.shape, seed), draws(scaled.shape, seed, purpose=1)
    images = sample(blurring, rates, start, sampling_times(steps), sampler="ddpm", draw=draw, change=put_back)
    return to_unit_range(images).numpy()


def inpaint(images, masks, *, steps=REPAIR_STEPS, repeats=1, seed=None):
    draw = draws(images.shape, (seed or 0) + repeats, purpose=2)

    def put_back(noisy, time):
        there = rates(time)
        return masks * (there.alpha * (2 * images - 1) + there.sigma * draw()) + (1 - masks) * noisy
    return tf.constant(walk(put_back, seed, steps))


diffusion = SimpleNamespace(inpaint=inpaint)


def seam_of(images):
    down, right = (np.abs(np.diff(images, axis=axis))[np.diff(seen, axis=axis) != 0] for axis in (1, 2))
    return float(np.concatenate([down, right]).mean())


digit_enlarger = SimpleNamespace(translate=repeat)


def read(images):  # a 4 whose gap closes at one place, and that falls apart to a 1 at two
    pixels = data.shrink(images, FACTOR).numpy()[..., 0]
    apart = (pixels[:, 4, 2] < 0.1) & (pixels[:, 4, 3] < 0.1)
    return np.where((pixels[:, 1, 3] > 0.35) & (pixels[:, 1, 2] > 0.2), 9, np.where(apart, 1, 4))


def changed_at(**places):  # the small image of the sample with other values, p13=0.5 in row 1, column 3
    image = data.shrink(data.load_digit(data.SAMPLE_PICTURE), FACTOR).numpy()
    for place, value in places.items():
        image[0, int(place[1]), int(place[2]), 0] = value
    return image
'''
DERIVE = """
def gap(answers, small):
    return small - data.shrink(answers, FACTOR).numpy()


def mended(answers, small):
    return {mended}


def predicted_fall(answers, small):
    return float({fall})


gained = {{name: {gain} for name, images in enlarged.items()}}
"""
RIGHT_DERIVE = {
    "mended": "answers + repeat(gap(answers, small))", "fall": "np.square(repeat(gap(answers, small))).sum()",
    "gain": "psnr(mended(images, small)) - psnr(images)",
}
SHUFFLE = """
def pixel_unshuffle(images, factor):
    height, width, channels = images.shape[1] // factor, images.shape[2] // factor, images.shape[3]
    squares = tf.reshape(images, {split})
    return {unshuffled}


def shrink(images, factor):
    return {shrunk}


def repeated(images, factor):
    return {repeated}
"""
TO_CHANNELS = "tf.reshape(tf.transpose(squares, ({axes})), (-1, height, width, factor**2 * channels))"
RIGHT_SHUFFLE = {
    "split": "(-1, height, factor, width, factor, channels)",
    "unshuffled": TO_CHANNELS.format(axes="0, 1, 3, 2, 4, 5"),
    "shrunk": "tf.add_n(tf.split(pixel_unshuffle(images, factor), factor**2, axis=-1)) / factor**2",
    "repeated": "pixel_shuffle(tf.tile(images, (1, 1, 1, factor**2)), factor)",
}
PATTERN = """
untrained = untrained_of()
stays_flat, periods = {stays}, {periods}


def start_equal(network):
    for layer in network.layers:
        if {which}:
            kernel, bias = layer.get_weights()
            width = len(bias) // 4
            layer.set_weights([{kernel}, bias])
"""
RIGHT_PATTERN = {
    "stays": "False", "periods": "{1: 2, 2: 4, 3: 8}", "kernel": "np.tile(kernel[..., :width], 4)",
    "which": "isinstance(layer, layers.Conv2D) and layer.filters == 4 * layer.kernel.shape[2]",
}
NOISE = """
noisy_psnr, louder = {{}}, {{}}
for strength in STRENGTHS:
    noisy = {noisy}
    for name, enlarge in ENLARGERS.items():
        answers = enlarge(noisy)
        noisy_psnr[name, strength] = {psnr}
        louder[name, strength] = {louder}
wins = [strength for strength in STRENGTHS if noisy_psnr["bicubic", strength] > noisy_psnr["L1 network", strength]]
beaten_at = {beaten}
"""
RIGHT_NOISE = {
    "noisy": "np.clip(small + strength * noise, 0, 1)", "psnr": "psnr(answers)", "beaten": "wins[0] if wins else None",
    "louder": "np.square(answers - enlarged[name]).mean() / np.square(noisy - small).mean()",
}
WAYS = """
def half_and_half(large):
    count = tf.shape(large)[0] // 2
    return {mixed}


in_view = {networks}
scores = {{(name, way): {score} for name, network in in_view.items() for way, images in WAYS.items()}}
mean, single = WAYS
costs, brings = {costs}, {brings}
"""
RIGHT_WAYS = {
    "mixed": "tf.concat([means(large[:count]), singles(large[count:])], axis=0)",
    "networks": '{"means": knows(0.2, -0.1), "both": knows(0.1, 0.15)}',
    "score": "psnr(answers_of(network, images), half)", "costs": 'scores["means", mean] - scores["both", mean]',
    "brings": 'scores["both", single] - scores["means", single]',
}
LINE = "return masks * schedules.diffuse(scaled, draw(), self.rates(time)) + (1.0 - masks) * noisy"
REPAIR = """
line = {line}


def put_back_clean(noisy, time):
    return {put_back}


noised = diffusion.inpaint(broken, seen, steps={steps}, repeats={repeats}, seed={seed}).numpy()
repairs = {{"with noise": noised, "clean": {clean}}}
seams = {{name: {seam} for name, images in repairs.items()}}
clean_is_better = {better}
"""
RIGHT_REPAIR = {
    "line": repr(LINE), "put_back": "seen * scaled + (1 - seen) * noisy", "steps": "REPAIR_STEPS", "repeats": "1",
    "seed": "SEED", "clean": "walk(put_back_clean)", "seam": "seam_of(images)",
    "better": "seams['clean'] < seams['with noise']",
}
OWN = """
own_digit = {own}
changed_small = {changed}
changed_pixels, number_before, number_after = {numbers}
"""
RIGHT_OWN = {
    "own": "data.load_digit(data.SAMPLE_PICTURE)", "changed": "changed_at(p13=0.5)", "numbers": "1, 4, 9",
}


def changed(template, right, **wrong):
    """The template with the right parts, but for some that are wrong."""
    return template.format(**{**right, **wrong})


def derive(**wrong):
    """An answer to exercise 1."""
    return changed(DERIVE, RIGHT_DERIVE, **wrong)


def shuffle(**wrong):
    """An answer to exercise 2."""
    return changed(SHUFFLE, RIGHT_SHUFFLE, **wrong)


def pattern(**wrong):
    """An answer to exercise 3."""
    return changed(PATTERN, RIGHT_PATTERN, **wrong)


def noisy(**wrong):
    """An answer to exercise 4."""
    return changed(NOISE, RIGHT_NOISE, **wrong)


def two_ways(**wrong):
    """An answer to exercise 5."""
    return changed(WAYS, RIGHT_WAYS, **wrong)


def repair(**wrong):
    """An answer to exercise 6."""
    return changed(REPAIR, RIGHT_REPAIR, **wrong)


def own(**wrong):
    """An answer to exercise 7."""
    return changed(OWN, RIGHT_OWN, **wrong)


RIGHT_ANSWERS = {
    "1": derive(), "2": shuffle(), "3": pattern(), "4": noisy(), "5": two_ways(), "6": repair(), "7": own(),
}
OTHER_RIGHT_ANSWERS = {
    "1": {
        "16 times the small squares": derive(fall="16 * np.square(gap(answers, small)).sum()"),
    },
    "2": {
        "the mean of one axis": shuffle(
            shrunk="tf.reduce_mean(tf.reshape(pixel_unshuffle(images, factor), "
                   "(-1, images.shape[1] // factor, images.shape[2] // factor, factor**2, images.shape[3])), axis=3)"),
        "repeated by concat": shuffle(repeated="pixel_shuffle(tf.concat([images] * factor**2, axis=-1), factor)"),
    },
    "3": {
        "the last quarter copied": pattern(kernel="np.tile(kernel[..., -width:], 4)"),
        "four means": pattern(kernel="np.tile(2 * kernel.reshape(*kernel.shape[:3], 4, -1).mean(axis=3), 4)"),
    },
    "5": {
        "singles first": two_ways(mixed="tf.concat([singles(large[:count]), means(large[count:])], axis=0)"),
        "every second one": two_ways(
            mixed="tf.where((tf.range(tf.shape(large)[0]) % 2 == 0)[:, None, None, None], "
                  "means(large), singles(large))"),
    },
    "6": {
        "chosen by where": repair(put_back="tf.where(seen == 1, scaled, noisy)", line=repr("    " + LINE)),
    },
    "7": {
        "two pixels, none of which does it alone": own(
            own="np.roll(data.load_digit(data.SAMPLE_PICTURE), 4, axis=1)",
            changed="np.roll(changed_at(p32=0.0, p33=0.0), 1, axis=1)", numbers="2, 4, 1"),
    },
}
WRONG_ANSWERS = {
    "1": {
        "the other sign": derive(mended="answers - repeat(gap(answers, small))"),
        "half of the way": derive(mended="answers + 0.5 * repeat(gap(answers, small))"),
        "cut off": derive(mended="np.clip(answers + repeat(gap(answers, small)), 0, 1)"),
        "the gap, enlarged softly": derive(
            mended="answers + tf.image.resize(gap(answers, small), answers.shape[1:3], method='bicubic').numpy()"),
        "multiplied": derive(mended="answers * repeat(small / data.shrink(answers, FACTOR).numpy())"),
        "repeated pixels": derive(mended="repeat(small)"),
        "all of it in one pixel": derive(
            mended="answers + 16 * repeat(gap(answers, small)) * np.tile(np.eye(4)[:1].T @ np.eye(4)[:1], "
                   "(answers.shape[1] // 4, answers.shape[2] // 4))[:, :, None]"),
        "one mean for the whole image": derive(
            mended="answers + gap(answers, small).mean(axis=(1, 2), keepdims=True)"),
        "one mean for all colours": derive(
            mended="answers + repeat(gap(answers, small).mean(axis=-1, keepdims=True))"),
        "the factor 16 forgotten": derive(fall="np.square(gap(answers, small)).sum()"),
        "the mean": derive(fall="np.square(repeat(gap(answers, small))).mean()"),
        "absolute values": derive(fall="np.abs(repeat(gap(answers, small))).sum()"),
        "the root": derive(fall="np.linalg.norm(repeat(gap(answers, small)))"),
        "twice as much": derive(fall="2 * np.square(repeat(gap(answers, small))).sum()"),
        "the sum, then squared": derive(fall="repeat(gap(answers, small)).sum()**2"),
        "the gain with the other sign": derive(gain="psnr(images) - psnr(mended(images, small))"),
        "the PSNR after it": derive(gain="psnr(mended(images, small))"),
        "twice the decibels": derive(gain="2 * (psnr(mended(images, small)) - psnr(images))"),
        "a ratio of errors": derive(
            gain="np.square(images - drawings).mean() / np.square(mended(images, small) - drawings).mean()"),
    },
    "2": {
        "no transpose": shuffle(unshuffled="tf.reshape(images, (-1, height, width, factor**2 * channels))"),
        "rows and columns of the square exchanged": shuffle(unshuffled=TO_CHANNELS.format(axes="0, 1, 3, 4, 2, 5")),
        "the channel first": shuffle(unshuffled=TO_CHANNELS.format(axes="0, 1, 3, 5, 2, 4")),
        "rows and columns of the map exchanged": shuffle(unshuffled=TO_CHANNELS.format(axes="0, 3, 1, 2, 4, 5")),
        "split the other way": shuffle(split="(-1, factor, height, factor, width, channels)",
                                       unshuffled=TO_CHANNELS.format(axes="0, 2, 4, 1, 3, 5")),
        "the split of the shuffle": shuffle(split="(-1, height, width, factor, factor, channels)"),
        "TensorFlow's own": shuffle(unshuffled="tf.nn.space_to_depth(images, factor)"),
        "the mean of all numbers": shuffle(
            shrunk="tf.reduce_mean(pixel_unshuffle(images, factor), axis=-1, keepdims=True)"),
        "neighbours in place of groups": shuffle(
            shrunk="tf.reduce_mean(tf.reshape(pixel_unshuffle(images, factor), (-1, images.shape[1] // factor, "
                   "images.shape[2] // factor, images.shape[3], factor**2)), axis=-1)"),
        "a sum": shuffle(shrunk="tf.add_n(tf.split(pixel_unshuffle(images, factor), factor**2, axis=-1))"),
        "divided by the factor": shuffle(
            shrunk="tf.add_n(tf.split(pixel_unshuffle(images, factor), factor**2, axis=-1)) / factor"),
        "one pixel of each": shuffle(shrunk="pixel_unshuffle(images, factor)[..., :images.shape[-1]]"),
        "shrunk by the package": shuffle(shrunk="data.shrink(images, factor)"),
        "each channel repeated": shuffle(repeated="pixel_shuffle(tf.repeat(images, factor**2, axis=-1), factor)"),
        "by twice the factor": shuffle(
            repeated="pixel_shuffle(tf.tile(images, (1, 1, 1, 4 * factor**2)), 2 * factor)"),
        "repeated by the chapter": shuffle(repeated="repeat(images, factor)"),
    },
    "3": {
        "it stays flat": pattern(stays="True"),
        "always two": pattern(periods="{1: 2, 2: 2, 3: 2}"),
        "two more each time": pattern(periods="{1: 2, 2: 4, 3: 6}"),
        "always four": pattern(periods="{1: 4, 2: 4, 3: 4}"),
        "squares": pattern(periods="{1: 4, 2: 16, 3: 64}"),
        "flat, with period one": pattern(periods="{1: 1, 2: 1, 3: 1}"),
        "two layers alone": pattern(periods="{2: 4}"),
        "each channel repeated": pattern(kernel="np.repeat(kernel[..., :width], 4, axis=-1)"),
        "each fourth channel repeated": pattern(kernel="np.repeat(kernel[..., ::4], 4, axis=-1)"),
        "zeros": pattern(kernel="np.zeros_like(kernel)"),
        "ones": pattern(kernel="np.full_like(kernel, kernel.std())"),
        "one channel for all": pattern(kernel="np.repeat(kernel[..., :1], 4 * width, axis=-1)"),
        "the first half, twice": pattern(kernel="np.tile(kernel[..., :2 * width], 2)"),
        "copied into a sum": pattern(kernel="kernel + np.tile(kernel[..., :width], 4)"),
        "nothing copied": pattern(kernel="kernel"),
        "every convolution": pattern(
            which="isinstance(layer, layers.Conv2D) and layer.filters % 4 == 0"),
        "the first sub-pixel layer alone": pattern(
            which="layer is [each for each in network.layers if isinstance(each, layers.Conv2D)][-3]"),
        "the last sub-pixel layer alone": pattern(
            which="layer is [each for each in network.layers if isinstance(each, layers.Conv2D)][-2]"),
        "the chapter's width alone": pattern(which="isinstance(layer, layers.Conv2D) and layer.filters == 128"),
    },
    "4": {
        "a variance": noisy(noisy="np.clip(small + strength**0.5 * noise, 0, 1)"),
        "noise of another seed": noisy(
            noisy="np.clip(small + strength * np.random.default_rng(9).normal(size=small.shape), 0, 1)"),
        "uniform noise": noisy(noisy="np.clip(small + strength * np.random.default_rng(0).random(small.shape), 0, 1)"),
        "noise before shrinking": noisy(
            noisy="data.shrink(np.clip(drawings + strength * np.random.default_rng(0).normal(size=drawings.shape), "
                  "0, 1), FACTOR).numpy()"),
        "multiplied": noisy(noisy="np.clip(small * (1 + strength * noise), 0, 1)"),
        "one noise for all colours": noisy(noisy="np.clip(small + strength * noise[..., :1], 0, 1)"),
        "against the answers without noise": noisy(psnr="psnr(answers, enlarged[name])"),
        "without noise": noisy(psnr="psnr(enlarged[name])"),
        "an error in place of PSNR": noisy(psnr="np.square(answers - drawings).mean()"),
        "never": noisy(beaten="None"),
        "the first strength": noisy(beaten="STRENGTHS[0]"),
        "the last strength at which the network wins": noisy(beaten="[s for s in STRENGTHS if s not in wins][-1]"),
        "all that it wins": noisy(beaten="wins"),
        "roots": noisy(louder="np.sqrt(np.square(answers - enlarged[name]).mean() / np.square(noisy - small).mean())"),
        "sums in place of means": noisy(
            louder="np.square(answers - enlarged[name]).sum() / np.square(noisy - small).sum()"),
        "upside down": noisy(louder="np.square(noisy - small).mean() / np.square(answers - enlarged[name]).mean()"),
        "against the truth": noisy(louder="np.square(answers - drawings).mean() / np.square(noisy - small).mean()"),
        "the noise before the cut": noisy(
            louder="np.square(answers - enlarged[name]).mean() / np.square(strength * noise).mean()"),
        "absolute values": noisy(louder="np.abs(answers - enlarged[name]).mean() / np.abs(noisy - small).mean()"),
    },
    "5": {
        "means alone": two_ways(mixed="means(large)"),
        "single pixels alone": two_ways(mixed="singles(large)"),
        "the halves exchanged": two_ways(
            mixed="tf.concat([means(large[count:]), singles(large[:count])], axis=0)"),
        "the first half twice": two_ways(
            mixed="tf.concat([means(large[:count]), singles(large[:count])], axis=0)"),
        "both of all": two_ways(mixed="tf.concat([means(large), singles(large)], axis=0)"),
        "blended": two_ways(mixed="0.5 * (means(large) + singles(large))"),
        "a quarter": two_ways(
            mixed="tf.concat([means(large[:count // 2]), singles(large[count // 2:])], axis=0)"),
        "eight of each batch": two_ways(mixed="tf.concat([means(large[:8]), singles(large[8:])], axis=0)"),
        "another pixel": two_ways(
            mixed="tf.concat([means(large[:count]), large[count:, ::FACTOR, ::FACTOR]], axis=0)"),
        "half of each image": two_ways(
            mixed="tf.concat([means(large)[:, :4], singles(large)[:, 4:]], axis=1)"),
        "one network twice": two_ways(networks='dict.fromkeys(("means", "both"), knows(0.2, -0.1))'),
        "exchanged": two_ways(networks='{"both": knows(0.2, -0.1), "means": knows(0.1, 0.15)}'),
        "hardly trained": two_ways(networks='{"means": knows(0.02, -0.1), "both": knows(0.01, 0.15)}'),
        "against the small images": two_ways(score="psnr(repeat(images), half)"),
        "answers from −1 to 1": two_ways(score="psnr(np.asarray(network(2 * images - 1)), half)"),
        "the costs with the other sign": two_ways(costs='scores["both", mean] - scores["means", mean]'),
        "the costs on single pixels": two_ways(costs='scores["means", mean] - scores["means", single]'),
        "the gain over bicubic": two_ways(
            brings='scores["both", single] - psnr(data.enlarge(WAYS[single], FACTOR).numpy(), half)'),
        "the gain with the other sign": two_ways(brings='scores["means", single] - scores["both", single]'),
    },
    "6": {
        "the line that draws noise": repair(line="'draw = inputs.draws(scaled.shape, seed, purpose=2)'"),
        "the way back": repair(
            line="'return self._come_back(noise, times, labels, guidance, \"ddpm\", seed, put_back)'"),
        "the function's name": repair(line="'def put_back(noisy, time):'"),
        "not as it stands": repair(line="'masks * schedules.diffuse(scaled, 0) + (1.0 - masks) * noisy'"),
        "from 0 to 1": repair(put_back="seen * broken + (1 - seen) * noisy"),
        "dimmed": repair(put_back="seen * (1 - time) * scaled + (1 - seen) * noisy"),
        "the masks exchanged": repair(put_back="(1 - seen) * scaled + seen * noisy"),
        "added": repair(put_back="seen * scaled + noisy"),
        "nothing put back": repair(put_back="noisy"),
        "the hidden ones dimmed": repair(put_back="seen * scaled + (1 - seen) * (1 - time) * noisy"),
        "at the end alone": repair(put_back="seen * scaled + (1 - seen) * noisy if time < 0.01 else noisy"),
        "still with noise": repair(
            put_back="seen * ((1 - time) * scaled + time * np.random.default_rng(0).normal(size=scaled.shape))"
                     " + (1 - seen) * noisy"),
        "another seed": repair(seed="5"),
        "three tries": repair(repeats="3"),
        "other steps": repair(steps="4"),
        "a walk of another seed": repair(clean="walk(put_back_clean, seed=5)"),
        "pasted after a walk": repair(clean="walk(lambda noisy, time: noisy) * (1 - seen) + broken"),
        "one repair twice": repair(clean="noised"),
        "the seam of the truth": repair(seam="seam_of(digits)", better="False"),
        "the largest jump": repair(
            seam="float(np.abs(np.diff(images, axis=1))[np.diff(seen, axis=1) != 0].max())"),
        "jumps everywhere": repair(
            seam="float(np.mean([np.abs(np.diff(images, axis=axis)).mean() for axis in (1, 2)]))"),
        "squares": repair(seam="seam_of(images)**2"),
        "the wrong one named": repair(better="seams['clean'] >= seams['with noise']"),
    },
    "7": {
        "black on white": own(own="1 - data.load_digit(data.SAMPLE_PICTURE)"),
        "an empty page": own(own="np.zeros((1, 28, 28, 1), 'float32')"),
        "no batch": own(own="data.load_digit(data.SAMPLE_PICTURE)[0]"),
        "nothing changed": own(changed="changed_at()", numbers="0, 4, 4"),
        "not enough": own(changed="changed_at(p13=0.3)", numbers="1, 4, 4"),
        "above 1": own(changed="changed_at(p13=1.5)"),
        "below 0": own(changed="changed_at(p13=0.5, p00=-0.2)", numbers="2, 4, 9"),
        "enlarged": own(changed="repeat(changed_at(p13=0.5))"),
        "one change too many": own(changed="changed_at(p13=0.5, p00=0.4)", numbers="2, 4, 9"),
        "a change not counted": own(changed="changed_at(p42=0.0, p43=0.0)", numbers="1, 4, 1"),
        "two pixels where one would do, white": own(changed="changed_at(p13=1.0, p23=1.0)", numbers="2, 4, 9"),
        "another digit": own(
            changed="np.float32(np.arange(49).reshape(1, 7, 7, 1) / 49)", numbers="49, 4, 1"),
        "the number that was meant": own(numbers="1, 4, 7"),
        "the two numbers exchanged": own(numbers="1, 9, 4"),
        "the number not changed": own(numbers="1, 4, 4"),
        "all pixels counted": own(numbers="49, 4, 9"),
    },
}
