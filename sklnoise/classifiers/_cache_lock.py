"""A lock by which one of several processes computes what all of them look for."""

import os
import time
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, where all of them compute it
    fcntl = None

SECONDS_BETWEEN_TRIES = 0.05


@contextmanager
def locked(location, key):
    """Hold the lock of a key in a folder, which ends with the process that holds it.

    Where a file system has no locks, or `location` is no folder, there is none.
    """
    if fcntl is None or not isinstance(location, str | os.PathLike):
        yield
        return
    path = Path(location) / f"{key}.lock"
    try:
        file = path.open("w")
    except OSError:
        yield
        return
    with file:
        with suppress(OSError):
            wait_for(file)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)  # whoever waits finds the result


def wait_for(file):
    """Lock a file; an OSError other than that it is locked means that it cannot be."""
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(SECONDS_BETWEEN_TRIES)
