"""One judgement of labels, for the displays, the report and the command line."""

from typing import NamedTuple

import numpy as np
from sklearn.utils.validation import check_consistent_length

from sklnoise._labels import check_labels, encode_fitted_labels
from sklnoise._names import align_columns, frame_classes
from sklnoise._tensors import as_numpy
from sklnoise._transition_matrix import is_identity
from sklnoise._validation import check_proba, check_trusted
from sklnoise.issues._flags import flag, judge_samples
from sklnoise.issues._quality import (
    best_other,
    judge,
    label_posterior,
    order_issues,
    self_confidence,
)
from sklnoise.issues._transition import (
    check_samples,
    drop_absent_classes,
    resolve_transition,
    shrink_estimate,
)
from sklnoise.transition._base import TIE


class Judgement(NamedTuple):
    """What is known of the labels of some samples; `rows` are their positions.

    Of answers, there is one entry for each, and `annotators` tells whose it is.
    """

    rows: np.ndarray
    labels: np.ndarray
    suggested_labels: np.ndarray
    quality: np.ndarray
    is_issue: np.ndarray
    n_left_out: int = 0
    # Whether the network that judges was trained on these labels.
    judged_in_sample: bool = False
    n_trusted: int = 0
    annotators: np.ndarray | None = None

    def worst_issues(self, n_issues=None):
        """Return which of the judged samples are issues, the most suspect first."""
        return order_issues(self.is_issue, self.quality)[:n_issues]

    def trust(self, trusted):
        """Return the judgement with all trusted labels counted as right."""
        known = trusted[self.rows]
        suggested = np.where(known, self.labels, self.suggested_labels)
        return self._replace(
            suggested_labels=suggested,
            quality=np.where(known, 1.0, self.quality),
            is_issue=self.is_issue & ~known,
            n_trusted=int(known.sum()),
        )


def judge_fitted(classifier, X, y, *, model=None, new_rows=False, trusted=None):
    """Judge labels by a fitted classifier, the last step of a model that takes X."""
    if not isinstance(new_rows, bool | np.bool_):
        raise TypeError(
            "new_rows must be True for samples other than those of fit, else False; got "
            f"{new_rows!r}."
        )
    if trusted is not None:
        trusted = check_trusted(trusted, len(y))
    held_out = None if new_rows else getattr(classifier, "out_of_fold_proba_", None)
    if held_out is not None:
        check_fitted_samples(X, y, len(held_out))
        if hasattr(classifier, "label_quality_"):
            judgement = judgement_of_fit(classifier, y)
        else:
            T = shrunk_transition(classifier, y)
            judgement = judge_held_out(y, held_out, T, classifier.classes_)
    elif X is None:
        raise ValueError(
            "X must be given: there is no out_of_fold_proba_ for these samples, so that "
            "their labels are judged by predict_proba(X); got None."
        )
    else:
        check_consistent_length(X, y)
        model = classifier if model is None else model
        if not hasattr(model, "predict_proba"):
            raise ValueError(
                "X must be samples that a fold held out, as a classifier with "
                'refit=False predicts none. Fit it with refit="scratch".'
            )
        judgement = judge_predicted(classifier, y, model.predict_proba(X))
        judgement = judgement._replace(judged_in_sample=not new_rows)
    return judgement if trusted is None else judgement.trust(trusted)


def check_fitted_samples(X, y, n_fitted):
    """Raise a ValueError if the samples are not those that a classifier was fitted on."""
    if X is not None:
        check_consistent_length(X, y)
    if len(y) != n_fitted:
        raise ValueError(
            f"X and y must be the {n_fitted} samples that the classifier was fitted on, "
            f"which out_of_fold_proba_ belongs to; got {len(y)} samples. Pass "
            "new_rows=True to judge other samples by predict_proba."
        )


