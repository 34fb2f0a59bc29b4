"""T from anchor points: rows that almost surely belong to a class (Patrini, 2017)."""

from numbers import Real

import numpy as np

from sklnoise._compat import Interval
from sklnoise.transition._base import TIE, BaseTransitionEstimator


class AnchorEstimator(BaseTransitionEstimator):
    """Estimate T by the held-out probabilities of one anchor row a class.

    Row i of T is the whole probability row of the sample whose probability of class i
    lies at the given percentile. It needs calibrated probabilities: an overconfident
    first pass pulls T to the identity. Where that probability is 0 there is no anchor,
    and the class gets its row of the identity.

    Parameters
    ----------
    percentile : float, default=97
        Percentile of the scores of class i at which its anchor stands, in (0, 100].
        100 is the maximum, which suits many classes with few rows each.

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
        q, n = self.percentile / 100, sample_weight.sum()
        spread = np.sqrt(q * (1 - q) / n)
        n_classes = y_proba.shape[1]
        rows, error = np.empty((2, n_classes, n_classes))
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
            rows[i] = anchor * (at > TIE)
            around, weight = y_proba[near], sample_weight[near]
            centre = np.average(around, axis=0, weights=weight)
            error[i] = np.sqrt(np.average((around - centre) ** 2, axis=0, weights=weight))
        return rows, error
