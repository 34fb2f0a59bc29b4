"""The epoch loop of nets whose steps are plain: K >= 1 of them."""

from contextlib import contextmanager
from itertools import compress

import torch
from skorch.callbacks.scoring import ScoringBase

from sklnoise.training._averages import average_of, trained_parameters
from sklnoise.training._batches import BatchIterator
from sklnoise.training._callbacks import check_epoch, follows_batches, is_silent_log
from sklnoise.training._data import to_device
from sklnoise.training._net import is_stock
from sklnoise.training._optimizers import needs_no_closure
from sklnoise.training._resident import resident_samples
from sklnoise.training._trajectory import skips_validation
from sklnoise.training._workers import raise_if_cancelled


def has_plain_steps(prepared):
    """Return whether skorch's training steps on a net are those of this loop.

    Not so for a subclass with steps of its own, several modules or optimizers, an
    optimizer that may call a closure, parameters for the steps, another iterator, or a
    callback that follows the batches.
    """
    net = prepared.net
    return (
        is_stock(net)
        and not prepared.fit_params
        and net._modules == ["module"]
        and net._criteria == ["criterion"]
        and net._optimizers == ["optimizer"]
        and needs_no_closure(net.optimizer_)
        and isinstance(net.get_iterator(prepared.dataset, training=True), BatchIterator)
        and not any(follows_batches(cb, training=True) for _, cb in net.callbacks_)
    )


class Member:
    """One net in the loop, with its batches and its callbacks."""

    def __init__(self, prepared, interrupted):
        self.prepared = prepared
        self.net = net = prepared.net
        self.dataset = prepared.dataset
        self.on_epoch = prepared.on_epoch
        self.interrupted = interrupted
        net.check_data(prepared.dataset, prepared.y)
        train, valid = split_datasets(net, prepared)
        self.parts = {"dataset_train": train, "dataset_valid": valid}
        self.batches = net.get_iterator(train, training=True)
        self.held_out = None if valid is None else net.get_iterator(valid)
        self.callbacks = [cb for _, cb in net.callbacks_ if not is_silent_log(net, cb)]
        self.error = None
        prepare_scoring(net)

    def begin_epoch(self):
        """Notify the callbacks that an epoch begins; return whether to go on."""
        goes_on = False
        with self._errors_kept():
            goes_on = self.notify_unless_stopped("on_epoch_begin")
            self.report("on_epoch_begin")
            if not goes_on:
                self.report("on_epoch_end")
        return goes_on

    def end_epoch(self):
        """Notify the callbacks that an epoch has ended; return whether to go on."""
        goes_on = False
        with self._errors_kept():
            check_epoch(self.net.history[-1])
            goes_on = self.notify_unless_stopped("on_epoch_end")
            goes_on = not self.report("on_epoch_end") and goes_on
        return goes_on

    def notify_unless_stopped(self, event):
        """Notify the callbacks of an event of an epoch; return whether to go on."""
        try:
            self.notify(event, **self.parts)
        except KeyboardInterrupt:  # skorch's way to end a training, or the user
            if self.interrupted():
                raise
            return False
        return True

    def end_training(self):
        """Notify the callbacks that the training has ended."""
        if self.error is None:
            with self._errors_kept():
                self.prepared.end()

    @contextmanager
    def _errors_kept(self):
        """Keep an error of this net: it stops no other and is the outcome of its fold."""
        try:
            yield
        except Exception as error:
            self.error = self.error or error

    def record(self, losses, sizes, prefix):
        """Write into the history what skorch would have written."""
        history = self.net.history
        history[-1]["batches"] += [
            {f"{prefix}_loss": loss, f"{prefix}_batch_size": size}
            for loss, size in zip(losses, sizes, strict=True)
        ]
        history.record(f"{prefix}_batch_count", len(losses))

    def notify(self, event, **kwargs):
        """Call a method of the net and of its callbacks, as skorch does."""
        getattr(self.net, event)(self.net, **kwargs)
        for callback in self.callbacks:
            getattr(callback, event)(self.net, **kwargs)

    def report(self, event):
        """Report an epoch; return whether the training shall stop."""
        if self.on_epoch is None:
            return False
        return bool(self.on_epoch(event, self.net, self.net.max_epochs))


def split_datasets(net, prepared):
    """Split samples off for validation, as the net says."""
    try:
        return net.get_split_datasets(prepared.dataset, prepared.y)
    except ValueError as error:
        raise ValueError(
            f"train_split={net.train_split} of the net cannot split the "
            f"{len(prepared.y)} samples of this training: {error} Pass train_split=None, "
            "or more samples."
        ) from error


