"""scikit-learn's own checks, for each correction and around others, without exception."""

from unittest import SkipTest

import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import (
    check_dataframe_column_names_consistency,
    check_param_validation,
    estimator_checks_generator,
    parametrize_with_checks,
)

from sklnoise import ConfidentLearningClassifier, NoiseRobustClassifier
from sklnoise.classifiers._correction import CORRECTIONS
from sklnoise.training import AutoSizedNet

# The checks fit a dozen rows of random labels, of which our warnings rightly complain.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::sklnoise.exceptions.RareClassWarning"),
    pytest.mark.filterwarnings("ignore::sklnoise.exceptions.ClassCollapseWarning"),
    pytest.mark.filterwarnings("ignore::sklnoise.exceptions.PermutedClassesWarning"),
    pytest.mark.filterwarnings("ignore::sklnoise.exceptions.SwappableClassesWarning"),
    pytest.mark.filterwarnings(
        "ignore::sklnoise.exceptions.IllConditionedTransitionWarning"
    ),
]

# The default classifier is checked as it is; the other corrections, which share all but
# the loss with it, with fewer folds and shorter training.
QUICK = {"estimator": AutoSizedNet(lr=0.05, max_epochs=12), "cv": 2, "device": "cpu"}
CLASSIFIERS = [NoiseRobustClassifier(device="cpu")] + [
    NoiseRobustClassifier(correction=name, **QUICK)
    for name in (*CORRECTIONS, "auto")
    if name != "forward"
]
CONFIDENT = [
    ConfidentLearningClassifier(LogisticRegression()),
    ConfidentLearningClassifier(LogisticRegression(), action="reweight"),
    ConfidentLearningClassifier(make_pipeline(StandardScaler(), LogisticRegression())),
    ConfidentLearningClassifier(KNeighborsClassifier()),  # takes no weights
]


@parametrize_with_checks(CLASSIFIERS + CONFIDENT)
def test_scikit_learn_check_passes_without_being_skipped(estimator, check):
    try:
        check(estimator)
    except SkipTest as reason:
        pytest.fail(f"skipped: {reason}")


def test_array_api_check_is_among_them():
    names = {name_of(check) for _, check in estimator_checks_generator(CLASSIFIERS[0])}
    assert "check_array_api_input" in names
    assert len(names) > 50


def name_of(check):
    return getattr(check, "func", check).__name__


@pytest.mark.parametrize("classifier", CLASSIFIERS + CONFIDENT, ids=repr)
@pytest.mark.parametrize(
    "check", [check_param_validation, check_dataframe_column_names_consistency]
)
def test_check_outside_the_common_list_passes(classifier, check):
    check(type(classifier).__name__, classifier)
