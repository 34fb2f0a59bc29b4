"""T from the noisy labels of the samples that score highest for each class."""

from numbers import Real

import numpy as np
from sklearn.utils import gen_batches

from sklnoise._compat import Interval
from sklnoise._transition_matrix import FREQUENT_FLIP_THRESHOLD, normalize_rows
from sklnoise.transition._base import (
    TIE,
    BaseTransitionEstimator,
    label_mass,
    multinomial_standard_error,
)

# As many probabilities of a sample as the processor reads from memory at once.
BLOCK_COLUMNS = 8

# Total variation between two rows of T below which they may describe the same samples.
ALIKE_THRESHOLD = 0.25

# A class with less than this share of another class's count is doubted.
MIN_MASS_RATIO = 0.25

# A row counted anew must differ from each known row by this total variation at least, on
# top of the difference that sampling error is expected to make.
MIN_DISTANCE = 0.25


class LabelFrequencyEstimator(BaseTransitionEstimator):
    """Estimate T by label frequencies among the top held-out scores.

    Row i holds the frequencies of the noisy labels among the k samples of highest
    held-out probability of class i, with k = max(`min_samples`, `share` of all samples),
    but at most half of the samples predicted i. It needs the probabilities to rank well,
    not to be calibrated. A class that is never predicted gets its row of the identity.

    Where most samples of a class i are labelled j, they score highest for both, and both
    rows of T would be theirs. The row of j is then read off the samples whose probability
    of j the flips of i explain least, if there are `min_samples` of these and their
    labels are unlike those of all classes.

    Parameters
    ----------
    min_samples : float, default=20
        Least number of samples to look at for each class, in weight.

    share : float, default=0.03
        Share of all samples to look at for each class, in (0, 1].

    Attributes
    ----------
    transition_matrix_ : ndarray of shape (n_classes, n_classes)
        The estimated T[i, j] = P(noisy = j | clean = i).

    standard_error_ : ndarray of shape (n_classes, n_classes)
        Standard error of each entry, that of a Dirichlet posterior with one prior
        count per row, spread evenly: sampling error alone, not the bias of the first
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
        target_mass = max(self.min_samples, self.share * sample_weight.sum())
        min_score = y_proba.max(axis=1) - TIE
        counts = np.zeros((n_classes, n_classes))
        for i, score in iterate_columns(y_proba):
            predicted = score >= min_score
            mass = min(target_mass, sample_weight[predicted].sum() / 2)
            if mass > 0:
                # Only samples that score at least as high as the lowest of the top among
                # those predicted i can be in the top of all: the others are not sorted.
                taken = take_top(score[predicted], sample_weight[predicted], mass)
                near = score >= score[predicted][taken > 0].min() - TIE
                taken = take_top(score[near], sample_weight[near], mass)
                counts[i] = label_mass(y[near], taken, n_classes)
        counts = recount_shared_anchors(
            counts, y_proba, y, sample_weight, (self.min_samples, target_mass)
        )
        return counts, multinomial_standard_error(counts)


def iterate_columns(y_proba):
    """Iterate over the columns, copied in blocks that are read through only once."""
    n_samples, n_classes = y_proba.shape
    buffer = np.empty((min(BLOCK_COLUMNS, n_classes), n_samples), y_proba.dtype)
    for block in gen_batches(n_classes, BLOCK_COLUMNS):
        copied = buffer[: block.stop - block.start]
        np.copyto(copied, y_proba[:, block].T)
        yield from enumerate(copied, block.start)


def take_top(score, sample_weight, mass):
    """Return the weight with which each sample is in the top `mass` of the scores."""
    order = np.argsort(-score, kind="stable")
    reached = np.cumsum(sample_weight[order])
    boundary = score[order[min(np.searchsorted(reached, mass - TIE), len(order) - 1)]]
    above, tied = score > boundary + TIE, np.abs(score - boundary) <= TIE
    left = mass - sample_weight[above].sum()
    taken = np.where(above, sample_weight, 0.0)
    taken[tied] = sample_weight[tied] * (left / sample_weight[tied].sum())
    return taken


def classes_sharing_anchors(counts):
    """List pairs (i, j) where the row of class j may be read off samples of class i."""
    T, mass = normalize_rows(counts), counts.sum(axis=1)
    flips = T.copy()
    np.fill_diagonal(flips, 0)
    largest = flips.max(axis=1, keepdims=True)
    is_source = (flips >= largest - TIE) & (largest >= FREQUENT_FLIP_THRESHOLD)
    # Of two classes that tie, neither is known to be the source.
    is_source &= is_source.sum(axis=1, keepdims=True) == 1
    return [
        (int(i), int(j))
        for j, i in np.argwhere(is_source)
        if total_variation(T[i], T[j]) < ALIKE_THRESHOLD
        or mass[i] < MIN_MASS_RATIO * mass[j]
    ]


def total_variation(row, other):
    """Compute the total variation between two distributions."""
    return np.abs(row - other).sum() / 2


def recount_shared_anchors(counts, y_proba, y, sample_weight, mass_range):
    """Count the labels of a class again whose top scores belong to another class."""
    min_mass, target_mass = mass_range
    T, recounted, targets = normalize_rows(counts), {}, {}
    for i, j in classes_sharing_anchors(counts):
        # The probability of j that the flips of i do not explain.
        residual = y_proba[:, j] - T[j, j] / T[j, i] * y_proba[:, i]
        in_upper_half = residual > residual.max() / 2
        mass = min(target_mass, sample_weight[in_upper_half].sum() / 2)
        if residual.max() <= 0 or mass < min_mass:
            continue
        found = label_mass(y, take_top(residual, sample_weight, mass), len(T))
        row = found / mass
        # Half the mean absolute error of each share, that of a normal variable.
        by_chance = np.sqrt(row * (1 - row) / mass).sum() / np.sqrt(2 * np.pi)
        distances = np.abs(T - row).sum(axis=1) / 2
        if distances.min() >= MIN_DISTANCE + by_chance:
            recounted[j] = found
            targets.setdefault(i, []).append(j)
    separated = counts.copy()
    # What had been counted for j were samples of i, so the row of i is read off these.
    for i, classes in targets.items():
        most = T[classes, i] >= T[classes, i].max() - TIE
        separated[i] = counts[classes][most].mean(axis=0)
    for j, found in recounted.items():
        separated[j] = found
    return separated
