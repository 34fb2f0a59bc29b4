"""Noise adaptation layers: a T that is learned with the net (Goldberger, 2017)."""

import numpy as np
import torch
from torch import nn
from torch.nn.functional import log_softmax

from sklnoise._validation import check_matrix_of_codes
from sklnoise.losses._base import (
    NoisyLabelLoss,
    at_least_single_precision,
    check_integer,
    check_not_negative,
    check_positive,
    kind_of,
)

# Smallest entry of T that a layer starts with; a logit of -inf would get no gradient.
MIN_START = 1e-3

# Largest sum of these smallest entries in a row of T, for any number of classes.
MAX_LIFT = 0.01


class SimpleAdaptationLoss(NoisyLabelLoss):
    r"""Simple noise adaptation layer (s-model): forward correction with a learned T.

    .. math:: \ell(z, y) = -\log \sum_i p_i \, \mathrm{softmax}_j(b_{i \cdot})_y

    The layer lives in the criterion: its weights are trained with the net, and the net
    alone predicts the clean class. With `volume_weight` the loss of each sample has
    `volume_weight * log |det T|` added, which prefers the T of smallest volume among
    those that explain the labels equally well.

    Parameters
    ----------
    transition_matrix : array-like of shape (n_classes, n_classes)
        Initial T of the layer, T[i, j] = P(noisy = j | clean = i).

    frozen_steps : int, default=0
        Number of first calls in training mode during which the layer keeps its initial
        T. It then has no gradient, and an optimizer skips it; in a compiled graph its
        gradient is 0. The classifier counts steps of the optimizer instead of calls.

    volume_weight : float, default=0.0
        Weight of the volume of T, at least 0.

    ignore_index : int, default=-100
        Target of the samples that are left out, as in `torch.nn.CrossEntropyLoss`.

    reduction : {"mean", "sum", "none"}, default="mean"
        How the losses of the samples become the loss of the batch.

    Attributes
    ----------
    transition_logits : torch.nn.Parameter of shape (n_classes, n_classes)
        The weights b of the layer.

    transition_matrix : torch.Tensor of shape (n_classes, n_classes)
        The current T, the softmax of the weights.

    step : int
        Number of calls in training mode so far, if `frozen_steps` is above 0. A copy and
        a pickle keep it, the `state_dict` does not: to continue from a `state_dict` of a
        trained layer, build the loss with `frozen_steps=0`.

    Raises
    ------
    ValueError
        If T is not a row-stochastic square matrix, a parameter is negative, or
        `volume_weight` is above 0 and T is singular.

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
        self,
        transition_matrix,
        *,
        frozen_steps=0,
        volume_weight=0.0,
        ignore_index=-100,
        reduction="mean",
    ):
        super().__init__(ignore_index=ignore_index, reduction=reduction)
        check_not_negative("frozen_steps", frozen_steps)
        check_not_negative("volume_weight", volume_weight)
        self.frozen_steps = frozen_steps
        self.volume_weight = volume_weight
        self.counts_calls = True
        # No integer of Python, for whose values torch.compile would compile anew. No
        # buffer, which would be moved to a device that each step had to wait for.
        self._n_steps = torch.zeros((), dtype=torch.int64)
        start = log_start(torch.from_numpy(check_matrix_of_codes(transition_matrix)))
        self.n_classes = len(start)
        if volume_weight and not log_volume(start.log_softmax(dim=1)).isfinite():
            raise ValueError(
                "volume_weight needs an invertible transition_matrix to start from; the "
                "determinant of this one is 0. Mix it with the identity first, "
                "(1 - a) T + a I, or use volume_weight=0."
            )
        self.transition_logits = nn.Parameter(start)

    @property
    def step(self):
        """Return the number of steps that were counted.

        Returns
        -------
        step : int
            Calls in training mode so far, or steps of the optimizer in the classifier.
        """
        return self._n_steps.item()

    @property
    def transition_matrix(self):
        """Return the current T, without gradient.

        Returns
        -------
        transition_matrix : torch.Tensor of shape (n_classes, n_classes)
            Rows sum to 1.
        """
        return self.transition_logits.detach().softmax(dim=1)

    def _sample_losses(self, logits, target):
        """Compute `-log (p @ softmax(b))[y]`, and the volume of `softmax(b)`."""
        log_p = log_softmax(logits, dim=1)
        log_T = log_softmax(self._weights_of_this_step(), dim=1).to(log_p)
        return self._with_volume(-torch.logsumexp(log_p + log_T.T[target], dim=1), log_T)

    def _class_losses(self, logits):
        """Compute `-log (p @ softmax(b))`, and the volume of `softmax(b)`."""
        log_p = log_softmax(logits, dim=1)
        log_T = log_softmax(self._weights_of_this_step(), dim=1).to(log_p)
        return self._with_volume(-log_product(log_p, log_T), log_T)

    def _with_volume(self, losses, log_T):
        if not self.volume_weight:
            return losses
        return losses + self.volume_weight * log_volume(log_T)

    def _weights_of_this_step(self):
        weights = self.transition_logits
        if not self.training or not self.frozen_steps:
            return weights
        is_frozen = self._n_steps < self.frozen_steps
        if self.counts_calls:
            self._count_step()
        if torch.compiler.is_compiling():
            return torch.where(is_frozen.to(weights.device), weights.detach(), weights)
        return weights.detach() if is_frozen else weights

    def _count_step(self):
        self._n_steps += 1


def log_start(transition_matrix):
    """Return the weights that a layer starts with, none of them at -inf."""
    smallest = min(MIN_START, MAX_LIFT / transition_matrix.shape[1])
    return transition_matrix.clamp(min=smallest).log()


def log_product(log_p, log_T):
    """Compute `log(p @ T)`, with a T in common or one per sample, from logarithms."""
    return torch.logsumexp(log_p[:, :, None] + log_T, dim=1)


def log_volume(log_transition):
    """Compute `log |det T|`."""
    return torch.linalg.slogdet(log_transition.exp()).logabsdet


class ComplexAdaptationLoss(NoisyLabelLoss):
    r"""Complex noise adaptation layer (c-model): a T per sample, from its features.

    .. math:: \ell(z, h, y) = -\log \sum_i p_i \,
        \mathrm{softmax}_j(b_{ij} + u_{ij}^\top h)_y

    `h` are the features of the sample, the last hidden layer of the net. The loss is
    called as `loss((logits, features), target)`. While the feature weights `u` are 0,
    their initial value, it is :class:`SimpleAdaptationLoss`.

    Its cost grows with `n_classes ** 2` per sample: use the simple or the sparse layer
    for many classes.

    Parameters
    ----------
    transition_matrix : array-like of shape (n_classes, n_classes)
        Initial T of the layer, T[i, j] = P(noisy = j | clean = i), ideally that of a
        trained simple layer.

    n_features : int
        Number of features of a sample.

    ignore_index : int, default=-100
        Target of the samples that are left out, as in `torch.nn.CrossEntropyLoss`.

    reduction : {"mean", "sum", "none"}, default="mean"
        How the losses of the samples become the loss of the batch.

    Attributes
    ----------
    transition_logits : torch.nn.Parameter of shape (n_classes, n_classes)
        The weights b of the layer.

    feature_weights : torch.nn.Parameter of shape (n_classes, n_classes, n_features)
        The weights u of the layer.

    transition_matrix : torch.Tensor of shape (n_classes, n_classes)
        The T of a sample whose features are all 0.

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

    def __init__(
        self, transition_matrix, n_features, *, ignore_index=-100, reduction="mean"
    ):
        super().__init__(ignore_index=ignore_index, reduction=reduction)
        check_integer("n_features", n_features)
        check_positive("n_features", n_features)
        T = torch.from_numpy(check_matrix_of_codes(transition_matrix))
        self.n_classes, self.n_features = len(T), n_features
        self.transition_logits = nn.Parameter(log_start(T))
        self.feature_weights = nn.Parameter(T.new_zeros(*T.shape, n_features))

    @property
    def transition_matrix(self):
        """Return the T of a sample whose features are all 0, without gradient.

        Returns
        -------
        transition_matrix : torch.Tensor of shape (n_classes, n_classes)
            The softmax of `transition_logits`; rows sum to 1.
        """
        return self.transition_logits.detach().softmax(dim=1)

    @torch.no_grad()
    def transition_matrices(self, features):
        """Compute the T of each sample, without gradient.

        Parameters
        ----------
        features : torch.Tensor of shape (n_samples, n_features)
            The last hidden layer of the net.

        Returns
        -------
        transition_matrices : torch.Tensor of shape (n_samples, n_classes, n_classes)
            Rows sum to 1.

        Raises
        ------
        TypeError
            If the features are no floating tensor.

        ValueError
            If there are not `n_features` of them.
        """
        self._check_features(features)
        return self._log_transitions(at_least_single_precision(features)).exp()

    def _check_features(self, features):
        if not isinstance(features, torch.Tensor) or not features.is_floating_point():
            raise TypeError(
                f"features must be a floating tensor; got {kind_of(features)}. Pass the "
                "last hidden layer of the net, or torch.as_tensor(features).float()."
            )
        if features.shape[1:] != (self.n_features,):
            raise ValueError(
                f"features must have shape (n_samples, {self.n_features}); got "
                f"{tuple(features.shape)}. Flatten them, or pass their number as "
                "n_features."
            )

    def forward(self, outputs, target):
        """Compute the loss of a batch.

        Parameters
        ----------
        outputs : tuple of torch.Tensor
            Logits of shape (n_samples, n_classes), of the clean classes, and features of
            shape (n_samples, n_features).

        target : torch.Tensor of shape (n_samples,) or (n_samples, n_classes)
            Noisy labels, integer columns of the logits or `ignore_index`; or, floating,
            the probability of each label, over which the loss is averaged.

        Returns
        -------
        loss : torch.Tensor
            A scalar, or of shape (n_samples,) with `reduction="none"`. In the dtype of
            the logits, but float32 for bfloat16 and float16.

        Raises
        ------
        TypeError
            If `outputs` are not logits and features, both floating tensors, or the
            target is no tensor.

        ValueError
            If there are not `n_features` features, or the parts do not fit each other.
        """
        if not isinstance(outputs, tuple | list) or len(outputs) != 2:
            raise TypeError(
                "ComplexAdaptationLoss must be called with (logits, features) and the "
                f"target; got {type(outputs).__name__} in place of the pair. Let the net "
                "return its last hidden layer too, or use SimpleAdaptationLoss."
            )
        features = outputs[1]
        self._check_features(features)
        if isinstance(outputs[0], torch.Tensor) and len(outputs[0]) != len(features):
            raise ValueError(
                "logits and features must be those of the same samples; got "
                f"{len(outputs[0])} and {len(features)}."
            )
        return super().forward(tuple(outputs), target)

    def _sample_losses(self, outputs, target):
        """Compute `-log (p @ T(h))[y]` with the T of each sample."""
        logits, features = outputs
        log_p = log_softmax(logits, dim=1)
        log_T = self._log_transitions(features.to(log_p))
        label = target[:, None, None].expand(-1, log_T.shape[1], 1)
        return -torch.logsumexp(log_p + log_T.gather(2, label).squeeze(2), dim=1)

    def _class_losses(self, outputs):
        """Compute `-log (p @ T(h))` with the T of each sample."""
        logits, features = outputs
        log_p = log_softmax(logits, dim=1)
        return -log_product(log_p, self._log_transitions(features.to(log_p)))

    def _log_transitions(self, features):
        weights = self.feature_weights.to(features).flatten(0, 1)
        shift = (features @ weights.T).unflatten(1, self.transition_logits.shape)
        return log_softmax(self.transition_logits.to(shift) + shift, dim=2)


