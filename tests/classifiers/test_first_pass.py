"""The first pass: out of fold, cached, by any classifier; and a refit from it."""

import numpy as np
import pytest
from joblib import Memory
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, RepeatedStratifiedKFold

from sklnoise import NoiseRobustClassifier
from sklnoise.classifiers._out_of_fold import made_by

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
    clf = fit()
    estimator = clone(clf.transition_estimator_)
    estimator.fit(clf.out_of_fold_proba_, noisy_blobs[1])
    assert_array_equal(clf.transition_matrix_, estimator.transition_matrix_)


def test_class_that_a_fold_did_not_see_gets_probability_zero(fit, noisy_blobs):
    y_noisy = noisy_blobs[1]
    rows = np.arange(240)
    clf = fit(first_pass=LogisticRegression(), cv=[(rows[y_noisy < 2], rows)])
    assert_array_equal(clf.out_of_fold_proba_[:, 2], 0)


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
    counts = []
    for memory in (None, tmp_path / "path", Memory(tmp_path / "object", verbose=0)):
        clf = NoiseRobustClassifier(
            quick_net, first_pass=Counted(), cv=3, memory=memory, random_state=0
        )
        Counted.fits = 0
        GridSearchCV(clf, grid, cv=2, refit=False).fit(X, y_noisy)
        counts.append(Counted.fits)
    assert counts == [2 * 6 * 3, 2 * 3, 2 * 3]


def test_memory_knows_the_source_of_a_module(quick_net):
    assert made_by(quick_net)[-1].startswith("class MLP")
    assert made_by(LogisticRegression())[-1] is None


@pytest.mark.parametrize("n_samples", [200, 300, 700])
def test_default_network_can_start_from_the_first_pass(n_samples, rng):
    X = rng.normal(size=(n_samples, 2))
    clf = NoiseRobustClassifier(refit="first-pass", cv=2, random_state=0)
    assert clf.fit(X, X[:, 0] > 0).score(X, X[:, 0] > 0) > 0.9


def test_memory_gives_the_same_bits(fit, noisy_blobs, tmp_path):
    X = noisy_blobs[0]
    expected = fit().predict_proba(X)
    for _ in range(2):
        assert_array_equal(fit(memory=str(tmp_path)).predict_proba(X), expected)


@pytest.mark.parametrize(("verbose", "lines"), [(0, 0), (1, 7)])
def test_verbose_prints_a_line_a_step(fit, capsys, verbose, lines):
    fit(verbose=verbose)
    printed = capsys.readouterr().out
    assert printed.count("[NoiseRobustClassifier]") == lines


def test_very_verbose_shows_the_table_of_the_refit(fit, capsys):
    fit(verbose=2)
    assert "train_loss" in capsys.readouterr().out
