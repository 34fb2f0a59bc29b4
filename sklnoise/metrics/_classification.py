"""Clean accuracy and confusion matrix, estimated on noisy labels by the inverse of T."""

import numpy as np
from sklearn.utils.validation import check_consistent_length

from sklnoise._labels import check_labels, encode_labels, resolve_classes
from sklnoise._names import frame_classes
from sklnoise._validation import check_invertible, check_transition_matrix, check_weight

TOTALS = {
    "true": lambda counts: counts.sum(axis=1, keepdims=True),
    "pred": lambda counts: counts.sum(axis=0, keepdims=True),
    "all": lambda counts: counts.sum(keepdims=True),
    None: np.ones_like,
}


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

    .. math:: \frac1n \sum_{s=1}^n T^{-1}[y_s, \hat y_s]

    Its expectation over the noise is the clean accuracy, if T is right, the noise depends
    on the clean class alone, and the model was not fitted to these samples. The estimate
    varies: it may lie below 0 or above 1.

    Parameters
    ----------
    y_noisy : array-like of shape (n_samples,)
        Noisy labels.

    y_pred : array-like of shape (n_samples,)
        Predicted clean labels of the same samples.

    transition_matrix : array-like of shape (n_classes, n_classes)
        T[i, j] = P(noisy = j | clean = i); rows sum to 1.

    labels : array-like of shape (n_classes,), default=None
        All classes, in the order of the rows of T. None takes the names of a frame
        of T, or else the labels that occur, sorted, which must be as many as T has rows;
        integers from 0 to `n_classes - 1` are taken for the numbers of the rows, so
        that some but 0 may be missing.

    sample_weight : array-like of shape (n_samples,), default=None
        Weights, counted as frequencies: a sample of weight 2 is a sample that is there
        twice, in the score and in its standard error. Weights whose mean is below 0.5
        are no counts, and are scaled to mean 1.

    return_std : bool, default=False
        Whether to return the standard error too.

    Returns
    -------
    score : float
        Estimate of the clean accuracy.

    standard_error : float
        Standard error of this weighted mean over other samples and other noise, with T
        held fixed: that T may be wrong is not in it. Only with `return_std`.

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
    y_noisy, y_pred = check_labels(y_noisy, "y_noisy"), check_labels(y_pred, "y_pred")
    if labels is None:
        labels = frame_classes(transition_matrix, y_noisy, y_pred)
    inverse = inverse_transition(transition_matrix, labels)
    noisy, predicted, weight, _ = check_labels_and_predictions(
        y_noisy, y_pred, len(inverse), labels, sample_weight
    )
    sample_scores = inverse[noisy, predicted]
    score = np.average(sample_scores, weights=weight)
    if not return_std:
        return float(score)
    variance = np.average((sample_scores - score) ** 2, weights=weight)
    return float(score), float(np.sqrt(variance / weight.sum()))


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
    noise depends on the clean class alone, and the model was not fitted to these samples.
    The estimates vary: some may be negative. Each column keeps its sum, the number of
    samples predicted so, and the diagonal sums to `noise_corrected_accuracy_score` times
    the number of samples.

    Parameters
    ----------
    y_noisy : array-like of shape (n_samples,)
        Noisy labels.

    y_pred : array-like of shape (n_samples,)
        Predicted clean labels of the same samples.

    transition_matrix : array-like of shape (n_classes, n_classes)
        T[i, j] = P(noisy = j | clean = i); rows sum to 1.

    labels : array-like of shape (n_classes,), default=None
        All classes, in the order of the rows of T. None takes the names of a frame
        of T, or else the labels that occur, sorted, which must be as many as T has rows;
        integers from 0 to `n_classes - 1` are taken for the numbers of the rows, so
        that some but 0 may be missing.

    sample_weight : array-like of shape (n_samples,), default=None
        Weights, counted as frequencies.

    normalize : {"true", "pred", "all"}, default=None
        Divide by the sums of the rows, of the columns, or of all. Where such a sum is
        not above 0, as it may be for a clean class with few samples, the shares
        are 0.

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
    if not isinstance(normalize, str | None) or normalize not in TOTALS:
        raise ValueError(
            f'normalize must be "true", "pred", "all" or None; got {normalize!r}.'
        )
    y_noisy, y_pred = check_labels(y_noisy, "y_noisy"), check_labels(y_pred, "y_pred")
    if labels is None:
        labels = frame_classes(transition_matrix, y_noisy, y_pred)
    inverse = inverse_transition(transition_matrix, labels)
    noisy, predicted, weight, _ = check_labels_and_predictions(
        y_noisy, y_pred, len(inverse), labels, sample_weight
    )
    counts = np.zeros_like(inverse)
    np.add.at(counts, (noisy, predicted), weight)
    clean_counts = inverse.T @ counts
    totals = TOTALS[normalize](clean_counts)
    return np.where(totals > 0, clean_counts / np.where(totals > 0, totals, 1), 0)


def inverse_transition(transition_matrix, classes=None):
    """Validate T and invert it."""
    T = check_transition_matrix(transition_matrix, classes=classes)
    check_invertible(
        T,
        "Merge classes with the same row, or score on samples whose labels are known to "
        "be right.",
    )
    return np.linalg.inv(T)


def check_labels_and_predictions(y_noisy, y_pred, n_classes, labels, sample_weight):
    """Validate labels, predictions and weights."""
    y_noisy, y_pred = check_labels(y_noisy, "y_noisy"), check_labels(y_pred, "y_pred")
    check_consistent_length(y_noisy, y_pred)
    weight = check_weight(sample_weight, len(y_noisy))
    classes = resolve_classes(labels, n_classes, y_noisy, y_pred)
    noisy = encode_labels(y_noisy, classes, "y_noisy")
    return noisy, encode_labels(y_pred, classes, "y_pred"), weight, classes
