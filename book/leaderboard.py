"""The leaderboard's page, from the records beside the checkpoints."""

import statistics

from aigc_tf import checkpoints

FLOOR = "digit_classifier"  # its record holds what real training images reach, the floor of every column
IMAGES = {"frechet_distance": 2, "kernel_distance": 2, "classifier_score": 2, "precision": 2, "recall": 2,
          "smallest_class_share": 3, "seconds_per_1000": 2}
TEXTS = {"test_nats": 3, "five_gram_test_nats": 3, "known_words": 2, "longest_copied_span": 0, "self_bleu_4": 2,
         "characters_per_second": 0}

INTRODUCTION = """\
---
html_theme.sidebar_secondary.remove: true
---

# Leaderboard

Every trained model of the course, measured by the same judge with the same number of samples, 10,000 against the
10,000 test images. The numbers are those that `make checkpoints` recorded beside the weights
(`data/checkpoints/NAME.json`); ± is the standard deviation over the seeds that were trained. The first row is the
floor: real training images, measured as if a model had made them.

## Images

"""
BETWEEN = """
Low is good for the two distances (chapter 3 says what they compare), high for score, precision, recall and the rarest
class's share. Minutes are of our two cores, some of them shared with other work; sampling times are of single runs.

## Texts

"""


def results_of(record):
    """What each seed reached: a list of {"minutes": …, "metrics": {…}}."""
    return record.get("by_seed", [record])


def cell(values, digits):
    """Mean, and ± standard deviation where there are several."""
    spread = f"\u00a0±\u00a0{statistics.stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):,.{digits}f}{spread}"


def table(records, columns, minutes=True):
    """Markdown: a row for each record, a column for each metric, sorted by the first."""
    rows = []
    for name, record in records.items():
        results = results_of(record)
        numbers = [[run["metrics"][column] for run in results if column in run["metrics"]] for column in columns]
        cells = [cell(values, digits) if values else "" for values, digits in zip(numbers, columns.values())]
        cells += [cell([result["minutes"] for result in results], 1) if minutes and name != FLOOR else ""]
        label = "*real training images (floor)*" if name == FLOOR else f"`{name}`"
        rows.append((name != FLOOR, statistics.mean(numbers[0]), [label, str(len(results)), *cells]))
    heads = ["model", "seeds", *(column.replace("_", " ") for column in columns), "minutes"]
    lines = [heads, ["---"] * len(heads), *(cells for *_, cells in sorted(rows, key=lambda row: row[:2]))]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def page():
    """The whole page, as Markdown."""
    records = {name: checkpoints.info(name) for name in checkpoints.names()}
    images = {name: record for name, record in records.items() if "frechet_distance" in record["metrics"]}
    texts = {name: record for name, record in records.items() if "test_nats" in record["metrics"]}
    return INTRODUCTION + table(images, IMAGES) + BETWEEN + table(texts, TEXTS)
