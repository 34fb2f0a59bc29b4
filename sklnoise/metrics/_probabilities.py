"""Clean scores of probabilities and prediction sets, estimated on noisy labels."""

import numpy as np

from sklnoise.metrics._corrected_weights import check_samples
from sklnoise.metrics._interval import IntervalOptions, estimate
from sklnoise.metrics._proba_statistics import (
    brier_score,
    coverage,
    log_loss,
    top_k_accuracy,
)


def noise_corrected_log_loss(
    y_noisy,
    y_proba,
    transition_matrix,
    *,
    labels=None,
    sample_weight=None,
    transition_draws=None,
    return_interval=False,
    confidence_level=0.95,
    random_state=None,
):
    r"""Estimate the log loss on clean labels from noisy ones, without bias.

    .. math:: \frac1n \sum_{s=1}^n \sum_k T^{-1}[y_s, k] \, (-\log p_{sk})

    where :math:`p_{sk}` is the probability of class k for sample s. It is unbiased: its
    expectation over the noise is the clean value, if T is right, the noise depends on
    the clean class alone, and the model was not fitted to these samples.
    With T = I it is :func:`sklearn.metrics.log_loss`, which
    clips probabilities too. As a probability near 0 has a large loss, and some
    weights are negative, the estimate of a confident model varies much.

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
    loss : float
        Estimate of the clean log loss; it may be negative.

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

    Examples
    --------
    >>> from sklnoise.metrics import noise_corrected_log_loss
    >>> T = [[0.75, 0.25], [0.25, 0.75]]
    >>> y_noisy = ["ant", "ant", "bee", "bee", "bee", "ant", "bee", "bee"]
    >>> y_proba = [0.2, 0.1, 0.3, 0.8, 0.9, 0.7, 0.9, 0.6]  # of "bee"
    >>> print(round(noise_corrected_log_loss(y_noisy, y_proba, T), 3))
    -0.045
    """
    samples = check_samples(
        y_noisy, transition_matrix, labels, sample_weight, frame=y_proba
    )
    statistic = log_loss(samples, y_proba)
    options = IntervalOptions(
        transition_draws, return_interval, confidence_level, random_state
    )
    return estimate(statistic, samples, options, bounds=(0, np.inf))


def noise_corrected_brier_score_loss(
    y_noisy,
    y_proba,
    transition_matrix,
    *,
    labels=None,
    sample_weight=None,
    transition_draws=None,
    return_interval=False,
    confidence_level=0.95,
    random_state=None,
):
    r"""Estimate the Brier score on clean labels from noisy ones, without bias.

    .. math:: \frac1n \sum_{s=1}^n \sum_k T^{-1}[y_s, k] \, \sum_j (p_{sj} - 1\{j = k\})^2

    where :math:`p_{sk}` is the probability of class k for sample s, and half of this for
    two classes. It is unbiased: its expectation over the noise is the clean value, if T
    is right, the noise depends on the clean class alone, and the model was not fitted to
    these samples. With T = I it is :func:`sklearn.metrics.brier_score_loss`.

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
    loss : float
        Estimate of the clean Brier score; it may be negative.

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

    Examples
    --------
    >>> from sklnoise.metrics import noise_corrected_brier_score_loss
    >>> T = [[0.75, 0.25], [0.25, 0.75]]
    >>> y_noisy = ["ant", "ant", "bee", "bee", "bee", "ant", "bee", "bee"]
    >>> y_proba = [0.2, 0.1, 0.3, 0.8, 0.9, 0.7, 0.9, 0.6]  # of "bee"
    >>> print(round(noise_corrected_brier_score_loss(y_noisy, y_proba, T), 3))
    -0.031
    """
    samples = check_samples(
        y_noisy, transition_matrix, labels, sample_weight, frame=y_proba
    )
    statistic = brier_score(samples, y_proba)
    options = IntervalOptions(
        transition_draws, return_interval, confidence_level, random_state
    )
    return estimate(statistic, samples, options, bounds=(0, 2))


