"""Kinds of X that people have, types to compute in, and parameters of the steps."""

import threading

import joblib
import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from torch import nn
from torch.utils.data import Dataset

from sklnoise.nn import MLP

pytestmark = pytest.mark.filterwarnings(  # of nets that are trained for a moment
    "ignore::sklnoise.exceptions.SwappableClassesWarning",
    "ignore::sklnoise.exceptions.PermutedClassesWarning",
    "ignore::sklnoise.exceptions.ClassCollapseWarning",
)


class Layers(nn.Sequential):
    """A module of the user."""

    def __init__(self, n_features, n_classes):
        super().__init__(nn.Linear(n_features, 6), nn.Tanh(), nn.Linear(6, n_classes))


LBFGS = {"optimizer": torch.optim.LBFGS, "optimizer__max_iter": 2}
NETS = {
    "MLP": {"module": MLP, "module__hidden": (8,), "module__dropout": 0.2},
    "MLP, optimizer with a closure": {"module": MLP, "module__hidden": (8,)} | LBFGS,
    "module of the user": {"module": Layers},
    "optimizer with a closure": {"module": Layers} | LBFGS,
}


@pytest.fixture(params=NETS)
def clf(request, make_net, make_clf):
    return make_clf(make_net(**NETS[request.param], iterator_train__shuffle=True))


class Rows(Dataset):
    """Samples that are read one by one, as from files."""

    def __init__(self, X):
        self.X = X

    def __len__(self):
        return len(self.X)

    def __getitem__(self, index):
        return torch.from_numpy(self.X[index])


def as_memmap(X, path):
    np.save(path / "X.npy", X)
    return np.load(path / "X.npy", mmap_mode="r")


