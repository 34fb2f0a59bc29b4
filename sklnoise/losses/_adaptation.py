"""Simple noise adaptation layer: a T learned with the net (Goldberger, 2017)."""

import torch
from torch import nn
from torch.nn.functional import log_softmax

from sklnoise._validation import check_transition_matrix
from sklnoise.losses._base import NoisyLabelLoss, check_not_negative

SMALLEST_START = 1e-3
"""Least flip that a layer starts from; a logit of -inf would never get a gradient."""

LARGEST_LIFT = 0.01
"""Bound of what the least flips of a row sum to, however many classes there are."""


class SimpleAdaptationLoss(NoisyLabelLoss):
    r"""Simple noise adaptation layer (s-model): forward correction with a learned T.

    .. math:: \ell(z, y) = -\log \sum_i p_i \, \mathrm{softmax}_j(b_{i \cdot})_y

    The layer lives in the criterion: its weights are trained with the net, and the net
    alone predicts the clean class. With `volume_weight` the loss of each row has
    `volume_weight * log |det T|` added, so that of all T that explain the labels the one
    of least volume is preferred.

    Parameters
    ----------
    transition_matrix : array-like of shape (n_classes, n_classes)
        Where the layer starts, T[i, j] = P(noisy = j | clean = i).

    frozen_steps : int, default=0
        Number of calls in training mode, from the first on, that leave the layer as it
        starts. It then has no gradient, and an optimizer skips it.

    volume_weight : float, default=0.0
        Weight of the volume of T, at least 0.

    reduction : {"mean", "sum", "none"}, default="mean"
        How the losses of the rows become the loss of the batch.

    Attributes
    ----------
    transition_logits : torch.nn.Parameter of shape (n_classes, n_classes)
        The weights b of the layer.

    transition_matrix : torch.Tensor of shape (n_classes, n_classes)
        The T that the weights stand for now.

    step : int
        Number of calls in training mode so far. It is kept by a copy and by a pickle, but
        it is no state of the weights: a loss restored from a `state_dict` starts anew, so
        build it with `frozen_steps=0` to go on where the layer was trained already.

    Raises
    ------
    ValueError
        If T is not a row-stochastic square matrix, a parameter is negative, or the volume
        of a singular T is asked for.

    References
    ----------
    Goldberger, Ben-Reuven. Training deep neural networks using a noise adaptation
    layer. ICLR 2017.

    Li, Liu, Han, Niu, Sugiyama. Provably end-to-end label-noise learning without anchor
    points. ICML 2021 (the volume).

    Examples
    --------
    >>> import torch
    >>> from sklnoise.losses import SimpleAdaptationLoss
    >>> loss = SimpleAdaptationLoss([[0.8, 0.2], [0.3, 0.7]])
    >>> loss(torch.tensor([[2.0, 0.0]]), torch.tensor([0])).backward()
    >>> loss.transition_logits.grad.shape
    torch.Size([2, 2])
    """

    def __init__(
        self, transition_matrix, *, frozen_steps=0, volume_weight=0.0, reduction="mean"
    ):
        super().__init__(reduction=reduction)
        check_not_negative("frozen_steps", frozen_steps)
        check_not_negative("volume_weight", volume_weight)
        self.frozen_steps = frozen_steps
        self.volume_weight = volume_weight
        self.step = 0
        start = log_start(torch.from_numpy(check_transition_matrix(transition_matrix)))
        self.n_classes = len(start)
        if volume_weight and not log_volume(start.log_softmax(dim=1)).isfinite():
            raise ValueError(
                "volume_weight needs an invertible transition_matrix to start from; the "
                "determinant of this one is 0. Mix it with the identity first, "
                "(1 - a) T + a I, or use volume_weight=0."
            )
        self.transition_logits = nn.Parameter(start)

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
        """Compute `-log (p @ softmax(b))[y]`, and the volume of `softmax(b)`."""
        log_p = log_softmax(logits, dim=1)
        log_T = log_softmax(self._weights_of_this_step(), dim=1).to(log_p)
        losses = -torch.logsumexp(log_p + log_T.T[target], dim=1)
        if self.volume_weight:
            losses = losses + self.volume_weight * log_volume(log_T)
        return losses

    def _weights_of_this_step(self):
        frozen = self.training and self.step < self.frozen_steps
        self.step += self.training
        return self.transition_logits.detach() if frozen else self.transition_logits


def log_start(transition_matrix):
    """Return the weights that a layer starts with, none of them at -inf."""
    smallest = min(SMALLEST_START, LARGEST_LIFT / transition_matrix.shape[1])
    return transition_matrix.clamp(min=smallest).log()


def log_volume(log_transition):
    """Compute `log |det T|`."""
    return torch.linalg.slogdet(log_transition.exp()).logabsdet
