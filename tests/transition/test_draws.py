"""Draws of T."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklnoise.transition import (
    ConfidentJointEstimator,
    ConfusionEstimator,
    LabelFrequencyEstimator,
    draw_transition_matrices,
)

T = np.array([[0.7, 0.1, 0.2], [0.1, 0.8, 0.1], [0.25, 0.05, 0.7]])
ESTIMATORS = [
    ConfidentJointEstimator(),
    ConfusionEstimator(),
    LabelFrequencyEstimator(share=0.2),
]


def label_anchors(seed, n_samples=600):
    rng = np.random.default_rng(seed)
    clean = np.arange(n_samples) % 3
    y = (T[clean].cumsum(axis=1) < rng.random((n_samples, 1)) - 1e-9).sum(axis=1)
    return np.eye(3)[clean], y


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_intervals_hold_each_entry_as_often_as_they_say(estimator):
    held = []
    for seed in range(300):
        draws = estimator.fit(*label_anchors(seed)).draw(400, random_state=seed)
        low, high = np.quantile(draws, [0.025, 0.975], axis=0)
        held.append((low <= T) & (high >= T))
    assert np.mean(held, axis=0).min() >= 0.92
    assert np.mean(held) >= 0.93


def test_draws_have_the_standard_error_and_are_transition_matrices():
    error = np.array([[0.05, 0.03, 0.04], [0, 0, 0], [0.02, 0.01, 0.02]])
    draws = draw_transition_matrices(T, error, 5000, random_state=0)
    assert_allclose(draws.sum(axis=2), 1)
    assert (draws >= 0).all()
    total = np.sqrt((draws.var(axis=0)).sum(axis=1))
    assert_allclose(total, np.linalg.norm(error, axis=1), rtol=0.05, atol=1e-9)
    assert_array_equal(draws[:, 1], np.broadcast_to(T[1], (5000, 3)))


def test_a_row_of_hardly_any_sample_can_be_drawn():
    draws = draw_transition_matrices(np.eye(200), np.full((200, 200), 0.07), 3)
    assert_allclose(draws.sum(axis=2), 1)


@pytest.mark.parametrize("error", [np.full((3, 3), np.nan), -T, T[:2]])
def test_unknown_standard_error_is_refused(error):
    with pytest.raises(ValueError, match="standard_error"):
        draw_transition_matrices(T, error)
