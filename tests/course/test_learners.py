"""Exercises: solutions pass every check, learner's notebooks fail every check, and both come from one source."""

import re
import shutil
from pathlib import Path

import nbformat
import pytest
from jupyter_client import KernelManager
from nbclient import NotebookClient

from aigc_tf.course.learners import learner_notebook, main, tags
from aigc_tf.exercises import Unanswered, check

NOTEBOOKS = Path(__file__).resolve().parent.parent.parent / "notebooks"
RUNS = ("notebooks/exercises/*.ipynb", "notebooks/solutions/*.ipynb")
READS = ("notebooks",)  # which chapters have exercises, and that solutions are their one source
CHAPTERS = sorted(path.name for path in (NOTEBOOKS / "solutions").glob("[0-9]*.ipynb"))
EXERCISE = re.compile(r"^(\d)\. \*\*([\w ]+)\.\*\* (.*?)(?=^\d\. |\n\n|\Z)", re.MULTILINE | re.DOTALL)


def read(folder, name):
    return nbformat.read(NOTEBOOKS / folder / name, as_version=4)


def plain(text):
    return " ".join(text.replace("\n>", "\n").split())


def listed(chapter):
    """The exercises in a chapter's own list: [(number, kind, question)]."""
    text = next(cell.source for cell in read("", chapter).cells if cell.source.startswith("## Exercises"))
    return [(number, kind, plain(question)) for number, kind, question in EXERCISE.findall(text)]


def solved(solution):
    """The cells of each exercise of a solution notebook: {number: cells}, the first with title, question and hint."""
    exercises = {}
    for cell in solution.cells:
        if heading := re.match(r"## (\d)\. ", cell.source):
            exercises[heading[1]] = []
        if exercises:
            list(exercises.values())[-1].append(cell)
    return exercises


def checks(cells):
    return [cell for cell in cells if "check" in tags(cell)]


def answers(cells):
    return [cell.source for cell in cells if "solution" in tags(cell) and cell.cell_type == "code"]


EXERCISES = [(chapter, *exercise) for chapter in CHAPTERS for exercise in listed(chapter)]
each_chapter = pytest.mark.parametrize("chapter", CHAPTERS)
each_exercise = pytest.mark.parametrize(
    "chapter, number, kind, question", EXERCISES, ids=[f"{chapter[:2]}-{number}" for chapter, number, *_ in EXERCISES]
)


# The solutions.


def test_every_chapter_with_exercises_has_four_to_nine_and_a_solution():
    chapters = sorted(path.name for path in NOTEBOOKS.glob("[0-9]*.ipynb") if "## Exercises" in path.read_text("utf-8"))
    assert chapters == CHAPTERS
    assert all(4 <= len(listed(chapter)) <= 9 for chapter in chapters)


@each_chapter
def test_solution_has_the_exercises_of_its_chapter_and_no_other(chapter):
    assert list(solved(read("solutions", chapter))) == [number for number, *_ in listed(chapter)]


@each_exercise
def test_solution_quotes_the_question_of_its_chapter(chapter, number, kind, question):
    text = solved(read("solutions", chapter))[number][0].source
    title, quoted = re.match(r"## (.*?)\n\n> (.*?)\n\n", text, re.DOTALL).groups()
    assert title.startswith(f"{number}. {kind}: ")
    assert plain(quoted) == question


@each_exercise
def test_solution_has_one_folded_hint_one_answer_and_one_check(chapter, number, kind, question):
    cells = solved(read("solutions", chapter))[number]
    assert [cell.source.count("<details><summary>Hint</summary>\n\n") for cell in cells] == [1] + [0] * (len(cells) - 1)
    assert sum(cell.source.startswith("**Answer.**") and "solution" in tags(cell) for cell in cells) == 1
    assert checks(cells) == cells[-1:]


@each_exercise
def test_stored_check_passes_and_is_compared_by_nbval(chapter, number, kind, question):
    cell = solved(read("solutions", chapter))[number][-1]
    assert cell.source.startswith("# NBVAL_CHECK_OUTPUT\n")
    lines = "".join(output.text for output in cell.outputs).splitlines()
    assert lines and all(line.startswith(f"pass · {number}: ") for line in lines)


@each_exercise
def test_check_wants_something_that_no_other_exercise_answers(chapter, number, kind, question):
    solution = read("solutions", chapter)
    own = solved(solution)[number]
    others = "\n".join(cell.source for cell in solution.cells if cell not in own and cell.cell_type == "code")
    assert [name for name in own[-1].metadata.looks_at if not re.search(rf"^(def )?{name}\b", others, re.M)]


@each_exercise
def test_what_a_check_looks_at_stands_in_the_answer_and_in_the_check(chapter, number, kind, question):
    cells = solved(read("solutions", chapter))[number]
    for name in cells[-1].metadata.looks_at:
        for text in ("\n".join(answers(cells)), cells[-1].source):
            assert re.search(rf"\b{name}\b", text), f"{name} is not in {text}"


@each_exercise
def test_question_describes_what_the_check_wants(chapter, number, kind, question):
    cells = solved(read("solutions", chapter))[number]
    given = " ".join(cell.source for cell in cells if cell.cell_type == "markdown" and not tags(cell))
    missing = [name for name in cells[-1].metadata.looks_at if f"`{name}`" not in given]
    assert not missing


# The learner's notebooks.


