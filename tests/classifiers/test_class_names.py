"""Classes whose names noisy labels cannot settle are named in a warning."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklnoise import NoiseRobustClassifier
from sklnoise.classifiers._refit_checks import warn_of_permutation
from sklnoise.classifiers._transition import warn_of_swaps
from sklnoise.exceptions import PermutedClassesWarning, SwappableClassesWarning
from sklnoise.transition import AnchorEstimator

CLASSES = np.array(["ant", "bee", "cow", "dog"])
NOBODY = np.zeros(4, dtype=bool)
SWAPPABLE = np.array(
    [
        [0.5, 0.5, 0.0, 0.0],  # ant and bee flip both ways
        [0.3, 0.4, 0.3, 0.0],  # bee and cow: only one way
        [0.0, 0.2, 0.5, 0.3],  # cow and dog flip both ways
        [0.0, 0.3, 0.4, 0.3],  # dog and bee: only one way
    ]
)


def caught_from(warn, *args):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn(*args)
    return [(warning.category, str(warning.message)) for warning in caught]


def pairs_in(message):
    return [(a, b) for a in CLASSES for b in CLASSES if f"{a} ↔ {b}" in message]


@pytest.mark.parametrize(
    ("settled", "pairs"),
    [
        ([], [("ant", "bee"), ("cow", "dog")]),
        (["ant"], [("cow", "dog")]),
        (["bee"], [("cow", "dog")]),
        (["dog"], [("ant", "bee")]),
        (["bee", "cow"], []),
    ],
)
def test_warning_names_the_pairs_with_both_flips_that_no_trusted_row_settles(
    settled, pairs
):
    caught = caught_from(warn_of_swaps, SWAPPABLE, CLASSES, np.isin(CLASSES, settled))
    assert [category for category, _ in caught] == [SwappableClassesWarning] * bool(pairs)
    assert [pair for _, message in caught for pair in pairs_in(message)] == pairs


@pytest.mark.parametrize(("flip", "warned"), [(0.25, False), (0.26, True)])
def test_flips_are_frequent_above_a_quarter(flip, warned):
    T = np.array([[1 - flip, flip], [0.5, 0.5]])
    assert bool(caught_from(warn_of_swaps, T, CLASSES, NOBODY[:2])) is warned


def test_message_holds_both_flips():
    ((_, message),) = caught_from(warn_of_swaps, SWAPPABLE, CLASSES, NOBODY)
    assert "ant ↔ bee (50% and 30%)" in message
    assert "cow ↔ dog (30% and 40%)" in message


class Swappable(AnchorEstimator):
    """Finds that the first two classes flip into each other."""

    def _estimate(self, y_proba, y, sample_weight):
        T = np.array([[0.6, 0.4, 0], [0.4, 0.6, 0], [0, 0, 1]])
        return T, np.zeros((3, 3))


@pytest.fixture
def fit(quick_net, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    quick_net.set_params(max_epochs=2)

    def fit(transition, **more):
        clf = NoiseRobustClassifier(quick_net, transition=transition, random_state=0)
        return clf.fit(X, CLASSES[y_noisy], **more)

    return fit


def test_classifier_warns_by_the_labels_of_the_user(fit):
    with pytest.warns(SwappableClassesWarning, match=r"ant ↔ bee \(40% and 40%\)\. "):
        fit(Swappable())


def test_trusted_row_of_one_of_the_two_settles_the_pair(fit, noisy_blobs):
    trusted = np.arange(240) == np.argmax(noisy_blobs[1] == 0)
    fit(Swappable(), trusted=trusted)


def test_trusted_row_of_a_third_class_settles_nothing(fit, noisy_blobs):
    trusted = np.arange(240) == np.argmax(noisy_blobs[1] == 2)
    with pytest.warns(SwappableClassesWarning, match="ant ↔ bee"):
        fit(Swappable(), trusted=trusted)


def test_known_transition_is_not_warned_of(fit):
    fit([[0.6, 0.4, 0], [0.4, 0.6, 0], [0, 0, 1]])


PERMUTED = np.array(
    [[0.8, 0.1, 0.1, 0], [0.1, 0.1, 0.8, 0], [0.1, 0.7, 0.2, 0], [0, 0, 0, 1]]
)
DRIFTED = np.array(
    [[0.6, 0.4, 0, 0], [0.1, 0.5, 0.4, 0], [0.3, 0.1, 0.6, 0], [0.2, 0.2, 0.2, 0.4]]
)


def test_rows_that_changed_places_are_warned_of_by_name():
    caught = caught_from(warn_of_permutation, PERMUTED, np.eye(4), CLASSES)
    assert [category for category, _ in caught] == [PermutedClassesWarning]
    assert "(bee → cow, cow → bee)" in caught[0][1]


def test_cycle_is_named_in_its_direction():
    learned = np.eye(4)[[1, 2, 0, 3]]
    ((_, message),) = caught_from(warn_of_permutation, learned, np.eye(4), CLASSES)
    assert "(ant → bee, bee → cow, cow → ant)" in message


@pytest.mark.parametrize("learned", [np.eye(4), DRIFTED, SWAPPABLE])
def test_drift_is_not_warned_of(learned):
    assert caught_from(warn_of_permutation, learned, np.eye(4), CLASSES) == []


def test_rows_that_start_alike_are_not_told_apart():
    start = np.full((4, 4), 0.25)
    nudged = start + 0.01 * np.eye(4)[[1, 0, 2, 3]]
    learned = nudged / nudged.sum(axis=1, keepdims=True)
    assert caught_from(warn_of_permutation, learned, start, CLASSES) == []


@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.SwappableClassesWarning")
@pytest.mark.parametrize("correction", ["adaptation", "em"])
def test_layer_that_swaps_names_back_is_noticed(quick_net, noisy_blobs, correction):
    X, _, y, _ = noisy_blobs
    rows = y < 2
    quick_net.set_params(max_epochs=150, lr=0.05)
    clf = NoiseRobustClassifier(
        quick_net,
        correction=correction,
        transition=AlmostSwapped(),
        warm_up=0.9,
        random_state=0,
    )
    with pytest.warns(PermutedClassesWarning, match=r"ant → bee, bee → ant"):
        clf.fit(X[rows], CLASSES[y[rows]])
    assert_array_equal(clf.transition_matrix_.argmax(axis=1), [0, 1])


class AlmostSwapped(AnchorEstimator):
    """Finds that two classes are labelled as each other a little more often than not."""

    def _estimate(self, y_proba, y, sample_weight):
        return np.array([[0.45, 0.55], [0.55, 0.45]]), np.zeros((2, 2))
