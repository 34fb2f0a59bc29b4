"""How many labels of a pile may be wrong, given how many of a random part were.

The number of wrong labels in a random part that is drawn without replacement is
hypergeometric, whatever the labels are and whatever a model says of them. A bound is the
largest number of wrong labels in the pile that the part does not contradict.
"""

import numpy as np
from scipy.special import betaln, gammaln
from scipy.stats import beta, hypergeom, norm

# So that 0.01 of 700 labels, which comes out above 7, is 7.
ROUNDING = 1e-9


def exclude_many(n_wrong, n_checked, n_labels, n_many, prior=None):
    """Return the probability with which the claim of `n_many` or more is kept wrongly.

    Without a prior it is that of so few wrong labels by chance, for one look. With one it
    is the ratio of likelihoods of a test that may be looked at after every check.
    """
    n_many = np.minimum(n_many, n_labels)
    if prior is None:
        return hypergeom.cdf(n_wrong, n_labels, n_many, n_checked)
    log_ratio = hypergeom.logpmf(n_wrong, n_labels, n_many, n_checked)
    log_ratio = log_ratio - log_beta_binomial(n_wrong, n_checked, *prior)
    # Below the most likely number the likelihood falls too, but excludes no larger one.
    is_above = n_many * n_checked >= n_wrong * (n_labels + 1)
    return np.where(is_above, np.exp(np.minimum(log_ratio, 0)), 1.0)


def log_beta_binomial(n_wrong, n_checked, a, b):
    """Compute the log-probability of a count whose rate has a beta distribution."""
    n_right = n_checked - n_wrong
    log_choices = gammaln(n_checked + 1) - gammaln(n_wrong + 1) - gammaln(n_right + 1)
    return log_choices + betaln(n_wrong + a, n_right + b) - betaln(a, b)


def stopping_prior(max_error_rate):
    """Return the beta distribution with which few wrong labels take few checks."""
    return 0.25, 0.5 / max_error_rate


def most_wrong(n_wrong, n_checked, n_labels, alpha, prior=None):
    """Return the largest number of wrong labels in the pile that is not excluded."""
    low, high = n_wrong, n_labels - (n_checked - n_wrong)
    while low < high:
        middle = (low + high + 1) // 2
        if exclude_many(n_wrong, n_checked, n_labels, middle, prior) > alpha:
            low = middle
        else:
            high = middle - 1
    return low


def fewest_wrong(n_wrong, n_checked, n_labels, alpha, prior=None):
    """Return the smallest number of wrong labels in the pile that is not excluded."""
    prior = prior and prior[::-1]
    n_right = n_checked - n_wrong
    return n_labels - most_wrong(n_right, n_checked, n_labels, alpha, prior)


def interval_of_wrong(n_wrong, n_checked, n_labels, confidence_level, method):
    """Return the ends of the interval of the number of wrong labels in the pile.

    `n_wrong` is a pair, as the sample may hold labels of which nobody is sure.
    """
    few, many = n_wrong
    if n_checked == n_labels:
        return few, many
    alpha = (1 - confidence_level) / 2
    if method in ("hypergeometric", "sequential"):
        prior = (1, 1) if method == "sequential" else None
        # A sequence of intervals excludes on both sides at once.
        alpha = 2 * alpha if prior else alpha
        return (
            fewest_wrong(few, n_checked, n_labels, alpha, prior),
            most_wrong(many, n_checked, n_labels, alpha, prior),
        )
    if method == "clopper-pearson":
        low = beta.ppf(alpha, few, n_checked - few + 1) if few else 0.0
        n_right = n_checked - many
        high = beta.isf(alpha, many + 1, n_right) if n_right else 1.0
    else:
        low = wilson(few, n_checked, norm.ppf(alpha))
        high = wilson(many, n_checked, norm.isf(alpha))
    # What was looked at is known.
    return max(low * n_labels, few), min(high * n_labels, n_labels - n_checked + many)


def wilson(n_wrong, n_checked, z):
    """Return the end of the interval of a rate that is z standard errors away."""
    share, scale = n_wrong / n_checked, z**2 / n_checked
    spread = np.sqrt(share * (1 - share) / n_checked + scale / (4 * n_checked))
    return np.clip((share + scale / 2 + z * spread) / (1 + scale), 0, 1)


def checks_needed(n_wrong, n_labels, n_many, alpha, prior=None):
    """Return how many checks exclude `n_many` or more where so many were found wrong.

    Takes arrays, of several piles. As many checks as were found wrong are enough for a
    pile of fewer labels.
    """
    n_labels, n_many = np.broadcast_arrays(n_labels, n_many)
    # Fewer checks than this say that more labels are wrong, not that fewer are.
    low = n_wrong * (n_labels + 1) // np.maximum(n_many, 1)
    low, high = np.minimum(np.maximum(low, n_wrong), n_labels), n_labels.copy()
    while (low < high).any():
        middle = (low + high) // 2
        probability = exclude_many(n_wrong, middle, n_labels, n_many, prior)
        is_enough = probability <= alpha
        high = np.where(is_enough, middle, high)
        low = np.minimum(np.where(is_enough, low, middle + 1), high)
    return np.where(n_many > n_labels, np.minimum(n_wrong, n_labels), high)
