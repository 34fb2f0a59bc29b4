"""Claim: a fit on a GPU is correct: devices, types, files, equal bits, no waiting.

Each case is a network and a check. `holds` says whether the check holds, and `found` what
was seen.
"""

import os
import pickle
import subprocess
import sys
import warnings
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from skorch import NeuralNetClassifier
from torch.utils._python_dispatch import TorchDispatchMode

import sklnoise
from sklnoise import NoiseRobustClassifier
from sklnoise.datasets import make_noisy_labels, make_transition_matrix
from sklnoise.nn import MLP, ConvNet, ResNet, TextEmbeddingNet

# Of matrix products that give the same bits again; it is read when they are first used.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

N_SAMPLES, N_CLASSES = 512, 3
NETS = {
    "MLP": (MLP, {"n_features": 20, "hidden": (16,)}),
    "ConvNet": (ConvNet, {"n_channels": 3}),
    "ResNet": (ResNet, {"depth": 8}),
    "TextEmbeddingNet": (TextEmbeddingNet, {"n_tokens": 100}),
}
# A file is loaded by a process that sees no accelerator.
LOADER = """
import pickle, sys
import numpy as np, sklnoise
model, X, out = sys.argv[1:]
if model.endswith(".pickle"):
    with open(model, "rb") as file:
        clf = pickle.load(file)
else:
    clf = sklnoise.load(model)
np.save(out, clf.set_params(device="cpu").predict_proba(np.load(X)))
"""


def cases(options):
    """Return a case per check and network."""
    checks = {
        "devices and types": check_devices,
        "pickle on a CPU": partial(check_load, "model.pickle"),
        "file on a CPU": partial(check_load, "model.skops"),
        "equal bits": check_bits,
        "bfloat16": check_bfloat16,
        "no waiting, forward": partial(check_waiting, "forward"),
        "no waiting, adaptation": partial(check_waiting, "adaptation"),
        "no waiting, forward-elr": partial(check_waiting, "forward-elr"),
    }
    if options.device == "cpu":  # whose losses look at the labels of each batch
        del checks["no waiting, adaptation"], checks["no waiting, forward-elr"]
    nets = ("MLP", "ConvNet") if options.tiny else NETS
    return {
        f"{check}, {net}": partial(run_check, checks[check], options.device, net)
        for check in checks
        # The text nets look at the ids of each batch: a wrong one ends all use of CUDA.
        for net in nets
        if not (check.startswith("no waiting") and net.startswith("Text"))
    }


def run_check(check, device, net):
    """Run a check; an error is what it found."""
    try:
        holds, found = check(device, net)
    except Exception as error:
        holds, found = False, f"{type(error).__name__}: {error}"
    return [{"holds": bool(holds), "found": str(found)[:300]}]


def make_data(net, n_samples=N_SAMPLES):
    """Make samples that a net can learn, noisy labels and clean ones."""
    rng = np.random.default_rng(0)
    y = rng.integers(N_CLASSES, size=n_samples)
    T = make_transition_matrix("symmetric", N_CLASSES, 0.2)
    y_noisy = make_noisy_labels(y, T, random_state=0)
    if net == "TextEmbeddingNet":
        X = rng.integers(1, 30, size=(n_samples, 12)) + 30 * y[:, None]
    else:
        shape = (20,) if net == "MLP" else (3, 16, 16)
        X = rng.normal(size=(n_samples, *shape)) + y.reshape(-1, *(1 for _ in shape))
        X = X.astype(np.float32)
    return X, y_noisy, y


def make_clf(device, net, *, batch_size=64, max_epochs=3, **params):
    """Make a classifier whose folds and refit are quick."""
    module, of_module = NETS[net]
    template = NeuralNetClassifier(
        module,
        optimizer=torch.optim.Adam,
        batch_size=batch_size,
        max_epochs=max_epochs,
        train_split=None,
        verbose=0,
        **{f"module__{name}": value for name, value in of_module.items()},
    )
    params = {"correction": "forward", "cv": 2, "random_state": 0} | params
    return NoiseRobustClassifier(template, device=device, **params)


