"""Samples that stay on the device of a training, so that no batch is copied to it."""

import math
from contextlib import contextmanager

import numpy as np
import torch

from sklnoise.training._data import count_samples, to_device

# Of the free memory of the device; the rest is for the net and what it computes.
MAX_SHARE = 1 / 3
BLOCK_BYTES = 2**26  # that are copied at once


@contextmanager
def resident_samples(dataset, device):
    """Let a dataset gather its batches on a device while it is trained on, if X fits."""
    device = torch.device(device)
    if fits(dataset, free_bytes(device)):
        dataset.resident = copy_of(dataset, device)
    try:
        yield
    finally:
        dataset.resident = None


def free_bytes(device):
    """Return the free memory of a device that is worth a copy of X: none but CUDA's."""
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else 0


def fits(dataset, n_bytes):
    """Return whether X is an array that takes at most a share of some memory."""
    X = dataset.all_X
    if not isinstance(X, np.ndarray) or not len(X):
        return False
    value = dataset.gather(np.arange(1))
    needed = value.element_size() * math.prod(X.shape)
    return needed <= MAX_SHARE * n_bytes


def copy_of(dataset, device):
    """Copy all of X, block by block, in the type that its batches have."""
    n_samples = count_samples(dataset.all_X)
    first = dataset.gather(np.arange(1))
    resident = first.new_empty((n_samples, *first.shape[1:]), device=device)
    size = max(1, BLOCK_BYTES // max(1, first.nbytes))
    for start in range(0, n_samples, size):
        rows = np.arange(start, min(start + size, n_samples))
        resident[rows[0] : rows[-1] + 1] = to_device(dataset.gather(rows), device)
    return resident
