"""A net in training: its epochs without their batches, and copies that predict."""

import pickle
import threading
from copy import deepcopy

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback, EpochScoring
from torch import nn

from sklnoise.losses import ComplexAdaptationLoss
from sklnoise.nn import MLP
from sklnoise.training import (
    LabelledData,
    Trainer,
    TrainingConfig,
    epochs_of,
    predict_proba,
    snapshot,
    weights_of,
)

X = np.random.RandomState(0).normal(size=(48, 4))
DATA = LabelledData(X, (X[:, 0] > 0).astype(int) + (X[:, 1] > 0), np.ones(48))
CONFIG = TrainingConfig(3, torch.device("cpu"), torch.float64, 1)


class KeepsOutput(nn.Module):
    """Keeps what it has computed, as modules of users do."""

    def __init__(self, n_features, n_classes):
        super().__init__()
        self.layers = MLP(n_features, n_classes, hidden=(6,), dropout=0.3)

    def forward(self, X):
        self.output = self.layers(X)
        return self.output


class Snapshots:
    """Takes a snapshot of each epoch, and what the net predicts in it."""

    def __init__(self):
        self.taken, self.expected = [], []

    def __call__(self, event, net, n_epochs):
        if event == "on_epoch_end":
            self.taken.append(snapshot(net))
            self.expected.append(predict_proba(net, X))


def fit(module=MLP, kind=NeuralNetClassifier, *, loss=None, on_epoch=None, **params):
    defaults = {"max_epochs": 3, "batch_size": 9, "train_split": None, "verbose": 0}
    net = kind(module, lr=0.05, **(defaults | params))
    loss = nn.CrossEntropyLoss(reduction="none") if loss is None else loss
    return Trainer(net, DATA, CONFIG, 0, on_epoch=on_epoch).fit(np.arange(48), loss)


NETS = {
    "dropout": {"module__dropout": 0.3},
    "keeps tensors": {"module": KeepsOutput},
    "hidden features": {"loss": ComplexAdaptationLoss(np.eye(3), 32, reduction="none")},
}


@pytest.mark.parametrize("params", NETS.values(), ids=NETS)
def test_snapshot_predicts_as_the_net_did_and_changes_nothing(params):
    snapshots = Snapshots()
    net = fit(on_epoch=snapshots, **params)
    for taken, expected in zip(snapshots.taken, snapshots.expected, strict=True):
        assert_array_equal(predict_proba(taken, X), expected)
    assert not np.array_equal(*snapshots.expected[:2])
    undisturbed = weights_of(fit(**params))
    for name, weight in weights_of(net).items():
        assert_array_equal(weight, undisturbed[name])


def test_snapshot_is_pickled_and_knows_its_epochs():
    snapshots = Snapshots()
    fit(on_epoch=snapshots)
    taken = pickle.loads(pickle.dumps(snapshots.taken[1]))
    assert_array_equal(predict_proba(taken, X), snapshots.expected[1])
    assert taken.history[:, "epoch"] == [1, 2]


def test_epochs_have_the_losses_that_skorch_records():
    recorded, quiet = fit(), fit(callbacks="disable")
    expected = recorded.history[:, "train_loss"]
    assert_allclose(epochs_of(recorded)[:, "train_loss"], expected)
    with pytest.raises(KeyError):
        quiet.history[-1, "train_loss"]
    assert_allclose(epochs_of(quiet)[:, "train_loss"], expected)


def test_epochs_keep_scores_but_no_batches_nor_objects():
    class Records(Callback):
        def on_epoch_end(self, net, **kwargs):
            net.history.record("weights", net.module_)

    score = EpochScoring("accuracy", name="accuracy", on_train=True)
    history = epochs_of(fit(callbacks=[score, Records()]))
    assert 0 <= history[-1, "accuracy"] <= 1
    assert all(epoch["batches"] == [] for epoch in history)
    assert "weights" not in history[-1]


def test_module_that_cannot_be_copied_is_named():
    class Locked(KeepsOutput):
        lock = property(threading.Lock)

        def __deepcopy__(self, memo):
            return deepcopy(self.lock)

    with pytest.raises(TypeError, match=r"Locked cannot be .*__deepcopy__"):
        fit(Locked, on_epoch=Snapshots())
