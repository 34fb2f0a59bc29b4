"""Errors of parameters name what may have been meant."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from sklnoise import (
    ConfidentLearningClassifier,
    NoiseCalibratedClassifier,
    NoiseRobustClassifier,
    NoiseRobustConformalClassifier,
    find_label_issues,
)
from sklnoise.inspection import noise_report

X, Y = np.arange(20.0).reshape(10, 2), np.arange(10) % 2


@pytest.mark.parametrize(
    ("estimator", "hint"),
    [
        (NoiseRobustClassifier(correction="foward"), "Did you mean 'forward'?"),
        (NoiseRobustClassifier(correction="Forward_ELR"), "Did you mean 'forward-elr'?"),
        (NoiseRobustClassifier(transition="confidentjoint"), "'confident-joint'?"),
        (NoiseRobustClassifier(refit="first_pass"), "Did you mean 'first-pass'?"),
        (NoiseRobustClassifier(transition=20), "did you mean 0.2?"),
        (
            ConfidentLearningClassifier(LogisticRegression(), action="weight"),
            "Did you mean 'reweight'?",
        ),
        (
            NoiseCalibratedClassifier(LogisticRegression(), method="temprature"),
            "Did you mean 'temperature'?",
        ),
        (NoiseRobustConformalClassifier(confidence_level=90), "did you mean 0.9?"),
    ],
)
def test_error_says_what_may_have_been_meant(estimator, hint):
    with pytest.raises(ValueError, match="parameter of") as caught:
        estimator.fit(X, Y)
    assert hint in str(caught.value)


def test_names_are_sorted():
    with pytest.raises(ValueError, match="among") as caught:
        NoiseRobustClassifier(correction="?").fit(X, Y)
    names = str(caught.value).partition("{")[2].partition("}")[0].split(", ")
    assert names == sorted(names)
    assert "Did you mean" not in str(caught.value)


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (find_label_issues, (None, X, Y), "find_label_issues.. takes y, y_proba without"),
        (noise_report, (None, X, Y, "x.html"), "takes estimator, X, y without"),
    ],
)
def test_arguments_that_need_their_name_are_told(function, arguments, message):
    with pytest.raises(TypeError, match=message):
        function(*arguments)


def test_unknown_keyword_of_fit_is_told_before_the_folds():
    with pytest.raises(TypeError, match=r"sample_wieght.*Did you mean 'sample_weight'"):
        NoiseRobustClassifier().fit(X, Y, sample_wieght=np.ones(10))


def test_texts_are_told_to_be_turned_into_numbers():
    with pytest.raises(ValueError, match="X holds texts, such as 'a b'"):
        NoiseRobustClassifier().fit(["a b", "c d"] * 5, Y)


@pytest.mark.parametrize("labels", [[-1, 0, 1], [-1, 1, 3], [0, 1, 2]])
def test_class_that_elsewhere_means_no_label_warns(labels, recwarn):
    y = np.array(labels)[np.arange(30) % 3]
    NoiseRobustClassifier(transition=0.1, random_state=0).fit(y[:, None] * 1.0, y)
    told = [str(w.message) for w in recwarn if "-1" in str(w.message)]
    assert bool(told) == (labels == [-1, 0, 1])
