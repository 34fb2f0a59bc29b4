"""The clean confusion matrix, estimated on noisy labels."""

import numpy as np

from sklnoise.metrics._inverse import inverse_transition
from sklnoise.metrics._rows import check_rows

TOTALS = {
    "true": lambda counts: counts.sum(axis=1, keepdims=True),
    "pred": lambda counts: counts.sum(axis=0, keepdims=True),
    "all": lambda counts: counts.sum(keepdims=True),
    None: np.ones_like,
}


def noise_corrected_confusion_matrix(
    y_noisy,
    y_pred,
    transition_matrix,
    *,
    labels=None,
    sample_weight=None,
    normalize=None,
):
    r"""Estimate the confusion matrix on clean labels from noisy ones, without bias.

    .. math:: \hat C = T^{-\top} C_{\mathrm{noisy}}

    Each entry has the clean count as its expectation over the noise, if T is right, the
    noise depends on the clean class alone, and the model was not fitted to these rows.
    The estimates vary: some may be negative. Each column keeps its sum, the number of
    rows predicted so, and the diagonal sums to `noise_corrected_accuracy_score` times
    the number of rows.

    Parameters
    ----------
    y_noisy : array-like of shape (n_samples,)
        Noisy labels.

    y_pred : array-like of shape (n_samples,)
        Predicted clean labels of the same rows.

    transition_matrix : array-like of shape (n_classes, n_classes)
        T[i, j] = P(noisy = j | clean = i); rows sum to 1.

    labels : array-like of shape (n_classes,), default=None
        All classes, in the order of the rows of T. None takes the labels that occur,
        sorted, which must be as many as T has rows; integers from 0 to `n_classes - 1`
        are taken for the numbers of the rows, so that some may be missing.

    sample_weight : array-like of shape (n_samples,), default=None
        Weights, counted as frequencies.

    normalize : {"true", "pred", "all"}, default=None
        Divide by the sums of the rows, of the columns, or of all. Where such a sum is
        not above 0, as it may be for a clean class with few rows, the shares are 0.

    Returns
    -------
    confusion : ndarray of shape (n_classes, n_classes)
        Estimated counts; rows are clean classes, columns predictions.

    Raises
    ------
    ValueError
        If T is no transition matrix, singular, or does not fit the labels; if labels are
        missing, the arguments differ in length, or `normalize` is unknown.

    Examples
    --------
    >>> from sklnoise.metrics import noise_corrected_confusion_matrix
    >>> T = [[0.75, 0.25], [0.25, 0.75]]
    >>> y_noisy = ["ant", "ant", "bee", "bee", "bee", "ant", "bee", "bee"]
    >>> y_pred = ["ant", "ant", "ant", "bee", "bee", "bee", "bee", "bee"]
    >>> noise_corrected_confusion_matrix(y_noisy, y_pred, T).round(6)
    array([[ 2.5, -0.5],
           [ 0.5,  5.5]])
    """
    if normalize not in TOTALS:
        raise ValueError(
            f'normalize must be "true", "pred", "all" or None; got {normalize!r}.'
        )
    inverse = inverse_transition(transition_matrix)
    noisy, predicted, weight, _ = check_rows(
        y_noisy, y_pred, len(inverse), labels, sample_weight
    )
    counts = np.zeros_like(inverse)
    np.add.at(counts, (noisy, predicted), weight)
    clean_counts = inverse.T @ counts
    totals = TOTALS[normalize](clean_counts)
    return np.where(totals > 0, clean_counts / np.where(totals > 0, totals, 1), 0)
