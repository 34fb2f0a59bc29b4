"""Scorers of clean metrics on noisy labels."""

from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn import metrics
from sklearn.base import BaseEstimator, ClassifierMixin

from sklnoise.datasets import make_noisy_labels
from sklnoise.metrics import (
    make_noise_corrected_scorer,
    noise_corrected_accuracy_score,
    noise_corrected_confusion_matrix,
)

SEEDS = range(3)
T = np.array([[0.7, 0.2, 0.1], [0.0, 0.6, 0.4], [0.1, 0.2, 0.7]])
MEANS = {
    "accuracy_score": metrics.accuracy_score,
    "zero_one_loss": metrics.zero_one_loss,
    "mean_absolute_error": metrics.mean_absolute_error,
}
NO_MEANS = {
    "f1_score": metrics.f1_score,
    "balanced_accuracy_score": metrics.balanced_accuracy_score,
    "matthews_corrcoef": metrics.matthews_corrcoef,
    "log_loss": metrics.log_loss,
    "median_absolute_error": metrics.median_absolute_error,
    "nan": lambda y_true, y_pred: np.nan,
}
any_mean = pytest.mark.parametrize("metric", MEANS.values(), ids=list(MEANS))


class Says(ClassifierMixin, BaseEstimator):
    """A classifier that predicts its single column."""

    def __init__(self, classes=(0, 1, 2)):
        self.classes_ = np.array(classes)

    def fit(self, X, y):
        return self

    def predict(self, X):
        return X[:, 0]


def labels_and_predictions(seed, n_samples=300):
    return np.random.default_rng(seed).integers(3, size=(2, n_samples))


def score_of(scorer, y, y_pred, **params):
    return scorer(Says(), y_pred[:, None], y, **params)


@pytest.mark.parametrize("seed", SEEDS)
def test_accuracy_is_the_corrected_accuracy(seed):
    y, y_pred = labels_and_predictions(seed)
    weight = np.random.default_rng(seed).uniform(1, 2, len(y))
    score = score_of(make_noise_corrected_scorer(T), y, y_pred, sample_weight=weight)
    assert score == noise_corrected_accuracy_score(y, y_pred, T, sample_weight=weight)


@any_mean
@pytest.mark.parametrize("seed", SEEDS)
def test_expected_score_is_the_clean_metric(metric, seed):
    y, y_pred = labels_and_predictions(seed, n_samples=5)
    scorer = make_noise_corrected_scorer(T, metric=metric)
    expected = sum(
        np.prod(T[y, y_noisy]) * score_of(scorer, np.array(y_noisy), y_pred)
        for y_noisy in product(range(3), repeat=5)
    )
    assert_allclose(expected, metric(y, y_pred), atol=1e-12)


@any_mean
@pytest.mark.parametrize("seed", SEEDS)
def test_identity_gives_the_metric(metric, seed):
    y, y_pred = labels_and_predictions(seed)
    scorer = make_noise_corrected_scorer(np.eye(3), metric=metric)
    assert score_of(scorer, y, y_pred) == pytest.approx(metric(y, y_pred))


@any_mean
def test_loss_changes_its_sign(metric):
    y, y_pred = labels_and_predictions(0)
    loss, gain = (
        make_noise_corrected_scorer(T, metric=metric, greater_is_better=better)
        for better in (False, True)
    )
    assert score_of(loss, y, y_pred) == -score_of(gain, y, y_pred)


@pytest.mark.parametrize("seed", SEEDS)
def test_scores_of_the_pairs_weigh_the_confusion_matrix(seed):
    y, y_pred = labels_and_predictions(seed)
    values = np.random.default_rng(seed).normal(size=(3, 3))
    score = score_of(make_noise_corrected_scorer(T, metric=values), y, y_pred)
    shares = noise_corrected_confusion_matrix(y, y_pred, T, normalize="all")
    assert score == pytest.approx((values * shares).sum())


@pytest.mark.parametrize("seed", SEEDS)
def test_balanced_accuracy_with_identity_is_that_of_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    y, y_pred = rng.choice(3, p=[0.6, 0.3, 0.1], size=(2, 300))
    weight = rng.random(300)
    scorer = make_noise_corrected_scorer(np.eye(3), metric="balanced_accuracy")
    score = score_of(scorer, y, y_pred, sample_weight=weight)
    expected = metrics.balanced_accuracy_score(y, y_pred, sample_weight=weight)
    assert score == pytest.approx(expected)


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
def test_balanced_accuracy_leaves_out_a_class_without_samples():
    y, y_pred = np.array([0, 0, 0, 2, 2]), np.array([0, 1, 0, 2, 0])
    scorer = make_noise_corrected_scorer(np.eye(3), metric="balanced_accuracy")
    expected = metrics.balanced_accuracy_score(y, y_pred)
    assert score_of(scorer, y, y_pred) == pytest.approx(expected)


def test_balanced_accuracy_is_the_mean_share_of_the_diagonal():
    y, y_pred = labels_and_predictions(0)
    scorer = make_noise_corrected_scorer(T, metric="balanced_accuracy")
    shares = noise_corrected_confusion_matrix(y, y_pred, T, normalize="true")
    assert score_of(scorer, y, y_pred) == pytest.approx(shares.diagonal().mean())