def check_devices(device, net):
    """Weights, buffers and the T of the loss are on the device, in single precision."""
    X, y, _ = make_data(net)
    clf = make_clf(device, net, correction="adaptation").fit(X, y)
    parts = clf.estimator_.module_, clf.estimator_.criterion_
    tensors = [t for part in parts for t in (*part.parameters(), *part.buffers())]
    kinds = {(t.device.type, str(t.dtype)) for t in tensors if t.is_floating_point()}
    y_proba = clf.predict_proba(X)
    T = clf.transition_matrix_
    numpy_types = isinstance(y_proba, np.ndarray), isinstance(T, np.ndarray)
    holds = kinds == {(device, "torch.float32")} and all(numpy_types)
    return holds, f"{kinds}, predictions {y_proba.dtype}, T {T.dtype}"


def check_load(name, device, net):
    """A file from the device predicts the same in a process without accelerators."""
    X, y, _ = make_data(net)
    clf = make_clf(device, net).fit(X, y)
    with TemporaryDirectory() as folder:
        model, samples, out = (
            str(Path(folder) / file) for file in (name, "X.npy", "proba.npy")
        )
        if name.endswith(".pickle"):
            Path(model).write_bytes(pickle.dumps(clf))
        else:
            clf.save(model)
        np.save(samples, X)
        root = Path(sklnoise.__file__).parents[1]
        hidden = {"CUDA_VISIBLE_DEVICES": "", "PYTHONPATH": str(root)}
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", LOADER, model, samples, out],
            env=os.environ | hidden,
            check=True,
        )
        error = np.abs(np.load(out) - clf.predict_proba(X)).max()
    return error < 1e-4, f"largest difference {error:.1e}"


def check_bits(device, net):
    """Two fits are equal to the bit with deterministic algorithms."""
    X, y, _ = make_data(net)
    with deterministic():
        first, second = (make_clf(device, net).fit(X, y) for _ in range(2))
        pairs = [
            (first.out_of_fold_proba_, second.out_of_fold_proba_),
            (first.predict_proba(X), second.predict_proba(X)),
        ]
    differences = [float(np.abs(a - b).max()) for a, b in pairs]
    return all(np.array_equal(a, b) for a, b in pairs), differences


@contextmanager
def deterministic():
    """Let torch use deterministic algorithms alone, or raise an error."""
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)


def check_bfloat16(device, net):
    """Weights stay in single precision, and the accuracy does not change much."""
    X, y_noisy, y = make_data(net)
    scores = {}
    for dtype in ("float32", "bfloat16"):
        clf = make_clf(device, net, dtype=dtype, max_epochs=20).fit(X, y_noisy)
        scores[dtype] = clf.score(X, y)
    types = {str(p.dtype) for p in clf.estimator_.module_.parameters()}
    holds = abs(scores["float32"] - scores["bfloat16"]) < 0.05
    return holds and types == {"torch.float32"}, f"{types}, {scores}"


def check_waiting(correction, device, net):
    """The CPU waits for the device as often with many steps as with few."""
    X, y, _ = make_data(net)
    counts = {}
    for batch_size in (256, 32):
        clf = make_clf(device, net, batch_size=batch_size, correction=correction)
        clf.set_params(transition=0.2, warm_up=0.5)
        with counted_waits(device) as waits:
            clf.fit(X, y)
        counts[batch_size] = len(waits)
    return counts[256] == counts[32], f"by batch size: {counts}"


@contextmanager
def counted_waits(device):
    """Yield a list that gets an entry whenever the CPU waits for the device.

    On a CPU these are the values that are read off tensors.
    """
    waits = []
    if device != "cuda":
        with ReadValues(waits):
            yield waits
        return
    before = torch.cuda.get_sync_debug_mode()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        try:
            yield waits
        finally:
            torch.cuda.set_sync_debug_mode(before)
    waits += [w for w in caught if "synchronizing CUDA operation" in str(w.message)]


class ReadValues(TorchDispatchMode):
    """Record the values that are read off tensors, as `item` and `bool` do."""

    def __init__(self, found):
        super().__init__()
        self.found = found

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        """Call an operator of torch."""
        if func is torch.ops.aten._local_scalar_dense.default:
            self.found.append(func)
        return func(*args, **(kwargs or {}))
