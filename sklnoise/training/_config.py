"""What all trainings of one fit share: device, types, threads and random state."""

import os
import threading
from contextlib import contextmanager, nullcontext
from typing import NamedTuple

import torch
from torch import nn

from sklnoise._warnings import warn_caller

DEFAULT_DEVICE = "cpu"  # of skorch, where the user has set none

# Torch's random state and thread count belong to the process: one training at a time.
TRAINING_LOCK = threading.RLock()


# Whether this process may have started threads of torch.
has_computed = threading.Event()


def restart_in_child():
    """Let a forked process train: threads of the one that it comes from are not there."""
    global TRAINING_LOCK
    TRAINING_LOCK = threading.RLock()  # which another thread may have held
    if has_computed.is_set():
        # GNU OpenMP waits for ever for the threads that it had before the fork.
        torch.set_num_threads(1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=restart_in_child)

# Samples up to which double precision costs nothing that is noticed.
MAX_DOUBLE_SAMPLES = 1000

# Multiplications in a step below which a second thread costs more than it brings.
MAX_SMALL_STEP = 2**23


class TrainingConfig(NamedTuple):
    """What all nets of one fit share."""

    n_classes: int
    device: torch.device
    dtype: torch.dtype  # of the weights and of floating batches
    n_threads: int  # that a large step may use
    half: torch.dtype | None = None  # of products, where that is not `dtype`


def resolve_device(device, of_net=None):
    """Resolve "auto" to what a net asks for, or else to CUDA, MPS or the CPU."""
    if device == "auto" and of_net not in (None, DEFAULT_DEVICE):
        device = of_net
    if device == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        resolved = torch.device(device)
        torch.ones(1, device=resolved).item()  # which fails where nothing is computed
    except (RuntimeError, AssertionError, NotImplementedError, TypeError) as error:
        raise ValueError(
            f'device must be "auto" or a device that torch can use here; got {device!r} '
            f"({error}). Is it spelled right, and is the accelerator visible?"
        ) from error
    return resolved


def resolve_dtype(dtype, X_dtype, n_samples, device):
    """Choose the floating type of weights and batches."""
    if dtype == "float64" and device.type == "mps":
        raise ValueError(
            'dtype="float64" is not available on the device "mps"; use "auto" or '
            '"float32", or device="cpu".'
        )
    if dtype == "auto":
        # Of any byte order, and numpy's long double, which torch has not.
        is_double = X_dtype.kind == "f" and X_dtype.itemsize >= 8
        is_double = is_double and n_samples <= MAX_DOUBLE_SAMPLES
        return torch.float64 if is_double and device.type == "cpu" else torch.float32
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
        warn_caller(
            f'dtype="bfloat16" is float32 here: the device "{device}" has no '
            "instructions for bfloat16, and to emulate them would be slower. "
            'dtype="float32" is without this warning.',
            UserWarning,
        )
    return torch.bfloat16 if has_it else None


def mixed_precision(config):
    """Compute products in half precision in this thread only where the config says so."""
    if config.half is None:
        return full_precision(config.device)
    # A cache of the cast weights would be out of date after the next step.
    return torch.autocast(config.device.type, config.half, cache_enabled=False)


def full_precision(device):
    """Compute products in the type of the weights, whatever is asked for around a fit."""
    return torch.autocast(torch.device(device or DEFAULT_DEVICE).type, enabled=False)


@contextmanager
def seeded(seed, device):
    """Run torch from a seed and restore its random state afterwards."""
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
def isolated(device):
    """Keep the random state and the precision of a running training unaffected."""
    device = torch.device(device)
    devices = [] if device.type == "cpu" else [device]
    kind = "cuda" if device.type == "cpu" else device.type  # no device, so any kind
    with (
        torch.random.fork_rng(devices, device_type=kind),
        torch.autocast(device.type, enabled=False),
    ):
        yield


def available_threads():
    """Return how many threads torch may use while no training limits them."""
    with TRAINING_LOCK:
        return torch.get_num_threads()


@contextmanager
def thread_limit(n_threads):
    """Compute with `n_threads` threads and restore their number afterwards."""
    has_computed.set()
    with TRAINING_LOCK:
        before = torch.get_num_threads()
        torch.set_num_threads(n_threads)
        try:
            yield
        finally:
            torch.set_num_threads(before)


def is_small_step(module, batch_shape):
    """Return whether a training step is too small for a second thread to pay.

    Only model and shapes decide, so that results are reproducible to the bit.
    """
    bags = [layer for layer in module.modules() if isinstance(layer, nn.EmbeddingBag)]
    n_multiplied = n_weights(module) - sum(map(n_weights, bags))  # a bag only adds up
    return len(batch_shape) == 2 and n_multiplied * batch_shape[0] < MAX_SMALL_STEP


def n_weights(module):
    """Count the values of all parameters."""
    return sum(parameter.numel() for parameter in module.parameters())
