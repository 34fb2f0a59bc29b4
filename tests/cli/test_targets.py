"""Labels and trusted rows are read as they are written."""

import pandas as pd
import pytest


def fit_to(cli, tmp_path, *options, **columns):
    """Audit a table of some columns until the fit begins."""
    n_rows = len(next(iter(columns.values())))
    columns["x"] = [0.5 + i for i in range(n_rows)]
    # Types are those of Parquet; CSV is text.
    if isinstance(columns["label"][0], str):
        path = tmp_path / "table.csv"
        pd.DataFrame(columns).to_csv(path, index=False)
    else:
        path = tmp_path / "table.parquet"
        pd.DataFrame(columns).to_parquet(path)
    return cli("audit", path, "--target", "label", *options)


@pytest.mark.parametrize(
    ("cells", "labels"),
    [
        (["1", "", "0", "10"], [1, 0, 10]),
        (["01", "1", "NA"], ["01", "1"]),
        (["none", "some", "?"], ["none", "some"]),
        ([1.0, None, 2.0], [1, 2]),
        (["1", "1.0", "-2.00"], [1, 1, -2]),
        (["1.5", "1", "1.0"], ["1.5", "1", "1.0"]),
        (["inf", "one"], ["inf", "one"]),
        ([True, None, False], ["True", "False"]),
    ],
)
def test_labels_are_integers_only_where_written_so(
    cli, tmp_path, fit_input, cells, labels
):
    fit_to(cli, tmp_path, label=cells)
    assert fit_input["y"].tolist() == labels


def test_one_number_written_in_two_ways_is_one_class(cli, tmp_path, check_refused):
    done = fit_to(cli, tmp_path, label=["1", "1.0"])
    check_refused(done, "'1' in all 2 rows")


@pytest.mark.parametrize(
    "cells",
    [
        ["yes", "no", "", "YES"],
        ["1", "0", "?", "1"],
        [True, False, None, True],
        [1.0, 0.0, None, 1.0],
    ],
)
def test_trusted_rows_are_the_true_ones(cli, tmp_path, fit_input, cells):
    fit_to(cli, tmp_path, "--trusted", "known", known=cells, label=[0, 1, 0, 1])
    assert fit_input["trusted"].tolist() == [True, False, False, True]


def test_no_row_is_trusted_where_none_is_marked(cli, tmp_path, fit_input):
    options = ("--trusted", "known")
    fit_to(cli, tmp_path, *options, known=["", "", ""], label=["a", "b", "a"])
    assert fit_input["trusted"] is None


def test_trust_in_all_rows_is_refused(cli, tmp_path, check_refused):
    options = ("--trusted", "sure")
    done = fit_to(cli, tmp_path, *options, sure=["1", "1", "0"], label=["x", "y", ""])
    check_refused(done, "true in all rows that have a label")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([f"{i / 299:.5f}" for i in range(300)], "300 different numbers in 300 rows"),
        ([i % 200 for i in range(600)], "200 different numbers in 600 rows"),
        ([(i % 30) / 7 for i in range(300)], "like a quantity"),
        ([f"name{i}" for i in range(300)], "like an identifier or free text"),
    ],
)
def test_target_that_names_no_classes_is_refused(
    cli, tmp_path, check_refused, labels, message
):
    check_refused(fit_to(cli, tmp_path, label=labels), message)
