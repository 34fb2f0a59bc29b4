"""Noise adaptation layer: a transition matrix learned with the net (Goldberger, 2017)."""

import torch
from torch import nn
from torch.nn.functional import log_softmax

from sklnoise._validation import check_transition_matrix
from sklnoise.losses._base import NoisyLabelLoss

SMALLEST_START = 1e-3
"""Least flip that the layer starts from; a logit of -inf would never get a gradient."""


class SimpleAdaptationLoss(NoisyLabelLoss):
    r"""Simple noise adaptation layer (s-model): forward correction with a learned T.

    .. math:: \ell(z, y) = -\log \sum_i p_i \, \mathrm{softmax}_j(b_{i \cdot})_y

    The layer lives in the criterion: its weights are trained with the net, and the net
    alone predicts the clean class.

    Parameters
    ----------
    transition_matrix : array-like of shape (n_classes, n_classes)
        Where the layer starts, T[i, j] = P(noisy = j | clean = i).

    reduction : {"mean", "sum", "none"}, default="mean"
        How the losses of the rows become the loss of the batch.

    Attributes
    ----------
    transition_logits : torch.nn.Parameter of shape (n_classes, n_classes)
        The weights b of the layer.

    transition_matrix : torch.Tensor of shape (n_classes, n_classes)
        The T that the weights stand for now.

    Raises
    ------
    ValueError
        If T is not a row-stochastic square matrix.

    References
    ----------
    Goldberger, Ben-Reuven. Training deep neural networks using a noise adaptation
    layer. ICLR 2017.

    Examples
    --------
    >>> import torch
    >>> from sklnoise.losses import SimpleAdaptationLoss
    >>> loss = SimpleAdaptationLoss([[0.8, 0.2], [0.3, 0.7]])
    >>> loss(torch.tensor([[2.0, 0.0]]), torch.tensor([0])).backward()
    >>> loss.transition_logits.grad.shape
    torch.Size([2, 2])
    """

    def __init__(self, transition_matrix, *, reduction="mean"):
        super().__init__(reduction=reduction)
        T = torch.from_numpy(check_transition_matrix(transition_matrix))
        self.transition_logits = nn.Parameter(T.clamp(min=SMALLEST_START).log())

    @property
    def transition_matrix(self):
        """Return the T that the weights stand for, without gradient.

        Returns
        -------
        transition_matrix : torch.Tensor of shape (n_classes, n_classes)
            Rows sum to 1.
        """
        return self.transition_logits.detach().softmax(dim=1)

    def row_losses(self, logits, target):
        """Compute `-log (p @ softmax(b))[y]`."""
        log_p = log_softmax(logits, dim=1)
        log_T = log_softmax(self.transition_logits, dim=1).to(log_p)
        return -torch.logsumexp(log_p + log_T.T[target], dim=1)
