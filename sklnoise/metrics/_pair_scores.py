"""From a metric to its score of each pair of a clean and a predicted class."""

import warnings
from functools import lru_cache

import numpy as np
from sklearn.utils import check_array

from sklnoise._matrix import clean_prior

NAMES = ("accuracy", "balanced_accuracy")
N_TRIALS = 3
"""Number of random label vectors on which a metric must be the mean over its rows."""

SMALLEST_PRIOR = 1e-12
"""Share below which a clean class is not there, but for rounding."""


def check_metric(metric, n_classes):
    """Validate a metric as far as it can be done before the classes are known."""
    if callable(metric) or (isinstance(metric, str) and metric in NAMES):
        return metric
    if isinstance(metric, str):
        raise ValueError(
            f"metric must be one of {list(NAMES)}, a callable such as "
            f"sklearn.metrics.zero_one_loss, or an array of scores; got {metric!r}."
        )
    scores = check_array(metric, dtype=np.float64, copy=True, input_name="metric")
    if scores.shape != (n_classes, n_classes):
        raise ValueError(
            "metric as an array must have the score of each clean class (row) and "
            f"prediction (column), shape {(n_classes, n_classes)} as transition_matrix; "
            f"got shape {scores.shape}."
        )
    return scores


def balanced_scores(transition_matrix, noisy, weight):
    """Score a hit by the inverse of its class's share, so that each weighs the same."""
    n_rows = weight.sum()
    frequencies = np.bincount(noisy, weight, minlength=len(transition_matrix)) / n_rows
    prior, _ = clean_prior(transition_matrix, frequencies, n_rows)
    present = prior > SMALLEST_PRIOR
    return np.diag(np.where(present, 1 / np.where(present, prior, 1), 0) / present.sum())


@lru_cache(maxsize=32)
def scores_of_pairs(metric, classes):
    """Call a metric on every pair of classes, and check that it is a mean over rows."""
    classes = np.array(classes)
    n_classes, rng = len(classes), np.random.RandomState(0)
    pairs = np.arange(n_classes)[:, None]
    try:
        with warnings.catch_warnings():
            # What is undefined for one row is no mean over rows.
            warnings.simplefilter("error", UserWarning)
            warnings.simplefilter("error", RuntimeWarning)
            scores = np.array(
                [[float(metric(classes[i], classes[j])) for j in pairs] for i in pairs]
            )
            trials = rng.randint(n_classes, size=(N_TRIALS, 2, 20 + 4 * n_classes))
            means = [float(metric(classes[i], classes[j])) for i, j in trials]
    except Exception as error:
        reason = f"on single rows it fails with {error!r}"
        raise ValueError(refusal(metric, reason)) from error
    expected = [scores[i, j].mean() for i, j in trials]
    if not np.allclose(means, expected, rtol=1e-6):
        raise ValueError(refusal(metric, "it differs from the mean of its single rows"))
    scores.setflags(write=False)
    return scores


def refusal(metric, reason):
    """Return the message for a metric that is no mean over rows."""
    return (
        "metric must score each row by its two labels and take the mean, as "
        "sklearn.metrics.zero_one_loss and mean_absolute_error do; of "
        f'{name_of(metric)}, {reason}. Pass "accuracy", "balanced_accuracy", such a '
        "metric, or an array of scores, clean classes as rows, predictions as columns."
    )


def name_of(metric):
    """Return a metric as text."""
    if isinstance(metric, np.ndarray):
        return f"<array of shape {metric.shape}>"
    return getattr(metric, "__name__", repr(metric))
