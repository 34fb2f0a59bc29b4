"""The progress bar of a long fit on a terminal, where `verbose` is None."""

import multiprocessing
import sys
import threading
from importlib.util import find_spec

# Seconds after which a fit shows that it works.
DELAY = 2.0


class DelayedBar:
    """A bar on stderr for a fit that takes long, which disappears with its end."""

    # Of all bars: one fit may be a part of another.
    is_shown = False

    def __init__(self, name):
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self.progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
            # What is printed meanwhile on this terminal appears above the bar.
            redirect_stdout=is_terminal(sys.stdout),
        )
        self.name = name
        self.task = None
        self.timer = threading.Timer(DELAY, self.progress.start)
        self.timer.daemon = True

    def __enter__(self):
        DelayedBar.is_shown = True
        self.timer.start()
        return self

    def __exit__(self, *error):
        DelayedBar.is_shown = False
        self.timer.cancel()
        self.timer.join()  # it may be starting the bar right now
        self.progress.stop()

    def show(self, message, n_parts=None):
        """Show a step, of which the number of parts may be known."""
        if self.task is not None:
            self.progress.remove_task(self.task)
        self.task = self.progress.add_task(f"{self.name}: {message}", total=n_parts)

    def advance(self):
        """Show that a part of the step is done."""
        self.progress.advance(self.task)


def can_draw_on(stream):
    """Return whether this process may draw on a stream."""
    return (
        find_spec("rich") is not None
        and is_terminal(stream)
        # Only one display can be on a terminal at a time.
        and not hasattr(stream, "rich_proxied_file")
        and not DelayedBar.is_shown
        and multiprocessing.parent_process() is None
        and threading.current_thread() is threading.main_thread()
    )


def is_terminal(stream):
    """Return whether a stream is an open terminal."""
    try:
        return stream.isatty()
    except (AttributeError, ValueError):
        return False
