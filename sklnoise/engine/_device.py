"""Where a net is trained: device, floating type, random state and threads."""

import threading
from contextlib import contextmanager, nullcontext
from typing import NamedTuple

import numpy as np
import torch

TRAINING_LOCK = threading.RLock()
"""Torch's random state and thread count belong to the process: one training at a time."""

SMALL_STEP = 2**24
"""Multiplications in a step below which a second thread costs more than it brings."""


class Setting(NamedTuple):
    """What all nets of one fit share.

    Attributes
    ----------
    n_classes : int
        Number of logits that a net must give.

    device : torch.device
        Where it is trained.

    dtype : torch.dtype
        Type of its weights and of floating batches.

    n_threads : int
        Threads that a large step may use.
    """

    n_classes: int
    device: torch.device
    dtype: torch.dtype
    n_threads: int


def resolve_device(device):
    """Turn "auto" into the best device at hand.

    Parameters
    ----------
    device : str or torch.device
        "auto", or anything that `torch.device` takes.

    Returns
    -------
    device : torch.device
        CUDA before MPS before the CPU.

    Raises
    ------
    ValueError
        If the device is unknown or not available.
    """
    if device == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        resolved = torch.device(device)
        torch.empty(0, device=resolved)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(
            f'device must be "auto" or a device that torch can use here; got {device!r} '
            f"({error}). Is it spelled right, and is the accelerator visible?"
        ) from error
    return resolved


def resolve_dtype(dtype, X_dtype, device):
    """Choose the floating type of the net.

    Parameters
    ----------
    dtype : {"auto", "float32", "float64"}
        "auto" keeps float64 data in float64 on the CPU; all else is float32.

    X_dtype : numpy.dtype
        Type of the data.

    device : torch.device
        Where the net is trained.

    Returns
    -------
    dtype : torch.dtype
        The type of weights and batches.

    Raises
    ------
    ValueError
        If the device cannot compute in that type.
    """
    if dtype == "float64" and device.type == "mps":
        raise ValueError(
            'dtype="float64" is not available on the device "mps"; use "auto" or '
            '"float32", or device="cpu".'
        )
    if dtype == "auto":
        double = X_dtype == np.float64 and device.type == "cpu"
        return torch.float64 if double else torch.float32
    return getattr(torch, dtype)


@contextmanager
def seeded(seed, device):
    """Run torch from a seed and put its random state back afterwards.

    Parameters
    ----------
    seed : int
        Seed of the CPU's generator and of that of `device`.

    device : torch.device
        The one accelerator whose generator is seeded too; others are left alone.
    """
    backend = None if device.type == "cpu" else getattr(torch, device.type)
    current = torch.cuda.device(device) if device.type == "cuda" else nullcontext()
    with TRAINING_LOCK, current:
        cpu_state = torch.get_rng_state()
        device_state = backend.get_rng_state() if backend else None
        try:
            torch.default_generator.manual_seed(seed)
            if backend:
                backend.manual_seed(seed)
            yield
        finally:
            torch.set_rng_state(cpu_state)
            if backend:
                backend.set_rng_state(device_state)


@contextmanager
def thread_limit(n_threads):
    """Compute with `n_threads` threads and put the count back afterwards.

    Parameters
    ----------
    n_threads : int
        Threads of one torch operation.
    """
    with TRAINING_LOCK:
        before = torch.get_num_threads()
        torch.set_num_threads(n_threads)
        try:
            yield
        finally:
            torch.set_num_threads(before)


def threads_for(module, batch_shape, available):
    """Choose the threads for a training step from the model and the shapes alone.

    Parameters
    ----------
    module : torch.nn.Module
        The net.

    batch_shape : tuple of int
        Shape of a batch.

    available : int
        Threads that the step may use.

    Returns
    -------
    n_threads : int
        1 for small steps on flat data, otherwise `available`. A count that follows
        neither the clock nor `n_jobs` keeps results equal to the bit.
    """
    weights = sum(p.numel() for p in module.parameters())
    small = len(batch_shape) == 2 and weights * batch_shape[0] < SMALL_STEP
    return 1 if small else available
