"""Answers to the exercises of chapter 8e, right and plausibly wrong; `test_wrong_answers.py` tries them."""

# Views of images whose best answer is known, codes that are drawn, and models and a judge that only look where the ink
# is. The stored VAE-GAN is loaded by the checks that need it.
GIVEN = """
from types import SimpleNamespace

mnist = data.load_mnist(validation=data.VALIDATION)
some, numbers = data.scale_images(mnist.validation_images)[:100], mnist.validation_labels[:100]

NINE = np.stack([np.roll(some[:30], (row, column), axis=(1, 2)) for row in (-1, 0, 1) for column in (-1, 0, 1)])
STARTS = {"mean": NINE.mean(axis=0), "middle": some[:30]}
POWERS = {"pixels": 1, "first convolution": 1.5, "last convolution": 8, "last, untrained": 1.2}
VIEWS = {name: lambda images, power=power: tf.constant(np.float32(images) ** power) for name, power in POWERS.items()}


def cost_of(name, images):
    seen = NINE ** POWERS[name]
    errors = np.square(seen - np.float32(images) ** POWERS[name]).sum(axis=(2, 3, 4)).mean(axis=0)
    return np.mean(errors / np.square(seen - seen.mean(axis=0)).sum(axis=(2, 3, 4)).mean(axis=0))


SMALL = {"latent_dim": 4, "encoder_widths": (4, 8, 16), "decoder_widths": (16, 8, 4)}
SMALL["discriminator_widths"] = (4, 8, 16)
eight, (eight_noise, eight_prior) = tf.constant(some[:8]), (standard_normal((8, 4), seed=seed) for seed in (1, 2))


def small_player(kind=VAEGAN, **config):
    keras.utils.set_random_seed(SEED)
    player = kind(**{**SMALL, **config})
    player.compile(*(keras.optimizers.SGD(0.1) for _ in range(2)))
    return player


def after_step(player):
    keras.utils.set_random_seed(SEED)
    player.train_step(eight)
    return player.encoder.get_weights()


random = np.random.default_rng(11)
groups = {"smile": (random.normal(1.5, 1, (11, 16)), random.normal(0, 1, (21, 16)))}
groups["glasses"] = random.normal(0, 1, (3, 16)), random.normal(0, 1, (86, 16))


def moved(images, pixels):
    return np.pad(images, ((0, 0), (0, 0), (pixels, 0), (0, 0)))[:, :, :28]


def centre(images):
    columns = np.asarray(images)[..., 0].sum(axis=1)
    return (columns * np.arange(28)).sum(axis=1) / columns.sum(axis=1)


def follower(share):
    def reconstruct(images):
        back = np.round((centre(images) - 13.5) * (1 - share)).astype(int)
        return tf.constant(np.stack([np.roll(each, -by, axis=1) for each, by in zip(images, back)]))
    return SimpleNamespace(reconstruct=reconstruct)


def read(images):
    return np.int64(centre(images) // 4)


models = {"autoencoder": follower(1.0), "VAE": follower(0.5), "VAE-GAN": follower(0.0)}
"""
WEIGHT = """
def kl_weight(squares, count):
    return {result}


doubled = {doubled}
"""
RIGHT_WEIGHT = {"result": "np.mean(squares) / count", "doubled": "4"}
LOSSES = """
def losses(encoder, decoder, discriminator, images, noise, prior, beta, gamma):
    mean, log_var = encoder(images)
    rebuilt, drawn = decoder({latents}), decoder({prior})
    real, on_real = discriminator(images)
    fake, on_rebuilt = discriminator(rebuilt)
    _, on_drawn = discriminator(drawn)
    error = {error}
    kl = {kl}
    fooled = {fooled}
    caught = {caught}
    return {result}
"""
RIGHT_LOSSES = {
    "latents": "mean + tf.exp(0.5 * log_var) * noise", "prior": "prior",
    "error": "0.5 * tf.reduce_sum(tf.square(real - fake), axis=(1, 2, 3))",
    "kl": "0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - log_var - 1, axis=1)",
    "fooled": "0.5 * (tf.nn.softplus(-on_rebuilt) + tf.nn.softplus(-on_drawn))[:, 0]",
    "caught": "(tf.nn.softplus(-on_real) + 0.5 * (tf.nn.softplus(on_rebuilt) + tf.nn.softplus(on_drawn)))[:, 0]",
    "result": "error + beta * kl, gamma * error + fooled, caught",
}
LOUDER = """
rescaled = checkpoints.load("vae_gan")
convolutions = [layer for layer in rescaled.discriminator.layers if isinstance(layer, layers.Conv2D)]
dense = [layer for layer in rescaled.discriminator.layers if isinstance(layer, layers.Dense)]
for variable, factor in {changes}:
    variable.assign(factor * variable)
expected = {expected}
measured = {measured}
"""
FACTORS = '{"logits": 1, "error in features": 4, "adversarial loss": 1, "best β": 4}'
RIGHT_LOUDER = {
    "changes": "((convolutions[-1].kernel, 2), (convolutions[-1].bias, 2), (dense[0].kernel, 0.5))",
    "expected": FACTORS, "measured": FACTORS,
}
NEAREST = """
best = {{name: {{key: {images} for key, start in STARTS.items()}} for name, power in POWERS.items()}}
costs = {{name: {{key: {cost} for key, images in each.items()}} for name, each in best.items()}}
greys = {{name: {{key: {grey} for key, images in each.items()}} for name, each in best.items()}}
sharpest = {sharpest}
"""
RIGHT_NEAREST = {
    "images": "np.mean(NINE ** power, axis=0) ** (1 / power)", "cost": "cost_of(name, images)",
    "grey": "np.mean((images > 0.25) & (images < 0.75))", "sharpest": "'last convolution'",
}
MOVERS = """
line = {line}


def slope(player):
    with tf.GradientTape() as tape:
        found = player.losses({images}, eight_noise, eight_prior, training={training})
        objective = {objective}
    gradients = tape.gradient(objective, player.{network}.trainable_variables)
    return {length}


def encoder_difference(kind):
    one, other = {pair}
    return {difference}
"""
RIGHT_MOVERS = {
    "line": "'pairs += zip(tape.gradient(objectives[objective], variables), variables)'", "images": "2 * eight - 1",
    "training": "True", "objective": "tf.reduce_mean(found['generator_loss'])", "network": "encoder",
    "length": "float(tf.linalg.global_norm(gradients))",
    "pair": "(after_step(small_player(kind, feature_weight=gamma)) for gamma in (0.5, 5.0))",
    "difference": "max(float(np.abs(before - after).max()) for before, after in zip(one, other))",
}
NULL = """
def vector(having, lacking):
    return {vector}


def length_and_cosine(having, lacking):
    one, other = {halves}
    return {length}, {cosine}


def null_test(having, lacking, rounds=100, seed=SEED):
    generator, pool = np.random.default_rng({seed}), np.concatenate([having, lacking])
    length, cosine = length_and_cosine(having, lacking)
    found = []
    for _ in range({rounds}):
        codes = {shuffle}
        found.append(length_and_cosine({groups}))
    lengths, cosines = np.transpose(found)
    return {{"length": length, "cosine": cosine, "lengths": lengths, "cosines": cosines}}


null_tests = {tests}
outside = {{
    name: {{key: {outside} for key in ("length", "cosine")}} for name, found in null_tests.items()
}}
"""
RIGHT_NULL = {
    "vector": "having.mean(axis=0) - lacking.mean(axis=0)",
    "halves": "(vector(having[part::2], lacking[part::2]) for part in (0, 1))",
    "length": "np.linalg.norm(vector(having, lacking))",
    "cosine": "one @ other / (np.linalg.norm(one) * np.linalg.norm(other))",
    "seed": "seed", "rounds": "rounds", "shuffle": "generator.permutation(pool)",
    "groups": "codes[:len(having)], codes[len(having):]",
    "tests": "{name: null_test(*pair) for name, pair in groups.items()}",
    "outside": "not found[key + 's'].min() <= found[key] <= found[key + 's'].max()",
}
WALK = """
own_digit, guess = {digit}, {guess}
walk = np.float32(np.concatenate([{step} for pixels in {moves}]))
again = {{title: {rebuilt} for title, model in models.items()}}
readings = {{title: {reading} for title, images in again.items()}}
drifts = {{title: {drift} for title, images in again.items()}}
truth = {truth}
breaks_at = {{title: {breaks} for title, found in readings.items()}}
follows = {follows}
"""
RIGHT_WALK = {
    "digit": "data.load_digit(data.SAMPLE_PICTURE)", "guess": "'VAE-GAN'", "step": "moved(own_digit, pixels)",
    "moves": "range(7)", "rebuilt": "model.reconstruct(walk).numpy()", "reading": "read(images).tolist()",
    "drift": "centre(images) - centre(images)[0]", "truth": "read(own_digit)[0]",
    "breaks": "next((pixels for pixels in range(7) if found[pixels] != truth), 7)",
    "follows": "max(drifts, key=lambda title: drifts[title][-1])",
}


