"""Detection of classes that a corrected loss has lost."""

import warnings

import numpy as np

from sklnoise._transition_matrix import clean_prior
from sklnoise.exceptions import ClassCollapseWarning

LOST_SHARE = 0.2
"""A class predicted less often than this share of what is implied has collapsed."""

LEAST_JUDGED = 1000
JUDGED_PER_CLASS = 100
"""Rows that are predicted again: each more would cost as much as a step of training."""

LEAST_ROWS = 20
"""Implied number of rows below which a class is too rare to judge.

What is implied is the prior less two standard errors: a T close to singular implies
hardly anything.
"""


def judged_rows(y, n_classes):
    """Draw some rows of each noisy label, so that no rare class is missed."""
    most = max(JUDGED_PER_CLASS, LEAST_JUDGED // n_classes)
    shuffled = np.random.default_rng(0).permutation(len(y))
    by_label = shuffled[np.argsort(y[shuffled], kind="stable")]
    counts = np.bincount(y, minlength=n_classes)
    rank = np.arange(len(y)) - np.repeat(np.cumsum(counts) - counts, counts)
    positions = np.sort(by_label[rank < most])
    return positions, (counts / np.clip(counts, 1, most))[y[positions]]


def warn_of_collapse(predicted, y, sample_weight, transition_matrix, classes):
    """Warn if a class that the labels imply has vanished from the predictions."""
    noisy = np.bincount(y, weights=sample_weight, minlength=len(classes))
    n_samples = noisy.sum()
    prior, error = clean_prior(transition_matrix, noisy / n_samples, n_samples)
    at_least = prior - 2 * error
    enough = at_least * n_samples >= LEAST_ROWS
    lost = np.flatnonzero(enough & (predicted < LOST_SHARE * at_least))
    if len(lost):
        named = ", ".join(
            f"{classes[i]!s} ({predicted[i]:.1%} predicted, {prior[i]:.1%} implied)"
            for i in lost
        )
        warnings.warn(
            f"the refit has lost {len(lost)} of {len(classes)} classes: {named}. The "
            "implied share solves Tᵀ prior = frequencies of the noisy labels. Lower the "
            'learning rate, raise warm_up, start from refit="first-pass", or check T.',
            ClassCollapseWarning,
            stacklevel=6,  # through _fit, fit and its context to the caller
        )
