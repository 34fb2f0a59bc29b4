"""A net in training: its epochs without their batches, and copies that predict."""

import pickle
import threading
from copy import deepcopy

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from sklnoise.engine import epochs_of, predict_proba, snapshot
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback, EpochScoring
from skorch.history import History
from torch import nn

from sklnoise.losses import ComplexAdaptationLoss
from sklnoise.nn import MLP


class Keeps(nn.Module):
    """Keeps what it has computed, as modules of users do."""

    def __init__(self, n_features, n_classes):
        super().__init__()
        self.layers = MLP(n_features, n_classes, hidden=(6,), dropout=0.3)

    def forward(self, X):
        self.seen = self.layers(X)
        return self.seen


class Snapshots:
    """Takes a snapshot of each epoch, and what the net predicts in it."""

    def __init__(self, X):
        self.X, self.taken, self.expected = X, [], []

    def __call__(self, event, net, n_epochs):
        if event == "on_epoch_end":
            self.taken.append(snapshot(net))
            self.expected.append(predict_proba(net, self.X))


NETS = {
    "dropout": ({"module__dropout": 0.3}, None),
    "keeps tensors": ({"module": Keeps}, None),
    "hidden features": ({}, ComplexAdaptationLoss(np.eye(3), 8, reduction="none")),
}


@pytest.mark.parametrize("kind", NETS)
def test_snapshot_predicts_as_the_net_did(make_net, fit, table, kind):
    params, loss = NETS[kind]
    watch = Snapshots(table.X)
    fit(make_net(**params), table, loss=loss, watch=watch)
    assert len(watch.taken) == 3
    for taken, expected in zip(watch.taken, watch.expected):
        assert_array_equal(predict_proba(taken, table.X), expected)
    assert not np.array_equal(*watch.expected[:2])


@pytest.mark.parametrize("kind", NETS)
def test_training_goes_on_as_if_no_snapshot_had_been_taken(
    make_net, fit, table, assert_same_weights, kind
):
    params, loss = NETS[kind]
    watched = fit(make_net(**params), table, loss=loss, watch=Snapshots(table.X))
    assert_same_weights(watched, fit(make_net(**params), table, loss=loss))


def test_snapshot_is_pickled_and_knows_its_epochs(make_net, fit, table):
    watch = Snapshots(table.X)
    fit(make_net(), table, watch=watch)
    taken = pickle.loads(pickle.dumps(watch.taken[1]))
    assert_array_equal(predict_proba(taken, table.X), watch.expected[1])
    assert taken.history[:, "epoch"] == [1, 2]


def test_loss_of_a_snapshot_gives_one_value_a_row(make_net, fit, table):
    watch = Snapshots(table.X)
    fit(make_net(), table, watch=watch)  # where losses take their mean themselves
    loss = watch.taken[0].criterion_.loss
    assert loss(torch.zeros(4, 3), torch.zeros(4, dtype=torch.int64)).shape == (4,)


def test_epochs_have_the_losses_that_skorch_records(make_net, fit, table):
    net = fit(make_net(), table)
    history = epochs_of(net)
    assert isinstance(history, History)
    np.testing.assert_allclose(history[:, "train_loss"], net.history[:, "train_loss"])


def test_losses_that_nobody_records_are_the_means_of_the_batches(make_net, fit, table):
    recorded = fit(make_net(), table)
    quiet = fit(make_net(callbacks="disable"), table)
    with pytest.raises(KeyError):
        quiet.history[-1, "train_loss"]
    expected = recorded.history[:, "train_loss"]
    np.testing.assert_allclose(epochs_of(quiet)[:, "train_loss"], expected)


def test_epochs_keep_scores_but_no_batches_nor_objects(make_net, fit, table):
    class Records(Callback):
        def on_epoch_end(self, net, **kwargs):
            net.history.record("weights", net.module_)

    score = EpochScoring("accuracy", name="accuracy", on_train=True)
    history = epochs_of(fit(make_net(callbacks=[score, Records()]), table))
    assert 0 <= history[-1, "accuracy"] <= 1
    assert all(epoch["batches"] == [] for epoch in history)
    assert "weights" not in history[-1]


def test_loop_that_records_no_sizes_has_epochs_without_losses(make_net, fit, table):
    class Bare(NeuralNetClassifier):
        def run_single_epoch(self, iterator, training, prefix, step_fn, **fit_params):
            for batch in iterator or ():
                step_fn(batch, **fit_params)
                self.history.new_batch()
                self.history.record_batch("train_loss", 1.0)

    net = fit(make_net(kind=Bare, callbacks="disable"), table)
    assert [set(epoch) for epoch in epochs_of(net)] == [{"epoch", "batches"}] * 3


def test_module_that_cannot_be_copied_is_named(make_net, fit, table):
    class Locked(Keeps):
        lock = property(threading.Lock)

        def __deepcopy__(self, memo):
            return deepcopy(self.lock)

    net = make_net(module=Locked)
    fit(net, table)
    with pytest.raises(TypeError, match=r"Locked cannot be .*__deepcopy__"):
        fit(net, table, watch=Snapshots(table.X))
