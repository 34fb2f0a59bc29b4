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
    """List the classes that may have lost their place among the top scores to another."""
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
    """Compute the total variation between two distributions."""
    return np.abs(row - other).sum() / 2


def separate_twins(counts, y_proba, y, sample_weight, *, wanted, least):
    """Count the labels of a class again whose place another class has taken."""
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
