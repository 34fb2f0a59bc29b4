"""Which estimator of T is used, and what it is told."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import BaseEstimator, clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from sklnoise import ConfidentLearningClassifier, NoiseRobustClassifier
from sklnoise.classifiers import _first_pass
from sklnoise.classifiers._transition import TRANSITION_ESTIMATORS
from sklnoise.exceptions import DominatedClassWarning, RareClassWarning
from sklnoise.training import hidden_features
from sklnoise.transition import (
    ClusterabilityEstimator,
    ConfusionEstimator,
    ConstrainedEstimator,
    TrustedEstimator,
)

pytestmark = [
    pytest.mark.filterwarnings(f"ignore::sklnoise.exceptions.{name}")
    for name in ("SwappableClassesWarning", "WeakFirstPassWarning")
]

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
    assert_array_equal(
        again.transition_estimator_.transition_matrix_,
        clf.transition_estimator_.transition_matrix_,
    )


def test_absent_class_has_no_noise_in_the_draws(quick_net, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    weight = (y_noisy != 1).astype(float)
    clf = NoiseRobustClassifier(
        quick_net, first_pass=LogisticRegression(), random_state=0
    )
    clf.fit(X, y_noisy, sample_weight=weight)
    draws = clf.transition_estimator_.draw(50, random_state=0)
    assert_allclose(draws.sum(axis=2), 1)
    assert_array_equal(draws[:, 1], np.tile([0.0, 1.0, 0.0], (50, 1)))
    assert_array_equal(draws[:, [0, 2], 1], 0)


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


# T that are given


@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_share_of_wrong_labels_is_below_that_of_chance(quick_net, rng, n_classes):
    X, y = rng.standard_normal((60, 2)), np.arange(60) % n_classes
    clf = NoiseRobustClassifier(quick_net.set_params(max_epochs=1), random_state=0)
    by_chance = 1 - 1 / n_classes
    for share in (by_chance, by_chance + 0.01, 0.99):
        with pytest.raises(ValueError, match="transition"):
            clf.set_params(transition=share).fit(X, y)
    T = clf.set_params(transition=by_chance - 0.01).fit(X, y).transition_matrix_
    assert (T.diagonal() == T.max(axis=1)).all()


def test_labels_of_a_single_class_have_nowhere_to_flip(quick_net, rng):
    clf = NoiseRobustClassifier(quick_net.set_params(max_epochs=1), transition=0.3)
    assert_array_equal(
        clf.fit(rng.standard_normal((9, 2)), [1] * 9).transition_matrix_, 1
    )


DOMINATED = np.array([[0.4, 0.6, 0.0], [0.0, 1.0, 0.0], [0.0, 0.5, 0.5]])


@pytest.mark.parametrize(
    "make",
    [
        lambda net: NoiseRobustClassifier(net, transition=DOMINATED, random_state=0),
        lambda net: ConfidentLearningClassifier(
            LogisticRegression(),
            transition=DOMINATED,
            action="reweight",
            random_state=0,
        ),
    ],
)
def test_class_that_a_given_transition_mostly_calls_another_is_told_once(
    quick_net, noisy_blobs, make
):
    X, names = noisy_blobs[0], np.array(["ant", "bee", "cat"])[noisy_blobs[1]]
    with pytest.warns(DominatedClassWarning, match="ant .*60% labelled bee") as caught:
        make(quick_net.set_params(max_epochs=5)).fit(X, names)
    told = [str(w.message) for w in caught if w.category is DominatedClassWarning]
    assert len(told) == 1
    assert "cat (" not in told[0]


# Rows that rest on few samples


def fit_rare(quick_net, n_rare, **params):
    """Fit two blobs with a fifth of the labels flipped, and a third, rare one."""
    rng = np.random.RandomState(0)
    y = np.repeat([0, 1, 2], [150, 150, n_rare])
    X = rng.standard_normal((len(y), 2)) + np.array([[-6, 0], [6, 0], [0, 9]])[y]
    y_noisy = np.where((rng.random_sample(len(y)) < 0.2) & (y < 2), 1 - y, y)
    clf = NoiseRobustClassifier(
        quick_net, first_pass=LogisticRegression(), random_state=0, **params
    )
    return clf.fit(X, np.array(["a", "b", "c"])[y_noisy])


@pytest.mark.parametrize("transition", ["auto", "frequency", "anchor", "confusion"])
@pytest.mark.parametrize(("n_rare", "pooled"), [(6, ["c"]), (40, [])])
def test_row_that_rests_on_few_samples_is_pooled(quick_net, transition, n_rare, pooled):
    clf = fit_rare(quick_net, n_rare, transition=transition)
    T = clf.transition_matrix_
    assert clf.noise_summary_.pooled_classes == pooled
    assert_allclose(T.sum(axis=1), 1)
    if pooled:
        assert T[:2].diagonal().min() <= T[2, 2] <= T[:2].diagonal().max()
        assert_allclose(T[2, 0], T[2, 1], rtol=0.3)


@pytest.mark.filterwarnings("ignore:class . has . samples")
@pytest.mark.parametrize("n_samples", [2, 3, 6, 12])
def test_too_few_samples_are_taken_as_they_are(quick_net, rng, n_samples):
    y = np.arange(n_samples) % 2
    X = rng.standard_normal((n_samples, 2)) + np.array([[-5, 0], [5, 0]])[y]
    clf = NoiseRobustClassifier(quick_net, random_state=0)
    with pytest.warns(RareClassWarning, match="identity"):
        clf.fit(X, y)
    assert_array_equal(clf.transition_matrix_, np.eye(2))
    assert_array_equal(clf.predict(X), y)
    assert clf.noise_summary_.pooled_classes == [0, 1]
    clf.set_params(correction="none")
    proba = clf.predict_proba(X)
    assert_array_equal(clf.fit(X, y).predict_proba(X), proba)


@pytest.mark.filterwarnings("ignore:class . has . samples")
def test_trusted_samples_count_for_their_class(quick_net, rng):
    y = np.arange(16) % 2
    X = rng.standard_normal((16, 2)) + np.array([[-5, 0], [5, 0]])[y]
    clf = NoiseRobustClassifier(quick_net, random_state=0)
    clf.fit(X, y, trusted=np.arange(16) >= 8)
    assert clf.noise_summary_.pooled_classes == []


def test_forbidden_flips_stay_impossible_in_a_pooled_row(quick_net):
    allowed = np.array([[1, 1, 0], [1, 1, 0], [1, 0, 1]], dtype=bool)
    estimator = ConstrainedEstimator(ConfusionEstimator(), allowed_flips=allowed)
    clf = fit_rare(quick_net, 6, transition=estimator)
    assert clf.noise_summary_.pooled_classes == ["c"]
    assert_array_equal(clf.transition_matrix_[~allowed], 0)
    assert clf.transition_matrix_[2, 0] > 0.05
