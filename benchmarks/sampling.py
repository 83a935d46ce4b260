"""How fast do the trained models draw and write?  One run, interleaved, medians.

    python benchmarks/sampling.py       writes benchmarks/sampling.json; one minute on two idle cores

Images per second of the VAE and the DCGAN: `generate` (ours); the generator by one call of `predict`, and by `predict`
for one image after another, as the articles draw; PyTorch's DCGAN with as many weights, without gradients.
Characters per second of an LSTM of 512 units: `generate` (ours) for one text and for 32 side by side; `predict` on the
last 64 characters for each new one, as the articles write; PyTorch's LSTM, one character after another.
"""

import keras
import numpy as np
from gan_step import torch_dcgan
from results import machine, store
from timing import medians, rounded, torch

from aigc_tf import checkpoints

IMAGES, FEW = 1000, 20  # in each repeat; by predict in a loop
CHARACTERS, FEW_CHARACTERS, TEXTS, WINDOW = 500, 20, 32, 64


def images_per_second(model, network):
    """{way: images per second}; `network` maps latents to images."""
    latents = np.random.default_rng(0).normal(size=(IMAGES, model.latent_dim)).astype("float32")

    def one_by_one():
        for at in range(FEW):
            network.predict(latents[at:at + 1], verbose=0)

    ways = {
        "ours: generate": (IMAGES, lambda: model.generate(IMAGES, seed=0)),
        "predict, all at once": (IMAGES, lambda: network.predict(latents, verbose=0)),
        "predict, one by one": (FEW, one_by_one),
    }
    if torch and network.name == "average_generator":
        theirs = torch_dcgan()[0].eval()

        def draw():
            with torch.no_grad():
                theirs(torch.randn(IMAGES, model.latent_dim))

        ways["PyTorch, all at once"] = (IMAGES, draw)
    return rounded({name: 1 / seconds for name, seconds in medians(ways).items()}, 0)


def characters_per_second(model):
    """{way: characters per second}."""
    prompt = "To be, or not to be, that is the question: whether 'tis nobler in"
    numbers = model.vocabulary.encode(prompt)[:WINDOW]

    def by_predict():
        window = numbers
        for _ in range(FEW_CHARACTERS):
            logits = model.predict(window[None], verbose=0)[0, -1]
            window = np.append(window[1:], np.int32(logits.argmax()))

    ways = {
        "ours: generate, one text": (CHARACTERS, lambda: model.generate(prompt, CHARACTERS, seed=0)),
        f"ours: generate, {TEXTS} texts": (
            TEXTS * CHARACTERS, lambda: model.generate([prompt] * TEXTS, CHARACTERS, seed=0)
        ),
        "predict on the last 64": (FEW_CHARACTERS, by_predict),
    }
    if torch:
        nn, size = torch.nn, len(model.vocabulary)
        embedding, lstm = nn.Embedding(size, model.embedding_dim), nn.LSTM(model.embedding_dim, model.units[0])
        logits_of = nn.Linear(model.units[0], size)

        def write():
            token, states = torch.zeros(1, dtype=torch.long), None
            with torch.no_grad():
                for _ in range(CHARACTERS):
                    hidden, states = lstm(embedding(token)[None], states)
                    token = torch.multinomial(torch.softmax(logits_of(hidden[0]), dim=-1), 1)[:, 0]

        ways["PyTorch, one text"] = (CHARACTERS, write)
    return rounded({name: 1 / seconds for name, seconds in medians(ways).items()}, 0)


def main():
    vae, gan, lstm = (checkpoints.load(name) for name in ("vae", "dcgan", "lstm_shakespeare"))
    logits = vae.decoder.outputs[0]
    decoder = keras.Model(vae.decoder.inputs, keras.layers.Activation("sigmoid")(logits), name="decoder")
    record = {
        "work": f"{IMAGES} images, {CHARACTERS} characters; medians of 5 repeats",
        "machine": machine(),
        "images_per_second": {
            "VAE": images_per_second(vae, decoder), "DCGAN": images_per_second(gan, gan.average_generator)
        },
        "characters_per_second": {"LSTM-512": characters_per_second(lstm)},
    }
    print(record)
    store(__file__, record)


if __name__ == "__main__":
    main()
