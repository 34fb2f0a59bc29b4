"""A fit leaves what belongs to the process as it was, for other threads too."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from skorch import NeuralNetClassifier
from torch import nn

from sklnoise.nn import MLP

pytestmark = pytest.mark.filterwarnings(  # of nets that are trained for a moment
    "ignore::sklnoise.exceptions.SwappableClassesWarning",
    "ignore::sklnoise.exceptions.PermutedClassesWarning",
    "ignore::sklnoise.exceptions.ClassCollapseWarning",
)


class Images(nn.Module):
    """A module of the user for samples of any shape, with dropout."""

    def __init__(self, n_features, n_classes):
        super().__init__()
        first, last = nn.Linear(n_features, 6), nn.Linear(6, n_classes)
        self.layers = nn.Sequential(nn.Flatten(), first, nn.Dropout(0.3), last)

    def forward(self, X):
        return self.layers(X)


NETS = {
    "default": None,
    "MLP": {"module": MLP, "module__dropout": 0.3},
    "module of the user": {"module": Images},
    "optimizer with a closure": {
        "module": Images,
        "optimizer": torch.optim.LBFGS,
        "optimizer__max_iter": 2,
    },
}


@pytest.fixture(params=NETS)
def clf(request, make_net, make_clf):
    params = NETS[request.param]
    if params is not None:
        return make_clf(make_net(**params))
    return make_clf().set_params(estimator__max_epochs=3)


def settings():
    """Return what no thread may see changed, not even for a while."""
    return {
        "grad": torch.is_grad_enabled(),
        "inference": torch.is_inference_mode_enabled(),
        "default dtype": torch.get_default_dtype(),
        "autocast": torch.is_autocast_enabled("cpu"),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "anomaly": torch.is_anomaly_enabled(),
        "numpy": np.random.get_state()[1].tolist(),  # noqa: NPY002
        "random": hash(random.getstate()),
        "errors of numpy": np.geterr(),
        "options of numpy": np.get_printoptions(),
        "precision": torch.get_float32_matmul_precision(),
        "environment": dict(os.environ),
        "hook": sys.excepthook,
        "streams": (sys.stdout, sys.stderr),
        "threads": torch.get_num_threads(),
    }


def global_state():
    # These change while a fit runs, as they belong to the process: torch's random state
    # is seeded, the handler tells Ctrl-C from a callback that stops a training, and
    # scikit-learn's checks exchange the filters of warnings for a moment.
    return settings() | {
        "torch": torch.get_rng_state().tolist(),
        "warnings": list(warnings.filters),
        "signal": signal.getsignal(signal.SIGINT),
    }


FOREIGN = (
    nn.Module,
    nn.Linear,
    nn.Dropout,
    nn.CrossEntropyLoss,
    torch.optim.Adam,
    torch.optim.LBFGS,
    torch.optim.lr_scheduler.LRScheduler,
    torch.utils.data.DataLoader,
    torch.Tensor,
    NeuralNetClassifier,
)


def attributes():
    """Return the attributes of classes of others, which nothing may replace."""
    return {
        kind: {n: v for n, v in vars(kind).items() if n != "_abc_impl"}
        for kind in FOREIGN
    }


def everything():
    return settings(), attributes(), list(warnings.filters)


@contextmanager
def unusual_state():
    """Let torch be in another state than that in which the package was imported."""
    n_threads, dtype = torch.get_num_threads(), torch.get_default_dtype()
    with torch.random.fork_rng():
        torch.manual_seed(7)
        torch.set_num_threads(2)
        torch.set_default_dtype(torch.float64)
        try:
            yield
        finally:
            torch.set_default_dtype(dtype)
            torch.set_num_threads(n_threads)


@pytest.mark.parametrize("shape", [(4,), (2, 2)])
def test_state_after_fit_and_predict_is_as_before(clf, table, shape):
    X, y = table
    X = X.reshape(-1, *shape)
    clf.fit(X, y)  # torch imports some of its parts in the first step of a process
    with unusual_state():
        before = global_state()
        clf.fit(X, y).predict(X)
        assert global_state() == before


FIRST_FITS = """
import os, sys, warnings
import numpy as np
import torch
from skorch import NeuralNetClassifier
from sklnoise import NoiseRobustClassifier

class Layers(torch.nn.Sequential):
    def __init__(self, n_features, n_classes):
        super().__init__(torch.nn.Linear(n_features, 6), torch.nn.Linear(6, n_classes))

