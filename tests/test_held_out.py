"""Tests of what held-out predictions gain over the frequencies of labels."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklnoise._held_out import measure_gain


def test_frequencies_gain_nothing(rng):
    y = (rng.random_sample(500) < 0.2).astype(int)
    frequency = np.bincount(y) / len(y)
    gain = measure_gain(np.tile(frequency, (500, 1)), y, np.ones(500))
    assert_allclose((gain.accuracy, gain.log_likelihood), 0, atol=1e-12)
    assert not gain.is_beyond_chance


def test_right_predictions_gain_the_entropy_and_the_rest_of_the_labels():
    y = np.repeat([0, 1], [300, 100])
    gain = measure_gain(np.eye(2)[y], y, np.ones(400))
    entropy = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    assert_allclose((gain.accuracy, gain.log_likelihood), (0.25, entropy))


def test_rare_class_that_is_never_predicted_may_be_learned_all_the_same(rng):
    is_risk = rng.random_sample(5000) < 0.3
    proba = np.where(is_risk, 0.2, 0.02)
    y = (rng.random_sample(5000) < proba).astype(int)
    gain = measure_gain(np.column_stack([1 - proba, proba]), y, np.ones(5000))
    assert gain.accuracy == 0
    assert gain.is_beyond_chance


def test_overconfident_predictions_may_be_learned_all_the_same(rng):
    y = rng.randint(2, size=1000)
    predicted = np.where(rng.random_sample(1000) < 0.7, y, 1 - y)
    gain = measure_gain(np.eye(2)[predicted], y, np.ones(1000))
    assert gain.log_likelihood < 0
    assert gain.is_beyond_chance


@pytest.mark.parametrize("seed", range(5))
def test_chance_is_not_beyond_chance(seed):
    rng = np.random.RandomState(seed)
    y = rng.randint(3, size=2000)
    y_proba = rng.dirichlet(np.full(3, 20), size=2000)
    assert not measure_gain(y_proba, y, np.ones(2000)).is_beyond_chance


def test_weights_repeat_samples(rng):
    y = rng.randint(3, size=200)
    y_proba = rng.dirichlet(np.ones(3), size=200)
    weight = rng.randint(1, 4, size=200)
    repeated = np.repeat(np.arange(200), weight)
    assert_allclose(
        measure_gain(y_proba, y, weight),
        measure_gain(y_proba[repeated], y[repeated], np.ones(len(repeated))),
    )
