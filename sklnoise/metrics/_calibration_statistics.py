"""The calibration error of the top label, without what the label noise adds to it.

The mean absolute gap of some bins grows with the error of each gap, and the noise of the
labels adds to this error. Its variance is known, so that a hierarchical normal model
(Rubin, 1981) tells what the gaps are on the clean labels of the same samples:

    noisy gap of bin b ~ N(clean gap, variance),  clean gap ~ N(mean, spread²)

with a flat prior of mean and spread.
"""

from numbers import Integral

import numpy as np
from scipy.special import ndtr

# Spreads of the clean gaps over which the model integrates, up to the largest gap.
N_SPREADS = 60


def calibration_error(samples, y_proba, n_bins=15):
    """Return the statistic of the mean absolute gap of the bins."""
    if not isinstance(n_bins, Integral) or isinstance(n_bins, bool) or n_bins < 1:
        raise ValueError(f"n_bins must be an integer of at least 1; got {n_bins!r}.")
    y_proba = samples.check_proba(y_proba).astype(np.float64)
    predicted, confidence = y_proba.argmax(axis=1), y_proba.max(axis=1)
    bins = equal_mass_bins(confidence, samples.weight, n_bins)
    mass = np.bincount(bins, samples.weight)
    bins, mass = (np.cumsum(mass > 0) - 1)[bins], mass[mass > 0]

    def statistic(weights):
        hits = weights.inverse[samples.noisy, predicted]
        gaps = np.bincount(bins, samples.weight * (hits - confidence), len(mass)) / mass
        # Of a clean 0 or 1 the square is itself, so this has the variance as its mean.
        excess = np.bincount(bins, samples.weight * hits * (hits - 1), len(mass))
        variance = excess.clip(min=0) / mass**2
        model = CleanGaps(gaps, variance)
        if weights.rng is None:
            absolute = model.mean_absolute()
        else:
            absolute = np.abs(model.draw(weights.rng))
        return mass @ absolute / mass.sum()

    return statistic


def equal_mass_bins(confidence, weight, n_bins):
    """Return the bin of each sample; samples of one confidence share a bin."""
    values, groups = np.unique(confidence, return_inverse=True)
    mass = np.bincount(groups, weight, minlength=len(values))
    middle = (np.cumsum(mass) - mass / 2) / mass.sum()
    # Slack for the middles that are the edge of two bins but for rounding.
    return np.minimum(n_bins * middle + 1e-9, n_bins - 1).astype(int)[groups]


class CleanGaps:
    """The posterior of the clean gaps, on a grid of their spread."""

    def __init__(self, gaps, variance):
        self.gaps, self.variance = gaps, variance
        largest = np.abs(gaps - gaps.mean()).max() + np.sqrt(variance.max())
        spread = np.linspace(0, largest, N_SPREADS + 1)[1:, np.newaxis]
        total = variance + spread**2
        precision = (1 / total).sum(axis=1, keepdims=True)
        self.mean = (gaps / total).sum(axis=1, keepdims=True) / precision
        self.mean_variance = 1 / precision
        self.share = spread**2 / total  # of a noisy gap's deviation that is clean
        log_density = -0.5 * (
            np.log(total)
            + (gaps - self.mean) ** 2 / total
            + np.log(precision) / len(gaps)
        ).sum(axis=1)
        density = np.exp(log_density - log_density.max())
        self.density = density / density.sum()

    def mean_absolute(self):
        """Return the expectation of the absolute clean gaps."""
        if not self.variance.any():
            return np.abs(self.gaps)
        center = self.mean + self.share * (self.gaps - self.mean)
        variance = self.share * self.variance + (1 - self.share) ** 2 * self.mean_variance
        return self.density @ mean_of_folded_normal(center, np.sqrt(variance))

    def draw(self, rng):
        """Draw clean gaps."""
        if not self.variance.any():
            return self.gaps
        at = rng.choice(len(self.density), p=self.density)
        mean = self.mean[at] + np.sqrt(self.mean_variance[at]) * rng.standard_normal()
        share = self.share[at]
        center = mean + share * (self.gaps - mean)
        noise = rng.standard_normal(len(self.gaps))
        return center + np.sqrt(share * self.variance) * noise


def mean_of_folded_normal(center, scale):
    """Return the mean absolute value of a normal variable."""
    safe = np.where(scale > 0, scale, 1)
    ratio = center / safe
    folded = safe * np.sqrt(2 / np.pi) * np.exp(-(ratio**2) / 2)
    folded += center * (2 * ndtr(ratio) - 1)
    return np.where(scale > 0, folded, np.abs(center))
