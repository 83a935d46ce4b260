"""Where a benchmark's record goes, SCRIPT.json beside the script with one entry for each stack, and who made it."""

import json
import os
import platform
import time
from pathlib import Path

import keras
import psutil
import tensorflow as tf


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


def store(script, record):
    """Adds the record of the stack that runs this, or replaces it.

    Args:
        script: path of the benchmark, its `__file__`.
        record: what it measured, as JSON takes it.
    """
    target = Path(script).with_suffix(".json")
    results = json.loads(target.read_text()) if target.exists() else {}
    results["classic" if keras.__version__.startswith("2.") else "current"] = record
    target.write_text(json.dumps(results, indent=1) + "\n")
