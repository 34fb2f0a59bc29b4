"""One interval for all scores: resamples of the samples, and draws of T."""

from dataclasses import dataclass
from numbers import Real

import numpy as np

from sklnoise._validation import (
    ROUNDING,
    SINGULAR_CONDITION_THRESHOLD,
    SUM_TOLERANCE,
    check_numbers,
    check_rng,
)
from sklnoise.metrics._corrected_weights import UndefinedScoreError

# Resamples; their 2.5 % quantile has a standard error of a fourteenth of the width.
N_RESAMPLES = 500


@dataclass(frozen=True)
class IntervalOptions:
    """How an interval is drawn, or that there is none."""

    transition_draws: object = None
    return_interval: bool = False
    confidence_level: float = 0.95
    random_state: object = None


def estimate(statistic, samples, options, bounds=(0.0, 1.0)):
    """Return the value of a statistic of the corrected weights, and its interval.

    The ends lie within the bounds of the clean value, unless the estimate does not.
    """
    check_level(options.confidence_level)
    inverses = invert_draws(options.transition_draws, samples)
    value = as_score(statistic(samples.corrected()))
    if not options.return_interval:
        return value
    seed = options.random_state
    # A fresh generator, as that of numpy is global.
    rng = check_rng(seed)
    values = draw_values(statistic, samples, inverses, rng)
    low, high = interval_of(values, options.confidence_level)
    limits = np.minimum(bounds[0], value), np.maximum(bounds[1], value)
    return value, *(as_score(np.clip(end, *limits)) for end in (low, high))


def as_score(value):
    """Return a number as a float, and a score for each class as an array."""
    return float(value) if np.ndim(value) == 0 else value


def draw_values(statistic, samples, inverses, rng):
    """Compute a statistic on resamples, each with another T; NaN where undefined."""
    n_resamples = max(N_RESAMPLES, len(inverses))
    order = rng.permutation(n_resamples) % len(inverses)
    values = []
    for inverse in inverses[order]:
        weights = samples.resampled(inverse, rng)
        try:
            defined = np.isfinite(inverse).all()
            values.append(statistic(weights) if defined else np.nan)
        except UndefinedScoreError:
            values.append(np.nan)
    shape = max((np.shape(value) for value in values), key=len)
    return np.stack([np.broadcast_to(value, shape) for value in values])


def interval_of(values, confidence_level):
    """Return the quantiles between which a share of the values lies.

    A value that is undefined says nothing: it counts below the low end and above the
    high one.
    """
    undefined, tail = np.isnan(values), (1 - confidence_level) / 2
    # Interpolation with an infinite value would be NaN.
    low = np.quantile(np.where(undefined, -np.inf, values), tail, 0, method="lower")
    high = np.quantile(np.where(undefined, np.inf, values), 1 - tail, 0, method="higher")
    return low, high


def check_level(confidence_level):
    """Raise a ValueError unless a level lies between 0 and 1."""
    if not isinstance(confidence_level, Real) or not 0 < confidence_level < 1:
        raise ValueError(
            "confidence_level must be a number above 0 and below 1, such as 0.95; got "
            f"{confidence_level!r}."
        )


def invert_draws(transition_draws, samples):
    """Validate draws of T and invert them; one without an inverse becomes NaN."""
    if transition_draws is None:
        return samples.inverse[np.newaxis]
    draws = check_numbers(
        transition_draws, "transition_draws", dtype=np.float64, allow_nd=True
    )
    n_classes = len(samples.classes)
    if draws.ndim != 3 or draws.shape[1:] != (n_classes, n_classes):
        raise ValueError(
            "transition_draws must hold one transition matrix per draw, shape (n_draws, "
            f"{n_classes}, {n_classes}), as estimator.draw() returns them; got shape "
            f"{draws.shape}."
        )
    if draws.min() < -ROUNDING or np.abs(draws.sum(axis=2) - 1).max() > SUM_TOLERANCE:
        raise ValueError(
            "transition_draws must hold transition matrices: entries of at least 0, in "
            f"rows that sum to 1; got a smallest entry of {draws.min():.3g}, and sums "
            f"from {draws.sum(axis=2).min():.4g} to {draws.sum(axis=2).max():.4g}."
        )
    regular = np.linalg.cond(draws) < SINGULAR_CONDITION_THRESHOLD
    inverses = np.full_like(draws, np.nan)
    inverses[regular] = np.linalg.inv(draws[regular])
    return inverses
