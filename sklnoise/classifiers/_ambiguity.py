"""Classes whose names noisy labels cannot settle."""

import warnings

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from sklnoise._transition_matrix import swappable_pairs
from sklnoise.exceptions import PermutedClassesWarning, SwappableClassesWarning

LEAST_DRIFT = 0.1
"""Gain in total variation from which rows count as permuted, not as alike."""


def warn_of_swaps(transition_matrix, classes, settled):
    """Warn of pairs of classes that flip into each other so often that names may swap."""
    T, pairs = transition_matrix, swappable_pairs(transition_matrix)
    pairs = pairs[~settled[pairs].any(axis=1)]
    if len(pairs):
        named = ", ".join(
            f"{classes[i]!s} ↔ {classes[j]!s} ({T[i, j]:.0%} and {T[j, i]:.0%})"
            for i, j in pairs
        )
        warnings.warn(
            f"these classes flip into each other so often that their names could be "
            f"swapped: {named}. Nothing in noisy labels tells the two apart; mark a few "
            "rows of each as trusted, or pass a known transition.",
            SwappableClassesWarning,
            stacklevel=6,  # through _fit, fit and its context to the caller
        )


def warn_of_permutation(learned, start, classes):
    """Warn if rows of a learned T have changed places since the start."""
    distance = cdist(learned, start, "cityblock") / 2
    rows, places = linear_sum_assignment(distance)
    gain = distance.trace() - distance[rows, places].sum()
    moved = np.flatnonzero(rows != places)
    if gain > LEAST_DRIFT and len(moved):
        named = ", ".join(f"{classes[i]!s} → {classes[places[i]]!s}" for i in moved)
        warnings.warn(
            "the learned T no longer names the classes: rows have come to look like "
            f"those that other classes started with ({named}), so that predictions of "
            "these classes are likely exchanged. Start from a better transition, lower "
            "the learning rate, or mark a few rows as trusted.",
            PermutedClassesWarning,
            stacklevel=6,  # through _fit, fit and its context to the caller
        )
