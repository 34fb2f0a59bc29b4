"""Callbacks of the training: early stopping, checks, and what may be left out."""

import signal
import threading
from contextlib import contextmanager

import numpy as np
from skorch.callbacks import (
    BatchScoring,
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
from sklnoise.training._held_out_losses import is_within_error, validation_batches
from sklnoise.training._trajectory import KeepTrajectory

ANY_SCORE = "*"
TRAIN_EVENTS = ("on_train_begin", "on_train_end")
BATCH_EVENTS = ("on_batch_begin", "on_batch_end", "on_grad_computed")


def check_epoch(epoch):
    """Raise a `NonFiniteLossError` if a training loss of an epoch is NaN or infinite."""
    losses = [batch.get("train_loss", 0.0) for batch in epoch["batches"]]
    if not np.isfinite(losses).all():
        bad = next(loss for loss in losses if not np.isfinite(loss))
        raise NonFiniteLossError(
            f"the training loss became {bad} in epoch {epoch['epoch']}. Lower the "
            "learning rate, clip the gradients, scale X, or (backward correction) use "
            "a better conditioned transition_matrix."
        )


class KeepBest(Callback):
    """Stop when the validation loss stalls, and go back to the best epoch.

    The best is the last epoch whose loss is within a standard error of the lowest, as
    its learning rate has fallen further. The error is that of the difference, batch by
    batch; with fewer than `MIN_BATCHES` of them it is the epoch of the lowest loss.

    Unlike skorch's EarlyStopping it works for losses below zero (backward correction)
    and restores the criterion too, whose parameters may have been trained.
    """

    def __init__(self, patience):
        self.patience = patience

    def on_train_begin(self, net, **kwargs):
        """Forget earlier trainings."""
        self.lowest_loss_, self.lowest_epoch_, self.lowest_losses_ = np.inf, 0, None
        self.best_epoch_, self.best_state_ = 0, None

    def on_epoch_end(self, net, **kwargs):
        """Compare the validation loss and stop once patience is exhausted."""
        if "valid_loss" not in net.history[-1]:  # nothing could be held out
            return
        loss, epoch = net.history[-1, "valid_loss"], net.history[-1, "epoch"]
        losses, sizes = validation_batches(net.history[-1])
        if is_lower := loss < self.lowest_loss_:
            self.lowest_loss_, self.lowest_epoch_ = loss, epoch
            self.lowest_losses_ = losses
        if is_lower or is_within_error(losses, self.lowest_losses_, sizes):
            parts = net.module_, net.criterion_
            self.best_epoch_ = epoch
            self.best_state_ = [
                {name: value.clone() for name, value in part.state_dict().items()}
                for part in parts
            ]
        if epoch - self.lowest_epoch_ >= self.patience:
            raise KeyboardInterrupt  # skorch's way to end a training

    def on_train_end(self, net, **kwargs):
        """Restore the best epoch."""
        if self.best_state_ is not None:
            for module, state in zip((net.module_, net.criterion_), self.best_state_):
                module.load_state_dict(state)
        self.best_state_ = self.lowest_losses_ = None


class AverageWeights(Callback):
    """Average the weights in skorch's loop.

    As the first of the callbacks it takes the average for all that follows the steps.
    The last one lets it begin an epoch and count a step, which others may have changed.
    """

    def __init__(self, average):
        self.average = average
        self.in_steps = False

    def begin_epoch(self):
        """Take the latest weights for the steps."""
        self.in_steps = True
        self.average.begin_epoch()

    def count_step(self):
        """Move the average towards the latest weights."""
        self.average.count_step()

    def on_batch_begin(self, net, training=False, **kwargs):
        """Take the averaged weights for the validation."""
        if not training:
            self.on_epoch_end(net)

    def on_epoch_end(self, net, **kwargs):
        """Take the averaged weights for all that follows the steps."""
        if self.in_steps:
            self.average.end_epoch()
        self.in_steps = False


class EpochListener(Callback):
    """Pass the epochs of skorch's loop on, check their losses, and stop on request."""

    def __init__(self, on_epoch, n_epochs, average):
        self.on_epoch = on_epoch
        self.n_epochs = n_epochs
        self.average = average
        self.in_epoch = False

    def on_epoch_begin(self, net, **kwargs):
        """Pass it on."""
        self.in_epoch = True
        self.average.begin_epoch()
        self._pass_on("on_epoch_begin", net)

    def on_batch_end(self, net, training=False, **kwargs):
        """Count the step, of which the optimizer may make several evaluations."""
        if training:
            net.criterion_.count_step()
            self.average.count_step()

    def on_epoch_end(self, net, **kwargs):
        """Check the losses, pass it on, and stop the training if that is asked for."""
        check_epoch(net.history[-1])
        self.in_epoch = False
        if self._pass_on("on_epoch_end", net):
            raise KeyboardInterrupt  # skorch's way to end a training

    def end_epoch_of_stop(self, net):
        """Pass on the end of an epoch in which another callback has stopped."""
        if self.in_epoch:
            check_epoch(net.history[-1])
            self.in_epoch = False
            self._pass_on("on_epoch_end", net)

    def _pass_on(self, event, net):
        return self.on_epoch is not None and self.on_epoch(event, net, self.n_epochs)

    def __getstate__(self):
        return super().__getstate__() | {"on_epoch": None}


@contextmanager
def interrupts():
    """Note an interrupt by the user, which skorch cannot tell from early stopping.

    Yields a function that returns whether SIGINT has arrived. Only the main thread can
    receive it; other threads need no handler.
    """
    received = threading.Event()
    before = signal.getsignal(signal.SIGINT)
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or not callable(before):
        yield received.is_set
        return

    def pass_on(number, frame):
        try:
            before(number, frame)
        except KeyboardInterrupt:  # a handler of the user may do something else
            received.set()
            raise

    signal.signal(signal.SIGINT, pass_on)
    try:
        yield received.is_set
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def interruptible():
    """Raise an interrupt by the user that a training has taken for its end."""
    with interrupts() as interrupted:
        try:
            yield
        finally:
            if interrupted():
                raise KeyboardInterrupt


# Callbacks that change learning rates, gradients or the module, or stop a training.
ACTING = (
    LRScheduler,
    GradientNormClipping,
    EarlyStopping,
    ParamMapper,
    InputShapeSetter,
    LoadInitState,
    KeepBest,
    KeepTrajectory,
)


def leave_out_observers(net):
    """Take out the callbacks that do not act on the training of an initialised net.

    Those of skorch and of ours that act stay, with the scores that they monitor.
    """
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


def reads_data(follower):
    """Return whether a callback, or a net, may read X where a training begins or ends."""
    if isinstance(follower, InputShapeSetter):
        return True
    if isinstance(follower, ScoringBase) and not follower.use_caching:
        return True
    return any(is_of_user(follower, event) for event in TRAIN_EVENTS)


def may_replace_module(callback):
    """Return whether a callback may set parameters of the module before a training."""
    is_setter = isinstance(callback, InputShapeSetter)
    return is_setter or is_of_user(callback, "on_train_begin")


def is_of_user(follower, event):
    """Return whether what happens at an event is not of skorch or of ours."""
    package = getattr(type(follower), event).__module__.partition(".")[0]
    return package not in ("skorch", "sklnoise") or event in vars(follower)


def score_name(name, callback):
    """Return under which name a callback records its score."""
    return getattr(callback, "name_", None) or getattr(callback, "name", None) or name


def monitored(callback):
    """Return the names of the scores that a callback monitors."""
    if isinstance(callback, KeepBest | KeepTrajectory):
        return {"valid_loss"}
    if isinstance(callback, ParamMapper):
        return {ANY_SCORE} if callable(callback.schedule) else set()
    if isinstance(callback, LRScheduler) and callback.policy_ is not ReduceLROnPlateau:
        return set()
    monitor = getattr(callback, "monitor", None)
    if monitor is None:
        return set()
    return {ANY_SCORE if callable(monitor) else monitor.removesuffix("_best")}


def follows_batches(callback, *, training):
    """Return whether a callback does anything in a batch of training or validation."""
    kind = type(callback)
    if kind in (BatchScoring, EpochScoring):
        return callback.on_train == training
    if kind is LRScheduler:
        return training and callback.step_every == "batch"
    return any(
        getattr(kind, name) is not getattr(Callback, name) or name in vars(callback)
        for name in BATCH_EVENTS
    )


def is_epoch_schedule(callback):
    """Return whether a callback sets learning rates by the number of the epoch."""
    return (
        type(callback) is LRScheduler
        and callback.step_every == "epoch"
        and callback.policy_ is not ReduceLROnPlateau
    )


def acts_alone(callback):
    """Return whether a callback acts on its net alone, or on all nets alike."""
    known = KeepBest, KeepTrajectory, EarlyStopping, EpochTimer, PassthroughScoring
    return type(callback) in known or is_epoch_schedule(callback)


def is_of_table(callback):
    """Return whether a callback is part of skorch's table, and follows no training."""
    is_score = type(callback) is EpochScoring and not callback.on_train
    return is_score or type(callback) is PrintLog


def is_silent_log(net, callback):
    """Return whether a callback only formats a table that nobody sees."""
    return not net.verbose and type(callback) is PrintLog and callback.sink is print
