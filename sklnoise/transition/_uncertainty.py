"""Intervals of an estimate of T by the bootstrap."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils import Bunch

from sklnoise._compat import Interval, validate_params
from sklnoise._validation import check_rng
from sklnoise.transition._base import (
    MAX_DRAWN,
    check_known,
    check_proba_and_labels,
    fit_clone,
)


@validate_params(
    {
        "n_bootstraps": [Interval(Integral, 2, None, closed="left")],
        "confidence": [Interval(Real, 0, 1, closed="neither")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=False,
)
def bootstrap_transition(
    estimator,
    y_proba,
    y,
    sample_weight=None,
    *,
    features=None,
    trusted=None,
    folds=None,
    labels=None,
    n_bootstraps=100,
    confidence=0.95,
    random_state=None,
):
    """Estimate T with intervals, by fitting the estimator to resampled data.

    The probabilities are held fixed: what the first pass would have learned from other
    samples is not part of the spread, nor is its bias. Weights count as frequencies. The
    trusted samples of a class are resampled among themselves, so that no class loses all
    of them.

    Parameters
    ----------
    estimator : estimator of T
        Is cloned for each fit.

    y_proba : array-like of shape (n_samples, n_classes)
        Held-out probabilities of the noisy labels.

    y : array-like of shape (n_samples,)
        Noisy labels.

    sample_weight : array-like of shape (n_samples,), default=None
        Weights.

    features : {array-like, sparse matrix} of shape (n_samples, ...), default=None
        Passed on to an estimator that uses them.

    trusted : array-like of shape (n_samples,), dtype=bool, default=None
        Passed on to an estimator that uses it.

    folds : array-like of shape (n_samples,), default=None
        Passed on to an estimator that uses them.

    labels : array-like of shape (n_classes,), default=None
        The class of each column, where some class does not occur in y.

    n_bootstraps : int, default=100
        Number of resamples.

    confidence : float, default=0.95
        Probability that an interval shall hold, in (0, 1).

    random_state : int, RandomState instance or None, default=None
        Draws the samples.

    Returns
    -------
    result : Bunch
        `transition_matrix`, estimated from all samples; `standard_error`, the standard
        deviation over the resamples; `low` and `high`, the percentiles that enclose
        `confidence` of them. All are ndarrays of shape (n_classes, n_classes).

    Raises
    ------
    ValueError
        If an array or a parameter is not valid.

    Examples
    --------
    >>> import numpy as np
    >>> from sklnoise.transition import LabelFrequencyEstimator, bootstrap_transition
    >>> y_proba = np.repeat([[0.9, 0.1], [0.2, 0.8]], 500, axis=0)
    >>> y = np.r_[np.arange(500) % 10 == 0, np.arange(500) % 5 > 0].astype(int)
    >>> result = bootstrap_transition(
    ...     LabelFrequencyEstimator(), y_proba, y, random_state=0
    ... )
    >>> print((result.low[0, 0] < 0.9) & (0.9 < result.high[0, 0]))
    True
    """
    y_proba, y, weight = check_proba_and_labels(y_proba, y, sample_weight, labels)
    known = {"features": features, "trusted": trusted, "folds": folds}
    known = check_known(known, len(y))
    # Stratified, so that no class loses all of its trusted samples.
    strata = np.zeros(len(y), dtype=np.int64)
    if known["trusted"] is not None:
        strata = np.where(known["trusted"], y + 1, 0)
    rng = check_rng(random_state)
    spread = [
        fit_clone(estimator, y_proba, y, drawn, **known).transition_matrix_
        for drawn in (resample_weight(weight, strata, rng) for _ in range(n_bootstraps))
    ]
    tail = (1 - float(confidence)) / 2
    low, high = np.quantile(spread, [tail, 1 - tail], axis=0)
    return Bunch(
        transition_matrix=fit_clone(
            estimator, y_proba, y, weight, **known
        ).transition_matrix_,
        standard_error=np.std(spread, axis=0, ddof=1),
        low=low,
        high=high,
    )


def resample_weight(sample_weight, strata, rng):
    """Draw as many samples as the weights sum to, and return them as weights."""
    drawn = np.zeros(len(sample_weight))
    for stratum in np.unique(strata):
        members = strata == stratum
        mass = sample_weight[members].sum()
        if mass == 0:
            continue
        n_drawn = round(min(max(mass, 1), MAX_DRAWN))
        counts = rng.multinomial(n_drawn, sample_weight[members] / mass)
        drawn[members] = counts * (mass / n_drawn)
    return drawn
