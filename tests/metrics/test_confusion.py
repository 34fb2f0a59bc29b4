"""The clean confusion matrix from noisy labels."""

from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.metrics import confusion_matrix

from sklnoise.datasets import make_transition_matrix
from sklnoise.metrics import (
    noise_corrected_accuracy_score,
    noise_corrected_confusion_matrix,
)

SEEDS = range(3)
NORMALIZE = [None, "true", "pred", "all"]
T = np.array([[0.7, 0.2, 0.1], [0.0, 0.6, 0.4], [0.1, 0.2, 0.7]])


def labels_and_predictions(seed, n_samples=300):
    return np.random.default_rng(seed).integers(3, size=(2, n_samples))


@pytest.mark.parametrize("normalize", NORMALIZE)
@pytest.mark.parametrize("seed", SEEDS)
def test_identity_gives_the_confusion_matrix(seed, normalize):
    y, y_pred = labels_and_predictions(seed)
    assert_allclose(
        noise_corrected_confusion_matrix(y, y_pred, np.eye(3), normalize=normalize),
        confusion_matrix(y, y_pred, normalize=normalize),
    )


@pytest.mark.parametrize("normalize", NORMALIZE)
def test_identity_gives_zeros_where_scikit_learn_does(normalize):
    y, y_pred = [0, 0, 2], [2, 0, 2]
    assert_allclose(
        noise_corrected_confusion_matrix(y, y_pred, np.eye(3), normalize=normalize),
        confusion_matrix(y, y_pred, labels=[0, 1, 2], normalize=normalize),
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_expected_matrix_is_the_clean_one(seed):
    y, y_pred = labels_and_predictions(seed, n_samples=5)
    expected = sum(
        np.prod(T[y, y_noisy]) * noise_corrected_confusion_matrix(y_noisy, y_pred, T)
        for y_noisy in product(range(3), repeat=5)
    )
    assert_allclose(expected, confusion_matrix(y, y_pred, labels=range(3)), atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_diagonal_sums_to_the_corrected_accuracy(seed):
    y, y_pred = labels_and_predictions(seed)
    weight = np.random.default_rng(seed).uniform(1, 2, len(y))
    shares = noise_corrected_confusion_matrix(
        y, y_pred, T, sample_weight=weight, normalize="all"
    )
    score = noise_corrected_accuracy_score(y, y_pred, T, sample_weight=weight)
    assert np.trace(shares) == pytest.approx(score)


@pytest.mark.parametrize("seed", SEEDS)
def test_columns_keep_the_numbers_of_the_predictions(seed):
    y, y_pred = labels_and_predictions(seed)
    counts = noise_corrected_confusion_matrix(y, y_pred, T)
    assert_allclose(counts.sum(axis=0), np.bincount(y_pred))


def test_rows_sum_to_the_clean_frequencies():
    y, y_pred = labels_and_predictions(0)
    counts = noise_corrected_confusion_matrix(y, y_pred, T)
    assert_allclose(T.T @ counts.sum(axis=1), np.bincount(y))


def test_weights_equal_repeats():
    y, y_pred = labels_and_predictions(0)
    weight = np.random.default_rng(1).integers(4, size=len(y))
    assert_allclose(
        noise_corrected_confusion_matrix(y, y_pred, T, sample_weight=weight),
        noise_corrected_confusion_matrix(y.repeat(weight), y_pred.repeat(weight), T),
    )


def test_permuting_classes_permutes_the_matrix():
    y, y_pred = labels_and_predictions(0)
    order = np.ix_([2, 0, 1], [2, 0, 1])
    assert_allclose(
        noise_corrected_confusion_matrix(y, y_pred, T[order], labels=[2, 0, 1]),
        noise_corrected_confusion_matrix(y, y_pred, T)[order],
    )


def test_count_may_be_negative():
    noisy = make_transition_matrix("symmetric", 2, 0.3)
    assert noise_corrected_confusion_matrix([0, 1], [0, 1], noisy).min() < 0


def test_class_of_negative_count_has_no_shares():
    noisy = make_transition_matrix("symmetric", 2, 0.3)
    y_noisy, y_pred = [0] * 9 + [1], [0] * 5 + [1] * 5
    assert noise_corrected_confusion_matrix(y_noisy, y_pred, noisy)[1].sum() < 0
    shares = noise_corrected_confusion_matrix(y_noisy, y_pred, noisy, normalize="true")
    assert_allclose(shares.sum(axis=1), [1, 0])


def test_unknown_normalization_is_refused():
    with pytest.raises(ValueError, match='must be "true", "pred", "all" or None'):
        noise_corrected_confusion_matrix([0, 1], [0, 1], np.eye(2), normalize="rows")
