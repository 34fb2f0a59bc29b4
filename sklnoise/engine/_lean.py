"""The lean epoch: skorch's epoch without what no callback listens to."""

import torch

from sklnoise.engine._batches import BatchIterator
from sklnoise.engine._lean_gate import is_followed
from sklnoise.engine._replaced import method
from sklnoise.engine._workers import stop_if_told


@torch.enable_grad()
def train_epoch(net, batches):
    """Train a net for one epoch; the loss is read once, at its end."""
    module, criterion, optimizer = net.module_, net.criterion_, net.optimizer_
    module.train()
    criterion.train()
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    losses, sizes, one = [], [], None
    for X, targets in on_device(batches, net.device):
        stop_if_told()
        for parameter in parameters:  # zero_grad takes as long as a small layer
            parameter.grad = None
        loss = criterion(module(X), targets)
        one = loss.new_ones(()) if one is None else one  # which backward would make
        loss.backward(one)
        optimizer.step()
        losses.append(loss.detach())
        sizes.append(len(X))
    return values_of(losses), sizes


@torch.no_grad()
def judge_epoch(net, batches):
    """Compute the loss of a net on validation rows."""
    module, criterion = net.module_, net.criterion_
    module.eval()
    criterion.eval()
    losses, sizes = [], []
    for X, targets in on_device(batches, net.device):
        losses.append(criterion(module(X), targets))
        sizes.append(len(X))
    return values_of(losses), sizes


def values_of(losses):
    """Read losses from where they were computed, all at once."""
    return torch.stack(losses).tolist() if losses else []


def record(net, losses, sizes, prefix):
    """Write what skorch would have written into the history of a net."""
    net.history[-1]["batches"] += [
        {f"{prefix}_loss": loss, f"{prefix}_batch_size": size}
        for loss, size in zip(losses, sizes, strict=True)
    ]
    net.history.record(f"{prefix}_batch_count", len(losses))


def lean_epoch(net, iterator, training, prefix, step_fn, **fit_params):
    """Run one epoch of a net in the place of its method `run_single_epoch`."""
    if iterator is None:
        return
    if not is_followed(net, training) and isinstance(iterator, BatchIterator):
        run = train_epoch if training else judge_epoch
        record(net, *run(net, iterator), prefix)
    else:
        stock_epoch = method(net, "run_single_epoch")
        stock_epoch(iterator, training, prefix, step_fn, **fit_params)


def on_device(batches, device):
    """Move batches to where the net is, the next one while the last is worked on."""
    device = torch.device(device)
    if device.type == "cpu":
        yield from batches
        return
    ahead = None
    for X, targets in batches:
        arriving = to_device(X, device), tuple(to_device(t, device) for t in targets)
        if ahead is not None:
            yield ahead
        ahead = arriving
    if ahead is not None:
        yield ahead


def to_device(tensor, device):
    """Copy a tensor without waiting for it, where that is possible."""
    if device.type == "cuda" and tensor.device.type == "cpu":
        tensor = tensor.pin_memory()
    return tensor.to(device, non_blocking=True)
