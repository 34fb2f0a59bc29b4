"""Small data for the engine, and what tells by which way nets were trained."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from sklnoise.engine import (
    LabelledData,
    Setting,
    _stacked_route,
    fit_net,
    fit_nets,
    predict_proba,
    weights_of,
)
from skorch import NeuralNetClassifier
from torch.nn import CrossEntropyLoss

from sklnoise.nn import MLP

SETTING = Setting(3, torch.device("cpu"), torch.float64, 1)
N_ROWS = 48


def itself(net, number):
    return net


@pytest.fixture
def setting():
    """Double precision on one thread."""
    return SETTING


@pytest.fixture
def table(rng):
    """Rows of four features, three classes that two of them make, weights of 1."""
    X = rng.normal(size=(N_ROWS, 4))
    y = (X[:, 0] > 0).astype(np.int64) + (X[:, 1] > 0)
    return LabelledData(X, y, np.ones(N_ROWS))


@pytest.fixture
def images(table, rng):
    """Rows of two axes, which no step takes for small."""
    return table._replace(X=rng.normal(size=(N_ROWS, 2, 3)))


@pytest.fixture
def weighted(table, rng):
    """The table with weights."""
    return table._replace(sample_weight=rng.uniform(0.5, 2, size=N_ROWS))


@pytest.fixture
def folds():
    """Rows of three folds of the same size."""
    rows = np.arange(N_ROWS)
    return [np.setdiff1d(rows, rows[number::3]) for number in range(3)]


@pytest.fixture
def ragged(folds):
    """Rows of three folds that differ in their last batch of 9 rows."""
    return [folds[0][:-1], folds[1], folds[2][2:]]


@pytest.fixture
def make_net():
    """Make a small net for a few epochs of shuffled batches."""

    def make(module=MLP, kind=NeuralNetClassifier, **params):
        defaults = {
            "max_epochs": 3,
            "batch_size": 9,
            "lr": 0.05,
            "train_split": None,
            "iterator_train__shuffle": True,
            "verbose": 0,
        }
        if module is MLP:
            defaults["module__hidden"] = (8,)
        return kind(module, **(defaults | params))

    return make


@pytest.fixture
def fit():
    """Fit a net to all rows."""

    def fit(net, data, setting=SETTING, loss=None, **params):
        loss = CrossEntropyLoss(reduction="none") if loss is None else loss
        rows = np.arange(len(data.y))
        return fit_net(net, data, rows, loss, setting, **({"seed": 0} | params))

    return fit


@pytest.fixture
def fit_separately():
    """Fit a net to each of some sets of rows, one after the other."""

    def fit(net, data, row_sets, setting=SETTING, *, observed=False):
        loss = CrossEntropyLoss(reduction="none")
        return [
            fit_net(net, data, rows, loss, setting, seed=seed, observed=observed)
            for seed, rows in enumerate(row_sets)
        ]

    return fit


@pytest.fixture
def fit_routed():
    """Fit a net to each of some sets of rows by the route that is chosen."""

    def fit(
        net,
        data,
        row_sets,
        setting=SETTING,
        *,
        observed=False,
        n_jobs=None,
        fit_params=None,
        finish=itself,
        watch=None,
    ):
        outcomes = fit_nets(
            net,
            data,
            row_sets,
            CrossEntropyLoss(reduction="none"),
            setting,
            range(len(row_sets)),
            finish,
            fit_params=[fit_params or {}] * len(row_sets),
            observed=observed,
            n_jobs=n_jobs,
            watch=watch,
        )
        return list(outcomes)

    return fit


@pytest.fixture
def stacks(monkeypatch):
    """Note how many nets each stack has, and its kind."""
    seen, train_stack = [], _stacked_route.train_stack

    def noting(members, stack):
        seen.append((type(stack).__name__, len(members)))
        return train_stack(members, stack)

    monkeypatch.setattr(_stacked_route, "train_stack", noting)
    return seen


@pytest.fixture
def stock_steps(monkeypatch):
    """Note each training step of skorch."""
    seen, train_step = [], NeuralNetClassifier.train_step

    def noting(net, batch, **fit_params):
        seen.append(len(batch[0]))
        return train_step(net, batch, **fit_params)

    monkeypatch.setattr(NeuralNetClassifier, "train_step", noting)
    return seen


@pytest.fixture
def assert_same_weights():
    """Compare the weights of nets to the bit."""

    def check(net, expected):
        weights, expected = weights_of(net), weights_of(expected)
        assert weights.keys() == expected.keys()
        for name, weight in weights.items():
            np.testing.assert_array_equal(weight, expected[name], err_msg=name)

    return check


@pytest.fixture
def assert_same_nets():
    """Compare what nets predict, of the same rows, up to the rounding of sums."""

    def check(nets, expected, X, rtol=1e-9):
        for net, other in zip(nets, expected, strict=True):
            if isinstance(net, Exception):
                raise net
            proba = predict_proba(net, X)
            assert np.isfinite(proba).all()
            assert_allclose(proba, predict_proba(other, X), rtol=rtol)

    return check
