"""The lean epoch gives what skorch's gives, to the bit."""

import pickle

import numpy as np
import pytest
import torch
from sklnoise.engine import AutoSizedNet, _training, weights_of
from skorch.callbacks import (
    BatchScoring,
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    Freezer,
    LRScheduler,
)
from skorch.dataset import ValidSplit
from torch import nn

from sklnoise.losses import ForwardLoss, SimpleAdaptationLoss
from sklnoise.nn import MLP


class Epochs(Callback):
    """Writes what it sees of each epoch into the history."""

    def on_epoch_end(self, net, dataset_train=None, **kwargs):
        net.history.record("rows", len(dataset_train))
        net.history.record("norm", net.module_.layers[1].weight.norm().item())


class Normed(nn.Module):
    """Draws, normalises, and gives its hidden units beside the logits."""

    def __init__(self, n_features, n_classes):
        super().__init__()
        self.hidden = nn.Linear(n_features, 8)
        self.norm = nn.BatchNorm1d(8)
        self.drop = nn.AlphaDropout(0.2)
        self.logits = nn.Linear(8, n_classes)

    def forward(self, X):
        hidden = self.drop(self.norm(self.hidden(X)).relu())
        return self.logits(hidden), hidden


class Probabilities(MLP):
    """Gives probabilities."""

    def forward(self, X):
        return super().forward(X).softmax(dim=1)


def stop(**params):
    return EarlyStopping(patience=1, threshold=0.05, sink=lambda text: None, **params)


def schedule(policy="StepLR", **params):
    params = params or {"step_size": 1, "gamma": 0.5}
    return LRScheduler(policy, **params)


ALIKE = {
    "plain": {},
    "epoch callback": {"callbacks": [Epochs()]},
    "validation": {"train_split": ValidSplit(3)},
    "score of the validation": {
        "train_split": ValidSplit(3),
        "callbacks": [EpochScoring("neg_log_loss", name="ll", lower_is_better=False)],
    },
    "batch score of the validation": {
        "train_split": ValidSplit(3),
        "callbacks": [BatchScoring("accuracy", name="acc", on_train=False)],
    },
    "early stopping": {
        "train_split": ValidSplit(3),
        "callbacks": [stop()],
        "max_epochs": 12,
        "lr": 0.2,
    },
    "early stopping on the training loss": {
        "callbacks": [stop(monitor="train_loss", load_best=True)],
        "max_epochs": 12,
    },
    "schedule": {"callbacks": [schedule()]},
    "schedule by the loss": {
        "callbacks": [
            schedule("ReduceLROnPlateau", monitor="train_loss", patience=0, threshold=1)
        ]
    },
    "dropout": {"module__dropout": 0.3},
    "dropout and validation": {"module__dropout": 0.3, "train_split": ValidSplit(3)},
    "Adam": {"optimizer": torch.optim.Adam},
    "unfused": {"optimizer": torch.optim.Adam, "optimizer__fused": False},
    "momentum": {"optimizer__momentum": 0.9, "optimizer__weight_decay": 0.1},
    "groups": {"optimizer__param_groups": [("layers.hidden0.*", {"lr": 0.5})]},
    "one batch": {"batch_size": -1, "iterator_train__shuffle": False},
    "drop last": {"iterator_train__drop_last": True},
    "no whole batch": {"iterator_train__drop_last": True, "batch_size": 99},
    "frozen layer": {"callbacks": [Freezer("layers.hidden0.*")]},
    "callbacks off": {"callbacks": "disable"},
    "draws and features": {"module": Normed},
    "probabilities": {"module": Probabilities, "module__hidden": (8,)},
    "sized": {"kind": AutoSizedNet},
    "sized with validation": {
        "kind": AutoSizedNet,
        "batch_size": 20,
        "train_split": "auto",
        "max_epochs": 12,
    },
}


def told(net):
    """List what the history tells, but for the seconds."""
    return [
        {name: value for name, value in epoch.items() if name != "dur"}
        for epoch in net.history
    ]


@pytest.fixture
def assert_lean_is_stock(fit, stock_steps, monkeypatch, assert_same_weights):
    def check(net, data, **params):
        lean = fit(net, data, **params)
        assert stock_steps == []
        monkeypatch.setattr(_training, "is_lean", lambda net, fit_params: False)
        stock = fit(net, data, **params)
        n_batches = [epoch["train_batch_count"] for epoch in stock.history]
        assert len(stock_steps) == sum(n_batches)
        assert_same_weights(lean, stock)
        assert told(lean) == told(stock)
        assert lean.criterion_.step == stock.criterion_.step

    return check


@pytest.mark.parametrize("rows", ["table", "weighted"])
@pytest.mark.parametrize("params", ALIKE.values(), ids=ALIKE)
def test_lean_epoch_gives_the_bits_of_skorch(
    assert_lean_is_stock, make_net, request, rows, params
):
    assert_lean_is_stock(make_net(**params), request.getfixturevalue(rows))


@pytest.mark.parametrize(
    "loss",
    [
        SimpleAdaptationLoss(np.full((3, 3), 0.2) + 0.4 * np.eye(3), reduction="none"),
        ForwardLoss(np.full((3, 3), 0.2) + 0.4 * np.eye(3), reduction="none"),
    ],
    ids=["trained", "fixed"],
)
@pytest.mark.parametrize("warm_up", [0.0, 0.5])
def test_lean_epoch_trains_any_loss_as_skorch_does(
    assert_lean_is_stock, make_net, weighted, loss, warm_up
):
    assert_lean_is_stock(make_net(), weighted, loss=loss, warm_up=warm_up)


class Failing(MLP):
    """Fails in a step of training."""

    error = KeyError

    def forward(self, X):
        if self.training:
            raise self.error
        return super().forward(X)


class Interrupted(Failing):
    """Stands for a user who presses Ctrl-C."""

    error = KeyboardInterrupt


class Keep(Callback):
    """Keeps the net that is trained."""

    def on_train_begin(self, net, **kwargs):
        Keep.net = net


@pytest.mark.parametrize("module", [Failing, Interrupted])
def test_net_has_its_epoch_back_after_an_error(make_net, fit, table, module):
    with pytest.raises(module.error):
        fit(make_net(module, module__hidden=(8,), callbacks=[Keep()]), table)
    assert "run_single_epoch" not in vars(Keep.net)


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_fitted_net_can_be_pickled(make_net, fit, table, assert_same_weights, dropout):
    net = fit(make_net(module__dropout=dropout), table)
    assert_same_weights(pickle.loads(pickle.dumps(net)), net)


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_net_can_be_pickled_by_a_callback_in_its_training(
    make_net, fit, table, tmp_path, dropout
):
    callback = Checkpoint(None, dirname=tmp_path, f_pickle="net.pkl")
    net = fit(make_net(module__dropout=dropout, callbacks=[callback]), table)
    with open(tmp_path / "net.pkl", "rb") as file:
        saved = pickle.load(file)
    assert weights_of(saved).keys() == weights_of(net).keys()
