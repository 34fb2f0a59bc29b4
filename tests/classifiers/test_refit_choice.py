"""Which T the refit takes, out of an estimate, and for how many steps it is trained."""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import make_blobs
from sklearn.utils import Bunch

from sklnoise import NoiseRobustClassifier
from sklnoise.classifiers import _refit_choice
from sklnoise.classifiers._refit_choice import RefitChoice, choose_transition
from sklnoise.classifiers._transition import Transition
from sklnoise.datasets import make_noisy_labels, make_transition_matrix

UNEVEN = np.array([[0.6, 0.4, 0.0], [0.1, 0.8, 0.1], [0.0, 0.2, 0.8]])


def choose(gains, monkeypatch, *, noise_rate=0.3, error=1.0):
    """Choose a T out of an estimate of which it is known whether it gains."""
    monkeypatch.setattr(_refit_choice, "gains_by_correction", lambda *args: gains)
    tried = []

    def choose_steps(transition, correction="forward"):
        tried.append(correction)
        return RefitChoice(transition, fitted=("a net",))

    summary = Bunch(noise_rate=noise_rate, identity_share=0.0)
    data = Bunch(y=np.arange(9) % 3, rows=np.arange(9), n_classes=3)
    estimate = Transition(UNEVEN, np.full((3, 3), error), estimator="an estimator")
    trial, transition = choose_transition(
        choose_steps, estimate, data, [], np.full((9, 3), 1 / 3), summary
    )
    # Its steps are those of this T.
    assert_array_equal(trial.trainer.matrix, transition.matrix)
    return transition.matrix, summary, tried


def test_estimate_is_taken_where_it_gains(monkeypatch):
    T, summary, tried = choose(True, monkeypatch)
    assert_array_equal(T, UNEVEN)
    assert summary.identity_share == 0
    assert tried == ["forward"]


def test_no_t_is_taken_where_it_does_not_gain(monkeypatch):
    T, summary, tried = choose(False, monkeypatch)
    assert_array_equal(T, np.eye(3))
    assert summary.identity_share == 1
    assert tried[-1] == "none"


def test_flips_that_are_uneven_beyond_doubt_need_no_proof(monkeypatch):
    T, summary, _ = choose(False, monkeypatch, error=1e-3)
    assert_array_equal(T, UNEVEN)
    assert summary.identity_share == 0


def test_hardly_any_noise_is_left_as_it_is(monkeypatch):
    T, summary, _ = choose(True, monkeypatch, noise_rate=0.01)
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
