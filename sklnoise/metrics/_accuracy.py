"""The clean accuracy, estimated on noisy labels."""

import numpy as np

from sklnoise.metrics._inverse import inverse_transition
from sklnoise.metrics._rows import check_rows


def noise_corrected_accuracy_score(
    y_noisy,
    y_pred,
    transition_matrix,
    *,
    labels=None,
    sample_weight=None,
    return_std=False,
):
    r"""Estimate the accuracy on clean labels from noisy ones, without bias.

    .. math:: \frac1n \sum_n T^{-1}[y_n, \hat y_n]

    Its expectation over the noise is the clean accuracy, if T is right, the noise depends
    on the clean class alone, and the model was not fitted to these rows. The estimate
    varies: it may lie below 0 or above 1.

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
        Weights, counted as frequencies: a row of weight 2 is a row that is there twice,
        in the score and in its standard error. Weights that sum to 1 claim one row.

    return_std : bool, default=False
        Whether to return the standard error too.

    Returns
    -------
    score : float
        Estimate of the clean accuracy.

    standard_error : float
        Standard error of this weighted mean over other rows and other noise, with T held
        fixed: that T may be wrong is not in it. Only with `return_std`.

    Raises
    ------
    ValueError
        If T is no transition matrix, singular, or does not fit the labels; if labels are
        missing, or the arguments differ in length.

    References
    ----------
    Natarajan, Dhillon, Ravikumar, Tewari. Learning with noisy labels. NeurIPS 2013.

    Examples
    --------
    >>> from sklnoise.metrics import noise_corrected_accuracy_score
    >>> T = [[0.75, 0.25], [0.25, 0.75]]
    >>> y_noisy = ["ant", "ant", "bee", "bee", "bee", "ant", "bee", "bee"]
    >>> y_pred = ["ant", "ant", "ant", "bee", "bee", "bee", "bee", "bee"]
    >>> print(noise_corrected_accuracy_score(y_noisy, y_pred, T))
    1.0
    """
    inverse = inverse_transition(transition_matrix)
    noisy, predicted, weight, _ = check_rows(
        y_noisy, y_pred, len(inverse), labels, sample_weight
    )
    row_scores = inverse[noisy, predicted]
    score = np.average(row_scores, weights=weight)
    if not return_std:
        return float(score)
    variance = np.average((row_scores - score) ** 2, weights=weight)
    return float(score), float(np.sqrt(variance / weight.sum()))
