"""The algebra of T."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklnoise._transition_matrix import (
    clean_prior,
    is_identity,
    mix_with_identity,
    noise_rate_of,
    normalize_rows,
    pooled_rows,
    shrink_dominated_rows,
    shrink_towards,
    uniform_flips,
)

SEEDS = range(3)


@pytest.mark.parametrize("n_classes", [1, 3])
def test_only_t_without_flips_is_the_identity(n_classes):
    assert is_identity(np.eye(n_classes))
    assert is_identity(np.eye(n_classes).tolist())
    assert not is_identity(np.eye(3)[[1, 0, 2]])
    assert not is_identity(uniform_flips(3, 1e-9))


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


# Shrinkage


@pytest.mark.parametrize("size", [0, 0.1, 0.2])
def test_share_of_the_target_is_that_of_james_and_stein(size):
    T, target = np.array([[0.7, 0.3], [0.5, 0.5]]), uniform_flips(2, 0.3)
    error = np.full((2, 2), size)
    shrunk, share = shrink_towards(T, error, target)
    assert share == pytest.approx(min(1, 4 * size**2 / 0.08))
    assert_allclose(shrunk, T + share * (target - T))


def test_estimate_within_its_error_becomes_the_target():
    T, target = uniform_flips(3, 0.2), uniform_flips(3, 0.3)
    shrunk, share = shrink_towards(T, np.full((3, 3), 0.1), target)
    assert share == 1
    assert_array_equal(shrunk, target)


@pytest.mark.parametrize("error", [0, 0.1, np.inf])
def test_target_itself_stays(error):
    T = uniform_flips(3, 0.3)
    assert_allclose(shrink_towards(T, np.full((3, 3), error), T)[0], T)


def test_shrinking_from_few_rows_comes_closer_to_the_truth_on_average():
    T = uniform_flips(5, 0.3)
    rng = np.random.default_rng(0)
    distances = []
    for _ in range(100):
        raw = np.array([rng.multinomial(20, row) for row in T]) / 20
        error = np.sqrt(raw * (1 - raw) / 20)
        target = uniform_flips(5, 1 - raw.diagonal().mean())
        shrunk = shrink_towards(raw, error, target)[0]
        distances.append([np.square(t - T).sum() for t in (shrunk, raw)])
    shrunk, raw = np.mean(distances, axis=0)
    assert shrunk < 0.5 * raw


def test_shrinking_leaves_the_arguments_alone():
    T, error, target = uniform_flips(3, 0.2), np.full((3, 3), 0.01), np.eye(3)
    for array in (T, error, target):
        array.setflags(write=False)
    shrunk, _ = shrink_towards(T, error, target)
    assert not np.shares_memory(shrunk, T)


@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize("seed", SEEDS)
def test_noise_rate_is_the_share_of_wrong_labels(n_classes, seed):
    rng = np.random.default_rng(seed)
    prior = rng.dirichlet(np.ones(n_classes))
    T = mix_with_identity(rng.dirichlet(np.ones(n_classes), n_classes), 0.5)
    wrong = 1 - (prior * T.diagonal()).sum()
    assert noise_rate_of(T, prior @ T) == pytest.approx(wrong)


def test_noise_rate_of_even_flips_is_theirs():
    frequencies = np.array([0.3, 0.3, 0.4])
    assert noise_rate_of(uniform_flips(3, 0.25), frequencies) == pytest.approx(0.25)
    assert noise_rate_of(np.eye(3), frequencies) == pytest.approx(0)


# Rows in which another class leads


def test_dominated_row_of_a_transition_is_shrunk_to_a_tie():
    T = np.array([[0.8, 0.2, 0.0], [0.6, 0.3, 0.1], [0.0, 0.3, 0.7]])
    shrunk = shrink_dominated_rows(T)
    assert_array_equal(shrunk[[0, 2]], T[[0, 2]])
    assert_allclose(shrunk[1, 0], shrunk[1, 1])
    assert_allclose(shrunk.sum(axis=1), 1)


@pytest.mark.parametrize("n_classes", [2, 3, 10])
@pytest.mark.parametrize("seed", SEEDS)
def test_no_class_leads_in_the_row_of_another(n_classes, seed):
    T = np.random.default_rng(seed).dirichlet(np.ones(n_classes), n_classes)
    shrunk = shrink_dominated_rows(T)
    assert_allclose(shrunk.max(axis=1), shrunk.diagonal())
    assert_allclose(shrink_dominated_rows(shrunk), shrunk)


def test_flips_of_a_dominated_row_keep_their_proportions():
    shrunk = shrink_dominated_rows(np.array([[0.2, 0.6, 0.2], [0, 1, 0], [0, 0, 1]]))
    assert shrunk[0, 1] / shrunk[0, 2] == pytest.approx(3)


def test_swap_becomes_a_coin():
    assert_allclose(shrink_dominated_rows(np.array([[0.0, 1], [1, 0]])), 0.5)


@pytest.mark.parametrize("scale", [1, 1e-3])
def test_pooled_row_has_the_rate_of_the_sound_rows(scale):
    T = np.array([[0.9, 0.1, 0.0], [0.3, 0.7, 0.0], [0.0, 1.0, 0.0]])
    mass, sound = scale * np.array([300.0, 100, 4]), np.array([True, True, False])
    row = pooled_rows(T, mass, sound, np.ones((3, 3), dtype=bool))[2]
    assert_allclose(row, [0.15 * 0.75, 0.15 * 0.25, 0.85])


def test_error_of_t_widens_that_of_the_prior():
    T = uniform_flips(3, 0.2)
    frequencies = np.array([0.5, 0.4, 0.1])
    errors = [clean_prior(T, frequencies, 100, np.full((3, 3), e))[1] for e in (0, 0.1)]
    assert_allclose(errors[0], clean_prior(T, frequencies, 100)[1])
    assert (errors[1] > errors[0]).all()
