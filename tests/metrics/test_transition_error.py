"""The distance of an estimate of T from the truth."""

import numpy as np
import pytest

from sklnoise.metrics import transition_error

SEEDS = range(3)


def two_matrices(seed, n_classes=4):
    return np.random.default_rng(seed).dirichlet(np.ones(n_classes), (2, n_classes))


@pytest.mark.parametrize("seed", SEEDS)
def test_error_of_the_truth_is_zero(seed):
    T, _ = two_matrices(seed)
    assert transition_error(T, T) == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_error_is_the_mean_l1_distance_of_the_rows(seed):
    A, B = two_matrices(seed)
    assert transition_error(A, B) == pytest.approx(np.abs(A - B).sum(axis=1).mean())


@pytest.mark.parametrize("seed", SEEDS)
def test_permuting_classes_leaves_the_error(seed):
    A, B = two_matrices(seed)
    order = np.random.default_rng(seed).permutation(4)
    permuted = (T[np.ix_(order, order)] for T in (A, B))
    assert transition_error(*permuted) == pytest.approx(transition_error(A, B))


def test_error_of_a_swap_is_two():
    assert transition_error(np.eye(2), np.eye(2)[::-1]) == 2


@pytest.mark.parametrize("wrong", [np.eye(3), [[0.5, 0.6], [0, 1]], np.eye(2) * np.nan])
def test_what_is_no_estimate_of_this_truth_is_refused(wrong):
    with pytest.raises(ValueError, match="transition_matrix"):
        transition_error(np.eye(2), wrong)
