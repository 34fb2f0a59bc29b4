"""Loss corrections with a fixed transition matrix (Patrini et al., 2017)."""

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from sklnoise._transition_matrix import mix_with_identity
from sklnoise._validation import check_invertible, check_transition_matrix
from sklnoise.losses._base import NoisyLabelLoss, check_share
from sklnoise.losses._columns import NoisyCrossEntropy
from sklnoise.losses._per_class import check_base_loss, losses_of_each_class


class ForwardLoss(NoisyLabelLoss):
    r"""Forward correction: the likelihood of the noisy label under `p @ T`.

    .. math:: \ell(z, y) = -\log \sum_i p_i T_{iy}, \qquad p = \mathrm{softmax}(z)

    Its minimiser over noisy labels is the minimiser of cross-entropy over clean ones.

    Parameters
    ----------
    transition_matrix : array-like of shape (n_classes, n_classes)
        T[i, j] = P(noisy = j | clean = i); rows sum to 1.

    reduction : {"mean", "sum", "none"}, default="mean"
        How the losses of the rows become the loss of the batch.

    Attributes
    ----------
    transition_matrix : torch.Tensor of shape (n_classes, n_classes)
        T, a buffer.

    Raises
    ------
    ValueError
        If T is not a row-stochastic square matrix.

    References
    ----------
    Patrini, Rozza, Menon, Nock, Qu. Making deep neural networks robust to label noise:
    a loss correction approach. CVPR 2017.

    Examples
    --------
    >>> import torch
    >>> from sklnoise.losses import ForwardLoss
    >>> loss = ForwardLoss([[0.8, 0.2], [0.3, 0.7]])
    >>> loss(torch.tensor([[2.0, 0.0], [0.0, 0.0]]), torch.tensor([0, 1]))
    tensor(0.5495)
    """

    def __init__(self, transition_matrix, *, reduction="mean"):
        super().__init__(reduction=reduction)
        T = torch.from_numpy(check_transition_matrix(transition_matrix))
        self.n_classes = len(T)
        self.register_buffer("transition_matrix", T)
        self._noisy_cross_entropy = NoisyCrossEntropy(T)

    def batch_loss(self, logits, target):
        """Compute `-log (p @ T)[y]`, and reduce it."""
        return self._noisy_cross_entropy(logits, target, self.reduction)


class BackwardLoss(NoisyLabelLoss):
    r"""Backward correction: base losses combined by the inverse of T.

    .. math:: \ell(z, y) = \sum_j T^{-1}_{yj} \, \ell_0(z, j)

    Unbiased: its expectation over the noisy label is the base loss on the clean one.
    It has no lower bound, and its variance grows with the condition number of T.

    Parameters
    ----------
    transition_matrix : array-like of shape (n_classes, n_classes)
        T[i, j] = P(noisy = j | clean = i); rows sum to 1; invertible.

    identity_weight : float, default=0.0
        Share `a` of the identity in the matrix that is inverted, `(1 - a) T + a I`.
        Above 0 the loss is biased but its variance smaller.

    base_loss : str or torch.nn.Module, default="cross-entropy"
        The loss that is corrected: "cross-entropy", "squared-error" or
        "mean-absolute-error", both of the probabilities, or an instance with a
        `reduction`, which is copied. A loss of `sklnoise.losses` that needs no T costs
        one evaluation a batch, one of `torch.nn` an evaluation a class.

    reduction : {"mean", "sum", "none"}, default="mean"
        How the losses of the rows become the loss of the batch.

    Attributes
    ----------
    transition_matrix : torch.Tensor of shape (n_classes, n_classes)
        T as given, a buffer.

    Raises
    ------
    ValueError
        If T is not a row-stochastic square matrix, the mixed matrix is singular, or a
        parameter is out of its range.

    TypeError
        If `base_loss` is neither a name nor an instance of a loss.

    References
    ----------
    Patrini, Rozza, Menon, Nock, Qu. Making deep neural networks robust to label noise:
    a loss correction approach. CVPR 2017.

    Examples
    --------
    >>> import torch
    >>> from sklnoise.losses import BackwardLoss
    >>> loss = BackwardLoss([[0.8, 0.2], [0.3, 0.7]])
    >>> loss(torch.tensor([[2.0, 0.0]]), torch.tensor([0]))
    tensor(-0.6731)
    """

    def __init__(
        self,
        transition_matrix,
        *,
        identity_weight=0.0,
        base_loss="cross-entropy",
        reduction="mean",
    ):
        super().__init__(reduction=reduction)
        check_share("identity_weight", identity_weight)
        self.identity_weight = identity_weight
        self.base_loss = check_base_loss(base_loss)
        self.wants_normalized_logits = getattr(
            self.base_loss, "wants_normalized_logits", False
        )
        T = check_transition_matrix(transition_matrix)
        self.n_classes = len(T)
        mixed = mix_with_identity(T, identity_weight)
        check_invertible(mixed)
        self.register_buffer("transition_matrix", torch.from_numpy(T))
        self.register_buffer("_inverse", torch.from_numpy(np.linalg.inv(mixed)))

    def batch_loss(self, logits, target):
        """Compute `Σ_j T⁻¹[y, j] ℓ(z, j)`, and reduce it."""
        if self.base_loss == "cross-entropy":
            # It is linear in the label: a row of the inverse is a soft label to it.
            inverse = self._inverse.index_select(0, target).to(logits)
            return cross_entropy(logits, inverse, reduction=self.reduction)
        return super().batch_loss(logits, target)

    def row_losses(self, logits, target):
        """Combine the base losses, gathering one row of the inverse a label."""
        losses = losses_of_each_class(self.base_loss, logits)
        return (self._inverse.index_select(0, target).to(losses) * losses).sum(dim=1)
