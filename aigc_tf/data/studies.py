"""Studies: what many trainings reached that a chapter compares, and that would take it too long."""

import json
from pathlib import Path

from aigc_tf.data.downloading import CHECKOUT_DATA


def load_study(file, folder=CHECKOUT_DATA):
    """The record of a study, as `python -m aigc_tf.studies` wrote it: a dict.

    It holds `about`, what was done in words; `versions`; and `runs`, a list of dicts: `name`, `seed`, `parameters`,
    `tokens` that it was trained on; `microseconds` of one core that each of them took, if the budget was one of
    minutes; `nats` per token of validation text at the end (per line in a study of lines); and `curve`, a list of
    [tokens, nats] on the way (of a VAE: its KL).

    Args:
        file: its name in data, such as "transformer_scales.json".
        folder: where it stands.

    Raises:
        FileNotFoundError: if there is no such file.
    """
    path = Path(folder) / file
    if not path.is_file():
        remedy = f"Restore it with git, or carry it out: make studies NAME={path.stem}"
        raise FileNotFoundError(f"There is no study {path}. {remedy}")
    return json.loads(path.read_text(encoding="utf8"))
