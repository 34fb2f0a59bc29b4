"""Weights count as frequencies in folds, T and refit."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from sklnoise import ConfidentLearningClassifier, NoiseRobustClassifier
from sklnoise.exceptions import RescaledWeightsWarning

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklnoise.exceptions.SwappableClassesWarning"
)


WITH_EACH_FIRST_PASS = [
    pytest.param(correction, first_pass, id=f"{correction}-{name}")
    for correction, names in {
        "forward": ["net", "lr"],
        "backward": ["net"],
        "adaptation-complex": ["net", "lr"],
        "em": ["net", "lr"],
        "unhinged": ["net"],
        "gce": ["net"],
    }.items()
    for name in names
    for first_pass in [LogisticRegression() if name == "lr" else None]
]


@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.IllConditionedTransitionWarning")
@pytest.mark.parametrize(("correction", "first_pass"), WITH_EACH_FIRST_PASS)
def test_weighted_rows_equal_repeated_rows_with_a_transition_far_from_identity(
    quick_net, noisy_blobs, rng, correction, first_pass
):
    X, y_noisy, _, _ = noisy_blobs
    X, y_noisy = X[:110], y_noisy[:110]
    quick_net.set_params(max_epochs=12)
    weight = rng.randint(4, size=110)
    fold = rng.randint(3, size=110)
    repeated = np.repeat(np.arange(110), weight)
    fitted = []
    for rows, sample_weight in ((np.arange(110), weight), (repeated, None)):
        splits = [
            (np.flatnonzero(fold[rows] != f), np.flatnonzero(fold[rows] == f))
            for f in range(3)
        ]
        clf = NoiseRobustClassifier(
            quick_net,
            correction=correction,
            first_pass=first_pass,
            cv=splits,
            random_state=0,
        )
        fitted.append(clf.fit(X[rows], y_noisy[rows], sample_weight=sample_weight))
    weighted, repeated = fitted
    assert_allclose(weighted.transition_matrix_, repeated.transition_matrix_, atol=1e-7)
    assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), atol=1e-6)
    if weighted.transition_estimator_ is not None:
        estimate = weighted.transition_estimator_.transition_matrix_
        assert estimate.diagonal().min() < 0.8


def test_rows_of_weight_zero_are_left_out(quick_net, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    X, y_noisy = X[:100], y_noisy[:100]
    kept = np.arange(100) % 5 > 0
    clf = NoiseRobustClassifier(quick_net, random_state=0)
    proba = clf.fit(X[kept], y_noisy[kept]).predict_proba(X)
    clf.fit(np.where(kept[:, None], X, 1e3), y_noisy, sample_weight=kept.astype(float))
    assert_allclose(clf.predict_proba(X), proba, atol=1e-9)
    assert_array_equal(np.isnan(clf.out_of_fold_proba_).any(axis=1), ~kept)


ESTIMATORS = "auto", "anchor", "frequency", "confident-joint", "confusion", "dual"


def fit_with_class_of_weight_zero(net, blobs, name, **params):
    """Fit to three blobs without and with samples of a fourth class, of weight 0."""
    X, y = blobs[0], np.array(["b", "d", "f"])[blobs[1]]
    more = np.r_[X, np.full((9, 2), 30.0)], np.r_[y, [name] * 9], np.arange(249) < 240
    fitted = []
    for data in (X, y), more:
        clf = NoiseRobustClassifier(net, random_state=0, **params)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            clf.fit(*data)
        clf.warnings = {warning.category for warning in caught}
        fitted.append(clf)
    return fitted


@pytest.mark.parametrize("transition", [*ESTIMATORS, "clusterability", 0.2])
@pytest.mark.parametrize("name", ["a", "c", "g"])
def test_class_of_weight_zero_stays_a_class(quick_net, noisy_blobs, transition, name):
    less, clf = fit_with_class_of_weight_zero(
        quick_net, noisy_blobs, name, transition=transition
    )
    assert clf.classes_.tolist() == sorted(["b", "d", "f", name])
    absent = clf.classes_.tolist().index(name)
    assert clf.predict_proba(noisy_blobs[0])[:, absent].max() < 0.1
    assert (clf.predict(noisy_blobs[0]) == less.predict(noisy_blobs[0])).mean() > 0.8
    if transition != 0.2:
        others = np.delete(np.delete(clf.transition_matrix_, absent, 0), absent, 1)
        assert_allclose(others, less.transition_matrix_, atol=0.2)
        assert_array_equal(clf.transition_matrix_[absent], np.eye(4)[absent])
        assert_allclose(clf.transition_matrix_.sum(axis=1), 1)
        assert clf.warnings == less.warnings
    summary = clf.noise_summary_
    assert_allclose(summary.noise_rate, less.noise_summary_.noise_rate, atol=0.1)
    assert np.isfinite(summary.noise_rate_interval).all()
    assert len(summary.noise_rate_per_class) == 4


@pytest.mark.parametrize("correction", ["em", "adaptation", "backward", "auto", "gce"])
def test_corrections_keep_a_class_of_weight_zero(quick_net, noisy_blobs, correction):
    _, clf = fit_with_class_of_weight_zero(
        quick_net, noisy_blobs, "a", correction=correction, transition="frequency"
    )
    assert clf.predict_proba(noisy_blobs[0])[:, 0].max() < 0.1
    assert_allclose(clf.transition_matrix_[0], [1, 0, 0, 0], atol=0.05)


def test_weights_that_the_first_pass_cannot_take_are_an_error(quick_net, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    clf = NoiseRobustClassifier(quick_net, first_pass=KNeighborsClassifier())
    with pytest.raises(ValueError, match="has no sample_weight in its fit"):
        clf.fit(X, y_noisy, sample_weight=np.ones(len(X)))


@pytest.mark.parametrize("scale", [1, 1 / 3])
def test_weights_that_sum_to_one_leave_the_noise_as_it_is(quick_net, noisy_blobs, scale):
    X, y_noisy, _, _ = noisy_blobs
    clf = NoiseRobustClassifier(quick_net, random_state=0)
    expected = clf.fit(X, y_noisy).noise_summary_
    weight = np.full(len(X), scale / len(X))
    with pytest.warns(RescaledWeightsWarning) as warned:
        found = clf.fit(X, y_noisy, sample_weight=weight).noise_summary_
    assert len([w for w in warned if w.category is RescaledWeightsWarning]) == 1
    assert found.noise_rate == pytest.approx(expected.noise_rate)


def test_issues_do_not_depend_on_the_scale_of_relative_weights(noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    clf = ConfidentLearningClassifier(LogisticRegression(), random_state=0)
    expected = clf.fit(X, y_noisy).label_issues_
    with pytest.warns(RescaledWeightsWarning) as warned:
        found = clf.fit(X, y_noisy, sample_weight=np.full(len(X), 1e-3)).label_issues_
    assert len([w for w in warned if w.category is RescaledWeightsWarning]) == 1
    assert_array_equal(found, expected)


def test_weights_are_not_changed(quick_net, noisy_blobs, rng):
    X, y_noisy, _, _ = noisy_blobs
    weight = rng.uniform(1, 2, size=len(X))
    before = weight.copy()
    NoiseRobustClassifier(quick_net, random_state=0).fit(X, y_noisy, weight)
    assert_array_equal(weight, before)
