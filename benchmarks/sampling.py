"""How fast do the trained models draw and write?  One run, interleaved.

    python benchmarks/sampling.py       writes benchmarks/sampling.json; one minute on two idle cores

Images per second of the VAE and the DCGAN: `generate` (ours); the generator by one call of `predict`, and by `predict`
for one image after another, as the articles draw; PyTorch's DCGAN with as many weights, without gradients.
Characters per second of an LSTM of 512 units: `generate` (ours) for one text and for 32 side by side; `predict` on the
last 64 characters for each new one, as the articles write; PyTorch's LSTM, one character after another.
"""

import keras
import numpy as np
import pytorch
from results import machine, sized, store
from timing import interleaved, of_kind, timed

from aigc_tf import checkpoints

IMAGES, FEW = sized(1000, 10), sized(20, 2)  # in each round; by predict in a loop
CHARACTERS, FEW_CHARACTERS, TEXTS, WINDOW = sized(500, 10), sized(20, 2), 32, 64
ROUNDS = sized(5, 1)
PROMPT = "To be, or not to be, that is the question: whether 'tis nobler in"


def image_contenders(model, network):
    """{way: contender}, a step being an image; `network` maps latents to images."""
    latents = np.random.default_rng(0).normal(size=(IMAGES, model.latent_dim)).astype("float32")

    def one_by_one():
        for at in range(FEW):
            network.predict(latents[at:at + 1], verbose=0)

    return {
        "ours: generate": timed(IMAGES, lambda: model.generate(IMAGES, seed=0)),
        "predict, all at once": timed(IMAGES, lambda: network.predict(latents, verbose=0)),
        "predict, one by one": timed(FEW, one_by_one),
    }


def torch_dcgan():
    """A contender."""
    program = pytorch.Program(
        "GAN", images=np.zeros((1, 28, 28, 1), "uint8"), seed=0, batch_size=1, architecture="dcgan", learning_rate=0.0,
        beta_1=0.5,
    )
    return timed(IMAGES, lambda: program("draw", count=IMAGES))


def text_contenders(model):
    """{way: contender}, a step being a character."""
    numbers = model.vocabulary.encode(PROMPT)[:WINDOW]

    def by_predict():
        window = numbers
        for _ in range(FEW_CHARACTERS):
            logits = model.predict(window[None], verbose=0)[0, -1]
            window = np.append(window[1:], np.int32(logits.argmax()))

    return {
        "ours: generate, one text": timed(CHARACTERS, lambda: model.generate(PROMPT, CHARACTERS, seed=0)),
        f"ours: generate, {TEXTS} texts": timed(
            TEXTS * CHARACTERS, lambda: model.generate([PROMPT] * TEXTS, CHARACTERS, seed=0)
        ),
        f"predict on the last {WINDOW}": timed(FEW_CHARACTERS, by_predict),
    }


def torch_lstm(model):
    """A contender."""
    numbers = np.zeros(2, "int32")
    program = pytorch.Program(
        "LSTM", numbers=numbers, test=numbers, seed=0, batch_size=1, num_tokens=len(model.vocabulary),
        units=model.units[0], embedding_dim=model.embedding_dim, length=1, learning_rate=0.0,
    )
    return timed(CHARACTERS, lambda: program("write", count=CHARACTERS))


def main():
    vae, gan, lstm = (checkpoints.load(name) for name in ("vae", "dcgan", "lstm_shakespeare"))
    logits = vae.decoder.outputs[0]
    decoder = keras.Model(vae.decoder.inputs, keras.layers.Activation("sigmoid")(logits), name="decoder")
    ways = {
        "VAE": image_contenders(vae, decoder), "DCGAN": image_contenders(gan, gan.average_generator),
        "LSTM-512": text_contenders(lstm),
    }
    if pytorch.INSTALLED:
        ways["DCGAN"]["PyTorch, all at once"] = torch_dcgan()
        ways["LSTM-512"]["PyTorch, one text"] = torch_lstm(lstm)
    found = interleaved({(model, way): run for model, row in ways.items() for way, run in row.items()}, ROUNDS)
    record = {
        "work": f"{IMAGES} images, {CHARACTERS} characters; {ROUNDS} rounds, every way in turn", "machine": machine(),
        "per_second": {model: {} for model in ways},
    }
    for (model, way), seconds in of_kind(found).items():
        record["per_second"][model][way] = [round(1 / value) for value in seconds]
    store(__file__, record)
    pytorch.close_all()


if __name__ == "__main__":
    main()
