"""Which nets are stacked, and what becomes of them where their stack fails."""

import numpy as np
import pytest
import torch
from scipy import sparse
from sklnoise.engine import _data, _stacked_route
from skorch import NeuralNetClassifier
from skorch.callbacks import (
    Callback,
    EarlyStopping,
    Freezer,
    GradientNormClipping,
    LRScheduler,
)
from skorch.dataset import ValidSplit
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations
from torch.utils.data import DataLoader, TensorDataset

from sklnoise.nn import MLP


class Recurrent(nn.Module):
    """Reads the features one after the other."""

    def __init__(self, n_features, n_classes):
        super().__init__()
        self.cells = nn.LSTM(1, 4, batch_first=True)
        self.logits = nn.Linear(4, n_classes)

    def forward(self, X):
        return self.logits(self.cells(X[..., None])[0][:, -1])


class Alpha(nn.Sequential):
    """Draws by a layer of another kind."""

    def __init__(self, n_features, n_classes):
        logits = nn.Linear(8, n_classes)
        super().__init__(nn.Linear(n_features, 8), nn.AlphaDropout(0.3), logits)


class Spectral(MLP):
    """Changes a buffer in each step."""

    def __init__(self, n_features, n_classes):
        super().__init__(n_features, n_classes, hidden=8)
        parametrizations.spectral_norm(self.layers.hidden0)


class FunctionalDropout(MLP):
    """Draws by a function."""

    def __init__(self, n_features, n_classes):
        super().__init__(n_features, n_classes, hidden=8)

    def forward(self, X):
        return super().forward(functional.dropout(X, 0.2, self.training))


class Probabilities(FunctionalDropout):
    """Gives probabilities."""

    def forward(self, X):
        return self.layers(X).softmax(dim=1)


class OwnSGD(torch.optim.SGD):
    """A user's optimizer."""


class OwnStopping(EarlyStopping):
    """A user's criterion, which may do anything."""


class OwnLoss(NeuralNetClassifier):
    """Has a loss of its own."""

    def get_loss(self, *args, **kwargs):
        return 2 * super().get_loss(*args, **kwargs)


SCHEDULE = {"step_size": 5, "gamma": 0.5}
NEVER = {
    "LSTM": {"module": Recurrent},
    "alpha dropout": {"module": Alpha},
    "spectral norm": {"module": Spectral},
    "functional dropout": {"module": FunctionalDropout},
    "probabilities": {"module": Probabilities},
    "LBFGS": {"optimizer": torch.optim.LBFGS, "optimizer__max_iter": 2},
    "Adafactor": {"optimizer": torch.optim.Adafactor},
    "own optimizer": {"optimizer": OwnSGD},
    "own loss": {"kind": OwnLoss},
    "own loader": {"iterator_train": type("Loader", (DataLoader,), {})},
    "parameters of a loader": {"iterator_train__num_workers": 0},
    "schedule by the loss": {
        "callbacks": [LRScheduler("ReduceLROnPlateau", monitor="train_loss", patience=0)]
    },
    "schedule by batches": {
        "callbacks": [LRScheduler("StepLR", step_every="batch", **SCHEDULE)]
    },
    "clipping": {"callbacks": [GradientNormClipping(0.1)]},
    "freezer": {"callbacks": [Freezer("layers.hidden0.*")]},
    "own stopping": {"train_split": ValidSplit(3), "callbacks": [OwnStopping()]},
    "stopping by a score": {
        "train_split": ValidSplit(3),
        "callbacks": [EarlyStopping("valid_acc", lower_is_better=False)],
    },
}


@pytest.mark.parametrize("params", NEVER.values(), ids=NEVER)
def test_net_that_cannot_be_stacked_is_not(
    make_net, fit_routed, fit_separately, stacks, table, ragged, assert_same_nets, params
):
    net = make_net(**params)
    nets = fit_routed(net, table, ragged)
    assert stacks == []
    assert_same_nets(nets, fit_separately(net, table, ragged), table.X, rtol=1e-12)


