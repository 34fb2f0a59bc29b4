"""Classes that claim the same rows as their own: one of them has its rows elsewhere."""

import numpy as np

from sklnoise._matrix import normalize_rows
from sklnoise.transition._base import label_mass
from sklnoise.transition._top import take_top

FREQUENT = 0.25
"""Share of labels i in the row of T of class j from which on it may be the row of i."""

ALIKE = 0.25
"""Total variation between two rows of T below which they may describe the same rows."""

WELL_COUNTED = 0.25
"""Share of another class's count from which on a count is not doubted."""

APART = 0.25
"""Least total variation between a row that was found and all that are known, beyond what
the sampling error is expected to make it."""


def twins(counts):
    """List the classes that may have lost their place among the top scores to another.

    Where most rows of a class are labelled as another one, the rows that score highest
    for the second may be those of the first. Then its own row is alike, or read off the
    few rows that were still predicted as it.

    Parameters
    ----------
    counts : ndarray of shape (n_classes, n_classes)
        Weight of each label among the rows of highest score for each class.

    Returns
    -------
    pairs : list of (int, int)
        The class that flips, then the one that it flips to.
    """
    T, mass = normalize_rows(counts), counts.sum(axis=1)
    others = T.copy()
    np.fill_diagonal(others, 0)
    flips = others.argmax(axis=1)
    return [
        (int(i), j)
        for j, i in enumerate(flips)
        if others[j, i] >= FREQUENT
        and (distance(T[i], T[j]) < ALIKE or mass[i] < WELL_COUNTED * mass[j])
    ]


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
    twin gets the old counts, which are of its rows, unless its own were found as well;
    otherwise nothing changes.

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
        A copy.
    """
    T, found, given = normalize_rows(counts), {}, {}
    for flips, to in twins(counts):
        own = y_proba[:, to] - T[to, to] / T[to, flips] * y_proba[:, flips]
        mass = min(wanted, sample_weight[own > own.max() / 2].sum() / 2)
        if own.max() <= 0 or mass < least:
            continue
        of_own = label_mass(y, take_top(own, sample_weight, mass), len(T))
        row = of_own / mass
        # Half the mean absolute error of each share, that of a normal variable.
        by_chance = np.sqrt(row * (1 - row) / mass).sum() / np.sqrt(2 * np.pi)
        if all(distance(row, known) >= APART + by_chance for known in T):
            found[to] = of_own
            if flips not in given or T[to, flips] > T[given[flips], flips]:
                given[flips] = to
    separated = counts.copy()
    for flips, to in given.items():
        separated[flips] = counts[to]
    for to, of_own in found.items():
        separated[to] = of_own
    return separated
