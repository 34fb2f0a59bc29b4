"""What a fit has found out about the noise, and how far that can be trusted."""

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from sklearn.base import clone
from sklearn.utils import Bunch

from sklnoise._transition_matrix import clean_prior, swappable_pairs
from sklnoise.classifiers._transition import standard_error_of
from sklnoise.classifiers._weak_first_pass import examine, warn_of_weakness
from sklnoise.transition import ConfidentJointEstimator, LabelFrequencyEstimator

NORMAL_95 = 1.96
ALIKE = 0.1
"""Total variation below which two rows of T are too alike to tell the classes apart."""

REFERENCES = LabelFrequencyEstimator(share=0.05), ConfidentJointEstimator()
"""Estimates whose distance stands for the bias that standard errors do not show."""


def summarize(
    transition_matrix,
    classes,
    y,
    sample_weight,
    *,
    y_proba=None,
    standard_error=None,
    named=False,
):
    """Summarise the noise of some rows."""
    T, estimated = transition_matrix, standard_error is not None
    mass = np.bincount(y, weights=sample_weight, minlength=len(T))
    prior, prior_error = clean_prior(T, mass / mass.sum(), mass.sum())
    rates = noise_rates(T, prior)
    sampling, bias = np.zeros((2, len(rates)))
    if estimated:
        of_diagonal = standard_error.diagonal()
        sampling = np.append(of_diagonal, np.linalg.norm(prior * of_diagonal))
        bias = disagreement(T, prior, y_proba, y, sample_weight, named)
    error = np.hypot(sampling, bias)
    error[-1] = np.hypot(error[-1], error_by_prior(T, prior_error))
    interval = np.clip(rates + np.outer([-NORMAL_95, NORMAL_95], error), 0, 1).T

    evidence = anchors = is_weak = None
    if y_proba is not None:
        evidence, anchors = examine(y_proba, y, sample_weight, T)
        claims_noise = rates[-1] > 2 * sampling[-1]
        is_weak = bool(estimated and claims_noise and evidence.is_weak())
        evidence = Bunch(doubt=evidence.doubt, **evidence._asdict())
    return Bunch(
        noise_rate=float(rates[-1]),
        noise_rate_interval=tuple(interval[-1].tolist()),
        noise_rate_per_class=rates[:-1],
        noise_rate_per_class_interval=interval[:-1],
        condition_number=float(np.linalg.cond(T)),
        dominated_classes=dominated_classes(T, classes),
        indistinguishable_classes=indistinguishable_classes(T, classes),
        anchors_per_class=anchors,
        weak_first_pass=is_weak,
        evidence=evidence,
        identity_share=0.0,
    )


def summarize_fit(transition_matrix, estimator, found, data, rows, trusted, classes):
    """Summarise the noise of the rows of a fit, and warn if it may be error."""
    judged = rows[~trusted[rows]]
    if found is not None:
        judged = judged[~np.isnan(found.y_proba[judged]).any(axis=1)]
    if not len(judged):
        return empty_summary()
    known = {"named": trusted.any()}
    if found is not None:
        known["y_proba"] = found.y_proba[judged]
    if estimator is not None:
        known["standard_error"] = standard_error_of(estimator, len(classes))
    summary = summarize(
        transition_matrix, classes, data.y[judged], data.sample_weight[judged], **known
    )
    if summary.weak_first_pass:
        warn_of_weakness(summary)
    return summary


def empty_summary():
    """Return the summary where a loss without T tells nothing of the noise."""
    return Bunch(
        noise_rate=None,
        noise_rate_interval=None,
        noise_rate_per_class=None,
        noise_rate_per_class_interval=None,
        condition_number=1.0,
        dominated_classes=[],
        indistinguishable_classes=[],
        anchors_per_class=None,
        weak_first_pass=None,
        evidence=None,
        identity_share=None,
    )


def noise_rates(transition_matrix, prior):
    """Return the share of wrong labels of each clean class, and of all rows."""
    wrong = 1 - transition_matrix.diagonal()
    return np.append(wrong, prior @ wrong)


def disagreement(transition_matrix, prior, y_proba, y, sample_weight, named):
    """Return how far the noise rates are from those of other estimates of T."""
    rates = noise_rates(transition_matrix, prior)
    distances = []
    for reference in map(clone, REFERENCES):
        other = reference.fit(y_proba, y, sample_weight).transition_matrix_
        if named:
            distance = cdist(transition_matrix, other, "cityblock")
            other = other[linear_sum_assignment(distance)[1]]
        distances.append(np.abs(noise_rates(other, prior) - rates))
    return np.max(distances, axis=0)


def error_by_prior(transition_matrix, prior_error):
    """Return the error of the noise rate that comes from that of the clean prior."""
    diagonal = transition_matrix.diagonal()
    uneven = diagonal - diagonal.mean()
    matters = np.abs(uneven) > 1e-12
    return np.linalg.norm(uneven[matters] * prior_error[matters])


def dominated_classes(transition_matrix, classes):
    """Find the classes that are labelled as another class more often than correctly."""
    is_dominated = transition_matrix.diagonal() < transition_matrix.max(axis=1)
    return classes[is_dominated].tolist()


def indistinguishable_classes(transition_matrix, classes):
    """Find the classes that noisy labels alone cannot tell apart."""
    T = transition_matrix
    distance = cdist(T, T, "cityblock") / 2
    alike = np.argwhere(np.triu(distance < ALIKE, k=1))
    pairs = {*map(tuple, swappable_pairs(T).tolist()), *map(tuple, alike.tolist())}
    names = classes.tolist()
    return [(names[i], names[j]) for i, j in sorted(pairs)]
