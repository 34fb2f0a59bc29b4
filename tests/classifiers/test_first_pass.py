"""The first pass: out of fold, cached, by any classifier; and a refit from it."""

import importlib
import linecache
import shutil
import sys

import numpy as np
import pytest
import torch
from joblib import Memory
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, RepeatedStratifiedKFold
from sklearn.pipeline import make_pipeline
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback

from sklnoise import NoiseRobustClassifier
from sklnoise.classifiers._cache_key import cache_key
from sklnoise.training import AutoSizedNet, LabelledData, Trainer, TrainingConfig

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklnoise.exceptions.SwappableClassesWarning"
)


class Counted(LogisticRegression):
    """Counts how often it is fitted."""

    fits = 0

    def fit(self, X, y, sample_weight=None):
        Counted.fits += 1
        return super().fit(X, y, sample_weight)


@pytest.fixture
def fit(quick_net, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs

    def fit(net=quick_net, **params):
        return NoiseRobustClassifier(net, random_state=0, **params).fit(X, y_noisy)

    return fit


def test_each_row_is_predicted_by_models_that_did_not_see_it(fit, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    half = np.arange(len(X)) < 120
    rows = np.arange(len(X))
    splits = [(rows[half], rows[~half]), (rows[~half], rows[half])]
    clf = fit(first_pass=LogisticRegression(), cv=splits)
    for train, test in splits:
        model = LogisticRegression().fit(X[train], y_noisy[train])
        assert_allclose(clf.out_of_fold_proba_[test], model.predict_proba(X[test]))


def test_rows_that_no_fold_holds_out_are_nan(fit):
    rows = np.arange(240)
    clf = fit(cv=[(rows[:200], rows[200:])])
    assert_array_equal(np.isnan(clf.out_of_fold_proba_).any(axis=1), rows < 200)


def test_rows_held_out_several_times_get_the_mean(fit, noisy_blobs):
    cv = RepeatedStratifiedKFold(n_splits=2, n_repeats=2, random_state=0)
    X, y_noisy, _, _ = noisy_blobs
    clf = fit(first_pass=LogisticRegression(), cv=cv)
    expected = np.zeros((240, 3))
    for train, test in cv.split(X, y_noisy):
        model = LogisticRegression().fit(X[train], y_noisy[train])
        expected[test] += model.predict_proba(X[test]) / 2
    assert_allclose(clf.out_of_fold_proba_, expected)


def test_transition_is_that_of_the_estimator_on_the_probabilities(fit, noisy_blobs):
    clf = fit(transition="confident-joint")
    estimator = clone(clf.transition_estimator_)
    estimator.fit(clf.out_of_fold_proba_, noisy_blobs[1])
    assert_array_equal(clf.transition_matrix_, estimator.transition_matrix_)


def test_class_that_a_fold_did_not_see_gets_probability_zero(quick_net, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    y = np.where(np.arange(240) == 7, 2, y_noisy % 2)
    clf = NoiseRobustClassifier(
        quick_net, first_pass=LogisticRegression(), cv=KFold(2), random_state=0
    )
    clf.fit(X, y)
    assert_array_equal(clf.out_of_fold_proba_[:120, 2], 0)
    assert (clf.out_of_fold_proba_[120:, 2] > 0).all()


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_fold_of_one_class_needs_no_model_that_takes_one(quick_net, rng):
    X, y = rng.normal(size=(20, 2)), np.arange(20) == 4
    clf = NoiseRobustClassifier(
        quick_net, first_pass=LogisticRegression(), cv=KFold(2), random_state=0
    )
    clf.fit(X, y)
    assert_array_equal(clf.out_of_fold_proba_[:10], [[1, 0]] * 10)


def test_refit_from_the_first_pass_starts_with_the_first_folds_weights(fit, quick_net):
    quick_net.set_params(max_epochs=1, lr=1e-9)
    clf = fit(refit="first-pass")
    scratch = fit()
    first_fold = fit(refit="first-pass", correction="adaptation")
    weight, start = (c.estimator_.module_.layers[1].weight for c in (clf, first_fold))
    assert_allclose(weight.detach(), start.detach(), atol=1e-6)
    other = scratch.estimator_.module_.layers[1].weight
    assert np.abs((weight - other).detach().numpy()).max() > 1e-3


@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.IllConditionedTransitionWarning")
def test_memory_computes_the_first_pass_once_for_a_grid(
    fit, quick_net, tmp_path, noisy_blobs
):
    X, y_noisy, _, _ = noisy_blobs
    grid = {
        "correction": ["forward", "backward", "adaptation"],
        "transition": ["frequency", "confident-joint"],
    }
    quick_net.set_params(max_epochs=2)
    counts = []
    for memory in (None, tmp_path / "path", Memory(tmp_path / "object", verbose=0)):
        clf = NoiseRobustClassifier(
            quick_net, first_pass=Counted(), cv=3, memory=memory, random_state=0
        )
        Counted.fits = 0
        GridSearchCV(clf, grid, cv=2, refit=False).fit(X, y_noisy)
        counts.append(Counted.fits)
    assert counts == [2 * 6 * 3, 2 * 3, 2 * 3]


@pytest.fixture
def fits(tmp_path, quick_net):
    """Count the fits of the first pass on data, with one memory for all."""
    quick_net.set_params(max_epochs=1)

    def fits(X, y, sample_weight=None, trusted=None, **params):
        clf = NoiseRobustClassifier(
            quick_net, first_pass=Counted(), memory=str(tmp_path), random_state=0
        )
        clf.set_params(cv=2, **params)
        Counted.fits = 0
        clf.fit(X, y, sample_weight, trusted=trusted)
        return Counted.fits

    return fits


def changed(array):
    array = array.copy()
    array[-1] += 1
    return array


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_memory_tells_other_data_apart(fits, rng, container):
    X, y = rng.standard_normal((60, 3)), np.arange(60) % 3
    weight, trusted = 1.0 + np.arange(60) % 2, np.arange(60) < 3
    assert fits(container(X), y, weight) == 2
    assert fits(container(X), y, weight) == 0
    assert fits(container(changed(X)), y, weight) == 2
    assert fits(container(X.astype("f4")), y, weight) == 2
    assert fits(container(X[::-1]), y, weight) == 2
    assert fits(container(X), y[::-1], weight) == 2
    assert fits(container(X), y, 2 * weight) == 2
    assert fits(container(X), y, weight, trusted) == 2
    assert fits(container(X), y, weight, random_state=1) == 2
    assert fits(container(X), y, weight, first_pass=Counted(C=2)) == 2


def test_memory_tells_sparse_data_apart_by_where_their_values_are(fits):
    y = np.arange(60) % 2
    first, second = np.eye(60), np.eye(60)[np.r_[1:60, 0]]
    assert fits(sparse.csr_array(first), y) == 2
    assert fits(sparse.csr_array(second), y) == 2


@pytest.mark.parametrize("same", [np.copy, np.asfortranarray])
def test_memory_knows_equal_data_however_they_lie(fits, rng, same):
    X, y = rng.standard_normal((60, 3)), np.arange(60) % 3
    assert fits(X, y) == 2
    assert fits(same(X), y) == 0


@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.ClassCollapseWarning")
def test_memory_knows_the_source_of_a_module(tmp_path, monkeypatch, noisy_blobs):
    monkeypatch.syspath_prepend(tmp_path)
    source = (
        "import torch\n\n\nclass Net(torch.nn.Module):\n"
        "    def __init__(self, n_features, n_classes):\n"
        "        super().__init__()\n"
        "        self.out = torch.nn.Linear(n_features, n_classes)\n\n"
        "    def forward(self, X):\n        return self.out({})\n"
    )
    found = []
    for expression in ("X", "X", "X.tanh()"):
        (tmp_path / "their_net.py").write_text(source.format(expression))
        sys.modules.pop("their_net", None)
        linecache.clearcache()
        importlib.invalidate_caches()
        shutil.rmtree(tmp_path / "__pycache__", ignore_errors=True)
        clf = NoiseRobustClassifier(
            importlib.import_module("their_net").Net,
            memory=str(tmp_path / "cache"),
            cv=2,
            random_state=0,
        )
        found.append(clf.fit(*noisy_blobs[:2]).out_of_fold_proba_)
    assert_array_equal(found[0], found[1])
    assert np.abs(found[0] - found[2]).max() > 0.01


AT_A_PROMPT = """
import torch

def of_helper(X):
    return X + {helper}

class Base(torch.nn.Module):
    of_class = {of_class}

    def of_base(self, X):
        return X + {base}

def make(of_closure):
    class Net(Base):
        def __init__(self, n_features, n_classes, of_default={default}):
            super().__init__()
            self.of_default = of_default
            self.out = torch.nn.Linear(n_features, n_classes)

        @property
        def of_property(self):
            return {of_property}

        def forward(self, X):
            def of_nested(X):
                return X + {nested}
            X = of_helper(of_nested(self.of_base(X)))
            X = X + self.of_default + self.of_property + self.of_class + of_closure
            return self.out(X + {method})

    return Net

Net = make({closure})
"""
PARTS = "helper", "of_class", "base", "default", "of_property", "nested", "closure"


def net_at_a_prompt(**values):
    """Define a module where no source is kept, always by the same name."""
    namespace = {"__name__": "__main__"}
    exec(AT_A_PROMPT.format(**dict.fromkeys([*PARTS, "method"], 0) | values), namespace)
    net = AutoSizedNet(namespace["Net"])
    return net.set_params(max_epochs=1, callbacks="disable", train_split=None)


@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.ClassCollapseWarning")
@pytest.mark.parametrize("part", [*PARTS, "method"])
def test_memory_knows_the_code_of_a_module_without_source(tmp_path, noisy_blobs, part):
    def first_pass(net, memory=str(tmp_path)):
        clf = NoiseRobustClassifier(net, memory=memory, cv=2, random_state=0)
        return clf.fit(*noisy_blobs[:2]).out_of_fold_proba_

    first = first_pass(net_at_a_prompt())
    changed = net_at_a_prompt(**{part: 5})
    assert_array_equal(first_pass(changed), first_pass(changed, memory=None))
    assert np.abs(first_pass(changed) - first).max() > 0.01


class Stateful(torch.nn.Module):
    """Has an instance with weights."""

    def __init__(self):
        super().__init__()
        self.out = torch.nn.Linear(2, 3, dtype=torch.float64)

    def forward(self, X):
        return self.out(X)


CLASSIFIER = """
from sklearn.linear_model import LogisticRegression

class Model(LogisticRegression):
    fits = 0

    def fit(self, X, y):
        type(self).fits += 1
        return super().fit(X + {value}, y)
"""


def classifier_at_a_prompt(value):
    namespace = {"__name__": "__main__"}
    exec(CLASSIFIER.format(value=value), namespace)
    return namespace["Model"]()


def test_memory_knows_the_code_of_a_first_pass(tmp_path, quick_net, noisy_blobs):
    fits = []
    for value in (0, 0, 1):
        model = classifier_at_a_prompt(value)
        clf = NoiseRobustClassifier(
            quick_net, first_pass=model, memory=tmp_path, cv=2, random_state=0
        )
        clf.fit(*noisy_blobs[:2])
        fits.append(type(model).fits)
    assert fits == [2, 0, 2]


def key_of(net, X=None):
    X = np.zeros((4, 2)) if X is None else X
    data = LabelledData(X, np.array([0, 1, 0, 1]), np.ones(4))
    config = TrainingConfig(2, torch.device("cpu"), torch.float32, 1)
    trainer = Trainer(net=net, data=data, config=config, seed=0)
    return cache_key(trainer, [(np.arange(2), np.arange(2, 4))], with_features=False)


def callback_at_a_prompt(value):
    class Stop(Callback):
        def on_epoch_end(self, net, **kwargs):
            net.stopped = value

    return NeuralNetClassifier(Stateful, callbacks=[Stop()])


def net_of_weight(value):
    module = Stateful()
    torch.nn.init.constant_(module.out.weight, value)
    torch.nn.init.constant_(module.out.bias, value)
    return NeuralNetClassifier(module)


@pytest.mark.parametrize(
    "make",
    [
        lambda value: net_at_a_prompt(method=value),
        net_of_weight,
        callback_at_a_prompt,
        lambda value: NeuralNetClassifier(Stateful, train_split=lambda *_: value),
        classifier_at_a_prompt,
        lambda value: make_pipeline(classifier_at_a_prompt(value)),
    ],
    ids=["module", "instance", "callback", "function", "classifier", "pipeline"],
)
def test_key_of_the_memory_follows_what_is_done_not_its_name(make):
    assert key_of(make(1)) == key_of(make(1))
    assert key_of(make(1)) != key_of(make(2))


def test_key_of_the_memory_follows_the_tensors_of_a_dataset():
    def dataset(value):
        return torch.utils.data.TensorDataset(torch.full((4, 2), float(value)))

    net = NeuralNetClassifier(Stateful)
    assert key_of(net, dataset(1)) == key_of(net, dataset(1))
    assert key_of(net, dataset(1)) != key_of(net, dataset(2))


@pytest.mark.parametrize("under", ["a file", "a file/below it"])
def test_memory_that_is_no_folder_is_explained(quick_net, noisy_blobs, tmp_path, under):
    (tmp_path / "a file").touch()
    clf = NoiseRobustClassifier(quick_net, memory=tmp_path / under)
    with pytest.raises(ValueError, match="memory must be a folder"):
        clf.fit(*noisy_blobs[:2])


@pytest.mark.parametrize("n_samples", [200, 400])
def test_default_network_can_start_from_the_first_pass(n_samples, rng):
    X = rng.normal(size=(n_samples, 2))
    clf = NoiseRobustClassifier(refit="first-pass", cv=2, random_state=0)
    assert clf.fit(X, X[:, 0] > 0).score(X, X[:, 0] > 0) > 0.9


def test_memory_gives_the_same_bits(fit, noisy_blobs, tmp_path):
    X = noisy_blobs[0]
    expected = fit().predict_proba(X)
    for _ in range(2):
        assert_array_equal(fit(memory=str(tmp_path)).predict_proba(X), expected)
