"""Batches of rows: one gather for a whole batch, never a copy of the data for a fold."""

import numpy as np
import torch
from torch.distributed import is_available, is_initialized
from torch.utils.data import DataLoader, Dataset, Subset, default_collate

from sklnoise.engine._data import gather

PROBE_ROWS = 8
GATHERED_BYTES = 2**18
"""Batches smaller than this are gathered several at a time."""


class RowDataset(Dataset):
    """Rows of X with their label codes and weights, as views through an index."""

    def __init__(self, data, rows, dtype, *, cast_integers=False):
        # Not X and y: skorch would pair all rows of X with the labels of some.
        self.all_X = data.X
        self.rows = rows
        self.dtype = dtype
        self.cast_integers = cast_integers
        self.first_layer = self.sparse_rows = None
        self.codes = torch.from_numpy(data.y[rows])
        weight = data.sample_weight[rows]
        self.weighted = bool((weight != weight[:1]).any())
        if self.weighted:
            self.sample_weight = torch.from_numpy(weight / weight.mean()).to(dtype)
        else:
            self.sample_weight = torch.ones((), dtype=dtype).expand(len(rows))
        extra = () if data.extra is None else (torch.from_numpy(data.extra[rows]),)
        self.targets = (self.codes, self.sample_weight, *extra)

    def __len__(self):
        return len(self.rows)

    def take_X(self, positions):
        """Return the rows of X at some positions."""
        return self.take_rows(self.rows[positions])

    def take_rows(self, rows):
        """Return some rows of all of X."""
        if self.sparse_rows is not None:
            return self.sparse_rows.take(self.all_X, rows)
        return gather(self.all_X, rows, self.dtype, self.cast_integers)

    def take(self, positions):
        """Return `(X, (y, sample_weight, ...))` at some positions."""
        X = self.take_X(positions)
        return X, tuple(target[positions] for target in self.targets)

    def probe(self):
        """Return a few rows of X, to try a net on."""
        return self.take_X(np.arange(min(PROBE_ROWS, len(self))))

    def __getitem__(self, position):
        X, targets = self.take(np.array([position]))
        return X[0], tuple(target[0] for target in targets)


class BatchDataset(RowDataset):
    """A `RowDataset` that hands a DataLoader whole batches, to be left as they are."""

    def __getitems__(self, positions):
        """Return the batch at some positions, for `collate`."""
        return self.take(np.asarray(positions))


def collate(batch):
    """Leave the batches of a `BatchDataset` as they are, and collate all others."""
    return batch if isinstance(batch, tuple) else default_collate(batch)


class BatchIterator:
    """Batches of a `BatchDataset`, or of a subset of one, for a training loop."""

    def __init__(self, dataset, batch_size, *, shuffle=False, drop_last=False, seed=None):
        self.dataset, self.positions = base_of(dataset), positions_in_base(dataset)
        self.n_rows = len(dataset)
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.drop_last = drop_last
        self.generator = None if seed is None else torch.Generator().manual_seed(seed)

    def __len__(self):
        if self.drop_last:
            return self.n_rows // self.batch_size
        return -(-self.n_rows // self.batch_size)

    def order(self):
        """Draw the order of one pass."""
        if self.shuffle:
            order = torch.randperm(self.n_rows, generator=self.generator)
        else:
            order = torch.arange(self.n_rows)
        if self.drop_last:
            order = order[: len(self) * self.batch_size]
        return order if self.positions is None else self.positions[order]

    def __iter__(self):
        order = self.order()
        if not len(order):
            return
        take, size = self.dataset.take_X, self.batch_size
        targets = zip(
            *(target[order].split(size) for target in self.dataset.targets), strict=True
        )
        for rows in order.split(size * self.batches_at_once()):
            yield from zip(take(rows.numpy()).split(size), targets, strict=False)

    def batches_at_once(self):
        """Count the batches that are gathered together."""
        X = self.dataset.all_X
        if self.dataset.sparse_rows is not None or not hasattr(X, "nbytes"):
            return 1
        batch_bytes = self.batch_size * X.nbytes // max(1, len(X))
        return max(1, GATHERED_BYTES // max(1, batch_bytes))


def base_of(dataset):
    """Resolve subsets of subsets."""
    while type(dataset) is Subset:  # one of a user may give other rows
        dataset = dataset.dataset
    return dataset


def positions_in_base(dataset):
    """Tell where the rows of a dataset are in the one below all subsets."""
    positions = None
    while type(dataset) is Subset:  # one of a user may give other rows
        indices = torch.as_tensor(np.asarray(dataset.indices))
        positions = indices if positions is None else indices[positions]
        dataset = dataset.dataset
    return positions


def make_batches(dataset, *, batch_size=1, shuffle=False, seed=None, **params):
    """Make the iterator of a net: whole batches of our data, a DataLoader for others."""
    base = base_of(dataset)
    ours = isinstance(base, BatchDataset)
    distributed = is_available() and is_initialized()
    in_memory = ours and not isinstance(base.all_X, Dataset)
    if in_memory and not distributed and params.keys() <= {"drop_last"}:
        return BatchIterator(dataset, batch_size, shuffle=shuffle, seed=seed, **params)
    params |= {"batch_size": batch_size, "shuffle": shuffle}
    if ours:
        params["collate_fn"] = collate
    if seed is not None:
        params.setdefault("generator", torch.Generator().manual_seed(seed))
    return DataLoader(dataset, **params)
