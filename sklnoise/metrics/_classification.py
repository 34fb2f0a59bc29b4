"""Clean accuracy and confusion matrix, estimated on noisy labels by the inverse of T."""

import numpy as np

from sklnoise.metrics._corrected_weights import check_samples
from sklnoise.metrics._interval import IntervalOptions, estimate
from sklnoise.metrics._label_statistics import accuracy

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
    transition_draws=None,
    return_interval=False,
    confidence_level=0.95,
    random_state=None,
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

    transition_draws : array-like of shape (n_draws, n_classes, n_classes), default=None
        Matrices drawn around T, such as `estimator.draw()` of an estimator of T returns;
        rows and columns in the order of the classes. None says that T is known.

    return_interval : bool, default=False
        Whether to return an interval too, which is not together with `return_std`.

    confidence_level : float, default=0.95
        Probability that the interval covers the clean value.

    random_state : int, RandomState instance or None, default=None
        Draws the interval.

    Returns
    -------
    score : float
        Estimate of the clean accuracy.

    standard_error : float
        Standard error of this weighted mean over other samples and other noise, with T
        held fixed: that T may be wrong is not in it. Only with `return_std`.

    low, high : float
        Ends of the interval: quantiles of the estimate over resamples of the samples,
        each with another draw of T. A draw that is singular counts as below `low` and
        above `high`, so that they are 0 and 1 if too many do. Only with
        `return_interval`.

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
    if return_std and return_interval:
        raise ValueError(
            "return_std and return_interval cannot both be True: the interval takes the "
            "place of the standard error. Choose one."
        )
    samples = check_samples(
        y_noisy, transition_matrix, labels, sample_weight, y_pred=[y_pred]
    )
    statistic = accuracy(samples, y_pred)
    options = IntervalOptions(
        transition_draws, return_interval, confidence_level, random_state
    )
    estimated = estimate(statistic, samples, options)
    if not return_std:
        return estimated
    sample_scores = samples.inverse[samples.noisy, samples.encode(y_pred)]
    variance = np.average((sample_scores - estimated) ** 2, weights=samples.weight)
    return estimated, float(np.sqrt(variance / samples.weight.sum()))


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
    samples = check_samples(
        y_noisy, transition_matrix, labels, sample_weight, y_pred=[y_pred]
    )
    clean_counts = samples.corrected().confusion(samples.encode(y_pred))
    totals = TOTALS[normalize](clean_counts)
    return np.where(totals > 0, clean_counts / np.where(totals > 0, totals, 1), 0)