CONTAINERS = {
    "CSR": lambda X, path: sparse.csr_array(X),
    "memmap": as_memmap,
    "read-only": lambda X, path: np.frombuffer(X.tobytes()).reshape(X.shape),
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_other_containers_give_what_an_array_gives(clf, table, tmp_path, container):
    X, y = table
    X[np.abs(X) < 0.5] = 0
    kept = CONTAINERS[container](X, tmp_path)
    clf.fit(X, y)
    expected = clf.out_of_fold_proba_, clf.predict_proba(X)
    for _ in range(2):
        clf.fit(kept, y)
        assert_allclose(clf.out_of_fold_proba_, expected[0], atol=1e-6)
        assert_allclose(clf.predict_proba(kept), expected[1], atol=1e-6)


@pytest.mark.parametrize("kind", NETS)
def test_dataset_gives_what_an_array_gives(table, make_net, make_clf, kind):
    X, y = table
    params = NETS[kind] | ({"module__dropout": 0.0} if kind == "MLP" else {})
    clf = make_clf(make_net(**params))
    clf.fit(X, y)
    expected = clf.out_of_fold_proba_, clf.predict_proba(X)
    clf.fit(Rows(X), y)
    assert_allclose(clf.out_of_fold_proba_, expected[0], atol=1e-6)
    assert_allclose(clf.predict_proba(Rows(X)), expected[1], atol=1e-6)


def test_dataset_gives_equal_results_for_equal_seeds(clf, table, make_clf):
    X, y = table
    clf.fit(Rows(X), y)
    with joblib.parallel_config("threading"):
        other = make_clf(clf.estimator, n_jobs=2).fit(Rows(X), y)
    assert_array_equal(other.out_of_fold_proba_, clf.out_of_fold_proba_)
    assert_array_equal(other.predict_proba(X), clf.predict_proba(X))


@pytest.mark.parametrize("kind", ["MLP", "module of the user"])
def test_wide_sparse_rows_are_learned_from(make_net, make_clf, kind):
    X = sparse.random_array((60, 2000), density=0.01, format="csr", rng=0)
    y = np.arange(60) // 2 % 3  # the folds take every third sample
    params = NETS[kind] | ({"module__dropout": 0.0} if kind == "MLP" else {})
    clf = make_clf(make_net(**params))
    proba = clf.fit(X, y).predict_proba(X)
    dense = clf.fit(X.toarray(), y).predict_proba(X.toarray())
    assert_allclose(proba, dense, atol=1e-6)
    assert np.isfinite(proba).all()


CONTENTS = {
    "big-endian": lambda X: X.astype(">f8"),
    "long double": lambda X: X.astype(np.longdouble),
    "negative strides": lambda X: X[::-1, ::-1].copy()[::-1, ::-1],
    "Fortran order": np.asfortranarray,
    "not contiguous": lambda X: np.repeat(X, 2, axis=0)[::2],
    "tensor": torch.from_numpy,
    "tensor with a graph": lambda X: torch.from_numpy(X).requires_grad_(),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_arrays_of_any_layout_give_what_plain_ones_give(clf, table, name):
    X, y = table
    expected = clf.fit(X, y).predict_proba(X)
    other = CONTENTS[name](X)
    clf.fit(other, y)
    assert {p.dtype for p in clf.estimator_.module_.parameters()} == {torch.float64}
    assert_array_equal(clf.predict_proba(other), expected)


@pytest.mark.parametrize("dtype", [np.float16, ">f4", np.int8, np.uint16, ">i4", bool])
def test_numbers_of_any_type_are_learned_from(table, make_clf, make_net, dtype):
    X, y = table
    X = np.abs(4 * X).astype(dtype)
    clf = make_clf(make_net(MLP)).fit(X, y)
    assert_allclose(clf.predict_proba(X[::-1]).sum(axis=1), 1, rtol=1e-5)


def test_values_of_any_scale_and_sign_are_learned_from(table, make_clf, make_net):
    X, y = table
    clf = make_clf(make_net(MLP))
    for other in (X - 1e9, -1e100 * X, 1e-300 * X):
        proba = clf.fit(other, y).predict_proba(other)
        assert_allclose(proba.sum(axis=1), 1, rtol=1e-5)


# Without instructions for bfloat16 the float32 is taken, with a warning.
@pytest.mark.filterwarnings("ignore:.*bfloat16")
@pytest.mark.parametrize(
    ("dtype", "X_dtype", "expected"),
    [
        ("auto", np.float64, torch.float64),
        ("auto", np.float32, torch.float32),
        ("float32", np.float64, torch.float32),
        ("float64", np.float32, torch.float64),
        ("bfloat16", np.float32, torch.float32),
    ],
)
def test_weights_have_the_type_that_is_asked_for(clf, table, dtype, X_dtype, expected):
    X, y = table
    clf.set_params(dtype=dtype).fit(X.astype(X_dtype), y)
    assert {p.dtype for p in clf.estimator_.module_.parameters()} == {expected}
    proba = clf.predict_proba(X.astype(X_dtype))
    assert np.isfinite(proba).all()
    assert_allclose(proba.sum(axis=1), 1, rtol=1e-5)
    again = clf.fit(X.astype(X_dtype), y).predict_proba(X.astype(X_dtype))
    assert_array_equal(again, proba)


class Scaled(Layers):
    """Takes a parameter beside its samples."""

    def forward(self, X, factor=1.0):
        return factor * super().forward(X)


class ScaledMLP(MLP):
    """The same, of ours."""

    def forward(self, X, factor=1.0):
        return factor * super().forward(X)


@pytest.mark.parametrize("module", [Scaled, ScaledMLP])
def test_parameters_of_fit_reach_the_steps_of_all_nets(table, make_net, make_clf, module):
    X, y = table
    net = make_net(module, optimizer=torch.optim.SGD)
    refitted = make_clf(net, correction="none").fit(X, y, factor=0.0)
    assert_allclose(refitted.history_[:, "train_loss"], np.log(3))
    zero = make_clf(net).fit(X, y, factor=0.0)
    untrained = make_clf(net.set_params(lr=0.0)).fit(X, y)
    assert_array_equal(zero.out_of_fold_proba_, untrained.out_of_fold_proba_)


def test_number_of_epochs_is_a_parameter_of_the_loop(clf, table):
    X, y = table
    assert len(clf.fit(X, y, epochs=2).history_) == 2


def run_at_the_same_time(*functions):
    results = [None] * len(functions)

    def run(number):
        results[number] = functions[number]()

    threads = [threading.Thread(target=run, args=[k]) for k in range(len(functions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_predictions_at_the_same_time_are_those_of_one_after_the_other(clf, table):
    X, y = table
    X = np.tile(X, (200, 1))
    clf.fit(X[:60], y)
    expected = clf.predict_proba(X)
    for proba in run_at_the_same_time(*[lambda: clf.predict_proba(X)] * 4):
        assert_array_equal(proba, expected)


def test_prediction_while_another_fit_runs_is_as_before(clf, table, make_clf):
    X, y = table
    expected = clf.fit(X, y).predict_proba(X)
    other = make_clf(clf.estimator)

    def predict():
        return [clf.predict_proba(X) for _ in range(20)]

    predicted, refitted = run_at_the_same_time(predict, lambda: other.fit(X, y))
    for proba in predicted:
        assert_array_equal(proba, expected)
    assert_array_equal(refitted.predict_proba(X), expected)
