"""From a metric to its score of each pair of a clean and a predicted class."""

import warnings
from functools import lru_cache

import numpy as np

from sklnoise._names import align_square
from sklnoise._validation import check_numbers
from sklnoise.metrics._named import NAMED_METRICS

# Random label vectors on which a metric must be the mean over its samples.
N_TRIALS = 3


def check_metric(metric, n_classes, classes):
    """Validate a metric as far as it can be done before the classes are known."""
    if callable(metric) or (isinstance(metric, str) and metric in NAMED_METRICS):
        return metric
    if isinstance(metric, str):
        raise ValueError(
            f"metric must be one of {list(NAMED_METRICS)}, a callable such as "
            f"sklearn.metrics.zero_one_loss, or an array of scores; got {metric!r}."
        )
    scores = check_numbers(metric, "metric", dtype=np.float64, copy=True)
    n_classes = len(scores) if n_classes is None else n_classes
    if scores.shape != (n_classes, n_classes):
        raise ValueError(
            "metric as an array must have the score of each clean class (row) and "
            f"prediction (column), shape {(n_classes, n_classes)} as transition_matrix; "
            f"got shape {scores.shape}."
        )
    return align_square(scores, metric, classes, "metric")


@lru_cache(maxsize=32)
def scores_of_pairs(metric, classes):
    """Call a metric on every pair of classes, and check that it averages over samples."""
    classes = np.array(classes)
    n_classes, rng = len(classes), np.random.RandomState(0)
    pairs = np.arange(n_classes)[:, None]
    try:
        with warnings.catch_warnings():
            # What is undefined for one sample is no mean over samples.
            warnings.simplefilter("error", UserWarning)
            warnings.simplefilter("error", RuntimeWarning)
            scores = np.array(
                [[float(metric(classes[i], classes[j])) for j in pairs] for i in pairs]
            )
            trials = rng.randint(n_classes, size=(N_TRIALS, 2, 20 + 4 * n_classes))
            means = [float(metric(classes[i], classes[j])) for i, j in trials]
    except Exception as error:  # whatever the user's metric raises
        reason = f"on single samples it fails with {error!r}"
        raise ValueError(no_mean_message(metric, reason)) from error
    expected = [scores[i, j].mean() for i, j in trials]
    if not np.allclose(means, expected, rtol=1e-6):
        raise ValueError(
            no_mean_message(metric, "it differs from the mean of its single samples")
        )
    scores.setflags(write=False)
    return scores


def no_mean_message(metric, reason):
    """Return the message for a metric that is no mean over samples."""
    return (
        "metric must score each sample by its two labels and take the mean, as "
        "sklearn.metrics.zero_one_loss and mean_absolute_error do; of "
        f'{name_of(metric)}, {reason}. Pass "accuracy", "balanced_accuracy", such a '
        "metric, or an array of scores, clean classes as rows, predictions as columns."
    )


def name_of(metric):
    """Return a metric as text."""
    if isinstance(metric, np.ndarray):
        return f"<array of shape {metric.shape}>"
    return getattr(metric, "__name__", repr(metric))
