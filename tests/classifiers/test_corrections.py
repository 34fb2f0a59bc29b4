"""What each correction learns, and from which T."""

from functools import partial

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import make_blobs
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from sklnoise import NoiseRobustClassifier
from sklnoise._transition_matrix import mix_with_identity
from sklnoise.classifiers._correction import CORRECTIONS, stable_identity_weight
from sklnoise.datasets import (
    load_noisy_digits,
    make_noisy_labels,
    make_transition_matrix,
)
from sklnoise.exceptions import IllConditionedTransitionWarning
from sklnoise.losses import (
    BackwardLoss,
    EarlyLearningLoss,
    ForwardLoss,
    SimpleAdaptationLoss,
)
from sklnoise.transition import AnchorEstimator, ConfidentJointEstimator

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklnoise.exceptions.SwappableClassesWarning"
)

NEED_T = ["forward", "backward", "adaptation"]


def fit(net, noisy_blobs, **params):
    X, y_noisy, _, _ = noisy_blobs
    return NoiseRobustClassifier(net, random_state=0, **params).fit(X, y_noisy)


WITH_MEMORY = ["elr", "forward-elr"]


@pytest.mark.parametrize("correction", WITH_MEMORY)
def test_memory_learns_clean_classes_of_separated_blobs(
    quick_net, noisy_blobs, correction
):
    X, _, y, _ = noisy_blobs
    T = make_transition_matrix("pair", 3, 0.3)
    y_noisy = make_noisy_labels(y, T, random_state=0)
    # A memory takes more than 40 steps to form.
    net = quick_net.set_params(max_epochs=100)
    blobs = X, y_noisy, y, T
    assert fit(net, blobs, correction=correction).score(X, y) > 0.95


def test_nothing_is_remembered_where_there_is_nothing_to_correct(noisy_blobs):
    X, _, y, _ = noisy_blobs
    clf = NoiseRobustClassifier(correction="forward-elr", random_state=0).fit(X, y)
    assert_array_equal(clf.transition_matrix_, np.eye(3))
    assert clf.correction_.regularization == 0
    plain = NoiseRobustClassifier(correction="forward", random_state=0).fit(X, y)
    assert_allclose(clf.predict_proba(X), plain.predict_proba(X), atol=1e-5)


@pytest.mark.parametrize("transition", ["auto", 0.2])
def test_bad_parameter_of_a_memory_is_named(noisy_blobs, quick_net, transition):
    negative = partial(EarlyLearningLoss, regularization=-1)
    params = {"correction": negative, "transition": transition}
    with pytest.raises(ValueError, match="regularization"):
        fit(quick_net, noisy_blobs, **params)


@pytest.mark.parametrize("correction", sorted(set(CORRECTIONS) - set(WITH_MEMORY)))
def test_predicts_clean_classes_of_separated_blobs(quick_net, noisy_blobs, correction):
    X, _, y, _ = noisy_blobs
    assert fit(quick_net, noisy_blobs, correction=correction).score(X, y) > 0.85


@pytest.mark.slow
def test_forward_beats_the_plain_network_on_real_digits():
    gains = []
    for seed in range(2):
        digits = load_noisy_digits(random_state=seed)
        X, y_noisy, y = digits.data, digits.target, digits.clean_target
        score = {
            correction: NoiseRobustClassifier(
                correction=correction, cv=2, random_state=seed
            )
            .fit(X[:800], y_noisy[:800])
            .score(X[800:], y[800:])
            for correction in ("none", "forward")
        }
        gains.append(score["forward"] - score["none"])
    assert np.mean(gains) > 0.05


