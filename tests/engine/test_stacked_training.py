"""Stacked nets become what they would be, were each of them trained alone."""

import numpy as np
import pytest
import torch
from sklnoise.engine import AutoSizedNet, LabelledData, _stacked_route
from sklnoise.engine._optimizers import ELEMENTWISE_OPTIMIZERS
from skorch.callbacks import EarlyStopping, LRScheduler
from skorch.dataset import Dataset, ValidSplit
from skorch.helper import predefined_split
from torch import nn
from torch.nn import functional

from sklnoise.exceptions import NonFiniteLossError


class Layers(nn.Module):
    """Applies some layers one after the other."""

    def __init__(self, n_features, n_classes, between=()):
        super().__init__()
        n_hidden = 6
        first, last = nn.Linear(n_features, n_hidden), nn.Linear(n_hidden, n_classes)
        self.layers = nn.Sequential(nn.Flatten(), first, *between, last)

    def forward(self, X):
        return self.layers(X)


class Functional(nn.Module):
    """Flattens and activates by functions."""

    def __init__(self, n_features, n_classes):
        super().__init__()
        self.hidden = nn.Linear(n_features, 6)
        self.drop = nn.Dropout(0.3)
        self.logits = nn.Linear(6, n_classes)

    def forward(self, X):
        hidden = functional.relu(self.hidden(X.flatten(1)))
        return self.logits(self.drop(hidden))


class Normalized(Layers):
    """Normalises its hidden units over a batch, and draws."""

    def __init__(self, n_features, n_classes):
        between = nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(0.3)
        super().__init__(n_features, n_classes, between)


class Residual(nn.Module):
    """Normalises the hidden units of each row."""

    def __init__(self, n_features, n_classes):
        super().__init__()
        self.hidden = nn.Linear(n_features, 6)
        self.norm = nn.LayerNorm(6)
        self.logits = nn.Linear(6, n_classes)

    def forward(self, X):
        hidden = self.hidden(X)
        return self.logits(hidden + self.norm(hidden).tanh())


class Frozen(Layers):
    """Has a layer that is not trained."""

    def __init__(self, n_features, n_classes):
        super().__init__(n_features, n_classes, [nn.Tanh()])
        self.layers[1].requires_grad_(False)


def stop(**params):
    return EarlyStopping(**({"patience": 1, "sink": lambda text: None} | params))


STOPPING = {"train_split": ValidSplit(3), "max_epochs": 15, "lr": 0.3}
CHAINS = {
    "plain": {},
    "dropout": {"module__dropout": 0.3},
    "deep": {"module__hidden": (8, 5, 4), "module__dropout": 0.1},
    "functional": {"module": Functional},
    "batch normalisation": {"module": Normalized},
    "frozen": {"module": Frozen},
    "momentum": {"optimizer__momentum": 0.9, "optimizer__nesterov": True},
    "decay": {"optimizer": torch.optim.AdamW, "optimizer__weight_decay": 0.3},
    "groups": {"optimizer__param_groups": [("layers.hidden0.*", {"lr": 0.5})]},
    "foreach": {"optimizer": torch.optim.Adam, "optimizer__foreach": True},
    "schedule": {"callbacks": [LRScheduler("StepLR", step_size=1, gamma=0.3)]},
    "two schedules": {
        "callbacks": [
            LRScheduler("StepLR", step_size=1, gamma=0.3),
            ("second", LRScheduler("CosineAnnealingLR", T_max=3)),
        ]
    },
    "validation": {"train_split": ValidSplit(3)},
    "early stopping": {**STOPPING, "callbacks": [stop()]},
    "best epoch": {**STOPPING, "callbacks": [stop(load_best=True)]},
    "early stopping with dropout and a schedule": {
        **STOPPING,
        "module__dropout": 0.3,
        "optimizer": torch.optim.Adam,
        "callbacks": [stop(), LRScheduler("ExponentialLR", gamma=0.9)],
    },
    "early stopping with batch normalisation": {
        **STOPPING,
        "module": Normalized,
        "callbacks": [stop()],
    },
    "early stopping on the training loss": {
        "callbacks": [stop(monitor="train_loss", threshold=0.2)],
        "max_epochs": 15,
    },
    "drop last": {"iterator_train__drop_last": True},
    "in order": {"iterator_train__shuffle": False},
    "sized": {"kind": AutoSizedNet, "max_epochs": 8},
    "sized with validation": {
        "kind": AutoSizedNet,
        "train_split": "auto",
        "max_epochs": 12,
        "lr": 0.3,
    },
    "callbacks off": {"callbacks": "disable"},
}
MAPPED = {
    "layer normalisation": {"module": Residual},
    "mapped early stopping": {"module": Residual, **STOPPING, "callbacks": [stop()]},
    "mapped Adam": {"module": Residual, "optimizer": torch.optim.Adam},
}


