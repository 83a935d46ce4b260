"""OpenMoji: 2,186 drawings in colour and as outlines, with their names in English and Chinese."""

from typing import NamedTuple

import numpy as np

from aigc_tf.data.downloading import find_file

NO_CONCEPT = frozenset(
    "man woman person men women people boy girl male female mr mrs mx adult older old child facing right left up down "
    "with without large small medium black white red orange yellow green blue purple brown grey gray light dark deep "
    "pink half full and".split()
)  # words of gender, age, direction, size and colour: they tell drawings of one concept apart
ALIKE = 0.95  # cosine of two outlines from which on they are drawings of one concept, whatever their names


class OpenMoji(NamedTuple):
    """Drawings of OpenMoji in the order of its catalogue, where related ones stand side by side.

    Args:
        colour: uint8 (N, 32, 32, 3) on white, or (N, 64, 64, 3) where asked for.
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


def load_openmoji_by_concept(data_dir=None, *, size=32):
    """All of OpenMoji in three parts that share no concept (see `concepts`): what is held out is new, not a variant.

    Of the concepts, in the order of the catalogue, those whose number ends in 4 or 9 are for the test (429 drawings),
    those in 7 for validation (197), and all others for training (1,560).

    Args:
        data_dir: a folder to look in first; see `find_file` for the rest of the search.
        size: 32, or 64 for `colour` of 64 × 64 pixels; `outline` stays 32 × 32.

    Returns:
        (train, validation, test), an `OpenMoji` each.

    Raises:
        ValueError: for another size; for more see `find_file`.
        FileNotFoundError, NotADirectoryError: see `find_file`.
    """
    if size not in (32, 64):
        raise ValueError(f"The drawings are 32 or 64 pixels wide. Received: size={size!r}")
    drawings = load_openmoji(data_dir, held_out=None)
    if size == 64:
        with np.load(find_file("openmoji64.npz", data_dir), allow_pickle=False) as arrays:
            drawings = drawings._replace(colour=arrays["colour"])
    digits = concepts(drawings.names, drawings.outline) % 10
    test, validation = np.isin(digits, (4, 9)), digits == 7
    return tuple(OpenMoji(*(column[part] for column in drawings)) for part in (~(test | validation), validation, test))


def group_numbers(drawings):
    """The number of each drawing's group, (N,) integers: 0 to 9 in the order of the alphabet, if all ten occur."""
    return np.unique(drawings.groups, return_inverse=True)[1]


def concepts(names, outlines):
    """Which drawings are one concept: they share a name but for `NO_CONCEPT`, or their outlines are nearly equal.

    The catalogue draws a pilot three times, as a man, a woman and a person, and a heart in twelve colours. Were the man
    in training and the pilot held out, a model could remember instead of generalise, and its score would not tell.
    Either tie joins, and a tie to one drawing of a concept is a tie to all: concepts are connected components.

    Args:
        names: (N,) strings, in English.
        outlines: uint8 (N, height, width, 1), black on white; alike are those whose ink, 255 − outline, has a cosine of
            at least `ALIKE`.

    Returns:
        int array (N,): the number of each drawing's concept, 0 for the first drawing's, and so on in order.
    """
    from scipy.sparse import csgraph  # here, since it is slow to import and few chapters need it

    _, titles = np.unique([_title(name) for name in names], return_inverse=True)
    ink = 255 - np.asarray(outlines, np.float32).reshape(len(titles), -1)
    ink /= np.linalg.norm(ink, axis=1, keepdims=True).clip(1e-6)  # an empty drawing is like no other
    related = (titles[:, np.newaxis] == titles) | (ink @ ink.T >= ALIKE)
    return csgraph.connected_components(related, directed=False)[1]


def _title(name):
    """The words of a name that say what is drawn; the whole name where none does, as in "woman"."""
    signs = (sign if sign.isalnum() else " " for sign in name.lower().replace("’s", ""))
    return " ".join(word for word in "".join(signs).split() if word not in NO_CONCEPT) or name
