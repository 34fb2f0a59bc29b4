"""Rows whose label is known to be right, among rows whose label may be wrong."""

import torch
from torch import nn
from torch.nn.functional import cross_entropy


class TrustedRowsLoss(nn.Module):
    """Cross-entropy on trusted rows, another loss on the rest.

    Parameters
    ----------
    loss : torch.nn.Module
        `loss(logits, target)`, one value a row, for the rows that are not trusted.
    """

    def __init__(self, loss):
        super().__init__()
        self.loss = loss
        for need in ("wants_features", "wants_normalized_logits"):
            setattr(self, need, getattr(loss, need, False))

    def forward(self, y_pred, target, trusted):
        """Compute the loss of each row.

        Parameters
        ----------
        y_pred : torch.Tensor of shape (n_samples, n_classes) or tuple
            Logits, with the hidden features where the loss wants them.

        target : torch.Tensor of shape (n_samples,)
            Label codes.

        trusted : torch.Tensor of shape (n_samples,), dtype=bool
            Whether the label is known to be right.

        Returns
        -------
        losses : torch.Tensor of shape (n_samples,)
            One value a row.
        """
        logits = y_pred[0] if self.wants_features else y_pred
        clean = cross_entropy(logits, target, reduction="none")
        return torch.where(trusted, clean, self.loss(y_pred, target))


def correction_of(loss):
    """Return the loss of the rows that are not trusted.

    Parameters
    ----------
    loss : torch.nn.Module
        A loss, perhaps a `TrustedRowsLoss`.

    Returns
    -------
    loss : torch.nn.Module
        The loss, or the one within.
    """
    return loss.loss if isinstance(loss, TrustedRowsLoss) else loss
