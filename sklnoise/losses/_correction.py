"""Losses corrected by a fixed transition matrix."""

import math
from copy import deepcopy

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy, linear, log_softmax, nll_loss, softmax

from sklnoise._transition_matrix import mix_with_identity
from sklnoise._validation import check_invertible, check_matrix_of_codes
from sklnoise.losses._base import (
    REDUCTIONS,
    NoisyLabelLoss,
    at_least_single_precision,
    check_logits,
    check_positive,
    check_share,
    check_target,
)
from sklnoise.losses._robust import MeanAbsoluteErrorLoss

SINGULAR_REMEDY = (
    "Mix it with the identity first, (1 - a) T + a I, as BackwardLoss(T, "
    "identity_weight=a) does (the loss is then biased), or use the correction "
    '"forward", which needs no inverse.'
)

MIN_FLOAT = torch.finfo(torch.float32).tiny

# Least entry of T with which no likelihood underflows, so that no logarithms are needed.
MIN_ENTRY = 1e-30

# Number of classes up to which one product for all labels is faster than a gather.
MAX_PRODUCT_CLASSES = 64


def transition_columns(transition_matrix):
    """Return the columns of T as rows, and whether they are logarithms."""
    columns = transition_matrix.T.contiguous()
    if transition_matrix.min() >= MIN_ENTRY:
        return columns, False
    columns = columns.log()
    # A label that no class can produce has a large, finite loss without gradient.
    columns[(transition_matrix == 0).all(dim=0)] = math.log(MIN_FLOAT)
    return columns, True


class NoisyCrossEntropy(nn.Module):
    """The loss `-log (p @ T)[y]` of each sample, gathering one column of T per label."""

    def __init__(self, transition_matrix):
        super().__init__()
        columns, self.in_logarithms = transition_columns(transition_matrix)
        self.register_buffer("columns", columns)

    def _load_from_state_dict(self, *args, **kwargs):
        super()._load_from_state_dict(*args, **kwargs)
        # Probabilities have a positive entry, logarithms have none.
        self.in_logarithms = bool(self.columns.max() <= 0)

    def of_each_class(self, logits):
        """Compute the losses under each label."""
        if not self.in_logarithms:
            return -exact_linear(softmax(logits, dim=1), self.columns.to(logits)).log()
        log_p = log_softmax(logits, dim=1)
        columns = self.columns.to(logits)
        return -torch.stack([torch.logsumexp(log_p + c, dim=1) for c in columns], dim=1)

    def forward(self, logits, target, reduction="none"):
        """Compute the losses."""
        use_product = not self.in_logarithms and len(self.columns) <= MAX_PRODUCT_CLASSES
        if use_product and not in_mixed_precision(logits.device.type):
            noisy = linear(softmax(logits, dim=1), self.columns.to(logits))
            return nll_loss(noisy.log(), target, reduction=reduction)
        column = self.columns.index_select(0, target).to(logits)
        if self.in_logarithms:
            losses = -torch.logsumexp(log_softmax(logits, dim=1) + column, dim=1)
        else:
            losses = -(softmax(logits, dim=1) * column).sum(dim=1).log()
        return REDUCTIONS[reduction](losses)


def in_mixed_precision(device_type):
    """Return whether autocast would round a matrix product."""
    known = torch.amp.is_autocast_available(device_type)
    return known and torch.is_autocast_enabled(device_type)


def exact_linear(rows, matrix):
    """Compute `rows @ matrix.T` without rounding it, also in mixed precision."""
    if not in_mixed_precision(rows.device.type):
        return linear(rows, matrix)
    with torch.autocast(rows.device.type, enabled=False):
        return linear(rows, matrix)


def squared_errors(logits):
    """Compute `Σ_k (p_k - y_k)²` under each one-hot label y."""
    p = softmax(logits, dim=1)
    return 1 - 2 * p + (p * p).sum(dim=1, keepdim=True)


NAMED_LOSSES = {
    "cross-entropy": lambda logits: -log_softmax(logits, dim=1),
    "mean-absolute-error": MeanAbsoluteErrorLoss()._class_losses,
    "squared-error": squared_errors,
}


MISFIT = (
    "base_loss must give one loss per sample for logits of shape (n_samples, n_classes) "
    "and labels of shape (n_samples,), as torch.nn.CrossEntropyLoss does"
)


