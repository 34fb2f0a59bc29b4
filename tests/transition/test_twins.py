"""Classes whose place among the top scores another class has taken."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklnoise.datasets import make_noisy_labels, make_transition_matrix
from sklnoise.transition import LabelFrequencyEstimator
from sklnoise.transition._twins import separate_twins, twins

CHAIN = np.array(  # 0 → 1 → 2, most rows of 0 and of 1 flip
    [[0.4, 0.6, 0, 0], [0, 0.4, 0.6, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]]
)


def noisy_posterior(T, seed, n_rows=4000):
    rng = np.random.default_rng(seed)
    y = rng.integers(len(T), size=n_rows)
    likely = normalize(np.eye(len(T))[y] + 0.1 * rng.random((n_rows, len(T)))) @ T
    error = np.exp(0.3 * rng.standard_normal(likely.shape))
    return normalize(likely * error), make_noisy_labels(y, T, random_state=seed)


def normalize(mass):
    return mass / mass.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("seed", range(3))
def test_chain_of_frequent_flips_is_recovered(seed):
    y_proba, y = noisy_posterior(CHAIN, seed)
    T = LabelFrequencyEstimator().fit(y_proba, y).transition_matrix_
    assert_allclose(T, CHAIN, atol=0.15)


@pytest.mark.parametrize("order", [(3, 2, 1, 0), (1, 2, 3, 0)])
def test_order_of_the_classes_does_not_matter(order):
    y_proba, y = noisy_posterior(CHAIN, 0)
    T = LabelFrequencyEstimator().fit(y_proba, y).transition_matrix_
    order = np.array(order)
    swapped = LabelFrequencyEstimator().fit(y_proba[:, order], order.argsort()[y])
    assert_allclose(swapped.transition_matrix_, T[np.ix_(order, order)])


@pytest.mark.parametrize("rate", [0.3, 0.45, 0.6])
def test_flips_in_both_directions_stay_as_they_were_counted(rate):
    T = make_transition_matrix("pair", 2, rate)
    y_proba, y = noisy_posterior(T, 0)
    counts = 100 * T
    args = counts, y_proba, y, np.ones(len(y))
    assert_array_equal(separate_twins(*args, wanted=100, least=20), counts)


def test_class_without_rows_of_its_own_keeps_its_estimate():
    T = np.array([[0.4, 0.6, 0], [0.4, 0.6, 0], [0, 0, 1]])
    y_proba, y = noisy_posterior(T, 0)
    estimate = LabelFrequencyEstimator().fit(y_proba, y).transition_matrix_
    assert_allclose(estimate, T, atol=0.15)


def test_twins_are_alike():
    counts = np.array([[9.0, 0, 0], [0, 6, 4], [0, 5.5, 4.5]])
    assert_array_equal(twins(counts), [(2, 1), (1, 2)])


def test_few_rows_make_a_twin_too():
    counts = np.array([[9.0, 0, 0], [0, 6, 4], [0, 0.2, 1.8]])
    assert_array_equal(twins(counts), [(2, 1)])


def test_frequent_flips_of_classes_with_rows_of_their_own_make_no_twins():
    assert twins(100 * make_transition_matrix("pair", 4, 0.45)) == []


@pytest.mark.parametrize(("least", "separated"), [(20, True), (10**4, False)])
def test_a_row_of_T_is_not_read_off_too_few_rows(least, separated):
    y_proba, y = noisy_posterior(CHAIN, 0)
    counts = 100 * CHAIN
    counts[1] = counts[0]
    found = separate_twins(counts, y_proba, y, np.ones(len(y)), wanted=100, least=least)
    assert (found[1, 2] > 40) == separated


def test_error_of_the_row_that_was_found_is_that_of_its_labels():
    y_proba, y = noisy_posterior(CHAIN, 0)
    estimator = LabelFrequencyEstimator(share=0.05).fit(y_proba, y)
    p = estimator.transition_matrix_[1, 2]
    binomial = np.sqrt(p * (1 - p) / 200)
    assert_allclose(estimator.standard_error_[1, 2], binomial, rtol=0.05)


@pytest.mark.parametrize("order", [(3, 2, 1, 0), (2, 0, 3, 1)])
def test_order_does_not_matter_where_twins_share_a_class(order):
    T = np.array(
        [[0.4, 0.6, 0, 0], [0, 0.55, 0, 0.45], [0, 0.6, 0.4, 0], [0, 0, 0.45, 0.55]]
    )
    y_proba, y = noisy_posterior(T, 1)
    order = np.array(order)
    estimate = LabelFrequencyEstimator().fit(y_proba, y).transition_matrix_
    swapped = LabelFrequencyEstimator().fit(y_proba[:, order], order.argsort()[y])
    assert_allclose(swapped.transition_matrix_, estimate[np.ix_(order, order)])
