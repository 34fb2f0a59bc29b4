"""Which labels are issues: those of lowest quality, as many as T calls wrong."""

import numpy as np

from sklnoise._blocks import sample_blocks
from sklnoise.issues._clean_posterior import make_solver
from sklnoise.issues._quality import judge, self_confidence
from sklnoise.transition._base import TIE
from sklnoise.transition._confusion import confident_members, confident_thresholds

# A label above this quality is no issue, however many T calls wrong: a weak model makes
# the estimate of T too noisy. Chosen on one half of the data of the benchmark.
MAX_ISSUE_QUALITY = 0.7

# The same, however many confident learning finds.
MAX_CONFIDENT_QUALITY = 0.9

# Standard errors by which more labels may be wrong than T expects, where the qualities
# say so: of one sample alone, T knows little.
MAX_EXCESS = 2

# So that rounding never decides whether another sample is an issue.
ROUNDING = 1e-6


def judge_samples(samples, sample_weight, transition_matrix, threshold=None):
    """Return quality, suggested class and whether there is an issue, per sample."""
    quality, other = judge(samples.y_proba, samples.y, transition_matrix)
    is_issue = flag(quality, samples.y, sample_weight, transition_matrix, threshold)
    if threshold is None:
        is_issue |= flag_as_many_as_confident(quality, samples, sample_weight)
    return quality, np.where(is_issue, other, samples.y), is_issue


def flag(quality, y, sample_weight, transition_matrix, threshold=None):
    """Find the label issues: below the threshold, or else as many as T calls wrong."""
    if threshold is not None:
        return quality < threshold
    n_classes = len(transition_matrix)
    mass = np.bincount(y, weights=sample_weight, minlength=n_classes)
    share, noise_rate = wrong_shares(transition_matrix, mass / mass.sum())
    # Of two classes T knows the rate of each; of more, the count of all is more certain.
    groups = [y == label for label in np.unique(y)] if n_classes == 2 else [slice(None)]
    is_issue = np.zeros(len(y), dtype=bool)
    for members in groups:
        weight = sample_weight[members]
        n_wrong = count_wrong(quality[members], share[y[members]], weight, noise_rate)
        limit = n_wrong + 0.5 - ROUNDING  # the nearest whole number
        is_issue[members] = lowest_quality(quality[members], weight, limit)
    return is_issue & (quality < MAX_ISSUE_QUALITY)


def flag_as_many_as_confident(quality, samples, sample_weight):
    """Find the labels of lowest quality, as many as confident learning finds.

    T takes the mistakes of a class to be alike for all its samples. People's are not,
    and then T calls too few of them wrong.
    """
    y_proba, y, _ = samples
    is_top = is_most_probable(y_proba, y)
    found = off_confident_diagonal(y_proba, y, sample_weight, is_top)
    limit = sample_weight[found].sum() * (1 + TIE)
    is_issue = lowest_quality(quality, sample_weight, limit)
    return is_issue & (quality < MAX_CONFIDENT_QUALITY)


def is_most_probable(y_proba, y):
    """Return whether the label of each sample is its most probable class."""
    is_top = np.empty(len(y), dtype=bool)
    quality = self_confidence(y_proba, y)
    for block in sample_blocks(*y_proba.shape):
        is_top[block] = quality[block] >= y_proba[block].max(axis=1) - TIE
    return is_top


def wrong_shares(transition_matrix, noisy_frequencies):
    """Return the share of wrong labels among those of each noisy label, and in all."""
    solve = make_solver(transition_matrix, np.float64)
    prior = solve(noisy_frequencies[np.newaxis])[0]
    noisy, right = prior @ transition_matrix, prior * transition_matrix.diagonal()
    share = 1 - np.divide(right, noisy, out=np.zeros_like(noisy), where=noisy > 0)
    return share, 1 - right.sum()


def count_wrong(quality, share, sample_weight, noise_rate):
    """Return how many labels are wrong by T, or by their quality if that is possible."""
    by_transition = sample_weight @ share
    # Of a few labels that are all the same, the prior knows no other class: at least
    # one of them may be wrong.
    variance = sample_weight @ (share * (1 - share)), noise_rate * (1 - noise_rate)
    spread = np.sqrt(max(*variance, 0))
    by_quality = sample_weight @ (1 - quality)
    return np.clip(by_quality, by_transition, by_transition + MAX_EXCESS * spread)


def lowest_quality(quality, sample_weight, limit):
    """Return the mask of the samples of lowest quality, of at most this weight.

    Samples that tie are all in it or none is.
    """
    order = np.argsort(quality, kind="stable")
    order = order[sample_weight[order] > 0]
    n_fit = np.searchsorted(np.cumsum(sample_weight[order]), limit, side="right")
    if n_fit in (0, len(order)):
        return np.full(len(quality), n_fit > 0)
    tie = max(TIE, 8 * np.finfo(quality.dtype).eps)
    return quality < quality[order[n_fit]] - tie


def off_confident_diagonal(y_proba, y, sample_weight, is_top):
    """Find the samples off the diagonal of the confident joint."""
    thresholds = confident_thresholds(y_proba, y, sample_weight)
    is_issue = np.zeros(len(y), dtype=bool)
    # A label that is the most probable class is no issue, so these need no threshold.
    others = np.flatnonzero(~is_top)
    for block in sample_blocks(len(others), len(thresholds)):
        samples = others[block]
        is_member = confident_members(y_proba[samples], thresholds)
        is_own = is_member[np.arange(len(samples)), y[samples]]
        is_issue[samples] = is_member.any(axis=1) & ~is_own
    return is_issue
