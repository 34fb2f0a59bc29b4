"""The samples whose labels are judged, and the T that they are judged by."""

from typing import NamedTuple

import numpy as np
from sklearn.utils.validation import check_consistent_length

from sklnoise._blocks import sample_blocks
from sklnoise._labels import check_labels, match_labels
from sklnoise._names import frame_classes
from sklnoise._tensors import as_numpy
from sklnoise._transition_matrix import (
    noise_rate_of,
    shrink_dominated_rows,
    shrink_towards,
    uniform_flips,
)
from sklnoise._validation import check_proba, check_transition_matrix
from sklnoise.transition import AgreementEstimator, AutoEstimator
from sklnoise.transition._base import TIE, add_absent_classes, fit_codes

# With fewer labels of each class, a row of T would be read off less than the 20 samples
# of `LabelFrequencyEstimator`, which looks at half of those predicted so. It hardly says
# which classes are mistaken for which, and of many classes to use it takes very long.
MIN_LABELS_PER_CLASS = 40
MANY_CLASSES = 200

# Of the labels, that are wrong at least: half a label, but never more than this share.
MIN_WRONG, MAX_LEAST_RATE = 0.5, 0.1


class Samples(NamedTuple):
    """Samples to judge."""

    y_proba: np.ndarray
    y: np.ndarray
    classes: np.ndarray


def check_samples(y, y_proba, labels, transition_matrix=None):
    """Validate the samples to judge; names of a frame are their classes."""
    frame, y_proba = y_proba, np.asarray(as_numpy(y_proba))
    if y_proba.ndim != 2 or y_proba.dtype.kind not in "fiub":
        raise ValueError(
            "y_proba must hold one probability per class, shape (n_samples, n_classes); "
            f"got shape {y_proba.shape} of {y_proba.dtype}. The labels are the first "
            "argument, the probabilities, as of predict_proba, the second."
        )
    unknown = np.isnan(y_proba[:, :1]).sum()
    if unknown:
        raise ValueError(
            f"y_proba must be known for every sample; {unknown} samples are NaN, as "
            "those are that no fold has held out. Leave them out: known = "
            "~np.isnan(y_proba[:, 0])."
        )
    check_consistent_length(y_proba, y)
    y = check_labels(y, "y")
    for named in frame, transition_matrix:
        labels = frame_classes(named, y) if labels is None else labels
    y_proba = check_proba(frame, labels)
    return Samples(y_proba, *match_labels(y, y_proba.shape[1], labels))


def resolve_transition(transition_matrix, samples, sample_weight):
    """Return the T to judge by, estimated where it is not known."""
    n_classes = len(samples.classes)
    if transition_matrix is not None:
        return check_transition_matrix(transition_matrix, n_classes, samples.classes)
    return estimate_transition(samples, sample_weight)[0]


def estimate_transition(samples, sample_weight):
    """Return the T to judge by and the estimator that it is shrunk from."""
    n_classes = len(samples.classes)
    kept = occurring_classes(samples)
    if not kept.all():
        T = np.eye(n_classes)
        T[np.ix_(kept, kept)], estimator = estimate_transition(
            keep_classes(samples, kept), sample_weight
        )
        add_absent_classes(estimator, np.flatnonzero(kept), n_classes)
        return T, estimator
    auto = fit_codes(AutoEstimator(), samples.y_proba, samples.y, sample_weight)
    mass = np.bincount(samples.y, weights=sample_weight, minlength=n_classes)
    T = shrink_estimate(auto.estimator_, auto.transition_matrix_, mass)
    return T, auto.estimator_


def drop_absent_classes(samples):
    """Leave out the classes that are neither a label nor most probable of any sample."""
    kept = occurring_classes(samples)
    return samples if kept.all() else keep_classes(samples, kept)


def occurring_classes(samples):
    """Return the mask of the classes that some sample is labelled or predicted as."""
    y_proba, y, classes = samples
    occurs = np.bincount(y, minlength=len(classes)) > 0
    for block in sample_blocks(*y_proba.shape):
        if occurs.all():
            break
        p = y_proba[block]
        occurs |= (p >= p.max(axis=1, keepdims=True) - TIE).any(axis=0)
    return occurs


def keep_classes(samples, kept):
    """Leave out classes, and share their probability among the others."""
    y_proba = samples.y_proba[:, kept]
    y_proba *= (samples.y_proba.sum(axis=1) / y_proba.sum(axis=1))[:, np.newaxis]
    codes = np.cumsum(kept) - 1
    return Samples(y_proba, codes[samples.y], samples.classes[kept])


def shrink_estimate(estimator, transition_matrix, mass):
    """Shrink an estimate of T until labels can be judged by it."""
    noise_rate = noise_rate_of(transition_matrix, mass / mass.sum())
    # Labels cannot show that none is wrong; with a T without noise, all rank alike.
    least = MIN_WRONG / mass.sum()
    if noise_rate < least and len(mass) > 1:
        return uniform_flips(len(mass), min(least, MAX_LEAST_RATE))
    even = uniform_flips(len(mass), noise_rate)
    if len(mass) > MANY_CLASSES and mass.sum() < MIN_LABELS_PER_CLASS * len(mass):
        return even
    T = transition_matrix
    if not isinstance(estimator, AgreementEstimator):  # which has shrunk its own
        error = getattr(estimator, "standard_error_", np.zeros_like(T))
        T, _ = shrink_towards(T, error, even)
    # Otherwise every label of a dominated class would be an issue.
    return shrink_dominated_rows(T)
