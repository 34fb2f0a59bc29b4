"""The samples whose label is probably wrong."""

from numbers import Real

import numpy as np

from sklnoise._blocks import sample_blocks
from sklnoise._compat import Interval, StrOptions, validate_params
from sklnoise._validation import check_weight
from sklnoise.issues._fitted_rows import warn_of_fitted_proba
from sklnoise.issues._flags import (
    is_most_probable,
    judge_samples,
    lowest_quality,
    off_confident_diagonal,
)
from sklnoise.issues._quality import best_other, order_issues, self_confidence
from sklnoise.issues._transition import (
    check_samples,
    drop_absent_classes,
    resolve_transition,
)
from sklnoise.transition._base import TIE


@validate_params(
    {
        "y": ["array-like"],
        "y_proba": ["array-like"],
        "filter_by": [StrOptions({"posterior", "confident-learning", "self-confidence"})],
        "threshold": [Interval(Real, 0, 1, closed="both"), None],
        "return_type": [StrOptions({"mask", "indices", "frame"})],
    },
    prefer_skip_nested_validation=True,
)
def find_label_issues(
    y,
    y_proba,
    *,
    transition_matrix=None,
    labels=None,
    sample_weight=None,
    filter_by="posterior",
    threshold=None,
    return_type="mask",
):
    """Find the samples whose label is probably wrong.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Noisy labels.

    y_proba : array-like of shape (n_samples, n_classes)
        Probabilities of the noisy labels, by models that have not seen the samples, such
        as the `out_of_fold_proba_` of a classifier or those of
        :func:`sklearn.model_selection.cross_val_predict`.

    transition_matrix : array-like of shape (n_classes, n_classes), default=None
        T[i, j] = P(noisy = j | clean = i), for "posterior". None estimates it from the
        samples, as :func:`label_quality_scores` does.

    labels : array-like of shape (n_classes,), default=None
        The class of each column. None takes the names of a frame of probabilities or
        of T, or else the sorted labels of y, or codes from 0 if 0 occurs.

    sample_weight : array-like of shape (n_samples,), default=None
        Weights, counted as frequencies, where T or thresholds are estimated.

    filter_by : {"posterior", "confident-learning", "self-confidence"}, \
            default="posterior"
        "posterior": the samples of lowest quality, as many as T says are wrong, or as
        "confident-learning" finds where these are more, see the notes.
        "confident-learning": off the diagonal of the confident joint (Northcutt, 2021),
        and not the most probable class. "self-confidence": the samples of lowest
        probability of their label, at most as many as "confident-learning" finds.

    threshold : float in [0, 1], default=None
        Flags the samples whose quality is below it instead. The quality is
        :func:`label_quality_scores` with "posterior", otherwise the probability of the
        label.

    return_type : {"mask", "indices", "frame"}, default="mask"
        What is returned.

    Returns
    -------
    issues : ndarray or pandas.DataFrame
        "mask": a boolean array of shape (n_samples,). "indices": the positions of the
        issues, the most suspect first. "frame": one line per sample, with the index of y
        where it has one, and the columns `label`, `suggested_label`, `quality` and
        `is_issue`. For an issue, `suggested_label` is the most likely class besides the
        label (of several, the one that is more frequent, and the label itself if that
        decides nothing); for other samples the label, or with the other filters the most
        probable class.

    Raises
    ------
    ValueError
        If the labels, the probabilities or T are not valid, or do not fit.

    ModuleNotFoundError
        If a frame is asked for and pandas is not installed.

    See Also
    --------
    label_quality_scores : The quality that issues are sorted by with "posterior".

    Notes
    -----
    With "posterior", the samples are sorted by :func:`label_quality_scores`. The number
    of issues is that of the wrong labels that T implies, given the frequencies of the
    noisy labels: all labels times the noise rate, with two classes for each label by
    itself. Up to two standard errors are added where the sum of `1 - quality` is larger.
    A label of quality 0.7 or more is no issue: where the model is weak, T comes out too
    noisy, and such labels would only make up the number.

    T takes the mistakes of a class to be alike for all its samples. People mistake hard
    samples more often, and T then counts too few. There are therefore at least as many
    issues as "confident-learning" finds, as far as their quality is below 0.9.

    The order of samples and classes does not matter. Samples of the same quality are all
    issues, or none of them is if there would be too many. With "confident-learning" a
    label is no issue if no class is more probable, or no other class among those whose
    threshold is reached. Classes that are neither a label nor the most probable class of
    any sample are left out of the estimate of T.

    References
    ----------
    Northcutt, Jiang, Chuang. Confident learning: estimating uncertainty in dataset
    labels. JAIR 2021.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import cross_val_predict
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklnoise import find_label_issues
    >>> X, y = load_wine(return_X_y=True)
    >>> y[[3, 100]] = 2  # two wrong labels
    >>> model = make_pipeline(StandardScaler(), LogisticRegression())
    >>> y_proba = cross_val_predict(model, X, y, cv=5, method="predict_proba")
    >>> print(sorted(find_label_issues(y, y_proba, return_type="indices")[:2].tolist()))
    [3, 100]
    """
    samples = check_samples(y, y_proba, labels, transition_matrix)
    warn_of_fitted_proba(samples.y_proba)
    weight = check_weight(sample_weight, len(samples.y))
    if filter_by == "posterior":
        if transition_matrix is None:
            samples = drop_absent_classes(samples)
        T = resolve_transition(transition_matrix, samples, weight)
        quality, suggested, is_issue = judge_samples(samples, weight, T, threshold)
    else:
        quality, suggested, is_issue = judge_by_confidence(
            samples, weight, filter_by, threshold
        )
    if return_type == "mask":
        return is_issue
    if return_type == "indices":
        return order_issues(is_issue, quality)
    labels, suggested = samples.classes[samples.y], samples.classes[suggested]
    return make_frame(labels, suggested, quality, is_issue, index=index_of_series(y))


def judge_by_confidence(samples, sample_weight, filter_by, threshold=None):
    """Return self-confidence, suggested class and whether there is an issue."""
    y_proba, y, _ = samples
    quality = self_confidence(y_proba, y)
    is_top, other = is_most_probable(y_proba, y), np.empty(len(y), dtype=np.int64)
    frequency = y_proba.mean(axis=0, dtype=np.float64)
    for block in sample_blocks(*y_proba.shape):
        other[block] = best_other(y_proba[block], y[block], frequency)
    if threshold is not None:
        is_issue = quality < threshold
    else:
        is_issue = off_confident_diagonal(y_proba, y, sample_weight, is_top)
        if filter_by == "self-confidence":
            n_found = sample_weight[is_issue].sum() * (1 + TIE)
            is_issue = lowest_quality(quality, sample_weight, n_found)
    return quality, np.where(is_top & ~is_issue, y, other), is_issue


def index_of_series(y):
    """Return the index of a pandas Series or DataFrame, or None."""
    return y.index if hasattr(y, "iloc") else None


def make_frame(labels, suggested_labels, quality, is_issue, index=None, **first):
    """Return the judgement of each sample, or answer, as a frame."""
    try:
        import pandas as pd
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            'return_type="frame" needs pandas. Install it with pip install '
            '"sklnoise[frames]", or ask for a "mask" or "indices".',
            name="pandas",
        ) from error
    columns = first | {
        "label": labels,
        "suggested_label": suggested_labels,
        "quality": quality,
        "is_issue": is_issue,
    }
    return pd.DataFrame(columns, index=index)
