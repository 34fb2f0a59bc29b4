"""The gate of the lean epoch: who could tell it from the epoch of skorch."""

from skorch import NeuralNetClassifier
from skorch.callbacks import BatchScoring, Callback, EpochScoring, LRScheduler

from sklnoise.engine._optimizers import steps_once

BATCH_METHODS = ("on_batch_begin", "on_batch_end", "on_grad_computed")
HARMLESS = {"_default_callbacks", "get_params", "set_params", "_get_param_names"}
"""What a subclass of skorch's classifier may define without changing an epoch."""


def is_lean(net, fit_params):
    """Tell whether skorch's steps on a net are what the lean epoch does.

    Parameters
    ----------
    net : skorch.NeuralNetClassifier
        Initialised.

    fit_params : dict
        Parameters of the training loop.

    Returns
    -------
    is_lean : bool
        False for a net with methods of its own, several modules or optimizers, an
        optimizer that may call a closure, or parameters for its steps.
    """
    return (
        not fit_params
        and overridden(net) <= HARMLESS
        and net._modules == ["module"]
        and net._criteria == ["criterion"]
        and net._optimizers == ["optimizer"]
        and steps_once(net.optimizer_)
    )


def overridden(net):
    """List the methods of skorch's classifier that a net has replaced.

    Parameters
    ----------
    net : skorch.NeuralNetClassifier
        Of a subclass, or with methods of its own.

    Returns
    -------
    names : set of str
        Names of the methods.
    """
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
    """Tell whether a callback follows the batches of an epoch.

    Parameters
    ----------
    net : skorch.NeuralNetClassifier
        Initialised.

    training : bool
        Whether it is a training epoch, or one of validation.

    Returns
    -------
    is_followed : bool
        Whether it must be told of each batch.
    """
    return any(follows(callback, training) for _, callback in net.callbacks_)


def follows(callback, training):
    """Tell whether a callback does anything in a batch.

    Parameters
    ----------
    callback : skorch.callbacks.Callback
        Initialised.

    training : bool
        Whether it is a batch of training.

    Returns
    -------
    follows : bool
        False too where skorch's own code ignores such batches.
    """
    if type(callback) in (BatchScoring, EpochScoring):
        return callback.on_train == training
    if type(callback) is LRScheduler:
        return training and callback.step_every == "batch"
    kind = type(callback)
    return any(
        getattr(kind, name, None) is not getattr(Callback, name) or name in vars(callback)
        for name in BATCH_METHODS
    )
