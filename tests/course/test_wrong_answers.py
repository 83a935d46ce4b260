"""Checks of exercises fail on the wrong answers that learners give: each is put in the place of ours.

An exercise whose check needs no training is run in a namespace that has the imports and settings of its solution
notebook, the names of `GIVEN`, the answer, and then the check. The answers stand in `answers/chapter_NN.py`.
"""

import runpy
from pathlib import Path

import nbformat
import pytest

HERE = Path(__file__).resolve().parent
SOLUTIONS = HERE.parent.parent / "notebooks" / "solutions"
READS = ("tests/course/answers/*.py",)
RUNS = ("notebooks/solutions/*.ipynb",)

FILES = sorted((HERE / "answers").glob("chapter_*.py"))
ANSWERS = {path.stem.removeprefix("chapter_"): runpy.run_path(str(path)) for path in FILES}
RIGHT = [(chapter, number) for chapter, answers in ANSWERS.items() for number in answers["RIGHT_ANSWERS"]]
OTHERS = [
    (chapter, number, how)
    for chapter, answers in ANSWERS.items() for number, others in answers.get("OTHER_RIGHT_ANSWERS", {}).items()
    for how in others
]
WRONG = [
    (chapter, number, why)
    for chapter, answers in ANSWERS.items() for number, wrong in answers["WRONG_ANSWERS"].items() for why in wrong
]


def run_check(chapter, number, answer):
    """Runs the check of an exercise on an answer."""
    path, = SOLUTIONS.glob(f"{chapter}_*.ipynb")
    code = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    namespace = {}
    for source in (code[0], code[1], ANSWERS[chapter]["GIVEN"], answer):
        exec(source, namespace)
    check, = (source for source in code if f'check("{number}", ' in source)
    exec(check, namespace)


@pytest.mark.parametrize("chapter, number", RIGHT, ids=["-".join(each) for each in RIGHT])
def test_a_right_answer_passes(chapter, number):
    run_check(chapter, number, ANSWERS[chapter]["RIGHT_ANSWERS"][number])


@pytest.mark.parametrize("chapter, number, how", OTHERS, ids=["{}-{}: {}".format(*each) for each in OTHERS])
def test_another_right_answer_passes(chapter, number, how):
    run_check(chapter, number, ANSWERS[chapter]["OTHER_RIGHT_ANSWERS"][number][how])


@pytest.mark.parametrize("chapter, number, why", WRONG, ids=["{}-{}: {}".format(*each) for each in WRONG])
def test_a_wrong_answer_does_not_pass(chapter, number, why):
    with pytest.raises(AssertionError, match=f"exercise {number}: this does not hold yet"):
        run_check(chapter, number, ANSWERS[chapter]["WRONG_ANSWERS"][number][why])
