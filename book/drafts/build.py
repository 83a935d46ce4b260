"""Make a notebook of a draft: python book/drafts/build.py book/drafts/09.txt notebooks/09_music.ipynb

A draft is text in which a line `=== md`, `=== code` or `=== code slide` begins a cell, tags behind the kind.
"""

import re
import sys
from pathlib import Path

import nbformat

source, target = map(Path, sys.argv[1:])
notebook = nbformat.v4.new_notebook()
notebook.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
parts = re.split(r"^=== (md|code)(.*)\n", source.read_text(encoding="utf-8"), flags=re.M)[1:]
for number, (kind, tags, text) in enumerate(zip(parts[::3], parts[1::3], parts[2::3])):
    make = nbformat.v4.new_markdown_cell if kind == "md" else nbformat.v4.new_code_cell
    cell = make(text.strip("\n"), id=f"c{number:03d}")
    if tags.split():
        cell.metadata["tags"] = tags.split()
    notebook.cells.append(cell)
nbformat.write(notebook, target)
print(f"{target}: {len(notebook.cells)} cells")
