"""What shows the progress of a fit: bars where they can be drawn, otherwise lines."""

import multiprocessing
import os
import sys
import threading
from importlib.util import find_spec

from sklnoise.classifiers._progress_lines import Lines


def display(name, verbose, draws):
    """Make what shows the progress."""
    if not draws:
        return Lines(name)
    from sklnoise.classifiers._progress_bars import Bars  # rich is optional

    return Bars(name, tables=verbose > 1)


def tables_of_nets(classifier):
    """Tell whether nets print lines of their own, which would tear bars apart."""
    models = classifier.estimator, classifier.first_pass
    return any(getattr(model, "verbose", 0) for model in models)


def can_draw():
    """Tell whether bars can be drawn."""
    return (
        multiprocessing.parent_process() is None
        and threading.current_thread() is threading.main_thread()
        and not hasattr(sys.stdout, "rich_proxied_file")
        and is_terminal(sys.stdout)
        and is_terminal(sys.stderr)
        and os.environ.get("TERM", "").lower() not in ("dumb", "unknown")
        and find_spec("rich") is not None
    )


def is_terminal(stream):
    """Tell whether a stream is a terminal."""
    try:
        return stream.isatty()
    except (AttributeError, ValueError):
        return False
