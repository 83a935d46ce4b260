"""Answers to the exercises of chapter 2, right and plausibly wrong; `test_wrong_answers.py` tries them."""

# What the first cells of the solutions train or load, made small.
GIVEN = """
images = tf.cast(tf.random.stateless_uniform((50, 28, 28, 1), (0, 0)) < 0.2, tf.float32)
plain = VAE(latent_dim=LATENT_DIM, hidden_units=(8,))
plain.set_weights([0.1 * np.random.default_rng(0).normal(size=w.shape) for w in plain.get_weights()])
"""
LOSSES = """
def losses(encoder, decoder, images, noise):
    mean, log_var = encoder(images)
    logits = decoder(mean + tf.exp({scale} * log_var) * {noise})
    pixels = tf.nn.softplus(logits) - images * logits
    kl = 0.5 * (mean**2 + tf.exp(log_var) - log_var - 1)
    return tf.{pixels}(pixels, axis=(1, 2, 3)), tf.{latents}(kl, axis=1)
"""
RIGHT = {"scale": 0.5, "noise": "noise", "pixels": "reduce_sum", "latents": "reduce_sum"}
RUNAWAY = """
runs_away, loss_becomes = {words}
runaway = {{"reconstruction": [550.0, 2450.0], "kl": [6.0, 2e6], "loss": {loss}}}
"""

RIGHT_ANSWERS = {
    "1": """
def kl(m, s, M, S):
    return np.log(S / s) - 0.5 + (s**2 + (m - M) ** 2) / (2 * S**2)
""",
    "2": LOSSES.format(**RIGHT),
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
