"""Callbacks of the training: stop at a loss that is not finite, keep the best epoch."""

from contextlib import contextmanager

import numpy as np
from skorch.callbacks import (
    Callback,
    EarlyStopping,
    EpochScoring,
    EpochTimer,
    GradientNormClipping,
    InputShapeSetter,
    LoadInitState,
    LRScheduler,
    ParamMapper,
    PassthroughScoring,
    PrintLog,
)
from skorch.callbacks.scoring import ScoringBase
from torch.optim.lr_scheduler import ReduceLROnPlateau

from sklnoise.exceptions import NonFiniteLossError

ANY_SCORE = "*"


class StopAtNonFiniteLoss(Callback):
    """Raise a `NonFiniteLossError` in the first epoch whose loss is NaN or infinite."""

    def on_epoch_end(self, net, **kwargs):
        """Look at the losses of the epoch's batches."""
        check_finite_loss(net.history[-1])


def check_finite_loss(epoch):
    """Raise a `NonFiniteLossError` if a batch of the epoch had no finite loss."""
    losses = [batch.get("train_loss", 0.0) for batch in epoch["batches"]]
    check_finite(losses, epoch["epoch"])


def check_finite(losses, number):
    """Raise a `NonFiniteLossError` if one of the losses is NaN or infinite."""
    if not np.isfinite(losses).all():
        bad = next(loss for loss in losses if not np.isfinite(loss))
        raise NonFiniteLossError(
            f"the training loss became {bad} in epoch {number}. Lower the "
            "learning rate, clip the gradients, scale X, or (backward correction) use "
            "a better conditioned transition_matrix."
        )


LEAST_BATCHES = 8
"""Validation batches that a standard error is made of."""


class KeepBest(Callback):
    """Stop when the validation loss stalls, and go back to the best epoch."""

    def __init__(self, patience):
        self.patience = patience

    def on_train_begin(self, net, **kwargs):
        """Forget earlier trainings."""
        self.lowest_loss_, self.lowest_epoch_, self.lowest_losses_ = np.inf, 0, None
        self.best_epoch_, self.best_state_ = 0, None

    def on_epoch_end(self, net, **kwargs):
        """Compare the validation loss and stop when patience is at its end."""
        loss, epoch = net.history[-1, "valid_loss"], net.history[-1, "epoch"]
        losses, sizes = validation_batches(net.history[-1])
        if is_lower := loss < self.lowest_loss_:
            self.lowest_loss_, self.lowest_epoch_ = loss, epoch
            self.lowest_losses_ = losses
        if is_lower or is_level(losses, self.lowest_losses_, sizes):
            self.best_epoch_, self.best_state_ = epoch, self._state(net)
        if epoch - self.lowest_epoch_ >= self.patience:
            raise KeyboardInterrupt  # skorch's way to end a training

    def on_train_end(self, net, **kwargs):
        """Restore the best epoch."""
        if self.best_state_ is not None:
            for module, state in zip((net.module_, net.criterion_), self.best_state_):
                module.load_state_dict(state)
        self.best_state_ = self.lowest_losses_ = None

    @staticmethod
    def _state(net):
        parts = net.module_, net.criterion_
        return [{n: v.clone() for n, v in part.state_dict().items()} for part in parts]


def validation_batches(epoch):
    """Return the losses of the validation batches of an epoch."""
    batches = [batch for batch in epoch["batches"] if "valid_loss" in batch]
    losses = np.array([batch["valid_loss"] for batch in batches])
    return losses, np.array([batch["valid_batch_size"] for batch in batches])


def is_level(losses, lowest, sizes):
    """Tell whether losses exceed the lowest by no more than chance."""
    if lowest is None or not len(losses) == len(lowest) >= LEAST_BATCHES:
        return False
    shares = sizes / sizes.sum()
    excess = losses - lowest
    mean = shares @ excess
    correction = len(losses) / (len(losses) - 1)
    return mean <= np.sqrt(correction * np.sum((shares * (excess - mean)) ** 2))


def raised_by_callback(interrupt):
    """Tell a callback that stops the training from a user who does."""
    traceback = interrupt.__traceback__
    while traceback.tb_next:
        traceback = traceback.tb_next
    return isinstance(traceback.tb_frame.f_locals.get("self"), Callback)


@contextmanager
def without_silent_logs(net):
    """Take out the logs of skorch that print nothing, whose tables take time."""
    callbacks = net.callbacks_
    net.callbacks_ = [
        (name, callback)
        for name, callback in callbacks
        if net.verbose or type(callback) is not PrintLog or callback.sink is not print
    ]
    try:
        yield
    finally:
        net.callbacks_ = callbacks


ACTING = (
    LRScheduler,
    GradientNormClipping,
    EarlyStopping,
    ParamMapper,
    InputShapeSetter,
    LoadInitState,
    KeepBest,
)
"""Callbacks that change learning rates, gradients or the module, or stop a training."""


BLIND = (
    EarlyStopping,
    EpochScoring,
    EpochTimer,
    KeepBest,
    LRScheduler,
    PassthroughScoring,
    PrintLog,
    StopAtNonFiniteLoss,
)
"""Callbacks that look at no gradient, and at weights only by the state of the module."""


def leave_out_observers(net):
    """Take out the callbacks that do not act on the training of a net."""
    wanted = set()
    for _, callback in net.callbacks_:
        if isinstance(callback, ACTING):
            wanted |= monitored(callback)
    net.callbacks_ = [
        (name, callback)
        for name, callback in net.callbacks_
        if isinstance(callback, ACTING)
        or (
            isinstance(callback, PassthroughScoring | ScoringBase)
            and (ANY_SCORE in wanted or score_name(name, callback) in wanted)
        )
    ]


def score_name(name, callback):
    """Tell under which name a callback writes its score."""
    return getattr(callback, "name_", None) or getattr(callback, "name", None) or name


def monitored(callback):
    """Tell the names of the scores that a callback looks at."""
    if isinstance(callback, KeepBest):
        return {"valid_loss"}
    if isinstance(callback, ParamMapper):
        return {ANY_SCORE} if callable(callback.schedule) else set()
    if isinstance(callback, LRScheduler) and callback.policy_ is not ReduceLROnPlateau:
        return set()
    monitor = getattr(callback, "monitor", None)
    if monitor is None:
        return set()
    return {ANY_SCORE if callable(monitor) else monitor.removesuffix("_best")}
