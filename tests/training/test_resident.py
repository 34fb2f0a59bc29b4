"""Samples that stay on the device of a training give the same batches and nets."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from skorch import NeuralNetClassifier
from torch import nn

from sklnoise.nn import MLP
from sklnoise.training import LabelledData, _resident
from sklnoise.training._batches import BatchIterator
from sklnoise.training._data import BatchDataset

ROWS = np.arange(1, 50, 2)
KINDS = {
    "float64 as float32": np.float64,
    "integers": np.int64,
    "pixels": np.uint8,
    "big-endian": ">f8",
}


def make_dataset(X):
    y, weight = np.arange(len(X)) % 3, np.linspace(1, 2, len(X))
    return BatchDataset(LabelledData(X, y, weight), ROWS, torch.float32)


@pytest.fixture
def on_the_cpu(monkeypatch):
    """Let the memory of the CPU count as that of an accelerator."""
    monkeypatch.setattr(_resident, "free_bytes", lambda device: 2**30)
    copied, copy_of = [], _resident.copy_of

    def record(dataset, device):
        copied.append(len(dataset.all_X))
        return copy_of(dataset, device)

    monkeypatch.setattr(_resident, "copy_of", record)
    return copied


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("block_bytes", [1, 100, 2**26])
def test_batches_are_those_that_are_gathered_from_the_array(
    rng, monkeypatch, on_the_cpu, kind, block_bytes
):
    monkeypatch.setattr(_resident, "BLOCK_BYTES", block_bytes)
    dataset = make_dataset(rng.randint(200, size=(50, 2, 3)).astype(kind))
    expected = [X for X, _ in BatchIterator(dataset, 4, shuffle=True, seed=0)]
    with _resident.resident_samples(dataset, "cpu"):
        batches = [X for X, _ in BatchIterator(dataset, 4, shuffle=True, seed=0)]
    assert on_the_cpu == [50]
    for X, other in zip(batches, expected, strict=True):
        assert X.dtype == other.dtype
        assert torch.equal(X, other)


def test_samples_leave_the_device_with_the_training(rng, on_the_cpu):
    dataset = make_dataset(rng.normal(size=(50, 3)))
    with _resident.resident_samples(dataset, "cpu"):
        assert dataset.resident is not None
    assert dataset.resident is None


@pytest.mark.parametrize(("n_bytes", "fits"), [(3 * 50 * 3 * 4, True), (1799, False)])
def test_a_third_of_the_memory_is_for_the_samples_as_the_net_takes_them(
    rng, n_bytes, fits
):
    assert _resident.fits(make_dataset(rng.normal(size=(50, 3))), n_bytes) is fits


def test_a_cpu_keeps_no_copy(rng):
    dataset = make_dataset(rng.normal(size=(50, 3)))
    with _resident.resident_samples(dataset, "cpu"):
        assert dataset.resident is None


class Layers(nn.Sequential):
    """A module of the user, which is trained alone."""

    def __init__(self, n_features, n_classes):
        super().__init__(nn.Linear(n_features, n_classes))


@pytest.mark.parametrize("module", [MLP, Layers])
def test_a_fit_gives_the_same_bits(request, module, make_clf, table):
    X, y = table
    net = NeuralNetClassifier(module, max_epochs=2, verbose=0, train_split=None)
    expected = make_clf(net).fit(X, y)
    copied = request.getfixturevalue("on_the_cpu")
    clf = make_clf(net).fit(X, y)
    assert copied
    assert_array_equal(clf.predict_proba(X), expected.predict_proba(X))
    assert_array_equal(clf.out_of_fold_proba_, expected.out_of_fold_proba_)