@pytest.fixture
def alone(monkeypatch):
    """Note the nets that are trained alone though they were to be stacked."""
    seen, run_alone = [], _stacked_route.run_alone

    def noting(training):
        seen.append(training)
        return run_alone(training)

    monkeypatch.setattr(_stacked_route, "run_alone", noting)
    return seen


@pytest.fixture
def assert_stacked_is_separate(
    make_net, fit_routed, fit_separately, stacks, alone, assert_same_nets
):
    """Return the stacked nets, after a look at what they predict."""

    def check(data, row_sets, **params):
        net = make_net(**params)
        expected = fit_separately(net, data, row_sets)
        assert stacks == []
        nets = fit_routed(net, data, row_sets)
        assert sum(n_nets for _, n_nets in stacks) == len(row_sets)
        assert alone == []
        assert_same_nets(nets, expected, data.X)
        return nets

    return check


@pytest.mark.parametrize("rows", ["table", "weighted"])
@pytest.mark.parametrize("sets", ["folds", "ragged"])
@pytest.mark.parametrize("case", [*CHAINS, *MAPPED])
def test_stacked_nets_equal_separate_ones(
    assert_stacked_is_separate, stacks, request, rows, sets, case
):
    data, row_sets = map(request.getfixturevalue, (rows, sets))
    assert_stacked_is_separate(data, row_sets, **(CHAINS | MAPPED)[case])
    kind = "MappedStack" if case in MAPPED else "Stack"
    assert {name for name, _ in stacks} == {kind}


@pytest.mark.parametrize("params", [{}, {"module": Functional}, {"module": Normalized}])
def test_stacked_nets_equal_separate_ones_on_images(
    assert_stacked_is_separate, images, folds, params
):
    assert_stacked_is_separate(images, folds, **params)


@pytest.mark.parametrize("optimizer", ELEMENTWISE_OPTIMIZERS)
@pytest.mark.parametrize("stopping", [False, True])
def test_stacked_nets_equal_separate_ones_by_any_elementwise_optimizer(
    assert_stacked_is_separate, weighted, ragged, optimizer, stopping
):
    params = {**STOPPING, "callbacks": [stop()]} if stopping else {}
    lr = {torch.optim.Adadelta: 1.0, torch.optim.SGD: 0.3}.get(optimizer, 0.02)
    assert_stacked_is_separate(
        weighted, ragged, **(params | {"optimizer": optimizer, "lr": lr})
    )


@pytest.mark.parametrize("module", [None, Residual, Normalized])
def test_nets_stop_in_epochs_of_their_own(
    assert_stacked_is_separate, make_net, fit_separately, table, folds, module
):
    params = {**STOPPING, "callbacks": [stop()], "lr": 0.5}
    params |= {"module": module} if module else {}
    nets = assert_stacked_is_separate(table, folds, **params)
    alone = fit_separately(make_net(**params), table, folds)
    lengths = [len(net.history) for net in nets]
    assert lengths == [len(net.history) for net in alone]
    assert len(set(lengths)) > 1


@pytest.mark.parametrize("split", [None, ValidSplit(3)])
def test_history_of_a_stacked_net_is_that_of_the_net_alone(
    make_net, fit_routed, fit_separately, stacks, table, ragged, split
):
    stopping = stop(monitor="valid_loss" if split else "train_loss")
    net = make_net(train_split=split, callbacks=[stopping])
    for stacked, alone in zip(
        fit_routed(net, table, ragged), fit_separately(net, table, ragged)
    ):
        assert len(stacked.history) == len(alone.history)
        for epoch, expected in zip(stacked.history, alone.history):
            batches, expected_batches = epoch.pop("batches"), expected.pop("batches")
            assert epoch == pytest.approx(expected)
            for batch, expected_batch in zip(batches, expected_batches, strict=True):
                assert batch == pytest.approx(expected_batch)
                assert set(map(type, batch.values())) == {int, float}
    assert stacks


def test_rate_that_a_schedule_lowers_to_nothing_ends_the_learning(
    make_net, fit_routed, stacks, table, folds, assert_same_nets
):
    schedule = LRScheduler("LambdaLR", lr_lambda=lambda epoch: float(epoch == 0))
    long = fit_routed(make_net(callbacks=[schedule]), table, folds)
    short = fit_routed(make_net(max_epochs=1), table, folds)
    assert len(stacks) == 2
    assert_same_nets(long, short, table.X)


