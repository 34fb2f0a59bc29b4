"""Ctrl-C ends the whole fit, an error says where it was, and nothing stays fitted."""

import _thread
import os
import signal
import threading
import time

import joblib
import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.neural_network import MLPClassifier
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback
from torch import nn

from sklnoise import ConfidentLearningClassifier, NoiseRobustClassifier
from sklnoise.exceptions import FoldFitError, NonFiniteLossError
from sklnoise.nn import MLP

pytestmark = pytest.mark.filterwarnings(  # of nets that are trained for a moment
    "ignore::sklnoise.exceptions.SwappableClassesWarning",
    "ignore::sklnoise.exceptions.PermutedClassesWarning",
    "ignore::sklnoise.exceptions.ClassCollapseWarning",
)


@pytest.fixture(autouse=True)
def ctrl_c():
    """Let SIGINT interrupt, also where the tests run as a job in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def press_ctrl_c():
    signal.raise_signal(signal.SIGINT)


def press_ctrl_c_elsewhere():
    """Interrupt from another thread, as a signal does that arrives at any time."""
    threading.Thread(target=_thread.interrupt_main).start()
    time.sleep(5)  # which the interrupt ends


class ActsInTraining(nn.Module):
    """Does something in one of its training steps."""

    act, at, n_steps = None, 0, 0

    def __init__(self, n_features, n_classes):
        super().__init__()
        self.layer = nn.Linear(n_features, n_classes)

    def forward(self, X):
        if self.training:
            kind = type(self)
            kind.n_steps += 1
            if kind.n_steps == kind.at:
                kind.act()
        return self.layer(X)


class OwnSteps(NeuralNetClassifier):
    """A subclass whose steps only skorch's loop can take."""

    def train_step_single(self, batch, **fit_params):
        return super().train_step_single(batch, **fit_params)


class ActsInStep(torch.optim.SGD):
    """An optimizer that does something in one of its steps."""

    def step(self, closure=None):
        kind = ActsInTraining
        kind.n_steps += 1
        if kind.n_steps == kind.at:
            kind.act()
        return super().step(closure)


NETS = {
    "module of the user": {"module": ActsInTraining},
    "steps of the user": {"module": ActsInTraining, "kind": OwnSteps},
    "optimizer of the user": {"module": MLP, "optimizer": ActsInStep},
}


@pytest.fixture(autouse=True)
def forget_steps(monkeypatch):
    monkeypatch.setattr(ActsInTraining, "n_steps", 0)


@pytest.fixture(params=NETS)
def clf(request, make_net, make_clf):
    return make_clf(make_net(**NETS[request.param]))


def assert_not_fitted(clf, X):
    with pytest.raises(NotFittedError):
        clf.predict(X)


@pytest.mark.parametrize("act", [press_ctrl_c, press_ctrl_c_elsewhere])
@pytest.mark.parametrize("where", ["first pass", "refit"])
def test_ctrl_c_ends_the_whole_fit(clf, table, monkeypatch, act, where):
    X, y = table
    handler, n_threads = signal.getsignal(signal.SIGINT), torch.get_num_threads()
    clone(clf).fit(X, y)
    n_steps = ActsInTraining.n_steps
    monkeypatch.setattr(ActsInTraining, "n_steps", 0)
    monkeypatch.setattr(ActsInTraining, "act", staticmethod(act))
    at = 8 if where == "first pass" else n_steps - 8
    monkeypatch.setattr(ActsInTraining, "at", at)
    with pytest.raises(KeyboardInterrupt):
        clf.fit(X, y)
    assert ActsInTraining.n_steps <= at + 1
    assert_not_fitted(clf, X)
    assert signal.getsignal(signal.SIGINT) is handler
    assert torch.get_num_threads() == n_threads
    monkeypatch.setattr(ActsInTraining, "at", 0)
    assert clf.fit(X, y).predict(X).shape == y.shape


class TwoLayers(nn.Sequential):
    """A module of the user."""

    def __init__(self, n_features, n_classes):
        super().__init__(nn.Linear(n_features, 6), nn.Linear(6, n_classes))


class Wide(MLP):
    """So large that its folds may be trained on several threads."""

    def __init__(self, n_features, n_classes):
        super().__init__(n_features, n_classes, hidden=(500, 500))


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("module", [MLP, Wide, TwoLayers])
def test_ctrl_c_at_any_time_ends_the_fit_soon(table, make_net, make_clf, module):
    X, y = table
    make_clf(make_net(module, max_epochs=1)).fit(X, y)  # imports what it needs
    clf = make_clf(make_net(module, max_epochs=20_000, batch_size=40))
    timer = threading.Timer(0.3, _thread.interrupt_main)
    start = time.monotonic()
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            clf.fit(X, y)
    finally:
        timer.cancel()
    assert time.monotonic() - start < 10
    assert_not_fitted(clf, X)


def stop_training():
    """End a training, in the way that skorch knows."""
    raise KeyboardInterrupt


def callback_at(event, act):
    """Make a callback that does something at an event."""

    def method(self, net, **kwargs):
        act()

    return type("ActsAtEvent", (Callback,), {event: method})()


