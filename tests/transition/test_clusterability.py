"""T from the agreement of neighbours."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import approx_fprime
from scipy.sparse import csr_array

from sklnoise._transition_matrix import uniform_flips
from sklnoise.transition import ClusterabilityEstimator
from sklnoise.transition._clusterability import label_agreement, misfit

SEEDS = range(3)


def pair_flips(n_classes, noise_rate):
    identity = np.eye(n_classes)
    return (1 - noise_rate) * identity + noise_rate * np.roll(identity, 1, axis=1)


def clusters(seed, T, n_samples=3000):
    """Return features of which neighbours share their clean class, noisy labels."""
    rng = np.random.default_rng(seed)
    clean = rng.integers(len(T), size=n_samples)
    features = 20 * np.eye(len(T))[clean] + rng.normal(size=(n_samples, len(T)))
    y = (T[clean].cumsum(axis=1) < rng.random((n_samples, 1)) - 1e-9).sum(axis=1)
    return features, y, clean


def fitted(features, y, n_classes, sample_weight=None, **known):
    estimator = ClusterabilityEstimator(n_bootstraps=2, random_state=0)
    y_proba = np.full((len(y), n_classes), 1 / n_classes)
    return estimator.fit(y_proba, y, sample_weight, features=features, **known)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n_classes", [2, 5])
def test_gradient_of_the_misfit_is_that_of_finite_differences(seed, n_classes):
    rng = np.random.default_rng(seed)
    observed = label_agreement(rng.random((n_classes,) * 3))
    parameters = rng.random(n_classes * (n_classes + 1)) + 0.1
    numeric = approx_fprime(parameters, lambda p: misfit(p, *observed)[0], 1e-7)
    assert_allclose(misfit(parameters, *observed)[1], numeric, atol=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "T",
    [
        np.eye(3),
        uniform_flips(3, 0.2),
        uniform_flips(5, 0.5),
        pair_flips(3, 0.4),
        np.array([[0.7, 0.1, 0.2], [0.1, 0.8, 0.1], [0.25, 0.05, 0.7]]),
    ],
    ids=["clean", "uniform .2", "uniform .5", "pair .4", "random"],
)
def test_transition_is_recovered_where_neighbours_share_their_class(seed, T):
    features, y, _ = clusters(seed, T, 20_000)
    found = fitted(features, y, len(T)).transition_matrix_
    assert np.abs(found - T).sum(axis=1).mean() < 0.15


@pytest.mark.parametrize("seed", SEEDS)
def test_prior_is_that_of_the_clean_classes(seed):
    features, y, clean = clusters(seed, pair_flips(3, 0.3))
    rare = np.flatnonzero((clean > 0) | (np.arange(len(y)) % 3 == 0))
    expected = np.bincount(clean[rare]) / len(rare)
    assert_allclose(fitted(features[rare], y[rare], 3).prior_, expected, atol=0.02)


@pytest.mark.parametrize("seed", SEEDS)
def test_neighbours_are_searched_inside_each_fold(seed):
    T = pair_flips(3, 0.3)
    features, y, _ = clusters(seed, T)
    folds = np.where(np.arange(len(y)) % 2, -1, 7)
    # The second net has learned other axes: across folds, neighbours differ in class.
    features[folds == 7] = np.roll(features[folds == 7], 1, axis=1)
    inside = fitted(features, y, 3, folds=folds).transition_matrix_
    across = fitted(features, y, 3).transition_matrix_
    assert np.abs(inside - T).max() < 0.1 < np.abs(across - T).max()


def test_folds_of_fewer_than_three_samples_are_left_out():
    features, y, _ = clusters(0, pair_flips(3, 0.3), 100)
    folds = np.where(np.arange(100) < 2, "small", "large")
    some = fitted(features, y, 3, folds=folds).transition_matrix_
    large = fitted(features[2:], y[2:], 3).transition_matrix_
    assert_allclose(some, large, atol=1e-6)


def test_some_fold_must_have_three_samples():
    features, y, _ = clusters(0, pair_flips(3, 0.3), 100)
    with pytest.raises(ValueError, match=r"each of the 50 folds .* fewer than 3"):
        fitted(features, y, 3, folds=np.arange(100) // 2)


def test_triple_counts_with_the_weight_of_its_centre():
    features, y, _ = clusters(0, pair_flips(3, 0.3), 300)
    twice = fitted(features, y, 3, np.full(300, 2)).transition_matrix_
    assert_allclose(twice, fitted(features, y, 3).transition_matrix_)


def test_features_may_be_sparse_or_have_more_dimensions():
    features, y, _ = clusters(0, pair_flips(4, 0.3), 500)
    features = np.round(features, 6)
    T = fitted(features, y, 4).transition_matrix_
    for same in (csr_array(features), features.reshape(-1, 2, 2), features.tolist()):
        assert_allclose(fitted(same, y, 4).transition_matrix_, T)


def test_without_features_neighbours_are_searched_in_the_probabilities():
    features, y, _ = clusters(0, pair_flips(3, 0.3))
    y_proba = np.exp(features / 5)
    y_proba /= y_proba.sum(axis=1, keepdims=True)
    estimator = ClusterabilityEstimator(n_bootstraps=2, random_state=0)
    implied = estimator.fit(y_proba, y).transition_matrix_
    given = estimator.fit(y_proba, y, features=y_proba).transition_matrix_
    assert_array_equal(implied, given)


def test_swapped_names_are_not_found():
    T = np.array([[0.3, 0.7], [0.7, 0.3]])
    features, y, _ = clusters(0, T, 20_000)
    assert_allclose(fitted(features, y, 2).transition_matrix_, T[::-1], atol=0.05)


def test_standard_error_is_about_the_spread_over_new_samples():
    T, fits = np.array([[0.7, 0.3], [0.2, 0.8]]), []
    for seed in range(25):
        features, y, _ = clusters(seed, T, 1000)
        estimator = ClusterabilityEstimator(n_bootstraps=10, random_state=0)
        fits.append(estimator.fit(np.full((1000, 2), 1 / 2), y, features=features))
    spread = np.std([fit.transition_matrix_ for fit in fits], axis=0)
    claimed = np.mean([fit.standard_error_ for fit in fits], axis=0)
    assert 0.6 < claimed.sum() / spread.sum() < 1.6


def test_random_state_fixes_the_standard_error():
    features, y, _ = clusters(0, pair_flips(3, 0.3), 300)
    one, two = (fitted(features, y, 3).standard_error_ for _ in range(2))
    assert_array_equal(one, two)


def test_too_many_classes_are_refused():
    with pytest.raises(ValueError, match=r"at most 200 classes.*got 201"):
        fitted(np.eye(201), np.arange(201), 201)


def test_huge_features_have_the_neighbours_of_small_ones():
    features, y, _ = clusters(0, pair_flips(3, 0.3), 300)
    huge = fitted(features * 2.0**700, y, 3).transition_matrix_
    assert_allclose(huge, fitted(features, y, 3).transition_matrix_)