@pytest.mark.parametrize(
    "transition", ["auto", "anchor", "frequency", "confident-joint", AnchorEstimator()]
)
def test_estimated_transition_is_near_the_truth(quick_net, transition):
    X, y = make_blobs(1500, centers=[[0, 0], [7, 0], [0, 7]], random_state=0)
    T = make_transition_matrix("pair", 3, 0.4)
    clf = NoiseRobustClassifier(
        quick_net,
        transition=transition,
        first_pass=KNeighborsClassifier(50),
        random_state=0,
    ).fit(X, make_noisy_labels(y, T, random_state=0))
    assert_allclose(clf.transition_matrix_, T, atol=0.15)
    if transition != "auto":  # the others are taken as they are
        assert_array_equal(
            clf.transition_matrix_, clf.transition_estimator_.transition_matrix_
        )


@pytest.mark.parametrize("correction", ["forward", "backward"])
def test_known_transition_is_used_as_it_is(quick_net, noisy_blobs, correction):
    T = noisy_blobs[3]
    clf = fit(quick_net, noisy_blobs, correction=correction, transition=T.tolist())
    assert_array_equal(clf.transition_matrix_, T)
    assert clf.transition_estimator_ is None
    assert not hasattr(clf, "out_of_fold_proba_")


def test_float_spreads_the_wrong_labels_evenly(quick_net, noisy_blobs):
    clf = fit(quick_net, noisy_blobs, transition=0.4)
    expected = [[0.6, 0.2, 0.2], [0.2, 0.6, 0.2], [0.2, 0.2, 0.6]]
    assert_allclose(clf.transition_matrix_, expected)


