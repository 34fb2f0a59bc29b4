"""Pruning around, and inside of, estimators of other packages that hold estimators."""

import numpy as np
import pandas as pd
import pytest
import torch
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.pipeline import make_pipeline as make_sampling_pipeline
from imblearn.under_sampling import RandomUnderSampler
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from skorch import NeuralNetClassifier

from sklnoise import ConfidentLearningClassifier
from sklnoise.datasets import make_noisy_labels, make_transition_matrix
from sklnoise.metrics import noisy_log_likelihood_scorer

# Boosting passes weights that sum to 1.
SCALED = pytest.mark.filterwarnings("ignore::sklnoise.exceptions.RescaledWeightsWarning")
COLLAPSES = pytest.mark.filterwarnings("ignore::sklnoise.exceptions.ClassCollapseWarning")

SAMPLERS = [
    RandomUnderSampler(random_state=0),
    RandomOverSampler(random_state=0),
    SMOTE(k_neighbors=2, random_state=0),
]
CONTAINERS = {
    "bagging": lambda inner: BaggingClassifier(inner, n_estimators=3),
    "boosting": lambda inner: AdaBoostClassifier(inner, n_estimators=3),
    "calibration": lambda inner: CalibratedClassifierCV(inner, cv=2),
    "search": lambda inner: GridSearchCV(inner, {}, cv=2),
    "stacking": lambda inner: StackingClassifier([("one", inner)], cv=2),
    "voting": lambda inner: VotingClassifier([("one", inner)], voting="soft"),
}


@pytest.fixture
def imbalanced(rng):
    """Three classes of 60, 40 and 20 samples: X, y_noisy, y."""
    y = np.repeat([0, 1, 2], [60, 40, 20])
    X = rng.normal(size=(120, 3)) + 4 * np.eye(3)[y]
    T = make_transition_matrix("symmetric", 3, 0.15)
    return X, make_noisy_labels(y, T, random_state=0), y


class OwnClassifier:
    """A classifier without parameters that could be read."""

    def fit(self, X, y):
        return self


def prune(estimator, **params):
    return ConfidentLearningClassifier(estimator, random_state=0, **params)


@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda sampler: type(sampler).__name__)
@pytest.mark.parametrize("nested", [False, True])
def test_pipeline_with_a_sampler_is_pruned_without_weights(imbalanced, sampler, nested):
    X, y_noisy, y = imbalanced
    model = make_sampling_pipeline(StandardScaler(), sampler, LogisticRegression())
    model = make_pipeline(StandardScaler(), model) if nested else model
    clf = prune(model).fit(X, y_noisy)
    kept = ~clf.label_issues_
    by_hand = clone(clf.estimator_).fit(X[kept], y_noisy[kept])
    assert_allclose(clf.predict_proba(X), by_hand.predict_proba(X))
    assert clf.score(X, y) > 0.85


def test_samples_are_repeated_in_front_of_a_sampler(imbalanced):
    X, y_noisy, _ = imbalanced
    model = make_sampling_pipeline(SAMPLERS[1], LogisticRegression())
    weight = 1 + np.arange(120) % 2
    cv = [(np.arange(1, 120), [0])]
    clf = prune(model, cv=cv, transition=np.eye(3)).fit(X, y_noisy, weight)
    rows = np.repeat(np.arange(120), weight)
    by_hand = clone(clf.estimator_).fit(X[rows], y_noisy[rows])
    assert_allclose(clf.predict_proba(X), by_hand.predict_proba(X))


def test_weights_cannot_pass_a_sampler(imbalanced):
    X, y_noisy, _ = imbalanced
    model = make_sampling_pipeline(SAMPLERS[0], LogisticRegression())
    with pytest.raises(ValueError, match="sampler"):
        prune(model, action="reweight").fit(X, y_noisy)
    with pytest.raises(ValueError, match="whole number"):
        prune(model).fit(X, y_noisy, np.full(120, 1.5))


@SCALED
@COLLAPSES  # the weights of a late round of boosting may leave a class out
@pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS.keys())
@pytest.mark.parametrize("labels", [np.arange(3), np.array(["ant", "bee", "cat"])])
def test_pruning_works_around_and_inside_of_containers(imbalanced, container, labels):
    X, y_noisy, y = imbalanced
    tree = DecisionTreeClassifier(max_depth=3, random_state=0)
    for model in (prune(container(tree)), container(prune(tree))):
        assert model.fit(X, labels[y_noisy]).score(X, labels[y]) > 0.7


