"""Columns that repeat the label are found; those that only help are not."""

import numpy as np
import pandas as pd
import pytest

from sklnoise.cli._twins import find_twins

KINDS = np.array(["oak", "ash", "elm"] * 40)


def twins_of(**columns):
    return find_twins(pd.DataFrame(columns), KINDS)


def test_column_that_copies_the_label_is_found_whatever_its_names():
    codes = {"oak": "0", "ash": "1", "elm": "2"}
    twins = twins_of(kind_id=[codes[k] for k in KINDS], upper=[k.upper() for k in KINDS])
    assert twins == (["kind_id", "upper"], [])


def test_older_version_of_the_label_is_close():
    older = KINDS.copy()
    older[:2] = older[1:3]
    assert twins_of(older=older) == ([], ["older"])


def test_number_with_thresholds_is_close():
    rng = np.random.RandomState(0)
    points = rng.rand(120) * 100
    kinds = np.array(["bad", "fair", "good"])[np.digitize(points, [30, 60])]
    twins = find_twins(pd.DataFrame({"points": points}), kinds)
    assert twins == ([], ["points"])


@pytest.mark.parametrize("spread", [1, 30])
def test_number_that_only_helps_is_no_twin(spread):
    rng = np.random.RandomState(0)
    means = {"oak": 0, "ash": 100, "elm": 200}
    size = [means[k] for k in KINDS] + spread * rng.standard_normal(len(KINDS))
    assert twins_of(size=size) == ([], [])


def test_identifier_is_no_twin():
    assert twins_of(id=np.arange(120).astype(str)) == ([], [])


def test_few_rows_tell_nothing():
    assert find_twins(pd.DataFrame({"x": ["a", "b"] * 5}), np.arange(10) % 2) == ([], [])
