"""Scorers by name, with a T that is given or estimated on the scored samples."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import get_scorer
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import LinearSVC

from sklnoise.datasets import make_noisy_labels, make_transition_matrix
from sklnoise.metrics import make_noise_corrected_scorer, noise_corrected_roc_auc_score
from sklnoise.transition import AutoEstimator, ConfidentJointEstimator

T = make_transition_matrix("pair", 3, 0.2)
NAMES = (
    "accuracy",
    "balanced_accuracy",
    "f1_micro",
    "f1_macro",
    "f1_weighted",
    "top_k_accuracy",
    "average_precision",
    "roc_auc_ovr",
    "roc_auc_ovo",
    "roc_auc_ovr_weighted",
    "roc_auc_ovo_weighted",
    "neg_log_loss",
    "neg_brier_score",
)
BINARY = "f1", "roc_auc", "average_precision", "neg_log_loss", "neg_brier_score"
BINARY_T = np.array([[0.8, 0.2], [0.1, 0.9]])


@pytest.fixture(scope="module")
def data():
    """Blobs that overlap, with names as labels."""
    X, y = make_blobs(240, centers=[[0, 0], [3, 0], [0, 3]], random_state=0)
    return X, np.array(list("abc"))[y]


@pytest.mark.parametrize("name", NAMES)
def test_identity_gives_the_scorer_of_scikit_learn(name, data):
    X, y = data
    model = GaussianNB().fit(X, y)
    scorer = make_noise_corrected_scorer(np.eye(3), metric=name)
    assert scorer(model, X, y) == pytest.approx(get_scorer(name)(model, X, y), rel=1e-12)


@pytest.mark.parametrize("name", BINARY)
def test_identity_gives_the_scorer_of_scikit_learn_for_two_classes(name, data):
    X, y = data[0], (data[1] == "b").astype(int)
    for model in (GaussianNB().fit(X, y), LogisticRegression().fit(X, y)):
        scorer = make_noise_corrected_scorer(np.eye(2), metric=name)
        expected = get_scorer(name)(model, X, y)
        assert scorer(model, X, y) == pytest.approx(expected, rel=1e-12)


def test_decision_function_ranks_as_well(data):
    X, y = data[0], (data[1] == "b").astype(int)
    y_noisy = make_noisy_labels(y, BINARY_T, random_state=0)
    model = LinearSVC().fit(X, y)
    scorer = make_noise_corrected_scorer(BINARY_T, metric="roc_auc")
    expected = noise_corrected_roc_auc_score(
        y_noisy, model.decision_function(X), BINARY_T
    )
    assert scorer(model, X, y_noisy) == expected


@pytest.mark.parametrize("name", ["roc_auc_ovr", "average_precision", "neg_log_loss"])
def test_order_of_the_labels_does_not_matter(name, data):
    X, y = data
    order, model = [2, 0, 1], GaussianNB().fit(X, y)
    permuted = make_noise_corrected_scorer(
        T[np.ix_(order, order)], metric=name, labels=list("cab")
    )
    expected = make_noise_corrected_scorer(T, metric=name)(model, X, y)
    assert permuted(model, X, y) == pytest.approx(expected)


@pytest.mark.parametrize("name", ["neg_log_loss", "roc_auc_ovr"])
def test_class_that_the_model_has_not_seen_is_the_least_likely(name, data):
    X, y = data
    model = GaussianNB().fit(X[y != "b"], y[y != "b"])
    scorer = make_noise_corrected_scorer(T, metric=name, labels=list("abc"))
    complete = GaussianNB().fit(X, y)
    assert np.isfinite(scorer(model, X, y))
    assert scorer(model, X, y) < scorer(complete, X, y)


def test_two_classes_are_needed_for_a_binary_name(data):
    X, y = data
    scorer = make_noise_corrected_scorer(T, metric="roc_auc")
    with pytest.raises(ValueError, match="multi_class"):
        scorer(GaussianNB().fit(X, y), X, y)


class CountsFits(LogisticRegression):
    """A first pass that tells how often it was fitted."""

    n_fits = 0

    def fit(self, X, y):
        type(self).n_fits += 1
        return super().fit(X, y)


@pytest.fixture
def noisy(data):
    X, y = data
    codes = np.searchsorted(list("abc"), y)
    return X, np.array(list("abc"))[make_noisy_labels(codes, T, random_state=0)]


@pytest.mark.parametrize("transition", ["auto", AutoEstimator()])
def test_estimated_transition_is_that_of_the_scored_samples(transition, noisy):
    X, y = noisy
    model = GaussianNB().fit(X[:100], y[:100])
    scorer = make_noise_corrected_scorer(transition, first_pass=GaussianNB())
    X, y = X[100:], y[100:]
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    y_proba = cross_val_predict(GaussianNB(), X, y, cv=folds, method="predict_proba")
    matrix = AutoEstimator().fit(y_proba, y).transition_matrix_
    assert scorer(model, X, y) == make_noise_corrected_scorer(matrix)(model, X, y)


def test_all_candidates_are_judged_by_one_transition(noisy):
    """The first pass is fitted once, whatever the order of the candidates."""
    X, y = noisy
    CountsFits.n_fits = 0
    scorer = make_noise_corrected_scorer("auto", first_pass=CountsFits())
    models = GaussianNB().fit(X[:100], y[:100]), LogisticRegression().fit(X, y)
    first = [scorer(model, X, y) for model in models]
    assert CountsFits.n_fits == 5
    fresh = make_noise_corrected_scorer("auto", first_pass=CountsFits())
    assert [fresh(model, X, y) for model in models[::-1]] == first[::-1]


def test_first_pass_without_a_seed_is_seeded(noisy):
    X, y = noisy
    model, forest = GaussianNB().fit(X, y), RandomForestClassifier(5)
    first, second = (
        make_noise_corrected_scorer("auto", first_pass=forest)(model, X, y)
        for _ in range(2)
    )
    assert first == second
    assert forest.random_state is None


def test_search_with_an_estimated_transition_finds_the_model_that_learns(noisy):
    X, y = noisy
    scorer = make_noise_corrected_scorer(
        ConfidentJointEstimator(), metric="neg_log_loss", first_pass=GaussianNB()
    )
    search = GridSearchCV(LogisticRegression(), {"C": [1e-8, 1]}, scoring=scorer, cv=3)
    search = clone(search).fit(pd.DataFrame(X), y)
    assert search.best_params_ == {"C": 1}
    again = pickle.loads(pickle.dumps(search))
    assert again.score(X, y) == search.score(X, y)


def test_weights_of_zero_leave_samples_out(noisy):
    X, y = noisy
    scorer = make_noise_corrected_scorer("auto", first_pass=GaussianNB())
    model, weight = GaussianNB().fit(X, y), np.arange(240) < 200
    assert scorer(model, X, y, sample_weight=weight) == pytest.approx(
        scorer(model, X[:200], y[:200])
    )


def test_estimated_transition_needs_each_class(noisy):
    X, y = noisy
    scorer = make_noise_corrected_scorer("auto", first_pass=GaussianNB())
    model = GaussianNB().fit(X, y)
    with pytest.raises(ValueError, match="at least 2 of each class"):
        scorer(model, X[y != "b"], y[y != "b"])


@pytest.mark.parametrize(
    ("transition", "first_pass", "error", "name"),
    [
        ("auto", None, TypeError, "first_pass"),
        ("auto", LinearSVC(), TypeError, "first_pass"),
        ("auto", GaussianNB, TypeError, "first_pass"),
        (AutoEstimator, GaussianNB(), TypeError, "transition_matrix"),
        ("anchors", GaussianNB(), ValueError, "transition_matrix"),
        (T, GaussianNB(), ValueError, "first_pass"),
    ],
)
def test_estimation_that_cannot_be_is_refused(transition, first_pass, error, name):
    with pytest.raises(error, match=name):
        make_noise_corrected_scorer(transition, first_pass=first_pass)
