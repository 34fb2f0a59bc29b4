"""Samples are gathered by index, and held out by class."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from scipy import sparse
from torch.utils.data import Dataset

from sklnoise.training._data import HoldOut, LabelledData, gather


@pytest.fixture
def data(rng):
    weight = rng.uniform(1, 3, size=50)
    return LabelledData(rng.normal(size=(50, 4)), rng.randint(3, size=50), weight)


ROWS = np.array([4, 7, 7, 21, 30])


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_gather_takes_the_samples(data, container):
    batch = gather(container(data.X), ROWS, torch.float32, cast_integers=False)
    assert_array_equal(batch, data.X[ROWS].astype(np.float32))


@pytest.mark.parametrize(
    ("cast", "expected"), [(True, torch.float32), (False, torch.uint8)]
)
def test_gather_casts_integers_only_on_request(cast, expected):
    X = np.arange(20, dtype=np.uint8).reshape(10, 2)
    assert gather(X, ROWS[:2], torch.float32, cast_integers=cast).dtype == expected


def test_hold_out_is_a_stratified_partition(data):
    y = np.repeat([0, 1, 2], [300, 100, 7])
    train, held_out = HoldOut(0.1, seed=0)(data, y)
    assert sorted([*train.indices, *held_out.indices]) == list(range(407))
    counts = np.bincount(y[held_out.indices], minlength=3)
    assert abs(counts - [30, 10, 0.7]).max() < 1


@pytest.mark.parametrize("seed", range(5))
def test_only_sample_of_a_class_is_never_held_out(data, seed):
    for y in (np.repeat([0, 1], [1, 40]), np.repeat([0, 1, 2], [44, 1, 40])):
        train, _ = HoldOut(0.1, seed)(data, y)
        assert set(y[train.indices]) == set(y)


@pytest.mark.parametrize("n_samples", [257, 300, 1001])
def test_hold_out_counts_the_samples_that_are_left(data, n_samples):
    split = HoldOut(0.1, seed=0)
    train, _ = split(data, np.zeros(n_samples, dtype=int))
    assert split.n_train(n_samples) == len(train)


@pytest.mark.parametrize("with_label", [False, True])
@pytest.mark.parametrize("kind", [list, np.array, torch.tensor])
def test_items_of_a_dataset_may_be_samples_of_any_kind(kind, with_label):
    class Samples(Dataset):
        def __len__(self):
            return 3

        def __getitem__(self, row):
            item = kind([float(row), 7.0])
            return (item, 1) if with_label else item

    batch = gather(Samples(), np.array([2, 0]), torch.float64, cast_integers=True)
    assert_array_equal(batch, [[2, 7], [0, 7]])
