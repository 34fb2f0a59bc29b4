"""The clean calibration error, estimated on noisy labels."""

from sklnoise.metrics._calibration_statistics import calibration_error
from sklnoise.metrics._corrected_weights import check_samples
from sklnoise.metrics._interval import IntervalOptions, estimate


def noise_corrected_calibration_error(
    y_noisy,
    y_proba,
    transition_matrix,
    *,
    labels=None,
    sample_weight=None,
    n_bins=15,
    transition_draws=None,
    return_interval=False,
    confidence_level=0.95,
    random_state=None,
):
    r"""Estimate the calibration error on clean labels from noisy ones, consistently.

    .. math:: \sum_b \frac{n_b}{n} \mathrm E |g_b|,
        \qquad \hat g_b = \frac1{n_b} \sum_{s \in b} (T^{-1}[y_s, \hat y_s] - p_s)

    over bins of equal mass of the confidence :math:`p_s`, the probability of the
    predicted class :math:`\hat y_s`. Each :math:`\hat g_b` is an unbiased estimate of the
    difference of accuracy and confidence on clean labels, if T is right, the noise
    depends on the clean class alone, and the model was not fitted to these samples. But
    the noise adds to its absolute value. The expectation is that of a hierarchical normal
    model (Rubin, 1981), in which the clean :math:`g_b` are normal around a common mean,
    and the variance that the noise adds to each is known, its unbiased estimate being
    :math:`\sum_s t_s (t_s - 1) / n_b^2` with :math:`t_s = T^{-1}[y_s, \hat y_s]`.

    The estimate is consistent; where the noise is much larger than the gaps it is too
    high, by less than half of what the noise adds to the plain formula. With T = I it is
    the calibration error itself. Value and interval are about the clean labels of these
    samples. (Even with clean labels, the error of few samples is higher than that of
    many.)

    Parameters
    ----------
    y_noisy : array-like of shape (n_samples,)
        Noisy labels.

    y_proba : array-like of shape (n_samples, n_classes) or (n_samples,)
        Probabilities of the clean classes, in the order of the rows of T; of two classes,
        those of the second are enough. A frame's columns are sorted by name.

    transition_matrix : array-like of shape (n_classes, n_classes)
        T[i, j] = P(noisy = j | clean = i); rows sum to 1.

    labels : array-like of shape (n_classes,), default=None
        All classes, in the order of the rows of T. None takes the names of a frame of T
        or of y_proba, or else the labels that occur, sorted, which must be as many as
        T has rows; integers from 0 to `n_classes - 1` are taken for the numbers of the
        rows, so that some but 0 may be missing.

    sample_weight : array-like of shape (n_samples,), default=None
        Weights, counted as frequencies: a sample of weight 2 is a sample that is there
        twice. Weights whose mean is below 0.5 are no counts, and are scaled to mean 1.

    n_bins : int, default=15
        Number of bins of equal mass; samples of the same confidence share a bin.

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
    error : float
        Estimate of the clean calibration error, at least 0.

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
    Rubin. Estimation in parallel randomized experiments. Journal of Educational
    Statistics 6, 1981.

    Kumar, Liang, Ma. Verified uncertainty calibration. NeurIPS 2019.

    Examples
    --------
    >>> from sklnoise.metrics import noise_corrected_calibration_error
    >>> T = [[0.75, 0.25], [0.25, 0.75]]
    >>> y_noisy = ["ant", "ant", "bee", "bee", "bee", "ant", "bee", "bee"]
    >>> y_proba = [0.2, 0.1, 0.3, 0.8, 0.9, 0.7, 0.9, 0.6]  # of "bee"
    >>> print(round(noise_corrected_calibration_error(y_noisy, y_proba, T, n_bins=2), 3))
    0.453
    """
    samples = check_samples(
        y_noisy, transition_matrix, labels, sample_weight, frame=y_proba
    )
    statistic = calibration_error(samples, y_proba, n_bins)
    options = IntervalOptions(
        transition_draws, return_interval, confidence_level, random_state
    )
    return estimate(statistic, samples, options)