def test_learners_notebooks_are_what_the_solutions_give_now(tmp_path):
    shutil.copytree(NOTEBOOKS / "solutions", tmp_path / "solutions")
    main(tmp_path)
    fresh, stored = ({path.name: path.read_text("utf-8") for path in (folder / "exercises").glob("*.ipynb")}
                     for folder in (tmp_path, NOTEBOOKS))
    assert fresh == stored, "run make exercises"


@each_chapter
def test_learners_notebook_never_ran_and_holds_no_answer(chapter):
    learner, solution = read("exercises", chapter), read("solutions", chapter)
    code = [cell for cell in learner.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    text = "\n".join(cell.source for cell in learner.cells)
    assert not [cell.id for cell in solution.cells if "solution" in tags(cell) and cell.source in text]


@pytest.fixture(scope="module", params=CHAPTERS)
def run(request):
    """A learner's notebook, executed as it is, past its failures."""
    learner = read("exercises", request.param)
    kernel = KernelManager(kernel_name="python3")
    resources = {"metadata": {"path": str(NOTEBOOKS / "exercises")}}
    try:
        NotebookClient(learner, km=kernel, timeout=None, allow_errors=True, resources=resources).execute()
    finally:
        kernel.shutdown_kernel(now=True)  # a kernel that is handed in is not ended: 400 MB for each chapter
    return learner


def failures(cell):
    return [output for output in cell.get("outputs", []) if output.output_type == "error"]


def test_cells_given_to_the_learner_run_without_answers(run):
    assert not [(cell.source, failures(cell)) for cell in run.cells if "check" not in tags(cell) and failures(cell)]


def test_every_check_says_that_its_answer_is_missing(run):
    said = [failures(cell) for cell in checks(run.cells)]
    assert [error.ename for errors in said for error in errors] == ["Unanswered"] * len(said)
    assert all(re.search(r"^exercise \d has no answer yet: `\w+` is not defined", error.evalue) for [error] in said)


# The check, and the making of a learner's notebook, by hand.


def test_check_prints_what_holds(capsys):
    check("2", lambda: {"water is wet": True, "two is even": 2 % 2 == 0})
    assert capsys.readouterr().out == "pass · 2: water is wet\npass · 2: two is even\n"


def test_check_names_what_does_not_hold(capsys):
    with pytest.raises(AssertionError, match="exercise 2: this does not hold yet: two is odd$") as caught:
        check("2", lambda: {"water is wet": True, "two is odd": 2 % 2 == 1})
    assert not isinstance(caught.value, Unanswered)
    assert capsys.readouterr().out == "pass · 2: water is wet\nFAIL · 2: two is odd\n"


def test_check_says_what_is_not_defined_yet():
    with pytest.raises(Unanswered, match="^exercise 2 has no answer yet: `by_ring` is not defined. Write it in"):
        check("2", lambda: {"a mean": by_ring > 0})  # noqa: F821


@pytest.mark.parametrize("answer", [None, {}, "text"], ids=["TypeError", "KeyError", "another TypeError"])
def test_check_says_that_an_answer_has_another_form(answer):
    with pytest.raises(Unanswered, match="exercise 2 has no answer that can be checked yet .*Error"):
        check("2", lambda: {"a mean": answer["mean"] > 0})


def solution_of(*cells, looks_at=()):
    """A solution notebook: its title, then cells (kind, tag, source); the last one looks at the names."""
    make = {"code": nbformat.v4.new_code_cell, "text": nbformat.v4.new_markdown_cell}
    made = [make[kind](source, metadata={"tags": [tag]} if tag else {}) for kind, tag, source in cells]
    if looks_at:
        made[-1].metadata["looks_at"] = looks_at
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Solutions 7 · Sums"), *made])


def sources_after_the_introduction(*cells, looks_at=()):
    return [cell.source for cell in learner_notebook(solution_of(*cells, looks_at=looks_at), "07_sums.ipynb").cells[2:]]


def test_learners_notebook_has_its_own_title_and_links_the_solution():
    title, how = learner_notebook(solution_of(), "07_sums.ipynb").cells
    assert title.source == "# Exercises 7 · Sums"
    assert "(../solutions/07_sums.ipynb)" in how.source


def test_consecutive_answers_leave_one_cell_that_names_what_the_check_uses():
    assert sources_after_the_introduction(
        ("code", "solution", "one, aside = 1, 0"),
        ("text", "solution", "**Answer.** Three."),
        ("code", "solution", "def total():\n    inner = 2\n    return one + inner"),
        ("code", "check", "# NBVAL_CHECK_OUTPUT\ncheck('1', lambda: {'three': total() == 2 + one})"),
        looks_at=["total", "one"],
    ) == [
        "# Your code here.\n# The check looks at: total, one",
        "check('1', lambda: {'three': total() == 2 + one})",
    ]


def test_answer_in_words_leaves_no_cell():
    cells = ("text", "solution", "**Answer.** Three."), ("code", "", "given = 1")
    assert sources_after_the_introduction(*cells) == ["given = 1"]


def test_given_cell_keeps_its_identity_and_loses_its_output():
    solution = solution_of(("code", "", "print(1)"))
    solution.cells[1].outputs, solution.cells[1].execution_count = [nbformat.v4.new_output("stream", text="1\n")], 4
    cell = learner_notebook(solution, "07_sums.ipynb").cells[2]
    assert (cell.id, cell.outputs, cell.execution_count) == (solution.cells[1].id, [], None)
