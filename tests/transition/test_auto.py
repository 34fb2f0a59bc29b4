"""The rule by which an estimator of T is picked."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklnoise.transition import (
    AutoEstimator,
    ConfidentJointEstimator,
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
def test_confident_joint_is_picked_where_it_lies_within_the_error(seed):
    estimator = AutoEstimator().fit(*first_pass(seed, doubt=0.001, n_samples=200))
    assert isinstance(estimator.estimator_, ConfidentJointEstimator)


@pytest.mark.parametrize("seed", range(3))
def test_label_frequency_is_picked_where_the_two_disagree(seed):
    estimator = AutoEstimator().fit(*first_pass(seed, doubt=2, n_samples=20_000))
    assert isinstance(estimator.estimator_, LabelFrequencyEstimator)


@pytest.mark.parametrize("seed", range(4))
def test_choice_is_the_stated_comparison(seed):
    samples = first_pass(seed, doubt=0.05, n_samples=300)
    picked = AutoEstimator().fit(*samples).estimator_
    frequency = LabelFrequencyEstimator(share=0.05).fit(*samples)
    joint = ConfidentJointEstimator().fit(*samples)
    apart = np.abs(frequency.transition_matrix_ - joint.transition_matrix_).sum()
    agree = apart <= 2 / 3 * frequency.standard_error_.sum()
    expected = joint if agree else frequency
    assert_array_equal(picked.transition_matrix_, expected.transition_matrix_)


def test_trusted_samples_are_used():
    (y_proba, y), trusted = first_pass(0, doubt=0.1), np.arange(2000) < 40
    estimator = AutoEstimator().fit(y_proba, y, trusted=trusted)
    assert isinstance(estimator.estimator_, TrustedEstimator)
    assert isinstance(estimator.estimator_.estimator_, AutoEstimator)
