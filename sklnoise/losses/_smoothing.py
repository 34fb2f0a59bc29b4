"""Cross-entropy that trusts no label entirely: smoothed labels, clipped losses."""

import math

from torch.nn.functional import log_softmax

from sklnoise.losses._base import PerClassLoss, check_positive, check_share


class LabelSmoothingLoss(PerClassLoss):
    r"""Cross-entropy with a share of the label spread evenly over all classes.

    .. math:: \ell(z, y) = -(1 - a) \log p_y - \frac{a}{K} \sum_k \log p_k

    It is `torch.nn.CrossEntropyLoss(label_smoothing=a)`, beside its relatives.

    Parameters
    ----------
    smoothing : float, default=0.1
        The share `a`, in [0, 1]; 0 is cross-entropy.

    reduction : {"mean", "sum", "none"}, default="mean"
        How the losses of the rows become the loss of the batch.

    Raises
    ------
    ValueError
        If `smoothing` is not a share.

    References
    ----------
    Szegedy, Vanhoucke, Ioffe, Shlens, Wojna. Rethinking the inception architecture for
    computer vision. CVPR 2016.

    Lukasik, Bhojanapalli, Menon, Kumar. Does label smoothing mitigate label noise?
    ICML 2020.

    Examples
    --------
    >>> import torch
    >>> from sklnoise.losses import LabelSmoothingLoss
    >>> loss = LabelSmoothingLoss()
    >>> loss(torch.tensor([[2.0, 0.0]]), torch.tensor([0]))
    tensor(0.2269)
    """

    def __init__(self, *, smoothing=0.1, reduction="mean"):
        super().__init__(reduction=reduction)
        check_share("smoothing", smoothing)
        self.smoothing = smoothing

    def class_losses(self, logits):
        losses = -log_softmax(logits, dim=1)
        even = losses.mean(dim=1, keepdim=True)
        return (1 - self.smoothing) * losses + self.smoothing * even


class ClippedCrossEntropyLoss(PerClassLoss):
    r"""Cross-entropy up to a bound, above which a row has no gradient.

    .. math:: \ell(z, y) = \min(-\log p_y, \tau)

    Rows that the net finds too surprising are taken for mislabelled and left out.

    Parameters
    ----------
    max_loss : float, default=None
        The bound; infinity is cross-entropy. None means `2 log(n_classes)`, twice the
        loss of a uniform guess: an untrained net gets a gradient from nearly every row,
        however many classes there are.

    reduction : {"mean", "sum", "none"}, default="mean"
        How the losses of the rows become the loss of the batch.

    Raises
    ------
    ValueError
        If `max_loss` is not above 0.

    References
    ----------
    Zhang, Sabuncu. Generalized cross entropy loss for training deep neural networks with
    noisy labels. NeurIPS 2018 (the truncated loss, in the limit of cross-entropy).

    Examples
    --------
    >>> import torch
    >>> from sklnoise.losses import ClippedCrossEntropyLoss
    >>> loss = ClippedCrossEntropyLoss(reduction="none")
    >>> loss(torch.tensor([[2.0, 0.0], [2.0, 0.0]]), torch.tensor([0, 1]))
    tensor([0.1269, 1.3863])
    """

    def __init__(self, *, max_loss=None, reduction="mean"):
        super().__init__(reduction=reduction)
        if max_loss is not None:
            check_positive("max_loss", max_loss)
        self.max_loss = max_loss

    def class_losses(self, logits):
        max_loss = self.max_loss
        if max_loss is None:
            max_loss = 2 * math.log(logits.shape[1])
        return (-log_softmax(logits, dim=1)).clamp(max=max_loss)
