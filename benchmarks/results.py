"""Where a benchmark's record goes, SCRIPT.json beside the script with one entry for each stack, and who made it.

With `--quick` a benchmark does next to nothing, to show that it runs; its record then goes to build/quick.
"""

import json
import os
import platform
import re
import sys
import time
from pathlib import Path

import keras
import psutil
import tensorflow as tf

from aigc_tf.core.stack import NAME

QUICK = "--quick" in sys.argv
FOLDER = Path(__file__).parent
QUICK_FOLDER = FOLDER.parent / "build" / "quick"


def sized(full, quick):
    """A number of steps, rounds, …: as it is measured, or for a quick run."""
    return quick if QUICK else full


def machine():
    """What a record says of the machine, the day and the packages."""
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "processor": platform.machine(),
        "date": time.strftime("%Y-%m-%d"),
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
    }


def milliseconds(seconds):
    """{name: seconds in each round} as a record has them."""
    return {name: [round(1000 * value, 3) for value in values] for name, values in seconds.items()}


def store(script, record, folder=None):
    """Adds the record of the stack that runs this, or replaces it.

    Args:
        script: path of the benchmark, its `__file__`.
        record: what it measured, as JSON takes it.
        folder: of the file; by default the script's own, or build/quick.
    """
    folder = Path(folder or (QUICK_FOLDER if QUICK else FOLDER))
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{Path(script).stem}.json"
    results = json.loads(target.read_text(encoding="utf-8")) if target.exists() else {}
    results[NAME] = record
    text = json.dumps(results, indent=1, ensure_ascii=False)
    text = re.sub(r"\[[^][{}]*]", lambda numbers: " ".join(numbers[0].split()), text)  # a line for each list
    target.write_text(text + "\n", encoding="utf-8")
