"""Rows that are confidently in another class than their label (Northcutt, 2021)."""

import numpy as np

from sklnoise._blocks import row_blocks
from sklnoise.transition._confident import confident_classes, confident_thresholds


def confidently_elsewhere(y_proba, y, sample_weight):
    """Find the rows off the diagonal of the confident joint."""
    top = y_proba.argmax(axis=1)
    elsewhere = np.flatnonzero(top != y)
    thresholds = confident_thresholds(y_proba, y, sample_weight)
    confident = np.empty(len(elsewhere), dtype=np.int64)
    for rows in row_blocks(len(elsewhere), len(thresholds)):
        confident[rows] = confident_classes(y_proba[elsewhere[rows]], thresholds)
    is_issue = np.zeros(len(y), dtype=bool)
    is_issue[elsewhere] = (confident >= 0) & (confident != y[elsewhere])
    return is_issue, top
