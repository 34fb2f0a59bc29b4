"""Of the epochs that are as good as the best, the weights of the last are kept."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from skorch.history import History

from sklnoise.training._callbacks import KeepBest
from sklnoise.training._held_out_losses import MIN_BATCHES, is_within_error

LEVEL = np.zeros(MIN_BATCHES)
UNEVEN = np.linspace(-1, 1, MIN_BATCHES)
"""Differences of batches whose mean is 0, with a standard error above .2."""


class Counter(torch.nn.Module):
    """A module whose only weight is the number of the epoch."""

    def __init__(self):
        super().__init__()
        self.register_buffer("epoch", torch.zeros(()))


def kept_epoch(losses, patience=99):
    """Train on validation losses, a row of batches an epoch; return what is kept."""
    net = SimpleNamespace(module_=Counter(), criterion_=Counter(), history=History())
    callback = KeepBest(patience)
    callback.on_train_begin(net)
    for number, of_batches in enumerate(losses, start=1):
        net.history.new_epoch()
        net.history.record("epoch", number)
        for loss in of_batches:
            net.history.new_batch()
            net.history.record_batch("valid_loss", loss)
            net.history.record_batch("valid_batch_size", 10)
        net.history.record("valid_loss", np.mean(of_batches))
        net.module_.epoch.fill_(number)
        net.criterion_.epoch.fill_(number)
        try:
            callback.on_epoch_end(net)
        except KeyboardInterrupt:
            break
    last = number
    callback.on_train_end(net)
    assert net.module_.epoch == net.criterion_.epoch
    return int(net.module_.epoch), last


def test_lowest_loss_is_kept_where_later_ones_are_surely_worse():
    assert kept_epoch([LEVEL + 1, LEVEL, LEVEL + 0.1]) == (2, 3)


def test_later_epoch_within_the_error_of_the_batches_is_kept():
    assert kept_epoch([LEVEL + 1, LEVEL, UNEVEN + 0.1]) == (3, 3)


def test_last_of_several_within_the_error_is_kept():
    assert kept_epoch([LEVEL, UNEVEN + 0.1, UNEVEN + 0.2, LEVEL + 9]) == (3, 4)


def test_what_all_batches_share_is_no_error():
    common = 5 * UNEVEN
    assert kept_epoch([common, common + 0.1]) == (1, 2)


def test_few_batches_have_no_error():
    assert kept_epoch([LEVEL[1:], UNEVEN[1:] + 1e-9]) == (1, 2)


def test_level_epochs_do_not_prolong_the_training():
    assert kept_epoch([LEVEL, *[UNEVEN + 0.1] * 5], patience=3) == (4, 4)


def test_losses_below_zero_are_compared_as_others_are():
    assert kept_epoch([LEVEL - 1, LEVEL - 2, LEVEL - 1]) == (2, 3)


@pytest.mark.parametrize("excess", [0.9, 1.1])
def test_error_is_that_of_the_weighted_mean(rng, excess):
    """With equal sizes it is the textbook's standard deviation over root n."""
    lowest, noise = rng.normal(size=(2, 12))
    noise -= noise.mean()
    standard_error = np.std(noise, ddof=1) / np.sqrt(12)
    losses = lowest + noise + excess * standard_error
    assert is_within_error(losses, lowest, np.full(12, 256)) == (excess < 1)


def test_batch_without_rows_to_speak_of_counts_for_little():
    sizes = np.r_[np.full(MIN_BATCHES, 1000), 1]
    assert not is_within_error(np.r_[LEVEL + 0.1, -9], np.zeros(MIN_BATCHES + 1), sizes)
