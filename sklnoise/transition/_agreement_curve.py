"""How often labels agree with predictions, as a function of the rank of the score.

The samples predicted i are ranked by their score, from u = 0 for the highest to 1. The
higher a score, the purer is the class; what is still wrong at the top is label noise:

    P(noisy = i | u) = π(u) (1 - ε_i) + (1 - π(u)) ε_i / (n_classes - 1),
    logit π(u) = α_i - β log u.

If the agreement reaches a plateau, ε is known. If it rises to the very top, ε may be 0.
The posterior of the parameters is computed on a grid.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import expit, logit, logsumexp

from sklnoise._blocks import sample_blocks
from sklnoise.transition._base import TIE

# The purity changes most at the top, so the bins are narrow there.
EDGES = np.concatenate([[0, 1 / 64, 1 / 32, 1 / 16], np.linspace(1 / 8, 1, 15)])


def integral_of_log(u):
    """Return the integral of -log u from 0."""
    return u - u * np.log(np.maximum(u, np.finfo(float).tiny))


# Mean of -log u in each bin.
HEIGHTS = np.diff(integral_of_log(EDGES)) / np.diff(EDGES)

# Prior of the parameters. On public tables without noise log β was about 0.3.
ALPHA_PRIOR, ALPHA_SPREAD = 2, 10
LOG_BETA_PRIOR, LOG_BETA_SPREAD = 0.3, 0.25

# Share of the noise rate of labels drawn by chance up to which T is looked for.
MAX_OF_CHANCE = 0.98

# Each step of the search keeps what is likelier than this, relative to the best.
N_ZOOMS, KEPT_LOG_LIKELIHOOD = 4, -9.0

# A class' α has this spread around that of all, and the logit of its noise rate one of
# these, which of them is as likely as it explains the labels.
CLASS_ALPHA_SPREAD = 1.0
RATE_SPREADS = np.array([0.05, 0.15, 0.35, 0.7, 1.4])
MIN_RATE, N_RATES = 0.002, 100

# The model calls nothing impossible.
MIN_SHARE = 1e-9


class Ranking(NamedTuple):
    """The samples predicted as each class, by class and by score."""

    samples: np.ndarray
    weight: np.ndarray
    score: np.ndarray
    bounds: np.ndarray

    def __iter__(self):
        """Iterate over the classes that are predicted, with their part of the arrays."""
        for i in np.flatnonzero(np.diff(self.bounds)):
            yield i, slice(self.bounds[i], self.bounds[i + 1])


class Curve(NamedTuple):
    """The curve of all classes together."""

    noise_rate: float
    low: float
    high: float
    standard_error: float
    alpha: float
    log_beta: float
    impurity: float


class ClassRates(NamedTuple):
    """The noise rate of each class, and the share of its samples that is not pure."""

    noise_rate: np.ndarray
    standard_error: np.ndarray
    impurity: np.ndarray


def sort_by_score(y_proba, sample_weight):
    """Sort the samples predicted as each class by their score, the highest first."""
    n_classes, parts = y_proba.shape[1], []
    code = np.min_scalar_type(n_classes)  # of many samples, codes of 64 bits are a lot
    for block in sample_blocks(*y_proba.shape):
        highest = y_proba[block].max(axis=1, keepdims=True)
        is_top = y_proba[block] >= highest - TIE
        rows, classes = np.nonzero(is_top)
        # A sample that ties counts for each of its classes in equal parts.
        weight = sample_weight[block][rows] / is_top.sum(axis=1)[rows]
        start = block.start or 0
        parts.append((start + rows, classes.astype(code), weight, highest[rows, 0]))
    samples, classes, weight, score = map(np.concatenate, zip(*parts))
    del parts
    order = np.lexsort((-score, classes))
    bounds = np.searchsorted(classes, np.arange(n_classes + 1), sorter=order)
    samples, weight = samples[order], weight[order]
    return Ranking(samples, weight, score[order], bounds)


def count_agreements(ranking, y):
    """Count the samples predicted as each class in each bin, and those labelled so."""
    counts = np.zeros((2, len(ranking.bounds) - 1, len(HEIGHTS)))
    for i, members in ranking:
        weight, score = ranking.weight[members], ranking.score[members]
        agrees = y[ranking.samples[members]] == i
        masses = np.cumsum([weight, weight * agrees], axis=1)
        # Samples that tie are spread over the bins that they reach into.
        is_last = np.append(np.diff(score) < -TIE, True)
        masses = np.column_stack([np.zeros(2), masses[:, is_last]])
        at_edges = EDGES * masses[0, -1]
        counts[:, i] = [np.diff(np.interp(at_edges, masses[0], m)) for m in masses]
    return counts


def log_likelihood(counts, noise_rate, purity, n_classes):
    """Return the log-likelihood of counts, whose last axis are the bins.

    All other axes are those of the parameters, for which rate and purity broadcast.
    """
    total, agreeing = counts
    share = purity * (1 - noise_rate) + (1 - purity) * noise_rate / (n_classes - 1)
    share = share.clip(MIN_SHARE, 1 - MIN_SHARE)
    agreed = np.tensordot(np.log(share), agreeing, axes=(-1, -1))
    return agreed + np.tensordot(np.log1p(-share), total - agreeing, axes=(-1, -1))


def fit_curve(counts):
    """Fit the curve to the counts of all classes together."""
    n_classes = counts.shape[1]
    pooled = counts.sum(axis=1)
    axes = [
        np.linspace(0, MAX_OF_CHANCE * (1 - 1 / n_classes), 41),
        np.linspace(-4, 9, 27),
        np.linspace(-1.5, 2.5, 11),
    ]
    for zoom in range(N_ZOOMS + 1):
        rate, alpha, log_beta = np.ix_(*axes)
        purity = expit(alpha[..., None] + np.exp(log_beta)[..., None] * HEIGHTS)
        log_posterior = log_likelihood(pooled, rate[..., None], purity, n_classes)
        log_posterior -= ((alpha - ALPHA_PRIOR) / ALPHA_SPREAD) ** 2 / 2
        log_posterior -= ((log_beta - LOG_BETA_PRIOR) / LOG_BETA_SPREAD) ** 2 / 2
        log_posterior -= log_posterior.max()
        if zoom < N_ZOOMS:
            axes = [zoom_in(axis, log_posterior, k) for k, axis in enumerate(axes)]
    marginal = np.exp(log_posterior).sum(axis=(1, 2))
    marginal /= marginal.sum()
    rates, reached = axes[0], np.cumsum(marginal)
    low, high = np.interp([0.025, 0.975], reached, rates)
    mean = marginal @ rates
    best = np.unravel_index(log_posterior.argmax(), log_posterior.shape)
    rate, alpha, log_beta = (axis[at] for axis, at in zip(axes, best))
    purity = expit(alpha + np.exp(log_beta) * HEIGHTS)
    return Curve(
        noise_rate=rate,
        low=min(low, rate),
        high=max(high, rate),
        standard_error=np.sqrt(marginal @ (rates - mean) ** 2),
        alpha=alpha,
        log_beta=log_beta,
        impurity=1 - np.average(purity, weights=pooled[0]),
    )


def zoom_in(axis, log_posterior, number):
    """Return the axis of a grid, cut to where the posterior is not negligible."""
    others = tuple({0, 1, 2} - {number})
    kept = np.flatnonzero(log_posterior.max(axis=others) > KEPT_LOG_LIKELIHOOD)
    low, high = max(kept[0] - 1, 0), min(kept[-1] + 1, len(axis) - 1)
    return np.linspace(axis[low], axis[high], len(axis))


def fit_class_rates(counts, curve):
    """Estimate the noise rate of each class, drawn towards that of all."""
    n_classes = counts.shape[1]
    max_rate = MAX_OF_CHANCE * (1 - 1 / n_classes)
    centre = np.clip(curve.noise_rate, MIN_RATE, max_rate)
    # Denser near 0, where the prior of the logit is.
    rates = max_rate * np.linspace(MIN_RATE, 1, N_RATES + 1)[:-1] ** 1.5
    alpha = curve.alpha + CLASS_ALPHA_SPREAD * np.linspace(-3, 3, 13)
    purity = expit(alpha[:, None] + np.exp(curve.log_beta) * HEIGHTS)
    # Axes: class, rate, alpha.
    log_posterior = log_likelihood(counts, rates[:, None, None], purity, n_classes)
    log_posterior = np.moveaxis(log_posterior, -1, 0)
    log_posterior -= ((alpha - curve.alpha) / CLASS_ALPHA_SPREAD) ** 2 / 2
    of_rate = logsumexp(log_posterior, axis=2)
    distance = (logit(rates) - logit(centre)) / RATE_SPREADS[:, None]
    log_prior = -(distance**2) / 2 + np.log(np.gradient(rates) / (rates * (1 - rates)))
    log_prior -= logsumexp(log_prior, axis=1, keepdims=True)
    joint = of_rate + log_prior[:, None]  # axes: spread, class, rate
    evidence = logsumexp(joint, axis=2)
    of_spread = evidence.sum(axis=1)
    of_spread = np.exp(of_spread - logsumexp(of_spread))
    posterior = np.exp(joint - evidence[..., None])
    posterior = np.tensordot(of_spread, posterior, axes=1)
    mean = posterior @ rates
    best = log_posterior.max(axis=1).argmax(axis=1)  # of alpha
    total = counts[0].sum(axis=1)
    weights = np.where(total[:, None] > 0, counts[0], 1)
    return ClassRates(
        noise_rate=mean,
        standard_error=np.sqrt((posterior @ rates**2 - mean**2).clip(min=0)),
        impurity=1 - (weights * purity[best]).sum(axis=1) / weights.sum(axis=1),
    )