def changed(template, right, **parts):
    assert parts.keys() <= right.keys()
    return template.format(**{**right, **parts})


def weight(**parts):
    return changed(WEIGHT, RIGHT_WEIGHT, **parts)


def losses(**parts):
    return changed(LOSSES, RIGHT_LOSSES, **parts)


def louder(**parts):
    return changed(LOUDER, RIGHT_LOUDER, **parts)


def nearest(**parts):
    return changed(NEAREST, RIGHT_NEAREST, **parts)


def movers(**parts):
    return changed(MOVERS, RIGHT_MOVERS, **parts)


def null(**parts):
    return changed(NULL, RIGHT_NULL, **parts)


def walk(**parts):
    return changed(WALK, RIGHT_WALK, **parts)


RIGHT_ANSWERS = {
    "1": weight(), "2": losses(), "3": louder(), "4": nearest(), "5": movers(), "6": null(), "7": walk(),
}
OTHER_RIGHT_ANSWERS = {
    "1": {"TensorFlow": weight(result="tf.reduce_mean(squares) / count")},
    "2": {
        "without training, said aloud": losses().replace("encoder(images)", "encoder(images, training=False)").replace(
            "discriminator(images)", "discriminator(images, training=False)"),
        "one large batch": losses().replace("_, on_drawn = discriminator(drawn)", """(_, fake, _), logits = tf.split(
        discriminator(tf.concat([images, rebuilt, drawn], axis=0))[0], 3), discriminator(tf.concat([images, rebuilt,
        drawn], axis=0))[1]
    on_real, on_rebuilt, on_drawn = tf.split(logits, 3)"""),
    },
    "3": {"measured with a little noise": louder(
        measured='{"logits": 1.0, "error in features": 3.99, "adversarial loss": 1.001, "best β": 4.01}')},
    "4": {"nearly the best": nearest(images="np.clip(np.mean(NINE ** power, axis=0) ** (1 / power) + 1e-3, 0, 1)")},
    "5": {
        "the line with the pairs": movers(
            line="'(self.generator_optimizer, ((\"encoder\", self.encoder), (\"generator\", self.decoder))),'"),
        "another adversarial loss": movers(
            pair="(after_step(small_player(kind, adversarial_loss=name)) for name in ('non_saturating', 'hinge'))"),
        "the sum of squares": movers(length="sum(np.square(each.numpy()).sum() for each in gradients) ** 0.5"),
    },
    "6": {
        "a list of places shuffled": null(shuffle="pool[generator.permutation(len(pool))]"),
        "the halves exchanged": null(halves="(vector(having[part::2], lacking[part::2]) for part in (1, 0))"),
        "the last ones play the group": null(groups="codes[-len(having):], codes[:-len(having)]"),
    },
    "7": {
        "a digit of MNIST": walk(digit="some[:1]"),
        "a guess that was wrong": walk(guess="'autoencoder'"),
    },
}
WRONG_ANSWERS = {
    "1": {
        "the width": weight(result="np.sqrt(np.mean(squares) / count)"),
        "not divided by the features": weight(result="np.mean(squares)"),
        "the sum of the batch": weight(result="np.sum(squares) / count"),
        "half of it, as in the error": weight(result="0.5 * np.mean(squares) / count"),
        "twice, as if they were errors": weight(result="2 * np.mean(squares) / count"),
        "the median": weight(result="np.median(squares) / count"),
        "the mean of the logarithms": weight(result="np.exp(np.mean(np.log(squares))) / count"),
        "one over the weight": weight(result="count / np.mean(squares)"),
        "divided by the images, too": weight(result="np.mean(squares) / (count * len(squares))"),
        "one weight for each image": weight(result="np.asarray(squares) / count"),
        "doubled features, doubled weight": weight(doubled="2"),
        "a quarter": weight(doubled="0.25"),
        "no change": weight(doubled="1"),
    },
    "2": {
        "the whole squared error": losses(error="tf.reduce_sum(tf.square(real - fake), axis=(1, 2, 3))"),
        "a mean over the features": losses(error="0.5 * tf.reduce_mean(tf.square(real - fake), axis=(1, 2, 3))"),
        "a sum over the batch, too": losses(error="0.5 * tf.reduce_sum(tf.square(real - fake))"),
        "an error in pixels": losses(error="0.5 * tf.reduce_sum(tf.square(images - rebuilt), axis=(1, 2, 3))"),
        "an error in logits": losses(error="0.5 * tf.square(on_real - on_rebuilt)[:, 0]"),
        "the sample compared, too": losses(error="0.5 * tf.reduce_sum(tf.square(real - discriminator(drawn)[0]), "
                                                 "axis=(1, 2, 3))"),
        "reconstructed from the mean": losses(latents="mean"),
        "the variance in place of the deviation": losses(latents="mean + tf.exp(log_var) * noise"),
        "the log-variance as a deviation": losses(latents="mean + log_var * noise"),
        "the noise and the prior exchanged": losses(latents="mean + tf.exp(0.5 * log_var) * prior", prior="noise"),
        "the sign of the KL": losses(kl="-0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - log_var - 1, axis=1)"),
        "twice the KL": losses(kl="tf.reduce_sum(mean**2 + tf.exp(log_var) - log_var - 1, axis=1)"),
        "the KL without its 1": losses(kl="0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - log_var, axis=1)"),
        "a mean over the latents": losses(kl="0.5 * tf.reduce_mean(mean**2 + tf.exp(log_var) - log_var - 1, axis=1)"),
        "no half in the decoder's loss": losses(
            fooled="(tf.nn.softplus(-on_rebuilt) + tf.nn.softplus(-on_drawn))[:, 0]"),
        "the decoder helps to catch": losses(
            fooled="0.5 * (tf.nn.softplus(on_rebuilt) + tf.nn.softplus(on_drawn))[:, 0]"),
        "the minimax loss": losses(fooled="-0.5 * (tf.nn.softplus(on_rebuilt) + tf.nn.softplus(on_drawn))[:, 0]"),
        "samples alone": losses(fooled="tf.nn.softplus(-on_drawn)[:, 0]"),
        "no half in the discriminator's loss": losses(
            caught="(tf.nn.softplus(-on_real) + tf.nn.softplus(on_rebuilt) + tf.nn.softplus(on_drawn))[:, 0]"),
        "real and fake exchanged": losses(
            caught="(tf.nn.softplus(on_real) + 0.5 * (tf.nn.softplus(-on_rebuilt) + tf.nn.softplus(-on_drawn)))[:, 0]"),
        "reconstructions are no fakes": losses(
            caught="(tf.nn.softplus(-on_real) + tf.nn.softplus(on_drawn))[:, 0]"),
        "a logarithm that overflows": losses(
            caught="(tf.math.log(1 + tf.exp(-on_real)) + 0.5 * (tf.math.log(1 + tf.exp(on_rebuilt)) + tf.math.log(1 + "
                   "tf.exp(on_drawn))))[:, 0]"),
        "a column of logits": losses(
            fooled="0.5 * (tf.nn.softplus(-on_rebuilt) + tf.nn.softplus(-on_drawn))"),
        "beta at the error": losses(result="beta * error + kl, gamma * error + fooled, caught"),
        "beta forgotten": losses(result="error + kl, gamma * error + fooled, caught"),
        "the encoder fools, too": losses(result="error + beta * kl + fooled, gamma * error + fooled, caught"),
        "gamma at the adversarial loss": losses(result="error + beta * kl, error + gamma * fooled, caught"),
        "gamma forgotten": losses(result="error + beta * kl, error + fooled, caught"),
        "another order": losses(result="caught, error + beta * kl, gamma * error + fooled"),
        "the KL for the decoder": losses(result="error + beta * kl, gamma * (error + beta * kl) + fooled, caught"),
    },
    "3": {
        "the bias forgotten": louder(changes="((convolutions[-1].kernel, 2), (dense[0].kernel, 0.5))"),
        "the dense layer's bias halved, too": louder(
            changes="((convolutions[-1].kernel, 2), (convolutions[-1].bias, 2), (dense[0].kernel, 0.5), "
                    "(dense[0].bias, 0.5))"),
        "the dense layer forgotten": louder(changes="((convolutions[-1].kernel, 2), (convolutions[-1].bias, 2))"),
        "the last dense layer": louder(
            changes="((convolutions[-1].kernel, 2), (convolutions[-1].bias, 2), (dense[-1].kernel, 0.5))"),
        "the first convolution": louder(
            changes="((convolutions[0].kernel, 2), (convolutions[0].bias, 2), (dense[0].kernel, 0.5))"),
        "halved and doubled": louder(
            changes="((convolutions[-1].kernel, 0.5), (convolutions[-1].bias, 0.5), (dense[0].kernel, 2))"),
        "an error that doubles": louder(expected=FACTORS.replace("4", "2")),
        "a β of a quarter": louder(expected=FACTORS.replace('β": 4', 'β": 0.25')),
        "a β that stays": louder(expected=FACTORS.replace('β": 4', 'β": 1')),
        "logits that double": louder(expected=FACTORS.replace('logits": 1', 'logits": 2')),
        "an adversarial loss that grows": louder(expected=FACTORS.replace('loss": 1', 'loss": 2')),
        "the width measured": louder(measured=FACTORS.replace('β": 4', 'β": 2')),
        "one factor not measured": louder(measured=FACTORS.replace(', "best β": 4', "")),
    },
    "4": {
        "the start": nearest(images="start"),
        "the mean of the nine for all": nearest(images="NINE.mean(axis=0)"),
        "the middle digit for all": nearest(images="some[:30]"),
        "the mean of the features, not a picture": nearest(images="np.mean(NINE ** power, axis=0)"),
        "the brightest of the nine": nearest(images="NINE.max(axis=0)"),
        "in [−1, 1]": nearest(images="2 * np.mean(NINE ** power, axis=0) ** (1 / power) - 1"),
        "a single digit": nearest(images="(np.mean(NINE ** power, axis=0) ** (1 / power))[:1]"),
        "costs without the spread": nearest(cost="cost_of(name, images) - 1"),
        "costs against the middle one": nearest(cost="cost_of(name, some[:30])"),
        "grey is what is not black": nearest(grey="np.mean(images > 0.25)"),
        "grey as a number of pixels": nearest(grey="np.sum((images > 0.25) & (images < 0.75))"),
        "the greyest": nearest(sharpest="'pixels'"),
        "the second": nearest(sharpest="'first convolution'"),
    },
    "5": {
        "the tape": movers(line="'with tf.GradientTape(persistent=True) as tape:'"),
        "the discriminator's line": movers(
            line="'(self.discriminator_optimizer, ((\"discriminator\", self.discriminator),)),'"),
        "a line of the chapter": movers(
            line="'gradients = {name: tape.gradient(losses[name], networks[name].trainable_variables)}'"),
        "the encoder's own loss": movers(objective="tf.reduce_mean(found['encoder_loss'])"),
        "a sum over the batch": movers(objective="tf.reduce_sum(found['generator_loss'])"),
        "the decoder's weights": movers(network="decoder"),
        "images in [0, 1]": movers(images="eight"),
        "not as in training": movers(training="False"),
        "the largest slope": movers(length="max(float(np.abs(each).max()) for each in gradients)"),
        "the sum of the lengths": movers(length="sum(float(tf.norm(each)) for each in gradients)"),
        "the first layer alone": movers(length="float(tf.norm(gradients[0]))"),
        "the squared length": movers(length="float(tf.linalg.global_norm(gradients)) ** 2"),
        "two players alike": movers(pair="(after_step(small_player(kind)) for _ in range(2))"),
        "another weight of the KL": movers(
            pair="(after_step(small_player(kind, kl_weight=beta)) for beta in (0.5, 5.0))"),
        "before and after a step": movers(
            pair="small_player(kind).encoder.get_weights(), after_step(small_player(kind))"),
        "always the package's kind": movers(
            pair="(after_step(small_player(feature_weight=gamma)) for gamma in (0.5, 5.0))"),
        "no sign": movers(difference="float(np.sum(one[0])) * 0"),
    },
    "6": {
        "sums": null(vector="having.sum(axis=0) - lacking.sum(axis=0)"),
        "the mean of the second group forgotten": null(vector="having.mean(axis=0)"),
        "squared lengths": null(length="np.sum(vector(having, lacking) ** 2)"),
        "halves that overlap": null(halves="(vector(having[part:], lacking[part:]) for part in (0, 1))"),
        "the first half and the second": null(
            halves="(vector(having[:len(having) // 2], lacking[:len(lacking) // 2]), vector(having[len(having) // 2:], "
                   "lacking[len(lacking) // 2:]))"),
        "not divided by the lengths": null(cosine="one @ other"),
        "no sign": null(cosine="abs(one @ other) / (np.linalg.norm(one) * np.linalg.norm(other))"),
        "each column shuffled alone": null(shuffle="generator.permuted(pool, axis=0)"),
        "the latents shuffled": null(shuffle="generator.permutation(pool, axis=1)"),
        "not shuffled": null(shuffle="pool"),
        "the labels kept": null(groups="(generator.shuffle(having), having)[1], lacking"),
        "groups of equal size": null(groups="codes[::2], codes[1::2]"),
        "half as many": null(groups="codes[:len(having) // 2], codes[len(having) // 2:]"),
        "only one group shuffled": null(groups="generator.permutation(having), lacking"),
        "the same shuffle every time": null(shuffle="np.random.default_rng(seed).permutation(pool)"),
        "a seed of its own": null(seed="0"),
        "no seed": null(seed=""),
        "always a hundred": null(rounds="100"),
        "one round more": null(rounds="rounds + 1"),
        "ten rounds": null(tests="{name: null_test(*pair, rounds=10) for name, pair in groups.items()}"),
        "the smile alone": null(tests="{'smile': null_test(*groups['smile'])}"),
        "smile and glasses exchanged": null(
            tests="{'smile': null_test(*groups['glasses']), 'glasses': null_test(*groups['smile'])}"),
        "larger than the mean": null(outside="found[key] > found[key + 's'].mean()"),
        "inside": null(outside="found[key + 's'].min() <= found[key] <= found[key + 's'].max()"),
        "always outside": null(outside="True"),
    },
    "7": {
        "black on white": walk(digit="1 - data.load_digit(data.SAMPLE_PICTURE)"),
        "levels up to 255": walk(digit="255 * data.load_digit(data.SAMPLE_PICTURE)"),
        "an empty page": walk(digit="np.zeros((1, 28, 28, 1), np.float32)", reading="[0] * 7", truth="0"),
        "a guess of a number": walk(guess="4"),
        "moved to the left": walk(step="np.roll(own_digit, -pixels, axis=2)"),
        "moved down": walk(step="np.roll(own_digit, pixels, axis=1)"),
        "moves from 1": walk(moves="range(1, 8)"),
        "six numbers": walk(
            moves="range(6)", breaks="next((pixels for pixels in range(6) if found[pixels] != truth), 7)"),
        "moved after the reconstruction": walk(
            rebuilt="np.concatenate([moved(model.reconstruct(own_digit).numpy(), pixels) for pixels in range(7)])"),
        "the digit's own readings": walk(reading="read(walk).tolist()"),
        "whether it is right": walk(reading="[int(each == read(own_digit)[0]) for each in read(images)]", truth="1"),
        "centres, not drifts": walk(drift="centre(images)"),
        "against the digit": walk(drift="centre(images) - centre(walk)"),
        "against the step before": walk(drift="np.diff(centre(images), prepend=centre(images)[:1])"),
        "a drift with the wrong sign": walk(drift="centre(images)[0] - centre(images)", follows="'autoencoder'"),
        "rows in place of columns": walk(drift="centre(images.swapaxes(1, 2)) - centre(images.swapaxes(1, 2))[0]",
                                         follows="'autoencoder'"),
        "the last move that is right": walk(
            breaks="max((pixels for pixels in range(7) if found[pixels] == truth), default=7)"),
        "None if it never breaks": walk(
            breaks="next((pixels for pixels in range(7) if found[pixels] != truth), None)"),
        "the number of wrong readings": walk(breaks="sum(each != truth for each in found)"),
        "follows least": walk(follows="min(drifts, key=lambda title: drifts[title][-1])"),
    },
}
