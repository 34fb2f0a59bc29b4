"""Displays find the fitted classifier where pipelines and searches keep it."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklnoise import NoiseRobustClassifier
from sklnoise.inspection import TrainingHistoryDisplay

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
