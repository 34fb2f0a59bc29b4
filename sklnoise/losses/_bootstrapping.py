"""Bootstrapping: the label is mixed with what the net believes (Reed et al., 2015)."""

from torch.nn.functional import log_softmax

from sklnoise.losses._base import PerClassLoss, check_share


class SoftBootstrappingLoss(PerClassLoss):
    r"""Soft bootstrapping: cross-entropy with the label mixed with the prediction.

    .. math:: \ell(z, y) = -\sum_k (\beta y_k + (1 - \beta) p_k) \log p_k

    The prediction is not held fixed: a share of the entropy is minimised too.

    Parameters
    ----------
    beta : float, default=0.95
        Share of the label in the mixture, in [0, 1]; 1 is cross-entropy.

    reduction : {"mean", "sum", "none"}, default="mean"
        How the losses of the rows become the loss of the batch.

    Raises
    ------
    ValueError
        If `beta` is not a share.

    References
    ----------
    Reed, Lee, Anguelov, Szegedy, Erhan, Rabinovich. Training deep neural networks on
    noisy labels with bootstrapping. ICLR workshop 2015.

    Examples
    --------
    >>> import torch
    >>> from sklnoise.losses import SoftBootstrappingLoss
    >>> loss = SoftBootstrappingLoss()
    >>> loss(torch.tensor([[2.0, 0.0]]), torch.tensor([1]))
    tensor(2.0388)
    """

    def __init__(self, *, beta=0.95, reduction="mean"):
        super().__init__(reduction=reduction)
        check_share("beta", beta)
        self.beta = beta

    def class_losses(self, logits):
        log_p = log_softmax(logits, dim=1)
        entropy = -(log_p.exp() * log_p).sum(dim=1, keepdim=True)
        return -self.beta * log_p + (1 - self.beta) * entropy


class HardBootstrappingLoss(PerClassLoss):
    r"""Hard bootstrapping: cross-entropy with the label mixed with the predicted class.

    .. math:: \ell(z, y) = -\beta \log p_y - (1 - \beta) \max_k \log p_k

    Parameters
    ----------
    beta : float, default=0.8
        Share of the label in the mixture, in [0, 1]; 1 is cross-entropy.

    reduction : {"mean", "sum", "none"}, default="mean"
        How the losses of the rows become the loss of the batch.

    Raises
    ------
    ValueError
        If `beta` is not a share.

    References
    ----------
    Reed, Lee, Anguelov, Szegedy, Erhan, Rabinovich. Training deep neural networks on
    noisy labels with bootstrapping. ICLR workshop 2015.

    Examples
    --------
    >>> import torch
    >>> from sklnoise.losses import HardBootstrappingLoss
    >>> loss = HardBootstrappingLoss()
    >>> loss(torch.tensor([[2.0, 0.0]]), torch.tensor([1]))
    tensor(1.7269)
    """

    def __init__(self, *, beta=0.8, reduction="mean"):
        super().__init__(reduction=reduction)
        check_share("beta", beta)
        self.beta = beta

    def class_losses(self, logits):
        log_p = log_softmax(logits, dim=1)
        # amax shares the gradient between ties, so the order of classes cannot matter.
        return -self.beta * log_p - (1 - self.beta) * log_p.amax(dim=1, keepdim=True)