def test_nets_with_other_numbers_of_batches_are_stacked_apart(
    assert_stacked_is_separate, stacks, table, folds
):
    row_sets = [folds[0], folds[1][:-13], folds[2], folds[0][:-12], folds[1][:9]]
    assert_stacked_is_separate(table, row_sets, module__dropout=0.2)
    assert sorted(n_nets for _, n_nets in stacks) == [1, 2, 2]


@pytest.mark.parametrize("sets", ["folds", "ragged"])
def test_batches_of_all_rows_are_stacked_also_where_the_folds_differ(
    assert_stacked_is_separate, table, request, sets
):
    params = {"batch_size": -1, "iterator_train__shuffle": False}
    assert_stacked_is_separate(table, request.getfixturevalue(sets), **params)


def test_validation_data_of_the_user_are_judged(
    assert_stacked_is_separate, table, folds, rng
):
    split = predefined_split(Dataset(rng.normal(size=(9, 4)), np.arange(9) % 3))
    params = STOPPING | {"train_split": split, "callbacks": [stop()]}
    assert_stacked_is_separate(table, folds, **params)


def test_seed_alone_decides_a_stack(make_net, fit_routed, stacks, table, folds):
    net = make_net(module__dropout=0.3, train_split=ValidSplit(3))
    weights = []
    for seed in (0, 1):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            before = torch.get_rng_state()
            (first, *_) = fit_routed(net, table, folds)
            assert torch.equal(torch.get_rng_state(), before)
        weights.append(first.module_.layers.hidden0.weight)
    assert len(stacks) == 2
    assert torch.equal(*weights)


def test_net_does_not_notice_the_others_of_its_stack(
    make_net, fit_routed, stacks, table, folds, assert_same_nets
):
    net = make_net(module__dropout=0.3)
    together = fit_routed(net, table, folds)
    other = fit_routed(net, table, [folds[0], folds[2][:-1], folds[1][:-3]])
    assert len(stacks) == 2
    assert_same_nets(together[:1], other[:1], table.X, rtol=1e-12)


def test_stacked_net_has_its_own_memory(make_net, fit_routed, stacks, table, folds):
    nets = fit_routed(make_net(), table, folds)
    assert stacks
    for net in nets:
        for parameter in net.module_.parameters():
            assert parameter.untyped_storage().nbytes() == parameter.nbytes
            assert parameter.is_contiguous()


@pytest.fixture
def one_bad_row(table, folds):
    """Rows of which the last is no number, and sets of which only the second has it."""
    X = np.r_[table.X, np.full((1, 4), np.nan)]
    data = LabelledData(X, np.r_[table.y, 0], np.ones(len(X)))
    return data, [folds[0], np.r_[folds[1][1:], len(table.y)], folds[2]]


@pytest.mark.parametrize("callbacks", [None, "disable"])
def test_loss_that_turns_nan_in_one_net_is_no_matter_to_the_others(
    make_net,
    fit_routed,
    fit_separately,
    stacks,
    table,
    folds,
    one_bad_row,
    assert_same_nets,
    callbacks,
):
    data, row_sets = one_bad_row
    net = make_net(module__dropout=0.2, callbacks=callbacks)
    first, error, third = fit_routed(net, data, row_sets)
    assert stacks == [("Stack", 3)]
    assert isinstance(error, NonFiniteLossError)
    with pytest.raises(NonFiniteLossError) as alone:
        fit_separately(net, data, row_sets)
    assert str(error) == str(alone.value)
    net = make_net(module__dropout=0.2)
    expected = fit_separately(net, table, folds)
    assert_same_nets([first, third], expected[::2], table.X)


class WrongForSome:
    """A split whose validation rows do not fit the net of some labels."""

    def __call__(self, dataset, y, **fit_params):
        n_features = 4 if y.sum() % 2 else 5
        held_out = torch.zeros(6, n_features, dtype=torch.float64)
        return dataset, torch.utils.data.TensorDataset(held_out, torch.arange(6) % 3)


def test_error_in_one_net_is_no_matter_to_the_others(
    make_net, fit_routed, fit_separately, stacks, table, folds, assert_same_nets
):
    net = make_net(train_split=WrongForSome(), callbacks=[stop(patience=9)])
    fits = [table.y[rows].sum() % 2 == 1 for rows in folds]
    assert 0 < sum(fits) < 3
    outcomes = fit_routed(net, table, folds)
    assert stacks == [("Stack", 3)]
    alone = fit_separately(make_net(), table, folds)
    for outcome, other, fine in zip(outcomes, alone, fits):
        if fine:
            assert_same_nets([outcome], [other], table.X)
        else:
            assert isinstance(outcome, RuntimeError)
