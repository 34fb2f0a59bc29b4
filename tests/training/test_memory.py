"""Losses with a memory of their samples get the index of each, by every route."""

import pickle

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from skorch.callbacks import Callback

from sklnoise.losses import EarlyLearningLoss
from sklnoise.nn import MLP
from sklnoise.training._config import TrainingConfig
from sklnoise.training._data import LabelledData
from sklnoise.training._net import AutoSizedNet
from sklnoise.training._trainer import Trainer


class FollowsBatches(Callback):
    """Lets skorch run the training."""

    def on_batch_begin(self, net, **kwargs):
        pass


def make_trainer(table, *, weight=None, **params):
    """Make a trainer of small nets for a few epochs of batches."""
    X, y = table
    net = AutoSizedNet(
        MLP,
        module__hidden=(8,),
        module__dropout=0.0,
        lr=0.02,
        n_steps=40,
        averages_weights=True,
        batch_size=16,
        **params,
    )
    weight = np.ones(len(y)) if weight is None else weight
    config = TrainingConfig(3, torch.device("cpu"), torch.float64, 1)
    return Trainer(net, LabelledData(X, y, weight), config, seed=0)


def weights_of(net):
    return {name: w.numpy() for name, w in net.module_.state_dict().items()}


def assert_alike(net, other):
    for name, weight in weights_of(net).items():
        assert_allclose(weight, weights_of(other)[name], rtol=1e-7, atol=1e-9)


def early_learning(regularization=2.0):
    return EarlyLearningLoss(regularization=regularization, reduction="none")


def test_training_uses_the_memory(table):
    trainer, rows = make_trainer(table), np.arange(60)
    plain = EarlyLearningLoss(regularization=0.0, reduction="none")
    with_memory = trainer.fit(rows, early_learning())
    difference = [
        abs(w - weights_of(trainer.fit(rows, plain))[name]).max()
        for name, w in weights_of(with_memory).items()
    ]
    assert max(difference) > 0.01


def test_both_routes_train_alike(table):
    rows = np.arange(60)
    ours = make_trainer(table).fit(rows, early_learning())
    of_skorch = make_trainer(table, callbacks=[("follows", FollowsBatches())])
    assert_alike(ours, of_skorch.fit(rows, early_learning()))


def test_nets_of_a_stack_have_memories_of_their_own(table):
    trainer, rows = make_trainer(table), np.arange(1, 60)  # batches of 16 and 11
    together = trainer.fit_seeds(rows, early_learning(), [0, 1, 2])
    for seed, net in enumerate(together):
        assert_alike(net, trainer.replace(seed=seed).fit(rows, early_learning()))


def test_nets_of_a_stack_see_all_samples_at_once(table):
    trainer, rows = make_trainer(table, iterator_train__batch_size=-1), np.arange(60)
    together = trainer.fit_seeds(rows, early_learning(), [0, 1])
    for seed, net in enumerate(together):
        assert_alike(net, trainer.replace(seed=seed).fit(rows, early_learning()))


def test_folds_of_several_sizes_have_memories_of_their_own(table):
    trainer, rows = make_trainer(table), np.arange(60)
    splits = [(rows[:50], rows[50:]), (rows[9:], rows[:9])]
    nets = trainer.fit_folds(
        splits,
        early_learning(),
        [0, 1],
        [None, None],
        lambda net, fold: net,
        of_fold=False,
    )
    for seed, (net, (train, _)) in enumerate(zip(nets, splits, strict=True)):
        assert_alike(net, trainer.replace(seed=seed).fit(train, early_learning()))


def test_index_is_that_among_the_rows_of_the_training(table):
    X, y = table
    some = np.arange(5, 45)
    part = make_trainer((X[some], y[some])).fit(np.arange(40), early_learning())
    assert_alike(make_trainer(table).fit(some, early_learning()), part)


def test_weights_count_as_frequencies_also_in_the_second_term(table):
    trainer = make_trainer(table, weight=np.full(60, 3.0))
    rows = np.arange(60)
    plain = make_trainer(table).fit(rows, early_learning())
    assert_alike(trainer.fit(rows, early_learning()), plain)


def test_steps_of_the_warm_up_count_for_the_delay(table):
    rows, warm_up = np.arange(60), {"warm_up": 0.5}
    late = EarlyLearningLoss(delay_steps=20, reduction="none")
    trained = make_trainer(table).fit(rows, late, **warm_up)
    assert_alike(trained, make_trainer(table).fit(rows, early_learning(3.0), **warm_up))


def test_memory_ends_with_the_training(table):
    net = make_trainer(table).fit(np.arange(60), early_learning())
    assert net.criterion_.loss.memory.values is None
    assert len(pickle.dumps(net.criterion_)) < 10_000


@pytest.mark.parametrize("transition_matrix", [None, 0.8 * np.eye(3) + 0.2 / 3])
def test_held_out_loss_is_the_share_of_labels_not_predicted(table, transition_matrix):
    loss = EarlyLearningLoss(transition_matrix, reduction="none")
    trainer = make_trainer(table)
    X, y = table
    nets = trainer.fit_folds(
        [(np.arange(40), np.arange(40, 60))],
        loss,
        [0],
        [None],
        lambda net, fold: net,
        least_steps=40,
    )
    (net,) = nets
    wrong = net.module_(torch.from_numpy(X[40:])).argmax(dim=1).numpy() != y[40:]
    assert_allclose(net.history[-1, "valid_loss"], wrong.mean())
