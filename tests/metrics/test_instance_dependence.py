"""Whether noise depends on the difficulty of a sample."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import chi2_contingency

from sklnoise.datasets import make_noisy_labels, make_transition_matrix
from sklnoise.metrics import instance_dependence_test
from sklnoise.metrics._instance_dependence import holm, permuted_chi2

CLASSES = np.array(["high", "low", "mid"])


def problem(n_samples=900, seed=0):
    """Make clean labels and probabilities that are wrong where they are uncertain."""
    rng = np.random.default_rng(seed)
    y = rng.integers(3, size=n_samples)
    logits = rng.normal(2 * np.eye(3)[y], 1)
    return y, np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def hardness(y_proba):
    return -(y_proba * np.log(y_proba)).sum(axis=1) / np.log(3)


def flip_hard(y, y_proba, seed=0):
    """Flip labels of hard samples more often."""
    rng = np.random.default_rng(seed)
    flips = rng.random(len(y)) < 0.6 * hardness(y_proba)
    return np.where(flips, (y + rng.integers(1, 3, size=len(y))) % 3, y)


@pytest.mark.parametrize("kind", ["symmetric", "pair"])
def test_one_transition_matrix_is_hardly_ever_rejected(kind):
    T = make_transition_matrix(kind, 3, 0.3)
    rejected = []
    for seed in range(200):
        y, y_proba = problem(300, seed)
        y_noisy = make_noisy_labels(y, T, random_state=seed)
        test = instance_dependence_test(
            y, y_noisy, y_proba, n_permutations=199, random_state=seed
        )
        rejected.append(test.p_value <= 0.05)
    assert np.mean(rejected) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 200)  # but for chance


def test_mistakes_that_grow_with_the_difficulty_are_found():
    y, y_proba = problem()
    test = instance_dependence_test(y, flip_hard(y, y_proba), y_proba, random_state=0)
    assert test.p_value == 0.001
    assert (np.diff(test.noise_rates) > 0.05).all()
    assert (test.p_value_per_class < 0.05).all()


def test_noise_rates_are_those_of_the_groups():
    y, y_proba = problem()
    y_noisy = flip_hard(y, y_proba)
    test = instance_dependence_test(y, y_noisy, y_proba, random_state=0)
    parts = np.split(hardness(y_proba).argsort(), 3)
    assert_allclose(test.noise_rates, [(y != y_noisy)[part].mean() for part in parts])


def test_statistic_is_that_of_scipy():
    rng = np.random.default_rng(0)
    group, y = rng.integers(3, size=200), rng.integers(4, size=200)
    counts = np.histogram2d(group, y, bins=(3, 4))[0]
    expected = chi2_contingency(counts, correction=False)
    statistics = permuted_chi2(group, y, 4999, rng)
    assert_allclose(statistics[0], expected.statistic)
    assert_allclose(np.mean(statistics >= statistics[0]), expected.pvalue, atol=0.03)


def test_holm_corrects_for_the_number_of_classes():
    assert_allclose(holm(np.array([0.01, 0.04, 0.03])), [0.03, 0.06, 0.06])


def test_names_and_order_do_not_matter():
    y, y_proba = problem(300)
    y_noisy = flip_hard(y, y_proba)
    test = instance_dependence_test(y, y_noisy, y_proba, random_state=0)
    named = instance_dependence_test(
        CLASSES[y], CLASSES[y_noisy], y_proba, random_state=0
    )
    assert_array_equal(named.classes, CLASSES)
    assert_allclose(named.noise_rates, test.noise_rates)
    assert_allclose(named.p_value_per_class, test.p_value_per_class)


def test_clean_labels_depend_on_nothing():
    y, y_proba = problem(300)
    test = instance_dependence_test(y, y, y_proba, random_state=0)
    assert test.p_value == 1
    assert_array_equal(test.noise_rates, 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y_true": [0, 1, None]}, "y_true"),
        ({"y_noisy": [0, 1]}, "inconsistent"),
        ({"y_proba": [[0.5, 0.6]] * 3}, "distribution"),
        ({"n_groups": 4}, "n_groups"),
        ({"n_groups": 1}, "n_groups"),
    ],
)
def test_bad_input_is_named(change, message):
    good = {"y_true": [0, 1, 1], "y_noisy": [0, 1, 0], "y_proba": [[0.5, 0.5]] * 3}
    with pytest.raises(ValueError, match=message):
        instance_dependence_test(**good | change)