rng = np.random.RandomState(0)
X, y = rng.normal(size=(300, 3)), rng.randint(2, size=300)
lbfgs = NeuralNetClassifier(Layers, optimizer=torch.optim.LBFGS, verbose=0)
fits = [
    NoiseRobustClassifier(cv=2).set_params(estimator__max_epochs=2),
    NoiseRobustClassifier(Layers, cv=2, correction="adaptation").set_params(
        estimator__max_epochs=2, estimator__optimizer=torch.optim.SGD
    ),
    NoiseRobustClassifier(lbfgs.set_params(max_epochs=2), cv=2),
]
before = os.environ.copy()
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    filters = list(warnings.filters)
    for clf in fits:
        clf.fit(X, y).predict(X)
        assert "torch._dynamo" not in sys.modules, clf
        assert warnings.filters == filters, clf
        assert os.environ == before, clf
"""


def test_first_fits_of_a_process_import_no_compiler():
    subprocess.run([sys.executable, "-c", FIRST_FITS], check=True)


def test_state_after_a_fit_that_fails_is_as_before(table, make_net, make_clf):
    X, y = table
    clf = make_clf(make_net(MLP, optimizer=torch.optim.SGD, lr=1e300))
    with unusual_state():
        before = global_state()
        with pytest.raises(Exception, match="loss became"):
            clf.fit(X, y)
        assert global_state() == before


def test_state_after_a_fit_in_another_thread_is_as_before(clf, table):
    X, y = table
    before = global_state()
    thread = threading.Thread(target=clf.fit, args=(X, y))
    thread.start()
    thread.join()
    assert clf.predict(X).shape == y.shape
    assert global_state() == before


def test_another_thread_sees_no_setting_changed_while_a_fit_runs(clf, table):
    X, y = table
    seen, stopped = [], threading.Event()

    def watch():
        while not stopped.is_set():
            now = settings()
            if now not in seen:
                seen.append(now)
            time.sleep(1e-4)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        clf.fit(X, y).predict(X)
    finally:
        stopped.set()
        thread.join()
    assert len(seen) == 1


class Watched(Images):
    """Looks, in each step of its training, at what another thread sees."""

    thread, seen = None, []

    def forward(self, X):
        if self.training and self.thread is not None:
            self.seen.append(self.thread.submit(everything).result())
        return super().forward(X)


@pytest.fixture
def other_thread(two_threads, monkeypatch):
    """Let a thread that is older than the fit look at what changes.

    One that torch first sees during a fit takes over its number of threads.
    """
    with ThreadPoolExecutor(1) as pool:
        pool.submit(everything).result()
        monkeypatch.setattr(Watched, "seen", [])
        yield pool


ROUTES = {
    "our loop": {"optimizer": torch.optim.Adam},
    "skorch's loop": {"optimizer": torch.optim.LBFGS, "optimizer__max_iter": 2},
    "loader": {"iterator_train__num_workers": 0},
}


@pytest.mark.parametrize("correction", ["forward", "adaptation-complex", "em"])
@pytest.mark.parametrize("route", ROUTES)
def test_another_thread_sees_nothing_changed_in_the_steps_of_a_training(
    table, make_net, make_clf, monkeypatch, other_thread, route, correction
):
    X, y = table
    clf = make_clf(make_net(Watched, **ROUTES[route]), correction=correction)
    clf.fit(X, y)  # torch adds hooks to an optimizer that is made for the first time
    expected = other_thread.submit(everything).result()
    monkeypatch.setattr(Watched, "thread", other_thread)
    clf.fit(X, y)
    assert len(Watched.seen) > 20
    for seen in Watched.seen:
        for now, before in zip(seen, expected, strict=True):
            assert now == before


def test_fit_without_gradients_around_it_is_the_same(clf, table):
    X, y = table
    expected = clf.fit(X, y).predict_proba(X)
    with torch.no_grad():
        proba = clf.fit(X, y).predict_proba(X)
    assert_array_equal(proba, expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_fit_in_half_precision_around_it_is_the_same(clf, table, dtype):
    X, y = table[0].astype(dtype), table[1]
    expected = clf.fit(X, y).predict_proba(X)
    with torch.autocast("cpu", torch.bfloat16):
        proba = clf.fit(X, y).predict_proba(X)
    assert_array_equal(proba, expected)


@pytest.fixture
def impatient_threads():
    """Let the interpreter switch between threads as often as it can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("impatient_threads")
def test_module_of_somebody_else_is_called_while_fits_run(clf, table):
    X, y = table
    foreign = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 2))
    batch = torch.ones(2, 3)
    n_calls, errors = 0, []

    def call():
        nonlocal n_calls
        while n_calls < 10_000 and not errors:
            try:
                foreign(batch)
            except Exception as error:
                errors.append(error)
            n_calls += 1

    thread = threading.Thread(target=call)
    thread.start()
    while thread.is_alive():
        clf.fit(X, y).predict(X)
    thread.join()
    assert errors == []
