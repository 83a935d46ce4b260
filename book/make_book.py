"""The course as a site and as slides, from the stored notebooks: `python book/make_book.py [--slides]`.

Sphinx with MyST-NB builds the site, as Jupyter Book 1 does: its successor, Jupyter Book 2, fetches its themes from a
server when it builds, and this one must build and be read offline. Nothing is executed: pages show what is stored.
"""

import argparse
import base64
import copy
import hashlib
import html
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat

BOOK = Path(__file__).resolve().parent
CHECKOUT = BOOK.parent
sys.path[:0] = [str(CHECKOUT), str(BOOK)]

from aigc_tf.course.pages import picture_of, title_of, verdict_of  # noqa: E402, I001  (first, so that TensorFlow starts quietly)

import export_models  # noqa: E402
import leaderboard  # noqa: E402
import slides  # noqa: E402

NOTEBOOKS = CHECKOUT / "notebooks"
# From npm, packed into the site: what a browser runs on the explorer's page and for the slides.
PACKED = (
    "@tensorflow/tfjs-core/dist/tf-core.min.js",
    "@tensorflow/tfjs-backend-cpu/dist/tf-backend-cpu.min.js",
)
API = """\
# `aigc_tf.{module}`

```{{eval-rst}}
.. automodule:: aigc_tf.{module}
   :members:
   :show-inheritance:
```
"""


def main(arguments=None):
    """Build the site, or the slides; return the exit code."""
    parser = argparse.ArgumentParser(prog="make book", description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build", type=Path, help="the folder that is written to (build)")
    parser.add_argument("--slides", action="store_true", help="the slides instead of the site")
    parser.add_argument("--repository", default="", help="OWNER/NAME on GitHub, for the links that run a chapter there")
    options = parser.parse_args(arguments)
    fetch_packed()
    if options.slides:
        return slides.write(NOTEBOOKS, options.build / "slides", BOOK / "node_modules" / "reveal.js")
    source, work, site = (options.build / name for name in ("book-source", "book-work", "book"))
    lay_out(source, options.repository)
    shutil.rmtree(work, ignore_errors=True)
    command = [sys.executable, "-m", "sphinx", "-M", "html", source, work]
    command += ["-c", source, "-W", "--keep-going", "-q", "-j", "1"]
    code = subprocess.run(command, env=os.environ | {"PYTHONPATH": str(CHECKOUT)}).returncode
    if code == 0:
        shutil.rmtree(site, ignore_errors=True)
        shutil.move(work / "html", site)
        print(f"\nOpen {site / 'index.html'} in a browser.")
    return code


def fetch_packed():
    """npm installs what package-lock.json names, hashes checked, once; without it the explorer says so."""
    if (BOOK / "node_modules").exists():
        return
    if not (npm := shutil.which("npm")):
        print("book: npm was not found, so the pages that run models in the browser will say that they cannot.")
        return
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    if subprocess.run(command, cwd=BOOK).returncode:
        shutil.rmtree(BOOK / "node_modules", ignore_errors=True)
        print("book: npm could not install book/package-lock.json (no network?); the explorer's page will say so.")


# ---- laying out what Sphinx reads ----


def lay_out(source, repository=""):
    """Write the book's source into the folder `source`: prose, notebooks, generated pages, static files."""
    shutil.rmtree(source, ignore_errors=True)
    static = source / "_static"
    shutil.copytree(BOOK / "static", static)
    shutil.copy(BOOK / "conf.py", source)
    shutil.copytree(NOTEBOOKS / "covers", static / "covers")
    for page in sorted(BOOK.glob("*.md")):
        shutil.copy(page, source)
    (static / "packed").mkdir()
    for name in PACKED:
        if (BOOK / "node_modules" / name).exists():
            shutil.copy(BOOK / "node_modules" / name, static / "packed")
    export_models.export(static / "models")
    folders = {folder: sorted((NOTEBOOKS / folder).glob("[0-9]*.ipynb")) for folder in (".", "exercises", "solutions")}
    for folder, paths in folders.items():
        for path in paths:
            write_notebook(path, source / "notebooks" / folder / path.name, static / "pictures", repository)
    modules = module_names(CHECKOUT / "aigc_tf")
    (source / "api").mkdir()
    for module in modules:
        (source / "api" / f"{module}.md").write_text(API.format(module=module), encoding="utf-8")
    (source / "leaderboard.md").write_text(leaderboard.page(), encoding="utf-8")
    index = (BOOK / "index.md").read_text(encoding="utf-8")
    (source / "index.md").write_text(index + covers(folders["."]) + contents(folders, modules), encoding="utf-8")


def module_names(package):
    """The modules of the package, chapters first: `vae`, `gan.losses`, …"""
    paths = [path.relative_to(package).with_suffix("") for path in package.rglob("*.py") if path.stem[:2] != "__"]
    machinery = ("core", "course")  # what a learner looks up last
    return [".".join(path.parts) for path in sorted(paths, key=lambda path: (path.parts[0] in machinery, path.parts))]


def write_notebook(path, target, pictures, repository):
    """A stored notebook as the book shows it: pictures as files with their alternative texts, and how to run it."""
    notebook = copy.deepcopy(nbformat.read(path, as_version=4))
    for output in (output for cell in notebook.cells for output in cell.get("outputs", [])):
        if "image/png" in output.get("data", {}):
            alt = output.metadata.get("image/png", {}).get("alt", "")
            png = base64.b64decode(output.data["image/png"])
            name = f"{hashlib.sha256(png).hexdigest()[:16]}.png"
            pictures.mkdir(parents=True, exist_ok=True)
            (pictures / name).write_bytes(png)
            up = "../" * (len(target.relative_to(pictures.parent.parent).parts) - 1)
            image = f'<img src="{up}_static/pictures/{name}" alt="{html.escape(alt)}">'
            output.data = nbformat.from_dict({"text/html": image})
            output.metadata = nbformat.from_dict({})
    for cell in notebook.cells:
        if cell.cell_type == "markdown":  # the pages of book/ lie beside the folder of notebooks
            cell.source = re.sub(r"\]\(((?:\.\./)+)book/", r"](\1", cell.source)
    notebook.cells.insert(1, nbformat.v4.new_markdown_cell(how_to_run(path, repository), id="how-to-run"))
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, target)


