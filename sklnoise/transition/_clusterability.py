"""T from the agreement of the labels of nearest neighbours (HOC; Zhu, 2021)."""

from numbers import Integral

import numpy as np
from scipy.optimize import Bounds, linear_sum_assignment, minimize
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from sklnoise._compat import Interval, StrOptions
from sklnoise._transition_matrix import normalize_rows, uniform_flips
from sklnoise._validation import check_rng
from sklnoise.transition._base import (
    MAX_DRAWN,
    BaseTransitionEstimator,
    label_mass,
    multinomial_standard_error,
    soft_counts,
)

MAX_CLASSES = 200  # there are n_classes**3 triples of labels
START_DIAGONALS = (0.9, 0.7, 0.5)
MIN_MASS = 1e-12

# Squared distances of larger features could overflow.
MAX_MAGNITUDE = 1e100


class ClusterabilityEstimator(BaseTransitionEstimator):
    """Estimate T by how often a sample and its two nearest neighbours agree.

    Where neighbours share their clean class, T and the clean prior follow from the
    frequencies of labels, pairs and triples of labels. No probabilities are needed, so
    neither ranking nor calibration matters, but the features have to be good and no
    sample may be a copy of another: copies agree whatever the noise is. The order of the
    classes is that of the largest trace; a class that no label names gets its row of
    the identity.

    Parameters
    ----------
    space : {"hidden", "input"}, default="hidden"
        Which features a classifier hands over: the last hidden layer of its first
        pass, or the input of the net. Ignored by `fit`.

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
    Neighbours are searched inside each of the `folds`; folds of fewer than three samples
    are left out. Without features, neighbours are searched in `y_proba`. A triple counts
    with the weight of the sample in its centre; that is not the same as repeating the
    sample, which would then be its own neighbour. Time and memory grow with the third
    power of the number of classes and more, so there may be at most 200.

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
        if n_classes > MAX_CLASSES:
            raise ValueError(
                f"ClusterabilityEstimator takes at most {MAX_CLASSES} classes, as it "
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
        peak = float(np.abs(features).max())
        if peak > MAX_MAGNITUDE:
            features = features / peak  # which leaves the order of the distances
        codes = np.searchsorted(found, y)
        triples = count_triples(features, codes, sample_weight, folds, len(found))
        confusion = normalize_rows(soft_counts(y_proba[:, found], codes, sample_weight))
        both = np.ix_(found, found)
        T[both], self.prior_[found], error[both] = self._fit_triples(triples, confusion)
        return T, error

    def _fit_triples(self, triples, confusion):
        with threadpool_limits(1, user_api="blas"):  # threads slow small products down
            T, prior = fit_from_best_start(label_agreement(triples), confusion)
            refits = [
                fit_agreement(label_agreement(drawn), T, prior, tolerance=1e-6)[1]
                for drawn in self._resampled(triples)
            ]
        return T, prior, np.std(refits, axis=0, ddof=1)

    def _resampled(self, triples):
        rng = check_rng(self.random_state)
        mass = triples.sum()
        share, n_drawn = triples.ravel() / mass, round(min(max(mass / 3, 1), MAX_DRAWN))
        for _ in range(self.n_bootstraps):
            yield rng.multinomial(n_drawn, share).reshape(triples.shape)


def count_triples(features, y, sample_weight, folds, n_classes):
    """Count the labels of each sample and its two nearest neighbours."""
    if folds is None:
        folds = np.zeros(len(y), dtype=np.int64)
    triples = np.zeros(n_classes**3)
    for fold in np.unique(folds):
        samples = np.flatnonzero(folds == fold)
        if len(samples) < 3:
            continue
        search = NearestNeighbors(n_neighbors=2).fit(features[samples])
        first, second = y[samples][search.kneighbors(return_distance=False)].T
        code = (y[samples] * n_classes + first) * n_classes + second
        triples += np.bincount(code, sample_weight[samples], minlength=len(triples))
    if not triples.any():
        raise ValueError(
            "ClusterabilityEstimator needs two neighbours per sample; each of the "
            f"{len(np.unique(folds))} folds of the {len(y)} samples has fewer than 3. "
            "Pass folds=None where the features of all samples can be compared, or more "
            "samples."
        )
    return triples.reshape((n_classes,) * 3)


def label_agreement(triples):
    """Return how often single labels, pairs and triples occur among neighbours."""
    share = triples / triples.sum()
    orders = [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]
    third = sum(share.transpose(order) for order in orders) / len(orders)
    return share.sum(axis=(1, 2)), third.sum(axis=2), third


def misfit(parameters, first, second, third):
    """Return half the squared error of the frequencies, and its gradient."""
    n_classes = len(first)
    T, prior, row_mass, prior_mass = unpack(parameters, n_classes)
    pairs = (T[:, :, np.newaxis] * T[:, np.newaxis]).reshape(n_classes, -1)
    weighted = prior[:, np.newaxis] * T
    error_1 = weighted.sum(axis=0) - first
    error_2 = weighted.T @ T - second
    error_3 = (weighted.T @ pairs - third.reshape(n_classes, -1)).ravel()

    by_pair = T @ error_2
    by_triple = pairs @ error_3.reshape(-1, n_classes)
    by_rows = prior[:, np.newaxis] * (error_1 + 2 * by_pair + 3 * by_triple)
    by_prior = T @ error_1 + ((by_pair + by_triple) * T).sum(axis=1)
    by_rows = (by_rows - (by_rows * T).sum(axis=1, keepdims=True)) / row_mass
    by_prior = (by_prior - by_prior @ prior) / prior_mass
    value = (error_1 @ error_1 + (error_2**2).sum() + error_3 @ error_3) / 2
    return value, np.append(by_rows.ravel(), by_prior)


def fit_agreement(observed, start, prior, *, tolerance=1e-9):
    """Fit T and the prior from one start."""
    # Masses at a bound reach the zeros of T, which softmax would approach for ever.
    found = minimize(
        misfit,
        np.append(start.ravel(), prior),
        args=observed,
        jac=True,
        method="L-BFGS-B",
        bounds=Bounds(lb=0),
        options={"maxiter": 1000, "ftol": 1e-15, "gtol": tolerance},
    )
    return found.fun, *unpack(found.x, len(prior))[:2]


def fit_from_best_start(observed, confusion):
    """Fit T and the prior from several starts and order the rows by the trace."""
    n_classes = len(confusion)
    starts = [uniform_flips(n_classes, 1 - diagonal) for diagonal in START_DIAGONALS]
    fits = [fit_agreement(observed, T, observed[0]) for T in [*starts, confusion]]
    _, T, prior = min(fits, key=lambda fit: fit[0])
    T[prior == 0] = 0  # nothing is known of a class without samples
    order = linear_sum_assignment(T.T, maximize=True)[1]
    return T[order], prior[order]


def unpack(parameters, n_classes):
    """Return T and the prior, and the masses that they were divided by."""
    rows, prior = parameters[:-n_classes].reshape(n_classes, -1), parameters[-n_classes:]
    row_mass = rows.sum(axis=1, keepdims=True).clip(min=MIN_MASS)
    prior_mass = prior.sum().clip(min=MIN_MASS)
    return rows / row_mass, prior / prior_mass, row_mass, prior_mass
