"""The difference of two models on clean labels, estimated on noisy ones."""

import numpy as np
from sklearn.utils import Bunch

from sklnoise.metrics._corrected_weights import check_samples
from sklnoise.metrics._interval import IntervalOptions, estimate
from sklnoise.metrics._named import named_metric


def compare_models(
    y_noisy,
    prediction_a,
    prediction_b,
    transition_matrix,
    *,
    metric="accuracy",
    labels=None,
    sample_weight=None,
    transition_draws=None,
    confidence_level=0.95,
    random_state=None,
):
    r"""Estimate by how much a model is better than another on clean labels.

    Both are scored on the same resamples of the samples, with the same draws of T. What
    is common to both thus cancels, and the interval of the difference is mostly much
    narrower than those of the two scores. The difference is unbiased or consistent as the
    metric is: see `noise_corrected_accuracy_score` and the like.

    Parameters
    ----------
    y_noisy : array-like of shape (n_samples,)
        Noisy labels, of samples that neither model was fitted to.

    prediction_a : array-like of shape (n_samples,) or (n_samples, n_classes)
        Predictions of the first model for these samples: labels, scores or
        probabilities, as the metric takes them.

    prediction_b : array-like of shape (n_samples,) or (n_samples, n_classes)
        Predictions of the second model.

    transition_matrix : array-like of shape (n_classes, n_classes)
        T[i, j] = P(noisy = j | clean = i); rows sum to 1.

    metric : str, default="accuracy"
        Name of a scorer of scikit-learn, higher is better: "accuracy",
        "balanced_accuracy", "f1", "f1_micro", "f1_macro", "f1_weighted",
        "top_k_accuracy", "average_precision", "roc_auc", "roc_auc_ovr", "roc_auc_ovo",
        "roc_auc_ovr_weighted", "roc_auc_ovo_weighted", "neg_log_loss",
        "neg_brier_score"; or "neg_calibration_error".

    labels : array-like of shape (n_classes,), default=None
        All classes, in the order of the rows of T. None takes the names of a frame of T
        or of probabilities, or else the labels that occur, sorted.

    sample_weight : array-like of shape (n_samples,), default=None
        Weights, counted as frequencies.

    transition_draws : array-like of shape (n_draws, n_classes, n_classes), default=None
        Matrices drawn around T, such as `estimator.draw()` of an estimator of T returns;
        rows and columns in the order of the classes. None says that T is known.

    confidence_level : float, default=0.95
        Probability that the interval covers the clean difference.

    random_state : int, RandomState instance or None, default=None
        Draws the interval.

    Returns
    -------
    comparison : Bunch
        `difference`, the score of the first model less that of the second; `low` and
        `high`, the ends of its interval, infinite where too many draws of T are singular
        or leave a score undefined; `value_a` and `value_b`, the two scores. The
        first model is better, at this level of confidence, if `low` is above 0.

    Raises
    ------
    ValueError
        If T is no transition matrix, singular, or does not fit the labels; if labels are
        missing, the arguments differ in length, or an option is not valid.

    Examples
    --------
    >>> import numpy as np
    >>> from sklnoise.datasets import make_noisy_labels, make_transition_matrix
    >>> from sklnoise.metrics import compare_models
    >>> T = make_transition_matrix("symmetric", 3, 0.2)
    >>> y = np.arange(900) % 3
    >>> good = make_noisy_labels(y, make_transition_matrix("symmetric", 3, 0.1),
    ...                          random_state=0)
    >>> poor = make_noisy_labels(good, make_transition_matrix("symmetric", 3, 0.1),
    ...                          random_state=1)
    >>> y_noisy = make_noisy_labels(y, T, random_state=2)
    >>> found = compare_models(y_noisy, good, poor, T, random_state=0)
    >>> print(found.low > 0)
    True
    """
    metric = named_metric(metric)
    if metric.response == "predict":
        known = {"y_pred": [prediction_a, prediction_b]}
    else:
        known = {"frame": prediction_a}
    samples = check_samples(y_noisy, transition_matrix, labels, sample_weight, **known)
    a, b = (metric.statistic(samples, p) for p in (prediction_a, prediction_b))
    options = IntervalOptions(transition_draws, True, confidence_level, random_state)
    difference, low, high = estimate(
        lambda weights: a(weights) - b(weights), samples, options, (-np.inf, np.inf)
    )
    value_a, value_b = (float(s(samples.corrected())) for s in (a, b))
    return Bunch(
        difference=difference, low=low, high=high, value_a=value_a, value_b=value_b
    )
