"""Evidence that a first pass cannot tell label noise from its own errors."""

import warnings
from typing import NamedTuple

import numpy as np

from sklnoise.exceptions import WeakFirstPassWarning
from sklnoise.issues import clean_posterior

MOST_DOUBT = 0.27
"""Doubt above which noise cannot be told from error.

Chosen on nine hard data sets without noise, of whose runs 93 % lie above, and on six
easier ones with noise of .2 to .4, of whose runs 98 % lie below.
"""

MOST_ROWS = 10_000
"""Rows that are looked at: what is wanted is means."""

ANCHOR = 0.95
"""Clean posterior from which a row counts as an anchor of its class."""


class Evidence(NamedTuple):
    """What speaks for or against a first pass."""

    ambiguity: float
    rise_at_top: float
    rise_at_top_error: float
    skill: float
    skill_error: float

    @property
    def doubt(self):
        """The ambiguity, and the rise at the top as far as it exceeds its error."""
        return self.ambiguity + max(0.0, self.rise_at_top - self.rise_at_top_error)

    def is_weak(self):
        """Tell whether the noise that T claims may be the first pass' own error."""
        return self.doubt > MOST_DOUBT or self.skill <= 2 * self.skill_error


def examine(y_proba, y, sample_weight, transition_matrix):
    """Gather the evidence on a first pass, and count its anchors."""
    weight = sample_weight
    if len(y) > MOST_ROWS:
        looked_at = np.sort(np.random.RandomState(0).permutation(len(y))[:MOST_ROWS])
        y_proba, y, weight = y_proba[looked_at], y[looked_at], weight[looked_at]
    clean = clean_posterior(y_proba, transition_matrix)
    certainty, clean_class = clean.max(axis=1), clean.argmax(axis=1)
    surely = certainty >= ANCHOR
    anchors = np.bincount(
        clean_class[surely], weights=weight[surely], minlength=len(transition_matrix)
    )
    agrees = y_proba.argmax(axis=1) == y
    numbers = (
        1 - np.average(certainty, weights=weight),
        *rise_at_top(y_proba, agrees, weight),
        *skill(agrees, y, weight),
    )
    evidence = Evidence(*map(float, numbers))
    return evidence, anchors * (sample_weight.sum() / weight.sum())


def rise_at_top(y_proba, agrees, sample_weight):
    """Compare the labels of the top scores with those of the scores below."""
    predicted, score = y_proba.argmax(axis=1), y_proba.max(axis=1)
    order = np.lexsort((-score, predicted))
    mass = np.bincount(predicted, weights=sample_weight, minlength=y_proba.shape[1])
    start = np.cumsum(mass) - mass
    within = predicted[order]
    reached = np.cumsum(sample_weight[order]) - sample_weight[order] / 2
    rank = (reached - start[within]) / mass[within]
    parts = [order[rank < 0.25], order[(rank >= 0.25) & (rank < 0.5)]]
    if not all(len(part) for part in parts):
        return 0.0, np.inf
    top, second = (np.average(agrees[p], weights=sample_weight[p]) for p in parts)
    variance = sum(
        share * (1 - share) / sample_weight[part].sum()
        for share, part in zip((top, second), parts)
    )
    return top - second, np.sqrt(variance)


def skill(agrees, y, sample_weight):
    """Compare the first pass with one that always says the most frequent label."""
    by_chance = np.bincount(y, weights=sample_weight).argmax() == y
    gain = agrees.astype(float) - by_chance
    mean = np.average(gain, weights=sample_weight)
    variance = np.average(np.square(gain - mean), weights=sample_weight)
    return mean, np.sqrt(variance / sample_weight.sum())


def warn_of_weakness(summary):
    """Warn that the noise that was found may be error."""
    evidence = summary.evidence
    warnings.warn(
        f"the first pass cannot tell label noise from its own errors: T claims that "
        f"{summary.noise_rate:.0%} of the labels are wrong, but its doubt is "
        f"{evidence.doubt:.2f} (noise of a strong first pass: below {MOST_DOUBT}), and "
        f"its predictions meet {evidence.skill:.0%} more labels than the most frequent "
        "label does. Clean but hard data look the same. Use a stronger network or "
        "first_pass, mark trusted rows, pass a known transition, or use correction="
        '"none"; "auto" takes that then.',
        WeakFirstPassWarning,
        stacklevel=6,  # through _fit, fit and its context to the caller
    )
