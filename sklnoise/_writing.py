"""Files that are replaced whole and together, or not at all."""

import os
import secrets
import shutil
import signal
import threading
from contextlib import contextmanager, suppress
from pathlib import Path

# Signals that end a process without running `finally`; SIGHUP is unknown to Windows.
ENDING_SIGNALS = [
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)
]


def write_whole(path, data):
    """Write text or bytes to a file, whole or not at all."""
    if isinstance(data, str):
        data = data.encode()
    with replaced_together([path]) as writable:
        writable[path].write_bytes(data)


@contextmanager
def replaced_together(paths):
    """Yield a path to write to for each path; put all in place when the block succeeds.

    Regular files, and names that do not exist, are written next to their target under
    another name with the same suffix, then moved. A device, FIFO or open descriptor such
    as /dev/stdout is yielded itself, to be written into. Links are followed.
    """
    targets = {path: find_target(Path(path)) for path in paths}
    parts = {
        path: target.with_name(f".part-{secrets.token_hex(4)}{target.suffix}")
        for path, target in targets.items()
        if target is not None
    }
    with exit_on_signals():
        try:
            yield {path: parts.get(path, Path(path)) for path in targets}
            move_all({parts[path]: targets[path] for path in parts})
        finally:
            for part in parts.values():
                part.unlink(missing_ok=True)


def find_target(path):
    """Return the regular file that a path leads to, None if it is to be written into."""
    if path.is_dir():
        raise IsADirectoryError(
            f"{path} is a folder, but must name a file. Add a name, such as "
            f"{path / 'report.html'}."
        )
    exists = True
    try:
        path.stat()  # raises an error also for a circle of links
    except FileNotFoundError:
        exists = False
    if exists and (not path.is_file() or is_open_descriptor(path)):
        return None
    # Next to what a link points to: the link stays, and moving is one step on one disk.
    target = path.resolve()
    if not target.parent.is_dir():
        raise FileNotFoundError(
            f"{path} cannot be written: the folder {target.parent} does not exist. Make "
            "it first."
        )
    if not os.access(target.parent, os.W_OK):
        raise PermissionError(
            f"{path} cannot be written: you may not write to the folder {target.parent}. "
            "Name a file elsewhere."
        )
    return target


def is_open_descriptor(path):
    """Return whether a path is a file that is open here, such as /dev/stdout."""
    link = os.readlink(path) if path.is_symlink() else ""
    folder = (path.parent / link).parent if link else path.parent
    return any(map(folder.resolve().is_relative_to, ("/proc", "/dev/fd")))


def move_all(targets):
    """Move files to their targets, which keep their permissions."""
    for part in targets:
        part.stat()  # none is moved where another is missing
    moved = []
    for part, target in targets.items():
        try:
            with suppress(FileNotFoundError):
                shutil.copymode(target, part)
            os.replace(part, target)
        except OSError as error:
            written = f"only {' and '.join(moved)}" if moved else "nothing"
            reason = f"{error.strerror or error}; {written} was written"
            raise OSError(error.errno, reason, str(target)) from error
        moved.append(str(target))


@contextmanager
def exit_on_signals():
    """Let signals that end the process raise SystemExit, so that `finally` is run."""
    # Only the main thread may set handlers, and those of others are left alone.
    handled = []
    if threading.current_thread() is threading.main_thread():
        handled = [s for s in ENDING_SIGNALS if signal.getsignal(s) is signal.SIG_DFL]
    for number in handled:
        signal.signal(number, raise_exit)
    try:
        yield
    finally:
        for number in handled:
            signal.signal(number, signal.SIG_DFL)


def raise_exit(number, frame):
    """Exit with the code by which shells name a signal."""
    raise SystemExit(128 + number)
