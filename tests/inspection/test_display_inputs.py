"""Displays take arrays of other libraries, and say what is wrong with all others."""

import numpy as np
import polars as pl
import pytest
import torch
from matplotlib.figure import Figure
from sklearn.linear_model import LogisticRegression

from sklnoise.inspection import (
    LabelIssuesDisplay,
    RobustnessCurveDisplay,
    TrainingHistoryDisplay,
    TransitionMatrixDisplay,
)

T = np.array([[0.9, 0.1], [0.2, 0.8]])
ISSUES = {
    "labels": np.array([0, 1, 1]),
    "suggested_labels": np.array([1, 1, 1]),
    "quality": np.array([0.2, 0.9, 0.8]),
    "is_issue": np.array([True, False, False]),
}
X, Y = np.arange(12.0)[:, None], np.arange(12) % 2


def axes():
    return Figure().subplots()


@pytest.mark.parametrize("convert", [torch.tensor, pl.Series, list])
def test_issues_of_any_container(convert):
    issues = {name: convert(values) for name, values in ISSUES.items()}
    display = LabelIssuesDisplay(**issues).plot(ax=axes())
    assert display.worst_.tolist() == [0]


@pytest.mark.parametrize("name", ISSUES)
@pytest.mark.parametrize("change", [lambda v: v[:0], lambda v: v[:, None]])
def test_issues_of_other_shapes(name, change):
    with pytest.raises(ValueError, match=name):
        LabelIssuesDisplay(**ISSUES | {name: change(ISSUES[name])}).plot(ax=axes())


@pytest.mark.parametrize("name", ["transition_matrix", "standard_error"])
def test_matrix_of_tensors_with_gradient(name):
    tensor = torch.tensor(T, requires_grad=True)
    display = TransitionMatrixDisplay(**{"transition_matrix": T, name: tensor})
    assert display.plot(ax=axes()).text_[0, 0].get_text() == "0.90"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("transition_matrix", T + 0j),
        ("transition_matrix", T[:1]),
        ("standard_error", T + 0j),
        ("standard_error", T.astype(str)),
        ("display_labels", True),
    ],
)
def test_matrix_that_cannot_be_drawn(name, value):
    with pytest.raises(ValueError, match=name):
        TransitionMatrixDisplay(**{"transition_matrix": T, name: value}).plot(ax=axes())


def test_names_that_are_no_list():
    with pytest.raises(ValueError, match="display_labels"):
        TransitionMatrixDisplay.from_matrix(T, display_labels=True, ax=axes())


@pytest.mark.parametrize("epoch", [0, -3, 3, np.int64(3), 1.5, "1"])
def test_kept_epoch_that_history_lacks(epoch):
    history = [{"train_loss": 1.0}, {"train_loss": 0.5}]
    with pytest.raises(ValueError, match="kept_epoch"):
        TrainingHistoryDisplay(history, kept_epoch=epoch).plot(ax=axes())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("noise_rates", {}),
        ("noise_rates", [0, 2]),
        ("accuracies", {"a": "b"}),
        ("accuracies", {"a": [0.5]}),
        ("accuracies", {}),
    ],
)
def test_curves_that_cannot_be_drawn(name, value):
    curves = {"noise_rates": [0.0, 0.4], "accuracies": {"a": [0.9, 0.8]}}
    with pytest.raises(ValueError, match=name):
        RobustnessCurveDisplay(**curves | {name: value}).plot(ax=axes())


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("cv", {"X": X[:1], "y": Y[:1]}),
        ("cv", {"X": X[:2], "y": Y[:2]}),
        ("cv", {"cv": [(np.arange(11), [11], 3)]}),
        ("cv", {"cv": [(np.arange(12), [12])]}),
        ("cv", {"cv": [(["a"], ["b"])]}),
        ("y", {"y": [[k] * (1 + k) for k in Y]}),
        ("X", {"X": np}),
        ("estimator", {"estimator": np.array(3)}),
        ("estimator", {"X": np.array([["a"]] * 12)}),
    ],
)
def test_training_that_cannot_be_done(name, params):
    given = {"estimator": LogisticRegression(), "X": X, "y": Y, "random_state": 0}
    with pytest.raises((TypeError, ValueError), match=f"^{name}"):
        RobustnessCurveDisplay.from_estimator(**given | params, ax=axes())
