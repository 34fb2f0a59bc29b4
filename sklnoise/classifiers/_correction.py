"""From the name of a correction, or a loss, to a criterion bound to T."""

import inspect
import warnings
from copy import deepcopy
from functools import partial

import numpy as np
import torch

from sklnoise._matrix import LARGEST_CONDITION, mix_with_identity
from sklnoise._validation import SINGULAR_CONDITION, check_transition_matrix
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

SINGULAR_SHARE = 0.05
IDENTITY_WEIGHTS = np.linspace(0, 1, 21)


def as_loss(correction):
    """Return the loss that is meant.

    Parameters
    ----------
    correction : str, type, functools.partial or torch.nn.Module
        A name, or a loss.

    Returns
    -------
    loss : type, functools.partial or torch.nn.Module
        A loss class, one with some of its parameters, or an instance.
    """
    return CORRECTIONS[correction] if isinstance(correction, str) else correction


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


def chosen_params(loss):
    """Return the parameters of a loss that its user has chosen already.

    Parameters
    ----------
    loss : type, functools.partial or torch.nn.Module
        A loss class, one with some of its parameters, or an instance.

    Returns
    -------
    params : dict
        By name; empty but for a partial.

    Raises
    ------
    TypeError
        If the class does not take them.
    """
    if not isinstance(loss, partial):
        return {}
    return (
        inspect.signature(loss.func).bind_partial(*loss.args, **loss.keywords).arguments
    )


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
    made_by = loss_class(loss)
    if made_by is None or "transition_matrix" in chosen_params(loss):
        return False
    return "transition_matrix" in inspect.signature(made_by).parameters


def has_transition(loss):
    """Tell whether a loss says anything of T.

    Parameters
    ----------
    loss : type, functools.partial or torch.nn.Module
        A loss class, one with some of its parameters, or an instance.

    Returns
    -------
    has_transition : bool
        Whether it waits for T or has one.
    """
    given = "transition_matrix" in chosen_params(loss)
    return given or needs_transition(loss) or hasattr(loss, "transition_matrix")


def own_transition(loss, n_classes):
    """Return the T of a loss that needs none from elsewhere.

    Parameters
    ----------
    loss : type, functools.partial or torch.nn.Module
        A loss class, one with some of its parameters, or an instance.

    n_classes : int
        Number of classes.

    Returns
    -------
    transition_matrix : ndarray of shape (n_classes, n_classes)
        The T that it was given; the identity where it has none.

    Raises
    ------
    ValueError
        If the T is not valid, or for other classes.
    """
    T = chosen_params(loss).get("transition_matrix")
    if T is None and loss_class(loss) is None and hasattr(loss, "transition_matrix"):
        T = transition_of(loss, n_classes)
    return np.eye(n_classes) if T is None else check_transition_matrix(T, n_classes)


def bind_loss(loss, transition_matrix, *, estimated):
    """Return an instance that gives one loss a row.

    Parameters
    ----------
    loss : type, functools.partial or torch.nn.Module
        A loss with a `reduction`, as those of torch and of `sklnoise.losses`.

    transition_matrix : ndarray of shape (n_classes, n_classes)
        T, for a class that takes it.

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
        If T cannot be inverted.
    """
    made_by = loss_class(loss)
    names = dir(loss) if made_by is None else inspect.signature(made_by).parameters
    if "reduction" not in names:
        raise TypeError(
            "correction must be a loss with a reduction, as in torch.nn and "
            f"sklnoise.losses, so that weights can reach each row; got {loss!r}."
        )
    if made_by is None:
        loss = deepcopy(loss)
        loss.reduction = "none"
        return loss
    params = {"reduction": "none"}
    if needs_transition(loss):
        params["transition_matrix"] = transition_matrix
        if estimated:
            params |= keep_from_singular(loss, transition_matrix)
    return loss(**params)


def keep_from_singular(loss, transition_matrix):
    """Mix an estimate of T with the identity for a loss that a singular one breaks.

    Parameters
    ----------
    loss : type or functools.partial
        A loss that takes a `transition_matrix`.

    transition_matrix : ndarray of shape (n_classes, n_classes)
        An estimate of T.

    Returns
    -------
    params : dict
        Parameters of the loss; empty where any T will do.
    """
    chosen, T = chosen_params(loss), transition_matrix
    if issubclass(loss_class(loss), BackwardLoss) and "identity_weight" not in chosen:
        return {"identity_weight": stable_identity_weight(T)}
    if chosen.get("volume_weight") and not np.linalg.cond(T) < SINGULAR_CONDITION:
        warnings.warn(
            "the estimated T is singular, so its rows enclose no volume; the layer "
            f"starts with a share {SINGULAR_SHARE} of the identity mixed in.",
            IllConditionedTransitionWarning,
            stacklevel=2,
        )
        return {"transition_matrix": mix_with_identity(T, SINGULAR_SHARE)}
    return {}


def stable_identity_weight(transition_matrix):
    """Find the share of the identity that makes T safe to invert, and warn of it.

    Parameters
    ----------
    transition_matrix : ndarray of shape (n_classes, n_classes)
        An estimate of T.

    Returns
    -------
    identity_weight : float
        See `least_identity_weight`.
    """
    weight = least_identity_weight(transition_matrix)
    if weight > 0:
        condition = np.linalg.cond(transition_matrix)
        warnings.warn(
            f"the estimated T has condition number {condition:.3g}; its inverse "
            f"would blow up the noise, so a share {weight:.2f} of the identity is mixed "
            'in and the correction is biased. "forward" needs no inverse.',
            IllConditionedTransitionWarning,
            stacklevel=2,
        )
    return weight


def least_identity_weight(transition_matrix):
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
    return float(IDENTITY_WEIGHTS[np.argmax(np.array(conditions) <= LARGEST_CONDITION)])


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
