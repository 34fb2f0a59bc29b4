"""Tasks that are worked on at the same time, and errors as their outcomes."""

import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

HERE = threading.local()
"""Knows, in each worker, whether to stop."""


def attempt(function, *args):
    """Return what a function gives, or the exception that it fails with."""
    try:
        return function(*args)
    except Exception as error:
        return error


@contextmanager
def workers(n_workers):
    """Work on some tasks at the same time."""
    if n_workers == 1:
        yield map
        return
    stop = threading.Event()
    with ThreadPoolExecutor(
        n_workers, initializer=partial(setattr, HERE, "stop", stop)
    ) as pool:

        def do(function, *iterables):
            results = deque()
            for args in zip(*iterables):
                if len(results) == n_workers:
                    yield results.popleft().result()
                results.append(pool.submit(function, *args))
            while results:
                yield results.popleft().result()

        try:
            yield do
        except BaseException:
            stop.set()
            raise


def stop_if_told():
    """End the work in this thread if that of all has been given up."""
    stop = getattr(HERE, "stop", None)
    if stop is not None and stop.is_set():
        raise KeyboardInterrupt
