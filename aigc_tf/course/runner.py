"""Run the course: `python -m aigc_tf.course [--chapter 02]` executes the chapters and writes pages of them.

How the pages are made is in `pages`.
"""

import argparse
import asyncio
import base64
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import nbformat
from jupyter_client import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from aigc_tf.core import command_line, stack
from aigc_tf.core.files import file_lock, write_file
from aigc_tf.course import digests, preflight
from aigc_tf.course.pages import chapter_page, index_page, picture_of

NOTEBOOKS = Path(__file__).resolve().parent.parent.parent / "notebooks"


def main(arguments=None, notebooks=NOTEBOOKS):
    """Execute the chapters and write their pages; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m aigc_tf.course", description=__doc__.splitlines()[0])
    parser.add_argument("--chapter", default="", help="run one chapter: 02, or the beginning of its name")
    parser.add_argument("--build", default="build", type=Path, help="the folder that pages are written to (build)")
    parser.add_argument("--in-place", action="store_true", help="store outputs in the notebooks, solutions included")
    options = parser.parse_args(arguments)

    def work():
        paths = find_chapters(notebooks, options.chapter, solutions=options.in_place)
        with file_lock(options.build / "course.lock"):
            if preflight.main(notebooks=notebooks):
                return command_line.complain("Course", "not started, since the preflight found a problem.")
            return run_course(paths, options.build, options.in_place)

    return command_line.run(
        "Course", work, interrupted="What was finished is stored; the next run starts at the first chapter.",
        busy=f"another run is writing to {options.build}. Wait for it to end, or name another BUILD=folder.",
    )


def find_chapters(notebooks, chapter="", solutions=False):
    """The notebooks of the course in order, or those of one chapter."""
    folders = [notebooks, notebooks / "solutions"] if solutions else [notebooks]
    paths = [path for folder in folders for path in sorted(folder.glob("[0-9]*.ipynb"))]
    chosen = [path for path in paths if path.name.startswith(chapter.zfill(2) if chapter else "")]
    if not chosen:
        names = ", ".join(path.stem for path in paths) or "none: the folder notebooks/ is empty"
        raise ValueError(f"no such chapter. Accepted: {names}. Received: {chapter!r}")
    return chosen


def run_course(paths, build, in_place=False):
    """Execute notebooks one after another, past failures too; write them, or pages of them; return the exit code."""
    build.mkdir(parents=True, exist_ok=True)
    table = []
    for path in paths:
        notebook, digest = nbformat.read(path, as_version=4), digests.Sources().digest(path)
        minutes, failure = execute(notebook, path.stem, cwd=path.parent if in_place else build)
        notebook.metadata["aigc_tf"] = {
            "digest": digest, "stack": stack.NAME,  # of the code that made the outputs, and where
            "minutes": round(minutes, 2), "steps_per_second": preflight.steps_per_second(),
        }
        if failure:
            notebook.metadata["aigc_tf"]["failure"] = failure
        table.append((minutes, path.stem, failure))
        if in_place:
            target = build / "failed" / path.name if failure else path
            write_file(target, nbformat.writes(normalise(notebook)) + "\n")
            if path.parent.name != "solutions" and not failure and (cover := picture_of(notebook)):
                write_file(path.parent / "covers" / f"{path.stem}.png", base64.b64decode(cover[0]))  # for the README
        else:
            write_file(build / path.name, nbformat.writes(notebook) + "\n")
            write_file(build / f"{path.stem}.html", chapter_page(notebook))
            write_file(build / "index.html", index_page(build))
    print("\nminutes  chapter")
    for minutes, name, failure in table:
        print(f"{minutes:7.1f}  {name}" + (f"  FAILED in {failure.splitlines()[0]}" if failure else ""))
    if not in_place:
        print(f"\nOpen {build / 'index.html'} in a browser.")
    return 1 if any(failure for _, _, failure in table) else 0


# Executing a notebook.


def execute(notebook, name, cwd):
    """Execute a notebook (its outputs are put into it), showing progress.

    Args:
        notebook: an nbformat notebook.
        name: what progress calls it.
        cwd: the folder that its code runs in.

    Returns:
        `(minutes, failure)`; failure is "" or says which code cell failed and how.
    """
    progress = Progress(name, sum(cell.cell_type == "code" for cell in notebook.cells))
    kernel = AsyncKernelManager(kernel_name="python3")
    client = NotebookClient(
        notebook,
        km=kernel,
        timeout=None,
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
        on_cell_execute=lambda **_: progress.next_cell(),
        resources={"metadata": {"path": str(cwd)}},
    )
    failure = ""
    try:
        # In a thread, so that the clock ticks while a cell runs, and so that Ctrl-C comes here and not to nbclient.
        with ThreadPoolExecutor(max_workers=1) as pool:
            outcome = pool.submit(client.execute, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                while not wait([outcome], timeout=1).done:
                    progress.show()
            except KeyboardInterrupt:
                progress.stopped = True
                stop(kernel)
                raise
        outcome.result()
    except CellExecutionError as error:
        failure = f"cell {progress.cell}: {error.ename}: {error.evalue}"
    except DeadKernelError:
        failure = f"cell {progress.cell}: the kernel died; perhaps the machine ran out of memory"
    finally:
        stop(kernel)
    progress.end(failure)
    return progress.seconds() / 60, failure


def stop(kernel):
    """Shut the kernel down at once, if it still runs."""
    if kernel.has_kernel:
        asyncio.run(kernel.shutdown_kernel(now=True))


class Progress:
    """Chapter, cell and elapsed time: one live line on a terminal, a line every ten seconds elsewhere."""

    def __init__(self, name, cells):
        self.name, self.cells, self.cell = name, cells, 0
        self.started, self.shown = time.monotonic(), -10.0
        self.live, self.stopped = sys.stdout.isatty(), False

    def seconds(self):
        return time.monotonic() - self.started

    def line(self):
        minutes, seconds = divmod(int(self.seconds()), 60)
        return f"{self.name}  cell {self.cell} of {self.cells}  {minutes}:{seconds:02}"

    def next_cell(self):
        if self.stopped:
            raise InterruptedError("stopped: no further cell is begun")
        self.cell += 1
        self.show()

    def show(self):
        if self.live:
            print(f"\r{self.line()}\033[K", end="", flush=True)
        elif self.seconds() - self.shown >= 10:
            self.shown = self.seconds()
            print(self.line(), flush=True)

    def end(self, failure):
        start = "\r" if self.live else ""
        print(f"{start}{self.line()}  {'FAILED in ' + failure if failure else 'done'}", flush=True)


def normalise(notebook):
    """Leave in a notebook only what does not change from machine to machine, and can be shown without its kernel."""
    notebook.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata["language_info"] = {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"}
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)  # its text/plain stays
    return notebook
