"""Files become tables, cell by cell, with the row numbers that the file has."""

from datetime import date

import numpy as np
import pandas as pd
import polars as pl
import pytest

from sklnoise.cli._errors import BadInput
from sklnoise.cli._files import read_table
from sklnoise.cli._targets import labels_that_differ_in_case, read_labels, read_trusted


def table_of(tmp_path, text, name="table.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return read_table(path)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separator_is_found(tmp_path, separator):
    text = "a,b\n1,2\n".replace(",", separator)
    assert table_of(tmp_path, text).to_dict("list") == {"a": ["1"], "b": ["2"]}


def test_quoted_names_do_not_decide_the_separator(tmp_path):
    table = table_of(tmp_path, '"x, y, z";b\n1;2\n')
    assert table.columns.tolist() == ["x, y, z", "b"]


def test_tsv_is_separated_by_tabs(tmp_path):
    table = table_of(tmp_path, "a, b\tc\n1\t2\n", "table.tsv")
    assert table.columns.tolist() == ["a, b", "c"]


def test_cells_stay_as_they_stand_there(tmp_path):
    table = table_of(tmp_path, "a,b\n007,NA\n1.50,None\n")
    assert table.to_numpy().tolist() == [["007", "NA"], ["1.50", "None"]]


def test_byte_order_mark_is_no_part_of_a_name(tmp_path):
    assert table_of(tmp_path, "\ufeffa,b\n1,2\n").columns.tolist() == ["a", "b"]


def test_column_without_a_name_is_called_after_its_place(tmp_path):
    assert table_of(tmp_path, ",b\n1,2\n").columns.tolist() == ["column 1", "b"]


def test_name_for_a_nameless_column_is_free(tmp_path):
    table = table_of(tmp_path, ",column 1\n1,2\n")
    assert table.columns.tolist() == ["column 1 (no name)", "column 1"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_of_two_or_four_bytes_is_read_by_its_mark(tmp_path, encoding):
    mark = "\ufeff" if encoding.endswith(("le", "be")) else ""
    path = tmp_path / "table.csv"
    path.write_bytes(f"{mark}ä;b\n1;☃\n".encode(encoding))
    assert read_table(path).to_dict("list") == {"ä": ["1"], "b": ["☃"]}


def test_separator_told_to_excel_is_taken_and_its_line_not_counted(tmp_path):
    table = table_of(tmp_path, "sep=;\na,b,c;d\n1,5;2\n")
    assert table.to_dict("list") == {"a,b,c": ["1,5"], "d": ["2"]}
    assert table.index.tolist() == [2]


def test_leading_blank_lines_are_skipped_and_counted(tmp_path):
    table = table_of(tmp_path, "\n  \na;b\n1;2\n")
    assert table.to_dict("list") == {"a": ["1"], "b": ["2"]}
    assert table.index.tolist() == [4]


def test_rows_are_numbered_as_in_the_file(tmp_path):
    table = table_of(tmp_path, "a,b\n1,2\n\n3,4\n\n\n")
    assert table.index.tolist() == [2, 3, 4]
    assert table.loc[4].tolist() == ["3", "4"]


def test_parquet_keeps_integers_beside_missing_ones(tmp_path):
    columns = {"n": [1, None], "day": [date(2020, 1, 2), None], "tags": [["x"], None]}
    pl.DataFrame(columns).write_parquet(tmp_path / "table.parquet")
    table = read_table(tmp_path / "table.parquet")
    assert table["n"].tolist() == [1, None]
    assert table["day"].tolist() == [date(2020, 1, 2), None]
    assert table["tags"].tolist() == ["['x']", None]
    assert table.index.tolist() == [1, 2]


def test_text_that_parquet_holds_as_bytes_is_read(tmp_path):
    pl.DataFrame({"x": [b"cat", None]}).write_parquet(tmp_path / "table.parquet")
    assert read_table(tmp_path / "table.parquet")["x"].tolist() == ["cat", None]


@pytest.mark.parametrize(
    ("cells", "labels"),
    [
        (["1", "", "0", "10"], [1, 0, 10]),
        (["01", "1", "NA"], ["01", "1"]),
        (["none", "some", "?"], ["none", "some"]),
        ([1.0, np.nan, 2.0], [1, 2]),
        (["1", "1.0", "-2.00"], [1, 1, -2]),
        (["1.5", "1", "1.0"], ["1.5", "1", "1.0"]),
        (["inf", "one"], ["inf", "one"]),
        ([True, None, False], ["True", "False"]),
    ],
)
def test_labels_are_integers_only_where_written_so(cells, labels):
    found, is_labelled = read_labels(pd.Series(cells, dtype=object, name="label"))
    assert found.tolist() == labels
    assert is_labelled.sum() == len(labels)


def test_one_number_written_in_two_ways_is_one_class():
    with pytest.raises(BadInput, match="'1' in all 2 rows"):
        read_labels(pd.Series(["1", "1.0"], dtype=object, name="label"))


def test_labels_alike_but_for_their_case_are_found():
    assert labels_that_differ_in_case(["Cat", "cat", "dog", 1]) == [["Cat", "cat"]]


@pytest.mark.parametrize(
    "cells",
    [
        ["yes", "no", "", "YES"],
        ["1", "0", "?", "1"],
        [True, False, None, True],
        [1.0, 0.0, np.nan, 1.0],
    ],
)
def test_trusted_rows_are_the_true_ones(cells):
    column = pd.Series(cells, dtype=object, name="checked")
    assert read_trusted(column).tolist() == [True, False, False, True]


def test_no_row_is_trusted_where_none_is_marked():
    column = pd.Series(["", ""], dtype=object, name="checked")
    assert read_trusted(column).tolist() == [False, False]
