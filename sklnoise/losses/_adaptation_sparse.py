"""Sparse noise adaptation layer: few entries of each row of T (Goldberger, 2017)."""

import numpy as np
import torch
from torch import nn
from torch.nn.functional import log_softmax

from sklnoise._validation import check_transition_matrix
from sklnoise.losses._adaptation import log_start
from sklnoise.losses._base import NoisyLabelLoss, check_positive


class SparseAdaptationLoss(NoisyLabelLoss):
    r"""Sparse noise adaptation layer: only the largest entries of each row of T.

    .. math:: \ell(z, y) = -\log \sum_{i : y \in S_i} p_i \,
        \mathrm{softmax}_{j \in S_i}(b_{i \cdot})_y

    `S_i` are the `n_entries` largest entries of row i of the starting T; the others are
    0 and stay so. Should the diagonal not be among them, it takes the place of the
    smallest: without it a label could become impossible. The weights are linear in the
    number of classes. With all entries kept it is :class:`SimpleAdaptationLoss`.

    Parameters
    ----------
    transition_matrix : array-like of shape (n_classes, n_classes)
        Where the layer starts, T[i, j] = P(noisy = j | clean = i).

    n_entries : int, default=5
        Number of entries kept of each row; more than there are classes means all.

    reduction : {"mean", "sum", "none"}, default="mean"
        How the losses of the rows become the loss of the batch.

    Attributes
    ----------
    transition_logits : torch.nn.Parameter of shape (n_classes, n_entries)
        The weights b of the entries that are kept.

    columns : torch.Tensor of shape (n_classes, n_entries), dtype=int64
        The columns of T that they belong to, a buffer.

    transition_matrix : torch.Tensor of shape (n_classes, n_classes)
        The T that the weights stand for now.

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

    def __init__(self, transition_matrix, *, n_entries=5, reduction="mean"):
        super().__init__(reduction=reduction)
        check_positive("n_entries", n_entries)
        T = check_transition_matrix(transition_matrix)
        self.n_classes = len(T)
        columns = largest_columns(T, n_entries)
        kept = np.take_along_axis(T, columns, axis=1)
        self.transition_logits = nn.Parameter(log_start(torch.from_numpy(kept)))
        self.register_buffer("columns", torch.from_numpy(columns))
        self.register_buffer("_positions", positions_of_labels(columns), persistent=False)
        self.register_load_state_dict_post_hook(_follow_columns)

    @property
    def transition_matrix(self):
        """Return the T that the weights stand for, dense and without gradient.

        Returns
        -------
        transition_matrix : torch.Tensor of shape (n_classes, n_classes)
            Rows sum to 1.
        """
        entries = self.transition_logits.detach().softmax(dim=1)
        dense = entries.new_zeros(len(entries), len(entries))
        return dense.scatter(1, self.columns, entries)

    def row_losses(self, logits, target):
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
    # Ties, such as zeros, go to the columns behind the diagonal: were they to go to the
    # first columns of T, the lists of these labels would grow as long as n_classes.
    turned = (diagonal[:, None] + diagonal) % n_classes
    entries = np.take_along_axis(transition_matrix, turned, axis=1)
    largest = np.argsort(-entries, axis=1, kind="stable")[:, :n_entries]
    largest = np.take_along_axis(turned, largest, axis=1)
    lacking = (largest != diagonal[:, None]).all(axis=1)
    largest[lacking, -1] = diagonal[lacking]
    return np.sort(largest, axis=1)


def positions_of_labels(columns):
    """List, for each label, where it stands among the entries that are kept."""
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
