"""From the name of a correction, or a loss, to a criterion bound to T."""

import inspect
import warnings
from copy import deepcopy

import numpy as np
import torch

from sklnoise._matrix import mix_with_identity
from sklnoise._validation import check_transition_matrix
from sklnoise.exceptions import IllConditionedTransitionWarning
from sklnoise.losses import BackwardLoss, ForwardLoss, SimpleAdaptationLoss

CORRECTIONS = {
    "none": torch.nn.CrossEntropyLoss,
    "forward": ForwardLoss,
    "backward": BackwardLoss,
    "adaptation": SimpleAdaptationLoss,
}

LARGEST_CONDITION = 5
IDENTITY_WEIGHTS = np.linspace(0, 1, 21)


def needs_transition(loss):
    """Tell whether a correction waits for an estimate of T.

    Parameters
    ----------
    loss : type or torch.nn.Module
        A loss class, or an instance, which is bound already.

    Returns
    -------
    needs_transition : bool
        Whether the class takes a `transition_matrix`.
    """
    if not inspect.isclass(loss):
        return False
    return "transition_matrix" in inspect.signature(loss).parameters


def bind_loss(loss, transition_matrix, *, estimated):
    """Return an instance that gives one loss a row.

    Parameters
    ----------
    loss : type or torch.nn.Module
        A loss class or instance with a `reduction`, as those of torch and of
        `sklnoise.losses`.

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
    is_class = inspect.isclass(loss)
    names = inspect.signature(loss).parameters if is_class else dir(loss)
    if "reduction" not in names:
        raise TypeError(
            "correction must be a loss with a reduction, as in torch.nn and "
            f"sklnoise.losses, so that weights can reach each row; got {loss!r}."
        )
    if not is_class:
        if hasattr(loss, "transition_matrix"):
            n_classes = len(transition_matrix)
            check_transition_matrix(transition_of(loss, n_classes), n_classes)
        loss = deepcopy(loss)
        loss.reduction = "none"
        return loss
    params = {"reduction": "none"}
    if needs_transition(loss):
        params["transition_matrix"] = transition_matrix
        if estimated and issubclass(loss, BackwardLoss):
            params["identity_weight"] = stable_identity_weight(transition_matrix)
    return loss(**params)


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
            'in and the backward correction is biased. "forward" needs no inverse.',
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
