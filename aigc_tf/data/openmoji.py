"""OpenMoji: 2,186 drawings in colour and as outlines, with their names in English and Chinese."""

from typing import NamedTuple

import numpy as np

from aigc_tf.data.downloading import find_file


class OpenMoji(NamedTuple):
    """Drawings of OpenMoji in the order of its catalogue, where related ones stand side by side.

    Args:
        colour: uint8 (N, 32, 32, 3) on white.
        outline: uint8 (N, 32, 32, 1), the same drawings as black lines on white.
        names: str (N,), in English.
        chinese_names: str (N,), "" where Unicode has no such emoji.
        groups, subgroups: str (N,), such as "animals-nature" and "animal-mammal".
    """

    colour: np.ndarray
    outline: np.ndarray
    names: np.ndarray
    chinese_names: np.ndarray
    groups: np.ndarray
    subgroups: np.ndarray


def load_openmoji(data_dir=None, *, held_out=False):
    """OpenMoji 17.0.0 without flags, skin tones and components (CC BY-SA 4.0; made by data/make_openmoji.py).

    Args:
        data_dir: a folder to look in first; see `find_file` for the rest of the search.
        held_out: False for the nine of ten drawings that the course trains on, True for every tenth, None for all.

    Raises:
        ValueError, FileNotFoundError, NotADirectoryError: see `find_file`.
    """
    with np.load(find_file("openmoji.npz", data_dir), allow_pickle=False) as arrays:
        numbers = np.arange(len(arrays["names"]))
        chosen = numbers if held_out is None else numbers[(numbers % 10 == 9) == held_out]
        return OpenMoji(**{name: arrays[name][chosen] for name in OpenMoji._fields})
