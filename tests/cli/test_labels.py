"""What is a label, and which spellings are one."""

import pandas as pd
import pytest

from sklnoise.cli._labels import normal_form, read_labels


def labels_of(cells, **options):
    return read_labels(pd.Series(cells, name="kind", dtype=object), **options)


@pytest.mark.parametrize(
    "spelling",
    [
        "red oak",
        "Red  Oak",
        "red-oak",
        "red_oak",
        "red oak.",
        " red oak\u200b",
        "ｒｅｄ oak",
    ],
)
def test_spellings_of_a_label_have_one_form(spelling):
    assert normal_form(spelling) == "red oak"


@pytest.mark.parametrize(
    ("one", "other"),
    [("<=50K", ">50K"), ("C", "C++"), ("1", "-1"), ("1.5", "15"), ("+", "-"), ("a", "ä")],
)
def test_labels_that_mean_something_else_have_other_forms(one, other):
    assert normal_form(one) != normal_form(other)


def test_spellings_are_named_and_joined_only_if_asked():
    cells = ["oak", "Oak", "oak", "ash", "ash "] * 5
    labels = labels_of(cells)
    assert set(labels.y) == {"oak", "Oak", "ash"}
    assert "--join-labels" in labels.cautions[0]
    joined = labels_of(cells, join=True)
    assert set(joined.y) == {"oak", "ash"}
    assert joined.y.tolist() == ["oak", "oak", "oak", "ash", "ash"] * 5


def test_frequent_na_is_a_class_and_a_rare_one_is_missing():
    cells = ["EU", "ASIA"] * 10
    assert set(labels_of(cells + ["NA"] * 8).y) == {"EU", "ASIA", "NA"}
    assert set(labels_of(cells + ["NA"] * 2).y) == {"EU", "ASIA"}
    for n in (2, 8):
        assert "--missing-label" in labels_of(cells + ["NA"] * n).cautions[0]


def test_user_says_which_cells_are_no_label():
    cells = ["EU", "ASIA", "NA", "?", ""] * 8
    assert set(labels_of(cells, missing=["NA"]).y) == {"EU", "ASIA", "?"}
    assert set(labels_of(cells, missing=[""]).y) == {"EU", "ASIA", "NA", "?"}


def test_long_label_takes_its_own_room_only():
    labels = labels_of(["x" * 10**6, *["a", "b"] * 30])
    assert labels.y.nbytes < 10**4
