"""The docs' tables of the papers are those of the CSVs."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.reproduce import tabular
from benchmarks.reproduce._compare import cell, mark
from benchmarks.reproduce._page import FOLDER, as_rst, seeds_of, tables
from benchmarks.reproduce._ranks import lost_cells, ranks

TABLES = tables()


@pytest.mark.parametrize("name", TABLES)
def test_table_of_the_docs_is_made_from_the_csv(name):
    assert (FOLDER / f"{name}.inc").read_text(encoding="utf-8") == TABLES[name]


def test_the_docs_have_no_other_table():
    assert {path.stem for path in FOLDER.iterdir()} == set(TABLES)


@pytest.mark.parametrize(
    ("ours", "deviation", "paper", "papers_deviation", "expected"),
    [
        (97.0, 0.1, 96.0, 0.1, "equal"),
        (97.2, 0.1, 96.0, 0.1, "ahead"),
        (94.9, 0.1, 96.0, None, "behind"),
        (92.0, 3.0, 96.0, 4.0, "equal"),
        (94.5, np.nan, 96.0, 0.0, "behind"),
        (92.1, 3.0, 102.0, 4.0, "equal"),
        (91.9, 3.0, 102.0, 4.0, "behind"),
    ],
)
def test_mark_allows_a_point_or_twice_the_deviation(
    ours, deviation, paper, papers_deviation, expected
):
    assert mark(ours, deviation, paper, papers_deviation, 1.0) == expected


def test_cell_holds_both_means_and_the_mark():
    index = pd.MultiIndex.from_tuples([("forward", "none")])
    ours = pd.DataFrame([[97.04, 0.06, 5]], index, ["mean", "std", "count"])
    text = cell(ours, "forward", "none", (95.0, 0.1), 1.0)
    assert text == "97.0 ± 0.1 (95.0) ahead"
    assert cell(ours, "forward", "none", None, 1.0) == "97.0 ± 0.1"
    assert cell(ours, "forward", "symmetric .2", (95.0, 0.1), 1.0) == ""


def results_of_tables(ours):
    systems = [tabular.OURS, *tabular.RIVALS]
    accuracies = [ours, *range(90, 90 - len(tabular.RIVALS), -1)]
    return pd.DataFrame(
        {"model": "wine", "noise": "none", "system": systems, "accuracy": accuracies}
    )


def test_ranks_count_from_the_best():
    _, rank = ranks(results_of_tables(95.0))
    assert rank[tabular.OURS] == 1
    assert rank[tabular.RIVALS[0]] == 2


@pytest.mark.parametrize(("ours", "n_lost"), [(95.0, 0), (90.0, 0), (89.5, 1)])
def test_a_cell_is_lost_where_a_rival_is_better(ours, n_lost):
    means, _ = ranks(results_of_tables(ours))
    assert len(lost_cells(means)) == n_lost


def test_texts_with_commas_stay_one_cell():
    frame = pd.DataFrame([["1"]], index=["forward, T"], columns=["none"])
    assert '"forward, T", "1"' in as_rst(frame, "system", "3 seeds")


def test_a_table_without_rows_says_so():
    assert as_rst(pd.DataFrame(), "system", "0 seeds") == "*Not run yet.*\n"


@pytest.mark.parametrize(
    ("seeds", "text"), [([2, 2], "2 seeds"), ([1], "1 seed"), ([1, 3], "1 to 3 seeds")]
)
def test_title_tells_the_seeds(seeds, text):
    rows = [("net", str(i), "none") for i, n in enumerate(seeds) for _ in range(n)]
    assert seeds_of(pd.DataFrame(rows, columns=["model", "system", "noise"])) == text


def test_one_seed_without_a_tolerance_is_not_marked():
    index = pd.MultiIndex.from_tuples([("forward", "none")])
    ours = pd.DataFrame([[97.04, np.nan, 1]], index, ["mean", "std", "count"])
    assert cell(ours, "forward", "none", (95.0, 0.1), 0.0) == "97.0 (95.0)"
