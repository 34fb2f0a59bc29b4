"""Errors of parameters name what may have been meant."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from sklnoise import (
    ConfidentLearningClassifier,
    NoiseCalibratedClassifier,
    NoiseRobustClassifier,
    NoiseRobustConformalClassifier,
)

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
