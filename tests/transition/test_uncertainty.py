"""Intervals of T by the bootstrap."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.frozen import FrozenEstimator
from sklearn.naive_bayes import GaussianNB

from sklnoise.transition import (
    ClusterabilityEstimator,
    ConfidentJointEstimator,
    ConfusionEstimator,
    LabelFrequencyEstimator,
    TrustedEstimator,
    bootstrap_transition,
    compare_transition_estimators,
)

T = np.array([[0.7, 0.1, 0.2], [0.1, 0.8, 0.1], [0.25, 0.05, 0.7]])


def first_pass(seed, n_samples=600):
    rng = np.random.default_rng(seed)
    clean = np.arange(n_samples) % 3
    y = (T[clean].cumsum(axis=1) < rng.random((n_samples, 1)) - 1e-9).sum(axis=1)
    return np.eye(3)[clean], y


def test_transition_is_that_of_all_samples():
    y_proba, y = first_pass(0)
    result = bootstrap_transition(ConfusionEstimator(), y_proba, y, n_bootstraps=2)
    plain = ConfusionEstimator().fit(y_proba, y).transition_matrix_
    assert_array_equal(result.transition_matrix, plain)


@pytest.mark.parametrize("confidence", [0.5, 0.9])
def test_intervals_hold_as_often_as_they_say(confidence):
    held = []
    for seed in range(30):
        result = bootstrap_transition(
            ConfusionEstimator(),
            *first_pass(seed),
            n_bootstraps=60,
            confidence=confidence,
            random_state=seed,
        )
        held.append((result.low <= T) & (result.high >= T))
    assert_allclose(np.mean(held), confidence, atol=0.07)


@pytest.mark.parametrize("estimator", [ConfusionEstimator(), ConfidentJointEstimator()])
def test_standard_error_agrees_with_that_of_the_estimator(estimator):
    data = first_pass(0)
    result = bootstrap_transition(estimator, *data, n_bootstraps=200, random_state=0)
    claimed = estimator.fit(*data).standard_error_
    assert_allclose(result.standard_error, claimed, rtol=0.2, atol=2e-3)


def test_weights_count_as_frequencies():
    y_proba, y = first_pass(0)
    weighted, repeated = (
        bootstrap_transition(
            ConfusionEstimator(), *data, n_bootstraps=200, random_state=0
        ).standard_error
        for data in (
            (y_proba, y, np.full(len(y), 4)),
            (y_proba.repeat(4, axis=0), y.repeat(4)),
        )
    )
    assert_allclose(weighted, repeated, rtol=0.2)


def test_trusted_samples_of_each_class_are_never_all_lost():
    y_proba, y = first_pass(0)
    clean = y_proba.argmax(axis=1)
    trusted = np.arange(len(y)) < 3
    result = bootstrap_transition(
        TrustedEstimator(),
        y_proba @ T,
        np.where(trusted, clean, y),
        trusted=trusted,
        n_bootstraps=20,
    )
    assert_allclose(result.low, T)
    assert_allclose(result.high, T)


def test_features_and_folds_follow_the_samples():
    y_proba, y = first_pass(0, 1200)
    noise = np.random.default_rng(0).normal(0, 0.1, size=y_proba.shape)
    result = bootstrap_transition(
        ClusterabilityEstimator(n_bootstraps=2, random_state=0),
        np.full_like(y_proba, 1 / 3),
        y,
        features=y_proba + noise,
        folds=np.arange(len(y)) // 600,
        n_bootstraps=10,
        random_state=0,
    )
    assert result.standard_error.max() < 0.1
    assert np.abs(result.transition_matrix - T).max() < 0.1


def test_random_state_fixes_the_result():
    one, two = (
        bootstrap_transition(
            ConfusionEstimator(), *first_pass(0), n_bootstraps=5, random_state=1
        )
        for _ in range(2)
    )
    assert_array_equal(one.low, two.low)


def test_frozen_estimator_does_not_move():
    data = first_pass(0)
    frozen = FrozenEstimator(ConfusionEstimator().fit(*data))
    result = bootstrap_transition(frozen, *data, n_bootstraps=3)
    assert_allclose(result.standard_error, 0, atol=1e-12)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_bootstraps": 1}, "n_bootstraps"),
        ({"n_bootstraps": 2.0}, "n_bootstraps"),
        ({"confidence": 1.0}, "confidence"),
        ({"confidence": float("nan")}, "confidence"),
        ({"random_state": -1}, "random_state"),
        ({"folds": [[0], [1, 2]]}, "folds"),
        ({"folds": [None] + [0] * 599}, "folds"),
    ],
)
def test_bad_parameters_are_refused(params, message):
    with pytest.raises(ValueError, match=message):
        bootstrap_transition(ConfusionEstimator(), *first_pass(0), **params)


def test_huge_weights_are_resampled_all_the_same():
    y_proba = np.repeat([[0.9, 0.1], [0.2, 0.8]], 50, axis=0)
    y = np.r_[np.arange(50) % 10 == 0, np.arange(50) % 5 > 0].astype(int)
    result = bootstrap_transition(
        LabelFrequencyEstimator(), y_proba, y, np.full(100, 1e20), n_bootstraps=3
    )
    assert np.isfinite(result.standard_error).all()


def test_trusted_samples_of_weight_zero_are_never_drawn():
    y_proba, y = first_pass(0)
    trusted, weight = np.arange(len(y)) < 6, np.ones(len(y))
    weight[trusted & (y == 0)] = 0
    known = {"trusted": trusted, "n_bootstraps": 3, "random_state": 0}
    result = bootstrap_transition(
        TrustedEstimator(ConfusionEstimator()), y_proba, y, weight, **known
    )
    assert all(np.isfinite(part).all() for part in result.values())


@pytest.mark.parametrize(
    "estimator", [ConfusionEstimator, "confusion", None, GaussianNB()]
)
def test_what_is_no_estimator_of_T_is_refused(estimator):
    data = first_pass(0)
    with pytest.raises(TypeError, match="estimator of T"):
        bootstrap_transition(estimator, *data, n_bootstraps=2)
    with pytest.raises(TypeError, match="estimator of T"):
        compare_transition_estimators(*data, estimators={"its name": estimator})
