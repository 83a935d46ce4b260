"""Which notebooks and test files CI runs: what a change can reach, and in turn a fifth of the rest (`make affected`).

A test run records what passed, with its digest (`digests`), seconds and day, in tests/digests/STACK.json: commit that.
Fast test files always run. Of the others those run whose digest is no longer the recorded one, the longest unverified
first, as far as both stacks fit into BUDGET; then every fifth of the rest, another fifth with each commit.

Standard library only, and a script that needs no environment: `python3 aigc_tf/course/selection.py [--write FOLDER]`.
"""

import argparse
import contextlib
import datetime
import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

if __package__:
    from aigc_tf.core.files import write_file
    from aigc_tf.course import digests
else:  # as a script, or for tests/conftest.py: without the package, which imports TensorFlow
    sys.path += [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent / "core")]
    import digests  # type: ignore[no-redef]
    from files import write_file  # type: ignore[no-redef]

STACKS = ("classic", "current")
WITHOUT_A_STACK = {"tests/test_book.py"}  # once is enough; see test-current in the Makefile
FAST, BUDGET = 10, 45 * 60  # seconds: a test file that takes fewer always runs; CI takes no more, on both stacks
UNKNOWN = 30  # seconds of a test file that nobody has timed
WORKERS, TURNS = 2, 5
ALWAYS, UNVERIFIED, TURN, REST = "fast", "unverified", "its turn", "nothing new"  # why a file runs, or need not


class Item(NamedTuple):
    """A notebook or test file on one of the stacks."""

    path: str
    seconds: float  # recorded, or estimated
    passed: str  # the day when it last did, "" if there is no record
    kind: str  # ALWAYS, UNVERIFIED, TURN or REST


def files_to_run(root, stack):
    """All notebooks and test files of a stack, as paths relative to the checkout."""
    patterns = ("notebooks/[0-9]*.ipynb", "notebooks/solutions/[0-9]*.ipynb", "tests/**/test_*.py")
    paths = [path.relative_to(root).as_posix() for pattern in patterns for path in sorted(Path(root).glob(pattern))]
    return [path for path in paths if stack == STACKS[0] or path not in WITHOUT_A_STACK]


# ---- the plan ----


def survey(root, stack, turn=0):
    """An `Item` for each file; of those that nothing speaks for, `turn` decides which fifth runs."""
    sources, records = digests.Sources(root), read_records(root, stack)
    items = []
    for rank, path in enumerate(files_to_run(root, stack)):
        entry = records.get(path)
        if entry is None:
            items.append(Item(path, estimate(Path(root) / path), "", UNVERIFIED))
            continue
        if path.endswith(".py") and entry["seconds"] < FAST:
            kind = ALWAYS
        elif entry["digest"] != sources.digest(path, stack):
            kind = UNVERIFIED
        else:
            kind = TURN if rank % TURNS == turn % TURNS else REST
        items.append(Item(path, entry["seconds"], entry["passed"], kind))
    return items


def estimate(path):
    """Seconds that a file without a record may take: what the notebook says, or UNKNOWN."""
    try:
        return 60 * json.loads(path.read_text(encoding="utf-8"))["metadata"]["aigc_tf"]["minutes"]
    except (KeyError, TypeError, ValueError):
        return UNKNOWN


def choose(surveys, budget=BUDGET):
    """{stack: items that run}, of {stack: all items}; the first stack comes first."""
    chosen = {stack: [item for item in items if item.kind == ALWAYS] for stack, items in surveys.items()}
    for kind in (UNVERIFIED, TURN):
        for stack, items in surveys.items():
            for item in sorted(items, key=lambda item: (item.passed, item.path)):  # no record, then the oldest
                if item.kind == kind and expected({**chosen, stack: [*chosen[stack], item]}) <= budget:
                    chosen[stack].append(item)
    return chosen


def expected(chosen):
    """Seconds that a run takes, one stack after the other, WORKERS files at a time."""
    each = [[item.seconds for item in items] or [0] for items in chosen.values()]
    return sum(max(*seconds, sum(seconds) / WORKERS) for seconds in each)


def turn_of(root):
    """The number of commits; the number of days, if the history is not there."""
    if not (Path(root) / ".git" / "shallow").exists():
        with contextlib.suppress(OSError, ValueError):
            count = ["git", "-C", str(root), "rev-list", "--count", "HEAD"]
            return int(subprocess.run(count, capture_output=True, text=True).stdout)
    return datetime.date.today().toordinal()


def describe(surveys, chosen):
    """The plan in words, one line for each file that is not fast."""
    lines = [f"Selected: {expected(chosen) / 60:.0f} expected minutes, of {BUDGET // 60} at most (minutes  file  why)"]
    for stack, items in surveys.items():
        fast = [item.seconds for item in items if item.kind == ALWAYS]
        lines += ["", f"{stack}: {expected({stack: chosen[stack]}) / 60:.0f} minutes, {WORKERS} files at a time"]
        lines += [f"{sum(fast) / 60:7.1f}  {len(fast)} fast test files"]
        lines += [line_of(item) for item in chosen[stack] if item.kind != ALWAYS]
        late = [item for item in items if item.kind == UNVERIFIED and item not in chosen[stack]]
        lines += ["  no time is left for these, which stay unverified:", *map(line_of, late)] if late else []
        lines += [f"  {sum(item.kind == REST for item in items)} files have nothing new"]
    return "\n".join(lines)


