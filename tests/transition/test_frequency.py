"""T from the labels of the rows that score highest."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklnoise.transition import LabelFrequencyEstimator
from sklnoise.transition._frequency import columns

SEEDS = range(3)


def first_pass(seed, n_rows=900):
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(3), n_rows), rng.integers(3, size=n_rows)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("min_samples", "share"), [(20, 0.03), (1, 0.1), (1000, 0.03)])
def test_row_is_the_label_frequency_of_the_top_scores(seed, min_samples, share):
    y_proba, y = first_pass(seed, 1000)
    predicted, expected = y_proba.argmax(axis=1), np.zeros((3, 3))
    for i in range(3):
        k = min(max(min_samples, share * 1000), (predicted == i).sum() / 2)
        for row in np.argsort(-y_proba[:, i]):
            expected[i, y[row]] += min(1, k)
            k -= min(1, k)
    expected /= expected.sum(axis=1, keepdims=True)
    estimator = LabelFrequencyEstimator(min_samples=min_samples, share=share)
    assert_allclose(estimator.fit(y_proba, y).transition_matrix_, expected)


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
def test_rows_are_counted_by_their_weight(seed):
    y_proba, y = first_pass(seed)
    light = LabelFrequencyEstimator().fit(y_proba, y, np.full(len(y), 0.01))
    half = LabelFrequencyEstimator(min_samples=len(y)).fit(y_proba, y)
    assert_allclose(light.transition_matrix_, half.transition_matrix_)
    assert (light.standard_error_ > 2 * half.standard_error_).all()


def test_boundary_row_counts_in_part():
    score = np.linspace(0.1, 0.9, 9)
    y = np.array([0, 0, 0, 0, 0, 0, 0, 1, 0])
    estimator = LabelFrequencyEstimator(min_samples=1.5).fit(np.c_[1 - score, score], y)
    assert_allclose(estimator.transition_matrix_[1], [1 / 1.5, 0.5 / 1.5])


def test_tied_rows_share_what_is_left():
    y_proba = np.repeat([[0.9, 0.1], [0.2, 0.8]], 10, axis=0)
    y = np.arange(20) % 5 // 4
    estimator = LabelFrequencyEstimator(min_samples=1).fit(y_proba, y)
    assert_allclose(estimator.transition_matrix_, [[0.8, 0.2]] * 2)


@pytest.mark.parametrize("seed", SEEDS)
def test_four_times_the_rows_halve_the_standard_error(seed):
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
    for _ in range(300):
        y = (T[clean].cumsum(axis=1) < rng.random((len(clean), 1))).sum(axis=1)
        fits.append(LabelFrequencyEstimator().fit(y_proba, y))
    spread = np.std([fit.transition_matrix_ for fit in fits], axis=0)
    claimed = np.mean([fit.standard_error_ for fit in fits], axis=0)
    assert_allclose(claimed, spread, rtol=0.2)


@pytest.mark.parametrize("n_classes", [1, 3, 16, 17, 40])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_columns_come_one_after_another(n_classes, order, dtype):
    y_proba = np.random.default_rng(0).dirichlet(np.ones(n_classes), 7)
    y_proba = np.asarray(y_proba, dtype=dtype, order=order)
    number = 0
    for j, score in columns(y_proba):
        assert j == number
        assert score.dtype == dtype
        assert score.flags.c_contiguous
        assert_array_equal(score, y_proba[:, j])
        number += 1
    assert number == n_classes
