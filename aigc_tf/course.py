"""Run the course: `python -m aigc_tf.course [--chapter 02]` executes the chapters and writes pages of them.

Every page stands alone: pictures are embedded, formulas are MathML, and nothing is fetched from a network.
"""

import argparse
import asyncio
import base64
import copy
import html
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import latex2mathml.converter
import nbformat
from jupyter_client import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbconvert import HTMLExporter

from aigc_tf import __main__ as preflight
from aigc_tf.files import explain, only_one, write_file

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
VERDICT_MARK = "# NBVAL_CHECK_OUTPUT"


def main(arguments=None, notebooks=NOTEBOOKS):
    """Execute the chapters and write their pages; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m aigc_tf.course", description=__doc__.splitlines()[0])
    parser.add_argument("--chapter", default="", help="run one chapter: 02, or the beginning of its name")
    parser.add_argument("--build", default="build", type=Path, help="the folder that pages are written to (build)")
    parser.add_argument("--in-place", action="store_true", help="store outputs in the notebooks, solutions included")
    options = parser.parse_args(arguments)
    try:
        paths = find_chapters(notebooks, options.chapter, solutions=options.in_place)
        with only_one(options.build / "course.lock"):
            if preflight.main(notebooks=notebooks):
                return complain("not started, since the preflight found a problem.")
            return run_course(paths, options.build, options.in_place)
    except KeyboardInterrupt:
        return complain("interrupted. What was finished is stored; the next run starts at the first chapter.", code=130)
    except BlockingIOError:
        return complain(f"another run is writing to {options.build}. Wait for it to end, or name another BUILD=folder.")
    except OSError as error:
        return complain(explain(error))
    except ValueError as error:
        return complain(error)


def complain(problem, code=1):
    print(f"\nCourse: {problem}", file=sys.stderr, flush=True)
    return code


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
        notebook = nbformat.read(path, as_version=4)
        minutes, failure = execute(notebook, path.stem, cwd=path.parent if in_place else build)
        notebook.metadata["aigc_tf"] = {"minutes": round(minutes, 2), "steps_per_second": preflight.steps_per_second()}
        if failure:
            notebook.metadata["aigc_tf"]["failure"] = failure
        table.append((minutes, path.stem + ("  FAILED in " + failure.splitlines()[0] if failure else "")))
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
    for minutes, line in table:
        print(f"{minutes:7.1f}  {line}")
    if not in_place:
        print(f"\nOpen {build / 'index.html'} in a browser.")
    return 1 if any("FAILED" in line for _, line in table) else 0


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
        failure = f"cell {progress.cell}: the kernel died, for want of memory perhaps"
    finally:
        stop(kernel)
    progress.end(failure)
    return progress.seconds() / 60, failure


def stop(kernel):
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
    """Leave in a notebook's metadata only what does not change from machine to machine."""
    notebook.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata["language_info"] = {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"}
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    return notebook


# What a notebook says about itself.


def title_of(notebook):
    """The first heading."""
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    heading = re.search(r"^#+\s+(.+?)\s*#*$", text, re.M)
    return re.sub(r"[*_`]", "", heading[1]) if heading else "Untitled"


def picture_of(notebook):
    """(base64 PNG, alternative text) of the cell tagged "cover", or of the first picture; None without any."""
    cells = sorted(notebook.cells, key=lambda cell: "cover" not in cell.metadata.get("tags", []))  # stable
    for output in (output for cell in cells for output in cell.get("outputs", [])):
        if "image/png" in output.get("data", {}):
            alt = output.metadata.get("image/png", {}).get("alt", "")
            return output.data["image/png"].replace("\n", ""), alt or f"A picture of: {title_of(notebook)}"
    return None


def verdict_of(notebook):
    """What the last cell that nbval checks printed, or how the chapter failed."""
    if failure := notebook.metadata.get("aigc_tf", {}).get("failure"):
        return f"failed in {failure}"
    checked = [cell for cell in notebook.cells if cell.cell_type == "code" and VERDICT_MARK in cell.source]
    outputs = checked[-1].outputs if checked else []
    return "".join(output.get("text", output.get("data", {}).get("text/plain", "")) for output in outputs).strip()


# Pages.

TEMPLATE = """\
{%- extends 'lab/index.html.j2' -%}
{%- block html_head_js -%}{%- endblock -%}
{%- block jupyter_widgets -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
{%- block body_header -%}{{ super() }}<nav style="padding: 1em"><a href="index.html">All chapters</a></nav>
{%- endblock -%}
{%- block data_png scoped -%}
<div class="jp-RenderedImage jp-OutputArea-output"><img src="data:image/png;base64,{{ output.data['image/png'] }}"
 alt="{{ output.metadata.get('image/png', {}).get('alt', '') | escape }}"></div>
{%- endblock -%}
"""

MATH = re.compile(
    r"(?P<code>^(?P<fence>```+|~~~+).*?^(?P=fence)|(?P<ticks>`+).+?(?P=ticks)|\\\$)"
    r"|\$\$(?P<block>.+?)\$\$|\$(?P<inline>[^\s$](?:[^$\n]*[^\s$\\])?)\$(?!\d)",
    re.M | re.S,
)


def typeset(latex, display="inline"):
    """A formula as MathML, or as code where it has a command that latex2mathml does not know."""
    source = latex.replace("{aligned}", "{align*}").strip()  # of the two, latex2mathml knows the second
    try:
        formula = latex2mathml.converter.convert(source, display=display)
    except Exception:  # it has no common base class for what it cannot read
        formula = "\\"
    return f"<code>{html.escape(latex)}</code>" if "\\" in formula else formula


def take_formulas(markdown, formulas):
    """Move the `$formulas$` of a text, typeset, to the list, leaving marks that Markdown does not touch."""

    def take(match):
        if match["block"] or match["inline"]:
            formulas.append(typeset(match["block"], "block") if match["block"] else typeset(match["inline"]))
            return f"\ue000{len(formulas) - 1}\ue001"  # private characters: no text has them
        return match[0]

    return MATH.sub(take, markdown)


def chapter_page(notebook):
    """An executed notebook as one HTML page."""
    notebook = copy.deepcopy(notebook)
    notebook.metadata["title"] = title_of(notebook)
    formulas = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = take_formulas(cell.source, formulas)
    exporter = HTMLExporter(template_name="lab", embed_images=True)
    exporter.raw_template = TEMPLATE
    page, _ = exporter.from_notebook_node(notebook)
    return re.sub("\ue000(\\d+)\ue001", lambda mark: formulas[int(mark[1])], page)


INDEX = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The course, as it ran</title>
<style>
  :root {{ color-scheme: light dark; }}
  body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 72rem; margin: 0 auto; padding: 1rem;
          color: light-dark(#1b1f24, #e6e8ea); background: light-dark(#fff, #15181c); }}
  main {{ display: grid; gap: 1.25rem; grid-template-columns: repeat(auto-fill, minmax(min(20rem, 100%), 1fr)); }}
  article {{ border: 1px solid light-dark(#d4d8dd, #3a4048); border-radius: .5rem; padding: 1rem; }}
  article img {{ width: 100%; height: 14rem; object-fit: contain; background: #fff; border-radius: .25rem; }}
  h2 {{ font-size: 1.15rem; margin: 0 0 .5rem; }}
  a {{ color: light-dark(#0b57c4, #8ab8ff); }}
  pre {{ white-space: pre-wrap; overflow-wrap: anywhere; font-size: .85rem; }}
  .failed pre {{ color: light-dark(#b3261e, #ffb4ab); }}
</style>
</head>
<body>
<h1>The course, as it ran</h1>
<main>
{cards}
</main>
</body>
</html>
"""

CARD = """\
<article{failed}>
<h2><a href="{page}">{title}</a></h2>
{picture}<pre>{verdict}</pre>
<p>{minutes:.1f} minutes</p>
</article>"""


def index_page(build):
    """One card for each executed chapter in the folder `build`: title, picture, verdict and minutes."""
    cards = []
    for path in sorted(build.glob("[0-9]*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        facts = notebook.metadata.get("aigc_tf", {})
        image, alt = picture_of(notebook) or ("", "")
        cards.append(
            CARD.format(
                failed=' class="failed"' if facts.get("failure") else "",
                page=html.escape(f"{path.stem}.html"),
                title=html.escape(title_of(notebook)),
                picture=f'<img src="data:image/png;base64,{image}" alt="{html.escape(alt)}">\n' if image else "",
                verdict=html.escape(verdict_of(notebook)),
                minutes=facts.get("minutes", 0),
            )
        )
    return INDEX.format(cards="\n".join(cards))


if __name__ == "__main__":
    sys.exit(main())
