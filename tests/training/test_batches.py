"""Batches are gathered by index, as one tensor, in an order of their own."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from scipy import sparse
from torch.utils.data import DataLoader, Subset, TensorDataset

from sklnoise.training import LabelledData, _batches
from sklnoise.training._batches import BatchIterator, collate, make_batches
from sklnoise.training._data import BatchDataset, SampleDataset


@pytest.fixture
def data(rng):
    weight = rng.uniform(1, 3, size=50)
    return LabelledData(rng.normal(size=(50, 4)), rng.randint(3, size=50), weight)


ROWS = np.array([4, 7, 7, 21, 30])
MORE_ROWS = np.arange(1, 50, 2)


@pytest.fixture
def dataset(data):
    return BatchDataset(data, MORE_ROWS, torch.float64)


def as_rows(batches):
    """Join batches again: X, codes and weights."""
    batches = list(batches)
    parts = zip(*((X, *targets) for X, targets in batches))
    return [torch.cat(part) for part in parts], [len(X) for X, _ in batches]


def test_loader_over_batches_equals_loader_over_rows(data):
    batches, rows = (
        DataLoader(
            Subset(kind(data, ROWS, torch.float64), [0, 2, 3]), 2, collate_fn=collate
        )
        for kind in (BatchDataset, SampleDataset)
    )
    for (X, (y, w)), (X_rows, (y_rows, w_rows)) in zip(batches, rows):
        assert torch.equal(X, X_rows)
        assert torch.equal(y, y_rows)
        assert torch.equal(w, w_rows)


def test_weights_have_mean_one_over_the_rows(data):
    dataset = SampleDataset(data, ROWS, torch.float64)
    assert dataset.sample_weight.mean().item() == pytest.approx(1)


@pytest.mark.parametrize("weighted", [False, True])
def test_dataset_tells_whether_rows_weigh_alike(data, weighted):
    if not weighted:
        data = data._replace(sample_weight=np.full(50, 2.5))
    assert SampleDataset(data, ROWS, torch.float64).weighted == weighted


def test_dataset_holds_no_copy_of_the_data(data):
    assert BatchDataset(data, ROWS, torch.float64).all_X is data.X


def test_probe_is_the_first_rows(data, dataset):
    assert_array_equal(dataset.probe(), data.X[MORE_ROWS[:8]])
    assert_array_equal(BatchDataset(data, ROWS, torch.float64).probe(), data.X[ROWS])


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize(
    ("batch_size", "drop_last", "sizes"),
    [
        (10, False, [10, 10, 5]),
        (10, True, [10, 10]),
        (5, False, [5] * 5),
        (5, True, [5] * 5),
        (1, False, [1] * 25),
        (8, False, [8, 8, 9]),
        (24, False, [25]),
        (8, True, [8, 8, 8]),
        (99, False, [25]),
        (99, True, []),
    ],
)
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_batches_are_the_rows_of_their_order(
    data, container, batch_size, drop_last, sizes, shuffle
):
    dataset = BatchDataset(data._replace(X=container(data.X)), MORE_ROWS, torch.float64)
    params = {"drop_last": drop_last, "shuffle": shuffle, "seed": 3}
    order = BatchIterator(dataset, batch_size, **params).draw_order().numpy()
    rows = MORE_ROWS[order]
    batches = BatchIterator(dataset, batch_size, **params)
    assert len(batches) == len(sizes)
    assert sorted(order) == list(range(25)) or drop_last
    seen = list(batches)
    assert [len(X) for X, _ in seen] == sizes
    for (X, (y, weight)), part in zip(seen, np.split(rows, np.cumsum(sizes))):
        assert_array_equal(X, data.X[part])
        assert_array_equal(y, data.y[part])
        share = data.sample_weight[part] / data.sample_weight[MORE_ROWS].mean()
        assert_array_equal(weight, share)


def test_extra_targets_come_along(data):
    data = data._replace(extra=np.arange(50) % 2 == 0)
    dataset = BatchDataset(data, ROWS, torch.float64)
    (_, (_, _, extra)) = next(iter(BatchIterator(dataset, 9)))
    assert_array_equal(extra, ROWS % 2 == 0)


def test_subset_of_a_subset_is_the_rows_of_both(data, dataset):
    subset = Subset(Subset(dataset, list(range(20, 0, -2))), np.array([5, 0, 3]))
    (X, y, _), _ = as_rows(BatchIterator(subset, 2))
    rows = MORE_ROWS[np.arange(20, 0, -2)][[5, 0, 3]]
    assert_array_equal(X, data.X[rows])
    assert_array_equal(y, data.y[rows])


class Negated(Subset):
    """A subset that gives other rows than its dataset."""

    def __getitem__(self, position):
        X, targets = self.dataset[self.indices[position]]
        return -X, targets

    def __getitems__(self, positions):
        return [self[position] for position in positions]


def test_subset_of_a_user_gives_its_own_rows(data, dataset):
    subset = Negated(dataset, [3, 1, 4])
    (X, _, _), _ = as_rows(make_batches(subset, batch_size=2))
    assert_array_equal(X, -data.X[MORE_ROWS[[3, 1, 4]]])


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("n_bytes", [4 * 4 * 8 * 2, 4 * 4 * 8 * 3, 10**9])
def test_batches_gathered_together_equal_those_gathered_alone(
    dataset, monkeypatch, n_bytes, shuffle
):
    seen = []
    for gathered in (0, n_bytes):
        monkeypatch.setattr(_batches, "GATHERED_BYTES", gathered)
        batches = BatchIterator(dataset, 4, shuffle=shuffle, seed=0)
        at_once = batches.n_gathered()
        seen.append(as_rows(batches))
    assert at_once > 1
    (alone, sizes), (together, sizes_together) = seen
    assert sizes == sizes_together
    assert all(map(torch.equal, alone, together))


def test_same_seed_gives_the_same_orders_and_each_pass_its_own(dataset):
    first, second = (BatchIterator(dataset, 4, shuffle=True, seed=0) for _ in range(2))
    orders = [first.draw_order() for _ in range(3)]
    assert all(map(torch.equal, orders, (second.draw_order() for _ in range(3))))
    assert not torch.equal(orders[0], orders[1])
    other = BatchIterator(dataset, 4, shuffle=True, seed=1)
    assert not torch.equal(other.draw_order(), orders[0])


def test_orders_with_a_seed_leave_torchs_random_state_alone(dataset):
    before = torch.get_rng_state()
    as_rows(BatchIterator(dataset, 4, shuffle=True, seed=0))
    assert torch.equal(torch.get_rng_state(), before)


def test_orders_without_a_seed_follow_torchs_random_state(dataset):
    orders = []
    for seed in (0, 0, 1):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            orders.append(BatchIterator(dataset, 4, shuffle=True).draw_order())
    assert torch.equal(orders[0], orders[1])
    assert not torch.equal(orders[0], orders[2])


def test_floats_get_the_type_of_the_net_and_token_ids_stay(data):
    for X, cast, expected in (
        (data.X, False, torch.float32),
        (data.X.astype(np.uint8), False, torch.uint8),
        (data.X.astype(np.uint8), True, torch.float32),
    ):
        dataset = BatchDataset(
            data._replace(X=X), ROWS, torch.float32, cast_integers=cast
        )
        X, (_, weight) = next(iter(BatchIterator(dataset, 9)))
        assert X.dtype == expected
        assert weight.dtype == torch.float32


def test_batch_is_a_copy_of_the_data(data, dataset):
    before = data.X.copy()
    for X, _ in BatchIterator(dataset, 25):
        X.mul_(0)
    assert_array_equal(data.X, before)


class Blocks(TensorDataset):
    """Samples that are stored in blocks."""

    block_sizes = (20, 0, 17, 13)


@pytest.mark.parametrize("params", [{}, {"num_workers": 0}], ids=str)
@pytest.mark.parametrize("is_subset", [False, True])
def test_each_block_of_a_dataset_is_read_once_and_shuffled(data, params, is_subset):
    data = data._replace(X=Blocks(torch.from_numpy(data.X)), y=np.arange(50))
    dataset = BatchDataset(data, MORE_ROWS, torch.float64)
    part = Subset(dataset, np.arange(1, 25)) if is_subset else dataset
    rows = MORE_ROWS[1:] if is_subset else MORE_ROWS
    batches = make_batches(part, batch_size=8, shuffle=True, seed=0, **params)
    orders = [as_rows(batches)[0][1].numpy() for _ in range(8)]
    for order in orders:
        assert_array_equal(np.sort(order), rows)
        blocks = np.searchsorted([20, 37], order, side="right")
        assert np.count_nonzero(np.diff(blocks)) == 2
        assert (np.diff(order) < 0).sum() > 2
    assert len({order[0] for order in orders}) > 1
    assert len({int(np.searchsorted([20, 37], order[0])) for order in orders}) > 1


def as_dataset(data):
    """Let a torch Dataset stand for all of X."""
    return data._replace(X=TensorDataset(torch.from_numpy(data.X)))


@pytest.mark.parametrize(
    "params",
    [{"shuffle": True}, {"shuffle": True, "drop_last": True}, {"num_workers": 0}],
    ids=str,
)
@pytest.mark.parametrize("way", ["foreign", "distributed"])
def test_loader_takes_over_where_whole_batches_cannot_be_had(
    dataset, monkeypatch, way, params
):
    if way == "foreign":
        dataset = TensorDataset(torch.arange(25), torch.arange(25))
    if way == "distributed":
        monkeypatch.setattr(_batches, "is_available", lambda: True)
        monkeypatch.setattr(_batches, "is_initialized", lambda: True)
    batches = make_batches(dataset, batch_size=10, seed=0, **params)
    assert isinstance(batches, DataLoader)
    assert [len(X) for X, _ in batches] == ([10, 10] if len(params) > 1 else [10, 10, 5])


@pytest.mark.parametrize("shuffle", [False, True])
def test_dataset_gives_the_batches_of_its_array(data, dataset, shuffle):
    params = {"batch_size": 4, "shuffle": shuffle, "seed": 0}
    expected = as_rows(make_batches(Subset(dataset, [0, 2, 3, 9, 8]), **params))
    dataset = BatchDataset(as_dataset(data), MORE_ROWS, torch.float64)
    found = as_rows(make_batches(Subset(dataset, [0, 2, 3, 9, 8]), **params))
    assert found[1] == expected[1]
    assert all(map(torch.equal, found[0], expected[0]))


@pytest.mark.parametrize("batch_size", [8, 10])
@pytest.mark.parametrize("way", ["dataset", "distributed", "parameter"])
def test_loader_gives_the_batches_of_the_iterator(
    data, dataset, monkeypatch, way, batch_size
):
    if way == "distributed" and batch_size == 8:
        pytest.skip("what shards a loader makes its batches")
    expected, sizes = as_rows(make_batches(dataset, batch_size=batch_size))
    params = {}
    if way == "dataset":
        dataset = BatchDataset(as_dataset(data), MORE_ROWS, torch.float64)
    if way == "distributed":
        monkeypatch.setattr(_batches, "is_initialized", lambda: True)
    else:
        params = {"num_workers": 0, "pin_memory": False}
    batches = make_batches(dataset, batch_size=batch_size, **params)
    assert isinstance(batches, DataLoader)
    rows, sizes_of_loader = as_rows(batches)
    assert sizes_of_loader == sizes
    assert all(map(torch.equal, rows, expected))


@pytest.mark.parametrize("kind", ["iterator", "loader"])
def test_dropping_the_only_batch_is_an_error(dataset, kind):
    params = {} if kind == "iterator" else {"num_workers": 0}
    with pytest.raises(ValueError, match="drop_last"):
        make_batches(dataset, batch_size=26, drop_last=True, **params)


@pytest.mark.parametrize("name", ["sampler", "batch_sampler"])
def test_samplers_of_the_user_are_used(dataset, name):
    sampler = [3, 1, 4] if name == "sampler" else [[3, 1], [4]]
    batches = make_batches(dataset, batch_size=2, shuffle=True, **{name: sampler})
    rows, _ = as_rows(batches)
    assert_array_equal(rows[1], dataset.codes[[3, 1, 4]])


def test_loader_with_a_seed_leaves_torchs_random_state_alone(dataset):
    before = torch.get_rng_state()
    for shuffle in (False, True):
        params = {"shuffle": shuffle, "num_workers": 0}
        as_rows(make_batches(dataset, batch_size=10, seed=0, **params))
    assert torch.equal(torch.get_rng_state(), before)


def test_generator_of_the_user_is_the_one_that_draws(dataset):
    orders = [
        [
            y.tolist()
            for _, (y, *_) in make_batches(
                dataset,
                batch_size=4,
                shuffle=True,
                seed=seed,
                generator=torch.Generator().manual_seed(7),
            )
        ]
        for seed in range(2)
    ]
    assert orders[0] == orders[1]