def check_base_loss(base_loss):
    """Return the name of a loss, or a copy of a loss that gives one value per sample."""
    if isinstance(base_loss, str):
        if base_loss not in NAMED_LOSSES:
            raise ValueError(
                f"base_loss must be one of {sorted(NAMED_LOSSES)}; got {base_loss!r}. "
                "Other losses are passed as an instance, "
                "base_loss=GeneralizedCrossEntropyLoss()."
            )
        return base_loss
    if not isinstance(base_loss, nn.Module) or not hasattr(base_loss, "reduction"):
        raise TypeError(
            f"base_loss must be one of {sorted(NAMED_LOSSES)}, or an instance of a loss "
            "with a reduction, as those of torch.nn and sklnoise.losses; got "
            f"{base_loss!r}. Instantiate a class; give a loss of your own a reduction."
        )
    if getattr(base_loss, "wants_features", False):
        raise TypeError(
            "base_loss must be a loss of logits alone; got "
            f"{type(base_loss).__name__}, which needs features."
        )
    base_loss = deepcopy(base_loss)
    base_loss.reduction = "none"
    return base_loss


def losses_of_each_class(base_loss, logits):
    """Compute the loss of each sample under each label."""
    if isinstance(base_loss, str):
        return NAMED_LOSSES[base_loss](logits)
    if isinstance(base_loss, NoisyLabelLoss):
        return base_loss._class_losses(logits)
    n_samples, n_classes = logits.shape
    labels = torch.arange(n_classes, device=logits.device)
    try:
        losses = [base_loss(logits, j.expand(n_samples)) for j in labels]
    except (RuntimeError, TypeError, IndexError) as error:
        raise ValueError(f"{MISFIT}; {base_loss!r} fails: {error}") from error
    if any(loss.shape != (n_samples,) for loss in losses):
        shape = tuple(losses[0].shape)
        raise ValueError(f"{MISFIT}; {base_loss!r} gives shape {shape}.")
    return torch.stack(losses, dim=1)


