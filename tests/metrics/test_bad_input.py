"""Input of the scores on noisy labels: containers, and what is refused."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal

from sklnoise.metrics import (
    noise_corrected_accuracy_score,
    noise_corrected_confusion_matrix,
)

T = np.array([[0.8, 0.2], [0.3, 0.7]])
Y, Y_PRED = np.array(["ant", "bee", "ant", "bee"]), np.array(["ant", "ant", "bee", "bee"])
either = pytest.mark.parametrize(
    "metric", [noise_corrected_accuracy_score, noise_corrected_confusion_matrix]
)
BAD = {
    "transposed": ((Y, Y_PRED, T.T), "it is transposed"),
    "singular": (
        (Y, Y_PRED, np.full((2, 2), 0.5)),
        "must be invertible",
    ),
    "another size": ((Y, Y_PRED, np.eye(3)), "are 3 classes, but 2 different"),
    "not finite": ((Y, Y_PRED, T * np.nan), "transition_matrix contains NaN"),
    "lengths": ((Y, Y_PRED[:3], T), "inconsistent numbers of samples"),
    "probabilities": ((Y, np.eye(4, 2), T), "y_pred must hold one label per sample"),
    "no samples": (([], [], T), "at least one sample"),
    "nan": (
        ([0, 1, np.nan], [0, 1, 1], T),
        "y_noisy must have a label for every sample; sample 2",
    ),
    "none": (
        (Y, ["ant", None, "bee", "bee"], T),
        "y_pred must have a label for every sample",
    ),
    "pandas.NA": ((Y[:2], pd.array(["ant", pd.NA]), T), "sample 1 has <NA>"),
    "two kinds": ((Y, [0, 0, 1, 1], T), "of one kind"),
    "a class too many": ((Y, ["ant", "bee", "cat", "ant"], T), "3 different labels"),
    "a class too few": ((["ant"] * 4, ["ant"] * 4, T), "1 different labels"),
}
BAD_OPTIONS = {
    "one label twice": ({"labels": ["ant", "ant"]}, "must name 2 different classes"),
    "too many labels": (
        {"labels": ["ant", "bee", "cat"]},
        "must name 2 different classes",
    ),
    "other labels": (
        {"labels": ["ant", "cat"]},
        r"y_noisy must hold .*got \['bee'\] too",
    ),
    "negative weight": ({"sample_weight": [1, 1, 1, -1]}, "must not be negative"),
    "no weight": ({"sample_weight": np.zeros(4)}, "all are zero"),
    "weight of other length": ({"sample_weight": np.ones(3)}, "one weight per sample"),
}


@either
@pytest.mark.parametrize(("args", "message"), BAD.values(), ids=list(BAD))
def test_bad_input_is_refused(metric, args, message):
    with pytest.raises(ValueError, match=message):
        metric(*args)


@either
@pytest.mark.parametrize(
    ("options", "message"), BAD_OPTIONS.values(), ids=list(BAD_OPTIONS)
)
def test_bad_option_is_refused(metric, options, message):
    with pytest.raises(ValueError, match=message):
        metric(Y, Y_PRED, T, **options)


@either
@pytest.mark.parametrize(
    "container",
    [list, pd.Series, pl.Series, pd.Categorical, lambda y: y[:, None], pd.DataFrame],
    ids=["list", "pandas", "polars", "categorical", "column", "frame"],
)
def test_container_of_the_labels_does_not_matter(metric, container):
    found = metric(container(Y), container(Y_PRED), pd.DataFrame(T))
    assert_array_equal(found, metric(Y, Y_PRED, T))


@either
@pytest.mark.parametrize("classes", [[False, True], [1.0, 2.0], [-1, 1], [1, 2]])
def test_labels_may_be_of_any_kind(metric, classes):
    codes = [np.unique(y, return_inverse=True)[1] for y in (Y, Y_PRED)]
    found = metric(*np.array(classes)[np.array(codes)], T)
    assert_array_equal(found, metric(Y, Y_PRED, T))


@either
def test_arguments_are_not_changed(metric):
    matrix, weight, labels = T.copy(), np.arange(4.0), np.array(["ant", "bee"])
    matrix.setflags(write=False)
    weight.setflags(write=False)
    labels.setflags(write=False)
    y, y_pred = Y.copy(), Y_PRED.copy()
    metric(y, y_pred, matrix, labels=labels, sample_weight=weight)
    assert_array_equal([y, y_pred], [Y, Y_PRED])