@pytest.mark.parametrize("container", [sparse.csr_array, "Dataset"])
def test_only_arrays_are_given_to_a_stack(
    make_net,
    fit_routed,
    fit_separately,
    stacks,
    table,
    folds,
    assert_same_nets,
    monkeypatch,
    container,
):
    monkeypatch.setattr(_data, "SMALL_SPARSE", (0, 0))
    X = torch.from_numpy(table.X)
    X = TensorDataset(X) if container == "Dataset" else container(table.X)
    data, net = table._replace(X=X), make_net(iterator_train__shuffle=False)
    nets = fit_routed(net, data, folds)
    assert stacks == []
    assert_same_nets(nets, fit_separately(net, table, folds), table.X)


def test_array_on_disk_is_given_to_a_stack(
    make_net, fit_routed, stacks, table, folds, tmp_path, assert_same_nets
):
    np.save(tmp_path / "X.npy", table.X)
    on_disk = table._replace(X=np.load(tmp_path / "X.npy", mmap_mode="r"))
    nets = fit_routed(make_net(), on_disk, folds)
    assert_same_nets(nets, fit_routed(make_net(), table, folds), table.X)
    assert stacks == [("Stack", 3)] * 2


class Looks(Callback):
    """Looks at the training only."""


def test_nets_that_somebody_observes_are_trained_one_by_one(
    make_net, fit_routed, stacks, table, folds
):
    net = make_net(callbacks=[Looks()])
    fit_routed(net, table, folds, observed=True)
    assert stacks == []
    fit_routed(net, table, folds)
    assert stacks == [("Stack", 3)]


def test_parameters_of_the_steps_forbid_a_stack(
    make_net, fit_routed, stacks, table, folds
):
    class Scaled(MLP):
        def forward(self, X, factor=1.0):
            return factor * super().forward(X)

    net = make_net(Scaled, module__hidden=(8,))
    fit_routed(net, table, folds, fit_params={"factor": 2.0})
    assert stacks == []


def test_large_nets_are_not_stacked(
    make_net, fit_routed, stacks, table, folds, monkeypatch
):
    n_weights = 4 * 8 + 8 + 8 * 3 + 3
    for largest, n_stacks in ((n_weights - 1, 0), (n_weights, 1)):
        monkeypatch.setattr(_stacked_route, "LARGEST_STACKED", {"cpu": largest})
        fit_routed(make_net(), table, folds)
        assert len(stacks) == n_stacks


@pytest.mark.parametrize("n_threads", [1, 2, 3, 9])
def test_nets_with_large_steps_share_the_threads(
    make_net, fit_routed, setting, stacks, images, folds, n_threads
):
    setting = setting._replace(n_threads=n_threads)
    fit_routed(make_net(), images, folds, setting)
    assert len(stacks) == min(n_threads, 3)
    assert sum(n_nets for _, n_nets in stacks) == 3


@pytest.mark.parametrize("n_threads", [1, 8])
def test_nets_with_small_steps_are_one_stack(
    make_net, fit_routed, setting, stacks, table, folds, n_threads
):
    fit_routed(make_net(), table, folds, setting._replace(n_threads=n_threads))
    assert stacks == [("Stack", 3)]


def test_one_fold_is_a_stack_of_one(make_net, fit_routed, stacks, table, folds):
    (net,) = fit_routed(make_net(), table, folds[:1])
    assert stacks == [("Stack", 1)]
    assert len(net.module_.layers) == 4


def test_nets_of_a_stack_that_fails_are_trained_alone(
    make_net, fit_routed, fit_separately, table, ragged, monkeypatch, assert_same_weights
):
    def fail(members, stack):
        for parameter in stack.parameters():
            parameter.data.zero_()
        raise RuntimeError

    monkeypatch.setattr(_stacked_route, "train_stack", fail)
    net = make_net(module__dropout=0.3)
    alone = fit_separately(net, table, ragged)
    for one, other in zip(fit_routed(net, table, ragged), alone, strict=True):
        assert_same_weights(one, other)


def test_template_is_not_changed(make_net, fit_routed, stacks, table, folds):
    net = make_net(callbacks=[LRScheduler("StepLR", **SCHEDULE)])
    before = {name: repr(value) for name, value in net.get_params(deep=False).items()}
    fit_routed(net, table, folds)
    assert stacks
    assert {
        name: repr(value) for name, value in net.get_params(deep=False).items()
    } == before
    assert not net.initialized_
