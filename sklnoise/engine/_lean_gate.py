"""The gate of the lean epoch: who could tell it from the epoch of skorch."""

from skorch import NeuralNetClassifier
from skorch.callbacks import BatchScoring, Callback, EpochScoring, LRScheduler

from sklnoise.engine._optimizers import steps_once

BATCH_METHODS = ("on_batch_begin", "on_batch_end", "on_grad_computed")
HARMLESS = {"_default_callbacks", "get_params", "set_params", "_get_param_names"}
"""What a subclass of skorch's classifier may define without changing an epoch."""


def is_lean(net, fit_params):
    """Tell whether skorch's steps on a net are what the lean epoch does."""
    return (
        not fit_params
        and overridden(net) <= HARMLESS
        and net._modules == ["module"]
        and net._criteria == ["criterion"]
        and net._optimizers == ["optimizer"]
        and steps_once(net.optimizer_)
    )


def overridden(net):
    """List the methods of skorch's classifier that a net has replaced."""
    above = NeuralNetClassifier.__mro__
    kinds = [kind for kind in type(net).__mro__ if kind not in above]
    defined = {*vars(net), *(name for kind in kinds for name in vars(kind))}
    return {
        name
        for name in defined
        if callable(getattr(NeuralNetClassifier, name, None))
        and not name.startswith("__")
        and not name.endswith("_request")  # scikit-learn makes these for each class
    }


def is_followed(net, training):
    """Tell whether a callback follows the batches of an epoch."""
    return any(follows(callback, training) for _, callback in net.callbacks_)


def follows(callback, training):
    """Tell whether a callback does anything in a batch."""
    if type(callback) in (BatchScoring, EpochScoring):
        return callback.on_train == training
    if type(callback) is LRScheduler:
        return training and callback.step_every == "batch"
    kind = type(callback)
    return any(
        getattr(kind, name, None) is not getattr(Callback, name) or name in vars(callback)
        for name in BATCH_METHODS
    )
