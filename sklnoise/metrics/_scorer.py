"""What the scorers share: a score of each row, then their mean."""

import numpy as np

from sklnoise._compat import BaseScorer
from sklnoise._validation import check_weight


def mean_score(row_scores, sample_weight=None):
    """Average the scores of the rows."""
    weight = check_weight(sample_weight, len(row_scores))
    return float(np.average(row_scores, weights=weight))


class NoisyLabelScorer(BaseScorer):
    """Base of the scorers: subclasses give the score of each row."""

    def __init__(self, response_method, sign=1):
        # scikit-learn reads off mean_score that the scorer takes sample_weight.
        super().__init__(mean_score, sign, {}, response_method)

    def _score(self, method_caller, estimator, X, y_true, sample_weight=None):
        row_scores = self._row_scores(method_caller, estimator, X, y_true, sample_weight)
        return self._sign * self._score_func(row_scores, sample_weight=sample_weight)

    def _row_scores(self, method_caller, estimator, X, y_noisy, sample_weight):
        """Compute the score of each row; subclasses override this."""
        raise NotImplementedError
