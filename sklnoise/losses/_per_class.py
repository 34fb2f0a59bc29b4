"""Any loss under every label: by its name, one of ours, or one of torch."""

from copy import deepcopy

import torch
from torch import nn
from torch.nn.functional import log_softmax, softmax

from sklnoise.losses._generalized import MeanAbsoluteErrorLoss


def squared_errors(logits):
    """Compute `Σ_k (p_k - y_k)²` under each one-hot label y."""
    p = softmax(logits, dim=1)
    return 1 - 2 * p + (p * p).sum(dim=1, keepdim=True)


NAMED_LOSSES = {
    "cross-entropy": lambda logits: -log_softmax(logits, dim=1),
    "mean-absolute-error": MeanAbsoluteErrorLoss().class_losses,
    "squared-error": squared_errors,
}


def check_base_loss(base_loss):
    """Return the name of a loss, or a copy of a loss that gives one value a row."""
    if isinstance(base_loss, str):
        if base_loss not in NAMED_LOSSES:
            raise ValueError(
                f"base_loss must be one of {sorted(NAMED_LOSSES)}; got {base_loss!r}. "
                "Other losses are passed as an instance, "
                "base_loss=GeneralizedCrossEntropyLoss()."
            )
        return base_loss
    if not isinstance(base_loss, nn.Module) or not hasattr(base_loss, "reduction"):
        raise TypeError(
            f"base_loss must be one of {sorted(NAMED_LOSSES)}, or an instance of a loss "
            "with a reduction, as those of torch.nn and sklnoise.losses; got "
            f"{base_loss!r}. Instantiate a class; give a loss of your own a reduction."
        )
    base_loss = deepcopy(base_loss)
    base_loss.reduction = "none"
    return base_loss


def losses_of_each_class(base_loss, logits):
    """Compute the loss of each row under each label."""
    if isinstance(base_loss, str):
        return NAMED_LOSSES[base_loss](logits)
    if hasattr(base_loss, "class_losses"):
        return base_loss.class_losses(logits)
    n_rows, n_classes = logits.shape
    labels = torch.arange(n_classes, device=logits.device)
    return torch.stack([base_loss(logits, j.expand(n_rows)) for j in labels], dim=1)
