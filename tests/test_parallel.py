"""Tasks give the same in the same order, whatever backend of joblib runs them."""

from concurrent.futures import CancelledError
from operator import add, mul

import numpy as np
import pytest
from joblib import parallel_config, register_parallel_backend
from joblib.parallel import ThreadingBackend
from sklearn.linear_model import LogisticRegression

from sklnoise import ConfidentLearningClassifier, NoiseRobustClassifier
from sklnoise._parallel import run_parallel


class ListBackend(ThreadingBackend):
    """A backend that can return lists alone."""

    supports_return_generator = False


@pytest.fixture(autouse=True)
def list_backend():
    """Register it."""
    register_parallel_backend("list", ListBackend)


@pytest.mark.parametrize("backend", ["threading", "list"])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_outcomes_come_in_order(backend, n_jobs):
    with parallel_config(backend):
        assert [*run_parallel(add, (1,), range(9), n_jobs=n_jobs)] == [*range(1, 10)]


@pytest.mark.parametrize("n_losses", [1, 3])
def test_tasks_that_are_lost_are_run_again(n_losses):
    lost = ["loss"] * n_losses

    def square(value):
        if value == 2 and lost:
            raise CancelledError(lost.pop())
        return value**2

    with parallel_config("threading"):
        assert [*run_parallel(square, (), range(5), n_jobs=2)] == [0, 1, 4, 9, 16]


def test_tasks_that_are_lost_each_time_are_an_error():
    def lose(value):
        raise CancelledError

    with parallel_config("threading"), pytest.raises(RuntimeError, match="memory"):
        [*run_parallel(lose, (), range(3), n_jobs=2)]


def test_error_of_a_task_is_raised():
    with parallel_config("list"), pytest.raises(TypeError):
        [*run_parallel(mul, ({},), range(3), n_jobs=2)]


@pytest.mark.parametrize("way", ["net", "first pass", "confident"])
def test_folds_run_where_a_backend_has_no_generator(noisy_blobs, quick_net, way):
    X, y, *_ = noisy_blobs
    model = {
        "net": NoiseRobustClassifier(quick_net, n_jobs=2),
        "first pass": NoiseRobustClassifier(
            quick_net, first_pass=LogisticRegression(), n_jobs=2
        ),
        "confident": ConfidentLearningClassifier(LogisticRegression(), n_jobs=2),
    }[way].set_params(random_state=0)
    expected = model.fit(X, y).predict_proba(X)
    with parallel_config("list"):
        np.testing.assert_array_equal(model.fit(X, y).predict_proba(X), expected)
