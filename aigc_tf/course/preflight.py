"""The preflight, `python -m aigc_tf`: is this machine ready for the course, and how long will a chapter take?

`--json` prints the same for scripts; `--fetch-all FOLDER` prepares a classroom without a network (see `classroom`).
"""

import argparse
import functools
import importlib.metadata
import json
import os
import platform
import shutil
import time
from pathlib import Path

from aigc_tf.core import command_line, stack

NOTEBOOKS = Path(__file__).resolve().parent.parent.parent / "notebooks"
GIGABYTE = 1e9


def main(notebooks=NOTEBOOKS, arguments=()):
    """Print what was found, a line each with what to do about it; return 1 if the course cannot run, else 0."""
    parser = argparse.ArgumentParser(prog="python -m aigc_tf", description=__doc__.splitlines()[0])
    parser.epilog = "The exit code is 0 if all is well, 1 if not."
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    choice.add_argument("--fetch-all", metavar="FOLDER", help="put course, data and wheels there, to install offline")
    options = parser.parse_args(arguments)
    if options.fetch_all:
        return fetch_all(options.fetch_all)
    say = (lambda *_, **__: None) if options.json else print

    checks = []
    for name, check in checks_by_name().items():
        level, text = check()
        checks.append({"check": name, "level": level, "text": text})
        say(f"{level:>8}  {text}", flush=True)
    minutes = estimate_minutes(notebooks)
    for name, value in minutes.items():
        say(f"{'':8}  {name}: about {max(value, 0.1):.1f} minutes on this machine", flush=True)

    ok = all(check["level"] != "PROBLEM" for check in checks)
    if options.json:
        found = {"ok": ok, "stack": stack.NAME, "checks": checks}
        print(json.dumps(found | {"steps_per_second": steps_per_second(), "minutes": minutes}, indent=2))
    return 0 if ok else 1


def fetch_all(folder):
    """Prepare a classroom in `folder`; return the exit code."""
    from aigc_tf.course import classroom

    def work():
        for level, text in (check_data(), check_checkpoints()):
            if level == "PROBLEM":
                raise ValueError(text)
        classroom.fetch_all(folder)

    return command_line.run(
        "Fetching", work, interrupted="The same command goes on from the wheels that are there.",
        busy=f"another run is writing to {folder}. Wait for it to end, or name another folder.",
    )


# Each check returns ("ok" | "warning" | "PROBLEM", what was found and what to do).


def checks_by_name():
    """All checks, in the order of their lines."""
    return {
        "stack": check_stack, "machine": check_machine, "memory": check_memory, "disk": check_disk, "data": check_data,
        "checkpoints": check_checkpoints,
    }


def check_stack():
    """Python and the versions of the stack that fits it."""
    python = platform.python_version()
    names = ["tensorflow", "keras"] + (["tensorflow-addons"] if stack.NAME == "classic" else [])
    try:
        versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    except importlib.metadata.PackageNotFoundError as error:
        return "PROBLEM", f"Python {python} without {error.name}: run `make setup`"
    return "ok", f"{stack.NAME} stack: Python {python}, {versions}"


def check_machine():
    """Processors and accelerators."""
    import tensorflow as tf

    gpus = [gpu.name for gpu in tf.config.list_physical_devices("GPU")]
    return "ok", f"{cpu_count()} CPU cores, {', '.join(gpus) or 'no GPU (none is needed)'}"


def cpu_count():
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def check_memory(needed=3 * GIGABYTE):
    """Memory that is free for a chapter."""
    import psutil

    free = psutil.virtual_memory().available
    text = f"{free / GIGABYTE:.1f} GB of memory free"
    return ("ok", text) if free >= needed else ("warning", f"{text}: close other programs, a chapter takes up to 3 GB")


def check_disk(needed=0.5 * GIGABYTE):
    """Room for the pages and a training run's files."""
    free = shutil.disk_usage(".").free
    text = f"{free / GIGABYTE:.1f} GB of disk free"
    return ("ok", text) if free >= needed else ("PROBLEM", f"{text}: make room, {needed / GIGABYTE} GB are needed")


def check_data():
    """MNIST, found and its hash checked."""
    from aigc_tf import data

    try:
        return "ok", f"MNIST: {_short(data.find_file('mnist.npz'))}, hash checked"
    except (OSError, ValueError) as error:
        return "PROBLEM", f"MNIST: {error}"


def check_checkpoints():
    """Trained weights, found and their hashes checked."""
    from aigc_tf import checkpoints

    names = checkpoints.names()
    broken = []
    for name in names:
        try:
            checkpoints.check(name)
        except (OSError, ValueError) as error:
            broken.append(f"{name}: {error}")
    if broken:
        return "PROBLEM", "; ".join(["checkpoints", *broken, "get them again with git, or run `make checkpoints`"])
    return "ok", f"checkpoints: {', '.join(names) or 'none yet'}"


def _short(path):
    path, checkout = Path(path), NOTEBOOKS.parent
    return path.relative_to(checkout).as_posix() if path.is_relative_to(checkout) else path


# Minutes per chapter.


@functools.cache
def steps_per_second(seconds=2.0):
    """Training steps per second of a small dense network: how fast this machine is, for comparison with another."""
    import numpy as np
    import tensorflow as tf

    random = np.random.default_rng(0)
    weights = [tf.Variable(random.normal(0, 0.05, shape).astype("float32")) for shape in ((784, 512), (512, 784))]
    images = tf.constant(random.random((200, 784), dtype="float32"))

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((tf.nn.elu(images @ weights[0]) @ weights[1] - images) ** 2)
        for weight, gradient in zip(weights, tape.gradient(loss, weights), strict=True):
            weight.assign_sub(0.01 * gradient)
        return loss

    step()  # traced here, outside the measurement
    steps, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        float(step())
        steps += 1
    return round(steps / (time.perf_counter() - start), 1)


def estimate_minutes(notebooks):
    """Minutes by chapter: those it took where it was stored, scaled to the speed of this machine."""
    minutes = {}
    for path in sorted(notebooks.glob("[0-9]*.ipynb")):
        facts = json.loads(path.read_text(encoding="utf-8"))["metadata"].get("aigc_tf", {})
        if {"minutes", "steps_per_second"} <= facts.keys():
            minutes[path.stem] = round(facts["minutes"] * facts["steps_per_second"] / steps_per_second(), 2)
    return minutes
