"""Equal seeds give equal bits, however the work is shared out; weights are repeats."""

import threading

import joblib
import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from skorch import NeuralNetClassifier
from torch import nn

from sklnoise.nn import MLP

pytestmark = pytest.mark.filterwarnings(  # of nets that are trained for a moment
    "ignore::sklnoise.exceptions.SwappableClassesWarning",
    "ignore::sklnoise.exceptions.PermutedClassesWarning",
    "ignore::sklnoise.exceptions.ClassCollapseWarning",
)


class Layers(nn.Sequential):
    """A module of the user that draws from torch's random state in each step."""

    def __init__(self, n_features, n_classes):
        first, last = nn.Linear(n_features, 6), nn.Linear(6, n_classes)
        super().__init__(nn.Flatten(), first, nn.Dropout(0.3), nn.Tanh(), last)


class Wide(MLP):
    """So large that its steps are worth more than one thread."""

    def __init__(self, n_features, n_classes):
        super().__init__(n_features, n_classes, hidden=(500, 500), dropout=0.3)


class AddsNoise(NeuralNetClassifier):
    """A subclass with a training step of its own."""

    def train_step_single(self, batch, **fit_params):
        X, targets = batch
        return super().train_step_single((X + torch.randn_like(X), targets), **fit_params)


SHUFFLED = {"iterator_train__shuffle": True}
NETS = {
    "MLP": {"module": MLP, "module__hidden": (8,), "module__dropout": 0.3} | SHUFFLED,
    "MLP, large steps": {
        "module": Wide,
        "max_epochs": 1,
        "batch_size": 40,
        "lr": 1e-3,
    },
    "module of the user": {"module": Layers} | SHUFFLED,
    "optimizer with a closure": {
        "module": Layers,
        "optimizer": torch.optim.LBFGS,
        "optimizer__max_iter": 2,
    },
    "steps of the user": {"module": Layers, "kind": AddsNoise},
}


@pytest.fixture(params=NETS)
def clf(request, make_net, make_clf):
    return make_clf(make_net(**NETS[request.param]))


def assert_same_fit(clf, other, X):
    assert_array_equal(clf.out_of_fold_proba_, other.out_of_fold_proba_)
    assert_array_equal(clf.predict_proba(X), other.predict_proba(X))


def test_same_seed_gives_the_same_bits_whatever_torchs_random_state(clf, table):
    X, y = table
    fits = []
    for seed in range(2):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            fits.append(clf.fit(X, y).out_of_fold_proba_)
            fits.append(clf.predict_proba(X))
    assert_array_equal(fits[0], fits[2])
    assert_array_equal(fits[1], fits[3])
    assert np.isfinite(fits[0]).all()


@pytest.mark.usefixtures("two_threads")
def test_bits_do_not_depend_on_n_jobs(clf, table, make_clf):
    X, y = table
    clf.fit(X, y)
    with joblib.parallel_config("threading"):
        shared = make_clf(clf.estimator, n_jobs=2).fit(X, y)
    assert_same_fit(clf, shared, X)


def test_bits_do_not_depend_on_another_fit_at_the_same_time(clf, table, make_clf):
    X, y = table
    clf.fit(X, y)
    others = [make_clf(clf.estimator) for _ in range(2)]
    threads = [threading.Thread(target=other.fit, args=(X, y)) for other in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for other in others:
        assert_same_fit(clf, other, X)


def test_another_seed_gives_another_net(clf, table):
    X, y = table
    proba = [clf.set_params(random_state=k).fit(X, y).predict_proba(X) for k in (0, 1)]
    assert np.abs(proba[0] - proba[1]).max() > 1e-6


@pytest.mark.parametrize(
    "params",
    [
        {"module": MLP, "module__hidden": (8,)},
        {"module": "plain"},
        {"module": "plain", "optimizer": torch.optim.LBFGS, "lr": 0.2},
    ],
    ids=["MLP", "module of the user", "optimizer with a closure"],
)
def test_integer_weights_equal_repeats(table, plain, make_net, make_clf, params):
    X, y = table
    module = plain if params["module"] == "plain" else params["module"]
    net = make_net(**(params | {"module": module}), batch_size=-1)
    weight = np.random.RandomState(1).randint(4, size=len(y))
    fold = np.arange(len(y)) % 3
    repeats = np.repeat(np.arange(len(y)), weight)
    fitted = []
    for rows, sample_weight in ((np.arange(len(y)), weight), (repeats, None)):
        cv = [(np.flatnonzero(fold[rows] != k), np.flatnonzero(fold[rows] == k))
              for k in range(3)]  # fmt: skip
        clf = make_clf(net, cv=cv)
        fitted.append(clf.fit(X[rows], y[rows], sample_weight=sample_weight))
    weighted, repeated = fitted
    assert_allclose(
        weighted.out_of_fold_proba_[repeats], repeated.out_of_fold_proba_, atol=1e-9
    )
    assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), atol=1e-9)


def test_weight_of_zero_leaves_a_sample_out(table, make_net, make_clf):
    X, y = table
    weight = (np.arange(len(y)) % 5 > 0).astype(float)
    clf = make_clf(make_net(MLP, module__hidden=(8,)))
    proba = clf.fit(X, y, sample_weight=weight).predict_proba(X)
    changed = np.where(weight[:, None] > 0, X, 1e3)
    clf.fit(changed, y, sample_weight=weight)
    assert_allclose(clf.predict_proba(X), proba, atol=1e-12)
    assert_array_equal(np.isnan(clf.out_of_fold_proba_).any(axis=1), weight == 0)
