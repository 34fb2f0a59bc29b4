"""T from counts of noisy labels per predicted class: confident joint, soft confusion."""

import numpy as np

from sklnoise._blocks import sample_blocks
from sklnoise.transition._base import (
    TIE,
    BaseTransitionEstimator,
    label_mass,
    multinomial_standard_error,
    soft_counts,
)


class ConfidentJointEstimator(BaseTransitionEstimator):
    """Estimate T by counting samples that are confidently in a class.

    The threshold of class j is the mean held-out probability of j over the samples
    labelled j. A sample counts for its most probable class among those whose threshold it
    reaches, in equal parts where several are as probable; the counts are then scaled to
    the frequencies of the noisy labels.
    A mild upward bias of the noise is known.

    Attributes
    ----------
    transition_matrix_ : ndarray of shape (n_classes, n_classes)
        The estimated T[i, j] = P(noisy = j | clean = i).

    standard_error_ : ndarray of shape (n_classes, n_classes)
        Standard error of each entry, that of a Dirichlet posterior with one prior
        count per row, spread evenly: sampling error alone, not the bias of the first
        pass.

    References
    ----------
    Northcutt, Jiang, Chuang. Confident learning: estimating uncertainty in dataset
    labels. JAIR 2021.

    Examples
    --------
    >>> import numpy as np
    >>> from sklnoise.transition import ConfidentJointEstimator
    >>> y_proba = np.repeat([[0.9, 0.1], [0.2, 0.8]], 10, axis=0)
    >>> y = np.array([0] * 8 + [1] * 2 + [1] * 10)
    >>> ConfidentJointEstimator().fit(y_proba, y).transition_matrix_
    array([[0.8, 0.2],
           [0. , 1. ]])
    """

    def _estimate(self, y_proba, y, sample_weight):
        n_classes = y_proba.shape[1]
        thresholds = confident_thresholds(y_proba, y, sample_weight)
        pairs, shares = [], []
        for block in sample_blocks(len(y), n_classes):
            is_member = confident_members(y_proba[block], thresholds)
            samples, classes = np.nonzero(is_member)
            pairs.append(classes * n_classes + y[block][samples])
            # A sample that ties counts for each of its classes in equal parts.
            weight = sample_weight[block] / is_member.sum(axis=1).clip(min=1)
            shares.append(weight[samples])
        counts = label_mass(np.concatenate(pairs), np.concatenate(shares), n_classes**2)
        counts = counts.reshape(n_classes, n_classes)
        # As in the paper, each class keeps at least one sample that is labelled right.
        np.fill_diagonal(counts, counts.diagonal().clip(min=1))
        mass = label_mass(y, sample_weight, n_classes)
        joint = counts * (mass / counts.sum(axis=0))
        return joint, multinomial_standard_error(joint)


def confident_thresholds(y_proba, y, sample_weight=None):
    """Return the mean probability of each class over the samples labelled so."""
    weight = np.ones(len(y)) if sample_weight is None else sample_weight
    n_classes = y_proba.shape[1]
    mass = label_mass(y, weight, n_classes)
    total = label_mass(y, weight * y_proba[np.arange(len(y)), y], n_classes)
    return np.divide(total, mass, out=np.full(n_classes, np.inf), where=mass > 0)


def confident_members(y_proba, thresholds):
    """Find the most probable classes of each sample among those it reaches."""
    reached = np.where(y_proba >= thresholds - TIE, y_proba, -1)
    best = reached.max(axis=1, keepdims=True)
    return (reached >= best - TIE) & (best >= 0)


class ConfusionEstimator(BaseTransitionEstimator):
    """Estimate T by the noisy labels of all samples, shared by their probabilities.

    T[i, j] is the part of the probability mass of class i on samples that are labelled j:
    a confusion matrix of the first pass and the labels. It is where the adaptation
    layer starts, which then learns T with the net. As an estimate it counts the noise
    twice where the probabilities are calibrated for the noisy labels, and adds the
    errors of the first pass.

    Attributes
    ----------
    transition_matrix_ : ndarray of shape (n_classes, n_classes)
        The estimated T[i, j] = P(noisy = j | clean = i).

    standard_error_ : ndarray of shape (n_classes, n_classes)
        Standard error of each entry, that of a Dirichlet posterior with one prior
        count per row, spread evenly: sampling error alone, not the bias of the first
        pass.

    References
    ----------
    Goldberger, Ben-Reuven. Training deep neural networks using a noise adaptation
    layer. ICLR 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from sklnoise.transition import ConfusionEstimator
    >>> y_proba = np.repeat([[0.9, 0.1], [0.1, 0.9]], 10, axis=0)
    >>> y = np.array([0] * 10 + [1] * 10)
    >>> ConfusionEstimator().fit(y_proba, y).transition_matrix_
    array([[0.9, 0.1],
           [0.1, 0.9]])
    """

    def _estimate(self, y_proba, y, sample_weight):
        counts = soft_counts(y_proba, y, sample_weight)
        return counts, multinomial_standard_error(counts)
