"""Bounded losses between cross-entropy and absolute error (Zhang & Sabuncu, 2018)."""

from torch.nn.functional import log_softmax

from sklnoise.losses._base import PerClassLoss


class GeneralizedCrossEntropyLoss(PerClassLoss):
    r"""Generalised cross-entropy: bounded by `1 / q`.

    .. math:: \ell(z, y) = \frac{1 - p_y^q}{q}

    Towards `q = 0` it is cross-entropy, which learns fast; at `q = 1` it is half the mean
    absolute error, which is robust to uniform noise.

    Parameters
    ----------
    q : float, default=0.7
        The exponent, in (0, 1].

    reduction : {"mean", "sum", "none"}, default="mean"
        How the losses of the rows become the loss of the batch.

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

    def __init__(self, *, q=0.7, reduction="mean"):
        super().__init__(reduction=reduction)
        if not 0 < q <= 1:
            raise ValueError(
                f"q must be above 0 and at most 1; got {q!r}. The limit at 0 is "
                "torch.nn.CrossEntropyLoss."
            )
        self.q = q

    def class_losses(self, logits):
        # p ** q has no finite slope at p = 0, and 1 - p ** q no digits left at a small q.
        return -(self.q * log_softmax(logits, dim=1)).expm1() / self.q


class MeanAbsoluteErrorLoss(PerClassLoss):  # numpydoc ignore=PR02
    r"""Mean absolute error of the probabilities, summed over the classes.

    .. math:: \ell(z, y) = \sum_k |p_k - y_k| = 2 (1 - p_y)

    Symmetric: its sum over all labels is constant, and so uniform noise does not move its
    minimiser. It learns slowly, the more so the more classes there are.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, default="mean"
        How the losses of the rows become the loss of the batch.

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

    def class_losses(self, logits):
        return -2 * log_softmax(logits, dim=1).expm1()
