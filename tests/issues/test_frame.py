"""The frame of label issues, and the labels that it is made from."""

import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal

from sklnoise import find_label_issues

T = np.array([[0.7, 0.3, 0.0], [0.1, 0.8, 0.1], [0.2, 0.0, 0.8]])
NAMES = np.array(["ant", "bee", "cat"])
CODES = np.array([0, 1, 2, 2, 0, 1])
Y_PROBA = np.random.default_rng(0).dirichlet(np.ones(3), 6)


def frame_of(y, y_proba=Y_PROBA, **options):
    return find_label_issues(
        y, y_proba, transition_matrix=T, return_type="frame", **options
    )


def test_frame_has_the_columns_that_it_promises():
    columns = ["label", "suggested_label", "quality", "is_issue"]
    assert frame_of(CODES).columns.tolist() == columns


def test_frame_keeps_index_and_names():
    index = ["a", "b", "c", "d", "e", "f"]
    frame = frame_of(pd.Series(NAMES[CODES], index=index))
    assert frame.index.tolist() == index
    assert_array_equal(frame["label"], NAMES[CODES])
    assert set(frame["suggested_label"]) <= set(NAMES)


def test_frame_of_a_column_of_labels_keeps_the_index():
    frame = frame_of(pd.DataFrame({"y": NAMES[CODES]}, index=range(6, 0, -1)))
    assert frame.index.tolist() == [6, 5, 4, 3, 2, 1]


def test_frame_from_polars_has_names_and_positions():
    frame = frame_of(pl.Series(NAMES[CODES]), pl.DataFrame(Y_PROBA))
    pd.testing.assert_frame_equal(frame, frame_of(NAMES[CODES]))


def test_another_label_is_suggested_where_there_is_an_issue():
    frame = frame_of(CODES)
    assert frame["is_issue"].any()
    assert_array_equal(frame["suggested_label"] != frame["label"], frame["is_issue"])


@pytest.mark.parametrize("filter_by", ["confident-learning", "self-confidence"])
def test_other_filters_suggest_the_most_probable_class(filter_by):
    frame = frame_of(NAMES[CODES], filter_by=filter_by)
    assert_array_equal(frame["suggested_label"], NAMES[Y_PROBA.argmax(axis=1)])


@pytest.fixture
def without_pandas(monkeypatch):
    """Forget pandas, and let nobody import it again."""

    class NoPandas:
        @staticmethod
        def find_spec(name, path=None, target=None):
            if name == "pandas":
                raise ModuleNotFoundError(name=name)

    monkeypatch.delitem(sys.modules, "pandas")
    monkeypatch.setattr(sys, "meta_path", [NoPandas, *sys.meta_path])


@pytest.mark.usefixtures("without_pandas")
def test_frame_without_pandas_is_an_error_that_says_what_to_do():
    with pytest.raises(ImportError, match=r'pip install "sklnoise\[frames\]"'):
        frame_of(CODES)


@pytest.mark.usefixtures("without_pandas")
def test_mask_and_indices_need_no_pandas():
    for return_type in ("mask", "indices"):
        find_label_issues(CODES, Y_PROBA, return_type=return_type)