def how_to_run(path, repository):
    """Where a notebook can be run, as Markdown."""
    place = path.relative_to(CHECKOUT).as_posix()
    ways = [f"`make lab`, then open `{path.relative_to(NOTEBOOKS).as_posix()}`"]
    if repository:
        ways.append(f"[Colab](https://colab.research.google.com/github/{repository}/blob/main/{place})")
        ways.append(f"[Binder](https://mybinder.org/v2/gh/{repository}/main?labpath={place})")
    return f"**Run it yourself**: {' · '.join(ways)}"


def covers(paths):
    """A card for each chapter: its picture, title, what its verdict said, and minutes."""
    cards = []
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        _, alt = picture_of(notebook)
        minutes = notebook.metadata.get("aigc_tf", {}).get("minutes", 0)
        verdicts = verdict_of(notebook).splitlines()
        passed = sum(line.startswith("pass") for line in verdicts)
        cards.append(
            f'<div class="cover"><a href="notebooks/{path.stem}.html">'
            f'<img src="_static/covers/{path.stem}.png" alt="{html.escape(alt)}"></a>'
            f'<p><a href="notebooks/{path.stem}.html">{html.escape(title_of(notebook))}</a></p>'
            f"<p>{passed} of {len(verdicts)} promises kept · {minutes:.1f} minutes</p></div>"
        )
    return "\n## Chapters\n\n```{raw} html\n" + f'<div class="covers">{"".join(cards)}</div>\n' + "```\n"


def contents(folders, modules):
    """The tables of contents, which the side bar shows."""
    parts = {
        "Guides": ["reader", "teacher", "glossary"],
        "Chapters": [f"notebooks/{path.stem}" for path in folders["."]],
        "Look and compare": ["explorer", "leaderboard"],
        "Exercises": [f"notebooks/exercises/{path.stem}" for path in folders["exercises"]],
        "Solutions": [f"notebooks/solutions/{path.stem}" for path in folders["solutions"]],
        "The package aigc_tf": [f"api/{module}" for module in modules],
    }
    trees = [
        f"```{{toctree}}\n:hidden:\n:caption: {caption}\n\n" + "\n".join(pages) + "\n```\n"
        for caption, pages in parts.items() if pages
    ]
    return "\n" + "\n".join(trees)


if __name__ == "__main__":
    sys.exit(main())
