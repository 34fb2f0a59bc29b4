"""Batches of rows: one gather for a whole batch, never a copy of the data for a fold."""

from typing import NamedTuple

import numpy as np
import torch
from scipy.sparse import issparse
from torch.utils.data import default_collate

PROBE_ROWS = 8


class LabelledData(NamedTuple):
    """All the data of a fit; folds and weights of 0 are index views into it.

    Attributes
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, ...)
        Rows.

    y : ndarray of shape (n_samples,), dtype=int64
        Label codes.

    sample_weight : ndarray of shape (n_samples,), dtype=float64
        Weights.

    extra : ndarray of shape (n_samples, ...) or None
        What a loss is told of each row besides its label, such as whether it is trusted.
    """

    X: object
    y: np.ndarray
    sample_weight: np.ndarray
    extra: np.ndarray | None = None


def gather(X, rows, dtype, cast_integers):
    """Copy some rows of X into a tensor.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, ...)
        The data; sparse rows become dense here and nowhere before.

    rows : ndarray of shape (n_rows,)
        Indices of the rows.

    dtype : torch.dtype
        Type that floating values get.

    cast_integers : bool
        Whether integers get it too; otherwise they stay integers (token ids).

    Returns
    -------
    batch : torch.Tensor of shape (n_rows, ...)
        A copy of the rows.
    """
    batch = X[rows]
    if issparse(batch):
        batch = batch.toarray()
    batch = np.asarray(batch)
    native = batch.dtype.newbyteorder("=")
    native = np.float64 if native == np.longdouble else native
    batch = torch.from_numpy(batch.astype(native, copy=False))
    if cast_integers or batch.is_floating_point():
        batch = batch.to(dtype)
    return batch


class RowDataset(torch.utils.data.Dataset):
    """Rows of X with their label codes and weights, as views through an index.

    Parameters
    ----------
    data : LabelledData
        All the data; weights are scaled to mean 1 over `rows`.

    rows : ndarray of shape (n_rows,)
        The rows that belong to this dataset.

    dtype : torch.dtype
        Type of the weights and of floating batches.

    cast_integers : bool, default=False
        Whether integers in X are cast to `dtype` as well.
    """

    def __init__(self, data, rows, dtype, *, cast_integers=False):
        # Not X and y: skorch would pair all rows of X with the labels of some.
        self.all_X = data.X
        self.rows = rows
        self.dtype = dtype
        self.cast_integers = cast_integers
        self.codes = torch.from_numpy(data.y[rows])
        weight = data.sample_weight[rows]
        self.sample_weight = torch.from_numpy(weight / weight.mean()).to(dtype)
        extra = () if data.extra is None else (torch.from_numpy(data.extra[rows]),)
        self.targets = (self.codes, self.sample_weight, *extra)

    def __len__(self):
        return len(self.rows)

    def take(self, positions):
        """Return `(X, (y, sample_weight, ...))` at some positions."""
        X = gather(self.all_X, self.rows[positions], self.dtype, self.cast_integers)
        return X, tuple(target[positions] for target in self.targets)

    def probe(self):
        """Return a few rows of X, to try a net on.

        Returns
        -------
        batch : torch.Tensor of shape (n_rows, ...)
            The first rows.
        """
        return self.take(np.arange(min(PROBE_ROWS, len(self))))[0]

    def __getitem__(self, position):
        X, targets = self.take(np.array([position]))
        return X[0], tuple(target[0] for target in targets)


class BatchDataset(RowDataset):
    """A `RowDataset` that hands a DataLoader whole batches, to be left as they are."""

    def __getitems__(self, positions):
        """Return the batch at some positions, for `collate`."""
        return self.take(np.asarray(positions))


def collate(batch):
    """Leave the batches of a `BatchDataset` as they are, and collate all others.

    Parameters
    ----------
    batch : tuple or list
        A batch that is ready, or rows.

    Returns
    -------
    batch : tuple or list
        `(X, y)`.
    """
    return batch if isinstance(batch, tuple) else default_collate(batch)


class HoldOut:
    """Split off a stratified share of the rows, for early stopping.

    The only row of a class is never held out.

    Parameters
    ----------
    share : float
        Share of the rows that is held out, about; in (0, 1).

    seed : int
        Seed of the shuffle.
    """

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
            torch.utils.data.Subset(dataset, np.flatnonzero(part))
            for part in (~held_out, held_out)
        )

    def n_train(self, n_samples):
        """Count the rows that are left to train on, but for classes of one row.

        Parameters
        ----------
        n_samples : int
            All rows.

        Returns
        -------
        n_train : int
            About `1 - share` of them.
        """
        return n_samples - len(range(n_samples)[self._positions(n_samples)])

    def _positions(self, n_samples):
        step = round(1 / self.share)
        return slice(step // 2, n_samples, step)
