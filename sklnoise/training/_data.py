"""All the data of a fit, of which samples are gathered, and never copied for a fold."""

import math
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from scipy.sparse import issparse
from skorch.dataset import Dataset as SkorchDataset
from skorch.helper import SliceDict
from torch.utils.data import Dataset, Subset

from sklnoise.training._sources import collate_samples

# Columns of sparse samples from which a linear model of them is the better network.
MIN_LINEAR_COLUMNS = 1000

# A sparse matrix of at most so many samples and values is no more than a batch.
MAX_BATCH_SAMPLES, MAX_BATCH_VALUES = 256, 2**18

N_PROBE_SAMPLES = 8


class LabelledData(NamedTuple):
    """All the data of a fit; folds and weights of 0 are index views into it."""

    X: object  # ndarray, CSR matrix, SliceDict of ndarrays or Dataset
    y: np.ndarray  # label codes
    sample_weight: np.ndarray
    extra: np.ndarray | None = None  # what else a loss needs to know of each sample


def count_samples(X):
    """Count the samples of X."""
    return len(X) if isinstance(X, Dataset) else X.shape[0]


def dtype_of(X):
    """Return the type of the values of X, of several parts that of all together."""
    if isinstance(X, Dataset):
        X = as_arrays(collate_samples(X, [0]))
    if not isinstance(X, dict):
        return X.dtype
    # Integers are ids, which a net does not compute with.
    types = {part.dtype for part in X.values()}
    return np.result_type(*({t for t in types if t.kind == "f"} or types))


def sample_shape(X):
    """Return the shape of one sample of X, or of each of its parts by name."""
    if isinstance(X, Dataset):
        X = collate_samples(X, [0])
    if isinstance(X, dict):
        return {name: tuple(part.shape[1:]) for name, part in X.items()}
    return tuple(X.shape[1:])


def sample_kind(X):
    """Return the kind of the values of X, or of each of its parts by name: "f" or "i"."""
    if isinstance(X, Dataset):
        X = as_arrays(collate_samples(X, [0]))
    if isinstance(X, dict):
        return {name: part.dtype.kind for name, part in X.items()}
    return X.dtype.kind


def count_values(X):
    """Count the values of one sample of X."""
    shape = sample_shape(X)
    shapes = shape.values() if isinstance(shape, dict) else [shape]
    return sum(map(math.prod, shapes))


def as_features(X):
    """Return all samples as one array, in which neighbours are searched."""
    if isinstance(X, Dataset):
        raise ValueError(
            'space="input" searches neighbours among the samples, which must then be an '
            'array; got a Dataset. Use space="hidden", or read its samples into an array.'
        )
    if isinstance(X, dict):
        return np.hstack([part.reshape(len(part), -1) for part in X.values()])
    return X if X.ndim == 2 else X.reshape(len(X), -1)


def as_arrays(batch):
    """Return a batch as an array, or as a dict of arrays that can be sliced."""
    if isinstance(batch, dict):
        return SliceDict(**{name: part.numpy() for name, part in batch.items()})
    return batch.numpy()


def densify_if_small(data):
    """Make sparse samples dense where all of them are no more than a batch."""
    if issparse(data.X) and data.X.shape[1] < MIN_LINEAR_COLUMNS:
        is_small = data.X.shape[0] <= MAX_BATCH_SAMPLES
        if is_small and math.prod(data.X.shape) <= MAX_BATCH_VALUES:
            return data._replace(X=data.X.toarray())
    return data


def gather(X, rows, dtype, *, cast_integers=False, keep_sparse=False):
    """Copy some samples of X into a tensor, or into a CSR matrix."""
    if isinstance(X, dict):
        return {
            name: gather(part, rows, dtype, cast_integers=cast_integers)
            for name, part in X.items()
        }
    if isinstance(X, Dataset):
        if isinstance(rows, slice):
            rows = np.arange(len(X))[rows]
        batch = collate_samples(X, rows.tolist())
    elif issparse(X) and keep_sparse:
        numpy_dtype = torch.empty(0, dtype=dtype).numpy().dtype
        return X[rows].astype(numpy_dtype, copy=False)
    else:
        if issparse(X):
            batch = X[rows].toarray()
        elif isinstance(rows, slice):
            batch = np.require(X[rows], requirements="CW")
        else:
            batch = np.asarray(X.take(rows, axis=0))
        native = batch.dtype.newbyteorder("=")
        native = np.float64 if native == np.longdouble else native
        batch = torch.from_numpy(batch.astype(native, copy=False))
    return cast(batch, dtype, cast_integers=cast_integers)


def cast(batch, dtype, *, cast_integers=False):
    """Convert the floats of a batch, or all its values, to a type."""
    if isinstance(batch, dict):
        return {
            name: cast(part, dtype, cast_integers=cast_integers)
            for name, part in batch.items()
        }
    is_cast = cast_integers or batch.is_floating_point()
    return batch.to(dtype) if is_cast else batch


