"""T through the predicted class as a stage in between (Yao, 2020)."""

from numbers import Real

import numpy as np

from sklnoise._compat import Interval
from sklnoise._matrix import normalize_rows
from sklnoise.transition._anchor import AnchorEstimator
from sklnoise.transition._base import (
    TIE,
    BaseTransitionEstimator,
    fit_clone,
    multinomial_standard_error,
    soft_counts,
)


class DualTransitionEstimator(BaseTransitionEstimator):
    """Estimate T as a product: clean to predicted class, predicted class to label.

    The first factor is the matrix of the anchors, the second counts the noisy labels of
    the rows predicted l; rows with several top classes belong to each of them in equal
    parts. The counts need no calibration, so they temper an overconfident first pass.
    With calibrated probabilities both factors hold all of the noise: it is counted
    twice, and T comes out as T @ T where the prediction is the clean class.

    Parameters
    ----------
    percentile : float, default=97
        Percentile of the scores of class i at which its anchor stands, in (0, 100].

    Attributes
    ----------
    transition_matrix_ : ndarray of shape (n_classes, n_classes)
        The estimated T[i, j] = P(noisy = j | clean = i).

    standard_error_ : ndarray of shape (n_classes, n_classes)
        Standard errors of both factors, propagated to first order as if they were
        independent: sampling error alone, not the bias of the first pass.

    References
    ----------
    Yao, Liu, Han, Gong, Deng, Niu, Sugiyama. Dual T: reducing estimation error for
    transition matrix in label-noise learning. NeurIPS 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from sklnoise.transition import DualTransitionEstimator
    >>> y_proba = np.repeat([[0.9, 0.1], [0.2, 0.8]], 10, axis=0)
    >>> y = np.array([0] * 9 + [1] * 9 + [0] * 2)
    >>> DualTransitionEstimator().fit(y_proba, y).transition_matrix_
    array([[0.83, 0.17],
           [0.34, 0.66]])
    """

    _parameter_constraints: dict = {
        "percentile": [Interval(Real, 0, 100, closed="right")],
    }

    def __init__(self, *, percentile=97):
        self.percentile = percentile

    def _estimate(self, y_proba, y, sample_weight):
        anchors = AnchorEstimator(percentile=self.percentile)
        anchors = fit_clone(anchors, y_proba, y, sample_weight)
        clean_to_predicted = anchors.transition_matrix_
        top = y_proba >= y_proba.max(axis=1, keepdims=True) - TIE
        counts = soft_counts(top / top.sum(axis=1, keepdims=True), y, sample_weight)
        predicted_to_noisy = normalize_rows(counts)
        variance = (
            anchors.standard_error_**2 @ predicted_to_noisy**2
            + clean_to_predicted**2 @ multinomial_standard_error(counts) ** 2
        )
        return clean_to_predicted @ predicted_to_noisy, np.sqrt(variance)
