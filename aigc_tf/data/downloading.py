"""Data files: found offline first, checked by hash, and downloaded only if they are nowhere."""

import glob
import hashlib
import http.client
import os
import tempfile
import urllib.request
from pathlib import Path
from typing import NamedTuple

from aigc_tf.core.files import remove_leftovers

CHECKOUT_DATA = Path(__file__).resolve().parent.parent.parent / "data"


class DataFile(NamedTuple):
    """A file that the course knows: the hashes it may have and where else it can be fetched from."""

    sha256: tuple[str, ...]
    mirrors: tuple[str, ...]


FILES = {
    # The same 70,000 images under two zip compressions: the course's file, and the one that Keras downloads.
    "mnist.npz": DataFile(
        sha256=(
            "06af5dfe73b70e3bc1c36439982b18a8d76803db9b544f6fdf838a37fbb01b64",
            "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
        ),
        mirrors=(
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
            "https://s3.amazonaws.com/img-datasets/mnist.npz",
        ),
    ),
    # OpenMoji 17.0.0 at 32 × 32 and at 64 × 64, made by data/make_openmoji.py and published nowhere else.
    "openmoji.npz": DataFile(
        sha256=("f6a89b4df0b9a47b73e39c0ee2089c6624f70977e9bffce28cc955a164f98460",), mirrors=()
    ),
    "openmoji64.npz": DataFile(
        sha256=("79ce57f3847aed528eb8b5202f14979cf87b9f882f9a113f8a3cb17bda0d40e8",), mirrors=()
    ),
    # Bach's four-part chorales on a grid of sixteenths, made by data/make_chorales.py and published nowhere else.
    "chorales.npz": DataFile(
        sha256=("a117a60d486685bc322ba3dd980da8f73aab657df1131a0a2232073a9d39dcb1",), mirrors=()
    ),
    # Part of Shakespeare's plays in one file, the "tinyshakespeare" of char-rnn (Karpathy 2015): 1,115,394 characters.
    "shakespeare.txt": DataFile(
        sha256=("86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",),
        mirrors=(
            "https://storage.googleapis.com/download.tensorflow.org/data/shakespeare.txt",
            "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
        ),
    ),
}


def sha256_of(path):
    """SHA-256 of a file's bytes, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def keras_cache():
    """The folder in which Keras keeps downloaded datasets."""
    return Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "datasets"


def find_file(name, data_dir=None):
    """Path of a known data file whose hash was checked.

    Looks in `data_dir`, the folder named by AIGC_TF_DATA, the checkout's data/, Keras's cache, and at last downloads
    the file into `data_dir` or Keras's cache.

    Args:
        name: a key of `FILES`, such as "mnist.npz".
        data_dir: a folder to look in first.

    Raises:
        ValueError: for an unknown name, or a file whose hash is wrong (broken or truncated).
        NotADirectoryError: if `data_dir` or AIGC_TF_DATA is not a folder.
        FileNotFoundError: if the file is nowhere and cannot be downloaded.
    """
    if name not in FILES:
        raise ValueError(f"Unknown data file; known are {sorted(FILES)}. Received: name={name!r}")
    chosen = [Path(folder) for folder in (data_dir, os.environ.get("AIGC_TF_DATA")) if folder]
    for folder in chosen:
        if not folder.is_dir():
            raise NotADirectoryError(f"The data folder must exist. Received: {folder}")
    folders = [*chosen, CHECKOUT_DATA, keras_cache()]
    for folder in folders:
        path = folder / name
        if path.is_file():
            found = sha256_of(path)
            if found not in FILES[name].sha256:
                raise ValueError(
                    f"{path} is broken or is another file: expected SHA-256 {FILES[name].sha256[0]}, found {found}. "
                    f"Delete it (in a checkout, `git checkout data/{name}` brings it back) and run again."
                )
            return path
    target = (Path(data_dir) if data_dir else keras_cache()) / name
    failures = []
    for url in FILES[name].mirrors:
        try:
            return download(url, target, FILES[name].sha256)
        except (OSError, http.client.HTTPException, ValueError) as error:
            failures.append(f"{url}: {error}")
    looked = ", ".join(str(folder) for folder in folders)
    raise FileNotFoundError(
        f"{name} was not found in {looked}, and could not be downloaded ({'; '.join(failures)}). Put a copy with "
        f"SHA-256 {FILES[name].sha256[0]} into one of these folders, or set AIGC_TF_DATA to the folder that holds it."
    )


def download(url, target, sha256, timeout=30):
    """Fetches `url` to the path `target`: whole, with one of the hashes `sha256`, or not at all.

    The bytes go to a temporary name beside the target, which is renamed when the hash is right.

    Raises:
        OSError, http.client.HTTPException: if the address cannot be read or the file cannot be written.
        ValueError: if the bytes have another hash.
    """
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(target.parent, f".{glob.escape(target.name)}.????????")  # as mkstemp below names them
    digest = hashlib.sha256()
    with urllib.request.urlopen(url, timeout=timeout) as response:
        handle, partial = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                while block := response.read(1 << 20):
                    digest.update(block)
                    file.write(block)
            if digest.hexdigest() not in sha256:
                raise ValueError(f"expected SHA-256 {sha256[0]}, found {digest.hexdigest()}")
            os.replace(partial, target)
        finally:
            Path(partial).unlink(missing_ok=True)  # gone already when all went well
    return target
