"""Files that are safe to write: whole or not at all, and by one process at a time.

Standard library only: requirements/make_venv.py uses it before any package is installed.
"""

import contextlib
import os
import shutil
import time
from pathlib import Path


def write_file(path, content):
    """Write text or bytes to `path` as a whole or not at all: a kill half way leaves the old file as it was."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    try:
        partial.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)  # gone already when all went well


@contextlib.contextmanager
def file_lock(path):
    """Hold the lock file `path`; the system releases it when this process ends, however it ends.

    Raises:
        BlockingIOError: another process holds it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        try:
            if os.name == "nt":
                import msvcrt

                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BlockingIOError(f"another process holds {path}") from error
        yield


def remove_leftovers(folder, pattern, hours=24):
    """Remove what killed processes left half-written: files and folders in `folder` that fit the glob `pattern`.

    Only if nothing has been written to them for `hours`; younger ones may be the work of a process that is still alive.
    """
    before = time.time() - 3600 * hours
    for path in Path(folder).glob(pattern):
        with contextlib.suppress(OSError):  # another process may be quicker, and rubbish is no reason to fail
            if path.lstat().st_mtime < before:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
