"""Samples of several named parts, for modules whose forward takes them by keyword."""

import inspect
from difflib import get_close_matches

import numpy as np
from sklearn.utils import check_array
from skorch import NeuralNetClassifier
from skorch.helper import SliceDataset, SliceDict
from torch import nn

from sklnoise._tensors import as_numpy
from sklnoise._text import enumerate_names, shorten
from sklnoise.training._data import sample_shape

# What skorch's training loop takes, and what the classifier does.
LOOP_KEYWORDS = ("epochs",)
FIT_KEYWORDS = "sample_weight", "trusted", "groups"

VARIADIC = inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD


def as_labels(y):
    """Return the labels in a `SliceDataset` as an array; leave all else as it is."""
    return y.__array__() if isinstance(y, SliceDataset) else y


def check_parts(parts):
    """Validate a dict of arrays, and return it as one that can be sliced."""
    checked = {}
    for name, values in parts.items():
        if not isinstance(name, str):
            raise TypeError(
                "the keys of X must be names of parameters of the module's forward; got "
                f"{shorten(repr(name))}. Rename it to a string."
            )
        checked[name] = check_part(f"X[{shorten(repr(name))}]", as_numpy(values))
    lengths = {name: len(values) for name, values in checked.items()}
    if len(set(lengths.values())) != 1:
        named = enumerate_names(f"{shorten(name)} {n}" for name, n in lengths.items())
        raise ValueError(
            "X must be a dict of arrays with one entry per sample, all of one length; "
            f"got {f'the lengths {named}' if lengths else 'an empty dict'}."
        )
    return SliceDict(**checked)


def check_part(name, values):
    """Validate one array of a dict."""
    try:
        array = np.asarray(values)
    except ValueError:  # lists of several lengths
        array = np.empty((), dtype=object)
    cause = None
    if array.ndim and array.dtype.kind in "biufO":
        try:
            return check_array(array, ensure_2d=False, allow_nd=True, input_name=name)
        except (TypeError, ValueError) as error:
            if array.dtype.kind != "O" or "contains" in str(error):
                raise
            cause = error
    raise ValueError(
        f"{name} must be an array of numbers with one entry per sample; got "
        f"{shorten(repr(values))} of type {array.dtype}. Encode what is no number, for "
        "instance with an OrdinalEncoder, and repeat what all samples share."
    ) from cause


def check_names(net, X, fit_params=()):
    """Raise an error if the module of a net takes other parts or keywords."""
    names, parameters = sample_shape(X), parameters_of_forward(net)
    if parameters is None:
        return
    check_keywords(parameters, fit_params)
    if not isinstance(names, dict):
        return
    required = {
        name
        for name, parameter in parameters.items()
        if parameter.default is parameter.empty and parameter.kind not in VARIADIC
    }
    missing = sorted(required.difference(names, fit_params))
    takes_all = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    surplus = [] if takes_all else sorted(set(names).difference(parameters))
    if missing or surplus:
        found = [
            f"{kind} {enumerate_names(map(shorten, those))}"
            for kind, those in (("missing:", missing), ("not known:", surplus))
            if those
        ]
        taken = enumerate_names(parameters)
        raise ValueError(
            f"the keys of X must be the parameters of {name_of(net.module)}.forward, "
            f"{taken}; {', '.join(found)}. Rename the arrays of the dict as these."
        )


def check_keywords(parameters, fit_params):
    """Raise a TypeError if neither the training loop nor a forward takes a keyword."""
    takes_all = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    unknown = [] if takes_all else [n for n in fit_params if n not in parameters]
    unknown = [name for name in unknown if name not in LOOP_KEYWORDS]
    if unknown:
        known = [*parameters, *LOOP_KEYWORDS, *FIT_KEYWORDS]
        close = get_close_matches(unknown[0], known, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise TypeError(
            f"fit() got an unexpected keyword argument {unknown[0]!r}. Neither the "
            "classifier, nor skorch's loop, nor the forward of the module takes it."
            f"{hint}"
        )


def parameters_of_forward(net):
    """Return the parameters of the forward of a net's module, or None if not known."""
    module = net.module
    is_module = isinstance(module, nn.Module) or (
        inspect.isclass(module) and issubclass(module, nn.Module)
    )
    if not is_module or type(net).infer is not NeuralNetClassifier.infer:
        return None
    try:
        parameters = dict(inspect.signature(module.forward).parameters)
    except (TypeError, ValueError):  # compiled code
        return None
    if inspect.isclass(module):
        parameters.pop(next(iter(parameters), None), None)  # self
    return parameters


def name_of(module):
    """Return the name of a module or of its class."""
    return getattr(module, "__name__", type(module).__name__)