class SparseAdaptationLoss(NoisyLabelLoss):
    r"""Sparse noise adaptation layer: only the largest entries of each row of T.

    .. math:: \ell(z, y) = -\log \sum_{i : y \in S_i} p_i \,
        \mathrm{softmax}_{j \in S_i}(b_{i \cdot})_y

    `S_i` are the `n_entries` largest entries of row i of the initial T; the others are
    set to 0 and stay 0. If the diagonal is not among them, it replaces the smallest:
    without it a label could become impossible. The weights are linear in the
    number of classes. With all entries kept it is :class:`SimpleAdaptationLoss`.

    Parameters
    ----------
    transition_matrix : array-like of shape (n_classes, n_classes)
        Initial T of the layer, T[i, j] = P(noisy = j | clean = i).

    n_entries : int, default=5
        Number of entries kept of each row, at most the number of classes.

    ignore_index : int, default=-100
        Target of the samples that are left out, as in `torch.nn.CrossEntropyLoss`.

    reduction : {"mean", "sum", "none"}, default="mean"
        How the losses of the samples become the loss of the batch.

    Attributes
    ----------
    transition_logits : torch.nn.Parameter of shape (n_classes, n_entries)
        The weights b of the entries that are kept.

    columns : torch.Tensor of shape (n_classes, n_entries), dtype=int64
        The columns of T of these entries, a buffer.

    transition_matrix : torch.Tensor of shape (n_classes, n_classes)
        The current T, the softmax of the weights.

    Raises
    ------
    ValueError
        If T is not a row-stochastic square matrix, or `n_entries` is not above 0.

    References
    ----------
    Goldberger, Ben-Reuven. Training deep neural networks using a noise adaptation
    layer. ICLR 2017.

    Examples
    --------
    >>> import torch
    >>> from sklnoise.losses import SparseAdaptationLoss
    >>> T = [[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.0, 0.2, 0.8]]
    >>> loss = SparseAdaptationLoss(T, n_entries=2)
    >>> loss(torch.tensor([[2.0, 0.0, 0.0]]), torch.tensor([0])).backward()
    >>> loss.transition_matrix
    tensor([[0.7778, 0.2222, 0.0000],
            [0.0000, 0.6667, 0.3333],
            [0.0000, 0.2000, 0.8000]], dtype=torch.float64)
    """

    def __init__(
        self, transition_matrix, *, n_entries=5, ignore_index=-100, reduction="mean"
    ):
        super().__init__(ignore_index=ignore_index, reduction=reduction)
        check_integer("n_entries", n_entries)
        check_positive("n_entries", n_entries)
        T = check_matrix_of_codes(transition_matrix)
        self.n_classes = len(T)
        columns = largest_columns(T, n_entries)
        kept = np.take_along_axis(T, columns, axis=1)
        self.transition_logits = nn.Parameter(log_start(torch.from_numpy(kept)))
        self.register_buffer("columns", torch.from_numpy(columns))
        self.register_buffer("_positions", positions_of_labels(columns), persistent=False)
        self.register_load_state_dict_post_hook(_follow_columns)

    @property
    def transition_matrix(self):
        """Return the current T, dense and without gradient.

        Returns
        -------
        transition_matrix : torch.Tensor of shape (n_classes, n_classes)
            Rows sum to 1.
        """
        entries = self.transition_logits.detach().softmax(dim=1)
        dense = entries.new_zeros(len(entries), len(entries))
        return dense.scatter(1, self.columns, entries)

    def _sample_losses(self, logits, target):
        """Compute `-log (p @ T)[y]` from the entries in the column of each label."""
        log_p = log_softmax(logits, dim=1)
        log_T = log_softmax(self.transition_logits, dim=1).to(log_p)
        positions = self._positions[target]
        missing, positions = positions < 0, positions.clamp(min=0)
        clean = positions // log_T.shape[1]
        terms = log_p.gather(1, clean) + log_T.flatten()[positions]
        return -torch.logsumexp(terms.masked_fill(missing, -torch.inf), dim=1)


