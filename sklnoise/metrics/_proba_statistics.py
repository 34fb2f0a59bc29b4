"""Statistics of probabilities and sets, as functions of the corrected weights."""

from numbers import Integral

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning

from sklnoise._warnings import warn_caller


def log_loss(samples, y_proba):
    """Return the statistic of the log loss."""
    y_proba = samples.check_proba(y_proba)
    eps = np.finfo(y_proba.dtype).eps
    losses = -np.log(y_proba.clip(eps, 1 - eps)).astype(np.float64)
    return lambda weights: weights.mean(losses)


def brier_score(samples, y_proba):
    """Return the statistic of the Brier score, halved for two classes."""
    y_proba = samples.check_proba(y_proba).astype(np.float64)
    # The squared distance to the corner of each class.
    losses = 1 - 2 * y_proba + np.square(y_proba).sum(axis=1, keepdims=True)
    if len(samples.classes) == 2:
        losses = losses / 2
    return lambda weights: weights.mean(losses)


def top_k_accuracy(samples, y_score, k=2):
    """Return the statistic of the share of samples whose class is among the top k."""
    if not isinstance(k, Integral) or isinstance(k, bool) or k < 1:
        raise ValueError(f"k must be an integer of at least 1; got {k!r}.")
    y_score, n_classes = samples.check_scores(y_score), len(samples.classes)
    if k >= n_classes:
        warn_caller(
            f"k = {k} is not below the number of classes, {n_classes}: the score is 1 "
            "whatever is predicted.",
            UndefinedMetricWarning,
        )
    if y_score.ndim == 1:  # the score of the second class, as scikit-learn takes it
        threshold = 0.5 if y_score.min() >= 0 and y_score.max() <= 1 else 0
        y_score = np.stack([y_score <= threshold, y_score > threshold], axis=1)
    best = np.argsort(y_score, axis=1, kind="stable")[:, ::-1][:, :k]
    hits = np.zeros((len(y_score), n_classes))
    np.put_along_axis(hits, best, 1, axis=1)
    return lambda weights: weights.mean(hits)


def coverage(samples, y_set):
    """Return the statistic of the share of samples whose class is in their set."""
    y_set = samples.check_sets(y_set).astype(np.float64)
    return lambda weights: weights.mean(y_set)
