"""Trained weights in data/checkpoints: named, hashed, and stored with the recipe and the numbers that they reached.

Each checkpoint is two files: NAME.weights.h5, which both stacks can read, and NAME.json, its record.
"""

import json
import os
import re
import tempfile
import warnings
from pathlib import Path

import h5py

from aigc_tf.autoencoder import Autoencoder
from aigc_tf.data import CHECKOUT_DATA, sha256_of
from aigc_tf.vae import VAE

FOLDER = CHECKOUT_DATA / "checkpoints"
MODELS = {model.__name__: model for model in (Autoencoder, VAE)}


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
        if not needed or record["class"] not in MODELS:
            raise ValueError(f"it needs config, sha256 and a class among {sorted(MODELS)}")
    except ValueError as error:
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
        FileNotFoundError, ValueError: see `check`.
    """
    path = check(name, folder)
    record = info(name, folder)
    model = MODELS[record["class"]](**record["config"], name=name)
    with warnings.catch_warnings():
        # Keras 3 looks for its own second copy of each functional network in a file of Keras 2; the first is whole.
        warnings.filterwarnings("ignore", message="Skipping nested container")
        model.load_weights(path)
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
    config = {key: value for key, value in model.get_config().items() if key not in ("name", "trainable", "dtype")}
    bare = type(model)(**config)  # never compiled, so that no optimizer state is stored
    bare.set_weights(model.get_weights())
    with tempfile.TemporaryDirectory(dir=folder, prefix=".saving-") as scratch:
        weights = Path(scratch) / f"{name}.weights.h5"
        bare.save_weights(weights)
        compress(weights)
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


def compress(path):
    """Rewrites an HDF5 file with its arrays compressed, without loss; readers notice nothing."""
    packed = path.with_suffix(".packed")
    with h5py.File(path) as source, h5py.File(packed, "w") as target:

        def copy(name, item):
            if isinstance(item, h5py.Dataset) and item.shape:
                target.create_dataset(name, data=item[()], compression="gzip", shuffle=True)
                target[name].attrs.update(item.attrs)
            elif isinstance(item, h5py.Dataset):
                source.copy(item, target, name)
            else:
                target.require_group(name).attrs.update(item.attrs)

        target.attrs.update(source.attrs)
        source.visititems(copy)
    os.replace(packed, path)


def _remake(name):
    return f"make checkpoints NAME={name}"
