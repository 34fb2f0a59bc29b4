"""Clean areas under the ROC and precision-recall curves, estimated on noisy labels."""

from sklnoise.metrics._corrected_weights import check_samples
from sklnoise.metrics._interval import IntervalOptions, estimate
from sklnoise.metrics._ranking_statistics import average_precision, roc_auc


def noise_corrected_roc_auc_score(
    y_noisy,
    y_score,
    transition_matrix,
    *,
    labels=None,
    sample_weight=None,
    average="macro",
    multi_class="raise",
    transition_draws=None,
    return_interval=False,
    confidence_level=0.95,
    random_state=None,
):
    r"""Estimate the area under the ROC curve on clean labels from noisy ones.

    .. math::
        \frac{\sum_{s \ne t} W_{s1} W_{t0} \, [s \succ t]}{\sum_{s \ne t} W_{s1} W_{t0}},
        \qquad W_{sk} = T^{-1}[y_s, k]

    for two classes, where :math:`[s \succ t]` is 1 if sample s has the higher score, 1/2
    if both have the same. Numerator and denominator are unbiased, and their ratio is
    consistent, if T is right, the noise depends on the clean class alone, and the model
    was not fitted to these samples. With T = I it is
    :func:`sklearn.metrics.roc_auc_score`. Scores of more than two classes need not sum to
    1.

    For two classes the area on noisy labels is an increasing affine function of the clean
    one, as long as labels are right more often than by chance. It ranks models without T.

    Parameters
    ----------
    y_noisy : array-like of shape (n_samples,)
        Noisy labels.

    y_score : array-like of shape (n_samples, n_classes) or (n_samples,)
        Scores of the clean classes, in the order of the rows of T; of two classes, those
        of the second are enough. A frame's columns are sorted by name.

    transition_matrix : array-like of shape (n_classes, n_classes)
        T[i, j] = P(noisy = j | clean = i); rows sum to 1.

    labels : array-like of shape (n_classes,), default=None
        All classes, in the order of the rows of T. None takes the names of a frame of T
        or of y_score, or else the labels that occur, sorted, which must be as many as
        T has rows; integers from 0 to `n_classes - 1` are taken for the numbers of the
        rows, so that some but 0 may be missing.

    sample_weight : array-like of shape (n_samples,), default=None
        Weights, counted as frequencies: a sample of weight 2 is a sample that is there
        twice. Weights whose mean is below 0.5 are no counts, and are scaled to mean 1.

    average : {"macro", "weighted"} or None, default="macro"
        Over classes, as in scikit-learn; None returns the score of each class.

    multi_class : {"raise", "ovr", "ovo"}, default="raise"
        For more than two classes: each against all others, or all pairs of classes.

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
        Estimate of the clean area; it may lie below 0 or above 1.

    low, high : float or ndarray of shape (n_classes,)
        Ends of the interval: quantiles of the estimate over resamples of the samples,
        each with another draw of T. A draw that is singular, or leaves the estimate
        undefined, counts as below `low` and above `high`, so that they are the bounds of
        the metric if too many do. Only with `return_interval`.

    Raises
    ------
    ValueError
        If T is no transition matrix, singular, or does not fit the labels; if labels are
        missing, the arguments differ in length, or an option is not valid; if a class has
        no clean samples, by the estimate.

    References
    ----------
    Menon, van Rooyen, Ong, Williamson. Learning from corrupted binary labels via
    class-probability estimation. ICML 2015.

    Hand, Till. A simple generalisation of the area under the ROC curve for multiple class
    classification problems. Machine Learning 45, 2001.

    Examples
    --------
    >>> from sklnoise.metrics import noise_corrected_roc_auc_score
    >>> T = [[0.75, 0.25], [0.25, 0.75]]
    >>> y_noisy = ["ant", "ant", "bee", "bee", "bee", "ant", "bee", "bee"]
    >>> y_score = [0.2, 0.1, 0.3, 0.8, 0.9, 0.7, 0.9, 0.6]  # of "bee"
    >>> print(round(noise_corrected_roc_auc_score(y_noisy, y_score, T), 3))
    1.111
    """
    samples = check_samples(
        y_noisy, transition_matrix, labels, sample_weight, frame=y_score
    )
    statistic = roc_auc(samples, y_score, average, multi_class)
    options = IntervalOptions(
        transition_draws, return_interval, confidence_level, random_state
    )
    return estimate(statistic, samples, options)


