"""How often predictions are right at each confidence, estimated from noisy labels."""

from typing import NamedTuple

import numpy as np

# Samples that a bootstrap draws, however large the weights are.
MAX_DRAWN = 10**9


class Reliability(NamedTuple):
    """A calibration curve: mean probabilities of bins, and how often they are right."""

    prob_pred: np.ndarray
    prob_true: np.ndarray
    low: np.ndarray
    high: np.ndarray


def estimate_reliability(
    scores, targets, sample_weight, *, n_bins, confidence_level, rng
):
    """Estimate a calibration curve with its bands, in bins of equal mass.

    `targets` iterates over arrays, the first that of T itself and the others of draws of
    it: unbiased estimates of whether each sample is what it scores.
    """
    order = np.argsort(scores, kind="stable")
    weight = sample_weight[order]
    scores, targets = scores[order], (values[order] for values in targets)
    bins = equal_mass_bins(scores, weight, n_bins)
    n_drawn = int(min(max(round(weight.sum()), 1), MAX_DRAWN))
    prob_true, drawn = bin_means(next(targets), weight, bins), []
    for of_draw in targets:
        times = rng.multinomial(n_drawn, weight / weight.sum())
        drawn.append(bin_means(of_draw, times, bins))
    tail = (1 - confidence_level) / 2
    low, high = np.nanquantile(drawn, [tail, 1 - tail], axis=0)
    return Reliability(bin_means(scores, weight, bins), prob_true, low, high)


def equal_mass_bins(sorted_scores, weight, n_bins):
    """Return the bin of each sample; samples that tie are in the same one."""
    middle = np.cumsum(weight) - weight / 2
    bins = np.minimum(n_bins * middle / weight.sum(), n_bins - 1).astype(int)
    first = np.searchsorted(sorted_scores, sorted_scores)  # of those that tie
    return np.unique(bins[first], return_inverse=True)[1]


def bin_means(values, weight, bins):
    """Return the weighted mean of each bin, NaN where it has no weight."""
    n_bins = bins[-1] + 1
    mass = np.bincount(bins, weight, minlength=n_bins)
    total = np.bincount(bins, weight * values, minlength=n_bins)
    return np.divide(total, mass, out=np.full(n_bins, np.nan), where=mass > 0)