def noise_corrected_top_k_accuracy_score(
    y_noisy,
    y_score,
    transition_matrix,
    *,
    labels=None,
    sample_weight=None,
    k=2,
    transition_draws=None,
    return_interval=False,
    confidence_level=0.95,
    random_state=None,
):
    r"""Estimate the top-k accuracy on clean labels from noisy ones, without bias.

    .. math:: \frac1n \sum_{s=1}^n \sum_c T^{-1}[y_s, c] \, 1\{c \in \mathrm{top}_k(x_s)\}

    It is unbiased: its expectation over the noise is the clean value, if T is right, the
    noise depends on the clean class alone, and the model was not fitted to these samples.
    With T = I it is :func:`sklearn.metrics.top_k_accuracy_score`.

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

    k : int, default=2
        Number of most likely classes among which the clean one is looked for.

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
        Estimate of the clean top-k accuracy; it may lie below 0 or above 1.

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

    Examples
    --------
    >>> from sklnoise.metrics import noise_corrected_top_k_accuracy_score
    >>> T = [[0.75, 0.25], [0.25, 0.75]]
    >>> y_noisy = ["ant", "ant", "bee", "bee", "bee", "ant", "bee", "bee"]
    >>> y_score = [0.2, 0.1, 0.3, 0.8, 0.9, 0.7, 0.9, 0.6]  # of "bee"
    >>> print(round(noise_corrected_top_k_accuracy_score(y_noisy, y_score, T, k=1), 3))
    1.0
    """
    samples = check_samples(
        y_noisy, transition_matrix, labels, sample_weight, frame=y_score
    )
    statistic = top_k_accuracy(samples, y_score, k)
    options = IntervalOptions(
        transition_draws, return_interval, confidence_level, random_state
    )
    return estimate(statistic, samples, options)


def noise_corrected_coverage_score(
    y_noisy,
    y_set,
    transition_matrix,
    *,
    labels=None,
    sample_weight=None,
    transition_draws=None,
    return_interval=False,
    confidence_level=0.95,
    random_state=None,
):
    r"""Estimate how often a prediction set holds the clean label, without bias.

    .. math:: \frac1n \sum_{s=1}^n \sum_k T^{-1}[y_s, k] \, 1\{k \in C_s\}

    where :math:`C_s` is the set of sample s. It is unbiased: its expectation over the
    noise is the clean value, if T is right, the noise depends on the clean class
    alone, and the model was not fitted to these samples. With T = I it is the share of
    the sets that hold their label.

    Parameters
    ----------
    y_noisy : array-like of shape (n_samples,)
        Noisy labels.

    y_set : array-like of shape (n_samples, n_classes), dtype=bool
        Whether each class, in the order of the rows of T, is in the set of a sample. A
        frame's columns are sorted by name.

    transition_matrix : array-like of shape (n_classes, n_classes)
        T[i, j] = P(noisy = j | clean = i); rows sum to 1.

    labels : array-like of shape (n_classes,), default=None
        All classes, in the order of the rows of T. None takes the names of a frame of T
        or of y_set, or else the labels that occur, sorted, which must be as many as
        T has rows; integers from 0 to `n_classes - 1` are taken for the numbers of the
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
        Estimate of the clean coverage; it may lie below 0 or above 1.

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

    Sesia, Wang, Tong. Adaptive conformal classification with noisy labels. 2023
    (arXiv:2309.05092).

    Examples
    --------
    >>> from sklnoise.metrics import noise_corrected_coverage_score
    >>> T = [[0.75, 0.25], [0.25, 0.75]]
    >>> y_noisy = ["ant", "ant", "bee", "bee", "bee", "ant", "bee", "bee"]
    >>> sets = [[1, 0], [1, 0], [1, 1], [0, 1], [0, 1], [1, 1], [0, 1], [1, 1]]
    >>> print(round(noise_corrected_coverage_score(y_noisy, sets, T), 3))
    1.312
    """
    samples = check_samples(
        y_noisy, transition_matrix, labels, sample_weight, frame=y_set
    )
    statistic = coverage(samples, y_set)
    options = IntervalOptions(
        transition_draws, return_interval, confidence_level, random_state
    )
    return estimate(statistic, samples, options)
