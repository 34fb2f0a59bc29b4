"""The display of prediction sets shows size and coverage for each level."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_allclose
from sklearn.datasets import make_blobs
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklnoise import NoiseRobustConformalClassifier
from sklnoise.inspection import PredictionSetDisplay

X, y = make_blobs(300, centers=3, cluster_std=2.5, random_state=0)
LEVELS = [0.6, 0.8, 0.95]


@pytest.fixture(scope="module")
def fitted():
    clf = NoiseRobustConformalClassifier(
        LogisticRegression(), transition=0.1, random_state=0
    )
    return make_pipeline(StandardScaler(), clf).fit(X, y)


def test_lines_are_sizes_and_coverages_of_the_levels(fitted):
    display = PredictionSetDisplay.from_estimator(
        fitted, X, y, confidence_levels=LEVELS, ax=Figure().subplots()
    )
    estimated, clean = display.lines_
    sets = [
        fitted[-1].predict_set(fitted[:-1].transform(X), confidence_level=level)
        for level in LEVELS
    ]
    assert_allclose(clean.get_xdata(), [y_set.sum(axis=1).mean() for y_set in sets])
    covered = [y_set[np.arange(len(y)), y].mean() for y_set in sets]
    assert_allclose(clean.get_ydata(), covered)
    assert (estimated.get_ydata() >= LEVELS).all()
    low, high = np.transpose(display.intervals)
    assert (low <= estimated.get_ydata()).all()
    assert (estimated.get_ydata() <= high).all()


def test_without_clean_labels_there_is_one_line(fitted):
    display = PredictionSetDisplay.from_estimator(fitted, X)
    assert len(display.lines_) == 1
    assert display.band_ is not None


def test_bad_input_is_named(fitted):
    with pytest.raises(ValueError, match="confidence_levels"):
        PredictionSetDisplay.from_estimator(fitted, X, confidence_levels=[0.5, 1.0])
    with pytest.raises(ValueError, match="y must"):
        PredictionSetDisplay.from_estimator(fitted, X, y[:-1])
    with pytest.raises(ValueError, match="confidence_levels"):
        PredictionSetDisplay([0.9], [1.0, 2.0], [0.9, 0.9]).plot()
    with pytest.raises(TypeError, match="Conformal"):
        PredictionSetDisplay.from_estimator(LogisticRegression(), X)
    with pytest.raises(TypeError, match="ax"):
        PredictionSetDisplay([0.9], [1.0], [0.9]).plot(ax=1)
