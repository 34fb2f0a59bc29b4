"""Displays find the fitted classifier where pipelines and searches keep it."""

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklnoise import ConfidentLearningClassifier, NoiseRobustClassifier
from sklnoise.inspection import (
    LabelIssuesDisplay,
    PredictionSetDisplay,
    TrainingHistoryDisplay,
    TransitionMatrixDisplay,
)

X, Y = np.arange(12.0)[:, None], np.repeat(["no", "yes"], 6)
CLASSIFIER = NoiseRobustClassifier(transition=0.1, random_state=0)
GRID = {"transition": [0.1]}


def history_shown(estimator):
    ax = Figure().subplots()
    return TrainingHistoryDisplay.from_estimator(estimator, ax=ax).history


def test_classifier_is_found_in_a_frozen_pipeline():
    model = make_pipeline(StandardScaler(), CLASSIFIER).fit(X, Y)
    assert history_shown(FrozenEstimator(model)) is model[-1].history_


def test_classifier_is_found_in_a_search_within_a_pipeline_of_pipelines():
    inner = make_pipeline(StandardScaler(), CLASSIFIER)
    search = RandomizedSearchCV(
        inner, {"noiserobustclassifier__warm_up": [0.0]}, n_iter=1, cv=2
    )
    model = make_pipeline("passthrough", search).fit(X, Y)
    assert history_shown(model) is search.best_estimator_[-1].history_


@pytest.mark.parametrize(
    "estimator",
    [
        NoiseRobustClassifier(),
        make_pipeline(StandardScaler(), NoiseRobustClassifier()),
        GridSearchCV(NoiseRobustClassifier(), GRID),
    ],
    ids=["itself", "pipeline", "search"],
)
def test_what_is_not_fitted_is_refused(estimator):
    with pytest.raises(NotFittedError):
        history_shown(estimator)


def test_search_without_refit_is_refused():
    search = GridSearchCV(CLASSIFIER, GRID, cv=2, refit=False).fit(X, Y)
    with pytest.raises(TypeError, match="refit=True"):
        history_shown(search)


def test_another_classifier_is_named_in_the_error():
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y)
    with pytest.raises(TypeError, match=r"ends in LogisticRegression\(\)"):
        history_shown(model)


@pytest.mark.parametrize("wrong", [None, [0, 1], NoiseRobustClassifier])
def test_what_is_no_fitted_estimator_is_refused(wrong):
    with pytest.raises(TypeError, match="must be a fitted NoiseRobustClassifier"):
        history_shown(wrong)


@pytest.fixture(scope="module")
def pruning():
    """Each of the classifiers that prune, fitted."""
    forest = RandomForestClassifier(20, random_state=0)
    return {
        "itself": ConfidentLearningClassifier(forest, cv=3, random_state=0).fit(X, Y),
        "pipeline": make_pipeline(
            StandardScaler(), ConfidentLearningClassifier(forest, cv=3, random_state=0)
        ).fit(X, Y),
        "of a net": ConfidentLearningClassifier(CLASSIFIER, cv=3).fit(X, Y),
    }


@pytest.mark.parametrize("kind", ["itself", "pipeline"])
def test_classifier_that_prunes_shows_what_it_pruned(pruning, kind):
    model = pruning[kind]
    clf = model if kind == "itself" else model[-1]
    display = LabelIssuesDisplay.from_estimator(model, X, Y, ax=Figure().subplots())
    assert display.is_issue.tolist() == clf.label_issues_.tolist()
    assert display.quality.tolist() == clf.label_quality_.tolist()
    drawn = TransitionMatrixDisplay.from_estimator(model, ax=Figure().subplots())
    assert drawn.transition_matrix is clf.transition_matrix_


def test_history_of_a_classifier_that_prunes_is_that_of_its_network(pruning):
    clf = pruning["of a net"]
    assert history_shown(clf) is clf.estimator_.history_
    for kind in ("itself", "pipeline"):
        with pytest.raises(TypeError, match=r"RandomForestClassifier.*noise_report"):
            history_shown(pruning[kind])


def test_skorch_network_that_is_pruned_around_shows_its_history(quick_net):
    net = quick_net.set_params(
        module__n_features=1, module__n_classes=2, criterion=torch.nn.CrossEntropyLoss
    )
    clf = ConfidentLearningClassifier(net, cv=2, random_state=0)
    clf.fit(X.astype(np.float32), Y)
    assert len(history_shown(clf)) == 40


def test_sets_of_a_classifier_without_any_say_how_to_calibrate(pruning):
    with pytest.raises(TypeError, match=r"NoiseRobustConformalClassifier\(Frozen"):
        PredictionSetDisplay.from_estimator(pruning["pipeline"], X)


def test_fit_without_a_refit_has_no_history():
    clf = NoiseRobustClassifier(transition=0.1, refit=False, random_state=0).fit(X, Y)
    with pytest.raises(AttributeError, match='refit="scratch"'):
        history_shown(clf)
