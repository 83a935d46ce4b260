"""PyTorch's contenders: programs of `pytorch_programs.py`, each a process that waits for orders while others work.

PyTorch has a process of its own, so that its threads, which spin while they wait for each other, and TensorFlow's are
never in each other's way; and an environment of its own, so that both stacks are measured beside the same PyTorch:

    python3.11 -m venv build/torch && build/torch/bin/python -m pip install torch==2.13.0 numpy

TORCH_PYTHON names the Python of another. (For Linux on x86-64, PyPI's own build brings gigabytes for graphics cards;
PyTorch's site says how to get the small one for processors.) Without PyTorch its rows are left out.
"""

import math
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from messages import receive, send
from timing import timed

FOLDER = Path(__file__).parent
PYTHON = os.environ.get("TORCH_PYTHON") or str(FOLDER.parent / "build" / "torch" / "bin" / "python")
INSTALLED = shutil.which(PYTHON) is not None
COMPILES = INSTALLED and shutil.which("g++") is not None  # torch.compile calls a C++ compiler
if not INSTALLED:
    print("PyTorch's rows are left out: benchmarks/pytorch.py says how to install it.", flush=True)


class Program:
    """A running program: Program("VAE", seed=0, …) makes it, and calling it calls one of its methods.

    Args:
        kind: name of a class in `pytorch_programs.py`.
        arguments: of its constructor: numbers, strings, lists and NumPy arrays, as in all calls.
    """

    running = []

    def __init__(self, kind, **arguments):
        self.folder = tempfile.TemporaryDirectory()
        command = [PYTHON, str(FOLDER / "pytorch_programs.py")]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.running.append(self)
        self(kind, **arguments)

    def __call__(self, method, **arguments):
        send(self.process.stdin, [method, arguments], self.folder.name)
        return receive(self.process.stdout)

    def close(self):
        """Ends the process."""
        self.process.communicate()
        self.folder.cleanup()
        self.running.remove(self)


def close_all():
    """Ends all programs."""
    for program in list(Program.running):
        program.close()


def count_weights(*networks):
    """Numbers of trainable weights of Keras networks, as a program's `count` tells its own."""
    return [sum(math.prod(weight.shape) for weight in network.trainable_variables) for network in networks]


def timed_program(program, steps):
    """A contender: seconds of a step of a program that trains for so many."""
    return timed(steps, lambda: program("train", steps=steps))


def programs(make):
    """{name: program} of the programs `make(compiled=…)`, eager and compiled, as far as PyTorch is there."""
    ways = {"PyTorch": (INSTALLED, False), "PyTorch, compiled": (COMPILES, True)}
    return {name: make(compiled=compiled) for name, (there, compiled) in ways.items() if there}


def contenders(make, steps):
    """{name: contender} of these programs: each trains for so many steps."""
    return {name: timed_program(program, steps) for name, program in programs(make).items()}
