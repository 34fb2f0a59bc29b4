"""Robust losses, which need no transition matrix."""

import math

from torch.nn.functional import log_softmax, softmax

from sklnoise.losses._base import (
    PerClassLoss,
    check_positive,
    check_real,
    check_share,
)


class SoftBootstrappingLoss(PerClassLoss):
    r"""Soft bootstrapping: cross-entropy with the label mixed with the prediction.

    .. math:: \ell(z, y) = -\sum_k (\beta y_k + (1 - \beta) p_k) \log p_k

    The prediction is not treated as a constant: a share of its entropy is minimised too.

    Parameters
    ----------
    beta : float, default=0.95
        Share of the label in the mixture, in [0, 1]; 1 is cross-entropy.

    ignore_index : int, default=-100
        Target of the samples that are left out, as in `torch.nn.CrossEntropyLoss`.

    reduction : {"mean", "sum", "none"}, default="mean"
        How the losses of the samples become the loss of the batch.

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

    def __init__(self, *, beta=0.95, ignore_index=-100, reduction="mean"):
        super().__init__(ignore_index=ignore_index, reduction=reduction)
        check_share("beta", beta)
        self.beta = beta

    def _class_losses(self, logits):
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

    ignore_index : int, default=-100
        Target of the samples that are left out, as in `torch.nn.CrossEntropyLoss`.

    reduction : {"mean", "sum", "none"}, default="mean"
        How the losses of the samples become the loss of the batch.

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

    def __init__(self, *, beta=0.8, ignore_index=-100, reduction="mean"):
        super().__init__(ignore_index=ignore_index, reduction=reduction)
        check_share("beta", beta)
        self.beta = beta

    def _class_losses(self, logits):
        log_p = log_softmax(logits, dim=1)
        # amax shares the gradient between ties, so the class order has no effect.
        return -self.beta * log_p - (1 - self.beta) * log_p.amax(dim=1, keepdim=True)


class GeneralizedCrossEntropyLoss(PerClassLoss):
    r"""Generalised cross-entropy: bounded by `1 / q`.

    .. math:: \ell(z, y) = \frac{1 - p_y^q}{q}

    Towards `q = 0` it is cross-entropy, which learns fast; at `q = 1` it is half the mean
    absolute error, which is robust to uniform noise.

    Parameters
    ----------
    q : float, default=0.7
        The exponent, in (0, 1].

    ignore_index : int, default=-100
        Target of the samples that are left out, as in `torch.nn.CrossEntropyLoss`.

    reduction : {"mean", "sum", "none"}, default="mean"
        How the losses of the samples become the loss of the batch.

    Raises
    ------
    ValueError
        If `q` is not in (0, 1].

    References
    ----------
    Zhang, Sabuncu. Generalized cross entropy loss for training deep neural networks with
    noisy labels. NeurIPS 2018.

    Examples
    --------
    >>> import torch
    >>> from sklnoise.losses import GeneralizedCrossEntropyLoss
    >>> loss = GeneralizedCrossEntropyLoss()
    >>> loss(torch.tensor([[2.0, 0.0]]), torch.tensor([1]))
    tensor(1.1062)
    """

    def __init__(self, *, q=0.7, ignore_index=-100, reduction="mean"):
        super().__init__(ignore_index=ignore_index, reduction=reduction)
        check_real("q", q)
        if not 0 < q <= 1:
            raise ValueError(
                f"q must be above 0 and at most 1; got {q!r}. The limit at 0 is "
                "torch.nn.CrossEntropyLoss."
            )
        self.q = q

    def _class_losses(self, logits):
        # The slope of p ** q is infinite at p = 0, and 1 - p ** q is rounded away at a
        # small q.
        return -(self.q * log_softmax(logits, dim=1)).expm1() / self.q


class MeanAbsoluteErrorLoss(PerClassLoss):  # numpydoc ignore=PR02
    r"""Mean absolute error of the probabilities, summed over the classes.

    .. math:: \ell(z, y) = \sum_k |p_k - y_k| = 2 (1 - p_y)

    Symmetric: its sum over all labels is constant, so uniform noise does not change its
    minimiser. It learns slowly, in particular with many classes.

    Parameters
    ----------
    ignore_index : int, default=-100
        Target of the samples that are left out, as in `torch.nn.CrossEntropyLoss`.

    reduction : {"mean", "sum", "none"}, default="mean"
        How the losses of the samples become the loss of the batch.

    References
    ----------
    Ghosh, Kumar, Sastry. Robust loss functions under label noise for deep neural
    networks. AAAI 2017.

    Examples
    --------
    >>> import torch
    >>> from sklnoise.losses import MeanAbsoluteErrorLoss
    >>> loss = MeanAbsoluteErrorLoss()
    >>> loss(torch.tensor([[2.0, 0.0]]), torch.tensor([1]))
    tensor(1.7616)
    """

    def _class_losses(self, logits):
        return -2 * log_softmax(logits, dim=1).expm1()


class UnhingedLoss(PerClassLoss):  # numpydoc ignore=PR02
    r"""Unhinged loss: the hinge loss without its hinge.

    .. math:: \ell(z, y) = 1 - z_y

    It has no lower bound unless the logits have one: normalise them over the batch, in
    training and prediction. The classifier appends that layer; in your own loop, end
    the net with `torch.nn.BatchNorm1d(n_classes, affine=False)`.

    Parameters
    ----------
    ignore_index : int, default=-100
        Target of the samples that are left out, as in `torch.nn.CrossEntropyLoss`.

    reduction : {"mean", "sum", "none"}, default="mean"
        How the losses of the samples become the loss of the batch.

    References
    ----------
    van Rooyen, Menon, Williamson. Learning with symmetric label noise: the importance of
    being unhinged. NeurIPS 2015.

    Examples
    --------
    >>> import torch
    >>> from sklnoise.losses import UnhingedLoss
    >>> loss = UnhingedLoss()
    >>> loss(torch.tensor([[2.0, 0.0]]), torch.tensor([0]))
    tensor(-1.)
    """

    wants_normalized_logits = True

    def _class_losses(self, logits):
        return 1 - logits


class SigmoidLoss(PerClassLoss):  # numpydoc ignore=PR02
    r"""Sigmoid loss: a smooth count of the labels with a negative logit.

    .. math:: \ell(z, y) = \frac{1}{1 + e^{z_y}}

    Raising all logits lowers it under every label, so normalise them over the batch, in
    training and prediction. The classifier appends that layer; in your own loop, end
    the net with `torch.nn.BatchNorm1d(n_classes, affine=False)`.

    Parameters
    ----------
    ignore_index : int, default=-100
        Target of the samples that are left out, as in `torch.nn.CrossEntropyLoss`.

    reduction : {"mean", "sum", "none"}, default="mean"
        How the losses of the samples become the loss of the batch.

    References
    ----------
    Ghosh, Manwani, Sastry. Making risk minimization tolerant to label noise.
    Neurocomputing 160, 2015.

    Examples
    --------
    >>> import torch
    >>> from sklnoise.losses import SigmoidLoss
    >>> loss = SigmoidLoss()
    >>> loss(torch.tensor([[2.0, 0.0]]), torch.tensor([0]))
    tensor(0.1192)
    """

    wants_normalized_logits = True

    def _class_losses(self, logits):
        return (-logits).sigmoid()


class SavageLoss(PerClassLoss):  # numpydoc ignore=PR02
    r"""Savage loss of the probabilities, the mean over the classes.

    .. math:: \ell(z, y) = \frac{1}{K} \sum_k \frac{1}{(1 + e^{2 y_k p_k})^2}

    `y` is one-hot of 0 and 1, so that each class but the label adds the constant 1/4.

    Parameters
    ----------
    ignore_index : int, default=-100
        Target of the samples that are left out, as in `torch.nn.CrossEntropyLoss`.

    reduction : {"mean", "sum", "none"}, default="mean"
        How the losses of the samples become the loss of the batch.

    References
    ----------
    Masnadi-Shirazi, Vasconcelos. On the design of loss functions for classification:
    theory, robustness to outliers, and SavageBoost. NeurIPS 2008.

    Examples
    --------
    >>> import torch
    >>> from sklnoise.losses import SavageLoss
    >>> loss = SavageLoss()
    >>> loss(torch.tensor([[2.0, 0.0]]), torch.tensor([0]))
    tensor(0.1357)
    """

    def _class_losses(self, logits):
        p = softmax(logits, dim=1)
        n_classes = logits.shape[1]
        return ((-2 * p).sigmoid() ** 2 + (n_classes - 1) / 4) / n_classes


class LabelSmoothingLoss(PerClassLoss):
    r"""Cross-entropy with a share of the label spread evenly over all classes.

    .. math:: \ell(z, y) = -(1 - a) \log p_y - \frac{a}{K} \sum_k \log p_k

    It equals `torch.nn.CrossEntropyLoss(label_smoothing=a)`.

    Parameters
    ----------
    smoothing : float, default=0.1
        The share `a`, in [0, 1]; 0 is cross-entropy.

    ignore_index : int, default=-100
        Target of the samples that are left out, as in `torch.nn.CrossEntropyLoss`.

    reduction : {"mean", "sum", "none"}, default="mean"
        How the losses of the samples become the loss of the batch.

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

    def __init__(self, *, smoothing=0.1, ignore_index=-100, reduction="mean"):
        super().__init__(ignore_index=ignore_index, reduction=reduction)
        check_share("smoothing", smoothing)
        self.smoothing = smoothing

    def _class_losses(self, logits):
        losses = -log_softmax(logits, dim=1)
        even = losses.mean(dim=1, keepdim=True)
        return (1 - self.smoothing) * losses + self.smoothing * even


class ClippedCrossEntropyLoss(PerClassLoss):
    r"""Cross-entropy up to a bound, above which a sample has no gradient.

    .. math:: \ell(z, y) = \min(-\log p_y, \tau)

    Samples with a larger loss are considered mislabelled and have no effect.

    Parameters
    ----------
    max_loss : float, default=None
        The bound; infinity is cross-entropy. None means `2 log(n_classes)`, twice the
        loss of a uniform prediction: an untrained net gets a gradient from nearly every
        sample, for any number of classes.

    ignore_index : int, default=-100
        Target of the samples that are left out, as in `torch.nn.CrossEntropyLoss`.

    reduction : {"mean", "sum", "none"}, default="mean"
        How the losses of the samples become the loss of the batch.

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

    def __init__(self, *, max_loss=None, ignore_index=-100, reduction="mean"):
        super().__init__(ignore_index=ignore_index, reduction=reduction)
        if max_loss is not None:
            check_positive("max_loss", max_loss)
        self.max_loss = max_loss

    def _class_losses(self, logits):
        max_loss = self.max_loss
        if max_loss is None:
            max_loss = 2 * math.log(logits.shape[1])
        return (-log_softmax(logits, dim=1)).clamp(max=max_loss)
