"""What the criterion of a user's net says about the loss of a clean class."""

import inspect
from functools import partial

import numpy as np
import torch
from torch import nn

from sklnoise.losses._base import at_least_single_precision

# Parameters of cross-entropy in torch; others than the first two have to stay at these.
DEFAULTS = {
    "weight": None,
    "label_smoothing": 0.0,
    "ignore_index": -100,
    "reduction": "mean",
    "size_average": None,
    "reduce": None,
}
HONOURED = {"weight", "label_smoothing"}


def clean_loss_of(net, y, sample_weight, n_classes):
    """Return the cross-entropy of a clean label that the criterion of a net asks for.

    Its weights are scaled to mean 1 over the labels, as torch divides by their sum.
    """
    settings = criterion_settings(net)
    smoothing = settings.get("label_smoothing", 0.0)
    is_number = isinstance(smoothing, float | int) and not isinstance(smoothing, bool)
    if not is_number or not 0 <= smoothing <= 1:
        raise ValueError(
            "criterion__label_smoothing of the net must be a share between 0 and 1; got "
            f"{smoothing!r}."
        )
    weight = settings.get("weight")
    if weight is not None:
        weight = check_class_weight(weight, n_classes)
        weight = torch.from_numpy(weight / np.average(weight[y], weights=sample_weight))
    return CleanCrossEntropy(weight, label_smoothing=smoothing, reduction="none")


class CleanCrossEntropy(nn.CrossEntropyLoss):
    """Cross-entropy in single precision at least, as the losses of this package."""

    def forward(self, logits, target):
        """Compute the losses."""
        return super().forward(at_least_single_precision(logits), target)

    @property
    def is_plain(self):
        """Whether it has no parameters."""
        return self.weight is None and not self.label_smoothing


def check_plain_criterion(net):
    """Raise a ValueError if the net of a first pass has a criterion with parameters."""
    settings = criterion_settings(net)
    given = sorted(
        name
        for name in HONOURED & settings.keys()
        if not is_default(settings[name], DEFAULTS[name])
    )
    if given:
        raise ValueError(
            f"the first pass estimates the noisy posterior, which criterion__{given[0]} "
            "would distort; remove it from first_pass, and give it to estimator alone."
        )


def criterion_settings(net):
    """Return the parameters that a net gives its criterion.

    Raises a ValueError for those that a corrected loss cannot take over.
    """
    made_by, settings = net.criterion, net.get_params_for("criterion")
    if isinstance(made_by, partial):
        signature = inspect.signature(made_by.func)
        bound = signature.bind_partial(*made_by.args, **made_by.keywords)
        made_by, settings = made_by.func, bound.arguments | settings
    elif isinstance(made_by, nn.Module):
        if not settings and is_cross_entropy(type(made_by)):
            names = DEFAULTS.keys() & vars(made_by).keys() | {"weight"}
            settings = {name: getattr(made_by, name) for name in names}
        made_by = type(made_by)
    known = DEFAULTS if is_cross_entropy(made_by) else {}
    lost = sorted(
        name
        for name, value in settings.items()
        if name not in known
        or (name not in HONOURED and not is_default(value, known[name]))
    )
    if lost:
        named = ", ".join(f"criterion__{name}" for name in lost)
        raise ValueError(
            f"correction replaces the criterion of the net, so that {named} would be "
            "lost. Only weight and label_smoothing of torch.nn.CrossEntropyLoss and "
            "NLLLoss are taken over. Leave samples out by a sample_weight of 0, and pass "
            "a loss of your own as correction."
        )
    return settings


def is_cross_entropy(criterion):
    """Return whether a criterion is, or extends, the cross-entropy of torch."""
    kinds = nn.CrossEntropyLoss, nn.NLLLoss
    return inspect.isclass(criterion) and issubclass(criterion, kinds)


def is_default(value, default):
    """Return whether a parameter has its default value."""
    return value is default or (type(value) is type(default) and value == default)


def check_class_weight(class_weight, n_classes):
    """Validate the weights of the classes and return them as float64."""
    is_known = isinstance(class_weight, torch.Tensor | np.ndarray | list | tuple)
    try:
        weight = torch.as_tensor(class_weight if is_known else None)
    except (TypeError, ValueError, RuntimeError):
        weight = torch.empty(0, dtype=torch.complex64)
    if weight.is_complex():
        raise TypeError(
            "criterion__weight of the net must be a tensor of numbers, one per class in "
            f"the order of classes_; got {type(class_weight).__name__}."
        )
    weight = weight.detach().to("cpu", torch.float64).numpy()
    if weight.shape != (n_classes,):
        raise ValueError(
            f"criterion__weight of the net must hold one weight for each of the "
            f"{n_classes} classes, shape ({n_classes},), in the order of classes_; got "
            f"shape {weight.shape}."
        )
    if not np.isfinite(weight).all() or weight.min() < 0 or not weight.any():
        raise ValueError(
            "criterion__weight of the net must hold finite weights of at least 0, not "
            f"all of them 0; got {np.array2string(weight, threshold=10, precision=3)}."
        )
    return weight


def take_out_class_weight(y_proba, class_weight):
    """Return the clean posterior, given the probabilities of a net with class weights.

    Weighted cross-entropy has its minimum where they are proportional to the weight
    times the posterior.
    """
    if class_weight is None:
        return y_proba
    weight = class_weight.cpu().numpy()
    inverse = np.divide(1, weight, out=np.zeros_like(weight), where=weight > 0)
    posterior = y_proba * inverse.astype(y_proba.dtype)
    total = posterior.sum(axis=1, keepdims=True)
    return np.divide(posterior, total, out=y_proba.copy(), where=total > 0)
