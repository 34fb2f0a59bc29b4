"""T from anchor points (Patrini, 2017), alone or as a factor of dual T (Yao, 2020)."""

from numbers import Real

import numpy as np

from sklnoise._compat import Interval
from sklnoise._transition_matrix import normalize_rows
from sklnoise.transition._base import (
    TIE,
    BaseTransitionEstimator,
    fit_clone,
    multinomial_standard_error,
    soft_counts,
)


class AnchorEstimator(BaseTransitionEstimator):
    """Estimate T by the held-out probabilities of one anchor sample per class.

    Row i of T holds all probabilities of the sample whose probability of class i lies
    at the given percentile. It needs calibrated probabilities: an overconfident
    first pass pulls T to the identity. Where that probability is 0 there is no anchor,
    and the class gets its row of the identity.

    Parameters
    ----------
    percentile : float, default=97
        Percentile of the scores of class i at which its anchor stands, in (0, 100].
        100 is the maximum, which suits many classes with few samples each.

    Attributes
    ----------
    transition_matrix_ : ndarray of shape (n_classes, n_classes)
        The estimated T[i, j] = P(noisy = j | clean = i).

    standard_error_ : ndarray of shape (n_classes, n_classes)
        Spread of the probabilities over the anchors that lie within one standard
        deviation of the percentile's rank: sampling error alone, not the bias of a
        first pass that is not calibrated.

    References
    ----------
    Patrini, Rozza, Menon, Nock, Qu. Making deep neural networks robust to label noise:
    a loss correction approach. CVPR 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from sklnoise.transition import AnchorEstimator
    >>> score = np.linspace(0, 1, 101)
    >>> estimator = AnchorEstimator(percentile=90)
    >>> estimator.fit(np.c_[1 - score, score], score > 0.5).transition_matrix_
    array([[0.9, 0.1],
           [0.1, 0.9]])
    """

    _parameter_constraints: dict = {
        "percentile": [Interval(Real, 0, 100, closed="right")],
    }

    def __init__(self, *, percentile=97):
        self.percentile = percentile

    def _estimate(self, y_proba, y, sample_weight):
        # One standard deviation of the rank of a quantile, to either side.
        q, n = self.percentile / 100, sample_weight.sum()
        spread = np.sqrt(q * (1 - q) / n)
        n_classes = y_proba.shape[1]
        T, error = np.empty((2, n_classes, n_classes))
        for i, score in enumerate(y_proba.T):
            order = np.argsort(score, kind="stable")
            rank = np.cumsum(sample_weight[order]) / n
            low, at, high = (
                score[order[min(np.searchsorted(rank, level - TIE), len(order) - 1)]]
                for level in (max(q - spread, 0), q, min(q + spread, 1))
            )
            tied = np.abs(score - at) <= TIE
            near = (score >= low - TIE) & (score <= high + TIE)
            anchor = np.average(y_proba[tied], axis=0, weights=sample_weight[tied])
            T[i] = anchor * (at > TIE)
            around, weight = y_proba[near], sample_weight[near]
            centre = np.average(around, axis=0, weights=weight)
            error[i] = np.sqrt(np.average((around - centre) ** 2, axis=0, weights=weight))
        return T, error


class DualTransitionEstimator(BaseTransitionEstimator):
    """Estimate T as a product: clean to predicted class, predicted class to label.

    The first factor is the matrix of the anchors, the second counts the noisy labels of
    the samples predicted l; samples with several top classes belong to each of them in
    equal parts. The counts need no calibration, so they temper an overconfident first
    pass. With calibrated probabilities both factors hold all of the noise: it is counted
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
