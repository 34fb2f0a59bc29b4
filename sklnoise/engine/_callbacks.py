"""Callbacks of the training: stop at a loss that is not finite, keep the best epoch."""

from copy import deepcopy

import numpy as np
from skorch.callbacks import Callback

from sklnoise.exceptions import NonFiniteLossError


class StopAtNonFiniteLoss(Callback):
    """Raise a `NonFiniteLossError` in the first epoch whose loss is NaN or infinite."""

    def on_epoch_end(self, net, **kwargs):
        """Look at the losses of the epoch's batches."""
        check_finite_loss(net.history[-1])


def check_finite_loss(epoch):
    """Raise a `NonFiniteLossError` if a batch of the epoch had no finite loss.

    Parameters
    ----------
    epoch : dict
        One epoch of a skorch history.
    """
    losses = [batch.get("train_loss", 0.0) for batch in epoch["batches"]]
    if not np.isfinite(losses).all():
        raise NonFiniteLossError(
            f"the training loss became {losses[-1]} in epoch {epoch['epoch']}. Lower the "
            "learning rate, clip the gradients, scale X, or (backward correction) use "
            "a better conditioned transition_matrix."
        )


class KeepBest(Callback):
    """Stop when the validation loss stalls, and go back to the best epoch.

    Unlike skorch's EarlyStopping it works for losses below zero (backward correction)
    and restores the criterion too, whose parameters may have been trained.

    Parameters
    ----------
    patience : int
        Epochs without an improvement after which training stops.
    """

    def __init__(self, patience):
        self.patience = patience

    def on_train_begin(self, net, **kwargs):
        """Forget earlier trainings."""
        self.best_loss_, self.best_epoch_, self.best_state_ = np.inf, 0, None

    def on_epoch_end(self, net, **kwargs):
        """Compare the validation loss and stop when patience is at its end."""
        loss, epoch = net.history[-1, "valid_loss"], net.history[-1, "epoch"]
        if loss < self.best_loss_:
            self.best_loss_, self.best_epoch_ = loss, epoch
            self.best_state_ = deepcopy(self._state(net))
        elif epoch - self.best_epoch_ >= self.patience:
            raise KeyboardInterrupt  # skorch's way to end a training

    def on_train_end(self, net, **kwargs):
        """Restore the best epoch."""
        if self.best_state_ is not None:
            for module, state in zip((net.module_, net.criterion_), self.best_state_):
                module.load_state_dict(state)
        self.best_state_ = None

    @staticmethod
    def _state(net):
        return net.module_.state_dict(), net.criterion_.state_dict()
