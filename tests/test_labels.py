"""From labels to the columns that they belong to."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal

from sklnoise._labels import (
    check_classes,
    check_labels,
    encode_kept_labels,
    infer_classes,
    match_labels,
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


@pytest.mark.parametrize("y", [[1, 2, 1], [3, 2, 3], [1]], ids=str)
def test_integers_that_may_start_at_one_are_ambiguous(y):
    with pytest.raises(ValueError, match="labels="):
        match_labels(y, 4)
    assert_array_equal(match_labels(y, 4, labels=range(1, 5))[0], np.array(y) - 1)
    assert_array_equal(match_labels(y, 4, labels=range(4))[0], y)


def test_messages_stay_short_where_labels_are_long():
    with pytest.raises(ValueError, match="labels") as error:
        match_labels([str(i) * 10_000 for i in range(9)], 3)
    assert len(str(error.value)) < 2000


def test_labels_give_the_order_of_the_columns():
    codes, classes = match_labels(["ant", "cat"], 3, labels=["cat", "ant", "bee"])
    assert_array_equal(codes, [1, 0])
    assert_array_equal(classes, ["cat", "ant", "bee"])


def test_labels_give_the_order_of_integers_too():
    assert_array_equal(match_labels([0, 1, 2], 3, labels=[2, 0, 1])[0], [1, 2, 0])


def test_column_of_labels_is_taken_for_labels():
    assert_array_equal(check_labels([["a"], ["b"]], "y"), ["a", "b"])


@pytest.mark.parametrize("y", [[], np.eye(3), "ant", 3], ids=str)
def test_what_is_not_one_label_per_sample_is_refused(y):
    with pytest.raises(ValueError, match="y_pred must hold one label per sample"):
        check_labels(y, "y_pred")


@pytest.mark.parametrize("missing", [None, np.nan, float("nan"), pd.NA, pd.NaT])
def test_missing_label_is_refused(missing):
    y = np.array(["ant", missing], dtype=object)
    with pytest.raises(ValueError, match="label for every sample; sample 1 has"):
        check_labels(y, "y")


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
    message = rf"are {n_classes} classes, but 3 .*: \['a', 'b', 'c'\]"
    with pytest.raises(ValueError, match=message):
        match_labels(["a", "b", "c"], n_classes)


def test_numbers_and_names_do_not_mix():
    with pytest.raises(ValueError, match="of one kind"):
        match_labels(np.array(["ant", 1], dtype=object), 2)


def test_unknown_label_is_named():
    with pytest.raises(ValueError, match=r"classes \['ant', 'bee'\]; got \['cat'\] too"):
        match_labels(["ant", "cat"], 2, labels=["ant", "bee"])


def test_labels_are_not_changed():
    y, labels = np.array([2, 1]), np.array([2, 1])
    y.setflags(write=False)
    labels.setflags(write=False)
    match_labels(y, 2, labels=labels)


def test_many_labels_are_not_all_listed():
    with pytest.raises(ValueError, match=r"7.0, \.\.\.\]"):
        match_labels(np.arange(9) + 0.0, 3)


@pytest.mark.parametrize("dtype", [object, "U3"])
def test_labels_that_are_not_kept_stay_classes(dtype):
    y, kept = np.array(["cat", "ant", "bee", "cat"], dtype=dtype), np.array([0, 1, 3])
    codes, classes = encode_kept_labels(y, kept)
    assert_array_equal(codes, [2, 0, 1, 2])
    assert classes.tolist() == ["ant", "bee", "cat"]
    assert classes.dtype == dtype


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_missing_label_is_no_class_and_must_not_be_kept(missing):
    y = np.array(["cat", missing, "ant"], dtype=object)
    codes, classes = encode_kept_labels(y, np.array([0, 2]))
    assert_array_equal(codes, [1, -1, 0])
    assert classes.tolist() == ["ant", "cat"]
    with pytest.raises(ValueError, match="sample 1"):
        encode_kept_labels(y, np.array([0, 1]))


@pytest.mark.filterwarnings("ignore:The number of unique classes")
@pytest.mark.parametrize("dtype", [int, float, str])
def test_many_labels_that_all_differ_are_no_classes(dtype):
    y = np.arange(300).astype(dtype)
    with pytest.raises(ValueError, match="all 300 labels differ"):
        encode_kept_labels(y, np.arange(300))
    codes, _ = encode_kept_labels(y, np.arange(5))
    assert len(set(codes.tolist())) == 300


def test_integers_are_no_codes_of_kept_labels():
    codes, classes = encode_kept_labels(np.array([0, 2, 2]), np.arange(3))
    assert_array_equal(codes, [0, 1, 1])
    assert_array_equal(classes, [0, 2])


def test_continuous_targets_are_refused():
    with pytest.raises(ValueError, match="continuous"):
        encode_kept_labels(np.array([0.1, 0.25]), np.arange(2))
