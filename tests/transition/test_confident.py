"""T from the confident joint."""

import numpy as np
import pytest
from cleanlab.count import compute_confident_joint, estimate_latent
from numpy.testing import assert_allclose, assert_array_equal

from sklnoise.transition import (
    AutoEstimator,
    ConfidentJointEstimator,
    LabelFrequencyEstimator,
)

SEEDS = range(3)


def first_pass(seed, n_classes, n_rows=600):
    rng = np.random.default_rng(seed)
    clean = rng.integers(n_classes, size=n_rows)
    y_proba = rng.dirichlet(np.ones(n_classes), n_rows) + np.eye(n_classes)[clean]
    wrong = rng.random(n_rows) < 0.4
    y = np.where(wrong, rng.integers(n_classes, size=n_rows), clean)
    return y_proba / 2, y


def one_class_per_sample(seed, n_classes, n_rows=600):
    """Return samples that reach no threshold but that of their argmax.

    There cleanlab counts the argmax, reached or not; the paper the best one reached.
    """
    y_proba, y = first_pass(seed, n_classes, n_rows)
    sharp = y_proba**6
    return sharp / sharp.sum(axis=1, keepdims=True), y


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n_classes", [3, 5])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sample_counts_for_its_best_class_that_reaches_its_threshold(
    seed, n_classes, dtype
):
    y_proba, y = first_pass(seed, n_classes)
    y_proba = y_proba.astype(dtype)
    thresholds = [y_proba[y == j, j].mean() for j in range(n_classes)]
    counts = np.zeros((n_classes, n_classes))
    for p, label in zip(y_proba, y):
        reached = [j for j in range(n_classes) if p[j] >= thresholds[j]]
        if reached:
            counts[max(reached, key=lambda j: p[j]), label] += 1
    joint = counts * np.bincount(y) / counts.sum(axis=0)
    T = ConfidentJointEstimator().fit(y_proba, y).transition_matrix_
    assert_allclose(T, joint / joint.sum(axis=1, keepdims=True), rtol=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("make", "n_classes"),
    [
        (first_pass, 2),
        (one_class_per_sample, 3),
        (one_class_per_sample, 5),
        (one_class_per_sample, 10),
    ],
)
def test_transition_is_the_transpose_of_cleanlabs_noise_matrix(make, n_classes, seed):
    y_proba, y = make(seed, n_classes, 20_000)
    joint = compute_confident_joint(y, y_proba)
    _, noise_matrix, _ = estimate_latent(joint, y)
    T = ConfidentJointEstimator().fit(y_proba, y).transition_matrix_
    assert_allclose(T, noise_matrix.T, atol=5e-4)  # cleanlab rounds to whole counts


def test_class_without_labels_keeps_its_row_of_the_identity():
    y_proba, y = first_pass(0, 3)
    T = ConfidentJointEstimator().fit(y_proba, y % 2).transition_matrix_
    assert_array_equal(T[2], [0, 0, 1])
    assert T[0, 1] > 0.05


@pytest.mark.parametrize("seed", SEEDS)
def test_four_times_the_samples_halve_the_standard_error(seed):
    y_proba, y = first_pass(seed, 3, 4000)
    one = ConfidentJointEstimator().fit(y_proba, y)
    four = ConfidentJointEstimator().fit(np.tile(y_proba, (4, 1)), np.tile(y, 4))
    assert_allclose(four.standard_error_ / one.standard_error_, 0.5, rtol=0.04)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "estimator", [ConfidentJointEstimator(), LabelFrequencyEstimator(), AutoEstimator()]
)
def test_permuting_classes_permutes_t_also_where_probabilities_tie(estimator, seed):
    rng = np.random.default_rng(seed)
    y_proba, y = rng.multinomial(4, np.ones(4) / 4, 80) / 4, rng.integers(4, size=80)
    order = np.array([2, 0, 3, 1])
    T = estimator.fit(y_proba, y).transition_matrix_
    permuted = estimator.fit(y_proba[:, order], np.argsort(order)[y])
    assert_allclose(permuted.transition_matrix_, T[np.ix_(order, order)], atol=1e-9)


def test_sample_that_ties_counts_for_each_class_in_equal_parts():
    y_proba = np.array([[1.0, 0, 0]] * 4 + [[0, 0.5, 0.5]] * 2)
    y = np.array([0, 0, 0, 0, 1, 2])
    T = ConfidentJointEstimator().fit(y_proba, y).transition_matrix_
    assert_allclose(T[1], T[2][[0, 2, 1]])
    assert T[1, 1] == T[2, 2]