def line_of(item):
    """An item in words."""
    since = f"changed since it passed on {item.passed}" if item.passed else "no record that it passed"
    return f"{item.seconds / 60:7.1f}  {item.path}  {since if item.kind == UNVERIFIED else item.kind}"


# ---- the records ----


def record_file(root, stack):
    """Path of the records of a stack."""
    return Path(root) / "tests" / "digests" / f"{stack}.json"


def read_records(root, stack):
    """{path: {"digest", "seconds", "passed"}}; what is not of that form is left out."""
    try:
        entries = json.loads(record_file(root, stack).read_text(encoding="utf-8")).items()
    except (AttributeError, OSError, ValueError):
        return {}
    kinds = {"digest": str, "seconds": int | float, "passed": str}
    return {path: entry for path, entry in entries if isinstance(entry, dict)
            and all(isinstance(entry.get(key), kind) for key, kind in kinds.items())}


def write_records(root, stack, new):
    """Add entries to the records; those of files that are gone go."""
    entries = read_records(root, stack) | new
    kept = [path for path in sorted(entries) if (Path(root) / path).is_file()]
    lines = [f"{json.dumps(path)}: {json.dumps(entries[path])}" for path in kept]
    write_file(record_file(root, stack), "{\n" + ",\n".join(lines) + "\n}\n")


def stack_here(root):
    """The stack whose locks, as they stand, this environment was made from; None for another environment."""
    try:
        stack, _, digest = Path(sys.prefix, "aigc-tf.stamp").read_text(encoding="utf-8").split()
        return stack if digest == digests.lock_digest(stack, root) else None
    except (OSError, ValueError):
        return None


class Recorder:
    """A pytest plugin that records each file of which all tests ran and none failed, with the digest it began with.

    Args:
        root: the checkout.
        stack: the one that runs the tests.
        places: the folders and files that are tested.
    """

    def __init__(self, root, stack, places):
        self.root, self.stack, sources = Path(root).resolve(), stack, digests.Sources(root)
        places = [Path(place).resolve() for place in places]
        paths = [path for path in files_to_run(self.root, stack) if any(map((self.root / path).is_relative_to, places))]
        self.digests = {path: sources.digest(path, stack) for path in paths}
        self.collected, self.seconds = defaultdict(set), defaultdict(float)
        self.ended, self.failed = set(), set()

    def collect(self, names):
        """Note the names of tests, such as tests/test_vae.py::test_loss."""
        for name in names:
            self.collected[name.split("::")[0]].add(name)

    def pytest_collection_finish(self, session):
        self.collect(item.nodeid for item in session.items)

    def pytest_xdist_node_collection_finished(self, node, ids):
        self.collect(ids)

    def pytest_runtest_logreport(self, report):
        self.seconds[report.nodeid.split("::")[0]] += report.duration
        if report.failed:
            self.failed.add(report.nodeid)
        elif report.when == "teardown":
            self.ended.add(report.nodeid)

    def pytest_sessionfinish(self, session):
        if not is_partial(session.config) and (passed := self.passed()):
            with contextlib.suppress(PermissionError):  # a checkout that only others may write
                write_records(self.root, self.stack, passed)

    def passed(self):
        """The entries of the files that passed as a whole, and have not been changed since."""
        now, day = digests.Sources(self.root), datetime.date.today().isoformat()
        whole = [path for path, tests in self.collected.items() if tests <= self.ended - self.failed]
        return {path: {"digest": self.digests[path], "seconds": round(self.seconds[path], 1), "passed": day}
                for path in whole if path in self.digests and self.digests[path] == now.digest(path, self.stack)}

    def pytest_terminal_summary(self, terminalreporter):
        """Name what is unverified at the end of a selected run, with what the stack before has left."""
        if os.environ.get("SELECT"):
            for stack in STACKS[:STACKS.index(self.stack) + 1]:
                late = [line_of(item) for item in survey(self.root, stack) if item.kind == UNVERIFIED]
                terminalreporter.section(f"{stack} stack: {len(late)} files are unverified")
                terminalreporter.write("".join(f"{line}\n" for line in late))


def is_partial(config):
    """Whether a run leaves out tests of a file, or measures something else than whether it passes."""
    options = ("keyword", "markexpr", "deselect", "lf", "stepwise", "cov_source")
    return any(config.getoption(name, None) for name in options) or any("::" in name for name in config.args) \
        or bool(os.environ.get("EAGERLY"))


def main(arguments=None, root=digests.CHECKOUT):
    """Print the plan for the tree as it stands, and write what each stack runs as arguments of pytest."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="write classic.txt and current.txt there")
    folder = parser.parse_args(arguments).write
    surveys = {stack: survey(root, stack, turn_of(root)) for stack in STACKS}
    chosen = choose(surveys)
    print(describe(surveys, chosen), flush=True)
    for stack, items in chosen.items() if folder else ():
        longest_first = sorted(items, key=lambda item: (-item.seconds, item.path))  # so that no worker ends late
        write_file(folder / f"{stack}.txt", "".join(f"{item.path}\n" for item in longest_first))
    return 0


if __name__ == "__main__":
    sys.exit(main())
