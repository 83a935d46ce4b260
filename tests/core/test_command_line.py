"""What every command does when something stops it."""

import pytest

from aigc_tf.core import command_line


def outcome(capsys, work):
    """(exit code, what was said on stderr)."""
    code = command_line.run("Course", work, interrupted="Nothing is lost.", busy="another run is writing.")
    return code, capsys.readouterr().err


def failing(error):
    def work():
        raise error

    return work


@pytest.mark.parametrize("returned, code", [(None, 0), (0, 0), (3, 3)])
def test_the_exit_code_is_what_the_work_returns(capsys, returned, code):
    assert outcome(capsys, lambda: returned) == (code, "")


@pytest.mark.parametrize("error, code, said", [
    (KeyboardInterrupt(), 130, "Course: interrupted. Nothing is lost.\n"),
    (BlockingIOError("held"), 1, "Course: another run is writing.\n"),
    (ValueError("no such chapter"), 1, "Course: no such chapter\n"),
    (FileNotFoundError("mnist.npz is nowhere"), 1, "Course: mnist.npz is nowhere\n"),
    (ChildProcessError("worker 1 failed"), 1, "Course: worker 1 failed\n"),
    (OSError(28, "No space left on device", "page.html"), 1,
     "Course: the disk is full (page.html). Make room and run the same command again.\n"),
])
def test_what_the_reader_can_put_right_is_one_line(capsys, error, code, said):
    assert outcome(capsys, failing(error)) == (code, said)


def test_a_mistake_of_ours_is_no_one_line():
    with pytest.raises(TypeError):
        command_line.run("Course", failing(TypeError("a bug")), interrupted="")
