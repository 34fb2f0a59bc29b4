"""What label quality and issues say of labels of all kinds, and of bad input."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklnoise import find_label_issues, label_quality_scores
from sklnoise.issues import clean_posterior

T = np.array([[0.7, 0.3, 0.0], [0.1, 0.8, 0.1], [0.2, 0.0, 0.8]])
NAMES = np.array(["ant", "bee", "cat"])
Y = np.array([0, 1, 2, 2, 0, 1])
Y_PROBA = np.random.default_rng(0).dirichlet(np.ones(3), 6)
either = pytest.mark.parametrize("judge", [label_quality_scores, find_label_issues])


@either
@pytest.mark.parametrize(
    "container",
    [
        list,
        lambda y: pd.Series(y, index=range(6, 0, -1)),
        pl.Series,
        pd.Categorical,
        lambda y: y[:, None],
        lambda y: y.astype(object),
    ],
    ids=["list", "pandas", "polars", "categorical", "column", "object"],
)
def test_container_of_the_labels_does_not_matter(judge, container):
    found = judge(container(NAMES[Y]), Y_PROBA)
    assert_array_equal(found, judge(Y, Y_PROBA))


@either
@pytest.mark.parametrize("container", [np.ndarray.tolist, pd.DataFrame, pl.DataFrame])
def test_container_of_the_probabilities_does_not_matter(judge, container):
    found = judge(Y, container(Y_PROBA), transition_matrix=T)
    assert_array_equal(found, judge(Y, Y_PROBA, transition_matrix=T))


def test_codes_need_not_hold_every_class():
    two = Y < 2
    quality = label_quality_scores(Y[two], Y_PROBA[two], transition_matrix=T)
    expected = label_quality_scores(Y, Y_PROBA, transition_matrix=T)[two]
    assert_array_equal(quality, expected)
    is_issue = find_label_issues(Y[two], Y_PROBA[two], transition_matrix=T)
    assert quality[is_issue].max() < quality[~is_issue].min()


@either
def test_estimate_takes_codes_without_some_class(judge):
    two = Y < 2
    assert np.isfinite(judge(Y[two], Y_PROBA[two])).all()


@either
def test_labels_give_the_order_of_the_columns(judge):
    order = [2, 0, 1]
    found = judge(
        NAMES[Y],
        Y_PROBA[:, order],
        transition_matrix=T[np.ix_(order, order)],
        labels=NAMES[order],
    )
    expected = judge(Y, Y_PROBA, transition_matrix=T)
    assert_allclose(found.astype(float), expected.astype(float), atol=1e-9)


@either
@pytest.mark.parametrize("classes", [[False, True], [1.0, 2.0], [-1, 1], [1, 2]])
def test_labels_may_be_of_any_kind(judge, classes):
    codes, two = Y % 2, np.array([[0.8, 0.2], [0.3, 0.7]])
    y_proba = np.c_[Y_PROBA[:, 0], 1 - Y_PROBA[:, 0]]
    found = judge(np.array(classes)[codes], y_proba, transition_matrix=two)
    assert_array_equal(found, judge(codes, y_proba, transition_matrix=two))


BAD = {
    "nan label": (
        ([0, 1, np.nan] * 2, Y_PROBA),
        "label for every sample; sample 2 has .*nan",
    ),
    "no label": ((["ant", None, "bee"] * 2, Y_PROBA), "label for every sample; sample 1"),
    "lengths": ((Y[:5], Y_PROBA), "inconsistent numbers of samples"),
    "swapped arguments": ((Y_PROBA, Y), "labels are the first"),
    "two-dimensional labels": ((Y_PROBA, Y_PROBA), "y must hold one label per sample"),
    "samples not held out": ((Y, Y_PROBA * np.nan), "6 samples are NaN"),
    "nan probability": (
        (Y, np.where(np.eye(6, 3, k=1), np.nan, Y_PROBA)),
        "y_proba contains NaN",
    ),
    "probabilities of one class": ((Y, Y_PROBA[:, 0]), r"got shape \(6,\) of float64"),
    "names for probabilities": ((Y, NAMES[[Y, Y]].T), "one probability per class"),
    "logits": ((Y, np.log(Y_PROBA)), "not logits"),
    "another label": (([0, 1, 2, 3, 0, 1], Y_PROBA), "but 4 different labels occur"),
    "too few names": ((["ant", "bee"] * 3, Y_PROBA), "2 different labels"),
    "two kinds": (
        (np.array(["ant", 1, 2] * 2, dtype=object), Y_PROBA),
        "of one kind",
    ),
}
BAD_OPTIONS = {
    "transposed": ({"transition_matrix": T.T}, "transpose"),
    "another size": ({"transition_matrix": np.eye(2)}, r"must be of shape \(3, 3\)"),
    "not finite": ({"transition_matrix": T * np.nan}, "transition_matrix contains NaN"),
    "one label twice": ({"labels": [0, 1, 1]}, "must name 3 different classes"),
    "other labels": ({"labels": [0, 1, 3]}, r"y must hold .*got \[2\] too"),
    "negative weight": ({"sample_weight": [1, 1, 1, 1, 1, -1]}, "must not be negative"),
    "no weight": ({"sample_weight": np.zeros(6)}, "all are zero"),
    "weight of other length": ({"sample_weight": np.ones(3)}, "one weight per sample"),
}


@either
@pytest.mark.parametrize(("arguments", "message"), BAD.values(), ids=list(BAD))
def test_bad_labels_or_probabilities_are_refused(judge, arguments, message):
    with pytest.raises(ValueError, match=message):
        judge(*arguments)


@either
@pytest.mark.parametrize(
    ("options", "message"), BAD_OPTIONS.values(), ids=list(BAD_OPTIONS)
)
def test_bad_option_is_refused(judge, options, message):
    with pytest.raises(ValueError, match=message):
        judge(Y, Y_PROBA, **options)


@pytest.mark.parametrize(
    ("judge", "option"),
    [
        (label_quality_scores, {"method": "self_confidence"}),
        (find_label_issues, {"filter_by": "confident_learning"}),
        (find_label_issues, {"return_type": "index"}),
    ],
)
def test_typo_is_refused_with_what_there_is(judge, option):
    (name,) = option
    with pytest.raises(
        ValueError, match=f"The '{name}' parameter .* must be a str among"
    ):
        judge(Y, Y_PROBA, **option)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.log(Y_PROBA), T), "not logits"),
        ((Y_PROBA, T.T), "transpose"),
        ((Y_PROBA, np.eye(2)), r"must be of shape \(3, 3\)"),
    ],
)
def test_clean_posterior_refuses_what_is_no_probability(arguments, message):
    with pytest.raises(ValueError, match=message):
        clean_posterior(*arguments)
