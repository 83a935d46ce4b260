"""What the READMEs say is what stored notebooks and records of checkpoints say: one number for one thing."""

import json
import re
import statistics
from pathlib import Path

import nbformat
import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
READS = ("README.md", "data/README.md", "data/checkpoints/*.json", "notebooks/[0-9]*.ipynb")
ROW = re.compile(r"^\| \[[^\]]+\]\((notebooks/[^)]+\.ipynb)\) \|(.+)\|$", re.MULTILINE)
DECIMAL = re.compile(r"(?<![\w.,-])\d[\d,]*\.\d+")


def rows(readme):
    """{notebook: the rest of its row in the table of chapters}."""
    return dict(ROW.findall(readme))


def decimals(text):
    return DECIMAL.findall(text.replace("−", ""))


def stored_text(path):
    """All that a reader sees in a notebook: sources, and what the cells printed."""
    parts = []
    for cell in nbformat.read(path, as_version=4).cells:
        parts.append(cell.source)
        for output in cell.get("outputs", []):
            shown = output.get("data", {}).get("text/plain", "")
            parts += [output.get("text", ""), shown]
    return "\n".join(parts)


def not_said(row, text):
    """The decimal numbers of a row, but for the minutes in its last cell, that no number of the text rounds to."""
    promised, _ = row.rsplit("|", 1)
    return not_among(promised, [float(number.replace(",", "")) for number in decimals(text)])


def not_among(promised, values):
    """The decimal numbers of a text that no value rounds to."""
    def is_said(number):
        half = 0.5 * 10.0 ** -len(number.partition(".")[2])
        return any(abs(float(number.replace(",", "")) - value) <= half * 1.001 for value in values)

    return [number for number in decimals(promised) if not is_said(number)]


README = (CHECKOUT / "README.md").read_text(encoding="utf-8")


def test_every_chapter_has_a_row():
    assert sorted(rows(README)) == sorted(f"notebooks/{path.name}" for path in CHECKOUT.glob("notebooks/[0-9]*.ipynb"))


@pytest.mark.parametrize("notebook", rows(README))
def test_the_numbers_of_a_row_are_those_of_the_chapter(notebook):
    missing = not_said(rows(README)[notebook], stored_text(CHECKOUT / notebook))
    assert not missing, f"README.md says {missing} of {notebook}, where no number rounds to that"


@pytest.mark.parametrize("row, expected", [
    (" a VAE | 99.99 nats | at most 104 | 1.3 ", []),
    (" a VAE | 100.0 nats | at most 104 | 1.3 ", []),
    (" a VAE | 99.9 nats | at most 104 | 1.3 ", ["99.9"]),
])
def test_a_stale_number_is_found(row, expected):
    assert not_said(row, "−ELBO 99.99 nats, epoch 3") == expected


# ---- the table of checkpoints ----

CHECKPOINT = re.compile(r"^\| `(\w+)` \|([^|]+)\| (\d+) \|(.+)\|$", re.MULTILINE)
CHECKPOINTS = CHECKPOINT.findall((CHECKOUT / "data" / "README.md").read_text(encoding="utf-8"))


def measured(record):
    """The metrics of a record: of its seed, or means and standard deviations of its seeds, where all were measured."""
    if "by_seed" not in record:
        return [*record["metrics"].values()]
    seeds = [result["metrics"] for result in record["by_seed"]]
    columns = [[metrics[name] for metrics in seeds] for name in seeds[0] if all(name in metrics for metrics in seeds)]
    return [make(column) for column in columns for make in (statistics.mean, statistics.stdev)]


def test_every_checkpoint_has_a_row():
    records = sorted(path.stem for path in CHECKOUT.glob("data/checkpoints/*.json"))
    assert sorted(name for name, *_ in CHECKPOINTS) == records


@pytest.mark.parametrize("name, epochs, text", [(name, epochs, text) for name, _, epochs, text in CHECKPOINTS])
def test_the_numbers_of_a_checkpoint_are_those_of_its_record(name, epochs, text):
    record = json.loads((CHECKOUT / "data" / "checkpoints" / f"{name}.json").read_text())
    floor = json.loads((CHECKOUT / "data" / "checkpoints" / "digit_classifier.json").read_text())["metrics"]
    assert int(epochs) == record["recipe"]["epochs"]
    missing = not_among(text, [*measured(record), *floor.values()])
    assert not missing, f"data/README.md says {missing} of {name}, where no measured number rounds to that"
