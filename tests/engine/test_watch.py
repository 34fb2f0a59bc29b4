"""By whatever route a net is trained, who watches is told of each of its epochs."""

import pickle
from collections import defaultdict

import numpy as np
import pytest
import torch
from sklnoise.engine import epochs_of, undisturbed
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback, Checkpoint, EarlyStopping, GradientNormClipping
from skorch.dataset import ValidSplit

from sklnoise.exceptions import NonFiniteLossError

N_EPOCHS = 3
ROUTES = {
    "stacked": ("table", {}, 3),
    "stacked with validation": (
        "table",
        {"train_split": ValidSplit(3), "callbacks": [EarlyStopping(patience=99)]},
        3,
    ),
    "lean": ("table", {"callbacks": [GradientNormClipping(9.0)]}, 0),
    "in turn": ("table", {"optimizer": torch.optim.LBFGS}, 0),
    "beside": ("images", {"callbacks": [GradientNormClipping(9.0)]}, 0),
}


class Watcher:
    """Notes what it is told of each net, and stops one after some epochs."""

    def __init__(self, stop_after=None):
        self.events, self.totals = defaultdict(list), set()
        self.stop_after = stop_after

    def __call__(self, number, event, net, n_epochs):
        self.events[number].append(event)
        self.totals.add(n_epochs)
        return self.events[number].count("on_epoch_end") == self.stop_after

    def alone(self, event, net, n_epochs):
        return self(0, event, net, n_epochs)


def told(n_epochs):
    """List the events of a training."""
    epochs = ["on_epoch_begin", "on_epoch_end"] * n_epochs
    return ["on_train_begin", *epochs, "on_train_end"]


@pytest.fixture
def threads(setting):
    return setting._replace(n_threads=2)


@pytest.mark.parametrize("route", ROUTES)
def test_each_epoch_of_each_fold_is_told(
    make_net, fit_routed, stacks, folds, threads, request, route
):
    rows, params, n_stacked = ROUTES[route]
    watcher, data = Watcher(), request.getfixturevalue(rows)
    fit_routed(make_net(**params), data, folds, threads, watch=watcher)
    assert sum(n_nets for _, n_nets in stacks) == n_stacked
    assert watcher.events == {number: told(N_EPOCHS) for number in range(3)}
    assert watcher.totals == {N_EPOCHS}


@pytest.mark.parametrize("route", ROUTES)
def test_weights_do_not_depend_on_being_watched(
    make_net, fit_routed, folds, threads, request, assert_same_weights, route
):
    rows, params, _ = ROUTES[route]
    data, net = request.getfixturevalue(rows), make_net(**params)
    watched = fit_routed(net, data, folds, threads, watch=Watcher())
    for one, other in zip(watched, fit_routed(net, data, folds, threads)):
        assert_same_weights(one, other)
        assert "notify" not in vars(one)


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_knows_the_losses_of_its_epochs(
    make_net, fit_routed, fit_separately, folds, threads, request, route
):
    rows, params, _ = ROUTES[route]
    data, net = request.getfixturevalue(rows), make_net(**params)
    nets = fit_routed(net, data, folds, threads)
    for one, other in zip(nets, fit_separately(net, data, folds, observed=True)):
        history = epochs_of(one)
        names = ["train_loss", "valid_loss"] if "train_split" in params else "train_loss"
        np.testing.assert_allclose(history[:, names], other.history[:, names])
        assert history[:, "epoch"] == list(range(1, N_EPOCHS + 1))


@pytest.mark.slow  # processes start slowly
def test_nets_in_other_processes_are_fitted_without_a_word(
    make_net, fit_routed, folds, table, assert_same_weights
):
    net = make_net(optimizer=torch.optim.LBFGS)
    for one, other in zip(
        fit_routed(net, table, folds, n_jobs=2, watch=nobody),
        fit_routed(net, table, folds),
    ):
        assert_same_weights(one, other)


def nobody(number, event, net, n_epochs):
    return False


def test_epoch_in_which_a_callback_stops_is_told(make_net, fit, table):
    class Stop(Callback):
        def on_epoch_end(self, net, **kwargs):
            raise KeyboardInterrupt

    watcher = Watcher()
    net = fit(make_net(callbacks=[Stop()]), table, watch=watcher.alone)
    assert watcher.events[0] == told(1)
    assert len(net.history) == 1


@pytest.mark.parametrize("params", [{}, {"optimizer": torch.optim.LBFGS}])
def test_who_watches_may_stop_a_training(make_net, fit, table, params):
    watcher = Watcher(stop_after=2)
    net = fit(make_net(**params, max_epochs=9), table, watch=watcher.alone)
    assert watcher.events[0] == told(2)
    assert len(net.history) == 2
    assert net.history[-1, "train_loss"] > 0  # the callbacks were told before


def test_who_watches_may_stop_a_net_of_a_stack(make_net, fit_routed, table, folds):
    watcher = Watcher(stop_after=2)
    nets = fit_routed(make_net(max_epochs=9), table, folds, watch=watcher)
    assert watcher.events == {number: told(2) for number in range(3)}
    assert [len(net.history) for net in nets] == [2, 2, 2]


def test_interrupt_by_the_user_ends_more_than_the_net(make_net, fit, table):
    def interrupted(event, net, n_epochs):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(make_net(), table, watch=interrupted)


def test_epochs_of_the_training_loop_are_told(make_net, fit, table):
    watcher = Watcher()
    fit(make_net(), table, watch=watcher.alone, fit_params={"epochs": 2})
    assert watcher.events[0] == told(2)
    assert watcher.totals == {2}


def test_net_that_fails_ends_without_its_last_epoch(make_net, fit_routed, table, folds):
    watcher = Watcher()
    net = make_net(optimizer=torch.optim.SGD, lr=1e300)
    outcomes = fit_routed(net, table, folds, watch=watcher)
    assert all(isinstance(outcome, NonFiniteLossError) for outcome in outcomes)
    for events in watcher.events.values():
        assert events.count("on_epoch_end") == events.count("on_epoch_begin") - 1


def test_net_saved_in_a_watched_training_is_an_ordinary_one(
    make_net, fit, table, tmp_path
):
    checkpoint = Checkpoint(
        monitor=None, f_pickle="net.pkl", dirname=str(tmp_path), load_best=False
    )
    fit(make_net(callbacks=[checkpoint]), table, watch=lambda *told: False)
    saved = pickle.loads((tmp_path / "net.pkl").read_bytes())
    assert saved.notify.__func__ is NeuralNetClassifier.notify


def test_undisturbed_keeps_the_random_state():
    before = torch.get_rng_state()
    with undisturbed("cpu"):
        torch.rand(3)
    assert torch.equal(torch.get_rng_state(), before)


def test_undisturbed_computes_in_full_precision():
    with torch.autocast("cpu", torch.bfloat16), undisturbed("cpu"):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32
