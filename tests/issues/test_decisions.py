"""Decisions of a reviewer correct the labels that they are about, and no others."""

import io

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal

from sklnoise.issues import apply_decisions

NAMES = ["cat", "dog", "cat", "dog", "emu"]


def decide(row, label, decision, corrected=None):
    return {"row": row, "label": label, "decision": decision, "corrected": corrected}


REVIEW = [
    decide(0, "cat", "right"),
    decide(2, "cat", "wrong", "dog"),
    decide(3, "dog", "wrong"),
    decide(4, "emu", "unsure"),
]
tables = pytest.mark.parametrize(
    "make",
    [
        list,
        iter,
        pd.DataFrame,
        pl.DataFrame,
        lambda records: pd.DataFrame(records).to_dict("list"),
        lambda records: pd.read_csv(io.StringIO(pd.DataFrame(records).to_csv())),
    ],
    ids=["records", "iterator", "pandas", "polars", "columns", "csv"],
)


@tables
def test_table_of_any_kind_corrects_the_labels(make):
    result = apply_decisions(NAMES, make(REVIEW))
    assert result.y.tolist() == ["cat", "dog", "dog", "dog", "emu"]
    assert result.trusted.tolist() == [True, False, True, False, False]
    assert result.wrong.tolist() == [False, False, False, True, False]
    counts = result.n_changed, result.n_right, result.n_wrong, result.n_unsure
    assert counts == (1, 1, 2, 1)
    assert result.new_classes == []


def test_lines_without_a_decision_are_left_out():
    records = [decide(0, "cat", cell) for cell in (None, np.nan, "", " ")]
    result = apply_decisions(NAMES, records)
    assert not result.trusted.any()
    assert result.y.tolist() == NAMES


def test_no_decision_at_all_changes_nothing():
    assert apply_decisions(NAMES, []).y.tolist() == NAMES


@pytest.mark.parametrize("word", ["Right", " RIGHT "])
def test_case_and_blanks_of_a_decision_do_not_matter(word):
    assert apply_decisions(NAMES, [decide(0, "cat", word)]).trusted[0]


def test_same_decision_twice_counts_once():
    result = apply_decisions(NAMES, REVIEW + REVIEW)
    assert (result.n_changed, result.n_right) == (1, 1)


@pytest.mark.parametrize(
    "make",
    [
        list,
        np.array,
        lambda y: np.array(y, dtype=object),
        pd.Series,
        lambda y: pd.Series(y, dtype="category"),
        lambda y: pd.DataFrame({"label": y}),
        pl.Series,
    ],
)
def test_labels_given_are_not_changed(make):
    y, before = make(NAMES), make(NAMES)
    records = [dict(record) for record in REVIEW]
    apply_decisions(y, records)
    assert np.asarray(y).tolist() == np.asarray(before).tolist()
    assert records == REVIEW


# Which sample


def test_row_is_the_name_in_the_index_of_a_series():
    y = pd.Series(["cat", "dog"], index=["b", "a"], name="animal")
    corrected = apply_decisions(y, [decide("a", "dog", "wrong", "cat")]).y
    expected = pd.Series(["cat", "cat"], index=["b", "a"], name="animal")
    pd.testing.assert_series_equal(corrected, expected)


def test_index_given_names_the_samples():
    y = pd.Series(["cat", "dog"], index=["b", "a"])
    result = apply_decisions(y, [decide(1, "cat", "right")], index=[1, 2])
    assert result.trusted.tolist() == [True, False]


@pytest.mark.parametrize("row", [1, "1", 1.0, np.int64(1)])
def test_row_may_have_been_read_as_any_type(row):
    assert apply_decisions(NAMES, [decide(row, "dog", "right")]).trusted[1]


# Which label


@pytest.mark.parametrize("dtype", ["int8", "int64", "float32", "Int64", "category"])
def test_series_keeps_its_type(dtype):
    y = pd.Series([1, 2, 2]).astype(dtype)
    corrected = apply_decisions(y, [decide(1, 2, "wrong", 1)]).y
    assert corrected.dtype == y.dtype
    assert corrected.tolist() == [1, 1, 2]


@pytest.mark.parametrize("dtype", ["int8", "uint8", "float32", "<U3", "bool"])
def test_array_keeps_its_type(dtype):
    y = np.array([0, 1, 1]).astype(dtype)
    corrected = apply_decisions(y, [decide(1, y[1], "wrong", y[0])]).y
    assert corrected.dtype == y.dtype
    assert_array_equal(corrected, y[[0, 0, 2]])


