"""T from the soft confusion of the labels."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.metrics import confusion_matrix

from sklnoise.transition import ConfusionEstimator

SEEDS = range(3)


@pytest.mark.parametrize("seed", SEEDS)
def test_confusion_shares_each_label_by_the_probabilities(seed):
    rng = np.random.default_rng(seed)
    y_proba, y, weight = rng.dirichlet(np.ones(4), 200), rng.integers(4, size=200), None
    weight = rng.uniform(1, 2, size=200)
    expected = np.zeros((4, 4))
    for p, label, w in zip(y_proba, y, weight):
        expected[:, label] += w * p
    expected /= (weight @ y_proba)[:, np.newaxis]
    estimator = ConfusionEstimator().fit(y_proba, y, weight)
    assert_allclose(estimator.transition_matrix_, expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_hard_predictions_give_the_confusion_matrix(seed):
    predicted, y = np.random.default_rng(seed).integers(3, size=(2, 100))
    T = ConfusionEstimator().fit(np.eye(3)[predicted], y).transition_matrix_
    assert_allclose(T, confusion_matrix(predicted, y, normalize="true"))
