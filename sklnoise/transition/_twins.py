"""Classes that claim the same rows as their own: one of them has its rows elsewhere."""

import numpy as np

from sklnoise._matrix import normalize_rows
from sklnoise.transition._base import label_mass
from sklnoise.transition._top import take_top

ALIKE = 0.15
"""Total variation between two rows of T below which they may describe the same rows."""

APART = 0.25
"""Least total variation between a row that was found and all that are known."""


def twins(transition_matrix):
    """List the classes whose row is alike that of the class they mostly flip to.

    Where many rows of a class are labelled as another one, the rows that score highest
    for the second may be those of the first, and both rows of T are read off them.

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
    flips = T.copy()
    np.fill_diagonal(flips, 0)
    pairs = enumerate(flips.argmax(axis=1))
    return [(i, int(j)) for i, j in pairs if i != j and distance(T[i], T[j]) < ALIKE]


def distance(row, other):
    """Compute the total variation between two distributions.

    Parameters
    ----------
    row, other : ndarray of shape (n_classes,)
        Rows of T.

    Returns
    -------
    distance : float
        Between 0 and 1.
    """
    return np.abs(row - other).sum() / 2


def separate_twins(counts, y_proba, y, sample_weight, *, wanted, least):
    """Count the labels of a class again whose place another class has taken.

    The labels of a class that the flips of its twin do not explain are its own: the rows
    that have most of them are counted. If these are rows unlike those of all classes, the
    twin gets the mean of the two old counts, which are both of its rows; otherwise
    nothing changes.

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

    least : float
        Fewest rows, in weight, that a row of T is read off.

    Returns
    -------
    counts : ndarray of shape (n_classes, n_classes)
        The same, or a copy with other rows.
    """
    T = normalize_rows(counts)
    for flips, to in twins(T):
        shared = (T[flips] + T[to]) / 2
        if shared[flips] == 0:
            continue
        own = y_proba[:, to] - shared[to] / shared[flips] * y_proba[:, flips]
        mass = min(wanted, sample_weight[own > own.max() / 2].sum() / 2)
        if own.max() <= 0 or mass < least:
            continue
        found = label_mass(y, take_top(own, sample_weight, mass), len(T))
        if all(distance(row, found / found.sum()) >= APART for row in T):
            counts = counts.copy()
            counts[flips] = (counts[flips] + counts[to]) / 2
            counts[to] = found
    return counts