@pytest.mark.parametrize(
    ("y", "label", "corrected", "expected"),
    [
        (["ab", "b"], "ab", "abcd", "abcd"),
        (np.array([1, 2], dtype=np.int8), 1, 200, 200),
        (np.array([b"a", b"b"]), b"a", b"emu", b"emu"),
        (pd.Series([1, 2], dtype="int8"), "1", "200", 200),
        (pd.Series(["a", "b"], dtype="category"), "a", "c", "c"),
        (["1", "2"], 1, 3.0, "3"),
    ],
)
def test_new_class_makes_room_for_itself(y, label, corrected, expected):
    result = apply_decisions(y, [decide(0, label, "wrong", corrected)])
    assert np.asarray(result.y).tolist()[0] == expected
    assert result.new_classes == [expected]


@pytest.mark.parametrize(
    ("y", "label", "corrected", "expected"),
    [
        ([1, 2], "1", "2", 2),
        ([1, 2], 1.0, 2.0, 2),
        (["1", "2"], 1, 2.0, "2"),
        (["01", "02"], 1, 2, "02"),
        ([0.5, 1.5], "0.5", "1.50", 1.5),
        ([True, False], "TRUE", "FALSE", False),
        ([True, False], "true", 0, False),
        (["NA", "no"], "NA", "no", "no"),
        ([" cat", "dog"], "cat", "dog ", "dog"),
        ([10**17 + 1, 10**17], str(10**17 + 1), str(10**17), 10**17),
    ],
)
def test_label_is_recognised_after_a_file(y, label, corrected, expected):
    result = apply_decisions(y, [decide(0, label, "wrong", corrected)])
    assert result.y.tolist() == [expected, y[1]]
    assert type(result.y.tolist()[0]) is type(y[0])
    assert result.new_classes == []


def test_exact_spelling_comes_before_a_number():
    y = ["1", "01"]
    result = apply_decisions(y, [decide(0, "1", "right"), decide(1, "01", "right")])
    assert result.trusted.all()


@pytest.mark.parametrize("missing", [None, np.nan])
def test_missing_label_may_be_filled_in(missing):
    y = np.array(["cat", missing], dtype=object)
    result = apply_decisions(y, [decide(1, np.nan, "wrong", "cat")])
    assert result.y.tolist() == ["cat", "cat"]
    assert result.trusted.tolist() == [False, True]


# What is refused


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ([decide(5, "cat", "right")], r"got 5, where .*\[0, 1, 2"),
        ([decide(-1, "emu", "right")], "got -1"),
        ([decide(0.5, "cat", "right")], r"got 0\.5"),
        ([decide(0, "dog", "right")], "row 0 is about 'dog', y has 'cat'"),
        ([decide(0, None, "right")], "row 0 is about None"),
        ([decide(0, "cat", "rihgt")], "Did you mean 'right'"),
        ([decide(0, "cat", "xyz")], "'xyz'.$"),
        ([decide(0, "cat", "right", "dog")], "another label is given"),
        ([decide(0, "cat", "wrong", "cat")], "corrected label is the same"),
        ([*REVIEW, decide(0, "cat", "wrong", "dog")], "row 0 contradict"),
        ([*REVIEW, decide(2, "cat", "wrong", "emu")], "'dog' and wrong, 'emu'"),
        ([*REVIEW, decide(0, "cat", "unsure")], "right and unsure"),
        ([{"row": 0, "decision": "right"}], r"columns .*label"),
        ({"row": [0], "label": [], "decision": ["right"]}, "one length"),
    ],
)
def test_wrong_decisions_are_refused(records, message):
    with pytest.raises(ValueError, match=message):
        apply_decisions(NAMES, records)


@pytest.mark.parametrize("decisions", [3, None, "decisions.csv", [1, 2], {"row": 1}])
def test_what_is_no_table_is_refused(decisions):
    with pytest.raises((TypeError, ValueError), match="decisions must"):
        apply_decisions(NAMES, decisions)


def test_missing_label_cannot_be_right():
    y = np.array(["cat", None], dtype=object)
    with pytest.raises(ValueError, match="there is no label"):
        apply_decisions(y, [decide(1, None, "right")])


def test_label_of_another_kind_is_refused():
    with pytest.raises(ValueError, match=r"integers; got 'dog'"):
        apply_decisions([1, 2], [decide(0, 1, "wrong", "dog")])


def test_name_of_several_samples_is_refused_where_it_is_used():
    y = pd.Series(["cat", "dog", "emu"], index=[7, 7, 8])
    assert apply_decisions(y, [decide(8, "emu", "right")]).trusted[2]
    with pytest.raises(ValueError, match="7 is the name of several"):
        apply_decisions(y, [decide(7, "cat", "right")])


def test_index_of_another_length_is_refused():
    with pytest.raises(ValueError, match="5 samples"):
        apply_decisions(NAMES, REVIEW, index=[1, 2])


def test_table_of_labels_is_refused():
    with pytest.raises(ValueError, match="shape"):
        apply_decisions([NAMES, NAMES], REVIEW)
