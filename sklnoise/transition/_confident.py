"""T from the confident joint: counts above class thresholds (Northcutt, 2021)."""

import numpy as np

from sklnoise.transition._base import (
    TIE,
    BaseTransitionEstimator,
    label_mass,
    multinomial_standard_error,
)


class ConfidentJointEstimator(BaseTransitionEstimator):
    """Estimate T by counting rows that are confidently in a class.

    The threshold of class j is the mean held-out probability of j over the rows
    labelled j. A row counts for its most probable class among those whose threshold it
    reaches; the counts are then scaled to the frequencies of the noisy labels.
    A mild upward bias of the noise is known.

    Attributes
    ----------
    transition_matrix_ : ndarray of shape (n_classes, n_classes)
        The estimated T[i, j] = P(noisy = j | clean = i).

    standard_error_ : ndarray of shape (n_classes, n_classes)
        Standard error of each entry, that of a Dirichlet posterior with one prior
        count a row, spread evenly: sampling error alone, not the bias of the first
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
        mass = label_mass(y, sample_weight, n_classes)
        threshold = np.full(n_classes, np.inf)
        for j in np.flatnonzero(mass):
            labelled = y == j
            threshold[j] = np.average(
                y_proba[labelled, j], weights=sample_weight[labelled]
            )
        reached = np.where(y_proba >= threshold - TIE, y_proba, -np.inf)
        counted = np.isfinite(reached).any(axis=1)
        confident_class = reached[counted].argmax(axis=1)
        counts = np.zeros((n_classes, n_classes))
        np.add.at(counts, (confident_class, y[counted]), sample_weight[counted])
        # As in the paper, each class keeps at least one row that is labelled right.
        np.fill_diagonal(counts, counts.diagonal().clip(min=1))
        joint = counts * (mass / counts.sum(axis=0))
        return joint, multinomial_standard_error(joint)
