"""What the module of a net gives: logits or probabilities, one per class."""

from copy import deepcopy

import numpy as np
import torch

from sklnoise._tensors import as_numpy
from sklnoise._text import enumerate_names, shorten
from sklnoise.training._config import isolated
from sklnoise.training._criterion import first_output
from sklnoise.training._explanations import explained
from sklnoise.training._history import snapshot

MAX_SUM_ERROR = 1e-3  # of probabilities, in single precision over many classes

# Standard deviation of what is added to weights, to see what else a module may give.
SHIFT = 0.5

MAX_LOSS_NAME = 200


def recognize_output(net, batch, n_classes):
    """See whether a module gives logits or probabilities.

    Raises a ValueError if it fails on a batch or has another number of outputs.
    """
    # A compiled module would take long to compile for these samples alone.
    compiled = net.module_
    net.module_ = getattr(compiled, "_orig_mod", compiled)
    try:
        output = output_of(net, batch)
        logits = first_output(output)
        check_shape(logits, n_classes, type(net.module_).__name__)
        is_proba = are_probabilities(logits) and stay_probabilities(net, batch)
        net.criterion_.from_probabilities = is_proba
        if net.predict_nonlinearity == "auto":
            net.predict_nonlinearity = identity if is_proba else softmax
        proba_of(net, output)
        check_loss(net.criterion_.loss, logits)
    finally:
        net.module_ = compiled


def output_of(net, batch):
    """Apply the module of a net to a few samples."""
    name = type(net.module_).__name__
    try:
        with explained(net, batch.numpy(force=True) if torch.is_tensor(batch) else None):
            return net.evaluation_step((batch, None))
    except ValueError:  # of a module that explains itself
        raise
    except Exception as error:  # whatever the module of the user raises
        raise ValueError(
            f"{name} cannot be applied to a batch of X of {described(batch)}: {error}"
        ) from error


def check_loss(loss, logits):
    """Raise a ValueError if a loss of the user has no value for each sample."""
    if type(loss).__module__.partition(".")[0] == "sklnoise":
        return
    if getattr(loss, "wants_features", False):
        return
    codes = torch.arange(len(logits), device=logits.device) % logits.shape[1]
    name = f"correction={shorten(repr(loss), MAX_LOSS_NAME)}"
    try:
        losses = deepcopy(loss)(logits, codes)
    except Exception as error:  # whatever the loss of the user raises
        raise ValueError(
            f"{name} fails on logits of shape {tuple(logits.shape)} and codes of labels "
            f"of shape {tuple(codes.shape)}: {error}. Pass a loss of classes, as those "
            "of torch.nn and sklnoise.losses."
        ) from error
    if losses.shape != codes.shape:
        raise ValueError(
            f"{name} must give one value per sample with reduction='none', shape "
            f"{tuple(codes.shape)}; got shape {tuple(losses.shape)}."
        )


def check_shape(output, n_classes, name):
    """Raise a ValueError unless an output has one logit per class."""
    if not torch.is_tensor(output):
        raise ValueError(
            f"{name} must give a tensor of logits, a tuple that starts with one, or a "
            f"mapping with the key logits; got {type(output).__name__}."
        )
    if output.ndim != 2 or output.shape[1] != n_classes:
        raise ValueError(
            f"{name} must give one logit for each of the {n_classes} classes, shape "
            f"(n_samples, {n_classes}); got shape {tuple(output.shape)}. Give its "
            "__init__ a parameter n_classes, which is filled in, or set module__..."
        )


def described(batch):
    """Describe a batch by its shape and type."""
    if isinstance(batch, dict):
        return enumerate_names(f"{k!r} of {described(part)}" for k, part in batch.items())
    return f"shape {tuple(batch.shape)} and type {batch.dtype}"


def are_probabilities(output):
    """Return whether each row of an output is a distribution over the classes."""
    if not output.is_floating_point() or not output.min() >= 0:
        return False
    tolerance = max(MAX_SUM_ERROR, 4 * torch.finfo(output.dtype).eps)
    return bool(((output.sum(dim=1) - 1).abs() <= tolerance).all())


@torch.no_grad()
def stay_probabilities(net, batch):
    """Return whether a module gives probabilities with other weights, too.

    Logits may start at one over the number of classes and look like probabilities.
    Raises a ValueError if the module gives something else in training.
    """
    try:
        copied = snapshot(net)
    except TypeError:  # cannot be copied: what it predicts is checked in any case
        return True
    generator = torch.Generator(torch.device(net.device)).manual_seed(0)
    for parameter in copied.module_.parameters():
        if parameter.is_floating_point():
            shift = torch.empty_like(parameter).normal_(0, SHIFT, generator=generator)
            parameter.add_(shift)
    with isolated(net.device):
        evaluated = attempt_on(copied, batch, training=False)
        trained = attempt_on(copied, batch, training=True)
    is_proba = evaluated is None or are_probabilities(evaluated)
    if is_proba and trained is not None and not are_probabilities(trained):
        raise ValueError(
            f"{type(net.module_).__name__} gives probabilities in evaluation and "
            "something else in training. Let it give logits in both, or probabilities "
            "in both."
        )
    return is_proba


def attempt_on(net, batch, *, training):
    """Apply a copied net to a batch; return None where it fails."""
    try:
        return first_output(net.evaluation_step((batch, None), training=training))
    except Exception:  # with weights or in a mode that the module was not made for
        return None


def proba_of(net, output):
    """Return the probabilities that a net makes of an output, as an array."""
    nonlinearity = net.predict_nonlinearity
    name = type(net.module_).__name__
    if nonlinearity is None:
        nonlinearity = identity
    if not callable(nonlinearity):
        raise TypeError(
            'predict_nonlinearity must be "auto", None or a callable that makes '
            f"probabilities of the output of the module; got {nonlinearity!r}."
        )
    if nonlinearity not in (softmax, identity):
        name = f"predict_nonlinearity of {name}"
    # As skorch, which passes the first of several outputs on, and mappings as they are.
    y_proba = nonlinearity(output[0] if isinstance(output, tuple) else output)
    y_proba = as_numpy(first_output(y_proba))
    check_distributions(y_proba, tuple(first_output(output).shape), name)
    return y_proba


def check_distributions(y_proba, shape, name):
    """Raise a ValueError unless each row is a distribution over the classes."""
    if y_proba.shape != shape:
        raise ValueError(
            f"{name} must give one probability per class, shape {shape}; got shape "
            f"{y_proba.shape}."
        )
    sums = y_proba.sum(axis=1, dtype=np.float64)
    if not np.isfinite(sums).all():
        sample = np.flatnonzero(~np.isfinite(sums))[0]
        raise ValueError(
            f"{name} gives NaN or infinity, first for sample {sample} of a batch. Scale "
            "X as the samples of fit were, clip its largest values, or train with a "
            "lower learning rate."
        )
    tolerance = max(MAX_SUM_ERROR, 4 * float(np.finfo(y_proba.dtype).eps))
    wrong = (np.abs(sums - 1) > tolerance) | (y_proba < 0).any(axis=1)
    if wrong.any():
        found = np.array2string(y_proba[wrong][0], precision=3, threshold=8)
        raise ValueError(
            f"{name} must give probabilities, rows that are not negative and sum to 1; "
            f'got {found}. Let it give logits, with predict_nonlinearity="auto", or end '
            "in a softmax."
        )


def softmax(logits):
    """Turn logits into probabilities."""
    logits = first_output(logits)
    return (logits.float() if logits.dtype.itemsize < 4 else logits).softmax(dim=1)


def identity(proba):
    """Leave probabilities as they are."""
    return first_output(proba)
