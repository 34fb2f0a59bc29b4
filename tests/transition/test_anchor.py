"""T from anchor points."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklnoise.transition import AnchorEstimator

SEEDS = range(3)
T = np.array([[0.5, 0.2, 0.3], [0.1, 0.6, 0.3], [0.4, 0.15, 0.45]])


def first_pass(seed, n_samples=331):
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(3), n_samples), rng.integers(3, size=n_samples)


@pytest.mark.parametrize("seed", SEEDS)
def test_hundredth_percentile_is_the_sample_of_the_maximum(seed):
    y_proba, y = first_pass(seed)
    estimator = AnchorEstimator(percentile=100).fit(y_proba, y)
    assert_allclose(estimator.transition_matrix_, y_proba[y_proba.argmax(axis=0)])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("percentile", [50, 90, 97])
def test_anchor_stands_at_the_percentile_of_its_score(seed, percentile):
    y_proba, y = first_pass(seed)
    at = np.percentile(y_proba, percentile, axis=0, method="inverted_cdf")
    expected = y_proba[(y_proba == at).argmax(axis=0)]
    estimator = AnchorEstimator(percentile=percentile).fit(y_proba, y)
    assert_allclose(estimator.transition_matrix_, expected)


@pytest.mark.parametrize("percentile", [97, 100])
def test_calibrated_probabilities_of_separable_classes_are_t(percentile):
    clean = np.arange(3).repeat(50)
    estimator = AnchorEstimator(percentile=percentile).fit(T[clean], clean)
    assert_allclose(estimator.transition_matrix_, T)
    assert_allclose(estimator.standard_error_, 0, atol=1e-12)


def test_samples_tied_at_the_percentile_are_averaged():
    y_proba = np.array(
        [[0.6, 0.4, 0.0], [0.6, 0.0, 0.4], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]]
    )
    estimator = AnchorEstimator(percentile=100).fit(y_proba, [0, 0, 1, 2])
    assert_allclose(estimator.transition_matrix_[0], [0.6, 0.2, 0.2])


def test_noisy_labels_play_no_part():
    y_proba, y = first_pass(0)
    one, other = (AnchorEstimator().fit(y_proba, labels) for labels in (y, y[::-1]))
    assert_array_equal(one.transition_matrix_, other.transition_matrix_)


@pytest.mark.parametrize("seed", SEEDS)
def test_more_samples_narrow_the_spread_around_the_anchor(seed):
    few, many = (
        AnchorEstimator().fit(*first_pass(seed, n)).standard_error_.diagonal()
        for n in (300, 30000)
    )
    assert (many < few / 3).all()
