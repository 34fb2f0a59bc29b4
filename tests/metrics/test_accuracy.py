"""The clean accuracy from noisy labels."""

from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.metrics import accuracy_score

from sklnoise.datasets import make_noisy_labels, make_transition_matrix
from sklnoise.metrics import noise_corrected_accuracy_score

SEEDS = range(3)
MATRICES = {
    "symmetric": make_transition_matrix("symmetric", 3, 0.3),
    "pair": make_transition_matrix("pair", 3, 0.4),
    "most labels wrong": [[0.2, 0.8, 0.0], [0.0, 0.3, 0.7], [0.6, 0.0, 0.4]],
    "one clean class": [[1.0, 0.0, 0.0], [0.2, 0.5, 0.3], [0.1, 0.3, 0.6]],
}
MATRICES = {name: np.array(T) for name, T in MATRICES.items()}
anywhere = pytest.mark.parametrize("T", MATRICES.values(), ids=list(MATRICES))


def labels_and_predictions(seed, n_samples=200, n_classes=3):
    rng = np.random.default_rng(seed)
    return rng.integers(n_classes, size=(2, n_samples))


def expectation(function, y, T):
    """Sum over all noisy labels that clean ones can get, by their probabilities."""
    return sum(
        np.prod(T[y, y_noisy]) * function(np.array(y_noisy))
        for y_noisy in product(range(len(T)), repeat=len(y))
    )


@anywhere
@pytest.mark.parametrize("seed", SEEDS)
def test_expected_score_is_the_clean_accuracy(T, seed):
    y, y_pred = labels_and_predictions(seed, n_samples=5)
    expected = expectation(
        lambda y_noisy: noise_corrected_accuracy_score(y_noisy, y_pred, T), y, T
    )
    assert_allclose(expected, accuracy_score(y, y_pred), atol=1e-12)


@anywhere
def test_expected_weighted_score_is_the_weighted_clean_accuracy(T, rng):
    y, y_pred = labels_and_predictions(0, n_samples=5)
    weight = rng.random_sample(5)
    expected = expectation(
        lambda y_noisy: noise_corrected_accuracy_score(
            y_noisy, y_pred, T, sample_weight=weight
        ),
        y,
        T,
    )
    assert_allclose(expected, accuracy_score(y, y_pred, sample_weight=weight), atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_identity_gives_the_accuracy(seed):
    y, y_pred = labels_and_predictions(seed)
    score = noise_corrected_accuracy_score(y, y_pred, np.eye(3))
    assert score == pytest.approx(accuracy_score(y, y_pred))


def test_identity_gives_the_standard_error_of_a_share():
    y, y_pred = labels_and_predictions(0)
    p, error = noise_corrected_accuracy_score(y, y_pred, np.eye(3), return_std=True)
    assert error == pytest.approx(np.sqrt(p * (1 - p) / len(y)))


@anywhere
def test_weights_equal_repeats(T):
    y, y_pred = labels_and_predictions(0)
    weight = np.random.default_rng(1).integers(4, size=len(y))
    weighted = noise_corrected_accuracy_score(
        y, y_pred, T, sample_weight=weight, return_std=True
    )
    repeated = noise_corrected_accuracy_score(
        y.repeat(weight), y_pred.repeat(weight), T, return_std=True
    )
    assert_allclose(weighted, repeated)


@anywhere
def test_permuting_classes_leaves_the_score(T):
    y, y_pred = labels_and_predictions(0)
    order = np.array([2, 0, 1])
    permuted = noise_corrected_accuracy_score(
        y, y_pred, T[np.ix_(order, order)], labels=order
    )
    assert permuted == pytest.approx(noise_corrected_accuracy_score(y, y_pred, T))


@anywhere
def test_names_of_the_classes_do_not_matter(T):
    y, y_pred = labels_and_predictions(0)
    names = np.array(["ant", "bee", "cat"])
    named = noise_corrected_accuracy_score(names[y], names[y_pred], T)
    assert named == noise_corrected_accuracy_score(y, y_pred, T)


@anywhere
def test_score_is_within_two_standard_errors_of_the_population(T):
    """The accuracy of the population is 0.5 * 0.9 + 0.3 * 0.6 + 0.2 * 0.7."""
    rng = np.random.RandomState(0)
    predictions = np.array([[0.9, 0.1, 0.0], [0.2, 0.6, 0.2], [0.1, 0.2, 0.7]])
    hits = 0
    for _ in range(200):
        y = rng.choice(3, size=500, p=[0.5, 0.3, 0.2])
        y_pred = make_noisy_labels(y, predictions, random_state=rng)
        y_noisy = make_noisy_labels(y, T, random_state=rng)
        score, error = noise_corrected_accuracy_score(
            y_noisy, y_pred, T, labels=range(3), return_std=True
        )
        hits += abs(score - 0.77) <= 2 * error
    assert hits >= 0.93 * 200


def test_corrected_accuracy_prefers_the_model_that_noisy_accuracy_does_not(rng):
    T = MATRICES["most labels wrong"]
    y = rng.randint(3, size=2000)
    y_noisy = make_noisy_labels(y, T, random_state=rng)
    mistakes = make_transition_matrix("symmetric", 3, 0.1)
    right = make_noisy_labels(y, mistakes, random_state=rng)
    annotator = T.argmax(axis=1)[y]
    assert accuracy_score(y_noisy, annotator) > accuracy_score(y_noisy, right) + 0.2
    corrected = noise_corrected_accuracy_score(y_noisy, right, T)
    assert corrected > noise_corrected_accuracy_score(y_noisy, annotator, T) + 0.5


def test_score_may_exceed_one():
    T = make_transition_matrix("symmetric", 2, 0.3)
    assert noise_corrected_accuracy_score([0, 1], [0, 1], T) > 1


def test_score_may_be_negative():
    T = make_transition_matrix("symmetric", 2, 0.3)
    assert noise_corrected_accuracy_score([0, 1], [1, 0], T) < 0


def test_wrong_transition_gives_a_wrong_score_whatever_the_standard_error(rng):
    T = make_transition_matrix("symmetric", 2, 0.3)
    y = rng.randint(2, size=5000)
    y_noisy = make_noisy_labels(y, T, random_state=rng)
    score, error = noise_corrected_accuracy_score(y_noisy, y, np.eye(2), return_std=True)
    assert score + 20 * error < 1


def test_integers_in_range_are_numbers_of_classes():
    T = MATRICES["pair"]
    without_one = noise_corrected_accuracy_score([0, 2, 2], [2, 2, 0], T)
    assert without_one == noise_corrected_accuracy_score(
        [0, 2, 2], [2, 2, 0], T, labels=[0, 1, 2]
    )


def test_single_class_is_always_right():
    assert noise_corrected_accuracy_score(["a", "a"], ["a", "a"], [[1.0]]) == 1
