"""Checks of what a user has set in a net, before any training."""

import inspect
import math
from numbers import Integral, Real

import numpy as np
from skorch import NeuralNet
from skorch.helper import predefined_split
from torch import Tensor

from sklnoise._labels import list_some
from sklnoise._text import enumerate_names

EMPTY = inspect.Parameter.empty
VARIADIC = inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD


def check_net(net, *, chosen=()):
    """Raise a ValueError, or a TypeError, for a parameter that no training can take.

    `chosen` names parameters that may be None, as they are chosen from the data.
    """
    given = vars(net)
    for name in ("lr", "optimizer__lr"):
        if name in given and not (given[name] is None and name in chosen):
            check_learning_rate(name, given[name])
    for name in (
        "batch_size",
        "iterator_train__batch_size",
        "iterator_valid__batch_size",
    ):
        if name in given and given[name] != -1:
            check_count(name, given[name], "an integer from 1 on, or -1 for all samples")
    if not (net.max_epochs is None and "max_epochs" in chosen):
        check_count("max_epochs", net.max_epochs, "an integer from 1 on")
    if not callable(net.optimizer):
        raise TypeError(
            f"optimizer must be a class of torch.optim; got {net.optimizer!r}. Pass the "
            "class itself, and its parameters as optimizer__..."
        )
    check_callbacks(net.callbacks)
    if net.warm_start:
        raise ValueError(
            "warm_start=True would go on from earlier weights, but each training starts "
            "from new ones, as the folds must not have seen their samples. Leave it out; "
            "for weights of your own pass the module as an instance."
        )
    if net.train_split and not callable(net.train_split) and net.train_split != "auto":
        raise TypeError(
            "train_split must be None or a callable, such as ValidSplit(5) of "
            f"skorch.dataset; got {net.train_split!r}."
        )
    for name in ("iterator_train", "iterator_valid"):
        if not callable(getattr(net, name)):
            raise TypeError(
                f"{name} must be a class such as torch.utils.data.DataLoader; got "
                f"{getattr(net, name)!r}. Leave it out for the default."
            )
    if not callable(net.dataset):
        raise TypeError(
            "dataset must be a class that is called as dataset(X, y), for the samples of "
            f"each training; got {type(net.dataset).__name__}. Pass its class, or the "
            "instance as X of fit."
        )


def check_callbacks(callbacks):
    """Raise a TypeError unless callbacks are what skorch takes."""
    if callbacks is None or callbacks == "disable":
        return
    is_list = isinstance(callbacks, list | tuple)
    if not is_list or not all(map(is_callback, callbacks)):
        raise TypeError(
            'callbacks must be None, "disable" or a list of skorch callbacks, or of '
            f"pairs of a name and a callback; got {callbacks!r}."
        )


def is_callback(callback):
    """Return whether skorch takes a callback, or its name and itself."""
    if isinstance(callback, tuple):
        callback = callback[-1] if len(callback) == 2 else ()
    return callback is None or hasattr(callback, "on_epoch_end")


def check_validation_labels(net, classes):
    """Raise a ValueError if samples held out by the user bear labels instead of codes."""
    split = getattr(net, "train_split", None)
    is_given = getattr(split, "func", None) is getattr(predefined_split(None), "func", ())
    if is_given and not np.array_equal(classes, np.arange(len(classes))):
        raise ValueError(
            "train_split=predefined_split(...) holds labels as they are, but nets learn "
            f"codes, and y has the classes {list_some(classes)}. Encode y and those "
            "labels by one sklearn.preprocessing.LabelEncoder, or use ValidSplit(5) of "
            "skorch.dataset."
        )


def check_learning_rate(name, value):
    """Raise an error unless a learning rate is a finite number from 0 on."""
    if not isinstance(value, Real | Tensor):
        raise TypeError(f"{name} must be a number; got {value!r}. Try 0.001.")
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(
            f"{name} must be finite and not negative; got {value!r}. Try 0.001."
        )


def check_count(name, value, expected):
    """Raise an error unless a parameter is an integer from 1 on."""
    if not isinstance(value, Integral):
        raise TypeError(f"{name} must be {expected}; got {value!r}.")
    if value < 1:
        raise ValueError(f"{name} must be {expected}; got {value!r}.")


def check_module_parameters(net):
    """Raise a TypeError if a module needs parameters that nobody has set."""
    if not inspect.isclass(net.module):
        return
    missing = [
        name
        for name, parameter in inspect.signature(net.module).parameters.items()
        if parameter.default is EMPTY
        and parameter.kind not in VARIADIC
        and f"module__{name}" not in vars(net)
    ]
    if missing:
        name = net.module.__name__
        raise TypeError(
            f"{name} needs {enumerate_names(missing)}, which have no default. Sizes are "
            "filled in where they are called n_features (or n_features_in, in_features, "
            "input_dim) and n_classes (or num_classes, out_features, output_dim); rename "
            f"them, or set them: NeuralNetClassifier({name}, module__{missing[0]}=...)."
        )


def check_classes_of_net(net, n_classes):
    """Raise a ValueError if a net is told of other classes than those of y."""
    if net.classes is not None and len(net.classes) != n_classes:
        raise ValueError(
            f"the net has {len(net.classes)} classes in its parameter classes, but y has "
            f"{n_classes}. Leave it out: the classes are those of y."
        )


def makes_datasets(net):
    """Return whether a net has a class of datasets of its own."""
    return net.dataset is not inspect.signature(NeuralNet).parameters["dataset"].default
