"""Prediction sets cover the clean class as often as they promise, from noisy labels."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import make_blobs
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold, ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklnoise import NoiseRobustClassifier, NoiseRobustConformalClassifier
from sklnoise.datasets import make_noisy_labels, make_transition_matrix
from sklnoise.exceptions import DominatedClassWarning, UncorrectedSetsWarning
from sklnoise.transition import AnchorEstimator, LabelFrequencyEstimator

K = 4
PAIR = make_transition_matrix("pair", K, 0.3)
EVEN = make_transition_matrix("symmetric", K, 0.2)


class Stored(ClassifierMixin, BaseEstimator):
    """Predicts X, which are probabilities."""

    def fit(self, X, y):
        self.classes_ = np.arange(X.shape[1])
        return self

    def predict_proba(self, X):
        return np.asarray(X)

    def predict(self, X):
        return self.predict_proba(X).argmax(axis=1)


def simulate(n_samples, seed, T=PAIR, sharpness=3):
    """Return a noisy posterior that is right, clean and noisy labels."""
    rng = np.random.default_rng(seed)
    clean = rng.dirichlet(np.full(len(T), 1 / sharpness), n_samples)
    y = (clean.cumsum(axis=1) > rng.random((n_samples, 1))).argmax(axis=1)
    return clean @ T, y, make_noisy_labels(y, T, random_state=seed)


def frozen(n_classes=K):
    return FrozenEstimator(Stored().fit(np.eye(n_classes), np.arange(n_classes)))


def coverage(y_set, y):
    return y_set[np.arange(len(y)), y].mean()


@pytest.fixture(scope="module")
def blobs():
    X, y = make_blobs(600, centers=K, cluster_std=1.2, random_state=0)
    return X, y, make_noisy_labels(y, EVEN, random_state=0)


@pytest.mark.parametrize("score", ["lac", "aps"])
def test_sets_from_a_known_transition_cover_the_clean_class(score):
    reached, sizes, uncorrected = [], [], []
    for seed in range(30):
        proba, y, y_noisy = simulate(3000, seed, sharpness=8)
        clf = NoiseRobustConformalClassifier(
            frozen(), transition=PAIR, conformity_score=score
        ).fit(proba[:1000], y_noisy[:1000])
        y_set = clf.predict_set(proba[1000:])
        reached.append(coverage(y_set, y[1000:]))
        sizes.append(y_set.sum(axis=1).mean())
        plain = clf.set_params(transition=0.0).fit(proba[:1000], y_noisy[:1000])
        uncorrected.append(plain.predict_set(proba[1000:]).sum(axis=1).mean())
    assert np.mean(np.array(reached) >= 0.89) >= 0.9
    assert np.mean(reached) < 0.94
    assert np.mean(sizes) < 0.8 * np.mean(uncorrected)


def test_sets_from_an_estimated_transition_cover_the_clean_class():
    reached = []
    for seed in range(12):
        proba, y, y_noisy = simulate(3000, seed, sharpness=8)
        clf = NoiseRobustConformalClassifier(frozen(), random_state=seed)
        clf.fit(proba[:1500], y_noisy[:1500])
        reached.append(coverage(clf.predict_set(proba[1500:]), y[1500:]))
    assert np.mean(np.array(reached) >= 0.89) >= 0.9


def test_sets_of_each_class_cover_it():
    proba, y, y_noisy = simulate(8000, 0)
    params = {"transition": PAIR, "coverage": "class"}
    clf = NoiseRobustConformalClassifier(frozen(), **params)
    y_set = clf.fit(proba[:4000], y_noisy[:4000]).predict_set(proba[4000:])
    for k in range(K):
        assert y_set[y[4000:] == k, k].mean() >= 0.88
    assert clf.threshold_.shape == clf.coverage_.shape == (K,)
    assert clf.coverage_interval_.shape == (K, 2)


def test_threshold_without_noise_is_a_split_conformal_quantile():
    # The level is reached with probability 0.9: a binomial quantile, here approximated.
    proba, y, _ = simulate(1000, 0)
    clf = NoiseRobustConformalClassifier(frozen(), transition=0.0).fit(proba, y)
    score = 1 - proba[np.arange(1000), y]
    score[proba.argmax(axis=1) == y] = 0
    rank = 0.9 * 1001 + 1.2816 * np.sqrt(1001 * 0.9 * 0.1)
    ranked = np.sort(score)
    assert ranked[int(rank) - 3] <= clf.threshold_ <= ranked[int(rank) + 3]
    assert_allclose(clf.coverage_, (score <= clf.threshold_ + 1e-9).mean())


def test_too_few_samples_leave_all_classes_in_the_sets():
    proba, y, _ = simulate(15, 0)
    clf = NoiseRobustConformalClassifier(frozen(), transition=0.0).fit(proba, y)
    assert clf.predict_set(proba).all()
    assert clf.coverage_ == 1


@pytest.mark.parametrize("coverage", ["marginal", "class"])
@pytest.mark.parametrize("score", ["lac", "aps"])
def test_permuted_classes_permute_the_sets(score, coverage):
    proba, _, y_noisy = simulate(1000, 0)
    order = np.array([2, 0, 3, 1])  # the new code of each class
    params = {"conformity_score": score, "coverage": coverage}
    clf = NoiseRobustConformalClassifier(frozen(), transition=PAIR, **params)
    y_set = clf.fit(proba, y_noisy).predict_set(proba)
    back = np.argsort(order)
    clf.set_params(transition=PAIR[np.ix_(back, back)])
    permuted = clf.fit(proba[:, back], order[y_noisy]).predict_set(proba[:, back])
    assert_array_equal(permuted, y_set[:, back])


def test_no_set_is_empty_and_the_predicted_class_is_in_it():
    proba, _, y_noisy = simulate(1000, 0, sharpness=30)
    clf = NoiseRobustConformalClassifier(
        frozen(), transition=PAIR, confidence_level=0.5
    ).fit(proba, y_noisy)
    y_set, y_pred = clf.predict_set(proba), clf.predict(proba)
    assert y_set[np.arange(1000), y_pred].all()
    assert_array_equal(y_pred, clf.predict_proba(proba).argmax(axis=1))


def test_sets_grow_with_the_level(blobs):
    X, _, y_noisy = blobs
    clf = NoiseRobustConformalClassifier(LogisticRegression(), random_state=0)
    clf.fit(X, y_noisy)
    sets = [clf.predict_set(X, confidence_level=level) for level in (0.5, 0.9, 0.99)]
    assert_array_equal(sets[1], clf.predict_set(X))
    assert (sets[0] <= sets[1]).all()
    assert (sets[1] <= sets[2]).all()
    refitted = clone(clf).set_params(confidence_level=0.99).fit(X, y_noisy)
    assert_array_equal(refitted.predict_set(X), sets[2])


@pytest.mark.parametrize("transition", [None, PAIR])
def test_weights_are_repeats(transition):
    proba, _, y_noisy = simulate(300, 0)
    weight = np.random.default_rng(0).integers(0, 4, 300)
    clf = NoiseRobustConformalClassifier(frozen(), transition=transition, random_state=0)
    weighted = clf.fit(proba, y_noisy, sample_weight=weight)
    repeats = np.repeat(np.arange(300), weight)
    repeated = clone(clf).fit(proba[repeats], y_noisy[repeats])
    assert_allclose(weighted.threshold_, repeated.threshold_, atol=1e-8)
    assert_allclose(weighted.coverage_, repeated.coverage_, atol=1e-8)


def test_trusted_samples_alone_calibrate_as_labels_without_noise():
    proba, y, _ = simulate(1000, 0)
    trusted = np.ones(1000, dtype=bool)
    clf = NoiseRobustConformalClassifier(frozen(), transition=PAIR)
    clf.fit(proba, y, trusted=trusted)
    y_set = clf.predict_set(proba)
    assert_allclose(clf.coverage_, coverage(y_set, y))


def test_trusted_samples_among_others_narrow_the_interval():
    proba, y, y_noisy = simulate(2000, 0)
    trusted = np.arange(2000) % 2 == 0
    labels = np.where(trusted, y, y_noisy)
    clf = NoiseRobustConformalClassifier(frozen(), transition=PAIR)
    widths = []
    for known in (None, trusted):
        clf.fit(proba, y_noisy if known is None else labels, trusted=known)
        widths.append(np.ptp(clf.coverage_interval_))
        assert abs(clf.coverage_ - coverage(clf.predict_set(proba), y)) < 0.05
    assert widths[1] < widths[0]


def test_model_of_no_use_gives_the_sets_of_noisy_labels():
    rng = np.random.default_rng(0)
    proba, y = rng.dirichlet(np.ones(K), 500), rng.integers(K, size=500)
    clf = NoiseRobustConformalClassifier(frozen(), random_state=0)
    with pytest.warns(UncorrectedSetsWarning):
        clf.fit(proba, y)
    assert not clf.is_corrected_
    plain = NoiseRobustConformalClassifier(frozen(), transition=0.0).fit(proba, y)
    assert plain.is_corrected_
    assert_array_equal(clf.predict_set(proba), plain.predict_set(proba))


def test_singular_transition_gives_the_sets_of_noisy_labels():
    proba, y, _ = simulate(500, 0)
    T = np.eye(K)
    T[0] = T[1] = [0.5, 0.5, 0, 0]
    clf = NoiseRobustConformalClassifier(frozen(), transition=T)
    with pytest.warns(UncorrectedSetsWarning):
        clf.fit(proba, y)
    assert not clf.is_corrected_
    assert np.isfinite(clf.threshold_)


def test_noise_between_most_samples_is_not_capped_by_uncorrected_sets():
    # Labels name another class than the clean one: sets of noisy labels would miss it.
    T = make_transition_matrix("pair", K, 0.7)
    proba, y, y_noisy = simulate(4000, 0, T=T, sharpness=8)
    clf = NoiseRobustConformalClassifier(frozen(), transition=T)
    with pytest.warns(DominatedClassWarning):
        clf.fit(proba[:2000], y_noisy[:2000])
    assert coverage(clf.predict_set(proba[2000:]), y[2000:]) > 0.88


@pytest.mark.parametrize(
    "transition",
    [
        "anchor",
        0.2,
        AnchorEstimator(),
        pd.DataFrame(EVEN),
        FrozenEstimator(LabelFrequencyEstimator().fit(*simulate(900, 1, EVEN)[::2])),
    ],
    ids=lambda value: type(value).__name__,
)
def test_transition_may_be_given_in_many_ways(blobs, transition):
    X, y, y_noisy = blobs
    clf = NoiseRobustConformalClassifier(
        LogisticRegression(), transition=transition, random_state=0
    ).fit(X, y_noisy)
    assert clf.transition_matrix_.shape == (K, K)
    assert coverage(clf.predict_set(X), y) > 0.75


def test_frozen_classifier_is_only_calibrated(blobs):
    X, _, y_noisy = blobs
    model = LogisticRegression().fit(X[:300], y_noisy[:300])
    before = model.coef_.copy()
    clf = NoiseRobustConformalClassifier(FrozenEstimator(model), random_state=0)
    kept = np.flatnonzero(y_noisy[300:] != 2) + 300  # it knows a class more
    clf.fit(X[kept], y_noisy[kept])
    assert_array_equal(clf.classes_, np.arange(K))
    assert_array_equal(model.coef_, before)
    assert clf.predict_set(X).shape == (600, K)
    with pytest.raises(NotFittedError):
        clf.set_params(estimator=FrozenEstimator(LogisticRegression())).fit(X, y_noisy)


def test_single_split_keeps_its_model(blobs):
    X, _, y_noisy = blobs
    cv = ShuffleSplit(1, test_size=0.5, random_state=0)
    clf = NoiseRobustConformalClassifier(LogisticRegression(), cv=cv).fit(X, y_noisy)
    train, _ = next(cv.split(X))
    expected = LogisticRegression().fit(X[train], y_noisy[train])
    assert_allclose(clf.estimator_.coef_, expected.coef_)


def test_default_classifier_passes_its_transition_on(blobs):
    X, _, y_noisy = blobs
    X = X.astype(np.float32)
    net = NoiseRobustClassifier(cv=2).set_params(estimator__max_epochs=12)
    clf = NoiseRobustConformalClassifier(net, cv=2, random_state=0).fit(X, y_noisy)
    assert clf.transition_estimator_ is clf.estimator_.transition_estimator_
    assert_array_equal(clf.predict_proba(X), clf.estimator_.predict_proba(X))
    assert clf.predict_set(X).any(axis=1).all()
    known = clone(net).set_params(transition=EVEN)
    clf.set_params(estimator=known).fit(X, y_noisy)
    assert clf.transition_estimator_ is None
    assert_allclose(clf.transition_matrix_, EVEN)


def test_strings_frames_sparse_and_pipelines_give_the_same_sets(blobs):
    X, _, y_noisy = blobs
    X = np.maximum(X, 0)
    model = make_pipeline(StandardScaler(with_mean=False), LogisticRegression())
    clf = NoiseRobustConformalClassifier(model, random_state=0)
    expected = clf.fit(X, y_noisy).predict_set(X)
    names = np.array(["ant", "bee", "cow", "dog"])
    frame = pd.DataFrame(X, columns=["a", "b"])
    clf.fit(frame, pd.Series(names[y_noisy], dtype="string"))
    assert_array_equal(clf.predict_set(frame), expected)
    assert_array_equal(clf.classes_, names)
    assert_array_equal(clf.feature_names_in_, ["a", "b"])
    clf.fit(csr_matrix(X), y_noisy)
    assert_array_equal(clf.predict_set(csr_matrix(X)), expected)


def test_search_goes_over_its_parameters(blobs):
    X, _, y_noisy = blobs
    clf = NoiseRobustConformalClassifier(LogisticRegression(), cv=2, transition=EVEN)
    grid = {"estimator__C": [1e-3, 1.0], "conformity_score": ["lac", "aps"]}
    search = GridSearchCV(clf, grid, cv=2).fit(X, y_noisy)
    assert search.best_estimator_.predict_set(X).shape == (600, K)


def test_groups_are_kept_together(blobs):
    X, _, y_noisy = blobs
    groups = np.arange(600) % 5
    clf = NoiseRobustConformalClassifier(LogisticRegression(), cv=GroupKFold(5))
    clf.fit(X, y_noisy, groups=groups)
    with pytest.raises(ValueError, match="groups"):
        clf.fit(X, y_noisy)


@pytest.mark.parametrize(
    ("params", "name"),
    [
        ({"confidence_level": 1.0}, "confidence_level"),
        ({"conformity_score": "other"}, "conformity_score"),
        ({"coverage": "other"}, "coverage"),
        ({"transition": np.eye(3)}, "transition"),
        ({"transition": 0.9}, "transition"),
    ],
)
def test_bad_parameter_is_named(blobs, params, name):
    X, _, y_noisy = blobs
    clf = NoiseRobustConformalClassifier(LogisticRegression(), **params)
    with pytest.raises(ValueError, match=name):
        clf.fit(X, y_noisy)
    assert not hasattr(clf, "classes_")


def test_bad_input_is_named(blobs):
    X, _, y_noisy = blobs
    clf = NoiseRobustConformalClassifier(LogisticRegression())
    with pytest.raises(ValueError, match="trusted"):
        clf.fit(X, y_noisy, trusted=[True])
    clf.fit(X, y_noisy)
    for level in (0, 1.0, "high"):
        with pytest.raises(ValueError, match="confidence_level"):
            clf.predict_set(X, confidence_level=level)
    with pytest.raises(TypeError, match="instance"):
        NoiseRobustConformalClassifier(LogisticRegression).fit(X, y_noisy)
