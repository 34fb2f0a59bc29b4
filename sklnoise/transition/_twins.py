"""Classes that claim the same rows as their own: one of them has its rows elsewhere."""

import numpy as np

from sklnoise._matrix import normalize_rows
from sklnoise.transition._base import label_mass
from sklnoise.transition._top import take_top

ALIKE = 0.15
"""Total variation between two rows of T below which they describe the same rows."""

APART = 0.25
"""Least total variation between a row that was found and every other one."""


def twins(transition_matrix):
    """List the pairs of classes whose rows are alike, one flipping mostly to the other.

    Where most rows of a class are labelled as another one, the rows that score highest
    for the second are those of the first, and both rows of T are read off them.

    Parameters
    ----------
    transition_matrix : ndarray of shape (n_classes, n_classes)
        An estimate of T.

    Returns
    -------
    pairs : list of (int, int)
        The class that flips, then the one that it flips to.
    """
    T = transition_matrix
    flips = np.flatnonzero(T.argmax(axis=1) != np.arange(len(T)))
    pairs = [(i, T[i].argmax()) for i in flips if T[i, i] > 0]
    return [(i, j) for i, j in pairs if np.abs(T[i] - T[j]).sum() / 2 < ALIKE]


def separate_twins(counts, y_proba, y, sample_weight, wanted):
    """Count the labels of a class again whose place another class has taken.

    The labels of a class that the flips of its twin do not explain are its own: the rows
    that have most of them are counted. If these are no rows unlike all others, the counts
    stay as they are.

    Parameters
    ----------
    counts : ndarray of shape (n_classes, n_classes)
        Weight of each label among the rows of highest score for each class.

    y_proba : ndarray of shape (n_samples, n_classes)
        Held-out probabilities.

    y : ndarray of shape (n_samples,)
        Label codes.

    sample_weight : ndarray of shape (n_samples,)
        Weights.

    wanted : float
        Rows to count for a class, in weight.

    Returns
    -------
    counts : ndarray of shape (n_classes, n_classes)
        The same, or a copy with other rows.
    """
    T = normalize_rows(counts)
    for flips, to in twins(T):
        own = y_proba[:, to] - T[flips, to] / T[flips, flips] * y_proba[:, flips]
        likely = own > own.max() / 2
        mass = min(wanted, sample_weight[likely].sum() / 2)
        if own.max() <= 0 or mass < counts[to].sum() / 2:
            continue
        found = label_mass(y, take_top(own, sample_weight, mass), len(T))
        others = np.delete(T, to, axis=0)
        if (np.abs(others - found / found.sum()).sum(axis=1) / 2).min() >= APART:
            counts = counts.copy()
            counts[to] = found
    return counts
