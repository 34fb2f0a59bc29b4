"""T with what is known of the noise beforehand."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklnoise.transition import (
    ClusterabilityEstimator,
    ConfusionEstimator,
    ConstrainedEstimator,
    LabelFrequencyEstimator,
    TrustedEstimator,
)

SEEDS = range(3)
K = 5


def first_pass(seed, n_samples=1000):
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(K), n_samples), rng.integers(K, size=n_samples)


def both(seed, **params):
    """Return the plain fit and the constrained one."""
    data = first_pass(seed)
    return (
        LabelFrequencyEstimator().fit(*data),
        ConstrainedEstimator(**params).fit(*data),
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_without_constraints_nothing_changes(seed):
    plain, constrained = both(seed)
    assert_allclose(constrained.transition_matrix_, plain.transition_matrix_)
    assert_allclose(constrained.standard_error_, plain.standard_error_)


@pytest.mark.parametrize("seed", SEEDS)
def test_forbidden_flips_are_zero_and_the_rest_keeps_its_proportions(seed):
    allowed = np.random.default_rng(seed).random((K, K)) < 0.6
    plain, constrained = both(seed, allowed_flips=allowed)
    allowed |= np.eye(K, dtype=bool)
    expected = np.where(allowed, plain.transition_matrix_, 0)
    expected /= expected.sum(axis=1, keepdims=True)
    assert_allclose(constrained.transition_matrix_, expected)
    assert not constrained.standard_error_[~allowed].any()


def test_row_of_which_nothing_is_allowed_is_that_of_the_identity():
    y_proba, clean = np.eye(2).repeat(50, axis=0), np.arange(2).repeat(50)
    estimator = ConstrainedEstimator(allowed_flips=np.eye(2))
    estimator.fit(y_proba, 1 - clean)
    assert_array_equal(estimator.transition_matrix_, np.eye(2))
    assert_array_equal(estimator.standard_error_, np.zeros((2, 2)))


@pytest.mark.parametrize("seed", SEEDS)
def test_clean_classes_keep_their_labels(seed):
    plain, constrained = both(seed, clean_classes=[1, 3])
    expected = plain.transition_matrix_.copy()
    expected[[1, 3]] = np.eye(K)[[1, 3]]
    assert_allclose(constrained.transition_matrix_, expected)
    assert not constrained.standard_error_[[1, 3]].any()


@pytest.mark.parametrize("shrinkage", [0, 0.3, 1])
def test_shrinkage_mixes_with_the_identity(shrinkage):
    plain, constrained = both(0, shrinkage=shrinkage)
    expected = (1 - shrinkage) * plain.transition_matrix_ + shrinkage * np.eye(K)
    assert_allclose(constrained.transition_matrix_, expected)
    error = (1 - shrinkage) * plain.standard_error_
    assert_allclose(constrained.standard_error_, error)


def labels_of(T):
    """Return labels of samples beyond doubt, in the exact proportions of T."""
    counts = np.round(T * 10_000).astype(int)
    clean = np.arange(K).repeat(counts.sum(axis=1))
    y = np.concatenate([np.arange(K).repeat(row) for row in counts])
    return np.eye(K)[clean], y


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("rank", [1, 2])
def test_flips_of_low_rank_are_left_as_they_are(seed, rank):
    rng = np.random.default_rng(seed)
    flips = rng.random((K, rank)) @ rng.random((rank, K))
    np.fill_diagonal(flips, 0)
    T = 0.4 * flips / flips.sum(axis=1).max()
    np.fill_diagonal(T, 1 - T.sum(axis=1))
    data = labels_of(T)
    plain = LabelFrequencyEstimator().fit(*data).transition_matrix_
    low = ConstrainedEstimator(rank=rank).fit(*data).transition_matrix_
    assert_allclose(low, plain, atol=[0, 1e-3, 0.01][rank])


@pytest.mark.parametrize("seed", SEEDS)
def test_rank_one_says_that_wrong_labels_do_not_depend_on_the_class(seed):
    plain, constrained = both(seed, rank=1)
    T = constrained.transition_matrix_
    for i, j, k, m in [(0, 1, 2, 3), (4, 2, 0, 1), (3, 1, 0, 4)]:
        assert_allclose(T[i, k] * T[j, m], T[i, m] * T[j, k], rtol=1e-6)
    assert_allclose(T.diagonal(), plain.transition_matrix_.diagonal())


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("rank", [1, 9])
def test_low_rank_respects_forbidden_flips_and_the_noise_of_each_row(seed, rank):
    allowed = np.random.default_rng(seed).random((K, K)) < 0.6
    without = both(seed, allowed_flips=allowed)[1].transition_matrix_
    T = both(seed, allowed_flips=allowed, rank=rank)[1].transition_matrix_
    assert not T[~allowed & ~np.eye(K, dtype=bool)].any()
    assert_allclose(T.diagonal(), without.diagonal())


def test_low_rank_lowers_the_error_where_it_holds():
    T = np.full((K, K), 0.1) * np.array([0.2, 0.6, 1, 1.4, 1.8])
    np.fill_diagonal(T, 0)
    np.fill_diagonal(T, 1 - T.sum(axis=1))
    errors = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        y = np.concatenate([rng.choice(K, 100, p=row) for row in T])
        y_proba = np.eye(K).repeat(100, axis=0)
        fits = [ConstrainedEstimator(rank=rank).fit(y_proba, y) for rank in (None, 1)]
        errors.append([np.abs(fit.transition_matrix_ - T).sum() for fit in fits])
    plain, low = np.mean(errors, axis=0)
    assert low < 0.8 * plain


def test_what_is_known_of_the_samples_reaches_the_estimator():
    y_proba, y = first_pass(0)
    trusted = np.arange(len(y)) < 200
    folds, features = trusted, np.random.default_rng(0).normal(size=(len(y), 2))
    inner = TrustedEstimator(ClusterabilityEstimator(n_bootstraps=2, random_state=0))
    known = {"features": features, "trusted": trusted, "folds": folds}
    constrained = ConstrainedEstimator(inner).fit(y_proba, y, **known)
    plain = inner.fit(y_proba, y, **known)
    assert_allclose(constrained.transition_matrix_, plain.transition_matrix_)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"allowed_flips": np.ones((2, 2))}, r"shape \(5, 5\); got shape \(2, 2\)"),
        ({"allowed_flips": np.full((K, K), 0.5)}, "must be a boolean array"),
        ({"clean_classes": [5]}, r"column indices of y_proba, 0\.\.4; got \[5\]"),
        ({"clean_classes": [-1]}, "column indices"),
        ({"clean_classes": ["ant"]}, "column indices"),
    ],
)
def test_constraints_that_do_not_fit_the_classes_are_refused(params, message):
    with pytest.raises(ValueError, match=message):
        both(0, **params)


def test_clean_classes_may_be_a_mask():
    y_proba = np.repeat([[0.9, 0.1], [0.1, 0.9]], 10, axis=0)
    y = np.array([0] * 10 + [1] * 10)
    one, other = (
        ConstrainedEstimator(ConfusionEstimator(), clean_classes=clean).fit(y_proba, y)
        for clean in ([1], [False, True])
    )
    assert_array_equal(one.transition_matrix_, other.transition_matrix_)
