"""Which T the refit takes, out of an estimate, and for how many steps it is trained."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import make_blobs
from sklearn.utils import Bunch

from sklnoise import NoiseRobustClassifier
from sklnoise.classifiers._refit_choice import (
    MIN_COMPARED,
    MIN_JUDGED,
    RefitChoice,
    choose_transition,
)
from sklnoise.classifiers._transition import Transition
from sklnoise.datasets import make_noisy_labels, make_transition_matrix

UNEVEN = np.array([[0.6, 0.4, 0.0], [0.1, 0.8, 0.1], [0.0, 0.2, 0.8]])


def choose(*gains, noise_rate=0.3, error=1.0, correction="forward"):
    """Choose a T out of an estimate, by gains of likelihood with an error of .1.

    Returns the T, the summary, and what was tried with how many held-out samples.
    """
    tried, found = [], iter(gains)

    def choose_steps(transition, correction, n_held_out=MIN_COMPARED, plain=None):
        assert plain is None or tried[-1][0] == "forward"
        tried.append((correction, n_held_out))
        n_nets = n_held_out // MIN_COMPARED
        return RefitChoice(transition, fitted=("a net",) * n_nets)

    def judge(fitted):
        gain = next(found)
        return Bunch(
            log_likelihood_gain=[0, gain],
            log_likelihood_gain_error=[0, 0.1],
            accuracy_gain=[0, 0],
            accuracy_gain_error=[0, 0.1],
            ruled_out=[False, gain < -0.2],
        )

    summary = Bunch(noise_rate=noise_rate, identity_share=0.0)
    data = Bunch(y=np.arange(9) % 3, rows=np.arange(9), n_classes=3)
    estimate = Transition(UNEVEN, np.full((3, 3), error), estimator="an estimator")
    trial, transition = choose_transition(
        choose_steps, judge, correction, estimate, data, 5, summary
    )
    # Its steps are those of this T.
    assert_array_equal(trial.trainer.matrix, transition.matrix)
    return transition.matrix, summary, tried


def test_estimate_is_taken_where_it_gains():
    T, summary, tried = choose(0.3)
    assert_array_equal(T, UNEVEN)
    assert summary.identity_share == 0
    assert tried == [("forward", MIN_COMPARED)]


def test_no_t_is_taken_where_it_loses():
    T, summary, tried = choose(-0.05)
    assert_array_equal(T, np.eye(3))
    assert summary.identity_share == 1
    assert tried == [("forward", MIN_COMPARED), ("none", MIN_COMPARED)]


@pytest.mark.parametrize(("gain", "is_taken"), [(0.3, True), (0.1, False)])
def test_more_samples_tell_what_few_leave_open(gain, is_taken):
    T, _, tried = choose(0.1, gain)
    assert_array_equal(T, UNEVEN if is_taken else np.eye(3))
    assert tried[1] == ("forward", MIN_JUDGED)


def test_t_of_a_loss_with_a_memory_is_judged_by_forward_correction():
    T, _, tried = choose(0.3, correction="forward-elr")
    assert_array_equal(T, UNEVEN)
    assert [correction for correction, _ in tried] == ["forward", "forward-elr"]


def test_flips_that_are_uneven_beyond_doubt_need_no_proof():
    T, summary, tried = choose(error=1e-3)
    assert_array_equal(T, UNEVEN)
    assert summary.identity_share == 0
    assert tried == [("forward", MIN_COMPARED)]


def test_hardly_any_noise_is_left_as_it_is():
    T, summary, _ = choose(noise_rate=0.01)
    assert_array_equal(T, np.eye(3))
    assert summary.identity_share == 1


def test_clean_labels_are_not_corrected():
    X, y = make_blobs(300, centers=4 * np.eye(3), random_state=0)
    clf = NoiseRobustClassifier(random_state=0, device="cpu").fit(X, y)
    assert_array_equal(clf.transition_matrix_, np.eye(3))
    plain = NoiseRobustClassifier(correction="none", random_state=0, device="cpu")
    assert_allclose(clf.predict_proba(X), plain.fit(X, y).predict_proba(X), atol=1e-5)


def test_named_estimator_keeps_its_t():
    X, y = make_blobs(300, centers=4 * np.eye(3), random_state=0)
    y_noisy = make_noisy_labels(
        y, make_transition_matrix("symmetric", 3, 0.2), random_state=0
    )
    clf = NoiseRobustClassifier(transition="frequency", random_state=0, device="cpu")
    clf.fit(X, y_noisy)
    assert_allclose(clf.transition_matrix_, clf.transition_estimator_.transition_matrix_)
