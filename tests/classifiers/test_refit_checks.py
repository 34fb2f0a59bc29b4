"""Classes that the refit has lost, as forward correction from random weights does."""

import warnings

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from skorch import NeuralNetClassifier

from sklnoise import NoiseRobustClassifier
from sklnoise.classifiers._refit_checks import draw_judged, warn_of_collapse
from sklnoise.classifiers._transition import Transition
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


def collapse(counts, predicted, T=None, error=0.0):
    """Judge predictions of certain classes by how often each label occurs."""
    counts, T = np.asarray(counts), np.eye(len(counts)) if T is None else T
    y_proba = np.eye(len(counts))[np.repeat(np.arange(len(counts)), predicted)]
    transition = Transition(np.asarray(T), np.full_like(T, error))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        y, weight = np.repeat(np.arange(len(counts)), counts), np.ones(len(y_proba))
        warn_of_collapse(y_proba, y, weight, transition, np.array(["a", "b", "dog"]))
    return [str(warning.message) for warning in caught]


@pytest.mark.parametrize("n_rare", [5, 10, 30, 300])
def test_collapse_is_warned_of_at_every_size(n_rare):
    rest = 1500 - n_rare
    (message,) = collapse([1500, rest, n_rare], [1500, 1500, 0])
    assert "1 of 3 classes: dog (0 samples predicted" in message
    assert collapse([1500, rest, n_rare], [1500, rest, n_rare]) == []


def test_chance_may_predict_too_few_of_a_handful():
    assert collapse([1500, 1498, 2], [1500, 1500, 0]) == []


@pytest.mark.parametrize(("share", "n_warnings"), [(0.4, 1), (1, 0), (4, 1)])
def test_class_that_keeps_its_probability_is_not_lost(share, n_warnings):
    y, of_class = np.repeat([0, 1], [90, 10]), share * np.array([0.09, 0.11])
    y_proba = np.c_[1 - of_class[y], of_class[y]]
    none = Transition.identity(2)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_of_collapse(y_proba, y, np.ones(100), none, np.arange(2))
    assert len(caught) == n_warnings


@pytest.mark.parametrize(
    ("T", "error"),
    [
        # What the rare labels imply is within the error of T, or is nothing.
        ([[0.9, 0.05, 0.05], [0.05, 0.9, 0.05], [0.05, 0.05, 0.9]], 0.02),
        ([[0.9, 0.0, 0.1], [0.0, 0.9, 0.1], [0.0, 0.1, 0.9]], 0.0),
        ([[0.5, 0.5, 0.0], [0.5, 0.5, 0.0], [0.5, 0.5, 0.0]], 0.0),
    ],
)
def test_no_collapse_where_the_class_may_not_exist(T, error):
    assert collapse([1420, 1420, 160], [1500, 1500, 0], T, error) == []


def test_class_without_samples_has_not_collapsed():
    T = [[0.8, 0.2, 0.0], [0.2, 0.8, 0.0], [0.1, 0.8, 0.1]]
    assert collapse([100, 400, 0], [100, 400, 0], T) == []


@pytest.mark.parametrize("correction", ["none", "gce", "mae", "forward"])
def test_rare_class_does_not_vanish_in_silence(quick_net, rng, correction):
    y = np.repeat([0, 1, 2], [290, 290, 10])
    X = rng.standard_normal((590, 2)) + np.array([[-4, 0], [4, 0], [0, 4]])[y]
    first_pass = LogisticRegression()
    clf = NoiseRobustClassifier(
        quick_net, correction=correction, first_pass=first_pass, random_state=0
    )
    with pytest.warns(ClassCollapseWarning, match="2 "):  # after a single epoch
        clf.set_params(estimator__max_epochs=1).fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ClassCollapseWarning)
        clf.set_params(estimator__max_epochs=200).fit(X, y)
    assert (clf.predict(X) == 2).sum() >= 5


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
