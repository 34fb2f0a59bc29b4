"""Classes that the refit has lost, as forward correction from random weights does."""

import warnings

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from sklearn.datasets import load_digits
from skorch import NeuralNetClassifier

from sklnoise import NoiseRobustClassifier
from sklnoise.classifiers._refit_checks import draw_judged, warn_of_collapse
from sklnoise.datasets import make_noisy_labels, make_transition_matrix
from sklnoise.exceptions import ClassCollapseWarning
from sklnoise.nn import MLP


def lost_classes(seed, **params):
    """Fit digits with pixels from 0 to 255, half of the labels wrong, with the true T."""
    X, y = load_digits(return_X_y=True)
    T = make_transition_matrix("random", 10, 0.5, random_state=seed)
    net = NeuralNetClassifier(
        MLP,
        module__hidden=(64, 64, 64),
        optimizer=torch.optim.AdamW,
        lr=0.006,
        max_epochs=16,
        batch_size=64,
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
    )
    clf = NoiseRobustClassifier(net, transition=T, random_state=seed, **params)
    clf.fit((16 * X).astype(np.float32), make_noisy_labels(y, T, random_state=seed))
    y_pred = clf.predict((16 * X).astype(np.float32))
    return np.flatnonzero(np.bincount(y_pred, minlength=10) < 0.2 * np.bincount(y))


# Such a net is chaotic: by the rounding of a processor it may lose a class all the same.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.ClassCollapseWarning")
def test_default_warm_up_keeps_the_classes_that_forward_alone_loses():
    with pytest.warns(ClassCollapseWarning, match="has lost [1-9] of 10 classes"):
        without = len(lost_classes(0, warm_up=0))
    with_warm_up = [len(lost_classes(seed)) for seed in range(5)]
    assert np.median(with_warm_up) == 0
    assert max(with_warm_up) < without


def test_collapse_warning_names_the_lost_class():
    y = np.repeat([0, 1, 2], 50)
    y_proba = np.tile([0.5, 0.499, 0.001], (150, 1))
    classes = np.array(["cat", "deer", "dog"])
    with pytest.warns(ClassCollapseWarning, match=r"lost 1 of 3 classes: dog \(0.1% "):
        warn_of_collapse(y_proba.mean(axis=0), y, np.ones(150), np.eye(3), classes)


def test_no_warning_where_the_implied_prior_is_small_too():
    T = np.array([[1, 0, 0], [0, 1, 0], [0.5, 0.5, 0]])
    y_proba = np.tile([0.5, 0.5, 0], (150, 1))
    with warnings.catch_warnings(record=True) as caught:
        warn_of_collapse(
            y_proba.mean(axis=0), np.repeat([0, 1], 75), np.ones(150), T, np.arange(3)
        )
    assert_array_equal(caught, [])


def test_rows_of_a_rare_label_are_all_judged():
    y = np.repeat([0, 1, 2], [50_000, 40_000, 30])
    np.random.default_rng(1).shuffle(y)
    positions, stands_for = draw_judged(y, 3)
    judged = np.bincount(y[positions])
    assert_array_equal(judged, [333, 333, 30])
    np.testing.assert_allclose(
        np.bincount(y[positions], weights=stands_for), np.bincount(y)
    )


def test_few_rows_are_all_judged():
    y = np.array([2, 0, 2, 0, 2])
    positions, stands_for = draw_judged(y, 4)
    assert_array_equal(positions, np.arange(5))
    assert_array_equal(stands_for, np.ones(5))
