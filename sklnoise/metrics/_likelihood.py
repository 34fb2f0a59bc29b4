"""Which losses fit probabilities, so that their likelihood can be compared."""

import torch

from sklnoise.losses import (
    BackwardLoss,
    ComplexAdaptationLoss,
    ForwardLoss,
    ReweightedLoss,
    SimpleAdaptationLoss,
    SparseAdaptationLoss,
)

LOSSES = (
    ForwardLoss,
    ReweightedLoss,
    SimpleAdaptationLoss,
    ComplexAdaptationLoss,
    SparseAdaptationLoss,
)
PROPER_BASE_LOSSES = ("cross-entropy", "squared-error")


def has_likelihood(loss):
    """Tell whether the softmax of a net is a probability once the loss is least."""
    declared = getattr(loss, "has_likelihood", None)
    if declared is not None:
        return bool(declared)
    if isinstance(loss, torch.nn.CrossEntropyLoss):
        return loss.label_smoothing == 0 and loss.weight is None
    if isinstance(loss, BackwardLoss):
        if isinstance(loss.base_loss, str):
            return loss.base_loss in PROPER_BASE_LOSSES
        return has_likelihood(loss.base_loss)
    return isinstance(loss, LOSSES)


def check_has_likelihood(estimator):
    """Raise a ValueError if an estimator was fitted with a loss without likelihood."""
    loss = getattr(estimator, "correction_", None)
    if isinstance(loss, torch.nn.Module) and not has_likelihood(loss):
        raise ValueError(
            "noisy_log_likelihood_scorer needs an estimator whose loss fits "
            f"probabilities; {type(estimator).__name__} was fitted with {loss!r}, whose "
            "minimum says which class is likely, not how likely it is. Compare it by "
            "make_noise_corrected_scorer, with one transition_matrix for all candidates. "
            "(A loss of your own that does fit probabilities says so by the class "
            "attribute has_likelihood = True.)"
        )
