"""When a training ends whose steps are chosen afterwards."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from skorch.history import History

from sklnoise.training._trajectory import KeepTrajectory, best_checkpoint

N_BATCHES, MAX_EPOCHS, LEAST_STEPS = 10, 200, 60


def train(loss_of, n_batches=N_BATCHES):
    """Train a net with given held-out losses; return what was kept and the last epoch."""
    net = SimpleNamespace(
        module_=torch.nn.Linear(1, 1), history=History(), max_epochs=MAX_EPOCHS
    )
    kept = KeepTrajectory(n_batches, LEAST_STEPS)
    kept.on_train_begin(net)
    try:
        for epoch in range(1, MAX_EPOCHS + 1):
            net.history.new_epoch()
            net.history.record("epoch", epoch)
            net.history.record("valid_loss", loss_of(epoch))
            with torch.no_grad():
                net.module_.weight.fill_(epoch)
            kept.on_epoch_end(net)
    except KeyboardInterrupt:
        pass
    return net, kept, epoch


def test_training_ends_soon_after_the_lowest_loss():
    _, kept, last = train(lambda epoch: 1 + abs(epoch - 20) / 20)
    assert 25 <= last <= 60
    assert 15 <= kept.epochs_[int(np.argmin(kept.losses_))] <= 25


def test_training_goes_on_while_the_loss_falls():
    assert train(lambda epoch: 1 / epoch)[2] == MAX_EPOCHS


def test_slow_fall_of_the_loss_of_noisy_labels_is_a_fall():
    # 40 % of wrong labels of two classes: no loss is below .67, and guessing has .693.
    assert train(lambda epoch: 0.67 + 0.023 * np.exp(-epoch / 60))[2] > 100


def test_fall_to_nothing_ends_a_training():
    assert train(lambda epoch: np.exp(-epoch))[2] < 50


@pytest.mark.parametrize("n_batches", [1, 10])
def test_first_steps_do_not_end_a_training(n_batches):
    assert train(lambda epoch: 1.0, n_batches)[2] * n_batches >= LEAST_STEPS


def test_weights_of_a_checkpoint_come_back():
    net, kept, _ = train(lambda epoch: 1 + abs(epoch - 20) / 20)
    number = best_checkpoint([kept], [1])
    epoch = kept.epochs_[number]
    kept.set_back(net, number)
    assert net.module_.weight.item() == epoch == len(net.history)
    assert kept.n_steps(number) == epoch * N_BATCHES


@pytest.mark.parametrize(("excess", "best"), [(0.001, 3), (0.5, 1)])
def test_last_checkpoint_that_is_as_good_can_be_taken(excess, best):
    levels = [2.0, 1.0, 1.0 + excess, 1.0 + excess]
    uneven = np.linspace(-0.1, 0.1, 4)
    signs = [1, 1, -1, -1]
    batches = [
        (level + sign * uneven, np.full(4, 256))
        for level, sign in zip(levels, signs, strict=True)
    ]
    kept = SimpleNamespace(losses_=levels, batches_=batches)
    assert best_checkpoint([kept], [1]) == 1
    assert best_checkpoint([kept], [1], takes_last=True) == best


def test_best_checkpoint_is_that_of_the_weighted_mean():
    one = SimpleNamespace(losses_=[3.0, 1.0, 2.0])
    other = SimpleNamespace(losses_=[1.0, 4.0])  # it has stopped before
    assert best_checkpoint([one, other], [1, 0]) == 1
    assert best_checkpoint([one, other], [1, 1]) == 0


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)])
def test_folds_with_epochs_of_different_lengths_are_compared_by_steps(order):
    def loss_after(n_steps):
        return 1 + abs(n_steps - 60) / 60

    lengths = [1, 2, 10][order]
    trained = [
        train(lambda epoch, n=n: loss_after(epoch * n), n_batches=n) for n in lengths
    ]
    trajectories = [kept for _, kept, _ in trained]
    number = best_checkpoint(trajectories, [1, 1, 1])
    assert all(45 <= kept.n_steps(number) <= 75 for kept in trajectories)
