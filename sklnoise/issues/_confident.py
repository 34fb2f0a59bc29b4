"""Rows that are confidently in another class than their label (Northcutt, 2021)."""

import numpy as np

from sklnoise._blocks import row_blocks
from sklnoise.transition._confident import confident_classes, confident_thresholds


def confidently_elsewhere(y_proba, y, sample_weight):
    """Find the rows off the diagonal of the confident joint.

    Among the classes whose threshold its probability reaches, the most probable one is
    not the label of such a row; nor is the most probable of all.

    Parameters
    ----------
    y_proba : ndarray of shape (n_samples, n_classes)
        Noisy posterior.

    y : ndarray of shape (n_samples,)
        Label codes.

    sample_weight : ndarray of shape (n_samples,) or None
        Weights.

    Returns
    -------
    is_issue : ndarray of shape (n_samples,), dtype=bool
        The rows.

    top : ndarray of shape (n_samples,), dtype=int64
        The most probable class of each row.
    """
    top = y_proba.argmax(axis=1)
    elsewhere = np.flatnonzero(top != y)
    thresholds = confident_thresholds(y_proba, y, sample_weight)
    confident = np.empty(len(elsewhere), dtype=np.int64)
    for rows in row_blocks(len(elsewhere), len(thresholds)):
        confident[rows] = confident_classes(y_proba[elsewhere[rows]], thresholds)
    is_issue = np.zeros(len(y), dtype=bool)
    is_issue[elsewhere] = (confident >= 0) & (confident != y[elsewhere])
    return is_issue, top
