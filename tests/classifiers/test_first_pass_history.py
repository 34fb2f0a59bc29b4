"""The histories of the first pass, one a fold."""

import pickle

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from skorch import NeuralNetClassifier
from skorch.callbacks import EarlyStopping, EpochScoring
from skorch.dataset import ValidSplit
from skorch.history import History

from sklnoise import NoiseRobustClassifier
from sklnoise.nn import MLP

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklnoise.exceptions.SwappableClassesWarning"
)


@pytest.fixture
def fit(quick_net, noisy_blobs):
    def fit(X=noisy_blobs[0], **params):
        net = quick_net.set_params(max_epochs=6)
        params = {"estimator": net, "cv": 3, "random_state": 0} | params
        return NoiseRobustClassifier(**params).fit(X, noisy_blobs[1])

    return fit


def test_there_is_one_history_a_fold(fit):
    clf = fit()
    assert len(clf.first_pass_history_) == 3
    for history in clf.first_pass_history_:
        assert isinstance(history, History)
        assert history[:, "epoch"] == [1, 2, 3, 4, 5, 6]
        assert history[0, "train_loss"] > history[-1, "train_loss"]


def test_history_of_a_fold_is_not_that_of_the_refit(fit):
    clf = fit()
    losses = [history[:, "train_loss"] for history in clf.first_pass_history_]
    assert len({tuple(loss) for loss in [*losses, clf.history_[:, "train_loss"]]}) == 4


def test_batches_are_left_out(fit):
    history = fit().first_pass_history_[0]
    assert all(epoch["batches"] == [] for epoch in history)
    assert len(pickle.dumps(history)) < 1000


@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.ClassCollapseWarning")
def test_loss_of_rows_held_out_for_early_stopping_is_there(fit):
    net = NeuralNetClassifier(
        MLP, callbacks=[EarlyStopping()], train_split=ValidSplit(4), verbose=0
    )
    for history in fit(estimator=net).first_pass_history_:
        assert np.isfinite(history[:, "valid_loss"]).all()


def test_scores_of_a_first_pass_of_its_own_are_there(fit, quick_net):
    score = EpochScoring("accuracy", name="accuracy", on_train=True)
    net = quick_net.set_params(callbacks=[score])
    clf = fit(estimator=MLP, first_pass=net)
    assert all(0 <= h[-1, "accuracy"] <= 1 for h in clf.first_pass_history_)


def test_memory_keeps_the_histories(fit, tmp_path):
    first, again = (fit(memory=str(tmp_path)) for _ in range(2))
    for one, other in zip(first.first_pass_history_, again.first_pass_history_):
        assert one == other
        assert isinstance(other, History)


@pytest.mark.slow  # processes start slowly
def test_histories_do_not_depend_on_the_number_of_processes(fit, quick_net):
    quick_net.set_params(module=Unstackable)
    for one, other in zip(
        fit().first_pass_history_, fit(n_jobs=2).first_pass_history_, strict=True
    ):
        assert one[:, "train_loss"] == other[:, "train_loss"]


class Unstackable(MLP):
    """Draws from torch's own random state."""

    def forward(self, X):
        return super().forward(X) + 0.1 * super().forward(X.new_empty(X.shape).normal_())


def test_sparse_rows_give_histories_too(fit, noisy_blobs):
    clf = fit(csr_matrix(noisy_blobs[0]))
    assert [len(history) for history in clf.first_pass_history_] == [6, 6, 6]


@pytest.mark.parametrize(
    "params",
    [
        {"transition": np.eye(3)},
        {"correction": "gce"},
        {"first_pass": LogisticRegression()},
    ],
)
def test_without_nets_of_folds_there_is_no_history(fit, params):
    assert not hasattr(fit(**params), "first_pass_history_")


def test_history_of_an_earlier_fit_is_forgotten(fit, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    clf = fit()
    assert not hasattr(
        clf.set_params(correction="gce").fit(X, y_noisy), "first_pass_history_"
    )
