"""The labels of rows, judged by what a fitted classifier knows of them."""

from typing import NamedTuple

import numpy as np
from sklearn.utils.validation import check_consistent_length

from sklnoise._labels import match_labels
from sklnoise._validation import check_proba, check_trusted
from sklnoise.classifiers._transition import standard_error_of
from sklnoise.inspection._fitted import fitted_classifier
from sklnoise.issues._quality import best_of, judge, label_posterior
from sklnoise.issues._transition import check_samples, resolve_transition, shrink_estimate


class Judgement(NamedTuple):
    """What is known of the labels of some rows."""

    rows: np.ndarray
    labels: np.ndarray
    suggested_labels: np.ndarray
    quality: np.ndarray
    is_issue: np.ndarray
    n_left_out: int = 0
    learned: bool = False
    n_trusted: int = 0


def judge_fitted(estimator, X, y, new_rows=False, trusted=None):
    """Judge labels by a fitted classifier."""
    clf = fitted_classifier(estimator)
    if trusted is None:
        return judge_untrusted(clf, estimator, X, y, new_rows)
    trusted = check_trusted(trusted, len(y))
    return believe(judge_untrusted(clf, estimator, X, y, new_rows), trusted)


def judge_untrusted(clf, estimator, X, y, new_rows):
    """Judge labels, all of which may be wrong."""
    T, classes = clf.transition_matrix_, clf.classes_
    held_out = None if new_rows else getattr(clf, "out_of_fold_proba_", None)
    if held_out is not None:
        check_fitted_rows(X, y, len(held_out))
        return judge_held_out(y, held_out, transition_to_judge_by(clf, y), classes)
    if X is None:
        raise ValueError(
            "X must be given: there is no out_of_fold_proba_ for these rows, so that "
            "their labels are judged by predict_proba(X); got None."
        )
    check_consistent_length(X, y)
    return judge_predicted(y, estimator.predict_proba(X), T, classes, not new_rows)


def believe(judgement, trusted):
    """Take the labels that are known to be right for right."""
    known = trusted[judgement.rows]
    suggested = np.where(known, judgement.labels, judgement.suggested_labels)
    return judgement._replace(
        suggested_labels=suggested,
        quality=np.where(known, 1.0, judgement.quality),
        is_issue=judgement.is_issue & ~known,
        n_trusted=int(known.sum()),
    )


def transition_to_judge_by(clf, y):
    """Return the T of a classifier that its held-out rows are judged by."""
    T, estimator = clf.transition_matrix_, clf.transition_estimator_
    if is_identity(T):
        return None
    if estimator is None:
        return T
    n_classes = len(clf.classes_)
    codes, _ = match_labels(y, n_classes, clf.classes_)
    mass = np.bincount(codes, minlength=n_classes)
    return shrink_estimate(T, standard_error_of(estimator, n_classes), mass)


def check_fitted_rows(X, y, n_fitted):
    """Raise a ValueError if the rows are not those that a classifier was fitted on."""
    if X is not None:
        check_consistent_length(X, y)
    if len(y) != n_fitted:
        raise ValueError(
            f"X and y must be the {n_fitted} rows that the classifier was fitted on, "
            f"which out_of_fold_proba_ belongs to; got {len(y)} rows. Pass new_rows=True "
            "to judge other rows by predict_proba."
        )


def judge_held_out(y, y_proba, transition_matrix=None, classes=None):
    """Judge labels by held-out probabilities, as `find_label_issues` does."""
    check_consistent_length(y, y_proba)
    y, y_proba = np.asarray(y), np.asarray(y_proba)
    kept = np.arange(len(y))
    if y_proba.ndim == 2 and y_proba.dtype.kind == "f":
        kept = np.flatnonzero(~np.isnan(y_proba).any(axis=1))
    if not len(kept):
        raise ValueError(
            "y_proba must be known in some rows; all of them are NaN, held out by no "
            "fold. Fit with a cv that holds rows out, or judge them with new_rows=True."
        )
    left_out = len(y) - len(kept)
    rows = check_samples(y[kept], y_proba[kept], classes)
    T = resolve_transition(transition_matrix, rows, None)
    quality, suggested = judge(rows.y_proba, rows.y, T)
    labels = rows.classes[rows.y], rows.classes[suggested]
    return Judgement(kept, *labels, quality, suggested != rows.y, left_out)


def judge_predicted(y, y_proba, transition_matrix, classes, learned):
    """Judge labels by a clean posterior, as `label_quality` of a classifier does."""
    codes, _ = match_labels(y, len(classes), classes)
    posterior = check_proba(y_proba)
    if not is_identity(transition_matrix):
        posterior = label_posterior(posterior, codes, transition_matrix)
    quality, suggested = best_of(posterior, codes)
    labels = classes[codes], classes[suggested]
    rows = np.arange(len(codes))
    return Judgement(rows, *labels, quality, suggested != codes, learned=learned)


def is_identity(transition_matrix):
    """Tell whether T says that all labels are right, as it does where it is not known."""
    return np.array_equal(transition_matrix, np.eye(len(transition_matrix)))
