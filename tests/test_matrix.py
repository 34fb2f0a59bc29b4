"""The algebra of T."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklnoise._matrix import (
    clean_prior,
    mix_with_identity,
    normalize_rows,
    uniform_flips,
)

SEEDS = range(3)


@pytest.mark.parametrize("seed", SEEDS)
def test_normalized_rows_keep_their_proportions(seed):
    counts = np.random.default_rng(seed).uniform(1, 9, (4, 4))
    T = normalize_rows(counts)
    assert_allclose(T.sum(axis=1), 1)
    assert_allclose(T / T[:, :1], counts / counts[:, :1])


def test_row_without_mass_becomes_a_row_of_the_identity():
    T = normalize_rows(np.array([[2.0, 2, 0], [0, 0, 0], [1, 0, 3]]))
    assert_array_equal(T, [[0.5, 0.5, 0], [0, 1, 0], [0.25, 0, 0.75]])


def test_normalizing_leaves_the_counts_alone():
    counts = np.full((2, 2), 3.0)
    normalize_rows(counts)
    assert_array_equal(counts, 3)


@pytest.mark.parametrize("n_classes", [2, 3, 10])
def test_uniform_flips_have_the_noise_rate_off_the_diagonal(n_classes):
    T = uniform_flips(n_classes, 0.3)
    off_diagonal = T[~np.eye(n_classes, dtype=bool)]
    assert_allclose(T.diagonal(), 0.7)
    assert_allclose(off_diagonal, off_diagonal[0])
    assert_allclose(T.sum(axis=1), 1)


def test_one_class_has_nowhere_to_flip():
    assert_array_equal(uniform_flips(1, 0.3), [[1]])


@pytest.mark.parametrize("weight", [0, 0.25, 1])
def test_mixture_applies_t_to_the_share_that_is_not_kept(weight):
    T = np.array([[0.6, 0.4], [0.1, 0.9]])
    prior = np.array([0.3, 0.7])
    assert_allclose(
        prior @ mix_with_identity(T, weight), (1 - weight) * prior @ T + weight * prior
    )


@pytest.mark.parametrize("n_classes", [2, 3, 10])
@pytest.mark.parametrize("seed", SEEDS)
def test_clean_prior_undoes_the_noise(n_classes, seed):
    rng = np.random.default_rng(seed)
    prior = rng.dirichlet(np.ones(n_classes))
    T = mix_with_identity(rng.dirichlet(np.ones(n_classes), n_classes), 0.5)
    assert_allclose(clean_prior(T, prior @ T, 100)[0], prior, atol=1e-9)


def test_clean_prior_stays_on_the_simplex_where_the_inverse_would_leave_it():
    T = np.array([[0.8, 0.2], [0.3, 0.7]])
    frequencies = np.array([0.9, 0.1])
    assert (frequencies @ np.linalg.inv(T)).min() < 0
    assert_allclose(clean_prior(T, frequencies, 100)[0], [1, 0], atol=1e-12)


def test_standard_error_of_the_prior_is_its_spread_over_new_labels():
    T = np.array([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.25, 0.15, 0.6]])
    noisy = np.array([0.5, 0.2, 0.3]) @ T
    counts = np.random.default_rng(0).multinomial(2000, noisy, size=500)
    spread = np.std([clean_prior(T, row / 2000, 2000)[0] for row in counts], axis=0)
    assert_allclose(clean_prior(T, noisy, 2000)[1], spread, rtol=0.1)


def test_singular_matrix_says_nothing_about_the_prior():
    prior, error = clean_prior(np.full((2, 2), 0.5), np.array([0.5, 0.5]), 100)
    assert_allclose(prior.sum(), 1)
    assert_array_equal(error, np.inf)


def test_prior_of_labels_that_t_calls_impossible_is_that_of_the_labels():
    prior, error = clean_prior(np.array([[0.0, 1], [0, 1]]), np.array([1.0, 0]), 10)
    np.testing.assert_array_equal(prior, [1, 0])
    assert np.isinf(error).all()
