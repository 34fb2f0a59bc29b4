"""Splits for the first pass."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneOut,
    StratifiedGroupKFold,
    StratifiedKFold,
)

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


NINE = np.arange(9) % 3
FIRST, LAST = np.arange(6), np.arange(6, 9)


@pytest.mark.parametrize(
    ("split", "keyword"),
    [
        ((FIRST, LAST.astype(float)), "test part of split 2"),
        ((FIRST.astype(float), LAST), "training part of split 2"),
        ((FIRST, [9]), "got 9"),
        ((FIRST, [-1]), "got -1"),
        ((FIRST, [[6], [7]]), "split 2"),
        ((FIRST, [[6], [7, 8]]), "split 2"),
        ((FIRST, 7), "split 2"),
        ((FIRST, None), "split 2"),
        ((FIRST, "7"), "split 2"),
        ((FIRST, [True, False]), r"\(9,\)"),
        ((FIRST, np.ones(10, dtype=bool)), r"\(9,\)"),
        ((FIRST, [5, 6]), "sample 5"),
        ((FIRST, []), "holds out no sample"),
        ((FIRST,), "pair"),
        ((FIRST, LAST, LAST), "pair"),
        (FIRST, "pair"),
        (1, "pair"),
        (None, "pair"),
    ],
)
def test_split_that_is_no_pair_of_indices_is_explained(split, keyword):
    with pytest.raises(ValueError, match=keyword):
        splits_of([(FIRST, LAST), split], NINE)


class Splitter:
    """Gives the splits that it is made with."""

    def __init__(self, *splits):
        self.splits = splits

    def get_n_splits(self):
        return len(self.splits)

    def split(self, X, y=None, groups=None):
        yield from self.splits


def test_splits_of_a_splitter_are_checked_as_given_ones_are():
    with pytest.raises(ValueError, match="got 8"):
        splits_of(Splitter((FIRST, [8])), NINE, rows=np.arange(8))


@pytest.mark.parametrize(
    ("cv", "keyword"),
    [
        (KFold(100), "split 1 of 9 samples"),
        (StratifiedKFold(4), "split 1 of 9 samples"),
        (GroupKFold(3), "metadata routing"),
        (StratifiedGroupKFold(3), "metadata routing"),
    ],
)
def test_splitter_that_fails_is_named(cv, keyword):
    with pytest.raises(ValueError, match=f"cv={type(cv).__name__}.*{keyword}"):
        splits_of(cv, NINE)


@pytest.mark.parametrize("rows", [np.arange(60), np.arange(1, 59)])
def test_class_that_a_fold_leaves_out_is_named_with_the_fold(rows):
    y = np.repeat([0, 1, 2], 20)
    with pytest.raises(ValueError, match=r"split 1 of cv.*class 'a'"):
        splits_of(KFold(3), y, rows)
    with pytest.raises(ValueError, match=r"split 2 of cv.*class 'b' and 1 more"):
        splits_of(splits_on(y), y, rows)


def splits_on(y):
    """Make a split that sees all classes, and one that sees the first alone."""
    return [(np.arange(0, 60, 2), np.arange(1, 60, 2)), (y == 0, y > 0)]


def test_only_sample_of_a_class_may_be_held_out():
    y = np.r_[np.zeros(8, dtype=int), np.ones(8, dtype=int), 2]
    assert len(splits_of(LeaveOneOut(), y)) == 17


def test_split_whose_held_out_samples_have_no_weight_is_left_out():
    y, rows = np.arange(12) % 2, np.arange(9)
    given = [(np.arange(9), np.arange(9, 12)), (np.arange(4, 12), np.arange(4))]
    assert len(splits_of(given, y, rows)) == 1
    with pytest.raises(ValueError, match="no split of cv"):
        splits_of(given[:1], y, rows)


def test_many_labels_that_all_differ_make_few_folds():
    classes = np.arange(300)
    with pytest.warns(RareClassWarning):
        splits = make_splits(5, np.arange(300), classes, classes, 0, {})
    assert len(splits) < 30
    assert_array_equal(np.concatenate([test for _, test in splits]), classes)


def test_long_name_of_a_rare_class_is_shortened():
    names = np.array(["a", "b" * 10**6])
    with pytest.warns(RareClassWarning) as caught:
        make_splits(5, np.repeat([0, 1], [9, 2]), np.arange(11), names, 0, {})
    assert len(str(caught[0].message)) < 1000


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
