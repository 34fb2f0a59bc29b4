"""Noisy labels, predictions and weights of the same rows, checked together."""

from sklearn.utils.validation import check_consistent_length

from sklnoise._labels import (
    check_classes,
    check_labels,
    encode,
    occurring_classes,
)
from sklnoise._validation import check_weight


def check_rows(y_noisy, y_pred, n_classes, labels, sample_weight):
    """Validate labels, predictions and weights.

    Parameters
    ----------
    y_noisy : array-like of shape (n_samples,)
        Noisy labels.

    y_pred : array-like of shape (n_samples,)
        Predicted labels.

    n_classes : int
        Number of rows of T.

    labels : array-like of shape (n_classes,) or None
        The classes, in the order of the rows of T; None takes those that occur.

    sample_weight : array-like of shape (n_samples,) or None
        Weights.

    Returns
    -------
    noisy : ndarray of shape (n_samples,), dtype=int64
        Row of T of each noisy label.

    predicted : ndarray of shape (n_samples,), dtype=int64
        Row of T of each prediction.

    weight : ndarray of shape (n_samples,)
        The weights, one each where there were none.

    classes : ndarray of shape (n_classes,)
        The classes.
    """
    y_noisy, y_pred = check_labels(y_noisy, "y_noisy"), check_labels(y_pred, "y_pred")
    check_consistent_length(y_noisy, y_pred)
    weight = check_weight(sample_weight, len(y_noisy))
    if labels is None:
        classes = occurring_classes(n_classes, y_noisy, y_pred)
    else:
        classes = check_classes(labels, n_classes)
    noisy = encode(y_noisy, classes, "y_noisy")
    return noisy, encode(y_pred, classes, "y_pred"), weight, classes
