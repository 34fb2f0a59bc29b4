"""Scorers on noisy labels: their base, and those that estimate a clean score by T."""

import numpy as np

from sklnoise._compat import BaseScorer
from sklnoise._labels import check_classes, check_labels
from sklnoise._names import frame_classes
from sklnoise._tensors import as_numpy
from sklnoise._text import list_some
from sklnoise._validation import check_transition_matrix, check_weight
from sklnoise.metrics._classification import (
    check_labels_and_predictions,
    inverse_transition,
)
from sklnoise.metrics._pair_scores import (
    balanced_scores,
    check_metric,
    name_of,
    scores_of_pairs,
)


def mean_score(sample_scores, sample_weight=None):
    """Average the scores of the samples."""
    return float(np.average(sample_scores, weights=sample_weight))


class NoisyLabelScorer(BaseScorer):
    """Base of the scorers: subclasses give the score of each sample."""

    def __init__(self, response_method, sign=1):
        # scikit-learn reads off mean_score that the scorer takes sample_weight.
        super().__init__(mean_score, sign, {}, response_method)

    def _score(self, method_caller, estimator, X, y_true, sample_weight=None):
        y_true = check_labels(y_true, "y_noisy")
        weight = check_weight(sample_weight, len(y_true))
        scores = self._sample_scores(
            method_caller, estimator, as_numpy(X), y_true, weight
        )
        return self._sign * self._score_func(scores, sample_weight=weight)

    def _sample_scores(self, method_caller, estimator, X, y_noisy, sample_weight):
        """Compute the score of each sample; subclasses override this."""
        raise NotImplementedError


def make_noise_corrected_scorer(
    transition_matrix, *, metric="accuracy", greater_is_better=True, labels=None
):
    r"""Make a scorer that estimates a score on clean labels from noisy ones.

    .. math:: \frac1n \sum_{s=1}^n \sum_i T^{-1}[y_s, i] \, S[i, \hat y_s]

    `S[i, j]` is the score of predicting j for a sample of clean class i. The estimate is
    unbiased if T is right and the noise depends on the clean class alone. Give all
    candidates the same T: one that each estimates for itself would be judged by its own
    standard.

    Parameters
    ----------
    transition_matrix : array-like of shape (n_classes, n_classes)
        T[i, j] = P(noisy = j | clean = i); rows sum to 1.

    metric : {"accuracy", "balanced_accuracy"}, callable or array, default="accuracy"
        What is estimated. A callable `metric(y_true, y_pred)` must be the mean over
        samples of a score of their two labels, such as `sklearn.metrics.zero_one_loss` or
        `mean_absolute_error`; it is called once for each pair of classes. An array of
        shape (n_classes, n_classes) holds these scores, clean classes as rows.
        "balanced_accuracy" weighs all clean classes alike, by shares that are estimated
        from the noisy labels; it is then no longer free of bias, but consistent.

    greater_is_better : bool, default=True
        False for a loss, whose sign is then changed.

    labels : array-like of shape (n_classes,), default=None
        All classes, in the order of the rows of T. None takes the names of a frame of
        T or, without them, the `classes_` of the estimator, so it is only needed where
        a training fold may lack a class.

    Returns
    -------
    scorer : callable
        `scorer(estimator, X, y_noisy, *, sample_weight=None)`, higher is better, for the
        `scoring` of a search or a cross-validation. Weights count as frequencies.

    Raises
    ------
    ValueError
        If T is no transition matrix or singular, or metric or labels do not fit it. When
        scoring: if the estimator has other classes, or the metric is no mean over
        samples.

    Examples
    --------
    >>> from sklearn.datasets import make_blobs
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import cross_val_score
    >>> from sklnoise.datasets import make_noisy_labels, make_transition_matrix
    >>> from sklnoise.metrics import make_noise_corrected_scorer
    >>> X, y = make_blobs(900, centers=[[0, 0], [6, 0], [0, 6]], random_state=0)
    >>> T = make_transition_matrix("pair", 3, 0.3)
    >>> y_noisy = make_noisy_labels(y, T, random_state=0)
    >>> scorer = make_noise_corrected_scorer(T)
    >>> scorer
    make_noise_corrected_scorer(<array of shape (3, 3)>, metric='accuracy')
    >>> scores = cross_val_score(LogisticRegression(), X, y_noisy, scoring=scorer)
    >>> print((y_noisy == y).mean() < 0.75 < 0.9 < scores.mean())
    True
    """
    for named in transition_matrix, metric:
        labels = frame_classes(named) if labels is None else labels
    T = check_transition_matrix(transition_matrix, classes=labels)
    labels = None if labels is None else check_classes(labels, len(T))
    metric = check_metric(metric, len(T), labels)
    if labels is not None and callable(metric):
        scores_of_pairs(metric, tuple(labels.tolist()))
    return NoiseCorrectedScorer(T, metric, 1 if greater_is_better else -1, labels)


class NoiseCorrectedScorer(NoisyLabelScorer):
    """Scorer by the inverse of T."""

    def __init__(self, transition_matrix, metric, sign, labels):
        super().__init__("predict", sign)
        self._transition_matrix = transition_matrix
        self._inverse = inverse_transition(transition_matrix)
        self._metric = metric
        self._labels = labels

    def _sample_scores(self, method_caller, estimator, X, y_noisy, sample_weight):
        noisy, predicted, weight, classes = check_labels_and_predictions(
            y_noisy,
            method_caller(estimator, "predict", X),
            len(self._inverse),
            self._classes_of(estimator),
            sample_weight,
        )
        scores = self._pair_scores(classes, noisy, weight)
        return (self._inverse @ scores)[noisy, predicted]

    def _classes_of(self, estimator):
        """Return the class of each row of T, or None where the estimator has none."""
        classes = getattr(estimator, "classes_", None)
        if self._labels is not None or classes is None:
            return self._labels
        n_classes = len(self._inverse)
        if len(classes) != n_classes:
            raise ValueError(
                f"transition_matrix has {n_classes} rows, one per class, but the "
                f"estimator was fitted on {len(classes)} classes: "
                f"{list_some(np.asarray(classes))}. If its training samples lacked a "
                "class, pass all classes, in the order of the rows, as labels to "
                "make_noise_corrected_scorer."
            )
        return classes

    def _pair_scores(self, classes, noisy, weight):
        """Return S, with clean classes as rows and predictions as columns."""
        if isinstance(self._metric, np.ndarray):
            return self._metric
        if callable(self._metric):
            return scores_of_pairs(self._metric, tuple(classes.tolist()))
        if self._metric == "balanced_accuracy":
            return balanced_scores(self._transition_matrix, noisy, weight)
        return np.eye(len(classes))

    def __repr__(self):
        parts = [
            f"<array of shape {self._inverse.shape}>",
            f"metric={name_of(self._metric)}",
        ]
        if self._sign < 0:
            parts.append("greater_is_better=False")
        if self._labels is not None:
            parts.append(f"labels={list_some(self._labels)}")
        return f"make_noise_corrected_scorer({', '.join(parts)})"
