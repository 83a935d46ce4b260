"""Trained weights in data/checkpoints: named, hashed, and stored with the recipe and the numbers that they reached.

Each checkpoint is two files: NAME.weights.h5 and NAME.json, its record. The first is HDF5 with one array for each
weight, under the weight's own name, such as `encoder/dense_1/kernel`, which both stacks write and read. What
16 bits can hold without loss is stored in 16. (Keras's own files of that ending go from Keras 2 to Keras 3, but not
back.)
"""

import importlib
import json
import os
import re
import tempfile
from collections import Counter
from pathlib import Path

import h5py

from aigc_tf.core.files import remove_leftovers
from aigc_tf.data.downloading import CHECKOUT_DATA, sha256_of

FOLDER = CHECKOUT_DATA / "checkpoints"
# Where each class is found. A module is imported when one of its checkpoints is loaded, so that a chapter which loads a
# VAE does not depend on what GANs are made of.
MODELS = {
    "Autoencoder": "aigc_tf.autoencoder",
    "VAE": "aigc_tf.vae",
    "IWAE": "aigc_tf.vae",
    "DigitClassifier": "aigc_tf.metrics.classifier",
    "GAN": "aigc_tf.gan.model",
    "ACGAN": "aigc_tf.gan.model",
    "Diffusion": "aigc_tf.diffusion.model",
    "GroupedDiffusion": "aigc_tf.diffusion.groups",
    "Translator": "aigc_tf.image_to_image.pix2pix",
    "Pix2Pix": "aigc_tf.image_to_image.pix2pix",
    "Palette": "aigc_tf.image_to_image.palette",
    "CycleGAN": "aigc_tf.image_to_image.cyclegan",
    "StyleTransfer": "aigc_tf.image_to_image.fast_style",
    "VAEGAN": "aigc_tf.image_to_image.vae_gan",
    "RNNLanguageModel": "aigc_tf.text.lstm",
    "LSTMLanguageModel": "aigc_tf.text.lstm",
    "SentenceVAE": "aigc_tf.text.sentence_vae",
    "TransformerLanguageModel": "aigc_tf.transformer.model",
    "AdaptedTransformer": "aigc_tf.finetuning.model",
    "DPO": "aigc_tf.finetuning.preferences",
    "ChoraleLSTM": "aigc_tf.music.writers",
    "ChoraleTransformer": "aigc_tf.music.writers",
    "ChoraleInfill": "aigc_tf.music.infill",
}


def names(folder=FOLDER):
    """Names of the checkpoints that are there, sorted."""
    return sorted(path.stem for path in Path(folder).glob("*.json"))


def info(name, folder=FOLDER):
    """The record of a checkpoint: class, config, recipe, seed, versions, minutes, metrics, sha256.

    Raises:
        FileNotFoundError: if there is no such checkpoint; the message names those that are there.
        ValueError: if the record is not readable.
    """
    path = Path(folder) / f"{name}.json"
    if name not in names(folder):
        raise FileNotFoundError(
            f"No checkpoint is called {name!r} in {folder}; there are {names(folder)}. "
            f"`make checkpoints NAME={name}` trains one if the course has a recipe of that name."
        )
    try:
        record = json.loads(path.read_text(encoding="utf8"))
        needed = isinstance(record, dict) and {"class", "config", "sha256"} <= set(record)
        if not needed or str(record["class"]) not in MODELS:
            raise ValueError(f"it needs config, sha256 and a class among {sorted(MODELS)}")
        # Our models take numbers, texts and lists; Keras would read an object as the description of other code.
        if not isinstance(record["config"], dict) or any(isinstance(v, dict) for v in record["config"].values()):
            raise ValueError("its config must hold numbers, texts and lists by name")
    except (ValueError, RecursionError) as error:  # the second, if brackets are nested without end
        raise ValueError(f"{path} is broken ({error}). Restore it with git, or train again: {_remake(name)}") from None
    return record


def check(name, folder=FOLDER):
    """Path of a checkpoint's weights, whose hash was compared with the record.

    Raises:
        FileNotFoundError: if the weights or their record are missing.
        ValueError: if the hash differs: the file is broken, truncated, or from another training.
    """
    expected = info(name, folder)["sha256"]
    path = Path(folder) / f"{name}.weights.h5"
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing. Restore it with git, or train it: {_remake(name)}")
    found = sha256_of(path)
    if found != expected:
        raise ValueError(
            f"{path} is broken or belongs to another training: expected SHA-256 {expected}, found {found}. "
            f"Restore it with git, or train it: {_remake(name)}"
        )
    return path


def load(name, folder=FOLDER):
    """The built model of a checkpoint with its trained weights, ready for its verbs or for more training.

    Raises:
        FileNotFoundError: see `check`.
        ValueError: see `check`; or if record and weights do not fit each other.
    """
    path = check(name, folder)
    record = info(name, folder)
    try:
        model = model_class(record["class"])(**record["config"], name=name)
        with h5py.File(path) as file:
            weights = named_weights(model)
            check_names(expected=weights.keys(), found=arrays_in(file))
            for key, weight in weights.items():
                # Compared before a byte is read: a small file can declare an array larger than the memory.
                if file[key].shape != tuple(weight.shape):
                    raise ValueError(f"{key} has shape {file[key].shape}, in the model {tuple(weight.shape)}")
                weight.assign(file[key][()])
    except (KeyError, OSError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path} and its record do not fit each other ({error}). Restore both with git, or train: {_remake(name)}"
        ) from None
    return model


