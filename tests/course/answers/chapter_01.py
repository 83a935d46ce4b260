"""Answers to the exercises of chapter 1, right and plausibly wrong; `test_wrong_answers.py` tries them."""

# What the first cells of the solutions load or train, made small.
GIVEN = """
random = np.random.default_rng(0)
flat = random.random((2000, 3)) @ random.random((3, 784)) / 3
images = train_images = flat.reshape(2000, 28, 28, 1).astype("float32")
images[:, :3] = 0
keras.utils.set_random_seed(0)
mender = Autoencoder(latent_dim=2, widths=(4,))
digit = np.zeros((1, 28, 28, 1), "float32")
digit[0, 4:24, 12:16] = 1
"""
LINE = "def error_of_line(covariance, direction): return {}"
STEP = """
def step(encoder, decoder, optimizer, damaged, clean):
    with tf.GradientTape() as tape:
        loss = tf.{mean}(({target} - decoder(encoder({inputs}))) ** 2)
    weights = {weights}
    optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
    return loss
"""
BOTH = "encoder.trainable_variables + decoder.trainable_variables"
RIGHT = {"mean": "reduce_mean", "target": "clean", "inputs": "damaged", "weights": BOTH}
NOISY = """
class Fooled:
    def reconstruct(self, pictures):
        return tf.where(images[:len(pictures)] > 0.5, {network[1]}, {network[0]})


background, stroke, fooled = {predicted}, Fooled()
"""
VEIL = (0.16, 0.84)
OWN = """
row, column = {place}
broken = digit.copy()
broken[:, row:row + 8, column:column + 8] = {ink}
square = {where}
mended = mender.reconstruct({shown}).numpy()
before, after = (float(np.mean((digit - each)[square] ** 2)) for each in (broken, mended))
"""
SQUARE = {"place": "11, 10", "ink": 0, "where": "np.s_[:, row:row + 8, column:column + 8]", "shown": "broken"}
ADVANTAGE = """
advantage = {{3: {{4: 1.22, 64: 0.59}}, 12: {{4: 1.57, 64: {at_64}}}}}
depends = {depends}
"""

RIGHT_ANSWERS = {
    "2": LINE.format("(np.trace(covariance) - direction @ covariance @ direction) / 784"),
    "3": STEP.format(**RIGHT),
    "4": NOISY.format(predicted="0.4 / np.sqrt(2 * np.pi), 1 - 0.4 / np.sqrt(2 * np.pi)", network=VEIL),
    "5": ADVANTAGE.format(at_64=1.26, depends="[64]"),
    "9": OWN.format(**SQUARE),
}
WRONG_ANSWERS = {
    "2": {
        "what is kept, not what is lost": LINE.format("direction @ covariance @ direction / 784"),
        "the sum over pixels": LINE.format("np.trace(covariance) - direction @ covariance @ direction"),
        "the standard deviation along the line":
            LINE.format("(np.trace(covariance) - np.sqrt(direction @ covariance @ direction)) / 784"),
        "all that varies": LINE.format("np.trace(covariance) / 784"),
        "the line counted twice": LINE.format("(np.trace(covariance) - 2 * direction @ covariance @ direction) / 784"),
    },
    "3": {
        "the damaged image as the target": STEP.format(**{**RIGHT, "target": "damaged"}),
        "the clean image as the input": STEP.format(**{**RIGHT, "inputs": "clean"}),
        "the sum over pixels": STEP.format(**{**RIGHT, "mean": "reduce_sum"}),
        "the decoder alone": STEP.format(**{**RIGHT, "weights": "decoder.trainable_variables"}),
        "the encoder alone": STEP.format(**{**RIGHT, "weights": "encoder.trainable_variables"}),
        "a loss without a step": STEP.format(**RIGHT).replace("optimizer.apply", "print if True else optimizer.apply"),
    },
    "4": {
        "noise has mean zero": NOISY.format(predicted="0.0, 1.0", network=VEIL),
        "the mean size of the noise": NOISY.format(predicted="0.32, 0.68", network=VEIL),
        "half of its standard deviation": NOISY.format(predicted="0.2, 0.8", network=VEIL),
        "white stays white": NOISY.format(predicted="0.16, 1.0", network=VEIL),
        "a network that was given clean targets": NOISY.format(predicted="0.16, 0.84", network=(0.0, 1.0)),
    },
    "5": {
        "a short training taken for the truth": ADVANTAGE.format(at_64=0.59, depends="[]"),
        "every number said to depend": ADVANTAGE.format(at_64=1.26, depends="[4, 64]"),
        "none said to depend": ADVANTAGE.format(at_64=1.26, depends="[]"),
    },
    "9": {
        "the error of the whole image": OWN.format(**{**SQUARE, "where": "np.s_[:]"}),
        "the whole digit reconstructed": OWN.format(**{**SQUARE, "shown": "digit"}),
        "a white square": OWN.format(**{**SQUARE, "ink": 1}),
        "a square that hides nothing": OWN.format(**{**SQUARE, "place": "0, 0"}),
        "a square outside of the image": OWN.format(**{**SQUARE, "place": "24, 12"}),
    },
}
