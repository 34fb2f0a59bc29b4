"""T from the agreement of the labels of nearest neighbours (HOC; Zhu, 2021)."""

from numbers import Integral

import numpy as np
from sklearn.neighbors import NearestNeighbors
from sklearn.utils import check_random_state
from threadpoolctl import threadpool_limits

from sklnoise._compat import Interval, StrOptions
from sklnoise._matrix import normalize_rows
from sklnoise.transition._base import (
    MOST_DRAWN,
    BaseTransitionEstimator,
    label_mass,
    multinomial_standard_error,
    soft_counts,
)
from sklnoise.transition._consensus import (
    consensus,
    fit_consensus,
    fit_from_best_start,
)

MOST_CLASSES = 200


class ClusterabilityEstimator(BaseTransitionEstimator):
    """Estimate T by how often a row and its two nearest neighbours agree.

    Where neighbours share their clean class, T and the clean prior follow from the
    frequencies of labels, pairs and triples of labels. No probabilities are needed, so
    neither ranking nor calibration matters, but the features have to be good and no row
    may be a copy of another: copies agree whatever the noise is. The order of the
    classes is that of the largest trace; a class that no label names gets its row of
    the identity.

    Parameters
    ----------
    space : {"hidden", "input"}, default="hidden"
        Which features a classifier hands over: the last hidden layer of its first
        pass, or what the net gets to see. Of no meaning to `fit`.

    n_bootstraps : int, default=20
        Number of refits to resampled triples, for the standard error.

    random_state : int, RandomState instance or None, default=None
        Draws the resampled triples.

    Attributes
    ----------
    transition_matrix_ : ndarray of shape (n_classes, n_classes)
        The estimated T[i, j] = P(noisy = j | clean = i).

    standard_error_ : ndarray of shape (n_classes, n_classes)
        Spread over the refits. Each label is part of three triples on average, so that
        only a third as many are drawn.

    prior_ : ndarray of shape (n_classes,)
        The estimated frequencies of the clean classes.

    Notes
    -----
    `features` are searched inside each of the `folds`; folds of fewer than three rows
    are left out. Without features, neighbours are searched in `y_proba`. A triple counts
    with the weight of the row in its centre; that is not the same as repeating the row,
    which would then be its own neighbour. Time and memory grow with the third power of
    the number of classes and more, so there may be at most 200.

    References
    ----------
    Zhu, Song, Liu. Clusterability as an alternative to anchor points when learning with
    noisy labels. ICML 2021.

    Examples
    --------
    >>> import numpy as np
    >>> from sklnoise.transition import ClusterabilityEstimator
    >>> rng = np.random.default_rng(0)
    >>> clean = np.arange(2000) % 2
    >>> features = rng.normal(size=(2000, 2)) + 9 * clean[:, np.newaxis]
    >>> y = np.where(rng.random(2000) < [0.1, 0.3] * 1000, 1 - clean, clean)
    >>> y_proba = np.full((2000, 2), 0.5)
    >>> estimator = ClusterabilityEstimator(random_state=0)
    >>> estimator.fit(y_proba, y, features=features).transition_matrix_.round(1)
    array([[0.9, 0.1],
           [0.3, 0.7]])
    """

    _parameter_constraints: dict = {
        "space": [StrOptions({"hidden", "input"})],
        "n_bootstraps": [Interval(Integral, 2, None, closed="left")],
        "random_state": ["random_state"],
    }
    _uses = ("features", "folds")

    def __init__(self, *, space="hidden", n_bootstraps=20, random_state=None):
        self.space = space
        self.n_bootstraps = n_bootstraps
        self.random_state = random_state

    def _estimate(self, y_proba, y, sample_weight, *, features, folds):
        n_classes = y_proba.shape[1]
        if n_classes > MOST_CLASSES:
            raise ValueError(
                f"ClusterabilityEstimator takes at most {MOST_CLASSES} classes, as it "
                f"counts n_classes**3 triples of labels; got {n_classes}. Use a "
                "LabelFrequencyEstimator, whose memory grows with n_classes**2."
            )
        mass = label_mass(y, sample_weight, n_classes)
        found = np.flatnonzero(mass)  # a class that no label names stays as it is
        T, error = np.zeros((2, n_classes, n_classes))
        self.prior_ = mass / mass.sum()
        if len(y) < 3 or len(found) == 1:  # no triple, or nothing to tell
            return T, multinomial_standard_error(T)
        features = y_proba if features is None else features
        codes = np.searchsorted(found, y)
        triples = count_triples(features, codes, sample_weight, folds, len(found))
        confusion = normalize_rows(soft_counts(y_proba[:, found], codes, sample_weight))
        both = np.ix_(found, found)
        T[both], self.prior_[found], error[both] = self._fit_triples(triples, confusion)
        return T, error

    def _fit_triples(self, triples, confusion):
        with threadpool_limits(1, user_api="blas"):  # threads slow small products down
            T, prior = fit_from_best_start(consensus(triples), confusion)
            refits = [
                fit_consensus(consensus(drawn), T, prior, tolerance=1e-6)[1]
                for drawn in self._resampled(triples)
            ]
        return T, prior, np.std(refits, axis=0, ddof=1)

    def _resampled(self, triples):
        rng = check_random_state(self.random_state)
        mass = triples.sum()
        share, n_drawn = triples.ravel() / mass, round(min(max(mass / 3, 1), MOST_DRAWN))
        for _ in range(self.n_bootstraps):
            yield rng.multinomial(n_drawn, share).reshape(triples.shape)


def count_triples(features, y, sample_weight, folds, n_classes):
    """Count the labels of each row and its two nearest neighbours."""
    if folds is None:
        folds = np.zeros(len(y), dtype=np.int64)
    triples = np.zeros(n_classes**3)
    for fold in np.unique(folds):
        rows = np.flatnonzero(folds == fold)
        if len(rows) < 3:
            continue
        search = NearestNeighbors(n_neighbors=2).fit(features[rows])
        first, second = y[rows][search.kneighbors(return_distance=False)].T
        code = (y[rows] * n_classes + first) * n_classes + second
        triples += np.bincount(code, sample_weight[rows], minlength=len(triples))
    if not triples.any():
        raise ValueError(
            "ClusterabilityEstimator needs two neighbours for a row; each of the "
            f"{len(np.unique(folds))} folds of the {len(y)} rows has fewer than 3. Pass "
            "folds=None where the features of all rows can be compared, or more rows."
        )
    return triples.reshape((n_classes,) * 3)
