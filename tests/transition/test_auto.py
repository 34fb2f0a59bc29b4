"""The rule by which an estimator of T is picked."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklnoise.transition import (
    AgreementEstimator,
    AutoEstimator,
    LabelFrequencyEstimator,
    TrustedEstimator,
)


def first_pass(seed, doubt, n_samples=2000):
    """Return calibrated probabilities with more or less doubt, and their labels."""
    rng = np.random.default_rng(seed)
    T = np.array([[0.6, 0.4], [0.3, 0.7]])
    y_proba = rng.dirichlet([doubt, doubt], n_samples) @ T
    return y_proba, (rng.random(n_samples) < y_proba[:, 1]).astype(int)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("doubt", [0.001, 0.5])
def test_agreement_is_looked_at_where_no_class_is_dominated(seed, doubt):
    samples = first_pass(seed, doubt)
    auto, agreement = AutoEstimator().fit(*samples), AgreementEstimator().fit(*samples)
    assert isinstance(auto.estimator_, AgreementEstimator)
    assert_array_equal(auto.transition_matrix_, agreement.transition_matrix_)
    draws = auto.draw(5, random_state=0)
    assert_array_equal(draws, agreement.draw(5, random_state=0))


def test_label_frequency_is_picked_where_a_class_is_dominated():
    rng = np.random.default_rng(0)
    clean = np.arange(1800) % 2
    p = np.where(clean, rng.uniform(0.8, 1, 1800), rng.uniform(0.3, 0.9, 1800))
    y_proba, y = np.c_[1 - p, p], (rng.random(1800) < 0.7 + 0.25 * clean).astype(int)
    estimator = AutoEstimator().fit(y_proba, y)
    assert isinstance(estimator.estimator_, LabelFrequencyEstimator)


def test_trusted_samples_are_used():
    (y_proba, y), trusted = first_pass(0, doubt=0.1), np.arange(2000) < 40
    estimator = AutoEstimator().fit(y_proba, y, trusted=trusted)
    assert isinstance(estimator.estimator_, TrustedEstimator)
    assert isinstance(estimator.estimator_.estimator_, AutoEstimator)
