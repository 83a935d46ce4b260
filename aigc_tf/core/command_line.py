"""The habits of all commands: what stops one is said in a line, and its exit code means the same everywhere.

Standard library only, since set-up uses it before any package is installed. It stands in `core`, and not in `course`,
because `recipes` and `workers` are commands, too.
"""

import sys


def run(name, work, *, interrupted, busy="another run holds the lock. Wait for it to end, then try again."):
    """Run a command's work; what the reader can put right becomes one line on stderr, not a traceback.

    Args:
        name: what the line begins with, such as "Course".
        work: function without arguments; it returns an exit code, or None for 0.
        interrupted: what Ctrl-C leaves behind, and what the next run does.
        busy: what to say where another process holds the lock (`files.file_lock`).

    Returns:
        The exit code: what `work` returns, 1 after a problem, 130 after Ctrl-C.
    """
    try:
        return work() or 0
    except KeyboardInterrupt:
        return complain(name, f"interrupted. {interrupted}", code=130)
    except BlockingIOError:
        return complain(name, busy)
    except OSError as error:
        return complain(name, explain(error))
    except ValueError as error:
        return complain(name, error)


def complain(name, problem, code=1):
    """Say on stderr what stopped a command; return its exit code."""
    start = "\n" if sys.stdout.isatty() else ""  # a line that shows progress may stand there
    print(f"{start}{name}: {problem}", file=sys.stderr, flush=True)
    return code


def explain(error):
    """What an OSError means to the reader, and what to do, in one line."""
    if error.errno == 28:  # ENOSPC
        return f"the disk is full ({error.filename or 'no file named'}). Make room and run the same command again."
    if error.errno in (1, 13, 30):  # EPERM, EACCES, EROFS
        return f"{error.filename} cannot be written. Name folders that can: VENV=/elsewhere/venv BUILD=/elsewhere/build"
    return str(error)
