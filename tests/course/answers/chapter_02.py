"""Answers to the exercises of chapter 2, right and plausibly wrong; `test_wrong_answers.py` tries them."""

# What the first cells of the solutions train or load, made small.
GIVEN = """
images = tf.cast(tf.random.stateless_uniform((50, 28, 28, 1), (0, 0)) < 0.2, tf.float32)
plain = VAE(latent_dim=LATENT_DIM, hidden_units=(8,))
plain.set_weights([0.1 * np.random.default_rng(0).normal(size=w.shape) for w in plain.get_weights()])
"""
KL = """
def kl(m, s, M, S):
    return np.log(S / s) - 0.5 + (s**2 + (m - M) ** 2) / (2 * S**2)
"""
LOSSES = """
def losses(encoder, decoder, images, noise):
    mean, log_var = encoder(images)
    logits = decoder(mean + tf.exp({scale} * log_var) * {noise})
    pixels = tf.nn.softplus(logits) - images * logits
    kl = 0.5 * (mean**2 + tf.exp(log_var) - log_var - 1)
    return tf.{pixels}(pixels, axis=(1, 2, 3)), tf.{latents}(kl, axis=1)
"""
SUMS = """
def elbo_and_gap(prior, likelihood, q):
    joint = prior * likelihood
    posterior = joint / joint.sum()
    return {elbo}, {gap}
"""
RIGHT_SUMS = {"elbo": "np.sum(q * np.log(joint / q))", "gap": "np.sum(q * np.log(q / posterior))"}
ENCODER = """
def make_encoder(latent_dim):
    inputs = keras.Input((28, 28, 1))
    hidden = keras.layers.Flatten()(inputs)
    for _ in range({layers}):
        hidden = keras.layers.Dense(200, activation="elu")(hidden)
    mean = keras.layers.Dense(latent_dim, activation={activation})(hidden)
    return keras.Model(inputs, {outputs})
"""
OWN_HEADS = "[mean, keras.layers.Dense(latent_dim)(hidden)]"
RIGHT_ENCODER = {"layers": 2, "activation": "None", "outputs": OWN_HEADS}
RIGHT = {"scale": 0.5, "noise": "noise", "pixels": "reduce_sum", "latents": "reduce_sum"}
RUNAWAY = """
runs_away, loss_becomes = {words}
runaway = {{"reconstruction": [550.0, 2450.0], "kl": [6.0, 2e6], "loss": {loss}}}
"""

RIGHT_ANSWERS = {
    "1": KL + SUMS.format(**RIGHT_SUMS),
    "2": LOSSES.format(**RIGHT) + ENCODER.format(**RIGHT_ENCODER),
    "3": RUNAWAY.format(words='"kl", "negative"', loss="[544.0, 2450.0 - 2e6]"),
}
WRONG_ANSWERS = {
    "1": {
        "the standard formula, whatever p is": "def kl(m, s, M, S): return 0.5 * (m**2 + s**2 - np.log(s**2) - 1)",
        "q and p swapped": "def kl(m, s, M, S): return np.log(s / S) - 0.5 + (S**2 + (m - M) ** 2) / (2 * s**2)",
        "standard deviations that are not squared":
            "def kl(m, s, M, S): return np.log(S / s) - 0.5 + (s + (m - M) ** 2) / (2 * S)",
        "half of the logarithm":
            "def kl(m, s, M, S): return 0.5 * np.log(S / s) - 0.5 + (s**2 + (m - M) ** 2) / (2 * S**2)",
        "without the −½": "def kl(m, s, M, S): return np.log(S / s) + (s**2 + (m - M) ** 2) / (2 * S**2)",
    },
    "2": {
        "the mean over pixels": LOSSES.format(**{**RIGHT, "pixels": "reduce_mean"}),
        "the mean over latents": LOSSES.format(**{**RIGHT, "latents": "reduce_mean"}),
        "the variance in place of the standard deviation": LOSSES.format(**{**RIGHT, "scale": 1.0}),
        "no noise": LOSSES.format(**{**RIGHT, "noise": "0.0"}),
        "noise of its own": LOSSES.format(**{**RIGHT, "noise": "tf.random.normal(tf.shape(mean))"}),
        "values without gradients":
            LOSSES.format(**RIGHT).replace("encoder(images)", "map(tf.stop_gradient, encoder(images))", 1),
    },
    "3": {
        "the other term predicted": RUNAWAY.format(words='"reconstruction", "negative"', loss="[544.0, 2450.0 - 2e6]"),
        "the other sign predicted": RUNAWAY.format(words='"kl", "positive"', loss="[544.0, 2450.0 - 2e6]"),
        "the right sign trained": RUNAWAY.format(words='"kl", "positive"', loss="[556.0, 2450.0 + 2e6]"),
    },
}
# Each exercise has a second part, which is right where the first is wrong, and the other way round.
WRONG_ANSWERS["1"] = {why: answer + "\n" + SUMS.format(**RIGHT_SUMS) for why, answer in WRONG_ANSWERS["1"].items()} | {
    "the likelihood without the prior": KL + SUMS.format(
        **{**RIGHT_SUMS, "elbo": "np.sum(q * np.log(likelihood / q))"}),
    "the ELBO with its sign turned": KL + SUMS.format(**{**RIGHT_SUMS, "elbo": "-np.sum(q * np.log(joint / q))"}),
    "the gap to the prior": KL + SUMS.format(**{**RIGHT_SUMS, "gap": "np.sum(q * np.log(q / prior))"}),
    "the gap the other way round": KL + SUMS.format(
        **{**RIGHT_SUMS, "gap": "np.sum(posterior * np.log(posterior / q))"}),
}
WRONG_ANSWERS["2"] = {
    why: answer + ENCODER.format(**RIGHT_ENCODER) for why, answer in WRONG_ANSWERS["2"].items()
} | {
    "means that cannot be negative": LOSSES.format(**RIGHT) + ENCODER.format(
        **{**RIGHT_ENCODER, "activation": "'relu'"}),
    "one head twice": LOSSES.format(**RIGHT) + ENCODER.format(**{**RIGHT_ENCODER, "outputs": "[mean, mean]"}),
    "one hidden layer": LOSSES.format(**RIGHT) + ENCODER.format(**{**RIGHT_ENCODER, "layers": 1}),
    "a variance that has no logarithm": LOSSES.format(**RIGHT) + ENCODER.format(
        **{**RIGHT_ENCODER, "outputs": "[mean, keras.layers.Dense(latent_dim, activation='softplus')(hidden)]"}),
}
