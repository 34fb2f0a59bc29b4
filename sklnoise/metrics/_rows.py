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
    """Validate labels, predictions and weights."""
    y_noisy, y_pred = check_labels(y_noisy, "y_noisy"), check_labels(y_pred, "y_pred")
    check_consistent_length(y_noisy, y_pred)
    weight = check_weight(sample_weight, len(y_noisy))
    if labels is None:
        classes = occurring_classes(n_classes, y_noisy, y_pred)
    else:
        classes = check_classes(labels, n_classes)
    noisy = encode(y_noisy, classes, "y_noisy")
    return noisy, encode(y_pred, classes, "y_pred"), weight, classes
