"""The rows of the highest scores, in weight."""

import numpy as np

from sklnoise.transition._base import TIE


def take_top(score, sample_weight, mass):
    """Return the weight with which each row belongs to the top `mass` of the scores."""
    order = np.argsort(-score, kind="stable")
    reached = np.cumsum(sample_weight[order])
    boundary = score[order[min(np.searchsorted(reached, mass - TIE), len(order) - 1)]]
    above, tied = score > boundary + TIE, np.abs(score - boundary) <= TIE
    left = mass - sample_weight[above].sum()
    taken = np.where(above, sample_weight, 0.0)
    taken[tied] = sample_weight[tied] * (left / sample_weight[tied].sum())
    return taken
