"""Callbacks of skorch follow the refit, and its history holds what they record."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import accuracy_score
from skorch.callbacks import Callback, Checkpoint, EpochScoring, LRScheduler, ProgressBar
from skorch.dataset import ValidSplit

from sklnoise import NoiseRobustClassifier

N_EPOCHS = 5


class Calls(Callback):
    """Notes what it is told, and of which net."""

    heard = []

    def on_train_begin(self, net, **kwargs):
        self.heard.append(("begin", len(kwargs["X"])))

    def on_epoch_end(self, net, **kwargs):
        self.heard.append("epoch")

    def on_train_end(self, net, **kwargs):
        self.heard.append("end")


@pytest.fixture
def fit(quick_net, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs

    def fit(callbacks=None, **params):
        net = quick_net.set_params(max_epochs=N_EPOCHS, callbacks=callbacks, **params)
        return NoiseRobustClassifier(net, cv=2, random_state=0).fit(X, y_noisy)

    return fit


def test_callback_hears_of_the_refit_alone(fit):
    Calls.heard.clear()
    fit([Calls()])
    assert Calls.heard == [("begin", 240), *["epoch"] * N_EPOCHS, "end"]


@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.ClassCollapseWarning")
def test_callback_given_as_a_nested_parameter_hears_of_the_refit(noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    Calls.heard.clear()
    clf = NoiseRobustClassifier(cv=2, random_state=0).set_params(
        estimator__callbacks=[("calls", Calls())], estimator__max_epochs=N_EPOCHS
    )
    clf.fit(X, y_noisy)
    assert Calls.heard == [("begin", 240), *["epoch"] * N_EPOCHS, "end"]


def test_score_of_each_epoch_is_in_the_history(fit):
    clf = fit([EpochScoring("neg_log_loss", name="fits", on_train=True)])
    assert len(clf.history_[:, "fits"]) == N_EPOCHS
    assert np.isfinite(clf.history_[:, "fits"]).all()


def test_score_of_rows_held_out_is_in_the_history(fit):
    scores = EpochScoring("accuracy", name="right")
    clf = fit([scores], train_split=ValidSplit(4))
    assert all(0 <= right <= 1 for right in clf.history_[:, "right"])
    assert_allclose(clf.history_[:, "right"], clf.history_[:, "valid_acc"])


def test_checkpoint_holds_the_weights_that_were_fitted(fit, noisy_blobs, tmp_path):
    X = noisy_blobs[0]
    clf = fit([Checkpoint(monitor=None, dirname=str(tmp_path), load_best=False)])
    assert clf.history_[:, "event_cp"] == [True] * N_EPOCHS
    expected = clf.predict_proba(X)
    net = clf.estimator_
    for parameter in net.module_.parameters():
        parameter.data.zero_()
    net.load_params(f_params=str(tmp_path / "params.pt"))
    assert_array_equal(clf.predict_proba(X), expected)


@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.SwappableClassesWarning")
def test_schedule_sets_the_learning_rate_of_each_epoch(fit):
    schedule = LRScheduler("StepLR", step_size=1, gamma=0.5, event_name="rate")
    rates = fit([schedule]).history_[:, "rate"]
    assert_allclose(rates, 0.02 * 0.5 ** np.arange(N_EPOCHS))


def test_bar_of_skorch_is_shown_for_each_epoch_of_the_refit(fit, capsys):
    clf = fit([ProgressBar(batches_per_epoch=1)])
    shown = capsys.readouterr().err
    assert shown.count("0/1") >= N_EPOCHS
    assert clf.n_iter_ == N_EPOCHS


def test_last_score_is_that_of_the_fitted_net(fit, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs

    def right(net, X, y):
        predicted = net.infer(torch.from_numpy(X)).argmax(dim=1)
        return accuracy_score(y_noisy, predicted)

    clf = fit([EpochScoring(right, on_train=True, use_caching=False)])
    assert clf.history_[-1, "right"] == clf.score(X, y_noisy)
