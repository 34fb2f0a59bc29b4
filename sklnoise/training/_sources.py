"""Sources that samples are read from when they are needed: Datasets of all kinds."""

from math import isfinite
from numbers import Number

import numpy as np
import torch
from skorch.helper import SliceDataset
from torch.utils.data import Dataset, IterableDataset, default_collate

from sklnoise._text import shorten


class SlicedSamples(Dataset):
    """The samples of a `SliceDataset` of skorch, as a dataset of torch."""

    def __init__(self, samples):
        self.samples = samples

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, position):
        return self.samples[int(position)]


class Columns(Dataset):
    """The columns of a Hugging Face Dataset, as a dataset of torch with dicts."""

    def __init__(self, source):
        is_plain = source.format["type"] is None
        self.source = source.with_format("torch") if is_plain else source

    def __len__(self):
        return len(self.source)

    def __getitem__(self, position):
        return self.source[int(position)]

    def take(self, positions):
        """Read a batch, each column at once."""
        batch = self.source[positions]
        return {
            name: torch.from_numpy(values) if is_numeric(values) else values
            for name, values in batch.items()
        }


def as_dataset(X):
    """Return a dataset of skorch or Hugging Face as one of torch; leave all else."""
    if isinstance(X, SliceDataset):
        return SlicedSamples(X)
    return Columns(X) if is_hugging_face(X) and hasattr(X, "__getitems__") else X


def is_sequential(X):
    """Return whether samples can only be read one after another, from the first on."""
    if not isinstance(X, Dataset):
        return is_hugging_face(X)
    return isinstance(X, IterableDataset) or not hasattr(X, "__len__")


def is_hugging_face(X):
    """Return whether X is a Dataset, or an IterableDataset, of Hugging Face."""
    return hasattr(X, "with_format") and not isinstance(X, dict)


def group_by_block(order, rows, X, *, generator=None):
    """Return a random order of some rows of X, of which each block is read once.

    X tells its blocks by their sizes, or has none. They, too, come in random order.
    """
    sizes = getattr(X, "block_sizes", None)
    if sizes is None:
        return order
    blocks = np.searchsorted(np.cumsum(sizes), rows[order], side="right")
    turns = torch.randperm(len(sizes), generator=generator)[torch.from_numpy(blocks)]
    return order[turns.argsort(stable=True)]


def collate_samples(dataset, indices):
    """Take some samples out of a torch Dataset, one of its blocks after another."""
    parts = [collate_block(dataset, part) for part in split_by_block(dataset, indices)]
    if len(parts) == 1:
        return parts[0]
    if isinstance(parts[0], dict):
        return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
    return torch.cat(parts)


def split_by_block(dataset, indices):
    """Split indices where another block begins: items may be views that keep theirs."""
    sizes = getattr(dataset, "block_sizes", None)
    if sizes is None:
        return [indices]
    blocks = np.searchsorted(np.cumsum(sizes), indices, side="right")
    starts = np.flatnonzero(np.diff(blocks)) + 1
    return [part.tolist() for part in np.split(np.asarray(indices), starts)]


def collate_block(dataset, indices):
    """Take some samples out of a torch Dataset at once."""
    if isinstance(dataset, Columns):
        batch = dataset.take(indices)
    else:
        if hasattr(dataset, "__getitems__"):
            items = dataset.__getitems__(indices)
        else:
            items = [dataset[index] for index in indices]
        batch = stack_items(items)
    parts = batch if isinstance(batch, dict) else {None: batch}
    for name, part in parts.items():
        if isinstance(part, torch.Tensor):
            continue
        if isinstance(dataset, Columns):
            raise TypeError(
                "the columns of X must hold numbers, or lists of them of one length; "
                f"{shorten(repr(name))} does not. Leave it out by X.remove_columns, or "
                "encode its values by X.map."
            )
        raise TypeError(
            "the items of a Dataset must be samples, tensors or arrays of one shape, "
            "dicts of these, or tuples that start with one; got "
            f"{type(items[0]).__name__}."
        )
    for part in parts.values():
        # The sum takes a tenth of the time.
        if not part.is_floating_point() or isfinite(part.sum().item()):
            continue
        if not part.isfinite().all():
            bad = [i for i, value in zip(indices, part) if not value.isfinite().all()]
            raise ValueError(
                f"X contains NaN or infinity, in item {bad[0]} of the Dataset. Let its "
                "__getitem__ impute the values, or leave such samples out."
            )
    return batch


def stack_items(items):
    """Stack the samples in the items of a Dataset."""
    first = items[0]
    if type(first) is dict:
        return {name: stack([item[name] for item in items]) for name in first}
    if isinstance(first, tuple | list):
        items = [sample_of(item) for item in items]
    return stack(items)


def stack(values):
    """Stack tensors or arrays of one shape."""
    try:
        if all(map(is_numeric, values)):  # torch would make a tensor of each
            return torch.from_numpy(np.array(values))
        return default_collate(values)
    except (ValueError, RuntimeError) as error:
        shapes = sorted({tuple(getattr(value, "shape", ())) for value in values})
        if len(shapes) < 2:
            raise
        raise ValueError(
            "the samples of a Dataset must be of one shape; got the shapes "
            f"{shapes[0]} and {shapes[-1]}. Pad or cut them to one length."
        ) from error


def is_numeric(value):
    """Return whether a value is an array of numbers."""
    return isinstance(value, np.ndarray) and value.dtype.kind in "biuf"


def sample_of(item):
    """Take the sample out of an item of a torch Dataset."""

    def is_sample(part):
        return isinstance(part, list) and all(isinstance(v, Number) for v in part)

    if isinstance(item, tuple | list) and not is_sample(item):
        item = item[0]
    return torch.tensor(item) if is_sample(item) else item