def judgement_of_fit(classifier, y):
    """Return the judgement by which a classifier has chosen the samples of its refit."""
    y_proba, classes = classifier.out_of_fold_proba_, classifier.classes_
    y = check_labels(y, "y")
    check_consistent_length(y, y_proba)
    rows = np.flatnonzero(~np.isnan(y_proba).any(axis=1))
    codes = encode_fitted_labels(y[rows], classes)
    other = np.flatnonzero(codes != classifier._fitted_codes[rows])
    if len(other):
        sample = rows[other[0]]
        raise ValueError(
            "y must hold the labels that the classifier was fitted on, whose "
            f"label_quality_ is known; sample {sample} has "
            f"{y.tolist()[sample]!r} instead of "
            f"{classes.tolist()[classifier._fitted_codes[sample]]!r}. Fit it again, or "
            "pass new_rows=True to judge other labels by predict_proba."
        )
    is_issue = classifier.label_issues_[rows]
    likeliest = judge(y_proba[rows], codes, classifier.transition_matrix_)[1]
    suggested = classes[np.where(is_issue, likeliest, codes)]
    quality, n_left_out = classifier.label_quality_[rows], len(y) - len(rows)
    return Judgement(rows, classes[codes], suggested, quality, is_issue, n_left_out)


def shrunk_transition(classifier, y):
    """Return the T that the held-out samples of a classifier are judged by."""
    T, estimator = classifier.transition_matrix_, classifier.transition_estimator_
    if is_identity(T):
        # Nothing was corrected, which does not make all labels right.
        return None
    if estimator is None:
        return T
    codes = encode_fitted_labels(y, classifier.classes_)
    return shrink_estimate(estimator, T, np.bincount(codes, minlength=len(T)))


def judge_held_out(y, y_proba, transition_matrix=None, classes=None):
    """Judge labels by held-out probabilities, as `find_label_issues` does."""
    check_consistent_length(y, y_proba)
    y, frame, y_proba = check_labels(y, "y"), y_proba, np.asarray(as_numpy(y_proba))
    for named in frame, transition_matrix:
        classes = frame_classes(named, y) if classes is None else classes
    if y_proba.ndim == 2:  # all else is refused below
        y_proba = align_columns(y_proba, frame, classes, "y_proba")
    kept = np.arange(len(y))
    if y_proba.ndim == 2 and y_proba.dtype.kind == "f":
        kept = np.flatnonzero(~np.isnan(y_proba).any(axis=1))
    if not len(kept):
        raise ValueError(
            "y_proba must be known for some samples; all of them are NaN, held out by no "
            "fold. Fit with a cv that holds samples out, or pass new_rows=True."
        )
    if y_proba.ndim:
        y_proba = y_proba[kept]
    samples = check_samples(y[kept], y_proba, classes)
    if transition_matrix is None:
        samples = drop_absent_classes(samples)
    weight = np.ones(len(kept))
    T = resolve_transition(transition_matrix, samples, weight)
    quality, suggested, is_issue = judge_samples(samples, weight, T)
    labels = samples.classes[samples.y], samples.classes[suggested]
    return Judgement(kept, *labels, quality, is_issue, len(y) - len(kept))


def judge_predicted(classifier, y, clean_proba):
    """Judge labels by a clean posterior, as `label_quality` of a classifier does."""
    T, classes = classifier.transition_matrix_, classifier.classes_
    codes = encode_fitted_labels(y, classes)
    posterior = check_proba(clean_proba)
    frequency = posterior.mean(axis=0, dtype=np.float64)
    if is_identity(T):
        # Nothing was corrected, which does not make all labels right.
        quality = self_confidence(posterior, codes)
        is_issue = quality < posterior.max(axis=1) - TIE
    else:
        posterior = label_posterior(posterior, codes, T)
        quality = self_confidence(posterior, codes)
        is_issue = flag(quality, codes, np.ones(len(codes)), T)
    suggested = np.where(is_issue, best_other(posterior, codes, frequency), codes)
    labels = classes[codes], classes[suggested]
    return Judgement(np.arange(len(codes)), *labels, quality, is_issue)