def test_balanced_accuracy_comes_near_that_of_the_population():
    rng = np.random.RandomState(0)
    y = rng.choice(3, p=[0.7, 0.2, 0.1], size=100_000)
    recall = np.array([[0.9, 0.1, 0.0], [0.2, 0.6, 0.2], [0.1, 0.6, 0.3]])
    y_pred = make_noisy_labels(y, recall, random_state=rng)
    y_noisy = make_noisy_labels(y, T, random_state=rng)
    scorer = make_noise_corrected_scorer(T, metric="balanced_accuracy")
    assert score_of(scorer, y_noisy, y_pred) == pytest.approx(0.6, abs=0.02)


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy", "zero_one_loss"])
def test_weights_equal_repeats(metric):
    y, y_pred = labels_and_predictions(0)
    weight = np.random.default_rng(1).integers(4, size=len(y))
    scorer = make_noise_corrected_scorer(T, metric=MEANS.get(metric, metric))
    weighted = score_of(scorer, y, y_pred, sample_weight=weight)
    repeated = score_of(scorer, y.repeat(weight), y_pred.repeat(weight))
    assert weighted == pytest.approx(repeated)


@pytest.mark.parametrize(
    "metric", ["accuracy", "balanced_accuracy", "mean_absolute_error"]
)
def test_permuting_classes_leaves_the_score(metric):
    y, y_pred = labels_and_predictions(0)
    metric = MEANS.get(metric, metric)
    order = [2, 0, 1]
    permuted = make_noise_corrected_scorer(
        T[np.ix_(order, order)], metric=metric, labels=order
    )
    score = score_of(make_noise_corrected_scorer(T, metric=metric), y, y_pred)
    assert score_of(permuted, y, y_pred) == pytest.approx(score)


def test_classes_are_those_of_the_estimator():
    names = np.array(["ant", "bee", "cat"])
    y, y_pred = names[[0, 0, 1]], names[[0, 1, 1]]
    scorer = make_noise_corrected_scorer(T)
    score = scorer(Says(names), y_pred[:, None], y)
    assert score == noise_corrected_accuracy_score(y, y_pred, T, labels=names)


def test_labels_take_the_place_of_classes_that_the_estimator_has_not_seen():
    y, y_pred = np.array([0, 2, 2]), np.array([2, 2, 0])
    scorer = make_noise_corrected_scorer(T, labels=[0, 1, 2])
    score = scorer(Says([0, 2]), y_pred[:, None], y)
    assert score == noise_corrected_accuracy_score(y, y_pred, T)


def test_estimator_without_classes_is_judged_by_the_labels_that_occur():
    y, y_pred = labels_and_predictions(0)
    nameless = Says()
    del nameless.classes_
    nameless.__class__ = type("Nameless", (BaseEstimator,), dict(vars(Says)))
    score = make_noise_corrected_scorer(T)(nameless, y_pred[:, None], y)
    assert score == noise_corrected_accuracy_score(y, y_pred, T)


def test_estimator_with_other_classes_is_refused():
    scorer = make_noise_corrected_scorer(T)
    with pytest.raises(ValueError, match=r"fitted on 2 classes"):
        scorer(Says([0, 2]), np.zeros((3, 1), dtype=int), np.array([0, 2, 2]))


@pytest.mark.parametrize("metric", NO_MEANS.values(), ids=list(NO_MEANS))
def test_metric_that_is_no_mean_over_samples_is_refused(metric):
    y, y_pred = labels_and_predictions(0)
    scorer = make_noise_corrected_scorer(T, metric=metric)
    with pytest.raises(ValueError, match="score each sample by its two labels"):
        score_of(scorer, y, y_pred)


def test_metric_is_refused_at_once_where_the_classes_are_known():
    with pytest.raises(
        ValueError, match="of mean_absolute_error, on single samples it fails"
    ):
        make_noise_corrected_scorer(
            np.eye(2), metric=metrics.mean_absolute_error, labels=["ant", "bee"]
        )


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"metric": "auc"}, "must be one of"),
        ({"metric": np.eye(2)}, r"shape \(3, 3\) as transition_matrix"),
        ({"metric": np.full((3, 3), np.inf)}, "metric contains infinity"),
        ({"labels": [0, 1]}, "must name 3 different classes"),
        ({"transition_matrix": T.T}, "it is transposed"),
        ({"transition_matrix": np.full((2, 2), 0.5)}, "must be invertible"),
    ],
)
def test_bad_parameter_is_refused(params, message):
    with pytest.raises(ValueError, match=message):
        make_noise_corrected_scorer(**{"transition_matrix": T, **params})


def test_label_of_no_class_is_refused():
    with pytest.raises(ValueError, match=r"y_noisy must hold .* got \[7\] too"):
        score_of(make_noise_corrected_scorer(T), np.array([0, 1, 7]), np.array([0, 1, 2]))


def test_later_changes_of_the_arguments_do_not_reach_the_scorer():
    y, y_pred = labels_and_predictions(0)
    matrix, values = T.copy(), np.eye(3)
    scorer = make_noise_corrected_scorer(matrix, metric=values)
    before = score_of(scorer, y, y_pred)
    matrix[:], values[:] = np.nan, np.nan
    assert score_of(scorer, y, y_pred) == before


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({}, "metric='accuracy')"),
        ({"metric": metrics.zero_one_loss}, "metric=zero_one_loss)"),
        ({"metric": np.eye(3)}, "metric=<array of shape (3, 3)>)"),
        ({"greater_is_better": False}, "metric='accuracy', greater_is_better=False)"),
        ({"labels": list("abc")}, "metric='accuracy', labels=['a', 'b', 'c'])"),
    ],
)
def test_repr_tells_what_the_scorer_was_made_of(params, text):
    start = "make_noise_corrected_scorer(<array of shape (3, 3)>, "
    assert repr(make_noise_corrected_scorer(T, **params)) == start + text
