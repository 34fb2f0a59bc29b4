"""Digits with wrong labels."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_digits

from sklnoise.datasets import load_noisy_digits


def test_digits_are_those_of_scikit_learn_scaled_to_one():
    X, y = load_digits(return_X_y=True)
    digits = load_noisy_digits(random_state=0)
    assert_allclose(digits.data * 16, X)
    assert_array_equal(digits.clean_target, y)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("noise_rate", [0.1, 0.4])
def test_noise_rate_is_the_share_of_wrong_labels(noise_rate, seed):
    digits = load_noisy_digits(noise_rate=noise_rate, random_state=seed)
    wrong = (digits.target != digits.clean_target).mean()
    error = np.sqrt(noise_rate * (1 - noise_rate) / len(digits.target))
    assert abs(wrong - noise_rate) < 4 * error


def test_no_noise_leaves_every_label_right():
    digits = load_noisy_digits(noise_rate=0)
    assert_array_equal(digits.target, digits.clean_target)


def test_each_digit_flips_to_one_look_alike():
    digits = load_noisy_digits(noise_rate=1, random_state=0)
    pairs = set(zip(digits.clean_target.tolist(), digits.target.tolist()))
    cycle = "06583941720"
    assert pairs == {(int(a), int(b)) for a, b in pairwise(cycle)}


def test_transition_matrix_is_the_one_that_made_the_labels():
    digits = load_noisy_digits(noise_rate=0.4, random_state=0)
    counts = np.zeros((10, 10))
    np.add.at(counts, (digits.clean_target, digits.target), 1)
    shares = counts / counts.sum(axis=1, keepdims=True)
    assert_allclose(digits.transition_matrix, shares, atol=0.15)
    assert_array_equal(digits.transition_matrix > 0, counts > 0)


def test_same_seed_gives_the_same_digits():
    first, again, other = (load_noisy_digits(random_state=s).target for s in (0, 0, 1))
    assert_array_equal(first, again)
    assert (first != other).any()
