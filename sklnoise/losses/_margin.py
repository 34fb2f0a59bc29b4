"""Margin losses, of which one wrong label can only do so much (Patrini et al., 2017)."""

from torch.nn.functional import softmax

from sklnoise.losses._base import PerClassLoss


class UnhingedLoss(PerClassLoss):  # numpydoc ignore=PR02
    r"""Unhinged loss: the hinge loss without its hinge.

    .. math:: \ell(z, y) = 1 - z_y

    It has no lower bound unless the logits do: normalise them over the batch, in the net
    and at predict time too. The classifier appends that layer; in a loop of your own, end
    the net with `torch.nn.BatchNorm1d(n_classes, affine=False)`.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, default="mean"
        How the losses of the rows become the loss of the batch.

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

    def class_losses(self, logits):
        return 1 - logits


class SigmoidLoss(PerClassLoss):  # numpydoc ignore=PR02
    r"""Sigmoid loss: a smooth count of the labels with a negative logit.

    .. math:: \ell(z, y) = \frac{1}{1 + e^{z_y}}

    Raising all logits lowers it under every label, so normalise them over the batch, in
    the net and at predict time too. The classifier appends that layer; in a loop of your
    own, end the net with `torch.nn.BatchNorm1d(n_classes, affine=False)`.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, default="mean"
        How the losses of the rows become the loss of the batch.

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

    def class_losses(self, logits):
        return (-logits).sigmoid()


class SavageLoss(PerClassLoss):  # numpydoc ignore=PR02
    r"""Savage loss of the probabilities, the mean over the classes.

    .. math:: \ell(z, y) = \frac{1}{K} \sum_k \frac{1}{(1 + e^{2 y_k p_k})^2}

    `y` is one-hot of 0 and 1, so that each class but the label adds the constant 1/4.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, default="mean"
        How the losses of the rows become the loss of the batch.

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

    def class_losses(self, logits):
        p = softmax(logits, dim=1)
        n_classes = logits.shape[1]
        return ((-2 * p).sigmoid() ** 2 + (n_classes - 1) / 4) / n_classes
