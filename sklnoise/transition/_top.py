"""The rows of the highest scores, in weight."""

import numpy as np

from sklnoise.transition._base import TIE


def take_top(score, sample_weight, mass):
    """Return the weight with which each row belongs to the top `mass` of the scores.

    Rows above the boundary count in full; those tied at the boundary share what is
    left of the mass in proportion to their weights, so that a weight of two does what
    two rows do.

    Parameters
    ----------
    score : ndarray of shape (n_samples,)
        What the rows are ranked by.

    sample_weight : ndarray of shape (n_samples,)
        Positive weights.

    mass : float
        Weight to take, at most the sum of the weights.

    Returns
    -------
    taken : ndarray of shape (n_samples,)
        Between 0 and the weight of the row; sums to `mass`.
    """
    order = np.argsort(-score, kind="stable")
    reached = np.cumsum(sample_weight[order])
    boundary = score[order[min(np.searchsorted(reached, mass - TIE), len(order) - 1)]]
    above, tied = score > boundary + TIE, np.abs(score - boundary) <= TIE
    left = mass - sample_weight[above].sum()
    taken = np.where(above, sample_weight, 0.0)
    taken[tied] = sample_weight[tied] * (left / sample_weight[tied].sum())
    return taken
