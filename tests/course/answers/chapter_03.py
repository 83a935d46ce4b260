"""Answers to the exercises of chapter 3, right and plausibly wrong; `test_wrong_answers.py` tries them."""

# What the first cells of the solutions load, made small.
GIVEN = """
def adam(rate):
    return keras.optimizers.Adam(rate, beta_1=0.5)


def largest_difference(discriminator, training):
    together = discriminator(tf.concat([reals, fakes], axis=0), training=training)
    apart = tf.concat([discriminator(reals, training=training), discriminator(fakes, training=training)], axis=0)
    return float(tf.reduce_max(tf.abs(together - apart)))


reals, fakes = (tf.random.stateless_uniform((10, 28, 28, 1), (0, part), -1.0, 1.0 / (1 + part)) for part in (0, 1))
model = GAN(latent_dim=8, generator_widths=(8,), discriminator_widths=(8,))
judge = checkpoints.load("digit_classifier")
mnist = data.load_mnist(validation=data.VALIDATION)
some_digits = data.scale_images(mnist.validation_images[:500])
gan = checkpoints.load("gan_dense")
real_logits = gan.discriminate(tf.constant(2 * some_digits - 1), None)[0].numpy()
exchanged_logits = gan.discriminate(tf.constant(1 - 2 * some_digits), None)[0].numpy()


class Drawn:
    def __init__(self, images):
        self.images = images

    def generate(self, num_images, seed=None):
        return self.images


grey_noise = np.full((100, 28, 28, 1), 0.5, "float32")
digit = data.load_digit(data.SAMPLE_PICTURE)
"""
FRIENDS = """
discriminator_goes, generator_goes, digits_appear = {words}
friends = Drawn({images})
friends_history = {{"discriminator_loss": [{losses[0]}], "generator_loss": [{losses[1]}], "fake_logits": [{logit}]}}
"""
BOTH_FAKE = {"words": '"to zero", "to zero", False', "images": "grey_noise", "losses": (0.01, 0.0), "logit": -12.0}
RANKS = """
def logit(image):
    return float(gan.discriminate(tf.constant(image), None)[0][0])


rank, rank_exchanged = np.mean({own}), np.mean({exchanged})
"""
OWN = "real_logits < logit(2 * digit - 1)"
EXCHANGED = "exchanged_logits < logit(1 - 2 * digit)"

BEST = "def best_discriminator(p, q, s): return {}"
STEP = """
def step(generator, discriminator, generator_optimizer, discriminator_optimizer, images, noise):
    fakes = generator(noise)
    with tf.GradientTape() as tape:
        real_logits, fake_logits = discriminator(images), discriminator(fakes)
        told_apart = tf.reduce_mean({told_apart})
    weights = {its_weights}
    {first_turn}
    with tf.GradientTape() as second:
        logits = discriminator({new_fakes})
        taken_for_real = tf.reduce_mean({taken_for_real})
    weights = {weights}
    generator_optimizer.apply_gradients(zip(second.gradient(taken_for_real, weights), weights))
    {late_turn}
    return told_apart, taken_for_real
"""
TURN = "discriminator_optimizer.apply_gradients(zip(tape.gradient(told_apart, weights), weights))"
LATE = """its = discriminator.trainable_variables
    discriminator_optimizer.apply_gradients(zip(tape.gradient(told_apart, its), its))"""
RIGHT = {
    "told_apart": "tf.nn.softplus(-real_logits) + tf.nn.softplus(fake_logits)", "first_turn": TURN, "late_turn": "",
    "its_weights": "discriminator.trainable_variables", "weights": "generator.trainable_variables",
    "new_fakes": "generator(noise)", "taken_for_real": "tf.nn.softplus(-logits)",
}
BLOCKS = """
blocks = [keras.layers.Flatten(), keras.layers.Dense(64), {layer}, keras.layers.LeakyReLU(0.2)]
other_discriminator = keras.Sequential([keras.Input((28, 28, 1)), *blocks, keras.layers.Dense(1)])
only_in_training = {only}
"""

RIGHT_ANSWERS = {
    "1": BEST.format("(1 - s) * p / (p + q)"),
    "2": STEP.format(**RIGHT),
    "3": BLOCKS.format(layer="keras.layers.BatchNormalization()", only=True),
    "5": FRIENDS.format(**BOTH_FAKE),
    "7": RANKS.format(own=OWN, exchanged=EXCHANGED),
}
WRONG_ANSWERS = {
    "1": {
        "the best discriminator without smoothing": BEST.format("p / (p + q)"),
        "fakes smoothed, too": BEST.format("((1 - s) * p + s * q) / (p + q)"),
        "only the weight of real images is smaller": BEST.format("(1 - s) * p / ((1 - s) * p + q)"),
        "s in place of 1 − s": BEST.format("s * p / (p + q)"),
        "the share of fakes": BEST.format("(1 - s) * q / (p + q)"),
        "the smaller of the two": BEST.format("min(1 - s, p / (p + q))"),
    },
    "2": {
        "labels exchanged":
            STEP.format(**{**RIGHT, "told_apart": "tf.nn.softplus(real_logits) + tf.nn.softplus(-fake_logits)"}),
        "only fakes": STEP.format(**{**RIGHT, "told_apart": "tf.nn.softplus(fake_logits)"}),
        "the mean of both halves":
            STEP.format(**{**RIGHT, "told_apart": f"0.5 * ({RIGHT['told_apart']})"}),
        "the minimax loss": STEP.format(**{**RIGHT, "taken_for_real": "-tf.nn.softplus(logits)"}),
        "towards fake": STEP.format(**{**RIGHT, "taken_for_real": "tf.nn.softplus(logits)"}),
        "the generator's turn moves both":
            STEP.format(**{**RIGHT, "weights": "generator.trainable_variables + discriminator.trainable_variables"}),
        "against the discriminator of before": STEP.format(**{**RIGHT, "first_turn": "pass", "late_turn": LATE}),
        "the discriminator never learns": STEP.format(**{**RIGHT, "first_turn": "pass"}),
    },
    "3": {
        "a discriminator that judges alone": BLOCKS.format(layer="keras.layers.ReLU()", only=True),
        "layer normalization": BLOCKS.format(layer="keras.layers.LayerNormalization()", only=True),
        "dropout": BLOCKS.format(layer="keras.layers.Dropout(0.5)", only=True),
        "in use, too": BLOCKS.format(layer="keras.layers.BatchNormalization()", only=False),
    },
    "5": {
        "both players told real": FRIENDS.format(**{**BOTH_FAKE, "logit": 12.0}),
        "the right loss": FRIENDS.format(**{**BOTH_FAKE, "losses": (1.1, 1.2), "logit": -0.5}),
        "a stalemate predicted": FRIENDS.format(**{**BOTH_FAKE, "words": '"to the stalemate", "to zero", False'}),
        "digits predicted": FRIENDS.format(**{**BOTH_FAKE, "words": '"to zero", "to zero", True'}),
        "a generator that draws digits": FRIENDS.format(**{**BOTH_FAKE, "images": "some_digits"}),
    },
    "7": {
        "shares with a higher logit":
            RANKS.format(own=OWN.replace("<", ">"), exchanged=EXCHANGED.replace("<", ">")),
        "the exchanged digit beside ordinary ones":
            RANKS.format(own=OWN, exchanged="real_logits < logit(1 - 2 * digit)"),
        "images left in [0, 1]":
            RANKS.format(own="real_logits < logit(digit)", exchanged="exchanged_logits < logit(1 - digit)"),
        "the same rank twice": RANKS.format(own=OWN, exchanged=OWN),
    },
}
