"""scikit-learn's own checks, all of them, and what all corrections have in common."""

import re
from unittest import SkipTest

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.utils.estimator_checks import (
    check_dataframe_column_names_consistency,
    check_param_validation,
    estimator_checks_generator,
    parametrize_with_checks,
)

from sklnoise import (
    ConfidentLearningClassifier,
    NoiseCalibratedClassifier,
    NoiseRobustClassifier,
    NoiseRobustConformalClassifier,
)

# The checks fit a dozen samples of random labels, of which our warnings rightly complain.
pytestmark = [
    pytest.mark.slow,
    *(
        pytest.mark.filterwarnings(f"ignore::sklnoise.exceptions.{name}")
        for name in (
            "ClassCollapseWarning",
            "IllConditionedTransitionWarning",
            "PermutedClassesWarning",
            "RareClassWarning",
            "SwappableClassesWarning",
            "UncorrectedSetsWarning",
        )
    ),
]


def quick(correction, **params):
    """Make a classifier that is fitted in a moment."""
    clf = NoiseRobustClassifier(correction=correction, cv=2, device="cpu", **params)
    return clf.set_params(estimator__lr=0.05, estimator__max_epochs=12)


# The default network as it is, and one representative of each way through `fit`: without
# T, with its inverse, with trained parameters, by a choice among several.
CHECKED = ["forward", "none", "backward", "adaptation", "auto"]
CLASSIFIERS = [
    NoiseRobustClassifier(device="cpu", cv=2),  # more folds would only take longer
    *map(quick, CHECKED[1:]),
    ConfidentLearningClassifier(LogisticRegression()),
    ConfidentLearningClassifier(KNeighborsClassifier()),  # takes no weights
    *(
        NoiseCalibratedClassifier(LogisticRegression(), method=method)
        for method in ("temperature", "vector", "isotonic")
    ),
    NoiseRobustConformalClassifier(LogisticRegression()),
    NoiseRobustConformalClassifier(
        LogisticRegression(), conformity_score="aps", coverage="class", transition=0.1
    ),
]


@parametrize_with_checks(CLASSIFIERS)
def test_scikit_learn_check_passes_without_being_skipped(estimator, check):
    try:
        check(estimator)
    except SkipTest as reason:
        pytest.fail(f"skipped: {reason}")


def test_array_api_check_is_among_them():
    checks = [check for _, check in estimator_checks_generator(CLASSIFIERS[0])]
    names = {getattr(check, "func", check).__name__ for check in checks}
    assert "check_array_api_input" in names
    assert len(names) > 50


@pytest.mark.parametrize("classifier", [CLASSIFIERS[0], CLASSIFIERS[-1]], ids=repr)
@pytest.mark.parametrize(
    "check", [check_param_validation, check_dataframe_column_names_consistency]
)
def test_check_outside_the_common_list_passes(classifier, check):
    check(type(classifier).__name__, classifier)


def known_corrections():
    """Return the corrections that the message about an unknown one lists."""
    try:
        NoiseRobustClassifier(correction="unknown").fit([[0.0], [1.0]], [0, 1])
    except ValueError as error:
        listed = str(error).partition("among {")[2].partition("}")[0]
        return sorted(re.findall(r"'([\w-]+)'", listed))


OF_ANNOTATORS = "crowd-layer", "trace", "majority"
OTHERS = [name for name in known_corrections() if name not in (*CHECKED, *OF_ANNOTATORS)]


@pytest.fixture(scope="module")
def problem():
    """Blobs of three classes with names, noisy labels, weights of 0 to 3, two folds."""
    rng = np.random.RandomState(0)
    codes = rng.randint(3, size=60)
    X = 4 * np.eye(3)[codes] + rng.normal(size=(60, 3))
    flipped = rng.uniform(size=60) < 0.25
    y = np.array(["ant", "bee", "cow"])[(codes + flipped) % 3]
    weight, fold = rng.randint(4, size=60), rng.randint(2, size=60)
    return X, y, weight, fold


def splits(fold):
    return [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(2)]


def test_most_corrections_are_among_the_others():
    assert {"reweight", "em", "gce", "adaptation-complex"} < set(OTHERS)


@pytest.mark.parametrize("correction", OTHERS)
def test_other_correction_is_fitted_and_predicts(problem, correction):
    X, y, _, _ = problem
    clf = quick(correction, random_state=0)
    with pytest.raises(NotFittedError):
        clf.predict(X)
    assert clf.fit(X, y) is clf
    proba = clf.predict_proba(X)
    assert_allclose(proba.sum(axis=1), 1)
    assert proba.min() >= 0
    assert_array_equal(clf.predict(X), clf.classes_[proba.argmax(axis=1)])
    assert clf.n_features_in_ == 3
    T = clf.transition_matrix_
    assert_allclose(T.sum(axis=1), 1, rtol=1e-6)
    assert_allclose(clf.predict_noisy_proba(X), proba @ T, atol=1e-6)
    assert_array_equal(clone(clf).fit(X, y).predict_proba(X), proba)


@pytest.mark.parametrize("correction", OTHERS)
def test_weights_of_other_correction_are_repeats_and_zero_is_none(problem, correction):
    X, y, weight, fold = problem
    repeats = np.repeat(np.arange(len(y)), weight)
    repeated = quick(correction, random_state=0)
    repeated.set_params(cv=splits(fold[repeats])).fit(X[repeats], y[repeats])
    X_of_weight = np.where(weight[:, None] > 0, X, 1e3)
    weighted = quick(correction, random_state=0).set_params(cv=splits(fold))
    weighted.fit(X_of_weight, y, sample_weight=weight)
    assert_allclose(weighted.transition_matrix_, repeated.transition_matrix_, atol=1e-7)
    assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), atol=1e-6)
