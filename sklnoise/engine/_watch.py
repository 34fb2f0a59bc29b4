"""The seam by which every route tells that an epoch begins or is over."""

from contextlib import contextmanager
from functools import partial

import torch
from skorch import NeuralNet

from sklnoise.engine._callbacks import raised_by_callback
from sklnoise.engine._replaced import Replaced, method


class Stopped(KeyboardInterrupt):
    """Ends a training, as who watches it has asked for."""


def keeps_to_epochs(net):
    """Tell whether a net is trained for as many epochs as it is told, at most."""
    return type(net).fit_loop is NeuralNet.fit_loop


@contextmanager
def told_by_loop(net, watch, n_epochs):
    """Let skorch's loop tell of its epochs, without a callback in the net."""
    if watch is None:
        yield
        return
    watch("on_train_begin", net, n_epochs)
    tell = partial(notify_and_tell, net, watch, n_epochs)
    vars(net)["notify"] = Replaced(net, "notify", tell)
    try:
        yield
    except Stopped:
        pass
    finally:
        vars(net).pop("notify", None)


def notify_and_tell(net, watch, n_epochs, event, **kwargs):
    """Notify the callbacks of a net, in the place of its method `notify`."""
    notify = method(net, "notify")
    if event not in ("on_epoch_begin", "on_epoch_end"):
        notify(event, **kwargs)
        return
    try:
        notify(event, **kwargs)
    except KeyboardInterrupt as interrupt:
        if event == "on_epoch_end" and raised_by_callback(interrupt):
            watch(event, net, n_epochs)  # the last epoch, as a callback stops
        raise
    if watch(event, net, n_epochs) and event == "on_epoch_end":
        raise Stopped


@contextmanager
def undisturbed(device):
    """Keep what is run in the middle of a training apart from it."""
    device = torch.device(device)
    devices = [] if device.type == "cpu" else [device]
    kind = "cuda" if device.type == "cpu" else device.type  # no device, if any kind
    with (
        torch.random.fork_rng(devices, device_type=kind),
        torch.autocast(device.type, enabled=False),
    ):
        yield
