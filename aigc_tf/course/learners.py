"""The learner's notebooks, made from the solutions.

`python -m aigc_tf.course.learners` writes notebooks/exercises anew. A solution notebook is the one source of both; a
cell's tag says what becomes of it: `solution` is left out of the learner's notebook (and leaves a cell to write in),
`check` and untagged cells stay, without their outputs. A check's metadata `looks_at` lists the names that it takes from
the answer; the cell to write in tells them.
"""

import copy
from pathlib import Path

import nbformat

from aigc_tf.core.files import write_file

NOTEBOOKS = Path(__file__).resolve().parent.parent.parent / "notebooks"

HOW_IT_WORKS = """\
Each exercise has a question, a hint that opens when you click on it, a cell to write in (make more of them, if you
like), and a check. Run the cells from the top. Before you have written an answer, its check tells you which name it is
looking for; when the answer is good, it prints *pass*. Your code may differ from the one in the solutions: a check
looks only at what it names. When you are done, or stuck, compare with [our solutions](../solutions/{name})."""


def learner_notebook(solution, name):
    """The learner's notebook: a solution without its answers, outputs and execution counts.

    Args:
        solution: an nbformat notebook whose cells carry the tags `solution`, `check`, or none.
        name: its file name, to link it.
    """
    learner = nbformat.v4.new_notebook(metadata=copy.deepcopy(solution.metadata))
    learner.metadata.pop("aigc_tf", None)  # minutes, measured with the answers
    title, *cells = solution.cells
    how = nbformat.v4.new_markdown_cell(HOW_IT_WORKS.format(name=name), id="how-it-works")
    learner.cells = [blank(title, title.source.replace("# Solutions", "# Exercises", 1)), how]
    answered = None  # the first cell of the answer that is being left out
    for at, cell in enumerate(cells):
        if "solution" in tags(cell):
            answered = answered or (cell if cell.cell_type == "code" else None)
            continue
        if answered:
            following = next((later for later in cells[at:] if "check" in tags(later)), None)
            learner.cells.append(blank(answered, to_fill_in(following)))
            answered = None
        learner.cells.append(blank(cell, cell.source.removeprefix("# NBVAL_CHECK_OUTPUT\n")))
    return learner


def tags(cell):
    """The tags of a cell; none for most."""
    return cell.metadata.get("tags", [])


def blank(cell, source):
    """A cell with the same identity and the given source, never run."""
    make = nbformat.v4.new_code_cell if cell.cell_type == "code" else nbformat.v4.new_markdown_cell
    kept = [tag for tag in tags(cell) if tag == "check"]
    return make(source, id=cell.id, metadata={"tags": kept} if kept else {})


def to_fill_in(following_check):
    """What stands in a cell to write in: which names the check that follows, if there is one, wants from it."""
    wanted = following_check.metadata.get("looks_at", []) if following_check else []
    return "# Your code here." + (f"\n# The check looks at: {', '.join(wanted)}" if wanted else "")


def main(notebooks=NOTEBOOKS):
    """Write notebooks/exercises from notebooks/solutions."""
    for path in sorted((notebooks / "solutions").glob("[0-9]*.ipynb")):
        learner = learner_notebook(nbformat.read(path, as_version=4), path.name)
        write_file(notebooks / "exercises" / path.name, nbformat.writes(learner) + "\n")
        print(notebooks / "exercises" / path.name)


if __name__ == "__main__":
    main()
