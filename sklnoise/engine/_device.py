"""Where a net is trained: device, floating type, random state and threads."""

import threading
import warnings
from contextlib import contextmanager, nullcontext
from typing import NamedTuple

import numpy as np
import torch

TRAINING_LOCK = threading.RLock()
"""Torch's random state and thread count belong to the process: one training at a time."""

SMALL_STEP = 2**23
"""Multiplications in a step below which a second thread costs more than it brings."""


class Setting(NamedTuple):
    """What all nets of one fit share."""

    n_classes: int
    device: torch.device
    dtype: torch.dtype
    n_threads: int
    half: torch.dtype | None = None


def resolve_device(device):
    """Turn "auto" into the best device at hand."""
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
    """Choose the floating type of the net."""
    if dtype == "float64" and device.type == "mps":
        raise ValueError(
            'dtype="float64" is not available on the device "mps"; use "auto" or '
            '"float32", or device="cpu".'
        )
    if dtype == "auto":
        double = X_dtype == np.float64 and device.type == "cpu"
        return torch.float64 if double else torch.float32
    return torch.float64 if dtype == "float64" else torch.float32


def resolve_half(dtype, device):
    """Choose the type of products, where that is not the type of the weights."""
    if dtype != "bfloat16":
        return None
    if device.type == "cpu":
        capabilities = getattr(torch.cpu, "get_capabilities", dict)()
        has_it = any(capabilities[name] for name in capabilities if "bf16" in name)
    else:
        is_cuda = device.type == "cuda"
        has_it = not is_cuda or torch.cuda.get_device_capability(device)[0] >= 8
    if not has_it:
        warnings.warn(
            f'dtype="bfloat16" is float32 here: the device "{device}" has no '
            "instructions for bfloat16, and to emulate them would be slower. "
            'dtype="float32" is without this warning.',
            stacklevel=5,  # through _fit, fit and its context to the caller
        )
    return torch.bfloat16 if has_it else None


@contextmanager
def seeded(seed, device):
    """Run torch from a seed and put its random state back afterwards."""
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
def watched(device):
    """Find out whether something draws from torch's random state; leave it as it was."""

    def states():
        backend = None if device.type == "cpu" else getattr(torch, device.type)
        return [torch.get_rng_state(), *([backend.get_rng_state()] if backend else [])]

    with seeded(0, device):
        before = states()
        yield lambda: not all(map(torch.equal, before, states()))


def threads_at_hand():
    """Tell how many threads torch may use."""
    with TRAINING_LOCK:
        return torch.get_num_threads()


@contextmanager
def thread_limit(n_threads):
    """Compute with `n_threads` threads and put the count back afterwards."""
    with TRAINING_LOCK:
        before = torch.get_num_threads()
        torch.set_num_threads(n_threads)
        try:
            yield
        finally:
            torch.set_num_threads(before)


def is_small_step(module, batch_shape):
    """Tell whether a training step takes less time to compute than to give out."""
    return len(batch_shape) == 2 and n_weights(module) * batch_shape[0] < SMALL_STEP


def n_weights(module):
    """Count the weights of a module."""
    return sum(parameter.numel() for parameter in module.parameters())


def mixed_precision(setting):
    """Compute in half precision what bears it, where the setting says so."""
    if setting.half is None:
        return nullcontext()
    # What a cache keeps of the weights would be old after the next step.
    return torch.autocast(setting.device.type, setting.half, cache_enabled=False)
