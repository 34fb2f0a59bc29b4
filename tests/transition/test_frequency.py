"""T from the labels of the samples that score highest."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklnoise.datasets import make_noisy_labels, make_transition_matrix
from sklnoise.transition import LabelFrequencyEstimator

SEEDS = range(3)


def first_pass(seed, n_samples=900):
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(3), n_samples), rng.integers(3, size=n_samples)


def frequencies_of_the_top(y_proba, y, min_samples=20, share=0.03):
    """Count the labels of the top scores of each class in a loop."""
    n_classes, predicted = y_proba.shape[1], y_proba.argmax(axis=1)
    counts = np.zeros((n_classes, n_classes))
    for i in range(n_classes):
        k = min(max(min_samples, share * len(y)), (predicted == i).sum() / 2)
        for sample in np.argsort(-y_proba[:, i]):
            counts[i, y[sample]] += min(1, k)
            k -= min(1, k)
    return counts / counts.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("min_samples", "share"), [(20, 0.03), (1, 0.1), (1000, 0.03)])
def test_row_is_the_label_frequency_of_the_top_scores(seed, min_samples, share):
    y_proba, y = first_pass(seed, 1000)
    expected = frequencies_of_the_top(y_proba, y, min_samples, share)
    estimator = LabelFrequencyEstimator(min_samples=min_samples, share=share)
    assert_allclose(estimator.fit(y_proba, y).transition_matrix_, expected)


@pytest.mark.parametrize("n_classes", [16, 40])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_many_classes_are_counted_whatever_the_layout(n_classes, order, dtype):
    rng = np.random.default_rng(0)
    y_proba = rng.dirichlet(np.full(n_classes, 0.1), 3000)
    y_proba = np.asarray(y_proba, dtype=dtype, order=order)
    y = rng.integers(n_classes, size=3000)
    T = LabelFrequencyEstimator().fit(y_proba, y).transition_matrix_
    assert_allclose(T, frequencies_of_the_top(y_proba, y), atol=1e-6)


def test_class_never_predicted_keeps_its_labels():
    y_proba, y = first_pass(0)
    y_proba = np.c_[y_proba[:, :2], np.zeros(len(y))] / y_proba[:, :2].sum(1)[:, None]
    T = LabelFrequencyEstimator().fit(y_proba, y).transition_matrix_
    assert_array_equal(T[2], [0, 0, 1])
    assert T[0, 2] > 0.1


@pytest.mark.parametrize("seed", SEEDS)
def test_only_the_ranking_of_the_scores_matters(seed):
    score = np.random.default_rng(seed).random(500)
    y = np.random.default_rng(seed).integers(2, size=500)
    sharp = score**3 / (score**3 + (1 - score) ** 3)
    calibrated, overconfident = (
        LabelFrequencyEstimator().fit(np.c_[s, 1 - s], y) for s in (score, sharp)
    )
    assert_allclose(calibrated.transition_matrix_, overconfident.transition_matrix_)


@pytest.mark.parametrize("seed", SEEDS)
def test_samples_are_counted_by_their_weight(seed):
    y_proba, y = first_pass(seed)
    light, heavy = (
        LabelFrequencyEstimator(min_samples=w * len(y)).fit(
            y_proba, y, np.full(len(y), w)
        )
        for w in (0.5, 8)
    )
    assert_allclose(light.transition_matrix_, heavy.transition_matrix_)
    assert (light.standard_error_ > 2 * heavy.standard_error_).all()


def test_boundary_sample_counts_in_part():
    score = np.linspace(0.1, 0.9, 9)
    y = np.array([0, 0, 0, 0, 0, 0, 0, 1, 0])
    estimator = LabelFrequencyEstimator(min_samples=1.5).fit(np.c_[1 - score, score], y)
    assert_allclose(estimator.transition_matrix_[1], [1 / 1.5, 0.5 / 1.5])


def test_tied_samples_share_what_is_left():
    y_proba = np.repeat([[0.9, 0.1], [0.2, 0.8]], 10, axis=0)
    y = np.arange(20) % 5 // 4
    estimator = LabelFrequencyEstimator(min_samples=1).fit(y_proba, y)
    assert_allclose(estimator.transition_matrix_, [[0.8, 0.2]] * 2)


@pytest.mark.parametrize("seed", SEEDS)
def test_four_times_the_samples_halve_the_standard_error(seed):
    y_proba, y = first_pass(seed, 4000)
    one = LabelFrequencyEstimator().fit(y_proba, y)
    four = LabelFrequencyEstimator().fit(np.tile(y_proba, (4, 1)), np.tile(y, 4))
    assert_allclose(four.standard_error_ / one.standard_error_, 0.5, rtol=0.04)


def test_standard_error_is_the_spread_over_new_labels():
    T = np.array([[0.5, 0.2, 0.3], [0.1, 0.6, 0.3], [0.4, 0.15, 0.45]])
    rng = np.random.default_rng(0)
    clean = np.arange(3).repeat(100)
    y_proba = 0.8 * np.eye(3)[clean] + 0.2 * rng.dirichlet(np.ones(3), len(clean))
    fits = []
    for _ in range(150):
        y = (T[clean].cumsum(axis=1) < rng.random((len(clean), 1))).sum(axis=1)
        fits.append(LabelFrequencyEstimator().fit(y_proba, y))
    spread = np.std([fit.transition_matrix_ for fit in fits], axis=0)
    claimed = np.mean([fit.standard_error_ for fit in fits], axis=0)
    assert_allclose(claimed, spread, rtol=0.2)


# Classes whose top scores belong to another class


CHAIN = np.array(  # 0 → 1 → 2, most rows of 0 and of 1 flip
    [[0.4, 0.6, 0, 0], [0, 0.4, 0.6, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]]
)


def noisy_posterior(T, seed, n_samples=4000):
    rng = np.random.default_rng(seed)
    y = rng.integers(len(T), size=n_samples)
    likely = normalize(np.eye(len(T))[y] + 0.1 * rng.random((n_samples, len(T)))) @ T
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
    y_proba, y = noisy_posterior(make_transition_matrix("pair", 2, rate), 0)
    T = LabelFrequencyEstimator().fit(y_proba, y).transition_matrix_
    assert_allclose(T, frequencies_of_the_top(y_proba, y))


def test_frequent_flips_of_classes_with_samples_of_their_own_stay_as_counted():
    y_proba, y = noisy_posterior(make_transition_matrix("pair", 4, 0.45), 0)
    T = LabelFrequencyEstimator().fit(y_proba, y).transition_matrix_
    assert_allclose(T, frequencies_of_the_top(y_proba, y))


def test_class_without_samples_of_its_own_keeps_its_estimate():
    T = np.array([[0.4, 0.6, 0], [0.4, 0.6, 0], [0, 0, 1]])
    y_proba, y = noisy_posterior(T, 0)
    estimate = LabelFrequencyEstimator().fit(y_proba, y).transition_matrix_
    assert_allclose(estimate, T, atol=0.15)


def test_row_is_not_read_off_too_few_samples():
    y_proba, y = noisy_posterior(CHAIN, 0)
    T = LabelFrequencyEstimator(min_samples=400).fit(y_proba, y).transition_matrix_
    assert_allclose(T, frequencies_of_the_top(y_proba, y, min_samples=400))


def test_error_of_the_row_that_was_found_is_that_of_its_labels():
    y_proba, y = noisy_posterior(CHAIN, 0)
    estimator = LabelFrequencyEstimator(share=0.05).fit(y_proba, y)
    p = estimator.transition_matrix_[1, 2]
    binomial = np.sqrt(p * (1 - p) / 200)
    assert_allclose(estimator.standard_error_[1, 2], binomial, rtol=0.05)


@pytest.mark.parametrize("order", [(3, 2, 1, 0), (2, 0, 3, 1)])
def test_order_does_not_matter_where_two_classes_flip_into_a_third(order):
    T = np.array(
        [[0.4, 0.6, 0, 0], [0, 0.55, 0, 0.45], [0, 0.6, 0.4, 0], [0, 0, 0.45, 0.55]]
    )
    y_proba, y = noisy_posterior(T, 1)
    order = np.array(order)
    estimate = LabelFrequencyEstimator().fit(y_proba, y).transition_matrix_
    swapped = LabelFrequencyEstimator().fit(y_proba[:, order], order.argsort()[y])
    assert_allclose(swapped.transition_matrix_, estimate[np.ix_(order, order)])
