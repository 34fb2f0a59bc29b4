"""The fitted classifier is found where pipelines and searches keep it."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklnoise import ConfidentLearningClassifier, NoiseRobustClassifier
from sklnoise.classifiers._fitted import fitted_classifier

X, Y = np.arange(12.0)[:, None], np.repeat(["no", "yes"], 6)
CLASSIFIER = NoiseRobustClassifier(transition=0.1, random_state=0)
GRID = {"transition": [0.1]}


@pytest.fixture(scope="module")
def fitted():
    return NoiseRobustClassifier(transition=0.1, random_state=0).fit(X, Y)


def test_classifier_is_found_in_itself(fitted):
    assert fitted_classifier(fitted) is fitted


def test_classifier_is_found_at_the_end_of_a_pipeline():
    model = make_pipeline(StandardScaler(), CLASSIFIER).fit(X, Y)
    assert fitted_classifier(model) is model[-1]


def test_classifier_is_found_in_a_search():
    search = GridSearchCV(CLASSIFIER, GRID, cv=2).fit(X, Y)
    assert fitted_classifier(search) is search.best_estimator_


def test_classifier_is_found_in_a_search_within_a_pipeline_of_pipelines():
    inner = make_pipeline(StandardScaler(), CLASSIFIER)
    search = RandomizedSearchCV(
        inner, {"noiserobustclassifier__warm_up": [0.0]}, n_iter=1, cv=2
    )
    model = make_pipeline("passthrough", search).fit(X, Y)
    assert fitted_classifier(model) is search.best_estimator_[-1]


def test_classifier_is_found_when_frozen(fitted):
    assert fitted_classifier(FrozenEstimator(fitted)) is fitted


@pytest.mark.parametrize(
    "estimator",
    [
        NoiseRobustClassifier(),
        make_pipeline(StandardScaler(), NoiseRobustClassifier()),
        GridSearchCV(NoiseRobustClassifier(), GRID),
    ],
    ids=["itself", "pipeline", "search"],
)
def test_what_is_not_fitted_says_so(estimator):
    with pytest.raises(NotFittedError):
        fitted_classifier(estimator)


def test_search_without_refit_is_told_to_refit():
    search = GridSearchCV(CLASSIFIER, GRID, cv=2, refit=False).fit(X, Y)
    with pytest.raises(TypeError, match="refit=True"):
        fitted_classifier(search)


def test_another_classifier_is_named_in_the_error():
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y)
    with pytest.raises(TypeError, match=r"ends in LogisticRegression\(\)"):
        fitted_classifier(model)


@pytest.mark.parametrize("wrong", [None, [0, 1], NoiseRobustClassifier])
def test_what_is_no_estimator_is_a_type_error(wrong):
    with pytest.raises(TypeError, match="must be a fitted NoiseRobustClassifier"):
        fitted_classifier(wrong)


def test_other_kinds_are_taken_where_the_caller_says_so():
    clf = ConfidentLearningClassifier(LogisticRegression(), cv=2, random_state=0)
    clf.fit(X, Y)
    assert fitted_classifier(clf, (ConfidentLearningClassifier,)) is clf
    with pytest.raises(TypeError):
        fitted_classifier(clf)
