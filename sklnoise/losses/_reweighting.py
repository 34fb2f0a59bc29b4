"""Importance reweighting with a fixed transition matrix (Liu & Tao, 2016)."""

import torch
from torch.nn.functional import cross_entropy

from sklnoise._validation import check_transition_matrix
from sklnoise.losses._base import NoisyLabelLoss, check_positive
from sklnoise.losses._columns import NoisyCrossEntropy


class ReweightedLoss(NoisyLabelLoss):
    r"""Importance reweighting: cross-entropy, weighted from noisy rows to clean ones.

    .. math:: \ell(z, y) = -\min\left(\frac{p_y}{(p T)_y}, w_{\max}\right) \log p_y,
        \qquad p = \mathrm{softmax}(z)

    The weight is a constant to the gradient. It compares how likely the label is among
    the clean labels and among the noisy ones, so it trusts the present prediction.

    Parameters
    ----------
    transition_matrix : array-like of shape (n_classes, n_classes)
        T[i, j] = P(noisy = j | clean = i); rows sum to 1.

    max_weight : float, default=10.0
        Bound of the weights; with a diagonal of T above `1 / max_weight` it never acts.

    reduction : {"mean", "sum", "none"}, default="mean"
        How the losses of the rows become the loss of the batch.

    Attributes
    ----------
    transition_matrix : torch.Tensor of shape (n_classes, n_classes)
        T, a buffer.

    Raises
    ------
    ValueError
        If T is not a row-stochastic square matrix, or `max_weight` is not above 0.

    References
    ----------
    Liu, Tao. Classification with noisy labels by importance reweighting. IEEE
    Transactions on Pattern Analysis and Machine Intelligence 38(3), 2016.

    Examples
    --------
    >>> import torch
    >>> from sklnoise.losses import ReweightedLoss
    >>> loss = ReweightedLoss([[0.8, 0.2], [0.3, 0.7]])
    >>> logits, y = torch.tensor([[2.0, 0.0], [2.0, 0.0]]), torch.tensor([0, 1])
    >>> loss.importance_weights(logits, y)
    tensor([1.1896, 0.4592])
    >>> loss(logits, y)
    tensor(0.5638)
    """

    def __init__(self, transition_matrix, *, max_weight=10.0, reduction="mean"):
        super().__init__(reduction=reduction)
        check_positive("max_weight", max_weight)
        self.max_weight = max_weight
        T = torch.from_numpy(check_transition_matrix(transition_matrix))
        self.n_classes = len(T)
        self.register_buffer("transition_matrix", T)
        self._noisy_cross_entropy = NoisyCrossEntropy(T)

    @torch.no_grad()
    def importance_weights(self, logits, target):
        """Compute the weight of each row.

        Parameters
        ----------
        logits : torch.Tensor of shape (n_samples, n_classes)
            Scores before the softmax, of the clean classes.

        target : torch.Tensor of shape (n_samples,), dtype=int64
            Noisy labels, as columns of `logits`.

        Returns
        -------
        weights : torch.Tensor of shape (n_samples,)
            `p_y / (p T)_y`, at most `max_weight`, without gradient.
        """
        return self._weights(logits, target, self._clean_losses(logits, target))

    def row_losses(self, logits, target):
        """Compute `-w log p[y]`."""
        losses = self._clean_losses(logits, target)
        return self._weights(logits, target, losses) * losses

    @staticmethod
    def _clean_losses(logits, target):
        return cross_entropy(logits, target, reduction="none")

    @torch.no_grad()
    def _weights(self, logits, target, losses):
        # A quotient of probabilities would be 0 / 0 where both underflow.
        noisy_losses = self._noisy_cross_entropy(logits, target)
        return (noisy_losses - losses).exp().clamp(max=self.max_weight)
