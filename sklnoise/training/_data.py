"""All the data of a fit, and batches of samples that are never copied for a fold."""

import math
from functools import cached_property
from itertools import islice
from numbers import Number
from typing import NamedTuple

import numpy as np
import torch
from scipy.sparse import issparse
from skorch.dataset import Dataset as SkorchDataset
from skorch.helper import SliceDict
from torch.distributed import is_available, is_initialized
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    Subset,
    default_collate,
)

# Columns of sparse samples from which a linear model of them is the better network.
MIN_LINEAR_COLUMNS = 1000

# A sparse matrix of at most so many samples and values is no more than a batch.
MAX_BATCH_SAMPLES, MAX_BATCH_VALUES = 256, 2**18

N_PROBE_SAMPLES = 8
GATHERED_BYTES = 2**18  # smaller batches are gathered several at a time


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
        batch = collate_samples(X, np.arange(len(X))[rows].tolist())
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


def collate_samples(dataset, indices):
    """Take some samples out of a torch Dataset."""
    if hasattr(dataset, "__getitems__"):
        items = dataset.__getitems__(indices)
    else:
        items = [dataset[index] for index in indices]
    batch = default_collate([sample_of(item) for item in items])
    parts = batch.values() if isinstance(batch, dict) else [batch]
    if not all(isinstance(part, torch.Tensor) for part in parts):
        raise TypeError(
            "the items of a Dataset must be samples, tensors or arrays of one shape, "
            "dicts of these, or tuples that start with one; got "
            f"{type(items[0]).__name__}."
        )
    for part in parts:
        if part.is_floating_point() and not part.isfinite().all():
            bad = [i for i, value in zip(indices, part) if not value.isfinite().all()]
            raise ValueError(
                f"X contains NaN or infinity, in item {bad[0]} of the Dataset. Let its "
                "__getitem__ impute the values, or leave such samples out."
            )
    return batch


def sample_of(item):
    """Take the sample out of an item of a torch Dataset."""

    def is_sample(part):
        return isinstance(part, list) and all(isinstance(v, Number) for v in part)

    if isinstance(item, tuple | list) and not is_sample(item):
        item = item[0]
    return torch.tensor(item) if is_sample(item) else item


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
            parts = (X,) if issparse(X) else X.split(some)
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
    base, _ = resolve_subsets(dataset)
    is_ours = isinstance(base, BatchDataset)
    in_memory = is_ours and not isinstance(base.all_X, Dataset | dict)
    is_distributed = is_available() and is_initialized()
    if in_memory and not is_distributed and params.keys() <= {"drop_last"}:
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
        sampler = RandomSampler(dataset, generator=params.get("generator"))
    elif sampler is None:
        sampler = SequentialSampler(dataset)
    batches = WholeBatches(sampler, batch_size, params.pop("drop_last", False))
    return DataLoader(dataset, batch_sampler=batches, **params)


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
