"""What the records say: medians, ratios of rounds, and which differences are larger than the spread."""

import json
import statistics
from pathlib import Path

FOLDER = Path(__file__).parent
OURS, FUSED, KERAS, TORCH, COMPILED = (
    "ours", "ours with FusedAdam", "Keras example's way", "PyTorch", "PyTorch, compiled"
)
EAGER, MUON = "eager TensorFlow loop", "ours with Muon"
CONTENDERS = (OURS, FUSED, KERAS, EAGER, TORCH, COMPILED)  # in the order of the tables
WORKS = {  # of a step, where their records are
    "VAE, batch 128": ("vae_step", "VAE"),
    "dense GAN, batch 64": ("gan_step", "dense GAN"),
    "DCGAN, batch 64": ("gan_step", "DCGAN"),
    "LSTM, 64 × 64 characters": ("lstm_step", "batch 64"),
    "diffusion U-Net, batch 64": ("diffusion_step", "diffusion U-Net"),
    "Transformer, 8 × 256 characters": ("transformer_step", "Transformer"),
    "pix2pix, batch 4": ("translation_step", "pix2pix"),
    "CycleGAN, batch 4": ("translation_step", "CycleGAN"),
}


def records(stack, folder=FOLDER):
    """{script: its record}, of one stack."""
    found = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(Path(folder).glob("*.json"))}
    return {name: stacks[stack] for name, stacks in found.items() if stack in stacks}


def works(found):
    """{work: {contender: [milliseconds of a step in each round]}}, of those that were measured."""
    return {
        work: found[script][part]["milliseconds"] for work, (script, part) in WORKS.items() if script in found
    }


def rates(found, work):
    """{product: 10⁹ multiplications and additions a second}, in turns with a work's contenders."""
    script, part = WORKS[work]
    return found[script].get("gflop_per_second") or found[script][part]["gflop_per_second"]


def limit(found, work):
    """Milliseconds of a step if its products ran at the best rate of a large product."""
    script, part = WORKS[work]
    return 1000 * found[script][part]["gflop"] / max(rates(found, work).values())


def short(work):
    """A work without its size."""
    return work.split(",")[0]


def ratios(row, name, to):
    """[one contender's time over another's, in each round], the smallest first."""
    return sorted(a / b for a, b in zip(row[name], row[to]))


def best_pytorch(row):
    """The faster one of PyTorch's contenders, or None."""
    return min((name for name in (TORCH, COMPILED) if name in row), key=lambda name: statistics.median(row[name]),
               default=None)


def spread(values):
    """"median (least–most)", two digits behind the point."""
    return f"{statistics.median(values):.2f} ({min(values):.2f}–{max(values):.2f})"


def verdict(values):
    """What ratios of times say: a word only where all rounds agree."""
    return "faster" if max(values) < 1 else "slower" if min(values) > 1 else "no difference"


def order(row, name, other):
    """Who reaches a goal first, by the minutes of all seeds; no claim where the ranges overlap."""
    first, second = (row[each]["minutes"] for each in (name, other))
    for one, minutes, two, more in ((name, first, other, second), (other, second, name, first)):
        if max(minutes) < min(more) and all(row[one]["reached"]):
            return f"{one} before {two}"
    return f"{name} and {other} overlap"
