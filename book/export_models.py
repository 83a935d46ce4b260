"""Writes trained models for the browser: JavaScript files with the weights, which a page opened from a disk finds too.

Each file says `explorer.models["NAME"] = {…}`; matrices are `{"shape": […], "bits": 16 or 32, "data": base64}` of
little-endian floating-point numbers. `static/explorer.js` reads them.
"""

import base64
import json

import keras
import numpy as np

from aigc_tf import checkpoints
from aigc_tf.core.files import write_file
from aigc_tf.transformer import TransformerLanguageModel

DECODERS = ("vae_plane", "conditional_vae")
WRITERS = ("lstm_shakespeare",)
TRANSFORMERS = ("gpt_characters",)
DENOISERS = ("diffusion_student",)


def matrix(values):
    """A NumPy array or a variable, as JavaScript reads it: in 16 bits where these hold all its numbers without loss."""
    values = checkpoints.compact(np.asarray(values, "float32"))
    content = values.astype(values.dtype.newbyteorder("<")).tobytes()
    return {"shape": list(values.shape), "bits": 8 * values.itemsize, "data": base64.b64encode(content).decode()}


def decoder(model):
    """A VAE's decoder: its dense layers in order, each with kernel, bias and the name of its activation."""
    dense = [layer for layer in model.decoder.layers if isinstance(layer, keras.layers.Dense)]
    layers = [
        {"kernel": matrix(layer.kernel), "bias": matrix(layer.bias), "activation": layer.activation.__name__}
        for layer in dense
    ]
    layers[-1]["activation"] = "sigmoid"  # the decoder gives logits, the page draws pixels
    return {"layers": layers, "latents": model.latent_dim, "classes": model.num_classes or 0}


def writer(model):
    """A language model of one LSTM layer: embedding, cell, logits."""
    if model.cell != "lstm" or len(model.units) != 1 or model.tied:
        raise ValueError(
            "the page runs one LSTM layer without tied weights. "
            f"Received: cell={model.cell!r}, units={model.units}, tied={model.tied}"
        )
    cell = model.recurrent[0].cell
    return {
        "tokens": list(model.vocabulary.tokens),
        "embedding": matrix(model.embedding.embeddings),
        "kernel": matrix(cell.kernel),
        "recurrent": matrix(cell.recurrent_kernel),
        "bias": matrix(cell.bias),
        "logits": {"kernel": matrix(model.logits.kernel), "bias": matrix(model.logits.bias)},
    }


def transformer(model):
    """A language model of attention: embedding, the dense layers of each block by their names, logits."""
    runs = {"unit": "character", "position_encoding": "rotary", "norm": "rms", "activation": "squared_relu",
            "qk_norm": True}
    found = {name: getattr(model, name, None) for name in runs}
    if type(model) is not TransformerLanguageModel or found != runs:
        raise ValueError(
            f"the page runs a TransformerLanguageModel with {runs}. Received: {type(model).__name__} with {found}"
        )
    blocks = []
    for block in model.blocks:
        attention = block.attention
        layers = (attention.query, attention.key, attention.value, attention.join, block.mlp_in, block.mlp_out)
        blocks.append({layer.name: matrix(layer.kernel) for layer in layers})
    return {
        "tokens": list(model.tokens),
        "context": model.context,
        "heads": model.num_heads,
        "embedding": matrix(model.embedding.embeddings),
        "blocks": blocks,
        "logits": matrix(model.logits.kernel),
    }


def denoiser(model):
    """A diffusion model's averaged network: the weights of each layer, by the names of layer and weight."""
    if (model.schedule, model.prediction, model.num_blocks) != ("flow", "velocity", 1) or not model.num_classes:
        raise ValueError(
            "the page runs a conditional flow with one block a level. Received: "
            f"{model.schedule=}, {model.prediction=}, {model.num_blocks=}, {model.num_classes=}"
        )
    layers = {
        layer.name: {checkpoints.own_name(weight, layer): matrix(weight) for weight in layer.weights}
        for layer in model.average_network.layers
        if layer.weights
    }
    return {"layers": layers, "levels": len(model.widths), "shape": list(model.image_shape)}


def export(folder):
    """Writes NAME.js into `folder` for each model that the explorer shows; returns their names."""
    folder.mkdir(parents=True, exist_ok=True)
    kinds = {decoder: DECODERS, writer: WRITERS, transformer: TRANSFORMERS, denoiser: DENOISERS}
    for content_of, names in kinds.items():
        for name in names:
            content = json.dumps(content_of(checkpoints.load(name)))
            write_file(folder / f"{name}.js", f"explorer.models[{json.dumps(name)}] = {content};\n")
    return [name for names in kinds.values() for name in names]
