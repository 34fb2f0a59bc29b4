"""From labels to the columns that they belong to."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal

from sklnoise._labels import (
    are_codes,
    check_classes,
    check_labels,
    encode,
    is_missing,
    listed,
    match_labels,
    infer_classes,
)


@pytest.mark.parametrize(
    "y",
    [
        ["bee", "ant", "cat", "ant"],
        [2, -1, 7, -1],
        [0.5, 0.25, 1.0, 0.25],
        np.array(["bee", "ant", "cat", "ant"], dtype=object),
        pd.Series(["bee", "ant", "cat", "ant"], index=[5, 4, 3, 2]),
        pd.Series(["bee", "ant", "cat", "ant"], dtype="category"),
        pl.Series(["bee", "ant", "cat", "ant"]),
    ],
    ids=["strings", "integers", "floats", "objects", "pandas", "categorical", "polars"],
)
def test_labels_are_matched_in_sorted_order(y):
    codes, classes = match_labels(y, 3)
    assert codes.dtype == np.int64
    assert_array_equal(codes, [1, 0, 2, 0])
    assert_array_equal(classes[codes], np.asarray(y))


def test_booleans_are_two_classes():
    codes, classes = match_labels([True, False, True], 2)
    assert_array_equal(codes, [1, 0, 1])
    assert_array_equal(classes, [False, True])


def test_integers_in_range_are_the_numbers_of_columns():
    codes, classes = match_labels([2, 0, 2], 4)
    assert_array_equal(codes, [2, 0, 2])
    assert_array_equal(classes, [0, 1, 2, 3])


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int64])
def test_codes_are_of_one_type(dtype):
    assert match_labels(np.array([0, 1], dtype=dtype), 2)[0].dtype == np.int64


def test_labels_give_the_order_of_the_columns():
    codes, classes = match_labels(["ant", "cat"], 3, labels=["cat", "ant", "bee"])
    assert_array_equal(codes, [1, 0])
    assert_array_equal(classes, ["cat", "ant", "bee"])


def test_labels_give_the_order_of_integers_too():
    assert_array_equal(match_labels([0, 1, 2], 3, labels=[2, 0, 1])[0], [1, 2, 0])


def test_column_of_labels_is_taken_for_labels():
    assert_array_equal(check_labels([["a"], ["b"]], "y"), ["a", "b"])


@pytest.mark.parametrize("y", [[], np.eye(3), "ant", 3], ids=str)
def test_what_is_not_one_label_a_row_is_refused(y):
    with pytest.raises(ValueError, match="y_pred must hold one label a row"):
        check_labels(y, "y_pred")


@pytest.mark.parametrize("missing", [None, np.nan, float("nan"), pd.NA, pd.NaT])
def test_missing_label_is_refused(missing):
    y = np.array(["ant", missing], dtype=object)
    assert is_missing(missing)
    with pytest.raises(ValueError, match="y must have a label in every row; row 1 has"):
        check_labels(y, "y")


@pytest.mark.parametrize("label", ["ant", "", 0, 0.0, False, "nan", ("a", "b")])
def test_label_is_not_missing(label):
    assert not is_missing(label)


@pytest.mark.parametrize(
    "labels", [["ant", "bee"], ["ant", "bee", "bee"], ["ant", "bee", "cat", "dog"]]
)
def test_classes_must_be_as_many_as_columns(labels):
    with pytest.raises(ValueError, match="labels must name 3 different classes"):
        check_classes(labels, 3)


def test_classes_are_a_copy():
    labels = np.array(["ant", "bee"])
    assert not np.shares_memory(check_classes(labels, 2), labels)


def test_classes_occur_in_any_of_several_labels():
    y, y_pred = np.array(["ant", "bee"]), np.array(["cat", "ant"])
    assert_array_equal(infer_classes(3, y, y_pred), ["ant", "bee", "cat"])


def test_codes_in_one_of_several_labels_only_are_labels():
    found = infer_classes(2, np.array([0, 1]), np.array([1, 2])[:1])
    assert_array_equal(found, [0, 1])
    with pytest.raises(ValueError, match="but 3 different labels occur"):
        infer_classes(2, np.array([0, 1]), np.array([1, 2]))


@pytest.mark.parametrize("n_classes", [2, 4])
def test_labels_that_are_not_as_many_as_columns_are_refused(n_classes):
    message = rf"are {n_classes} classes, but 3 .*: \['a', 'b', 'c'\]. Pass all of them"
    with pytest.raises(ValueError, match=message):
        match_labels(["a", "b", "c"], n_classes)


def test_numbers_and_names_do_not_mix():
    with pytest.raises(ValueError, match="got both numbers and others"):
        match_labels(np.array(["ant", 1], dtype=object), 2)


def test_unknown_label_is_named():
    with pytest.raises(ValueError, match=r"classes \['ant', 'bee'\]; got \['cat'\] too"):
        encode(np.array(["ant", "cat"]), np.array(["ant", "bee"]), "y")


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        ([0, 2], True),
        ([0, 3], False),
        ([-1, 1], False),
        ([0.0, 1.0], False),
        ([False, True], False),
        (["0", "1"], False),
    ],
)
def test_codes_are_integers_from_zero(y, expected):
    assert are_codes(np.array(y), 3) == expected


def test_few_labels_are_listed_and_many_cut_short():
    assert listed(np.array([3, 1])) == "[3, 1]"
    assert listed({"b", "a"}) == "['a', 'b']"
    assert listed(range(9)) == "[0, 1, 2, 3, 4, 5, 6, 7, ...]"


def test_labels_are_not_changed():
    y, labels = np.array([2, 1]), np.array([2, 1])
    y.setflags(write=False)
    labels.setflags(write=False)
    match_labels(y, 2, labels=labels)
