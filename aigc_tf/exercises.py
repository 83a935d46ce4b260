"""Exercises: `check`, which the check cells of the learner's notebooks call."""


class Unanswered(AssertionError):
    """A check found no answer to look at."""


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
