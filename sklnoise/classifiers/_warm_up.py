"""What the refit learns before the correction sets in."""

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy


class LikelyLabelsLoss(nn.Module):
    """Cross-entropy with the clean labels that a noisy label makes likely."""

    reduction = "none"

    def __init__(self, transition_matrix):
        super().__init__()
        T = transition_matrix
        itself = T.diagonal() >= T.max(axis=0)
        mass = np.where(itself, 1, T.sum(axis=0))
        labels = np.where(itself[:, np.newaxis], np.eye(len(T)), (T / mass).T)
        self.register_buffer("labels", torch.from_numpy(labels))

    def forward(self, logits, target):
        """Compute `-Σ_i c_i log p_i`, with c the row of the noisy label."""
        labels = self.labels.index_select(0, target).to(logits)
        return cross_entropy(logits, labels, reduction=self.reduction)
