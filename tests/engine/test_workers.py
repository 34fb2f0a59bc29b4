"""Workers give what one after the other gives, and stop when they are told to."""

import threading

import pytest
from sklnoise.engine._workers import attempt, stop_if_told, workers


@pytest.mark.parametrize("n_workers", [1, 2, 5])
def test_results_come_in_order(n_workers):
    with workers(n_workers) as do:
        assert list(do(pow, range(9), [2] * 9)) == [k**2 for k in range(9)]


def test_error_is_an_outcome():
    assert isinstance(attempt(int, "one"), ValueError)


def test_interrupt_stops_work_that_goes_on():
    started, ended = threading.Event(), threading.Event()

    def work(_):
        started.set()
        try:
            while True:
                stop_if_told()
        finally:
            ended.set()

    def tasks():
        yield 0
        assert started.wait(5)
        raise KeyboardInterrupt

    def interrupted():
        with workers(2) as do:
            list(do(work, tasks()))

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert ended.is_set()


def test_nobody_is_told_to_stop_outside_of_workers():
    stop_if_told()
