"""Which rows a classifier is fitted to again, and by how much they count."""

import warnings

import numpy as np

from sklnoise.exceptions import ClassCollapseWarning
from sklnoise.issues import find_label_issues
from sklnoise.issues._quality import judge

TIE = 1e-9


def judge_labels(rows, sample_weight, transition_matrix, filter_by):
    """Score the labels of rows, and find the issues among them."""
    quality, suggested = judge(rows.y_proba, rows.y, transition_matrix)
    if filter_by == "posterior":
        return quality, suggested != rows.y
    is_issue = find_label_issues(
        rows.y,
        rows.y_proba,
        labels=rows.classes,
        sample_weight=sample_weight,
        filter_by=filter_by,
    )
    return quality, is_issue


def choose_rows(y, quality, is_left_out, classes):
    """Choose the rows of the refit, of each class at least one."""
    is_kept, factors = ~is_left_out, np.where(np.isnan(quality), 1.0, quality)
    lost = np.setdiff1d(y, y[is_kept])
    for code in lost:
        best = quality[y == code].max()
        # Rows that tie are all kept: then a weight still equals as many repeats.
        spared = (y == code) & (quality >= best - TIE)
        is_kept |= spared
        factors[spared] = 1.0
        warnings.warn(
            f"all {np.sum(y == code)} rows of class {classes.tolist()[code]!r} would be "
            f"left out; of best label quality ({best:.3g}), {spared.sum()} of them are "
            "kept. Look at label_issues_: is the class told apart from the others at "
            "all, and are the folds stratified?",
            ClassCollapseWarning,
            stacklevel=6,  # through _refit, _fit, fit and its context to the caller
        )
    return is_kept, factors
