"""All the data of a fit, and how rows are taken out of them."""

import math
from numbers import Number
from typing import NamedTuple

import numpy as np
import torch
from scipy.sparse import issparse
from torch.utils.data import Dataset, Subset, default_collate

WIDE_SPARSE = 1000
"""Columns of sparse rows from which a linear model of them is the better network."""

SMALL_SPARSE = 256, 2**18
"""Rows and values up to which a sparse matrix is no more than a batch."""


class LabelledData(NamedTuple):
    """All the data of a fit; folds and weights of 0 are index views into it."""

    X: object
    y: np.ndarray
    sample_weight: np.ndarray
    extra: np.ndarray | None = None


def n_samples_of(X):
    """Count the rows of X."""
    return len(X) if isinstance(X, Dataset) else X.shape[0]


def dtype_of(X):
    """Tell the type of the values of X."""
    return collate_rows(X, [0]).numpy().dtype if isinstance(X, Dataset) else X.dtype


def row_shape(X):
    """Tell the shape of one row of X."""
    if isinstance(X, Dataset):
        return tuple(collate_rows(X, [0]).shape[1:])
    return X.shape[1:]


def gather(X, rows, dtype, cast_integers):
    """Copy some rows of X into a tensor."""
    if isinstance(X, Dataset):
        batch = collate_rows(X, np.arange(len(X))[rows].tolist())
    else:
        if issparse(X):
            batch = X[rows].toarray()
        elif isinstance(rows, slice):
            batch = np.require(X[rows], requirements="W")
        else:
            batch = np.asarray(X.take(rows, axis=0))
        native = batch.dtype.newbyteorder("=")
        native = np.float64 if native == np.longdouble else native
        batch = torch.from_numpy(batch.astype(native, copy=False))
    if cast_integers or batch.is_floating_point():
        batch = batch.to(dtype)
    return batch


def without_small_sparsity(data):
    """Make sparse rows dense where all of them are no more than a batch."""
    if issparse(data.X) and data.X.shape[1] < WIDE_SPARSE:
        most_rows, most_values = SMALL_SPARSE
        if data.X.shape[0] <= most_rows and math.prod(data.X.shape) <= most_values:
            return data._replace(X=data.X.toarray())
    return data


def collate_rows(dataset, rows):
    """Take some rows out of a torch Dataset."""
    if hasattr(dataset, "__getitems__"):
        items = dataset.__getitems__(rows)
    else:
        items = [dataset[row] for row in rows]
    batch = default_collate([row_of(item) for item in items])
    if not isinstance(batch, torch.Tensor):
        raise TypeError(
            "the items of a Dataset must be rows, tensors or arrays of one shape, or "
            f"tuples that start with one; got {type(items[0]).__name__}."
        )
    if batch.is_floating_point() and not batch.isfinite().all():
        bad = [row for row, item in zip(rows, batch) if not item.isfinite().all()]
        raise ValueError(
            f"X contains NaN or infinity, in row {bad[0]} of the Dataset. Let its "
            "__getitem__ impute the values, or leave such rows out."
        )
    return batch


def row_of(item):
    """Take the row out of an item of a torch Dataset."""

    def is_row(part):
        return isinstance(part, list) and all(isinstance(v, Number) for v in part)

    if isinstance(item, tuple | list) and not is_row(item):
        item = item[0]
    return torch.tensor(item) if is_row(item) else item


class HoldOut:
    """Split off a stratified share of the rows, for early stopping."""

    def __init__(self, share, seed):
        self.share = share
        self.seed = seed

    def __call__(self, dataset, y, **fit_params):
        """Return the training and the validation subset."""
        y = np.asarray(y)
        order = np.random.RandomState(self.seed).permutation(len(y))
        order = order[np.argsort(y[order], kind="stable")]
        held_out = np.zeros(len(y), dtype=bool)
        held_out[order[self._positions(len(y))]] = True
        held_out &= np.bincount(y)[y] > 1
        return tuple(
            Subset(dataset, np.flatnonzero(part)) for part in (~held_out, held_out)
        )

    def n_train(self, n_samples):
        """Count the rows that are left to train on, but for classes of one row."""
        return n_samples - len(range(n_samples)[self._positions(n_samples)])

    def _positions(self, n_samples):
        step = round(1 / self.share)
        return slice(step // 2, n_samples, step)
