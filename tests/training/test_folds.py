"""Splits for the first pass."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.model_selection import GroupKFold, StratifiedKFold

from sklnoise.exceptions import RareClassWarning
from sklnoise.training import make_splits

CLASSES = np.array(["a", "b", "c"])


def splits_of(cv, y, rows=None, seed=0, **params):
    rows = np.arange(len(y)) if rows is None else rows
    return make_splits(cv, np.asarray(y), rows, CLASSES, seed, params)


def test_folds_are_stratified():
    y = np.repeat([0, 1, 2], [100, 50, 25])
    for _, test in splits_of(5, y):
        assert_array_equal(np.bincount(y[test]), [20, 10, 5])


def test_folds_are_shuffled():
    _, test = splits_of(5, np.repeat([0, 1], 50))[0]
    assert test[:10].max() > 10


def test_rows_without_weight_are_in_no_fold():
    rows = np.arange(0, 60, 2)
    splits = splits_of(3, np.arange(60) % 4 // 2, rows)
    assert_array_equal(np.sort(np.concatenate([test for _, test in splits])), rows)
    assert all(np.isin(train, rows).all() for train, _ in splits)


def test_splitter_sees_only_the_rows_with_weight():
    rows = np.arange(10, 70)
    groups = np.arange(70) // 10
    splits = splits_of(GroupKFold(3), np.arange(70) % 2, rows, groups=groups)
    for train, test in splits:
        assert not set(groups[train]) & set(groups[test])
    assert_array_equal(np.sort(np.concatenate([test for _, test in splits])), rows)


@pytest.mark.parametrize("as_masks", [False, True])
def test_given_splits_index_all_the_data(as_masks):
    y, rows = np.arange(12) % 2, np.arange(1, 12)
    train, test = np.arange(6), np.arange(6, 12)
    pair = (np.arange(12) < 6, np.arange(12) >= 6) if as_masks else (train, test)
    assert_array_equal(splits_of([pair], y, rows)[0][0], train[1:])
    assert_array_equal(splits_of([pair], y, rows)[0][1], test)


def test_split_without_a_row_to_train_on_is_an_error():
    with pytest.raises(ValueError, match="split 1 of cv leaves no sample"):
        splits_of([([0], [1, 2])], [0, 1, 1], np.array([1, 2]))


@pytest.mark.parametrize("cv", [[], iter(())])
def test_no_split_is_an_error(cv):
    with pytest.raises(ValueError, match="cv gave no split"):
        splits_of(cv, [0, 1, 1])


def test_smallest_class_limits_the_folds():
    with pytest.warns(RareClassWarning, match="'c' has 3 samples, fewer than"):
        splits = splits_of(5, np.repeat([0, 1, 2], [20, 20, 3]))
    assert len(splits) == 3


def test_class_of_one_row_is_held_out_all_the_same():
    with pytest.warns(RareClassWarning, match="'c' has 1 samples"):
        splits = splits_of(5, np.repeat([0, 1, 2], [20, 20, 1]))
    assert sum(40 in test for _, test in splits) == 1


def test_two_rows_of_two_classes_are_held_out_in_turn():
    with pytest.warns(RareClassWarning):
        splits = splits_of(5, [0, 1])
    assert [(a.tolist(), b.tolist()) for a, b in splits] == [([1], [0]), ([0], [1])]


@pytest.mark.parametrize("y", [[0], [0, 0, 0]])
def test_one_row_or_one_class_has_no_folds(y):
    assert splits_of(5, y) == []


def test_scikit_learns_warning_of_rare_classes_is_not_repeated():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        splits_of(5, np.repeat([0, 1, 2], [20, 20, 1]))
    assert [w.category for w in caught] == [RareClassWarning]


def test_splitter_gives_what_it_gives_alone():
    y = np.arange(30) % 3
    expected = StratifiedKFold(3).split(np.zeros(30), y)
    for ours, theirs in zip(splits_of(StratifiedKFold(3), y), expected):
        assert_array_equal(ours[1], theirs[1])