def to_device(tensor, device):
    """Copy a tensor; to CUDA without waiting for it, from memory that stays in place."""
    if isinstance(tensor, dict):
        return {name: to_device(part, device) for name, part in tensor.items()}
    if device.type == "cuda" and tensor.device.type == "cpu":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


def make_dataset(net, X, y=None):
    """Call the class of datasets of a net on samples, and check their number."""
    dataset = net.get_dataset(X, y)
    n_samples = count_samples(X)
    if not isinstance(dataset, Dataset) or len(dataset) != n_samples:
        found = f" of {len(dataset)}" if hasattr(dataset, "__len__") else ""
        raise ValueError(
            f"dataset must make a torch Dataset of the {n_samples} samples that it is "
            f"called with; got {type(dataset).__name__}{found}. Repeat samples by "
            "sample_weight of fit."
        )
    return dataset


class SampleDataset(SkorchDataset):
    """Samples of X with their label codes and weights, as views through an index.

    Weights are scaled to mean 1 over the first `n_train` of `rows`, and over the others.
    With `is_indexed` the last of the targets of a sample is its position.
    `keep_sparse` is set where the net takes CSR matrices. Callbacks find `X` and `y`, as
    in every dataset of skorch.
    """

    def __init__(
        self,
        data,
        rows,
        dtype,
        *,
        cast_integers=False,
        n_train=None,
        is_indexed=False,
    ):
        self.all_X = data.X
        self.rows = rows
        self.dtype = dtype
        self.cast_integers = cast_integers
        self.keep_sparse = False
        self.resident = None  # all X on a device, for the batches of a training loop
        self.codes = torch.from_numpy(data.y[rows])
        weight = data.sample_weight[rows]
        self.weighted = bool((weight != weight[:1]).any())
        if self.weighted:
            parts = np.split(weight, [] if n_train is None else [n_train])
            scaled = np.concatenate([part / part.mean() for part in parts if len(part)])
            self.sample_weight = torch.from_numpy(scaled).to(dtype)
        else:
            self.sample_weight = torch.ones((), dtype=dtype).expand(len(rows))
        extra = () if data.extra is None else (torch.from_numpy(data.extra[rows]),)
        index = (torch.arange(len(rows)),) if is_indexed else ()
        self.targets = (self.codes, self.sample_weight, *extra, *index)

    def __len__(self):
        return len(self.rows)

    @cached_property
    def X(self):
        """A copy of the samples, as an array, or their subset of a torch Dataset."""
        if isinstance(self.all_X, Dataset):
            return Subset(self.all_X, self.rows)
        samples = gather(
            self.all_X,
            self.rows,
            self.dtype,
            cast_integers=self.cast_integers,
            keep_sparse=issparse(self.all_X),
        )
        return samples if issparse(samples) else as_arrays(samples)

    @property
    def y(self):
        """The label codes."""
        return self.codes.numpy()

    def gather(self, rows):
        """Return some samples, by their indices into all the data."""
        return gather(
            self.all_X,
            rows,
            self.dtype,
            cast_integers=self.cast_integers,
            keep_sparse=self.keep_sparse,
        )

    def gather_batches(self, rows):
        """Gather samples for a training loop, where they lie on its device from there."""
        if self.resident is None:
            return self.gather(rows)
        index = to_device(
            torch.from_numpy(np.ascontiguousarray(rows)), self.resident.device
        )
        return self.resident[index]

    def take(self, positions):
        """Return `(X, (y, sample_weight, ...))` at some positions of this dataset."""
        X = self.gather(self.rows[positions])
        return X, tuple(target[positions] for target in self.targets)

    def probe(self):
        """Return a few dense samples, to try a net on."""
        rows = self.rows[:N_PROBE_SAMPLES]
        return gather(self.all_X, rows, self.dtype, cast_integers=self.cast_integers)

    def __getitem__(self, position):
        X, targets = self.take(np.array([position]))
        sample = (
            {name: part[0] for name, part in X.items()} if isinstance(X, dict) else X[0]
        )
        return sample, tuple(target[0] for target in targets)


class BatchDataset(SampleDataset):
    """A `SampleDataset` that gives a DataLoader whole batches, to be left as they are."""

    def __getitems__(self, positions):
        """Return the batch at some positions, for `collate`."""
        return self.take(np.asarray(positions))


class HoldOut:
    """Split off a stratified share of the samples, for early stopping.

    The only sample of a class is never held out.
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
            Subset(dataset, np.flatnonzero(part)) for part in (~held_out, held_out)
        )

    def n_train(self, n_samples):
        """Count the samples that are left to train on, but for classes of one sample."""
        return n_samples - len(range(n_samples)[self._positions(n_samples)])

    def _positions(self, n_samples):
        step = round(1 / self.share)
        return slice(step // 2, n_samples, step)
