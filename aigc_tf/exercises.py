"""Exercises: `check`, which their check cells call, and the learner's notebooks, made from the solutions.

`python -m aigc_tf.exercises` writes notebooks/exercises anew. A solution notebook is the one source of both; a cell's
tag says what becomes of it: `solution` is left out of the learner's notebook (and leaves a cell to write in), `check`
and untagged cells stay, without their outputs.
"""

import ast
import copy
import symtable
from pathlib import Path

import nbformat

from aigc_tf.files import write_file

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"

HOW_IT_WORKS = """\
Each exercise has a question, a hint that opens when you click on it, a cell to write in (make more of them, if you
like), and a check. Run the cells from the top. A check says that there is no answer as long as there is none, and
prints *pass* once there is a good one. Yours may differ from ours: a check looks only at what it names. When you are
done, or stuck, compare with [our solutions](../solutions/{name})."""


class Unanswered(AssertionError):
    """A check found no answer to look at."""


# What a check cell calls.


def check(number, findings):
    """Print whether each finding of an exercise holds.

    Args:
        number: the exercise's, as text.
        findings: a function without arguments that returns {finding in words: bool}. It is a function so that a
            missing answer shows here, and not as an accident in the notebook.

    Raises:
        Unanswered: if the findings cannot be evaluated, since the answer is missing or not of the form asked for.
        AssertionError: if a finding does not hold.
    """
    try:
        results = {finding: bool(holds) for finding, holds in findings().items()}
    except NameError as error:
        problem = f"no answer yet: `{error.name}` is not defined"
    except Exception as error:  # whatever the learner's objects raise
        problem = f"no answer that can be checked yet ({type(error).__name__}: {error})"
    else:
        for finding, holds in results.items():
            print("pass" if holds else "FAIL", "·", f"{number}: {finding}")
        wrong = [finding for finding, holds in results.items() if not holds]
        if wrong:
            raise AssertionError(f"exercise {number}: this does not hold yet: {'; '.join(wrong)}")
        return
    raise Unanswered(f"exercise {number} has {problem}. Write it in the cell above, then run this one again.")


# From a solution to the learner's notebook.


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
    answer = []  # the cells of the answer that is being left out
    for at, cell in enumerate(cells):
        if "solution" in tags(cell):
            answer += [cell] * (cell.cell_type == "code")
            continue
        if answer:
            following = next((later.source for later in cells[at:] if "check" in tags(later)), "")
            learner.cells.append(blank(answer[0], to_fill_in([cell.source for cell in answer], following)))
            answer = []
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


def to_fill_in(answer, following_check):
    """What stands in a cell to write in: which names the check that follows wants from it."""
    wanted = names_wanted(answer, following_check)
    return "# Your code here." + (f"\n# The check looks at: {', '.join(wanted)}" if wanted else "")


def names_wanted(answer, following_check):
    """Names that an answer's cells bind and the check takes from them, in the check's order."""
    tables = [symtable.symtable(source, "cell", "exec") for source in answer]
    bound = {symbol.get_name() for table in tables for symbol in table.get_symbols() if symbol.is_assigned()}
    nodes = list(ast.walk(ast.parse(following_check)))
    names = [node for node in nodes if isinstance(node, ast.Name)]
    bound -= {node.id for node in names if isinstance(node.ctx, ast.Store)}  # the check has such a name of its own
    bound -= {node.arg for node in nodes if isinstance(node, ast.arg)}
    names.sort(key=lambda node: (node.lineno, node.col_offset))
    return list(dict.fromkeys(node.id for node in names if node.id in bound))


def main(notebooks=NOTEBOOKS):
    """Write notebooks/exercises from notebooks/solutions."""
    for path in sorted((notebooks / "solutions").glob("[0-9]*.ipynb")):
        learner = learner_notebook(nbformat.read(path, as_version=4), path.name)
        write_file(notebooks / "exercises" / path.name, nbformat.writes(learner) + "\n")
        print(notebooks / "exercises" / path.name)


if __name__ == "__main__":
    main()
