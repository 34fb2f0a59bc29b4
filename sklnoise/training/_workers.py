"""Tasks that are worked on at the same time, and errors as their outcomes."""

import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

CANCELLATION = threading.local()  # knows, in each worker, the event that cancels its work


def attempt(function, *args):
    """Return what a function gives, or the exception that it fails with.

    As a value, an error keeps its cause better through another process.
    """
    try:
        return function(*args)
    except Exception as error:
        return error


@contextmanager
def workers(n_workers):
    """Yield a `map` that works on `n_workers` threads; 1 is this one.

    A task is taken up only when a thread is free for it, and its result kept only until
    it is its turn.
    """
    if n_workers == 1:
        yield map
        return
    cancelled = threading.Event()
    initializer = partial(setattr, CANCELLATION, "event", cancelled)
    with ThreadPoolExecutor(n_workers, initializer=initializer) as pool:

        def work(function, *iterables):
            results = deque()
            for args in zip(*iterables):
                if len(results) == n_workers:
                    yield results.popleft().result()
                results.append(pool.submit(function, *args))
            while results:
                yield results.popleft().result()

        try:
            yield work
        except BaseException:
            cancelled.set()
            raise


def raise_if_cancelled():
    """Raise a KeyboardInterrupt in a worker whose work has been given up."""
    event = getattr(CANCELLATION, "event", None)
    if event is not None and event.is_set():
        raise KeyboardInterrupt