def round_to_half(model):
    """Rounds a model's weights to what 16 bits can hold, so that `save` stores them in half the space, without loss.

    Raises:
        ValueError: for a weight that is not finite, or beyond ±65,504, the largest number of 16 bits.
    """
    for name, weight in named_weights(model).items():
        values = weight.numpy()
        if not fits_half(values):
            raise ValueError(f"16 bits hold numbers up to 65,504. Received: {name} with {abs(values).max()}")
        weight.assign(values.astype("float16"))


def compact(values):
    """The numbers as float16 if that changes none of them, else as they are."""
    return values.astype("float16") if fits_half(values) and (values.astype("float16") == values).all() else values


def fits_half(values):
    """Whether no number is beyond the largest of 16 bits, or none at all."""
    return abs(values).max(initial=0.0) <= 65_504


def model_class(name):
    """The class of a name in `MODELS`."""
    return getattr(importlib.import_module(MODELS[name]), name)


def save(model, name, record, folder=FOLDER):
    """Stores a model's weights (not its optimizer) and its record; both appear whole or not at all.

    Args:
        model: an instance of a class that is named in `MODELS`.
        name: file name without ending: letters, digits and underscores.
        record: what made it and what it reached: recipe, seed, versions, minutes, metrics.

    Returns:
        The record as stored, with class, config, sha256 and bytes.

    Raises:
        ValueError: for another kind of name.
    """
    if not re.fullmatch(r"\w+", name):
        raise ValueError(f"A checkpoint's name is made of letters, digits and underscores. Received: name={name!r}")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    remove_leftovers(folder, ".saving-*")
    config = {key: value for key, value in model.get_config().items() if key not in ("name", "trainable", "dtype")}
    # Made in memory, and written by Python: HDF5 itself takes the whole process down when the disk is full.
    with h5py.File(name, "w", driver="core", backing_store=False) as file:
        for key, weight in named_weights(model).items():
            file.create_dataset(key, data=compact(weight.numpy()), compression="gzip", shuffle=True)
        file.flush()
        content = file.id.get_file_image()
    with tempfile.TemporaryDirectory(dir=folder, prefix=".saving-") as scratch:
        weights = Path(scratch) / f"{name}.weights.h5"
        weights.write_bytes(content)
        record = {
            "class": type(model).__name__,
            "config": config,
            **record,
            "sha256": sha256_of(weights),
            "bytes": weights.stat().st_size,
        }
        text = Path(scratch) / f"{name}.json"
        text.write_text(json.dumps(record, indent=1) + "\n", encoding="utf8")
        os.replace(weights, folder / weights.name)
        os.replace(text, folder / text.name)
    return record


# ---- the names of weights ----


def named_weights(model):
    """{name: variable} of a model's networks: no optimizer state, no metrics.

    A name is made of the network's, the layer's and the weight's own: `encoder/dense_1/kernel`. Where Keras numbers
    layers by itself, it counts all that a process has made; here they are numbered anew in each network.

    Raises:
        ValueError: if two weights would share a name.
    """
    named = {}
    for network in model.layers:
        numbers = Counter()
        for layer in getattr(network, "layers", [network]):
            place = [network.name]
            if layer is not network:
                kind = without_number(layer.name)
                place.append(f"{kind}_{numbers[kind]}" if numbers[kind] else kind)
                numbers[kind] += bool(layer.weights)
            for weight in layer.weights:
                name = "/".join([*place, own_name(weight, layer)])
                if name in named:
                    raise ValueError(f"Two weights are called {name}: give their layers or networks names of their own")
                named[name] = weight
    return named


def own_name(weight, layer):
    """A weight's name within its layer: `kernel`, or `lstm_cell/kernel` where the layer has layers inside."""
    path = getattr(weight, "path", weight.name).split(":")[0].split("/")  # Keras 2 adds ":0"
    inside = path[len(path) - path[::-1].index(layer.name):] if layer.name in path else path[-1:]
    return "/".join(without_number(part) for part in inside)


def without_number(name):
    """`dense_7` → `dense`: the number that Keras gives to the next layer of a kind."""
    return re.sub(r"_\d+$", "", name)


def arrays_in(file):
    """Names of all arrays in an HDF5 file."""
    found = []
    file.visititems(lambda name, item: found.append(name) if isinstance(item, h5py.Dataset) else None)
    return found


def check_names(expected, found):
    """Raises ValueError unless a file holds just the weights that a model has."""
    missing, foreign = sorted(set(expected) - set(found)), sorted(set(found) - set(expected))
    if missing or foreign:
        raise ValueError(
            f"the model needs {', '.join(missing[:3]) or 'nothing more'}, which the file has not; the file has "
            f"{', '.join(foreign[:3]) or 'nothing else'}, which the model has not: was a network or a layer renamed?"
        )


def _remake(name):
    return f"make checkpoints NAME={name}"
