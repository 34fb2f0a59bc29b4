"""Which estimator of T is used, and what it is told."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import BaseEstimator, clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from sklnoise import NoiseRobustClassifier
from sklnoise.classifiers import _first_pass
from sklnoise.classifiers._transition import TRANSITION_ESTIMATORS
from sklnoise.training import hidden_features
from sklnoise.transition import (
    ClusterabilityEstimator,
    ConfusionEstimator,
    ConstrainedEstimator,
    TrustedEstimator,
)

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklnoise.exceptions.SwappableClassesWarning"
)

ROWS = np.arange(240)
TRUSTED = ROWS % 8 == 0


@pytest.fixture
def fit(quick_net, noisy_blobs):
    X, y_noisy, y, _ = noisy_blobs
    quick_net.set_params(max_epochs=5)

    def fit(transition, trusted=None, X=X, **params):
        clf = NoiseRobustClassifier(
            quick_net, transition=transition, cv=3, random_state=0, **params
        )
        labels = y_noisy if trusted is None else np.where(trusted, y, y_noisy)
        return clf.fit(X, labels, trusted=trusted)

    return fit


def test_auto_means_trusted_where_rows_are_trusted(fit):
    assert isinstance(fit("auto", TRUSTED).transition_estimator_, TrustedEstimator)


@pytest.mark.parametrize("mask", [None, np.zeros(240, dtype=bool)])
def test_auto_means_an_estimator_without_trusted_rows_where_none_is(fit, mask):
    clf = fit("auto", mask)
    assert not isinstance(clf.transition_estimator_, TrustedEstimator)
    again = fit(clone(clf.transition_estimator_), mask)
    assert_array_equal(again.transition_matrix_, clf.transition_matrix_)


@pytest.mark.parametrize("name", sorted(TRANSITION_ESTIMATORS.keys() - {"auto"}))
def test_name_means_its_estimator_and_leaves_the_table_unfitted(fit, name):
    clf = fit(name, TRUSTED)
    assert type(clf.transition_estimator_) is type(TRANSITION_ESTIMATORS[name])
    assert not hasattr(TRANSITION_ESTIMATORS[name], "transition_matrix_")
    assert_array_equal(
        clf.transition_matrix_, clf.transition_estimator_.transition_matrix_
    )


class Spy(ClusterabilityEstimator):
    """Notes what it is told of the rows."""

    def _estimate(self, y_proba, y, sample_weight, *, features, folds):
        Spy.seen = features, folds
        return super()._estimate(
            y_proba, y, sample_weight, features=features, folds=folds
        )


@pytest.mark.parametrize("trusted", [None, TRUSTED])
def test_hidden_features_are_those_of_the_net_that_held_the_row_out(
    fit, noisy_blobs, monkeypatch, trusted
):
    X, nets = noisy_blobs[0], []

    def recording(data, splits, with_features, net, number):
        nets.append((net, splits[number][0]))
        return predict_fold(data, splits, with_features, net, number)

    predict_fold = _first_pass.predict_fold
    monkeypatch.setattr(_first_pass, "predict_fold", recording)
    estimator = Spy() if trusted is None else TrustedEstimator(Spy())
    fit(estimator, trusted)
    features, folds = Spy.seen
    kept = ROWS if trusted is None else ROWS[~trusted]
    assert sorted(set(folds)) == [1, 2, 3]
    for number, (net, train) in enumerate(nets):
        rows = kept[folds == number + 1]
        assert not np.isin(rows, train).any()
        held_out = features[folds == number + 1]
        assert_array_equal(held_out, hidden_features(net, X, rows))


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize(
    ("space", "first_pass"),
    [("input", None), ("input", LogisticRegression()), ("hidden", LogisticRegression())],
)
def test_input_features_are_the_rows_themselves(
    fit, noisy_blobs, container, space, first_pass
):
    X = noisy_blobs[0]
    fit(Spy(space=space), X=container(X), first_pass=first_pass)
    features, folds = Spy.seen
    assert folds is None
    assert_array_equal(features.toarray() if sparse.issparse(features) else features, X)


def test_input_features_are_those_of_the_rows_that_were_held_out(fit, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    split = [(ROWS[:120], ROWS[120:])]
    fit("auto").set_params(transition=Spy(space="input"), cv=split).fit(X, y_noisy)
    assert_array_equal(Spy.seen[0], X[120:])


def test_images_are_features_too(quick_net, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    images = np.stack([X, X], axis=2)
    clf = NoiseRobustClassifier(quick_net, transition=Spy(space="input"), random_state=0)
    T = clf.fit(images, y_noisy).transition_matrix_
    assert_allclose(T.sum(axis=1), 1)


def test_constraints_hold_in_the_classifier(fit):
    allowed = np.array([[1, 1, 0], [0, 1, 1], [1, 0, 1]], dtype=bool)
    estimator = ConstrainedEstimator(
        ConfusionEstimator(), allowed_flips=allowed, clean_classes=[2]
    )
    T = fit(estimator).transition_matrix_
    assert_array_equal(T[~allowed], 0)
    assert_array_equal(T[2], [0, 0, 1])
    assert (T[0, 1], T[1, 2]) > (0, 0)


def test_constraints_may_be_around_trusted_rows_and_features(fit):
    estimator = ConstrainedEstimator(TrustedEstimator(Spy()), shrinkage=0.5)
    T = fit(estimator, TRUSTED).transition_matrix_
    assert (T.diagonal() >= 0.5).all()
    assert Spy.seen[0].shape == (210, 8)


@pytest.mark.parametrize("trusted", [None, TRUSTED])
def test_frozen_estimator_is_used_as_it_is(fit, rng, trusted):
    estimator = ConfusionEstimator().fit(rng.dirichlet(np.ones(3), 90), ROWS[:90] % 3)
    clf = fit(FrozenEstimator(estimator), trusted)
    assert_array_equal(clf.transition_matrix_, estimator.transition_matrix_)
    assert clf.transition_estimator_ is None


class Foreign(BaseEstimator):
    """An estimator of T from elsewhere, which knows neither features nor trust."""

    def fit(self, y_proba, y, sample_weight=None):
        self.seen_ = y_proba, y, sample_weight
        self.transition_matrix_ = np.full((3, 3), 0.1) + 0.7 * np.eye(3)
        return self


@pytest.mark.parametrize("trusted", [None, TRUSTED])
def test_foreign_estimator_gets_the_rows_that_are_not_trusted(fit, noisy_blobs, trusted):
    clf = fit(Foreign(), trusted)
    y_proba, y, weight = clf.transition_estimator_.seen_
    kept = np.ones(240, dtype=bool) if trusted is None else ~trusted
    assert_array_equal(y_proba, clf.out_of_fold_proba_[kept])
    assert_array_equal(y, noisy_blobs[1][kept])
    assert_array_equal(weight, 1)
    assert_array_equal(
        clf.transition_matrix_, clf.transition_estimator_.transition_matrix_
    )
