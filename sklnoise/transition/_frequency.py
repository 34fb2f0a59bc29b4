"""T from the noisy labels of the rows that score highest for each class."""

from numbers import Real

import numpy as np
from sklearn.utils import gen_batches

from sklnoise._compat import Interval
from sklnoise.transition._base import (
    TIE,
    BaseTransitionEstimator,
    label_mass,
    multinomial_standard_error,
)
from sklnoise.transition._top import take_top
from sklnoise.transition._twins import separate_twins

BLOCK_COLUMNS = 16
"""As many probabilities of a row as the processor reads from memory at once."""


class LabelFrequencyEstimator(BaseTransitionEstimator):
    """Estimate T by label frequencies among the top held-out scores.

    Row i holds the frequencies of the noisy labels among the k rows of highest
    held-out probability of class i, with k = max(`min_samples`, `share` of all rows),
    but at most half of the rows predicted i. It needs the probabilities to rank well,
    not to be calibrated. A class that is never predicted gets its row of the identity.

    Where most rows of a class i are labelled j, they score highest for both, and both
    rows of T would be theirs. The row of j is then read off the rows that have most
    labels j that the flips of i do not explain, if there are `min_samples` of these and
    their labels are unlike those of all classes.

    Parameters
    ----------
    min_samples : float, default=20
        Least number of rows to look at for each class, in weight.

    share : float, default=0.03
        Share of all rows to look at for each class, in (0, 1].

    Attributes
    ----------
    transition_matrix_ : ndarray of shape (n_classes, n_classes)
        The estimated T[i, j] = P(noisy = j | clean = i).

    standard_error_ : ndarray of shape (n_classes, n_classes)
        Standard error of each entry, that of a Dirichlet posterior with one prior
        count a row, spread evenly: sampling error alone, not the bias of the first
        pass.

    Examples
    --------
    >>> import numpy as np
    >>> from sklnoise.transition import LabelFrequencyEstimator
    >>> score = np.linspace(0.01, 0.99, 100)
    >>> y = (score > 0.5).astype(int)
    >>> y[-3] = 0
    >>> estimator = LabelFrequencyEstimator()
    >>> estimator.fit(np.c_[1 - score, score], y).transition_matrix_
    array([[1.  , 0.  ],
           [0.05, 0.95]])
    """

    _parameter_constraints: dict = {
        "min_samples": [Interval(Real, 0, None, closed="neither")],
        "share": [Interval(Real, 0, 1, closed="right")],
    }

    def __init__(self, *, min_samples=20, share=0.03):
        self.min_samples = min_samples
        self.share = share

    def _estimate(self, y_proba, y, sample_weight):
        n_classes = y_proba.shape[1]
        wanted = max(self.min_samples, self.share * sample_weight.sum())
        least_score = y_proba.max(axis=1) - TIE
        counts = np.zeros((n_classes, n_classes))
        for i, score in columns(y_proba):
            predicted = score >= least_score
            mass = min(wanted, sample_weight[predicted].sum() / 2)
            if mass > 0:
                # The top of all rows scores no less than that of the rows predicted i.
                taken = take_top(score[predicted], sample_weight[predicted], mass)
                rows = score >= score[predicted][taken > 0].min() - TIE
                taken = take_top(score[rows], sample_weight[rows], mass)
                counts[i] = label_mass(y[rows], taken, n_classes)
        counts = separate_twins(
            counts, y_proba, y, sample_weight, wanted=wanted, least=self.min_samples
        )
        return counts, multinomial_standard_error(counts)


def columns(y_proba):
    """Iterate over the columns, copied in blocks that are read through only once."""
    n_samples, n_classes = y_proba.shape
    buffer = np.empty((min(BLOCK_COLUMNS, n_classes), n_samples), y_proba.dtype)
    for block in gen_batches(n_classes, BLOCK_COLUMNS):
        copied = buffer[: block.stop - block.start]
        np.copyto(copied, y_proba[:, block].T)
        yield from enumerate(copied, block.start)
