"""Studies: what many trainings reached that a chapter compares, and that would take it too long."""

import json
from pathlib import Path

from aigc_tf.data.downloading import CHECKOUT_DATA


def load_study(file, folder=CHECKOUT_DATA):
    """The record of a study, as `python -m aigc_tf.studies` wrote it: a dict.

    It holds `about`, what was done in words; `versions`; and `runs`, a list of dicts: `name`, `seed`, `parameters`,
    `minutes` of one core, `tokens` that it was trained on, `nats` per token of validation text at the end, and `curve`,
    a list of [minutes, tokens, nats] on the way.

    Args:
        file: its name in data, such as "transformer_options.json".
        folder: where it stands.

    Raises:
        FileNotFoundError: if there is no such file.
    """
    path = Path(folder) / file
    if not path.is_file():
        remedy = f"Restore it with git, or carry it out: make studies NAME={path.stem}"
        raise FileNotFoundError(f"There is no study {path}. {remedy}")
    return json.loads(path.read_text(encoding="utf8"))
