"""Clean balanced accuracy and F1 score, estimated on noisy labels."""

from sklnoise.metrics._corrected_weights import check_samples
from sklnoise.metrics._interval import IntervalOptions, estimate
from sklnoise.metrics._label_statistics import balanced_accuracy, f1


def noise_corrected_balanced_accuracy_score(
    y_noisy,
    y_pred,
    transition_matrix,
    *,
    labels=None,
    sample_weight=None,
    transition_draws=None,
    return_interval=False,
    confidence_level=0.95,
    random_state=None,
):
    r"""Estimate the balanced accuracy on clean labels from noisy ones, consistently.

    .. math:: \frac1K \sum_k \frac{\hat C[k, k]}{\sum_j \hat C[k, j]}

    with the confusion matrix of :func:`noise_corrected_confusion_matrix`. It is
    consistent, but not unbiased: the numerators and denominators are unbiased, if T is
    right, the noise depends on the clean class alone, and the model was not fitted to
    these samples. A clean class whose estimated count is not above 0 is left out. With
    T = I it is :func:`sklearn.metrics.balanced_accuracy_score`.

    For two classes the balanced accuracy on noisy labels is an increasing affine function
    of the clean one, as long as labels are right more often than by chance. It ranks
    models without T.

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
        of T, or else the labels that occur, sorted, which must be as many as T
        has rows; integers from 0 to `n_classes - 1` are taken for the numbers of the
        rows, so that some but 0 may be missing.

    sample_weight : array-like of shape (n_samples,), default=None
        Weights, counted as frequencies: a sample of weight 2 is a sample that is there
        twice. Weights whose mean is below 0.5 are no counts, and are scaled to mean 1.

    transition_draws : array-like of shape (n_draws, n_classes, n_classes), default=None
        Matrices drawn around T, such as `estimator.draw()` of an estimator of T returns;
        rows and columns in the order of the classes. None says that T is known.

    return_interval : bool, default=False
        Whether to return an interval too.

    confidence_level : float, default=0.95
        Probability that the interval covers the clean value.

    random_state : int, RandomState instance or None, default=None
        Draws the interval.

    Returns
    -------
    score : float
        Estimate of the clean balanced accuracy; it may lie below 0 or above 1.

    low, high : float
        Ends of the interval: quantiles of the estimate over resamples of the samples,
        each with another draw of T. A draw that is singular, or leaves the estimate
        undefined, counts as below `low` and above `high`, so that they are the bounds of
        the metric if too many do. Only with `return_interval`.

    Raises
    ------
    ValueError
        If T is no transition matrix, singular, or does not fit the labels; if labels are
        missing, the arguments differ in length, or an option is not valid.

    References
    ----------
    Natarajan, Dhillon, Ravikumar, Tewari. Learning with noisy labels. NeurIPS 2013.

    Menon, van Rooyen, Ong, Williamson. Learning from corrupted binary labels via
    class-probability estimation. ICML 2015.

    Examples
    --------
    >>> from sklnoise.metrics import noise_corrected_balanced_accuracy_score
    >>> T = [[0.75, 0.25], [0.25, 0.75]]
    >>> y_noisy = ["ant", "ant", "bee", "bee", "bee", "ant", "bee", "bee"]
    >>> y_pred = ["ant", "ant", "ant", "bee", "bee", "bee", "bee", "bee"]
    >>> print(round(noise_corrected_balanced_accuracy_score(y_noisy, y_pred, T), 3))
    1.083
    """
    samples = check_samples(
        y_noisy, transition_matrix, labels, sample_weight, y_pred=[y_pred]
    )
    statistic = balanced_accuracy(samples, y_pred)
    options = IntervalOptions(
        transition_draws, return_interval, confidence_level, random_state
    )
    return estimate(statistic, samples, options)


def noise_corrected_f1_score(
    y_noisy,
    y_pred,
    transition_matrix,
    *,
    labels=None,
    sample_weight=None,
    average="binary",
    pos_label=None,
    transition_draws=None,
    return_interval=False,
    confidence_level=0.95,
    random_state=None,
):
    r"""Estimate the F1 score on clean labels from noisy ones, consistently.

    .. math:: \frac{2 \hat C[k, k]}{\sum_j \hat C[k, j] + \sum_i \hat C[i, k]}

    for class k, with the confusion matrix of :func:`noise_corrected_confusion_matrix`. It
    is consistent, but not unbiased, as it is a ratio of two unbiased estimates, if T is
    right, the noise depends on the clean class alone, and the model was not fitted to
    these samples. With T = I it is :func:`sklearn.metrics.f1_score` over all classes. A
    class whose denominator is not above 0 scores 0.

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
        of T, or else the labels that occur, sorted, which must be as many as T
        has rows; integers from 0 to `n_classes - 1` are taken for the numbers of the
        rows, so that some but 0 may be missing.

    sample_weight : array-like of shape (n_samples,), default=None
        Weights, counted as frequencies: a sample of weight 2 is a sample that is there
        twice. Weights whose mean is below 0.5 are no counts, and are scaled to mean 1.

    average : {"binary", "micro", "macro", "weighted"} or None, default="binary"
        Over classes, as in scikit-learn; None returns the score of each class.

    pos_label : int, float, bool or str, default=None
        Positive class, where there are two. None takes the second one.

    transition_draws : array-like of shape (n_draws, n_classes, n_classes), default=None
        Matrices drawn around T, such as `estimator.draw()` of an estimator of T returns;
        rows and columns in the order of the classes. None says that T is known.

    return_interval : bool, default=False
        Whether to return an interval too.

    confidence_level : float, default=0.95
        Probability that the interval covers the clean value.

    random_state : int, RandomState instance or None, default=None
        Draws the interval.

    Returns
    -------
    score : float or ndarray of shape (n_classes,)
        Estimate of the clean F1 score; it may lie below 0 or above 1.

    low, high : float or ndarray of shape (n_classes,)
        Ends of the interval: quantiles of the estimate over resamples of the samples,
        each with another draw of T. A draw that is singular, or leaves the estimate
        undefined, counts as below `low` and above `high`, so that they are the bounds of
        the metric if too many do. Only with `return_interval`.

    Raises
    ------
    ValueError
        If T is no transition matrix, singular, or does not fit the labels; if labels are
        missing, the arguments differ in length, or an option is not valid.

    References
    ----------
    Natarajan, Dhillon, Ravikumar, Tewari. Learning with noisy labels. NeurIPS 2013.

    Examples
    --------
    >>> from sklnoise.metrics import noise_corrected_f1_score
    >>> T = [[0.75, 0.25], [0.25, 0.75]]
    >>> y_noisy = ["ant", "ant", "bee", "bee", "bee", "ant", "bee", "bee"]
    >>> y_pred = ["ant", "ant", "ant", "bee", "bee", "bee", "bee", "bee"]
    >>> print(round(noise_corrected_f1_score(y_noisy, y_pred, T, pos_label="bee"), 3))
    1.0
    """
    samples = check_samples(
        y_noisy, transition_matrix, labels, sample_weight, y_pred=[y_pred]
    )
    statistic = f1(samples, y_pred, average, pos_label)
    options = IntervalOptions(
        transition_draws, return_interval, confidence_level, random_state
    )
    return estimate(statistic, samples, options)
