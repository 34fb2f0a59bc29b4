"""Memory that a function takes, without the pages of files that it maps."""

import ctypes
import gc
import threading
from contextlib import contextmanager
from pathlib import Path

MB, PAUSE = 1e6, 0.005
STATUS = Path("/proc/self/status")


def allocated():
    """Return the memory of this process that no file backs, in MB (Linux only)."""
    line = next(n for n in STATUS.read_text().splitlines() if n.startswith("RssAnon"))
    return int(line.split()[1]) * 1024 / MB


@contextmanager
def footprint():
    """Yield a list that gets the most memory in MB that is allocated in the block."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    before, ended, seen = allocated(), threading.Event(), []
    found = []

    def watch():
        while not ended.wait(PAUSE):
            seen.append(allocated())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield found
    finally:
        ended.set()
        watcher.join()
        found.append(max([allocated(), *seen]) - before)
