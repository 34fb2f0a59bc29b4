"""Rows whose label is known to be right, among rows whose label may be wrong."""

import torch
from torch import nn
from torch.nn.functional import cross_entropy


class TrustedRowsLoss(nn.Module):
    """Cross-entropy on trusted rows, another loss on the rest."""

    def __init__(self, loss):
        super().__init__()
        self.loss = loss
        for need in ("wants_features", "wants_normalized_logits"):
            setattr(self, need, getattr(loss, need, False))

    def forward(self, y_pred, target, trusted):
        """Compute the loss of each row."""
        logits = y_pred[0] if self.wants_features else y_pred
        clean = cross_entropy(logits, target, reduction="none")
        return torch.where(trusted, clean, self.loss(y_pred, target))


def correction_of(loss):
    """Return the loss of the rows that are not trusted."""
    return loss.loss if isinstance(loss, TrustedRowsLoss) else loss