def test_frozen_estimator_of_transition_is_not_fitted_again(quick_net, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    y_proba = LogisticRegression().fit(X[::2], y_noisy[::2]).predict_proba(X[1::2])
    estimator = ConfidentJointEstimator().fit(y_proba, y_noisy[1::2])
    clf = fit(quick_net, noisy_blobs, transition=FrozenEstimator(estimator))
    assert_array_equal(clf.transition_matrix_, estimator.transition_matrix_)
    assert not hasattr(clf, "out_of_fold_proba_")


def test_given_estimator_of_transition_is_cloned(quick_net, noisy_blobs):
    estimator = AnchorEstimator()
    clf = fit(quick_net, noisy_blobs, transition=estimator)
    assert not hasattr(estimator, "transition_matrix_")
    assert isinstance(clf.transition_estimator_, AnchorEstimator)


def test_no_correction_has_the_identity_and_fits_no_fold(quick_net, noisy_blobs):
    clf = fit(quick_net, noisy_blobs, correction="none")
    assert_array_equal(clf.transition_matrix_, np.eye(3))
    assert not hasattr(clf, "out_of_fold_proba_")


@pytest.mark.parametrize("has_own_net", [False, True])
def test_default_has_a_memory_where_held_out_labels_tell_its_start(
    quick_net, noisy_blobs, has_own_net
):
    X, y_noisy, _, T = noisy_blobs
    params = {"transition": T, "random_state": 0, "device": "cpu"}
    if has_own_net:
        params["estimator"] = quick_net
    clf = NoiseRobustClassifier(**params).fit(X, y_noisy)
    same = "forward" if has_own_net else "forward-elr"
    named = NoiseRobustClassifier(correction=same, **params).fit(X, y_noisy)
    assert type(clf.correction_) is (ForwardLoss if has_own_net else EarlyLearningLoss)
    assert_array_equal(clf.predict_proba(X), named.predict_proba(X))


def test_forward_with_the_identity_equals_no_correction(quick_net, noisy_blobs):
    X = noisy_blobs[0]
    plain = fit(quick_net, noisy_blobs, correction="none")
    forward = fit(quick_net, noisy_blobs, transition=np.eye(3))
    assert_allclose(forward.predict_proba(X), plain.predict_proba(X), atol=1e-9)


def test_adaptation_learns_its_transition(quick_net, noisy_blobs):
    clf = fit(quick_net, noisy_blobs, correction="adaptation", transition=noisy_blobs[3])
    assert_allclose(clf.transition_matrix_.sum(axis=1), 1)
    assert np.abs(clf.transition_matrix_ - noisy_blobs[3]).max() > 1e-4


@pytest.mark.parametrize(
    ("name", "loss"),
    [
        ("none", torch.nn.CrossEntropyLoss),
        ("forward", ForwardLoss),
        ("backward", BackwardLoss),
        ("adaptation", SimpleAdaptationLoss),
    ],
)
def test_name_means_the_loss_class(quick_net, noisy_blobs, name, loss):
    X, T = noisy_blobs[0], noisy_blobs[3]
    by_name = fit(quick_net, noisy_blobs, correction=name, transition=T)
    by_class = fit(quick_net, noisy_blobs, correction=loss, transition=T)
    assert_array_equal(by_name.predict_proba(X), by_class.predict_proba(X))
    assert isinstance(by_name.correction_, loss)


def test_loss_instance_keeps_its_own_transition(quick_net, noisy_blobs):
    X, T = noisy_blobs[0], noisy_blobs[3]
    loss = ForwardLoss(T)
    clf = fit(quick_net, noisy_blobs, correction=loss)
    by_matrix = fit(quick_net, noisy_blobs, transition=T)
    assert_array_equal(clf.predict_proba(X), by_matrix.predict_proba(X))
    assert loss.reduction == "mean"


def test_noisy_posterior_is_the_clean_one_times_transition(quick_net, noisy_blobs):
    X = noisy_blobs[0]
    clf = fit(quick_net, noisy_blobs)
    expected = clf.predict_proba(X) @ clf.transition_matrix_
    assert_allclose(clf.predict_noisy_proba(X), expected)


@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.IllConditionedTransitionWarning")
def test_estimate_that_cannot_be_inverted_is_mixed_with_the_identity(quick_net, rng):
    X, y = rng.normal(size=(60, 2)), rng.randint(2, size=60)
    clf = NoiseRobustClassifier(
        quick_net,
        correction="backward",
        transition=FlatEstimator(),
        random_state=0,
    ).fit(X, y)
    assert clf.correction_.identity_weight > 0
    assert np.isfinite(clf.predict_proba(X)).all()


class FlatEstimator(AnchorEstimator):
    """Finds that labels say nothing: the most singular T."""

    def _estimate(self, y_proba, y, sample_weight):
        return np.full((2, 2), 0.5), np.zeros((2, 2))


def test_fitted_network_predicts_the_clean_posterior(quick_net, noisy_blobs):
    X = noisy_blobs[0]
    clf = fit(quick_net, noisy_blobs)
    assert_allclose(clf.estimator_.predict_proba(X), clf.predict_proba(X))


def test_epochs_and_history_are_those_of_the_refit(quick_net, noisy_blobs):
    clf = fit(quick_net, noisy_blobs)
    assert clf.n_iter_ == len(clf.history_) == quick_net.max_epochs
    losses = clf.history_[:, "train_loss"]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("seed", range(3))
def test_least_share_of_the_identity_is_mixed_in_that_makes_the_mixture_safe(seed):
    T = make_transition_matrix("random", 4, 0.7, random_state=seed)
    with pytest.warns(IllConditionedTransitionWarning):
        weight = stable_identity_weight(T)
    assert np.linalg.cond(mix_with_identity(T, weight)) <= 5
    assert np.linalg.cond(mix_with_identity(T, weight - 0.05)) > 5


def test_known_singular_transition_can_be_mixed_by_the_user(quick_net, noisy_blobs):
    clf = fit(
        quick_net,
        noisy_blobs,
        correction=partial(BackwardLoss, identity_weight=0.3),
        transition=np.full((3, 3), 1 / 3),
    )
    assert clf.correction_.identity_weight == 0.3


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_transition_that_is_not_learned_keeps_its_digits(quick_net, noisy_blobs, dtype):
    clf = fit(quick_net, noisy_blobs, transition="confident-joint", dtype=dtype)
    T = clf.transition_estimator_.transition_matrix_
    assert_array_equal(clf.transition_matrix_, T)