def prepare_scoring(net):
    """Let the scoring callbacks of a net find labels in our targets."""
    for _, callback in net.callbacks_:
        if isinstance(callback, ScoringBase) and hasattr(callback, "target_extractor"):
            callback.target_extractor = label_codes


def label_codes(targets):
    """Return the label codes among the targets of a batch."""
    codes = targets[0] if isinstance(targets, tuple | list) else targets
    return codes.cpu().numpy() if isinstance(codes, torch.Tensor) else codes


def run_epochs(members, model):
    """Train nets for their epochs, together as `model` takes their steps."""
    lead = members[0]  # whose dataset gathers the batches of all
    with resident_samples(lead.dataset, lead.net.device):
        repeat_epochs(members, model)


def repeat_epochs(members, model):
    """Take the epochs of nets until all of them have stopped."""
    running = members
    for _ in range(members[0].net.max_epochs):
        if not running:
            return
        running = drop_stopped(running, [m.begin_epoch() for m in running], model)
        if not running:
            return
        for member, (losses, sizes) in zip(running, model.train_epoch(), strict=True):
            member.record(losses, sizes, "train")
        for member, validated in zip(running, model.validate_epoch(), strict=True):
            if validated is not None:
                member.record(*validated, "valid")
        running = drop_stopped(running, [m.end_epoch() for m in running], model)
    drop_stopped(running, [False] * len(running), model)


def drop_stopped(members, goes_on, model):
    """End the training of the nets that stop; return the others."""
    if all(goes_on):
        return members
    model.drop_stopped(goes_on)
    for member, stays in zip(members, goes_on, strict=True):
        if not stays:
            member.end_training()
    return list(compress(members, goes_on))


class SingleNet:
    """The steps of one net."""

    def __init__(self, member):
        self.member = member
        self.net = member.net
        self.average = average_of(self.net, trained_parameters(self.net))

    @torch.enable_grad()
    def train_epoch(self):
        """Train for one epoch; the losses are read once, at its end."""
        module, criterion = self.net.module_, self.net.criterion_
        optimizer = self.net.optimizer_
        module.train()
        criterion.train()
        self.average.begin_epoch()
        parameters = trained_parameters(self.net)
        losses, sizes = [], []
        for X, targets in on_device(self.member.batches, self.net.device):
            raise_if_cancelled()
            for parameter in parameters:  # zero_grad takes as long as a small layer
                parameter.grad = None
            loss = criterion(apply(module, X), targets)
            loss.backward()
            optimizer.step()
            criterion.count_step()
            self.average.count_step()
            losses.append(loss.detach())
            sizes.append(len(targets[0]))
        self.average.end_epoch()
        return [(read(losses), sizes)]

    @torch.no_grad()
    def validate_epoch(self):
        """Compute the losses on the samples that are held out."""
        net, batches = self.net, self.member.held_out
        if batches is None or skips_validation(net):
            return [None]
        followed = any(follows_batches(cb, training=False) for _, cb in net.callbacks_)
        if followed or not isinstance(batches, BatchIterator):
            self._validate_by_skorch(batches)
            return [None]
        module, criterion = net.module_, net.criterion_
        module.eval()
        criterion.eval()
        losses, sizes = [], []
        for X, targets in on_device(batches, net.device):
            losses.append(criterion(apply(module, X), targets))
            sizes.append(len(targets[0]))
        return [(read(losses), sizes)]

    def _validate_by_skorch(self, batches):
        """Let skorch compute, and record, what a callback follows batch by batch."""
        dataset, net = self.member.dataset, self.net
        keep_sparse, dataset.keep_sparse = dataset.keep_sparse, False
        net.run_single_epoch(
            batches, training=False, prefix="valid", step_fn=net.validation_step
        )
        dataset.keep_sparse = keep_sparse

    def drop_stopped(self, goes_on):
        """Do nothing: the net has weights of its own."""


def apply(module, X):
    """Apply a module to samples; parts of them are passed by keyword."""
    return module(**X) if isinstance(X, dict) else module(X)


def read(losses):
    """Read losses from where they were computed, all at once."""
    return torch.stack(losses).tolist() if losses else []


def on_device(batches, device):
    """Move batches to the device of the net, the next one while the last is worked on."""
    device = torch.device(device)
    if device.type == "cpu":
        yield from batches
        return
    ready = None
    for X, targets in batches:
        moving = to_device(X, device), tuple(to_device(t, device) for t in targets)
        if ready is not None:
            yield ready
        ready = moving
    if ready is not None:
        yield ready