EVENTS = ["on_epoch_begin", "on_batch_begin", "on_batch_end", "on_epoch_end"]


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("module", [MLP, TwoLayers])
@pytest.mark.parametrize("kind", [NeuralNetClassifier, OwnSteps])
def test_interrupt_by_a_callback_ends_one_training_only(
    table, make_net, make_clf, kind, module, event
):
    X, y = table
    callback = callback_at(event, stop_training)
    net = make_net(module, kind, callbacks=[("stop", callback)], max_epochs=9)
    clf = make_clf(net, first_pass=net).fit(X, y)
    assert len(clf.history_) == 1
    assert np.isfinite(clf.out_of_fold_proba_).all()
    assert np.isfinite(clf.predict_proba(X)).all()


@pytest.mark.parametrize("event", ["on_train_begin", *EVENTS, "on_train_end"])
@pytest.mark.parametrize("module", [MLP, TwoLayers])
@pytest.mark.parametrize("kind", [NeuralNetClassifier, OwnSteps])
def test_ctrl_c_while_a_callback_sleeps_ends_the_fit(
    table, make_net, make_clf, kind, module, event
):
    X, y = table
    callback = callback_at(event, lambda: time.sleep(5))
    clf = make_clf(make_net(module, kind, callbacks=[callback]), transition=0.2)
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    start = time.monotonic()
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        clf.fit(X, y)
    assert time.monotonic() - start < 4
    assert_not_fitted(clf, X)


@pytest.mark.filterwarnings("ignore:Training interrupted by user")
@pytest.mark.parametrize("kind", ["net", "MLPClassifier"])
@pytest.mark.parametrize("role", ["first pass", "pruned"])
def test_ctrl_c_that_another_classifier_swallows_ends_the_fit(
    table, make_net, monkeypatch, kind, role
):
    X, y = table
    if kind == "net":
        model = make_net(ActsInTraining, module__n_features=4, module__n_classes=3)
        monkeypatch.setattr(ActsInTraining, "act", staticmethod(press_ctrl_c))
        monkeypatch.setattr(ActsInTraining, "at", 8)
    else:
        model = MLPClassifier((3,), max_iter=10**6, n_iter_no_change=10**6)
        threading.Timer(1, os.kill, (os.getpid(), signal.SIGINT)).start()
    if role == "pruned":
        clf = ConfidentLearningClassifier(model, cv=2, random_state=0)
    else:
        clf = NoiseRobustClassifier(first_pass=model, cv=2, random_state=0)
    with pytest.raises(KeyboardInterrupt):
        clf.fit(X.astype(np.float32), y)
    assert_not_fitted(clf, X)


class FailsOnMarked(nn.Linear):
    """Fails in training on a batch with a marked sample."""

    def forward(self, X):
        if self.training and X.max() > 99:
            raise ZeroDivisionError("a marked sample")
        return super().forward(X)


@pytest.fixture
def marked(table):
    """The table and folds of which only the second is trained on the marked sample."""
    X, y = table
    X[0] = 100
    rows = np.arange(1, 60)
    first, second, third = (rows[rows % 3 == k] for k in range(3))
    splits = [(first, second), (np.r_[0, second], third), (third, np.r_[0, first])]
    return X, y, splits


# joblib says that it has cancelled the fold after the one that failed.
@pytest.mark.filterwarnings("ignore:.*tasks which were still being processed")
@pytest.mark.parametrize("n_jobs", [None, 2])
@pytest.mark.parametrize("kind", [NeuralNetClassifier, OwnSteps])
def test_error_of_a_module_is_reported_with_its_fold(
    marked, make_net, make_clf, kind, n_jobs
):
    X, y, cv = marked
    clf = make_clf(make_net(FailsOnMarked, kind), cv=cv, n_jobs=n_jobs)
    message = "fold 2 of 3: a marked sample"
    with joblib.parallel_config("threading"), pytest.raises(FoldFitError, match=message):
        clf.fit(X, y)
    assert_not_fitted(clf, X)


def test_error_of_a_module_in_the_refit_is_raised_as_it_is(marked, make_net, make_clf):
    X, y, _ = marked
    clf = make_clf(make_net(FailsOnMarked), transition=0.2)
    with pytest.raises(ZeroDivisionError, match="a marked sample"):
        clf.fit(X, y)
    assert_not_fitted(clf, X)


@pytest.mark.parametrize("kind", [NeuralNetClassifier, OwnSteps])
@pytest.mark.parametrize("module", [MLP, TwoLayers])
def test_loss_that_is_not_finite_is_an_error(table, make_net, make_clf, module, kind):
    X, y = table
    net = make_net(module, kind, optimizer=torch.optim.SGD, lr=1e300)
    with pytest.raises(NonFiniteLossError, match=r"epoch [12]"):
        make_clf(net, transition=0.2).fit(X, y)
    with pytest.raises(FoldFitError, match=r"fold 1 of 3.*epoch [12]"):
        make_clf(net).fit(X, y)


class FailsAtOnce(nn.Module):
    """Fails where it is made."""

    def __init__(self, n_features, n_classes):
        raise ZeroDivisionError("not made")


def test_module_that_cannot_be_made_is_an_error(table, make_net, make_clf):
    X, y = table
    with pytest.raises(FoldFitError, match="fold 1 of 3: not made"):
        make_clf(make_net(FailsAtOnce)).fit(X, y)