def noise_corrected_average_precision_score(
    y_noisy,
    y_score,
    transition_matrix,
    *,
    labels=None,
    sample_weight=None,
    average="macro",
    pos_label=None,
    transition_draws=None,
    return_interval=False,
    confidence_level=0.95,
    random_state=None,
):
    r"""Estimate the average precision on clean labels from noisy ones, consistently.

    .. math::
        \frac{1}{\sum_s W_s} \sum_s \frac1{m_s}
        \Bigl(W_s + \sum_{t \ne s} W_s W_t \, 1\{t \succeq s\}\Bigr),
        \qquad W_s = T^{-1}[y_s, k]

    for class k, where :math:`m_s` counts the samples t whose score is not below that of
    sample s, written :math:`t \succeq s`. The sum and its denominator are unbiased, and
    their ratio is consistent, if T is right, the noise depends on the clean class alone,
    and the model was not fitted to these samples. With T = I it is
    :func:`sklearn.metrics.average_precision_score`; of more than two classes, each is the
    positive one in turn.

    Parameters
    ----------
    y_noisy : array-like of shape (n_samples,)
        Noisy labels.

    y_score : array-like of shape (n_samples, n_classes) or (n_samples,)
        Scores of the clean classes, in the order of the rows of T; of two classes, those
        of the second are enough. A frame's columns are sorted by name.

    transition_matrix : array-like of shape (n_classes, n_classes)
        T[i, j] = P(noisy = j | clean = i); rows sum to 1.

    labels : array-like of shape (n_classes,), default=None
        All classes, in the order of the rows of T. None takes the names of a frame of T
        or of y_score, or else the labels that occur, sorted, which must be as many as
        T has rows; integers from 0 to `n_classes - 1` are taken for the numbers of the
        rows, so that some but 0 may be missing.

    sample_weight : array-like of shape (n_samples,), default=None
        Weights, counted as frequencies: a sample of weight 2 is a sample that is there
        twice. Weights whose mean is below 0.5 are no counts, and are scaled to mean 1.

    average : {"macro", "weighted"} or None, default="macro"
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
        Estimate of the clean average precision; it may lie below 0 or above 1.

    low, high : float or ndarray of shape (n_classes,)
        Ends of the interval: quantiles of the estimate over resamples of the samples,
        each with another draw of T. A draw that is singular, or leaves the estimate
        undefined, counts as below `low` and above `high`, so that they are the bounds of
        the metric if too many do. Only with `return_interval`.

    Raises
    ------
    ValueError
        If T is no transition matrix, singular, or does not fit the labels; if labels are
        missing, the arguments differ in length, or an option is not valid; if a class has
        no clean samples, by the estimate.

    References
    ----------
    Natarajan, Dhillon, Ravikumar, Tewari. Learning with noisy labels. NeurIPS 2013.

    Examples
    --------
    >>> from sklnoise.metrics import noise_corrected_average_precision_score
    >>> T = [[0.75, 0.25], [0.25, 0.75]]
    >>> y_noisy = ["ant", "ant", "bee", "bee", "bee", "ant", "bee", "bee"]
    >>> y_score = [0.2, 0.1, 0.3, 0.8, 0.9, 0.7, 0.9, 0.6]  # of "bee"
    >>> print(round(noise_corrected_average_precision_score(y_noisy, y_score, T), 3))
    1.191
    """
    samples = check_samples(
        y_noisy, transition_matrix, labels, sample_weight, frame=y_score
    )
    statistic = average_precision(samples, y_score, average, pos_label)
    options = IntervalOptions(
        transition_draws, return_interval, confidence_level, random_state
    )
    return estimate(statistic, samples, options)
