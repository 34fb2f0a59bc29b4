"""T through the predicted class."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklnoise.transition import AnchorEstimator, DualTransitionEstimator

SEEDS = range(3)


def first_pass(seed, n_samples=500):
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(3), n_samples), rng.integers(3, size=n_samples)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("percentile", [90, 97])
def test_dual_is_the_product_of_anchors_and_labels_by_prediction(seed, percentile):
    y_proba, y = first_pass(seed)
    predicted, counts = y_proba.argmax(axis=1), np.zeros((3, 3))
    for row, label in zip(predicted, y):
        counts[row, label] += 1
    anchors = AnchorEstimator(percentile=percentile).fit(y_proba, y).transition_matrix_
    expected = anchors @ (counts / counts.sum(axis=1, keepdims=True))
    dual = DualTransitionEstimator(percentile=percentile).fit(y_proba, y)
    assert_allclose(dual.transition_matrix_, expected)


def test_samples_with_two_top_classes_belong_half_to_each():
    y_proba = np.array([[0.5, 0.5], [1, 0], [0, 1]])
    dual = DualTransitionEstimator(percentile=100).fit(y_proba, [0, 0, 1])
    assert_allclose(dual.transition_matrix_, [[1, 0], [1 / 3, 2 / 3]])


def test_standard_error_is_the_spread_over_new_labels():
    rng = np.random.default_rng(0)
    anchors = np.array([[0.8, 0.2], [0.3, 0.7]])
    clean = np.arange(2).repeat(200)
    fits = [
        DualTransitionEstimator().fit(
            anchors[clean], (rng.random(400) > anchors[clean, 0]).astype(int)
        )
        for _ in range(150)
    ]
    spread = np.std([fit.transition_matrix_ for fit in fits], axis=0)
    assert_allclose(np.mean([f.standard_error_ for f in fits], axis=0), spread, rtol=0.15)