@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda sampler: type(sampler).__name__)
def test_likelihood_leaves_samplers_out(imbalanced, sampler):
    X, y_noisy, _ = imbalanced
    model = make_sampling_pipeline(StandardScaler(), sampler, LogisticRegression())
    model.fit(X, y_noisy)
    likelihood = model.predict_proba(X)[np.arange(120), y_noisy]
    for scored in (model, FrozenEstimator(model), make_pipeline("passthrough", model)):
        score = noisy_log_likelihood_scorer(scored, X, y_noisy)
        assert score == pytest.approx(np.log(likelihood).mean())


def test_likelihood_is_that_of_the_classifier_below_a_threshold(imbalanced):
    X, y_noisy, _ = imbalanced
    y_noisy = y_noisy > 0
    clf = prune(LogisticRegression(), transition=[[0.8, 0.2], [0.3, 0.7]])
    threshold = FixedThresholdClassifier(clf, threshold=0.3).fit(X, y_noisy)
    assert noisy_log_likelihood_scorer(threshold, X, y_noisy) == (
        noisy_log_likelihood_scorer(threshold.estimator_, X, y_noisy)
    )


@pytest.mark.parametrize("estimator", [LogisticRegression, StackingClassifier([])])
def test_likelihood_needs_probabilities(imbalanced, estimator):
    with pytest.raises(TypeError, match="noisy_log_likelihood_scorer"):
        noisy_log_likelihood_scorer(estimator, *imbalanced[:2])


@COLLAPSES
def test_classes_of_a_frozen_estimator_are_aligned(imbalanced):
    X, y_noisy, y = imbalanced
    two = LogisticRegression().fit(X[y < 2], y[y < 2])
    y_proba = prune(FrozenEstimator(two)).fit(X, y_noisy).predict_proba(X)
    assert_allclose(y_proba[:, :2], two.predict_proba(X))
    assert_array_equal(y_proba[:, 2], 0)
    others = LogisticRegression().fit(X, y + 1)
    with pytest.raises(ValueError, match="classes"):
        prune(FrozenEstimator(others)).fit(X, y_noisy)


@pytest.mark.parametrize("n_outputs", [2, 5])
def test_net_with_another_number_of_outputs_is_refused(imbalanced, n_outputs):
    X, y_noisy, _ = imbalanced
    net = NeuralNetClassifier(
        torch.nn.Linear,
        module__in_features=3,
        module__out_features=n_outputs,
        criterion=torch.nn.CrossEntropyLoss,
        max_epochs=1,
        verbose=0,
    )
    with pytest.raises(ValueError, match="output"):
        prune(net).fit(X.astype(np.float32), y_noisy)


@pytest.mark.parametrize(
    ("column", "name"),
    [
        (pd.date_range("2020", periods=120), "datetime"),
        (pd.to_timedelta(np.arange(120), unit="D"), "timedelta"),
        (["u", "v"] * 60, "kind"),
        (pd.Categorical(["u", "v"] * 60), "category"),
    ],
)
def test_columns_that_the_estimator_cannot_take_are_named(imbalanced, column, name):
    X, y_noisy, _ = imbalanced
    frame = pd.DataFrame(X, columns=list("abc")).assign(kind=column)
    with pytest.raises((TypeError, ValueError), match=name) as caught:
        prune(LogisticRegression()).fit(frame, y_noisy)
    assert "'kind'" in str(caught.value)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, pd.NaT])
def test_missing_labels_are_refused_unless_their_weight_is_zero(imbalanced, missing):
    X, y_noisy, _ = imbalanced
    y_missing = pd.Series(y_noisy).astype(str).astype(object)
    y_missing[7] = missing
    with pytest.raises(ValueError, match="sample 7"):
        prune(LogisticRegression()).fit(X, y_missing)
    clf = prune(LogisticRegression()).fit(X, y_missing, np.arange(120) != 7)
    assert_array_equal(clf.classes_, ["0", "1", "2"])


@pytest.mark.parametrize("n_jobs", [0, 1.5, "2"])
def test_number_of_jobs_that_is_none_is_refused(imbalanced, n_jobs):
    with pytest.raises(ValueError, match="n_jobs"):
        prune(LogisticRegression(), n_jobs=n_jobs).fit(*imbalanced[:2])


@pytest.mark.parametrize("estimator", [LogisticRegression, OwnClassifier()])
def test_what_is_no_estimator_is_refused(imbalanced, estimator):
    with pytest.raises(TypeError, match="estimator must be"):
        prune(estimator).fit(*imbalanced[:2])
