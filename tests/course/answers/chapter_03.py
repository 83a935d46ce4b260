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
"""
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
}
