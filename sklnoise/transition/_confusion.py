"""T from the soft confusion of the labels, where an adaptation layer starts."""

from sklnoise.transition._base import (
    BaseTransitionEstimator,
    multinomial_standard_error,
    soft_counts,
)


class ConfusionEstimator(BaseTransitionEstimator):
    """Estimate T by the noisy labels of all rows, shared by their probabilities.

    T[i, j] is the part of the probability mass of class i that lies on rows labelled j:
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
        count a row, spread evenly: sampling error alone, not the bias of the first
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
