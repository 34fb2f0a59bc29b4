"""Scorers on noisy labels: their base, and those that estimate a clean score by T."""

import numpy as np

from sklnoise._compat import BaseScorer
from sklnoise._labels import check_classes, check_labels, encode_labels, sort_classes
from sklnoise._names import frame_classes
from sklnoise._tensors import as_numpy
from sklnoise._text import list_some, shorten
from sklnoise._validation import check_transition_matrix, check_weight
from sklnoise.metrics._corrected_weights import check_samples, invert
from sklnoise.metrics._estimated_transition import (
    HeldOutTransition,
    check_transition_estimator,
)
from sklnoise.metrics._label_statistics import pair_scores
from sklnoise.metrics._named import NAMED_METRICS
from sklnoise.metrics._pair_scores import check_metric, name_of, scores_of_pairs


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
    transition_matrix,
    *,
    metric="accuracy",
    greater_is_better=True,
    labels=None,
    first_pass=None,
):
    r"""Make a scorer that estimates a score on clean labels from noisy ones.

    .. math:: \frac1n \sum_{s=1}^n \sum_i T^{-1}[y_s, i] \, S[i, \hat y_s]

    `S[i, j]` is the score of predicting j for a sample of clean class i. The estimate is
    unbiased if T is right and the noise depends on the clean class alone. For other
    metrics see the function that estimates each, such as `noise_corrected_roc_auc_score`.
    Give all candidates the same T: one that each estimates for itself would be judged by
    its own standard.

    Parameters
    ----------
    transition_matrix : array-like of shape (n_classes, n_classes), estimator or "auto"
        T[i, j] = P(noisy = j | clean = i); rows sum to 1. An estimator of T, or "auto"
        for :class:`~sklnoise.transition.AutoEstimator`, is fitted to the samples that
        are scored, with probabilities of `first_pass` that are out of fold among them.
        No candidate has part in it, so that T is the same for all candidates on one
        split, and no sample that a candidate was fitted to is used.

    metric : str, callable or array, default="accuracy"
        What is estimated: the name of a scorer of scikit-learn, namely "accuracy",
        "balanced_accuracy", "f1", "f1_micro", "f1_macro", "f1_weighted",
        "top_k_accuracy", "average_precision", "roc_auc", "roc_auc_ovr", "roc_auc_ovo",
        "roc_auc_ovr_weighted", "roc_auc_ovo_weighted", "neg_log_loss",
        "neg_brier_score"; or "neg_calibration_error". A callable
        `metric(y_true, y_pred)` must be the mean over samples of a score of their two
        labels, such as `sklearn.metrics.zero_one_loss` or `mean_absolute_error`; it is
        called once for each pair of classes. An array of shape (n_classes, n_classes)
        holds these scores, clean classes as rows.

    greater_is_better : bool, default=True
        False for a loss, whose sign is then changed. The named ones are scores.

    labels : array-like of shape (n_classes,), default=None
        All classes, in the order of the rows of T. None takes the names of a frame of
        T or, without them, the `classes_` of the estimator, so it is only needed where
        a training fold may lack a class.

    first_pass : classifier, default=None
        Gives the probabilities from which T is estimated, in five folds; is cloned, and
        seeded where its `random_state` is None. Needed only if `transition_matrix` is no
        matrix.

    Returns
    -------
    scorer : callable
        `scorer(estimator, X, y_noisy, *, sample_weight=None)`, higher is better, for the
        `scoring` of a search or a cross-validation. Weights count as frequencies; the
        first pass is fitted without them.

    Raises
    ------
    ValueError
        If T is no transition matrix or singular, or metric or labels do not fit it. When
        scoring: if the estimator has other classes, or the metric is no mean over
        samples.

    TypeError
        If T is to be estimated and `first_pass` is no classifier with `predict_proba`.

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
    estimator = check_transition_estimator(transition_matrix, first_pass)
    if estimator is not None:
        transition = HeldOutTransition(estimator, first_pass)
        n_classes = None if labels is None else len(labels)
    else:
        transition = check_transition_matrix(transition_matrix, classes=labels)
        invert(transition)
        n_classes = len(transition)
    labels = None if labels is None else check_classes(labels, n_classes)
    metric = check_metric(metric, n_classes, labels)
    if labels is not None and callable(metric):
        scores_of_pairs(metric, tuple(labels.tolist()))
    return NoiseCorrectedScorer(
        transition, metric, 1 if greater_is_better else -1, labels
    )


class NoiseCorrectedScorer(NoisyLabelScorer):
    """Scorer by the inverse of T."""

    def __init__(self, transition, metric, sign, labels):
        self._named = NAMED_METRICS.get(metric) if isinstance(metric, str) else None
        super().__init__("predict" if self._named is None else self._named.response, sign)
        self._transition = transition
        self._metric = metric
        self._labels = labels

    def _score(self, method_caller, estimator, X, y_true, sample_weight=None):
        X = as_numpy(X)
        prediction = as_numpy(method_caller(estimator, self._response_method, X))
        by_label = self._response_method == "predict"
        samples = self._check_samples(
            estimator, X, y_true, sample_weight, [prediction] if by_label else []
        )
        if not by_label:
            columns = np.asarray(estimator.classes_)
            prediction = align_scores(prediction, columns, samples.classes)
        statistic = self._statistic(samples, prediction)
        return self._sign * float(statistic(samples.corrected()))

    def _check_samples(self, estimator, X, y_noisy, sample_weight, y_pred):
        """Validate labels and weights, and estimate T where it is not given."""
        if not isinstance(self._transition, HeldOutTransition):
            labels, T = self._classes_of(estimator), self._transition
            return check_samples(y_noisy, T, labels, sample_weight, y_pred=y_pred)
        y_noisy = check_labels(y_noisy, "y_noisy")
        labels = getattr(estimator, "classes_", None)
        if self._labels is not None:
            labels = self._labels
        elif labels is None:
            labels = sort_classes(y_noisy)
        labels = np.asarray(labels)
        codes = encode_labels(y_noisy, labels, "y_noisy")
        weight = check_weight(sample_weight, len(codes))
        T = self._transition(X, codes, labels, weight)
        return check_samples(y_noisy, T, labels, weight, y_pred=y_pred)

    def _statistic(self, samples, prediction):
        """Return the statistic of a prediction."""
        if self._named is not None:
            return self._named.statistic(samples, prediction)
        classes = samples.classes
        scores = check_metric(self._metric, len(classes), classes)
        if callable(scores):
            scores = scores_of_pairs(scores, tuple(classes.tolist()))
        return pair_scores(samples, prediction, scores)

    def _classes_of(self, estimator):
        """Return the class of each row of T, or None where the estimator has none."""
        classes = getattr(estimator, "classes_", None)
        if self._labels is not None or classes is None:
            return self._labels
        n_classes = len(self._transition)
        if len(classes) != n_classes:
            raise ValueError(
                f"transition_matrix has {n_classes} rows, one per class, but the "
                f"estimator was fitted on {len(classes)} classes: "
                f"{list_some(np.asarray(classes))}. If its training samples lacked a "
                "class, pass all classes, in the order of the rows, as labels to "
                "make_noise_corrected_scorer."
            )
        return classes

    def __repr__(self):
        T, is_estimated = (
            self._transition,
            isinstance(self._transition, HeldOutTransition),
        )
        parts = [
            repr(T) if is_estimated else f"<array of shape {T.shape}>",
            f"metric={name_of(self._metric)}",
        ]
        if self._sign < 0:
            parts.append("greater_is_better=False")
        if self._labels is not None:
            parts.append(f"labels={list_some(self._labels)}")
        if is_estimated:
            parts.append(f"first_pass={shorten(repr(T.first_pass))}")
        return f"make_noise_corrected_scorer({', '.join(parts)})"


def align_scores(y_score, columns, classes):
    """Return scores with a column for each class, in the order of the classes."""
    if len(columns) == len(classes) and np.array_equal(columns, classes):
        return y_score
    if y_score.ndim == 1:
        lowest = -1 if y_score.min() < 0 or y_score.max() > 1 else 0
        y_score = np.stack([1 + lowest - y_score, y_score], axis=1)
    # A class that the estimator has not seen is the least likely for every sample.
    aligned = np.full((len(y_score), len(classes)), min(0, y_score.min()), dtype=float)
    position = {label: at for at, label in enumerate(classes.tolist())}
    missing = [label for label in columns.tolist() if label not in position]
    if missing:
        raise ValueError(
            f"labels must name all classes of the estimator; {list_some(missing)} are "
            f"missing from {list_some(classes)}."
        )
    aligned[:, [position[label] for label in columns.tolist()]] = y_score
    return aligned
