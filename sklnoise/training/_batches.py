"""Batches of our data for a training loop: their sizes, their order, their iterator."""

from itertools import islice

import numpy as np
import torch
from torch.distributed import is_available, is_initialized
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    Subset,
    default_collate,
)

from sklnoise.training._data import BatchDataset
from sklnoise.training._sources import group_by_block

GATHERED_BYTES = 2**18  # smaller batches are gathered several at a time


def collate(batch):
    """Leave the batches of a `BatchDataset` as they are, and collate all others."""
    return batch if isinstance(batch, tuple) else default_collate(batch)


def batch_sizes(n_samples, batch_size, *, drop_last=False):
    """Return the sizes of batches, of which none is a single sample left over.

    Such a sample joins the batch before: batch normalisation needs two.
    """
    n_full, rest = divmod(n_samples, batch_size)
    sizes = [batch_size] * n_full
    if rest == 1 and sizes and batch_size > 1 and not drop_last:
        sizes[-1] += 1
    elif rest and not drop_last:
        sizes.append(rest)
    return sizes


class BatchIterator:
    """Batches of a `BatchDataset`, or of a subset of one, for a training loop.

    Orders come from a generator of their own, or from torch's where `seed` is None.
    """

    def __init__(self, dataset, batch_size, *, shuffle=False, drop_last=False, seed=None):
        self.dataset, self.positions = resolve_subsets(dataset)
        self.rows = rows_of(dataset)
        self.n_samples = len(dataset)
        self.batch_size = max(1, self.n_samples) if batch_size == -1 else batch_size
        self.shuffle = shuffle
        self.drop_last = drop_last
        self.generator = None if seed is None else torch.Generator().manual_seed(seed)

    def __len__(self):
        return len(self.sizes())

    def sizes(self):
        """Return the sizes of the batches."""
        return batch_sizes(self.n_samples, self.batch_size, drop_last=self.drop_last)

    def draw_order(self):
        """Draw the order of one pass, as positions in the dataset."""
        if self.shuffle:
            order = torch.randperm(self.n_samples, generator=self.generator)
            order = group_by_block(
                order, self.rows, self.dataset.all_X, generator=self.generator
            )
        else:
            order = torch.arange(self.n_samples)
        if self.drop_last:
            order = order[: sum(self.sizes())]
        return order if self.positions is None else self.positions[order]

    def __iter__(self):
        order, sizes, dataset = self.draw_order(), self.sizes(), self.dataset
        if not sizes:
            return
        targets = zip(
            *(target[order].split(sizes) for target in dataset.targets), strict=True
        )
        for start, some in groups(sizes, self.n_gathered()):
            positions = order[start : start + sum(some)]
            X = dataset.gather_batches(dataset.rows[positions.numpy()])
            parts = X.split(some) if isinstance(X, torch.Tensor) else (X,)
            yield from zip(parts, targets, strict=False)

    def n_gathered(self):
        """Count the batches that are gathered together, more than 1 of small ones."""
        X = self.dataset.all_X
        if not isinstance(X, np.ndarray):
            return 1
        batch_bytes = self.batch_size * X.nbytes // max(1, len(X))
        return max(1, GATHERED_BYTES // max(1, batch_bytes))


def groups(sizes, n_together):
    """Yield where each group of batches starts, and the sizes of those in it."""
    start = 0
    for first in range(0, len(sizes), n_together):
        some = sizes[first : first + n_together]
        yield start, some
        start += sum(some)


class WholeBatches(BatchSampler):
    """A sampler of the batches that `batch_sizes` tells."""

    def sizes(self):
        """Return the sizes of the batches."""
        return batch_sizes(len(self.sampler), self.batch_size, drop_last=self.drop_last)

    def __len__(self):
        return len(self.sizes())

    def __iter__(self):
        positions = iter(self.sampler)
        for size in self.sizes():
            yield list(islice(positions, size))


class BlockSampler(RandomSampler):
    """A sampler of our data in random order, a block of the samples at a time."""

    def __iter__(self):
        order = torch.tensor([*super().__iter__()])
        base, _ = resolve_subsets(self.data_source)
        order = group_by_block(
            order, rows_of(self.data_source), base.all_X, generator=self.generator
        )
        return iter(order.tolist())


def rows_of(dataset):
    """Return the rows of all the data that a `BatchDataset` or a subset of it has."""
    base, positions = resolve_subsets(dataset)
    return base.rows if positions is None else base.rows[positions.numpy()]


def resolve_subsets(dataset):
    """Return the dataset below all subsets, and the positions in it or None for all."""
    positions = None
    while type(dataset) is Subset:  # a user's subclass may give other samples
        indices = torch.as_tensor(np.asarray(dataset.indices))
        positions = indices if positions is None else indices[positions]
        dataset = dataset.dataset
    return dataset, positions


def make_batches(dataset, *, batch_size=1, shuffle=False, seed=None, **params):
    """Make the iterator of a net: whole batches of our data, a DataLoader for others.

    All parameters but `drop_last` ask for a DataLoader, as does distributed training,
    which can shard nothing else.
    """
    if params.get("drop_last") and 0 < len(dataset) < batch_size:
        raise ValueError(
            f"drop_last=True leaves no batch of {len(dataset)} samples, fewer than a "
            f"batch of {batch_size}. Lower batch_size, or leave out drop_last."
        )
    is_ours = isinstance(resolve_subsets(dataset)[0], BatchDataset)
    is_distributed = is_available() and is_initialized()
    if not is_distributed and needs_no_loader(dataset, params):
        return BatchIterator(dataset, batch_size, shuffle=shuffle, seed=seed, **params)
    if is_ours:
        params["collate_fn"] = collate
    if seed is not None:
        params.setdefault("generator", torch.Generator().manual_seed(seed))
    if "batch_sampler" in params:
        return DataLoader(dataset, **params)
    if is_distributed or isinstance(dataset, IterableDataset):
        return DataLoader(dataset, batch_size=batch_size, shuffle=shuffle, **params)
    sampler = params.pop("sampler", None)
    if sampler is None and shuffle:
        kind = BlockSampler if is_ours else RandomSampler
        sampler = kind(dataset, generator=params.get("generator"))
    elif sampler is None:
        sampler = SequentialSampler(dataset)
    batches = WholeBatches(sampler, batch_size, params.pop("drop_last", False))
    return DataLoader(dataset, batch_sampler=batches, **params)


def needs_no_loader(dataset, params):
    """Return whether our iterator makes the batches of a dataset, with parameters."""
    base, _ = resolve_subsets(dataset)
    return isinstance(base, BatchDataset) and params.keys() <= {"drop_last"}
