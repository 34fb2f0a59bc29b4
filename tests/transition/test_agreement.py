"""The noise rate by the agreement of labels and predictions along the ranks."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklnoise.datasets import make_noisy_labels, make_transition_matrix
from sklnoise.transition import AgreementEstimator
from sklnoise.transition._agreement import fit_flips

SEEDS = range(3)
UNEVEN = np.array([[0.95, 0.05], [0.35, 0.65]])


def simulate(seed, T, distance, n_samples=3000):
    """Return the noisy posterior of clouds of a distance, and clean and noisy labels."""
    rng, n_classes = np.random.default_rng(seed), len(T)
    y = rng.integers(n_classes, size=n_samples)
    X = rng.standard_normal((n_samples, n_classes)) + distance * np.eye(n_classes)[y]
    clean = np.exp(distance * X)
    clean /= clean.sum(axis=1, keepdims=True)
    return clean @ T, y, make_noisy_labels(y, T, random_state=seed)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("distance", [1.5, 3.0])
@pytest.mark.parametrize("noise_rate", [0.0, 0.1, 0.3])
def test_overlap_of_classes_does_not_pass_for_noise(seed, distance, noise_rate):
    T = make_transition_matrix("symmetric", 3, noise_rate)
    y_proba, _, y = simulate(seed, T, distance)
    estimator = AgreementEstimator().fit(y_proba, y)
    assert_allclose(estimator.noise_rate_, noise_rate, atol=0.04)
    low, high = estimator.noise_rate_interval_
    assert low <= noise_rate <= high
    if distance == 1.5:
        assert estimator.impurity_ > 0.1


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "T", [UNEVEN, make_transition_matrix("pair", 4, 0.3)], ids=["uneven", "pair"]
)
def test_classes_that_do_differ_are_told_apart(seed, T):
    y_proba, _, y = simulate(seed, T, 3.0)
    assert_allclose(AgreementEstimator().fit(y_proba, y).transition_matrix_, T, atol=0.06)


@pytest.mark.parametrize("seed", SEEDS)
def test_classes_that_do_not_differ_by_more_than_chance_are_alike(seed):
    T = make_transition_matrix("symmetric", 4, 0.2)
    y_proba, _, y = simulate(seed, T, 3.0, n_samples=400)
    found = AgreementEstimator().fit(y_proba, y).transition_matrix_
    assert_allclose(found, make_transition_matrix("symmetric", 4, 1 - found[0, 0]))


def test_interval_narrows_with_samples_and_with_purity():
    T = make_transition_matrix("symmetric", 3, 0.2)
    widths = [
        np.ptp(AgreementEstimator().fit(*simulate(0, T, *how)[::2]).noise_rate_interval_)
        for how in ((1.5, 300), (1.5, 6000), (4.0, 6000))
    ]
    assert widths[0] > widths[1] > widths[2]


def test_scores_that_tie_say_as_much_as_their_share():
    y_proba = np.repeat([[0.9, 0.1], [0.2, 0.8]], 300, axis=0)
    y = np.r_[np.arange(300) % 5 == 0, np.arange(300) % 5 > 0].astype(int)
    order = np.random.default_rng(0).permutation(600)
    T = AgreementEstimator().fit(y_proba, y).transition_matrix_
    assert_allclose(T, [[0.8, 0.2], [0.2, 0.8]], atol=0.01)
    again = AgreementEstimator().fit(y_proba[order], y[order]).transition_matrix_
    assert_allclose(again, T)


def test_draws_move_the_noise_rates_of_all_classes_together():
    T = make_transition_matrix("symmetric", 5, 0.2)
    y_proba, _, y = simulate(0, T, 2.0)
    draws = AgreementEstimator().fit(y_proba, y).draw(2000, random_state=0)
    diagonals = draws.diagonal(axis1=1, axis2=2)
    apart = np.sqrt((diagonals.var(axis=0) / 5).mean())
    assert diagonals.mean(axis=1).std() > 1.2 * apart


@pytest.mark.parametrize("n_classes", [1, 2, 60])
def test_few_samples_of_any_number_of_classes_give_a_transition_matrix(n_classes):
    rng = np.random.default_rng(0)
    y_proba, y = rng.dirichlet(np.ones(n_classes), 30), rng.integers(n_classes, size=30)
    labels = np.arange(n_classes)
    estimator = AgreementEstimator().fit(y_proba, y, labels=labels)
    for T in (estimator.transition_matrix_, *estimator.draw(3, random_state=0)):
        assert_allclose(T.sum(axis=1), 1)
        assert (T >= 0).all()
    assert np.isfinite(estimator.standard_error_).all()


def test_flips_to_one_class_leave_hardly_any_to_others():
    counts = 13.0 * np.roll(np.eye(10), 1, axis=1)
    flips, error = fit_flips(counts)
    assert_allclose(flips.sum(axis=1), 1)
    assert (flips.max(axis=1) > 0.98).all()
    assert (error < 0.05).all()


def test_flips_to_all_classes_are_taken_as_even(rng):
    counts = rng.poisson(2.0, (10, 10)) * (1 - np.eye(10))
    flips, _ = fit_flips(counts)
    even = (1 - np.eye(10)) / 9
    sampled = counts / counts.sum(axis=1, keepdims=True)
    assert np.abs(flips - even).max() < np.abs(sampled - even).max() / 2
