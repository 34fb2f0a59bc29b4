"""What a net is in the middle of its training: its epochs so far, a copy to predict."""

from copy import copy, deepcopy
from numbers import Number

import torch
from skorch.history import History

LOSSES = "train", "valid"


def epochs_of(net):
    """Keep what the history of a net tells of each epoch as a whole."""
    kept = History()
    for epoch in net.history:
        values = {n: v for n, v in epoch.items() if isinstance(v, Number | str)}
        for prefix in LOSSES:
            if f"{prefix}_loss" not in values:
                values |= mean_of_batches(epoch["batches"], prefix)
        kept.append(values | {"batches": []})
    return kept


def mean_of_batches(batches, prefix):
    """Compute the mean loss of an epoch as skorch does."""
    name, size = f"{prefix}_loss", f"{prefix}_batch_size"
    both = {name, size}  # a loop of the user's own may record neither
    pairs = [(batch[name], batch[size]) for batch in batches if both <= batch.keys()]
    return {name: mean_loss(*zip(*pairs))} if pairs else {}


def mean_loss(losses, sizes):
    """Compute the mean loss of a row."""
    return sum(loss * size for loss, size in zip(losses, sizes)) / sum(sizes)


def snapshot(net):
    """Copy a net in the middle of its training, to predict with."""
    memo = stand_ins(net)
    try:
        module, criterion = deepcopy((net.module_, net.criterion_), memo)
    except TypeError as error:
        raise TypeError(
            "a callback wants the classifier in the middle of its training, for which "
            f"the network is copied; {type(net.module_).__name__} cannot be ({error}). "
            "Give the module a __deepcopy__, or use callbacks that only count epochs."
        ) from error
    taken = object.__new__(type(net))
    leave_out = {"optimizer_", "notify", "run_single_epoch"}
    vars(taken).update({n: v for n, v in vars(net).items() if n not in leave_out})
    vars(taken).update(
        module_=module,
        criterion_=criterion,
        history_=epochs_of(net),
        callbacks_=[],
    )
    return taken


def stand_ins(net):
    """Make what a copy has in the place of tensors that torch does not copy."""
    memo = {}
    for part in (*net.module_.modules(), *net.criterion_.modules()):
        for value in vars(part).values():
            if torch.is_tensor(value) and not value.is_leaf:
                memo[id(value)] = value.detach().clone()
    hidden = net.criterion_.hidden
    if hidden is not None:
        memo[id(hidden)] = stand_in = copy(hidden)
        vars(stand_in).pop("taken", None)
    return memo
