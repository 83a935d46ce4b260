"""Checks of exercises fail on the wrong answers that learners give: each is put in the place of ours.

An exercise whose check needs no training is run in a namespace that has the imports and settings of its solution
notebook, the names in `GIVEN`, the wrong answer, and then the check.
"""

from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = Path(__file__).resolve().parent.parent.parent / "notebooks"
RUNS = ("notebooks/solutions/*.ipynb",)

# What the first cells of a notebook train or load, made small.
GIVEN = {
    "02_variational_autoencoder": """
images = tf.cast(tf.random.stateless_uniform((50, 28, 28, 1), (0, 0)) < 0.2, tf.float32)
plain = VAE(latent_dim=LATENT_DIM, hidden_units=(8,))
plain.set_weights([0.1 * np.random.default_rng(0).normal(size=w.shape) for w in plain.get_weights()])
""",
}
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
    ("02_variational_autoencoder", "1"): """
def kl(m, s, M, S):
    return np.log(S / s) - 0.5 + (s**2 + (m - M) ** 2) / (2 * S**2)
""",
    ("02_variational_autoencoder", "2"): LOSSES.format(**RIGHT),
    ("02_variational_autoencoder", "3"): RUNAWAY.format(words='"kl", "negative"', loss="[544.0, 2450.0 - 2e6]"),
}
WRONG_ANSWERS = {
    ("02_variational_autoencoder", "1"): {
        "the standard formula, whatever p is": "def kl(m, s, M, S): return 0.5 * (m**2 + s**2 - np.log(s**2) - 1)",
        "q and p swapped": "def kl(m, s, M, S): return np.log(s / S) - 0.5 + (S**2 + (m - M) ** 2) / (2 * s**2)",
        "standard deviations that are not squared":
            "def kl(m, s, M, S): return np.log(S / s) - 0.5 + (s + (m - M) ** 2) / (2 * S)",
        "half of the logarithm":
            "def kl(m, s, M, S): return 0.5 * np.log(S / s) - 0.5 + (s**2 + (m - M) ** 2) / (2 * S**2)",
        "without the −½": "def kl(m, s, M, S): return np.log(S / s) + (s**2 + (m - M) ** 2) / (2 * S**2)",
    },
    ("02_variational_autoencoder", "2"): {
        "the mean over pixels": LOSSES.format(**{**RIGHT, "pixels": "reduce_mean"}),
        "the mean over latents": LOSSES.format(**{**RIGHT, "latents": "reduce_mean"}),
        "the variance in place of the standard deviation": LOSSES.format(**{**RIGHT, "scale": 1.0}),
        "no noise": LOSSES.format(**{**RIGHT, "noise": "0.0"}),
        "noise of its own": LOSSES.format(**{**RIGHT, "noise": "tf.random.normal(tf.shape(mean))"}),
        "values without gradients":
            LOSSES.format(**RIGHT).replace("encoder(images)", "map(tf.stop_gradient, encoder(images))", 1),
    },
    ("02_variational_autoencoder", "3"): {
        "the other term predicted": RUNAWAY.format(words='"reconstruction", "negative"', loss="[544.0, 2450.0 - 2e6]"),
        "the other sign predicted": RUNAWAY.format(words='"kl", "positive"', loss="[544.0, 2450.0 - 2e6]"),
        "the right sign trained": RUNAWAY.format(words='"kl", "positive"', loss="[556.0, 2450.0 + 2e6]"),
    },
}
EACH = [(name, number, why, answer) for (name, number), wrong in WRONG_ANSWERS.items() for why, answer in wrong.items()]


def run_check(name, number, answer):
    """Runs the check of an exercise on an answer."""
    cells = nbformat.read(NOTEBOOKS / "solutions" / f"{name}.ipynb", as_version=4).cells
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    namespace = {}
    for source in (code[0], code[1], GIVEN[name], answer):
        exec(source, namespace)
    check, = (source for source in code if f'check("{number}", ' in source)
    exec(check, namespace)


@pytest.mark.parametrize("name, number", RIGHT_ANSWERS, ids=[f"{name[:2]}-{number}" for name, number in RIGHT_ANSWERS])
def test_a_right_answer_passes(name, number):
    run_check(name, number, RIGHT_ANSWERS[name, number])


@pytest.mark.parametrize("name, number, why, answer", EACH, ids=[f"{n[:2]}-{k}: {why}" for n, k, why, _ in EACH])
def test_a_wrong_answer_does_not_pass(name, number, why, answer):
    with pytest.raises(AssertionError, match=f"exercise {number}: this does not hold yet"):
        run_check(name, number, answer)
