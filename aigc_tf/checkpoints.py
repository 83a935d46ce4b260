"""Trained weights in data/checkpoints: named, hashed, and stored with the recipe and the numbers that they reached.

Each checkpoint is two files: NAME.weights.h5 and NAME.json, its record. The first is HDF5 with one array for each
weight, in the order of the model's layers, which both stacks write and read. (Keras's own files of that ending go from
Keras 2 to Keras 3, but not back.)
"""

import json
import os
import re
import tempfile
from pathlib import Path

import h5py

from aigc_tf.autoencoder import Autoencoder
from aigc_tf.classifier import DigitClassifier
from aigc_tf.data import CHECKOUT_DATA, sha256_of
from aigc_tf.files import remove_leftovers
from aigc_tf.gan import GAN
from aigc_tf.lstm import LSTMLanguageModel
from aigc_tf.vae import VAE

FOLDER = CHECKOUT_DATA / "checkpoints"
MODELS = {model.__name__: model for model in (Autoencoder, VAE, DigitClassifier, GAN, LSTMLanguageModel)}


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
        model = MODELS[record["class"]](**record["config"], name=name)
        with h5py.File(path) as file:
            for weight, key in zip(weights_of(model), sorted(file), strict=True):
                # Compared before a byte is read: a small file can declare an array larger than the memory.
                if not isinstance(file[key], h5py.Dataset) or file[key].shape != tuple(weight.shape):
                    raise ValueError(f"{key} is no array of shape {tuple(weight.shape)}")
                weight.assign(file[key][()])
    except (KeyError, OSError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path} and its record do not fit each other ({error}). Restore both with git, or train: {_remake(name)}"
        ) from None
    return model


def save(model, name, record, folder=FOLDER):
    """Stores a model's weights (not its optimizer) and its record; both appear whole or not at all.

    Args:
        model: an instance of a class in `MODELS`.
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
        for number, weight in enumerate(weights_of(model)):
            file.create_dataset(f"{number:03}", data=weight.numpy(), compression="gzip", shuffle=True)
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


def weights_of(model):
    """The weights of a model's networks in the order of its layers: no optimizer state, no metrics."""
    return [weight for layer in model.layers for weight in layer.weights]


def _remake(name):
    return f"make checkpoints NAME={name}"
