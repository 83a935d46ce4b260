"""HTML pages of executed notebooks, and their index.

Every page stands alone: pictures are embedded, formulas are MathML, and nothing is fetched from a network.
"""

import copy
import html
import re

import latex2mathml.converter
import nbformat
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

VERDICT_MARK = "# NBVAL_CHECK_OUTPUT"


# ---- what a notebook says about itself ----


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


# ---- pages ----

PICTURE = """\
{%- block data_png scoped -%}
<div class="jp-RenderedImage jp-OutputArea-output"><img src="data:image/png;base64,{{ output.data['image/png'] }}"
 alt="{{ output.metadata.get('image/png', {}).get('alt', '') | escape }}"></div>
{%- endblock -%}
"""
TEMPLATE = """\
{%- extends 'lab/index.html.j2' -%}
{%- block html_head_js -%}{%- endblock -%}
{%- block jupyter_widgets -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
{%- block body_header -%}{{ super() }}<nav style="padding: 1em"><a href="index.html">All chapters</a></nav>
{%- endblock -%}
""" + PICTURE

def typeset(latex, display="inline"):
    """A formula as MathML, or as code where it has a command that latex2mathml does not know."""
    source = latex.replace("{aligned}", "{align*}").strip()  # of the two, latex2mathml knows the second
    try:
        formula = latex2mathml.converter.convert(source, display=display)
    except Exception:  # it has no common base class for what it cannot read
        formula = "\\"
    return f"<code>{html.escape(latex)}</code>" if "\\" in formula else formula


class MathRenderer(IPythonRenderer):
    """nbconvert's Markdown, with MathML where it leaves formulas to a script."""

    def block_math(self, body):
        return typeset(body, "block")

    def inline_math(self, body):
        return typeset(body)


def render_markdown(markdown):
    """Markdown as HTML, its `$formulas$` typeset. (A dollar that is money is written `\\$`.)"""
    return MarkdownWithMath(renderer=MathRenderer(escape=False, anchor_link_text="")).render(markdown)


def chapter_page(notebook):
    """An executed notebook as one HTML page."""
    notebook = copy.deepcopy(notebook)
    notebook.metadata["title"] = title_of(notebook)
    exporter = HTMLExporter(template_name="lab", embed_images=True, filters={"markdown2html": render_markdown})
    exporter.raw_template = TEMPLATE
    page, _ = exporter.from_notebook_node(notebook)
    return page


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
