"""Complex noise adaptation layer: a T of each row's features (Goldberger, 2017)."""

import torch
from torch import nn
from torch.nn.functional import log_softmax

from sklnoise._validation import check_transition_matrix
from sklnoise.losses._adaptation import log_start
from sklnoise.losses._base import (
    NoisyLabelLoss,
    at_least_single_precision,
    check_positive,
)


class ComplexAdaptationLoss(NoisyLabelLoss):
    r"""Complex noise adaptation layer (c-model): each row has a T of its own.

    .. math:: \ell(z, h, y) = -\log \sum_i p_i \,
        \mathrm{softmax}_j(b_{ij} + u_{ij}^\top h)_y

    `h` are the features of the row, the last hidden layer of the net. The loss is called
    as `loss((logits, features), target)`. While the feature weights `u` are 0, where they
    start, it is :class:`SimpleAdaptationLoss`.

    Its cost grows with `n_classes ** 2` a row, so keep to the simple or the sparse layer
    where there are many classes.

    Parameters
    ----------
    transition_matrix : array-like of shape (n_classes, n_classes)
        Where the layer starts, T[i, j] = P(noisy = j | clean = i), best from a trained
        simple layer.

    n_features : int
        Number of features of a row.

    reduction : {"mean", "sum", "none"}, default="mean"
        How the losses of the rows become the loss of the batch.

    Attributes
    ----------
    transition_logits : torch.nn.Parameter of shape (n_classes, n_classes)
        The weights b of the layer.

    feature_weights : torch.nn.Parameter of shape (n_classes, n_classes, n_features)
        The weights u of the layer.

    transition_matrix : torch.Tensor of shape (n_classes, n_classes)
        The T of a row whose features are all 0.

    Raises
    ------
    ValueError
        If T is not a row-stochastic square matrix, or `n_features` is not above 0.

    References
    ----------
    Goldberger, Ben-Reuven. Training deep neural networks using a noise adaptation
    layer. ICLR 2017.

    Examples
    --------
    >>> import torch
    >>> from sklnoise.losses import ComplexAdaptationLoss
    >>> loss = ComplexAdaptationLoss([[0.8, 0.2], [0.3, 0.7]], n_features=3)
    >>> logits, features = torch.tensor([[2.0, 0.0]]), torch.tensor([[1.0, 0.0, 2.0]])
    >>> loss((logits, features), torch.tensor([0])).backward()
    >>> loss.feature_weights.grad.shape
    torch.Size([2, 2, 3])
    >>> loss.transition_matrices(features)
    tensor([[[0.8000, 0.2000],
             [0.3000, 0.7000]]])
    """

    wants_features = True

    def __init__(self, transition_matrix, n_features, *, reduction="mean"):
        super().__init__(reduction=reduction)
        check_positive("n_features", n_features)
        T = torch.from_numpy(check_transition_matrix(transition_matrix))
        self.n_classes, self.n_features = len(T), n_features
        self.transition_logits = nn.Parameter(log_start(T))
        self.feature_weights = nn.Parameter(T.new_zeros(*T.shape, n_features))

    @property
    def transition_matrix(self):
        """Return the T of a row whose features are all 0, without gradient.

        Returns
        -------
        transition_matrix : torch.Tensor of shape (n_classes, n_classes)
            The softmax of `transition_logits`; rows sum to 1.
        """
        return self.transition_logits.detach().softmax(dim=1)

    @torch.no_grad()
    def transition_matrices(self, features):
        """Compute the T of each row, without gradient.

        Parameters
        ----------
        features : torch.Tensor of shape (n_samples, n_features)
            The last hidden layer of the net.

        Returns
        -------
        transition_matrices : torch.Tensor of shape (n_samples, n_classes, n_classes)
            Rows sum to 1.
        """
        return self._log_transitions(at_least_single_precision(features)).exp()

    def forward(self, outputs, target):
        """Compute the loss of a batch.

        Parameters
        ----------
        outputs : tuple of torch.Tensor
            Logits of shape (n_samples, n_classes), of the clean classes, and features of
            shape (n_samples, n_features).

        target : torch.Tensor of shape (n_samples,), dtype=int64
            Noisy labels, as columns of the logits.

        Returns
        -------
        loss : torch.Tensor
            A scalar, or of shape (n_samples,) with `reduction="none"`. In the dtype of
            the logits, but float32 for bfloat16 and float16.

        Raises
        ------
        TypeError
            If `outputs` are not logits and features.

        ValueError
            If there are not `n_features` features.
        """
        if not isinstance(outputs, tuple | list) or len(outputs) != 2:
            raise TypeError(
                "ComplexAdaptationLoss must be called with (logits, features) and the "
                f"target; got {type(outputs).__name__} in place of the pair. Let the net "
                "return its last hidden layer too, or use SimpleAdaptationLoss."
            )
        features = outputs[1]
        if features.shape[1:] != (self.n_features,):
            raise ValueError(
                f"features must have shape (n_samples, {self.n_features}); got "
                f"{tuple(features.shape)}. Flatten them, or pass their number as "
                "n_features."
            )
        return super().forward(tuple(outputs), target)

    def row_losses(self, outputs, target):
        """Compute `-log (p @ T(h))[y]` with the T of each row."""
        logits, features = outputs
        log_p = log_softmax(logits, dim=1)
        log_T = self._log_transitions(features.to(log_p))
        label = target[:, None, None].expand(-1, log_T.shape[1], 1)
        return -torch.logsumexp(log_p + log_T.gather(2, label).squeeze(2), dim=1)

    def _log_transitions(self, features):
        weights = self.feature_weights.to(features).flatten(0, 1)
        shift = (features @ weights.T).unflatten(1, self.transition_logits.shape)
        return log_softmax(self.transition_logits.to(shift) + shift, dim=2)
