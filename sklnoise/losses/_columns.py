"""The columns of a fixed T, and with them the likelihood of a noisy label."""

import math

import torch
from torch import nn
from torch.nn.functional import linear, log_softmax, nll_loss, softmax

from sklnoise.losses._base import REDUCTIONS

TINY = torch.finfo(torch.float32).tiny
SMALLEST = 1e-30
"""No likelihood is below the smallest entry of T: above this one it cannot underflow."""

FEW_CLASSES = 64


def transition_columns(transition_matrix):
    """Return T transposed, so that row j is what is needed for the label j."""
    columns = transition_matrix.T.contiguous()
    if transition_matrix.min() >= SMALLEST:
        return columns, False
    columns = columns.log()
    columns[(transition_matrix == 0).all(dim=0)] = math.log(TINY)
    return columns, True


class NoisyCrossEntropy(nn.Module):
    """The loss `-log (p @ T)[y]` of each row, gathering one column of T a label."""

    def __init__(self, transition_matrix):
        super().__init__()
        columns, self.in_logarithms = transition_columns(transition_matrix)
        self.register_buffer("columns", columns)

    def _load_from_state_dict(self, *args, **kwargs):
        super()._load_from_state_dict(*args, **kwargs)
        self.in_logarithms = bool(self.columns.max() <= 0)  # no column of T is all 0

    def forward(self, logits, target, reduction="none"):
        """Compute the losses."""
        few = len(self.columns) <= FEW_CLASSES and not self.in_logarithms
        if few and not in_mixed_precision(logits.device.type):
            # All likelihoods cost less than the dispatch of what picks the one.
            noisy = linear(softmax(logits, dim=1), self.columns.to(logits))
            return nll_loss(noisy.log(), target, reduction=reduction)
        column = self.columns.index_select(0, target).to(logits)
        if self.in_logarithms:
            losses = -torch.logsumexp(log_softmax(logits, dim=1) + column, dim=1)
        else:
            losses = -(softmax(logits, dim=1) * column).sum(dim=1).log()
        return REDUCTIONS[reduction](losses)


def in_mixed_precision(device_type):
    """Tell whether a product of matrices would be taken for one of a layer."""
    known = torch.amp.is_autocast_available(device_type)
    return known and torch.is_autocast_enabled(device_type)
