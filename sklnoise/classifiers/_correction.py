"""From the name of a correction, or a loss, to a criterion bound to T."""

import inspect
import warnings
from copy import deepcopy
from functools import partial

import numpy as np
import torch

from sklnoise._matrix import mix_with_identity
from sklnoise._validation import check_transition_matrix
from sklnoise.exceptions import IllConditionedTransitionWarning
from sklnoise.losses import (
    BackwardLoss,
    ClippedCrossEntropyLoss,
    ComplexAdaptationLoss,
    ForwardLoss,
    GeneralizedCrossEntropyLoss,
    HardBootstrappingLoss,
    LabelSmoothingLoss,
    MeanAbsoluteErrorLoss,
    ReweightedLoss,
    SavageLoss,
    SigmoidLoss,
    SimpleAdaptationLoss,
    SoftBootstrappingLoss,
    SparseAdaptationLoss,
    UnhingedLoss,
)

VOLUME_WEIGHT = 1e-4
"""Weight of the volume of T in the loss, as in the paper on minimum volume."""

CORRECTIONS = {
    "none": torch.nn.CrossEntropyLoss,
    "forward": ForwardLoss,
    "backward": BackwardLoss,
    "reweight": ReweightedLoss,
    "adaptation": SimpleAdaptationLoss,
    "adaptation-complex": ComplexAdaptationLoss,
    "adaptation-sparse": SparseAdaptationLoss,
    "adaptation-volume": partial(SimpleAdaptationLoss, volume_weight=VOLUME_WEIGHT),
    "em": ForwardLoss,
    "bootstrap-soft": SoftBootstrappingLoss,
    "bootstrap-hard": HardBootstrappingLoss,
    "unhinged": UnhingedLoss,
    "sigmoid": SigmoidLoss,
    "savage": SavageLoss,
    "gce": GeneralizedCrossEntropyLoss,
    "mae": MeanAbsoluteErrorLoss,
    "label-smoothing": LabelSmoothingLoss,
    "clipped": ClippedCrossEntropyLoss,
}

LARGEST_CONDITION = 5
IDENTITY_WEIGHTS = np.linspace(0, 1, 21)


def loss_class(loss):
    """Return the class of a loss that has still to be made.

    Parameters
    ----------
    loss : type, functools.partial or torch.nn.Module
        A loss class, one with some of its parameters, or an instance.

    Returns
    -------
    loss_class : type or None
        None for an instance, which is bound already.
    """
    made_by = loss.func if isinstance(loss, partial) else loss
    return made_by if inspect.isclass(made_by) else None


def needs_transition(loss):
    """Tell whether a correction waits for an estimate of T.

    Parameters
    ----------
    loss : type, functools.partial or torch.nn.Module
        A loss class, one with some of its parameters, or an instance.

    Returns
    -------
    needs_transition : bool
        Whether it takes a `transition_matrix` and has not got one yet.
    """
    if loss_class(loss) is None or "transition_matrix" in getattr(loss, "keywords", ()):
        return False
    return "transition_matrix" in inspect.signature(loss).parameters


def bind_loss(loss, transition_matrix, *, estimated):
    """Return an instance that gives one loss a row.

    Parameters
    ----------
    loss : type, functools.partial or torch.nn.Module
        A loss with a `reduction`, as those of torch and of `sklnoise.losses`.

    transition_matrix : ndarray of shape (n_classes, n_classes)
        T, for a class that takes it; an instance that has its own must match its shape.

    estimated : bool
        Whether T was estimated: an estimate that is too ill conditioned to be inverted
        is mixed with the identity, a given matrix is used as it is.

    Returns
    -------
    loss : torch.nn.Module
        A copy, with `reduction="none"`.

    Raises
    ------
    TypeError
        If the loss has no `reduction`.

    ValueError
        If T cannot be inverted, or that of an instance is for other classes.
    """
    unbound = loss_class(loss) is not None
    names = inspect.signature(loss).parameters if unbound else dir(loss)
    if "reduction" not in names:
        raise TypeError(
            "correction must be a loss with a reduction, as in torch.nn and "
            f"sklnoise.losses, so that weights can reach each row; got {loss!r}."
        )
    if not unbound:
        if hasattr(loss, "transition_matrix"):
            n_classes = len(transition_matrix)
            check_transition_matrix(transition_of(loss, n_classes), n_classes)
        loss = deepcopy(loss)
        loss.reduction = "none"
        return loss
    params = {"reduction": "none"}
    if needs_transition(loss):
        params["transition_matrix"] = transition_matrix
        if estimated:
            params |= safe_to_invert(loss, transition_matrix)
    return loss(**params)


def safe_to_invert(loss, transition_matrix):
    """Mix an estimate of T with the identity for a loss that inverts it.

    Parameters
    ----------
    loss : type or functools.partial
        A loss that takes a `transition_matrix`.

    transition_matrix : ndarray of shape (n_classes, n_classes)
        An estimate of T.

    Returns
    -------
    params : dict
        Parameters of the loss; empty for one that does not invert T.
    """
    chosen = getattr(loss, "keywords", {})
    if issubclass(loss_class(loss), BackwardLoss) and "identity_weight" not in chosen:
        return {"identity_weight": stable_identity_weight(transition_matrix)}
    if chosen.get("volume_weight"):
        weight = stable_identity_weight(transition_matrix)
        return {"transition_matrix": mix_with_identity(transition_matrix, weight)}
    return {}


def stable_identity_weight(transition_matrix):
    """Find the least share of the identity that makes T safe to invert.

    The condition is that of the mixed matrix: one that swaps classes gets worse before
    it gets better.

    Parameters
    ----------
    transition_matrix : ndarray of shape (n_classes, n_classes)
        An estimate of T.

    Returns
    -------
    identity_weight : float
        The smallest multiple of 0.05 for which the condition number is at most 5.
    """
    conditions = [
        np.linalg.cond(mix_with_identity(transition_matrix, a)) for a in IDENTITY_WEIGHTS
    ]
    weight = IDENTITY_WEIGHTS[np.argmax(np.array(conditions) <= LARGEST_CONDITION)]
    if weight > 0:
        warnings.warn(
            f"the estimated T has condition number {conditions[0]:.3g}; its inverse "
            f"would blow up the noise, so a share {weight:.2f} of the identity is mixed "
            'in and the correction is biased. "forward" needs no inverse.',
            IllConditionedTransitionWarning,
            stacklevel=2,
        )
    return float(weight)


def transition_of(loss, n_classes):
    """Return the T that a fitted loss stands for.

    Parameters
    ----------
    loss : torch.nn.Module
        The loss after the refit.

    n_classes : int
        Number of classes.

    Returns
    -------
    transition_matrix : ndarray of shape (n_classes, n_classes), dtype=float64
        The identity for a loss without T.
    """
    T = getattr(loss, "transition_matrix", None)
    if T is None:
        return np.eye(n_classes)
    return np.asarray(torch.as_tensor(T).detach().cpu(), dtype=np.float64)