class ForwardLoss(NoisyLabelLoss):
    r"""Forward correction: the likelihood of the noisy label under `p @ T`.

    .. math:: \ell(z, y) = -\log \sum_i p_i T_{iy}, \qquad p = \mathrm{softmax}(z)

    Its minimiser over noisy labels is the minimiser of cross-entropy over clean ones.

    Parameters
    ----------
    transition_matrix : array-like of shape (n_classes, n_classes)
        T[i, j] = P(noisy = j | clean = i); rows sum to 1.

    ignore_index : int, default=-100
        Target of the samples that are left out, as in `torch.nn.CrossEntropyLoss`.

    reduction : {"mean", "sum", "none"}, default="mean"
        How the losses of the samples become the loss of the batch.

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

    def __init__(self, transition_matrix, *, ignore_index=-100, reduction="mean"):
        super().__init__(ignore_index=ignore_index, reduction=reduction)
        T = torch.from_numpy(check_matrix_of_codes(transition_matrix))
        self.n_classes = len(T)
        self.register_buffer("transition_matrix", T)
        self._noisy_cross_entropy = NoisyCrossEntropy(T)

    def _batch_loss(self, logits, target):
        """Compute `-log (p @ T)[y]`, and reduce it."""
        return self._noisy_cross_entropy(logits, target, self.reduction)

    def _sample_losses(self, logits, target):
        """Compute `-log (p @ T)[y]`."""
        return self._noisy_cross_entropy(logits, target)

    def _class_losses(self, logits):
        """Compute `-log (p @ T)`."""
        return self._noisy_cross_entropy.of_each_class(logits)


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
        one evaluation per batch, one of `torch.nn` one per class.

    ignore_index : int, default=-100
        Target of the samples that are left out, as in `torch.nn.CrossEntropyLoss`.

    reduction : {"mean", "sum", "none"}, default="mean"
        How the losses of the samples become the loss of the batch.

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
        ignore_index=-100,
        reduction="mean",
    ):
        super().__init__(ignore_index=ignore_index, reduction=reduction)
        check_share("identity_weight", identity_weight)
        self.identity_weight = identity_weight
        self.base_loss = check_base_loss(base_loss)
        self.wants_normalized_logits = getattr(
            self.base_loss, "wants_normalized_logits", False
        )
        T = check_matrix_of_codes(transition_matrix)
        self.n_classes = len(T)
        if getattr(self.base_loss, "n_classes", None) not in (None, len(T)):
            raise ValueError(
                f"base_loss must be for the {len(T)} classes of transition_matrix; got "
                f"one for {self.base_loss.n_classes}."
            )
        mixed = mix_with_identity(T, identity_weight)
        check_invertible(mixed, SINGULAR_REMEDY)
        self.register_buffer("transition_matrix", torch.from_numpy(T))
        self.register_buffer("_inverse", torch.from_numpy(np.linalg.inv(mixed)))

    def _batch_loss(self, logits, target):
        """Compute `Σ_j T⁻¹[y, j] ℓ(z, j)`, and reduce it."""
        if self.base_loss == "cross-entropy":
            # Cross-entropy is linear in the label: a row of the inverse is a soft label.
            inverse = self._inverse.index_select(0, target).to(logits)
            return cross_entropy(logits, inverse, reduction=self.reduction)
        return super()._batch_loss(logits, target)

    def _sample_losses(self, logits, target):
        """Combine the base losses, gathering one row of the inverse per label."""
        losses = losses_of_each_class(self.base_loss, logits)
        return (self._inverse.index_select(0, target).to(losses) * losses).sum(dim=1)

    def _class_losses(self, logits):
        """Combine the base losses by all rows of the inverse."""
        losses = losses_of_each_class(self.base_loss, logits)
        return exact_linear(losses, self._inverse.to(losses))


class ReweightedLoss(NoisyLabelLoss):
    r"""Importance reweighting: cross-entropy with weights from noisy to clean labels.

    .. math:: \ell(z, y) = -\min\left(\frac{p_y}{(p T)_y}, w_{\max}\right) \log p_y,
        \qquad p = \mathrm{softmax}(z)

    The weight is the predicted probability that the clean label of the sample is y, over
    the probability that T then gives to y as its noisy label. It is low where the label
    is more likely a flip than right, and treated as a constant in the gradient. As it is
    computed from the current prediction, it is only as good as that.

    Parameters
    ----------
    transition_matrix : array-like of shape (n_classes, n_classes)
        T[i, j] = P(noisy = j | clean = i); rows sum to 1.

    max_weight : float, default=10.0
        Largest weight; it has no effect if the diagonal of T is above `1 / max_weight`.

    ignore_index : int, default=-100
        Target of the samples that are left out, as in `torch.nn.CrossEntropyLoss`.

    reduction : {"mean", "sum", "none"}, default="mean"
        How the losses of the samples become the loss of the batch.

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

    def __init__(
        self, transition_matrix, *, max_weight=10.0, ignore_index=-100, reduction="mean"
    ):
        super().__init__(ignore_index=ignore_index, reduction=reduction)
        check_positive("max_weight", max_weight)
        self.max_weight = max_weight
        T = torch.from_numpy(check_matrix_of_codes(transition_matrix))
        self.n_classes = len(T)
        self.register_buffer("transition_matrix", T)
        self._noisy_cross_entropy = NoisyCrossEntropy(T)

    @torch.no_grad()
    def importance_weights(self, logits, target):
        """Compute the weight of each sample.

        Parameters
        ----------
        logits : torch.Tensor of shape (n_samples, n_classes)
            Scores before the softmax, of the clean classes.

        target : torch.Tensor of shape (n_samples,) or (n_samples, n_classes)
            Noisy labels, integer columns of `logits` or `ignore_index`; or, floating,
            the probability of each label, over which the weight is averaged.

        Returns
        -------
        weights : torch.Tensor of shape (n_samples,)
            `p_y / (p T)_y`, at most `max_weight`, without gradient; float32 for logits
            of bfloat16 or float16. 0 for an ignored sample.

        Raises
        ------
        TypeError
            If logits are no floating tensor, or the target is no tensor.

        ValueError
            If logits and target do not fit each other, or T.
        """
        check_logits(logits, self.n_classes)
        target, kept = check_target(target, logits, self.ignore_index)
        logits = at_least_single_precision(logits)
        if target.ndim == 2:
            weights = self._class_weights(logits, -log_softmax(logits, dim=1))
            return (target.to(weights) * weights).sum(dim=1)
        weights = self._weights(logits, target, self._clean_losses(logits, target))
        return weights if kept is None else weights.masked_fill(~kept, 0)

    def _sample_losses(self, logits, target):
        """Compute `-w log p[y]`."""
        losses = self._clean_losses(logits, target)
        return self._weights(logits, target, losses) * losses

    def _class_losses(self, logits):
        """Compute `-w log p`, with a weight for each label."""
        losses = -log_softmax(logits, dim=1)
        return self._class_weights(logits, losses) * losses

    @staticmethod
    def _clean_losses(logits, target):
        return cross_entropy(logits, target, reduction="none")

    @torch.no_grad()
    def _weights(self, logits, target, losses):
        return self._quotient(self._noisy_cross_entropy(logits, target), losses)

    @torch.no_grad()
    def _class_weights(self, logits, losses):
        return self._quotient(self._noisy_cross_entropy.of_each_class(logits), losses)

    def _quotient(self, noisy_losses, losses):
        # A quotient of probabilities would be 0 / 0 where both underflow.
        return (noisy_losses - losses).exp().clamp(max=self.max_weight)
