"""The samples whose label is probably wrong."""

import numpy as np

from sklnoise._blocks import sample_blocks
from sklnoise._compat import StrOptions, validate_params
from sklnoise._validation import check_weight
from sklnoise.issues._quality import judge, order_issues, self_confidence
from sklnoise.issues._transition import check_samples, resolve_transition
from sklnoise.transition._confusion import confident_classes, confident_thresholds


@validate_params(
    {
        "y": ["array-like"],
        "y_proba": ["array-like"],
        "filter_by": [StrOptions({"posterior", "confident-learning", "self-confidence"})],
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
        "posterior": another class is more likely than the label, given the sample, the
        label and T. "confident-learning": off the diagonal of the confident joint
        (Northcutt, 2021), and not the most probable class. "self-confidence": the samples
        of lowest probability of their label, as many as "confident-learning" finds.

    return_type : {"mask", "indices", "frame"}, default="mask"
        What is returned.

    Returns
    -------
    issues : ndarray or pandas.DataFrame
        "mask": a boolean array of shape (n_samples,). "indices": the positions of the
        issues, the most suspect first. "frame": one line per sample, with the index of y
        where it has one, and the columns `label`, `suggested_label`, `quality` and
        `is_issue`.

    Raises
    ------
    ValueError
        If the labels, the probabilities or T are not valid, or do not fit.

    ModuleNotFoundError
        If a frame is asked for and pandas is not installed.

    See Also
    --------
    label_quality_scores : The quality that issues are sorted by with "posterior".

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
    weight = check_weight(sample_weight, len(samples.y))
    if filter_by == "posterior":
        T = resolve_transition(transition_matrix, samples, weight)
        quality, suggested = judge(samples.y_proba, samples.y, T)
        is_issue = suggested != samples.y
    else:
        quality = self_confidence(samples.y_proba, samples.y)
        is_issue, suggested = off_confident_diagonal(samples.y_proba, samples.y, weight)
        if filter_by == "self-confidence":
            is_issue = lowest_quality(quality, weight, weight[is_issue].sum())
    if return_type == "mask":
        return is_issue
    if return_type == "indices":
        return order_issues(is_issue, quality)
    return as_frame(y, samples, suggested, quality, is_issue)


def off_confident_diagonal(y_proba, y, sample_weight):
    """Find the samples off the diagonal of the confident joint."""
    top = y_proba.argmax(axis=1)
    # A label that is the most probable class is no issue, so these need no threshold.
    other = np.flatnonzero(top != y)
    thresholds = confident_thresholds(y_proba, y, sample_weight)
    confident = np.empty(len(other), dtype=np.int64)
    for block in sample_blocks(len(other), len(thresholds)):
        confident[block] = confident_classes(y_proba[other[block]], thresholds)
    is_issue = np.zeros(len(y), dtype=bool)
    is_issue[other] = (confident >= 0) & (confident != y[other])
    return is_issue, top


def lowest_quality(quality, sample_weight, mass):
    """Return the mask of the samples of lowest quality, `mass` of them in weight."""
    order = np.argsort(quality, kind="stable")
    is_lowest = np.zeros(len(quality), dtype=bool)
    is_lowest[order] = np.cumsum(sample_weight[order]) <= mass * (1 + 1e-9)
    return is_lowest & (sample_weight > 0)


def as_frame(y, samples, suggested, quality, is_issue):
    """Return the judgement of each sample as a frame."""
    try:
        import pandas as pd
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            'return_type="frame" needs pandas. Install it with pip install '
            '"sklnoise[frames]", or ask for a "mask" or "indices".',
            name="pandas",
        ) from error
    index = y.index if isinstance(y, pd.Series | pd.DataFrame) else None
    columns = {
        "label": samples.classes[samples.y],
        "suggested_label": samples.classes[suggested],
        "quality": quality,
        "is_issue": is_issue,
    }
    return pd.DataFrame(columns, index=index)
