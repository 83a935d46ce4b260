"""Slides from the chapters: the cells tagged `slide`, one slide each, with the pictures and numbers that are stored.

reveal.js, from npm, is packed beside them: they run from a folder, without a network.
"""

import copy
import html
import shutil

import nbformat
from nbconvert import HTMLExporter
from pygments.formatters import HtmlFormatter

from aigc_tf.core.files import write_file
from aigc_tf.course.pages import VERDICT_MARK, render_markdown, title_of

TEMPLATE = """\
{%- extends 'basic/index.html.j2' -%}
{%- block data_png scoped -%}
{%- set alt = output.metadata.get('image/png', {}).get('alt', '') | escape -%}
<figure><img src="data:image/png;base64,{{ output.data['image/png'] }}" alt="{{ alt }}">
<figcaption>{{ alt }}</figcaption></figure>
{%- endblock -%}
"""

PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="reveal.js/reset.css">
<link rel="stylesheet" href="reveal.js/reveal.css">
<link rel="stylesheet" href="reveal.js/theme/white.css">
<style>{highlighting}</style>
<style>
  .reveal {{ font-size: 26px; font-family: system-ui, sans-serif; }}
  .reveal h1, .reveal h2, .reveal h3 {{ text-transform: none; font-family: inherit; font-size: 1.5em; }}
  .reveal section {{ text-align: left; }}
  .reveal section img {{ display: block; margin: .3em auto; max-width: 100%; }}
  .reveal section img {{ max-height: calc(640px / var(--pictures, 1) - 80px); }}
  .reveal section.small {{ font-size: .7em; }}
  .reveal figure {{ margin: 0; }}
  .reveal figcaption {{ font-size: .7em; text-align: center; }}
  .reveal pre {{ font-size: .62em; width: 100%; box-shadow: none; line-height: 1.35; white-space: pre-wrap; }}
  .reveal table {{ font-size: .75em; }}
  .anchor-link {{ display: none; }}
</style>
</head>
<body>
<div class="reveal"><div class="slides">
{sections}
</div></div>
<script src="reveal.js/reveal.js"></script>
<script>Reveal.initialize({{ hash: true, slideNumber: "c/t", width: 1100, height: 700, transition: "none" }});</script>
</body>
</html>
"""


def tagged(notebook):
    """The notebook's cells that have the tag `slide`, in order."""
    return [cell for cell in notebook.cells if "slide" in cell.metadata.get("tags", [])]


def section(cell, exporter):
    """One cell as a slide: prose, pictures over their alternative texts, a verdict, or code and what it printed."""
    cell = copy.deepcopy(cell)
    pictures = [output for output in cell.get("outputs", []) if "image/png" in output.get("data", {})]
    if pictures:  # a picture speaks for itself
        cell.outputs = pictures
    exporter.exclude_input = bool(pictures) or VERDICT_MARK in cell.source
    printed = "".join(output.get("text", "") for output in cell.get("outputs", []))
    length = len(printed) + len(cell.source) * (not exporter.exclude_input)
    page, _ = exporter.from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    small = ' class="small"' if length > 700 and not pictures else ""
    shared = f' style="--pictures: {len(pictures)}"' if len(pictures) > 1 else ""  # they share the slide's height
    return f"<section{small}{shared}>{page}</section>"


def deck(notebook):
    """A chapter's slides as one HTML page, beside which the folder reveal.js must lie."""
    filters = {"markdown2html": render_markdown}
    exporter = HTMLExporter(
        template_name="basic", exclude_input_prompt=True, exclude_output_prompt=True, filters=filters
    )
    exporter.raw_template = TEMPLATE
    sections = "\n".join(section(cell, exporter) for cell in tagged(notebook))
    highlighting = HtmlFormatter().get_style_defs(".highlight")
    return PAGE.format(title=html.escape(title_of(notebook)), highlighting=highlighting, sections=sections)


def write(notebooks, target, reveal):
    """Write a deck for each chapter into the folder `target`; return the exit code."""
    if not reveal.exists():
        print("slides: reveal.js is missing. It comes from npm: install Node.js, and run this again with a network.")
        return 1
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(reveal / "dist", target / "reveal.js")
    for path in sorted(notebooks.glob("[0-9]*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        if cells := tagged(notebook):
            write_file(target / f"{path.stem}.html", deck(notebook))
            print(f"{len(cells):3} slides  {target / path.stem}.html")
    return 0
