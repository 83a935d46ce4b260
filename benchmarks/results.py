"""Where a benchmark's record goes: SCRIPT.json beside the script, one entry for each stack."""

import json
from pathlib import Path

import keras


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