def largest_columns(transition_matrix, n_entries):
    """Find the largest entries of each row, the diagonal always among them."""
    n_classes = len(transition_matrix)
    diagonal = np.arange(n_classes)
    # Ties, such as zeros, are resolved in favour of the columns after the diagonal. If
    # they all fell on the first columns, the lists of these labels would have n_classes
    # entries.
    rotated = (diagonal[:, None] + diagonal) % n_classes
    entries = np.take_along_axis(transition_matrix, rotated, axis=1)
    largest = np.argsort(-entries, axis=1, kind="stable")[:, :n_entries]
    largest = np.take_along_axis(rotated, largest, axis=1)
    lacking = (largest != diagonal[:, None]).all(axis=1)
    largest[lacking, -1] = diagonal[lacking]
    return np.sort(largest, axis=1)


def positions_of_labels(columns):
    """Return the positions of each label among the entries kept, padded with -1."""
    flat = columns.ravel()
    order, counts = np.argsort(flat, kind="stable"), np.bincount(flat)
    positions = np.full((len(columns), counts.max()), -1)
    starts = counts.cumsum() - counts
    positions[flat[order], np.arange(flat.size) - starts.repeat(counts)] = order
    return torch.from_numpy(positions)


def _follow_columns(loss, _):
    """Rebuild the table after `load_state_dict`: its shape depends on the columns."""
    positions = positions_of_labels(loss.columns.cpu().numpy())
    loss._positions = positions.to(loss.columns.device)
