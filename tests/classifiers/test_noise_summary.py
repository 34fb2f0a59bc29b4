"""What a fit says of the noise, and how far that can be trusted."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import make_blobs, make_classification
from sklearn.linear_model import LogisticRegression

from sklnoise import NoiseRobustClassifier
from sklnoise.classifiers._noise_summary import (
    count_anchors,
    dominated_classes,
    empty_summary,
    indistinguishable_classes,
    summarize,
)
from sklnoise.classifiers._transition import Transition
from sklnoise.datasets import make_noisy_labels, make_transition_matrix
from sklnoise.exceptions import WeakFirstPassWarning
from sklnoise.issues import clean_posterior
from sklnoise.transition import LabelFrequencyEstimator

CLASSES = np.array(["ant", "bee", "cat"])
PAIR = make_transition_matrix("pair", 3, 0.2)
SWAP = np.array([[0.4, 0.6, 0.0], [0.6, 0.4, 0.0], [0.0, 0.0, 1.0]])


@pytest.fixture
def fit(quick_net, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs

    def fit(y=y_noisy, trusted=None, sample_weight=None, **params):
        clf = NoiseRobustClassifier(quick_net, cv=3, random_state=0, **params)
        return clf.fit(X, y, sample_weight=sample_weight, trusted=trusted)

    return fit


@pytest.fixture
def posterior(rng):
    """True noisy posteriors and labels of 4000 samples, with PAIR noise."""
    clean = rng.dirichlet(np.full(3, 0.05), size=4000)
    y_proba = clean @ PAIR
    y = (y_proba.cumsum(axis=1) < rng.random_sample((4000, 1))).sum(axis=1)
    return y_proba, y


def test_noise_rate_is_that_of_a_known_transition(fit, noisy_blobs):
    T = noisy_blobs[3]
    summary = fit(transition=T).noise_summary_
    assert_allclose(summary.noise_rate, 0.4)
    assert_allclose(summary.noise_rate_per_class, 0.4)
    assert_allclose(summary.noise_rate_interval, 0.4)  # whatever the clean prior is


def test_uneven_noise_has_an_interval_even_if_it_is_known(fit):
    T = [[0.9, 0.1, 0.0], [0.0, 0.6, 0.4], [0.0, 0.0, 1.0]]
    summary = fit(transition=T).noise_summary_
    low, high = summary.noise_rate_interval
    assert low < summary.noise_rate < high
    assert_array_equal(*summary.noise_rate_per_class_interval.T)


def test_what_needs_folds_is_none_without_them(fit, noisy_blobs):
    summary = fit(transition=noisy_blobs[3]).noise_summary_
    assert summary.anchors_per_class is None
    assert summary.weak_first_pass is None
    assert summary.diagnostics is None


@pytest.mark.parametrize("correction", ["none", "gce", "mae"])
def test_loss_without_transition_says_nothing_of_the_noise(fit, correction):
    assert fit(correction=correction).noise_summary_ == empty_summary()


def test_summary_has_the_same_keys_always(fit, noisy_blobs):
    keys = set(empty_summary())
    assert set(fit(transition=noisy_blobs[3]).noise_summary_) == keys
    assert set(fit().noise_summary_) == keys


def test_summary_is_of_the_estimated_transition(fit):
    clf = fit(transition="frequency")
    T, summary = clf.transition_matrix_, clf.noise_summary_
    assert_allclose(summary.noise_rate_per_class, 1 - T.diagonal())
    assert_allclose(summary.condition_number, np.linalg.cond(T))
    low, high = summary.noise_rate_interval
    assert 0 <= low <= summary.noise_rate <= high <= 1


def test_interval_is_no_narrower_than_the_standard_error(posterior):
    y_proba, y = posterior
    estimator = LabelFrequencyEstimator().fit(y_proba, y)
    error = estimator.standard_error_
    transition = Transition(estimator.transition_matrix_, error)
    summary = summarize(transition, CLASSES, y, np.ones(len(y)), y_proba=y_proba)
    low, high = summary.noise_rate_per_class_interval.T
    assert (high - low >= 2 * 1.9 * error.diagonal() - 1e-12).all()


def test_swap_that_trusted_rows_settle_does_not_widen_the_interval(posterior):
    # Estimates from noisy labels alone have the names of the two classes wrong.
    y_proba, y = posterior
    swapped = Transition(PAIR[[1, 0, 2]], np.full((3, 3), 0.01))
    named, wide = (
        summarize(
            swapped,
            CLASSES,
            y,
            np.ones(len(y)),
            y_proba=y_proba,
            classes_are_named=are_named,
        ).noise_rate_per_class_interval
        for are_named in (True, False)
    )
    assert np.ptp(named[0]) < 0.2 < np.ptp(wide[0])


def test_trusted_rows_do_not_hide_the_bias_of_an_estimate(posterior):
    y_proba, y = posterior
    biased = Transition(0.5 * PAIR + 0.5 * np.eye(3), np.full((3, 3), 1e-3))
    known = {"y_proba": y_proba, "classes_are_named": True}
    summary = summarize(biased, CLASSES, y, np.ones(len(y)), **known)
    assert summary.noise_rate_interval[1] > 0.18


@pytest.mark.slow
def test_interval_holds_the_true_noise_rate_in_nine_of_ten_data_sets():
    held = []
    for seed in range(20):
        X, y = make_blobs(1500, centers=4, n_features=5, random_state=seed)
        T = make_transition_matrix("random", 4, 0.25, random_state=seed)
        y_noisy = make_noisy_labels(y, T, random_state=seed)
        clf = NoiseRobustClassifier(first_pass=LogisticRegression(), random_state=seed)
        clf.set_params(estimator__max_epochs=1)
        low, high = clf.fit(X / 10, y_noisy).noise_summary_.noise_rate_interval
        held.append(low <= (y_noisy != y).mean() <= high)
    assert np.mean(held) >= 0.9


def test_weights_of_two_equal_repeats(posterior):
    y_proba, y = posterior
    weight = 1.0 + (np.arange(len(y)) % 2)
    rows = np.repeat(np.arange(len(y)), weight.astype(int))
    transition = Transition(PAIR, np.full((3, 3), 0.02))
    weighted = summarize(transition, CLASSES, y, weight, y_proba=y_proba)
    repeated = summarize(
        transition, CLASSES, y[rows], np.ones(len(rows)), y_proba=y_proba[rows]
    )
    assert_allclose(weighted.noise_rate, repeated.noise_rate)
    assert_allclose(weighted.noise_rate_interval, repeated.noise_rate_interval)
    assert_allclose(weighted.anchors_per_class, repeated.anchors_per_class)
    for name in ("impurity", "accuracy_over_majority", "log_likelihood_gain"):
        assert_allclose(weighted.diagnostics[name], repeated.diagnostics[name])


def test_anchors_are_the_rows_of_a_sure_clean_class(posterior):
    y_proba, y = posterior
    clean = clean_posterior(y_proba, PAIR)
    anchors = count_anchors(y_proba, np.ones(len(y)), PAIR)
    assert_array_equal(anchors, (clean >= 0.95).sum(axis=0))


def test_anchors_of_many_rows_are_scaled_up_from_some(posterior):
    few = count_anchors(posterior[0], np.ones(4000), PAIR)
    many = count_anchors(np.tile(posterior[0], (5, 1)), np.ones(20_000), PAIR)
    assert_allclose(many, 5 * few, rtol=0.1)


@pytest.mark.parametrize("period", [2, 3, 10])
def test_order_of_the_rows_does_not_matter(rng, period):
    """Ordered data, of which every k-th row is of one class."""
    y = np.arange(50_000) % period
    y_proba = 0.98 * np.eye(period)[y] + 0.02 / period
    anchors = count_anchors(y_proba, np.ones(len(y)), np.eye(period))
    assert_allclose(anchors, 50_000 / period, rtol=0.1)


def linear(correction="forward", **params):
    """Return a classifier with a linear network."""
    clf = NoiseRobustClassifier(correction=correction, random_state=0, **params)
    return clf.set_params(estimator__module__hidden=(), estimator__lr=0.05)


@pytest.fixture
def hard_rows():
    """Clean rows of which a linear model gets less than half."""
    return make_classification(
        1500,
        n_informative=6,
        n_classes=4,
        n_clusters_per_class=3,
        class_sep=0.6,
        flip_y=0,
        random_state=1,
    )


def test_weak_first_pass_on_clean_rows_is_warned_of_with_its_numbers(hard_rows):
    with pytest.warns(WeakFirstPassWarning, match=r"noise of \d+(\.\d)?%"):
        clf = linear().fit(*hard_rows)
    summary = clf.noise_summary_
    assert summary.weak_first_pass is True
    assert summary.verdict == "upper bound only"
    assert summary.noise_rate_interval[0] == 0
    assert summary.diagnostics.impurity > 0.2


def test_warning_points_to_the_call_of_fit(hard_rows):
    with pytest.warns(WeakFirstPassWarning) as caught:
        linear().fit(*hard_rows)
    assert caught[0].filename == __file__


def test_strong_first_pass_on_noisy_rows_is_not_weak(fit, noisy_blobs):
    y_noisy = make_noisy_labels(noisy_blobs[2], PAIR, random_state=0)
    summary = fit(y_noisy).noise_summary_
    assert summary.weak_first_pass is False


@pytest.mark.parametrize("noise_rate", [0.0, 0.2])
def test_noise_of_separate_classes_is_estimated(noise_rate):
    X, y = make_blobs(3000, centers=4 * np.eye(3), random_state=0)
    y_noisy = make_noisy_labels(
        y, make_transition_matrix("symmetric", 3, noise_rate), random_state=0
    )
    clf = NoiseRobustClassifier(first_pass=LogisticRegression(), random_state=0)
    clf.set_params(estimator__max_epochs=1)
    summary = clf.fit(X, y_noisy).noise_summary_
    low, high = summary.noise_rate_interval
    assert summary.verdict == "estimated"
    assert low <= (y_noisy != y).mean() <= high
    assert high - low < 0.1


@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.SwappableClassesWarning")
def test_first_pass_no_better_than_the_majority_is_weak(rng):
    X, y = rng.standard_normal((600, 2)), rng.randint(2, size=600)
    with pytest.warns(WeakFirstPassWarning):
        clf = linear().fit(X, y)
    assert clf.noise_summary_.verdict == "nothing can be said"
    assert clf.noise_summary_.noise_rate_interval == (0, 1)
    diagnostics = clf.noise_summary_.diagnostics
    assert (
        diagnostics.accuracy_over_majority < 2 * diagnostics.accuracy_over_majority_error
    )


def test_known_transition_is_not_called_weak(hard_rows):
    clf = linear("auto", transition=0.1, cv=2)
    clf.set_params(estimator__max_epochs=20).fit(*hard_rows)
    assert clf.noise_summary_.weak_first_pass is False
    assert clf.noise_summary_.verdict == "known"


def test_class_that_is_more_often_another_is_dominated():
    T = [[0.4, 0.6, 0.0], [0.1, 0.9, 0.0], [0.0, 0.5, 0.5]]
    assert dominated_classes(np.array(T), CLASSES) == ["ant"]


def test_classes_that_flip_both_ways_are_indistinguishable():
    assert indistinguishable_classes(SWAP, CLASSES) == [("ant", "bee")]


def test_classes_with_the_same_row_are_indistinguishable():
    T = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.12, 0.78, 0.1]])
    assert indistinguishable_classes(T, CLASSES) == [("bee", "cat")]


def test_identity_tells_all_classes_apart():
    assert indistinguishable_classes(np.eye(3), CLASSES) == []


def test_singular_transition_leaves_a_valid_interval():
    T = np.array([[0.5, 0.5, 0.0], [0.5, 0.5, 0.0], [0.0, 0.1, 0.9]])
    summary = summarize(Transition.known(T), CLASSES, np.arange(90) % 3, np.ones(90))
    low, high = summary.noise_rate_interval
    assert 0 <= low <= summary.noise_rate <= high <= 1


def odd_transitions():
    """T at the edges of what is allowed, with labels of which some classes lack."""
    rng = np.random.default_rng(0)
    nearly = np.array([[0.5, 0.5], [0.5 - 1e-12, 0.5 + 1e-12]])
    below = np.eye(3) * (1 - 9e-7)
    above = np.array([[0.9, 0.1 + 9e-7], [0, 1 + 9e-7]])
    many = rng.dirichlet(np.full(60, 0.05), 60)
    for T in (
        np.ones((1, 1)),
        np.eye(2),
        np.eye(3)[[1, 2, 0]],
        np.full((2, 2), 0.5),
        nearly,
        below,
        above,
        np.eye(60),
        many,
    ):
        for n_labels in (1, 2, len(T)):
            yield T, np.arange(120) % min(n_labels, len(T))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.parametrize(("T", "y"), list(odd_transitions()))
def test_intervals_hold_their_rates_whatever_t_is(rng, T, y, is_known):
    y_proba = rng.dirichlet(np.full(len(T), 0.1), len(y))
    error = np.zeros_like(T) if is_known else np.full_like(T, 0.1)
    transition = Transition(T, error, is_known=is_known)
    classes = np.arange(len(T))
    for known in ({}, {"y_proba": y_proba}):
        if not (is_known or known):
            continue
        summary = summarize(transition, classes, y, np.ones(len(y)), **known)
        rates = np.append(summary.noise_rate_per_class, summary.noise_rate)
        low, high = np.vstack(
            [summary.noise_rate_per_class_interval, summary.noise_rate_interval]
        ).T
        assert (low >= 0).all()
        assert (low <= rates).all()
        assert (rates <= high).all()
        assert (high <= 1).all()
        assert not np.isnan(summary.condition_number)
        for number in (summary.diagnostics or {}).values():
            assert number is None or not np.isnan(number)
