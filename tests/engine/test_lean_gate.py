"""Where the lean epoch runs, and where that of skorch must."""

import pytest
import torch
from sklnoise.engine import AutoSizedNet
from sklnoise.engine._lean_gate import overridden
from skorch import NeuralNetClassifier
from skorch.callbacks import (
    BatchScoring,
    Callback,
    EpochScoring,
    GradientNormClipping,
    LRScheduler,
)
from skorch.dataset import ValidSplit
from torch import nn
from torch.utils.data import DataLoader, default_collate

from sklnoise.nn import MLP

N_STEPS = 3 * 6


class OnBatchBegin(Callback):
    def on_batch_begin(self, net, **kwargs):
        """Look."""


class OnBatchEnd(Callback):
    def on_batch_end(self, net, **kwargs):
        """Look."""


class OnGradComputed(Callback):
    def on_grad_computed(self, net, **kwargs):
        """Look."""


class OnBatchEndOfItsOwn(Callback):
    """Gets the method when it is made."""

    def initialize(self):
        self.on_batch_end = lambda net, **kwargs: None
        return self


class Score(EpochScoring):
    """May do anything in a batch."""


class Replaces(Callback):
    """Gives the net a method of its own, which it had before."""

    def __init__(self, name):
        self.name = name

    def on_train_begin(self, net, **kwargs):
        setattr(net, self.name, getattr(net, self.name))


def overriding(name, above=NeuralNetClassifier):
    """Make a kind of net with a method of its own, which does what it did."""

    def method(self, *args, **kwargs):
        return getattr(super(kind, self), name)(*args, **kwargs)

    kind = type("Own", (above,), {name: method})
    return kind


class Mixin:
    """Overrides a method beside skorch."""

    def get_loss(self, *args, **kwargs):
        return super().get_loss(*args, **kwargs)


class Mixed(Mixin, NeuralNetClassifier):
    """Is a net that a mixin changes."""


class TwoModules(NeuralNetClassifier):
    """Has a module more, with an optimizer of its own."""

    def initialize_module(self):
        super().initialize_module()
        self.extra_ = nn.Linear(1, 1)
        return self

    def initialize_optimizer(self, *args, **kwargs):
        super().initialize_optimizer(*args, **kwargs)
        self.second_ = torch.optim.SGD(self.extra_.parameters(), lr=0.0)
        return self


class OwnSGD(torch.optim.SGD):
    """A user's optimizer, which may call its closure again."""


OBSERVED = {
    "batch score": {"callbacks": [BatchScoring("accuracy", on_train=True)]},
    "train score": {"callbacks": [EpochScoring("accuracy", on_train=True)]},
    "own kind of score": {"callbacks": [Score("accuracy")]},
    "clipping": {"callbacks": [GradientNormClipping(1.0)]},
    "schedule by batches": {
        "callbacks": [LRScheduler("StepLR", step_size=5, step_every="batch")]
    },
    "on_batch_begin": {"callbacks": [OnBatchBegin()]},
    "on_batch_end": {"callbacks": [OnBatchEnd()]},
    "on_grad_computed": {"callbacks": [OnGradComputed()]},
    "on_batch_end of its own": {"callbacks": [OnBatchEndOfItsOwn()]},
}
OVERRIDES = {
    name: {"kind": overriding(name)}
    for name in (
        "train_step",
        "train_step_single",
        "get_loss",
        "infer",
        "notify",
        "on_batch_end",
        "run_single_epoch",
        "_zero_grad_optimizer",
    )
}
OTHERS = {
    "mixin": {"kind": Mixed},
    "override of the sized net": {"kind": overriding("get_loss", AutoSizedNet)},
    "method of the instance": {"callbacks": [Replaces("train_step")]},
    "loss of the instance": {"callbacks": [Replaces("get_loss")]},
    "two modules": {"kind": TwoModules},
    "LBFGS": {"optimizer": torch.optim.LBFGS, "optimizer__max_iter": 2},
    "own optimizer": {"optimizer": OwnSGD},
    "iterator": {"iterator_train": type("Loader", (DataLoader,), {})},
    "iterator of the validation": {"iterator_valid": type("Loader", (DataLoader,), {})},
    "collate": {"iterator_train__collate_fn": default_collate},
}


@pytest.mark.parametrize(
    "params",
    [*OBSERVED.values(), *OVERRIDES.values(), *OTHERS.values()],
    ids=[*OBSERVED, *OVERRIDES, *OTHERS],
)
def test_stock_epoch_runs_where_somebody_would_see_the_difference(
    make_net, fit, table, stock_steps, params
):
    fit(make_net(**params), table)
    assert len(stock_steps) == N_STEPS


def test_stock_epoch_runs_with_parameters_of_the_steps(make_net, fit, table, stock_steps):
    class Scaled(MLP):
        def forward(self, X, factor=1.0):
            return factor * super().forward(X)

    net = make_net(Scaled, module__hidden=(8,))
    fit(net, table, fit_params={"factor": 2.0})
    assert len(stock_steps) == N_STEPS


class NewNames(NeuralNetClassifier):
    """Adds to skorch without changing it."""

    def report(self):
        """Do something else."""

    @property
    def n_batches(self):
        """Count."""
        return len(self.history[-1, "batches"])

    def __init__(self, module, **kwargs):
        super().__init__(module, **kwargs)

    def __sklearn_tags__(self):
        return super().__sklearn_tags__()


@pytest.mark.parametrize("kind", [NeuralNetClassifier, AutoSizedNet, NewNames])
@pytest.mark.parametrize("split", [None, ValidSplit(3)])
@pytest.mark.parametrize("optimizer", ["SGD", "AdamW", "Rprop", "ASGD"])
def test_lean_epoch_runs_where_nobody_would_see_the_difference(
    make_net, fit, table, stock_steps, kind, split, optimizer
):
    net = make_net(
        kind=kind, train_split=split, optimizer=getattr(torch.optim, optimizer)
    )
    fit(net, table)
    assert stock_steps == []


def test_skorch_itself_overrides_nothing(make_net):
    assert overridden(make_net()) == set()
    assert overridden(make_net(kind=NewNames)) == set()
