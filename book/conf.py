"""How Sphinx builds the book from what `make_book.py` lays out.  No page needs a network: formulas are MathML."""

import re

from docutils import nodes

import aigc_tf  # noqa: F401, I001  (first, so that TensorFlow starts quietly)
from aigc_tf.course.pages import typeset

project = "Generative AI with Keras and TensorFlow, hands on"
author = "The aigc-tf authors"
copyright = "the aigc-tf authors; MIT licence; MNIST under CC BY-SA 3.0"
language = "en"

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
myst_enable_extensions = ["amsmath", "colon_fence", "dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # pages show what is stored, which is what the tests ran
nb_ipywidgets_js = {}
suppress_warnings = ["misc.highlighting_failure"]
html_domain_indices = False
autodoc_member_order = "bysource"
autodoc_inherit_docstrings = False  # Keras's own are for Keras's pages
autodoc_preserve_defaults = True  # as written, not as they are on this machine
autodoc_typehints = "none"
napoleon_google_docstring = True

html_theme = "sphinx_book_theme"
html_title = "Generative AI, hands on"
html_static_path = ["_static"]
html_css_files = ["style.css"]
html_context = {"default_mode": "auto"}  # dark where the reader's system is
html_show_sourcelink = False
html_copy_source = False
html_use_index = False  # the search does better
html_theme_options = {
    "use_download_button": True,
    "use_fullscreen_button": False,
    "show_navbar_depth": 1,
    "max_navbar_depth": 2,
    "home_page_in_toc": True,
    "navbar_persistent": [],  # one search field is enough
}


def visit_math(translator, node):
    translator.body.append(typeset(node.astext()))
    raise nodes.SkipNode


def visit_math_block(translator, node):
    label = f' id="{node["label"]}"' if node.get("label") else ""
    translator.body.append(f'<div class="formula"{label}>{typeset(node.astext(), "block")}</div>\n')
    raise nodes.SkipNode


def write_as_rst(app, what, name, target, options, lines):
    """Docstrings say `code` as Markdown does, and mean a star when they write one."""
    for number, line in enumerate(lines):
        parts = re.split(r"(`[^`]+`)", line)  # every second one is code
        parts[::2] = [part.replace("*", r"\*") for part in parts[::2]]
        parts[1::2] = [f"`{part}`" for part in parts[1::2]]
        lines[number] = "".join(parts)


def setup(app):
    app.connect("autodoc-process-docstring", write_as_rst, priority=100)  # before napoleon reads them
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math_block, None))
    app.config.html_math_renderer = "mathml"
