"""Checks after the refit: have classes been lost, or changed places?"""

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from sklnoise._transition_matrix import clean_prior
from sklnoise._warnings import warn_caller
from sklnoise.exceptions import ClassCollapseWarning, PermutedClassesWarning
from sklnoise.training import predict_proba, take_out_class_weight

# A class predicted less often than this share of what T implies has collapsed.
COLLAPSED_SHARE = 0.2

# Samples that are predicted again: each more would cost as much as a step of training.
MIN_JUDGED = 1000
MIN_JUDGED_PER_CLASS = 100

# Implied number of samples below which a class is too rare to judge. What is implied is
# the prior less two standard errors: a T close to singular implies hardly anything.
MIN_IMPLIED = 20

# Gain in total variation from which rows of T count as permuted, not as alike.
MIN_DRIFT = 0.1


def check_refit(result, start, data, class_weight=None):
    """Warn if the refit has permuted or lost classes."""
    warn_of_permutation(result.transition_matrix, start, data.classes)
    # Trusted samples need not be drawn like the others: they imply no prior.
    rows = data.untrusted_rows
    if not len(rows):
        return
    drawn, stands_for = draw_judged(data.y[rows], data.n_classes)
    judged = rows[drawn]
    y_proba = take_out_class_weight(
        predict_proba(result.net, data.X, judged), class_weight
    )
    warn_of_collapse(
        np.average(y_proba, axis=0, weights=stands_for * data.sample_weight[judged]),
        data.y[rows],
        data.sample_weight[rows],
        result.transition_matrix,
        data.classes,
    )


def draw_judged(y, n_classes):
    """Draw some samples of each noisy label, so that no rare class is missed."""
    most = max(MIN_JUDGED_PER_CLASS, MIN_JUDGED // n_classes)
    shuffled = np.random.default_rng(0).permutation(len(y))
    by_label = shuffled[np.argsort(y[shuffled], kind="stable")]
    counts = np.bincount(y, minlength=n_classes)
    # Of each label the first `most`, in random order.
    rank = np.arange(len(y)) - np.repeat(np.cumsum(counts) - counts, counts)
    positions = np.sort(by_label[rank < most])
    return positions, (counts / np.clip(counts, 1, most))[y[positions]]


def warn_of_collapse(predicted, y, sample_weight, transition_matrix, classes):
    """Warn if a class that the labels imply has vanished from the predictions."""
    noisy = np.bincount(y, weights=sample_weight, minlength=len(classes))
    n_samples = noisy.sum()
    prior, error = clean_prior(transition_matrix, noisy / n_samples, n_samples)
    at_least = prior - 2 * error
    enough = at_least * n_samples >= MIN_IMPLIED
    lost = np.flatnonzero(enough & (predicted < COLLAPSED_SHARE * at_least))
    if len(lost):
        named = ", ".join(
            f"{classes[i]!s} ({predicted[i]:.1%} predicted, {prior[i]:.1%} implied)"
            for i in lost
        )
        warn_caller(
            f"the refit has lost {len(lost)} of {len(classes)} classes: {named}. The "
            "implied share solves Tᵀ prior = frequencies of the noisy labels. Lower the "
            'learning rate, raise warm_up, start from refit="first-pass", or check T.',
            ClassCollapseWarning,
        )


def warn_of_permutation(learned, start, classes):
    """Warn if rows of a learned T have changed places since the start."""
    distance = cdist(learned, start, "cityblock") / 2
    rows, places = linear_sum_assignment(distance)
    gain = distance.trace() - distance[rows, places].sum()
    moved = np.flatnonzero(rows != places)
    if gain > MIN_DRIFT and len(moved):
        named = ", ".join(f"{classes[i]!s} → {classes[places[i]]!s}" for i in moved)
        warn_caller(
            "the learned T no longer names the classes: rows have come to look like "
            f"those that other classes started with ({named}), so that predictions of "
            "these classes are likely exchanged. Start from a better transition, lower "
            "the learning rate, or mark a few samples as trusted.",
            PermutedClassesWarning,
        )
