"""The T that labels are judged by, and the rows that are judged."""

from typing import NamedTuple

import numpy as np
from sklearn.utils.validation import check_consistent_length

from sklnoise._labels import match_labels
from sklnoise._matrix import noise_rate_of, shrink, uniform_flips, without_domination
from sklnoise._validation import check_proba, check_transition_matrix
from sklnoise.transition import AutoEstimator


class Rows(NamedTuple):
    """Rows to judge."""

    y_proba: np.ndarray
    y: np.ndarray
    classes: np.ndarray


def check_rows(y, y_proba, labels):
    """Validate the rows to judge."""
    y_proba = np.asarray(y_proba)
    if y_proba.ndim != 2 or y_proba.dtype.kind not in "fiub":
        raise ValueError(
            "y_proba must hold one probability a class, shape (n_samples, n_classes); "
            f"got shape {y_proba.shape} of {y_proba.dtype}. The labels are the first "
            "argument, the probabilities the second."
        )
    unknown = np.isnan(y_proba[:, :1]).sum()
    if unknown:
        raise ValueError(
            f"y_proba must be known in every row; {unknown} rows are NaN, as those are "
            "that no fold has held out. Leave them out: known = ~np.isnan(y_proba[:, 0])."
        )
    y_proba = check_proba(y_proba)
    check_consistent_length(y_proba, y)
    return Rows(y_proba, *match_labels(y, y_proba.shape[1], labels))


def resolve_transition(transition_matrix, rows, sample_weight):
    """Return the T to judge by, estimated where it is not known."""
    n_classes = len(rows.classes)
    if transition_matrix is not None:
        return check_transition_matrix(transition_matrix, n_classes)
    estimator = AutoEstimator().fit(rows.y_proba, rows.y, sample_weight)
    mass = np.bincount(rows.y, weights=sample_weight, minlength=n_classes)
    return steady(estimator.transition_matrix_, estimator.standard_error_, mass)


def steady(transition_matrix, standard_error, mass):
    """Draw an estimate of T to what labels can be judged by, however rough it is."""
    noise_rate = noise_rate_of(transition_matrix, mass / mass.sum(), mass.sum())
    even = uniform_flips(len(mass), noise_rate)
    T, _ = shrink(transition_matrix, standard_error, even)
    return without_domination(T)
