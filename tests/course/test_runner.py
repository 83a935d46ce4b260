import os
import re
import signal
import subprocess
import sys
import textwrap
import time

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from aigc_tf.core.files import file_lock
from aigc_tf.course import pages
from aigc_tf.course import runner as course

READS = ("notebooks",)  # their formulas
PICTURE = """
import base64
from IPython.display import display
dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
display({"image/png": dot}, raw=True, metadata={"image/png": {"alt": "a red <dot>"}})
"""


def tiny_chapter(last_cell="# NBVAL_CHECK_OUTPUT\nprint('the gate holds: 1 < 2')"):
    return new_notebook(
        cells=[
            new_markdown_cell("# Tiny *chapter*\n\nIt says $a_1 * b < \\frac{1}{2}$ and `$HOME`.\n\n$$\\sum_i x_i$$"),
            new_code_cell(PICTURE, metadata={"tags": ["cover"]}),
            new_code_cell(last_cell),
        ]
    )


@pytest.fixture(autouse=True)
def quick_preflight(monkeypatch):
    monkeypatch.setattr(course.preflight, "main", lambda notebooks: 0)
    monkeypatch.setattr(course.preflight, "steps_per_second", lambda: 100.0)


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """A folder in which a good chapter and a failing one were run, its exit code, and what was printed."""
    folder = tmp_path_factory.mktemp("course")
    (folder / "notebooks").mkdir()
    nbformat.write(tiny_chapter(), folder / "notebooks" / "01_good.ipynb")
    nbformat.write(tiny_chapter("raise ValueError('no such <digit>')"), folder / "notebooks" / "02_bad.ipynb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(course.preflight, "steps_per_second", lambda: 100.0)
        paths = course.find_chapters(folder / "notebooks")
        code = course.run_course(paths, folder / "build")
    return folder / "build", code


def test_failing_chapter_gives_exit_code_1(executed):
    assert executed[1] == 1


def test_failing_chapter_is_named_with_cell_and_error(executed):
    index = (executed[0] / "index.html").read_text()
    assert "failed in cell 2: ValueError: no such &lt;digit&gt;" in index


def test_what_a_failing_chapter_had_executed_is_stored(executed):
    assert nbformat.read(executed[0] / "02_bad.ipynb", as_version=4).cells[1].outputs


def test_index_shows_title_verdict_and_picture_with_alternative_text(executed):
    card = (executed[0] / "index.html").read_text().split("<article>")[1].split("</article>")[0]
    parts = '<a href="01_good.html">Tiny chapter</a>', 'alt="a red &lt;dot&gt;"', "the gate holds: 1 &lt; 2"
    assert all(part in card for part in parts)


def test_pages_fetch_nothing(executed):
    for page in executed[0].glob("*.html"):
        assert not re.search(r"""(src|href)=["']?(https?:)?//|import\(|@import|url\(["']?https?:""", page.read_text())


def test_picture_on_a_page_has_its_alternative_text(executed):
    assert 'alt="a red &lt;dot&gt;"' in (executed[0] / "01_good.html").read_text()


def test_formulas_are_mathml_on_a_page(executed):
    text = (executed[0] / "01_good.html").read_text().split("It says ")[1].split("</div>")[0]
    assert "<mfrac><mrow><mn>1</mn></mrow><mrow><mn>2</mn></mrow></mfrac>" in text and 'display="block"' in text
    assert "<code>$HOME</code>" in text and "<em>" not in text


@pytest.mark.parametrize("code", ["`$x$`", "```\n$x$ $y$\n```", "~~~\n$$x$$\n~~~", r"costs \$5 and \$6"])
def test_code_and_money_are_not_formulas(code):
    assert "<math" not in pages.render_markdown(code)


@pytest.mark.parametrize("latex", [r"\unknown{x<y}", r"x<y \frac{"])
def test_formula_that_cannot_be_typeset_is_shown_as_code(latex):
    assert pages.typeset(latex) == f"<code>{latex.replace('<', '&lt;')}</code>"


@pytest.mark.parametrize("path", sorted(course.NOTEBOOKS.rglob("[0-9]*.ipynb")), ids=lambda path: path.stem)
def test_every_formula_of_the_notebooks_can_be_typeset(path, monkeypatch):
    failed = []

    def typeset(latex, display="inline", true=pages.typeset):
        formula = true(latex, display)
        failed.extend([latex] * formula.startswith("<code>"))
        return formula

    monkeypatch.setattr(pages, "typeset", typeset)
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            pages.render_markdown(cell.source)
    assert failed == []


def test_in_place_stores_outputs_and_no_trace_of_the_machine(tmp_path):
    path = tmp_path / "notebooks" / "03_stored.ipynb"
    path.parent.mkdir()
    nbformat.write(tiny_chapter(), path)
    course.run_course([path], tmp_path / "build", in_place=True)
    stored = nbformat.read(path, as_version=4)
    assert stored.cells[2].outputs and "version" not in stored.metadata.language_info
    assert stored.metadata.aigc_tf.steps_per_second == 100.0


def test_in_place_stores_of_a_widget_its_text_alone(tmp_path):
    path = tmp_path / "03_widget.ipynb"
    nbformat.write(tiny_chapter("import ipywidgets\nipywidgets.IntSlider(7)"), path)
    course.run_course([path], tmp_path / "build", in_place=True)
    (output,) = nbformat.read(path, as_version=4).cells[2].outputs
    assert list(output.data) == ["text/plain"] and "IntSlider(value=7)" in output.data["text/plain"]


def test_in_place_leaves_a_failing_chapter_as_it_was(tmp_path):
    path = tmp_path / "04_bad.ipynb"
    nbformat.write(tiny_chapter("1 / 0"), path)
    before = path.read_bytes()
    assert course.run_course([path], tmp_path / "build", in_place=True) == 1
    assert path.read_bytes() == before


def test_second_run_on_the_same_folder_is_one_clear_line(executed, capsys):
    build = executed[0]
    with file_lock(build / "course.lock"):
        assert course.main(["--build", str(build)], notebooks=build.parent / "notebooks") == 1
    message = capsys.readouterr().err.strip()
    assert "another run is writing" in message and "\n" not in message


def test_unknown_chapter_says_which_there_are(executed, capsys):
    assert course.main(["--chapter", "77"], notebooks=executed[0].parent / "notebooks") == 1
    assert "Accepted: 01_good, 02_bad. Received: '77'" in capsys.readouterr().err


def test_chapter_may_be_given_without_its_zero(executed):
    (path,) = course.find_chapters(executed[0].parent / "notebooks", "2")
    assert path.name == "02_bad.ipynb"


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to a process on Windows")
def test_interrupt_is_one_line_and_leaves_no_file_and_no_kernel(tmp_path):
    slow = "import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(60)"
    nbformat.write(tiny_chapter(slow), tmp_path / "05_slow.ipynb")
    script = f"""
        import sys, pathlib, signal
        from aigc_tf.course import runner as course
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background inherits that it is ignored
        course.preflight.main = lambda notebooks: 0
        here = pathlib.Path({str(tmp_path)!r})
        sys.exit(course.main(["--build", str(here / "build")], notebooks=here))
    """
    run = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stderr=subprocess.PIPE, text=True)
    pid_file = tmp_path / "build" / "pid"
    while not (pid_file.exists() and pid_file.read_text()):
        assert run.poll() is None
        time.sleep(0.1)
    run.send_signal(signal.SIGINT)
    message = run.communicate(timeout=60)[1].strip()
    assert run.returncode == 130 and message.startswith("Course: interrupted") and "\n" not in message
    assert {path.name for path in (tmp_path / "build").iterdir()} == {"course.lock", "pid"}
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)
