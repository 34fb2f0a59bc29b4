"""What a net is in the middle of its training: its epochs so far, a copy to predict."""

from copy import deepcopy
from numbers import Number

import torch
from skorch.history import History


def epochs_of(net):
    """Keep the numbers and words of each epoch in the history of a net, not its batches.

    Each epoch has `train_loss` and, where samples were held out, `valid_loss`, whoever
    records them.
    """
    kept = History()
    for epoch in net.history:
        values = {n: v for n, v in epoch.items() if isinstance(v, Number | str)}
        for prefix in ("train", "valid"):
            if f"{prefix}_loss" not in values:
                values |= mean_of_batches(epoch["batches"], prefix)
        kept.append(values | {"batches": []})
    return kept


def mean_of_batches(batches, prefix):
    """Compute the mean loss of an epoch as skorch does; empty where there is none."""
    name, size = f"{prefix}_loss", f"{prefix}_batch_size"
    both = {name, size}  # a loop of the user's own may record neither
    pairs = [(batch[name], batch[size]) for batch in batches if both <= batch.keys()]
    return {name: mean_loss(*zip(*pairs))} if pairs else {}


def mean_loss(losses, sizes):
    """Compute the mean loss per sample from those of batches."""
    return sum(loss * size for loss, size in zip(losses, sizes)) / sum(sizes)


def snapshot(net):
    """Copy a net in the middle of its training, to predict with.

    The copy has weights of its own, but no optimizer and no callbacks.
    """
    try:
        module, criterion = deepcopy((net.module_, net.criterion_), detached(net))
    except TypeError as error:
        raise TypeError(
            "a callback wants the classifier in the middle of its training, for which "
            f"the network is copied; {type(net.module_).__name__} cannot be ({error}). "
            "Give the module a __deepcopy__, or use callbacks that only count epochs."
        ) from error
    copied = object.__new__(type(net))
    vars(copied).update({n: v for n, v in vars(net).items() if n != "optimizer_"})
    vars(copied).update(
        module_=module,
        criterion_=criterion,
        history_=epochs_of(net),
        callbacks_=[],
    )
    return copied


def detached(net):
    """Return a memo for `deepcopy` with tensors that a module has kept from a step.

    Torch copies no tensor that belongs to a graph.
    """
    return {
        id(value): value.detach().clone()
        for part in (*net.module_.modules(), *net.criterion_.modules())
        for value in vars(part).values()
        if torch.is_tensor(value) and not value.is_leaf
    }


def without_training(net):
    """Return a net of the same module that only predicts, without what trained it."""
    lean = object.__new__(type(net))
    of_training = {f"{name}_" for name in (*net._criteria, *net._optimizers)}
    prefixes = tuple(
        f"{name}__"
        for name in ("callbacks", *net._modules, *net._criteria, *net._optimizers)
    )
    vars(lean).update(
        (name, value)
        for name, value in vars(net).items()
        if name not in of_training and not name.startswith(prefixes)
    )
    vars(lean).update(
        callbacks=None,
        callbacks_=[],
        history_=History(),
        train_split=None,
        _criteria=[],
        _optimizers=[],
        _params_to_validate=set(),
    )
    return lean
