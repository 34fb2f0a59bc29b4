"""Which rows a classifier is fitted to again, and by how much they count."""

import warnings

import numpy as np

from sklnoise.exceptions import ClassCollapseWarning
from sklnoise.issues import find_label_issues
from sklnoise.issues._quality import judge

TIE = 1e-9


def judge_labels(rows, sample_weight, transition_matrix, filter_by):
    """Score the labels of rows, and find the issues among them.

    Parameters
    ----------
    rows : Rows
        Out-of-fold probabilities and label codes.

    sample_weight : ndarray of shape (n_rows,)
        Weights.

    transition_matrix : ndarray of shape (n_classes, n_classes)
        T.

    filter_by : {"posterior", "confident-learning", "self-confidence"}
        What an issue is, see `find_label_issues`.

    Returns
    -------
    quality : ndarray of shape (n_rows,)
        P(clean = y | noisy = y, row).

    is_issue : ndarray of shape (n_rows,), dtype=bool
        Whether the label is probably wrong.
    """
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
    """Choose the rows of the refit, of each class at least one.

    Parameters
    ----------
    y : ndarray of shape (n_rows,)
        Label codes.

    quality : ndarray of shape (n_rows,)
        Of the labels; NaN where it is not known.

    is_left_out : ndarray of shape (n_rows,), dtype=bool
        Rows that should be left out.

    classes : ndarray of shape (n_classes,)
        The label that each code stands for.

    Returns
    -------
    is_kept : ndarray of shape (n_rows,), dtype=bool
        The rows that are not left out, and of a class without such rows the best.

    factors : ndarray of shape (n_rows,)
        The quality; 1 where it is not known, and for the only rows of a class.
    """
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
