"""T from samples whose clean label is known (Hendrycks, 2018), or from both labels."""

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length

from sklnoise._compat import HasMethods
from sklnoise._labels import check_classes, check_labels, encode_labels, sort_classes
from sklnoise._transition_matrix import normalize_rows
from sklnoise._validation import check_shares
from sklnoise.transition._base import (
    BaseTransitionEstimator,
    fit_clone,
    label_mass,
    multinomial_standard_error,
    soft_counts,
    standard_error_of,
)

# Share of labels that name another class, from which the two may have been swapped.
MIN_FLIP_OF_OTHER = 0.1

# Added to the total variation of two rows, which is at most 1.
IMPOSSIBLE = 10.0

# Total variation by which rows must match better, on average, to change their order.
MIN_GAIN = 0.05


class TrustedEstimator(BaseTransitionEstimator):
    """Estimate T by the mean probabilities of the trusted samples of each class.

    Row i is the weighted mean of the held-out probabilities over the trusted samples of
    class i, so that one sample per class is enough. With an `estimator`, the other
    samples are used too: T is estimated from them, and implies mean probabilities of each
    class. The mean of the trusted samples differs from these; each row is corrected by as
    much of the difference as chance does not explain, which is the more the more trusted
    samples there are. Classes that overlap then do not pass for noise. Noisy labels alone
    may name two classes the wrong way round; the trusted samples decide which row of
    the estimate belongs to which class.

    Parameters
    ----------
    estimator : estimator of T, default=None
        Is cloned and fitted to the samples that are not trusted. None leaves these
        samples out; a class without trusted samples then gets its row of the identity.

    Attributes
    ----------
    transition_matrix_ : ndarray of shape (n_classes, n_classes)
        The estimated T[i, j] = P(noisy = j | clean = i).

    standard_error_ : ndarray of shape (n_classes, n_classes)
        That of a Dirichlet posterior with one prior count per row for the trusted
        samples, blended like T with the standard error of `estimator_`: sampling error
        alone, not the bias of the first pass.

    estimator_ : estimator of T or None
        The fitted clone; None without an `estimator`, or if every sample is trusted.

    share_ : ndarray of shape (n_classes,)
        Share of the difference that each row is corrected by, `1 - min(1, v / d²)`: d is
        its length, v its sampling variance (positive-part James-Stein). 1 without an
        `estimator`.

    permutation_ : ndarray of shape (n_classes,)
        The row of `estimator_.transition_matrix_` that is taken for each class. It
        is the class itself unless another order matches the trusted samples better by
        far; a class without trusted samples is moved only to make room.

    References
    ----------
    Hendrycks, Mazeika, Wilson, Gimpel. Using trusted data to train deep networks on
    labels corrupted by severe noise. NeurIPS 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from sklnoise.transition import TrustedEstimator
    >>> y_proba = np.repeat([[0.7, 0.3], [0.4, 0.6]], 10, axis=0)
    >>> y = np.array([0] * 10 + [1] * 10)
    >>> trusted = np.arange(20) % 10 < 2
    >>> TrustedEstimator().fit(y_proba, y, trusted=trusted).transition_matrix_
    array([[0.7, 0.3],
           [0.4, 0.6]])
    """

    _parameter_constraints: dict = {
        "estimator": [HasMethods("fit"), None],
    }

    def __init__(self, estimator=None):
        self.estimator = estimator

    @property
    def _uses(self):
        return {"trusted", *getattr(self.estimator, "_uses", ())}

    def _estimate(self, y_proba, y, sample_weight, *, trusted, **known):
        if trusted is None or not trusted.any():
            raise ValueError(
                "TrustedEstimator needs samples whose label is known to be right; got "
                f"{'trusted=None' if trusted is None else 'no True in trusted'}. Pass "
                "fit(..., trusted=mask), True where the label is known to be right."
            )
        n_classes = y_proba.shape[1]
        counts = soft_counts(
            y_proba[trusted], y[trusted], sample_weight[trusted]
        ).T  # clean labels as rows
        error = multinomial_standard_error(counts)
        self.estimator_, self.permutation_ = None, np.arange(n_classes)
        self.share_ = np.ones(n_classes)
        if self.estimator is None or trusted.all():
            return counts, error

        other = ~trusted
        known = {k: None if v is None else v[other] for k, v in known.items()}
        self.estimator_ = fit_clone(
            self.estimator, y_proba[other], y[other], sample_weight[other], **known
        )
        mass = label_mass(y[trusted], sample_weight[trusted], n_classes)
        rows, prior = normalize_rows(counts), self.estimator_.transition_matrix_
        self.permutation_ = match_rows(rows, prior, mass)
        prior = prior[self.permutation_]
        prior_error = standard_error_of(self.estimator_)[self.permutation_]
        # Where classes overlap, probabilities differ from T without any noise.
        expected = mean_proba_of_classes(y_proba[other], prior, sample_weight[other])
        difference = rows - expected
        self.share_ = np.where(mass > 0, share_beyond_chance(difference, error), 0)
        share = self.share_[:, np.newaxis]
        blended = np.clip(prior + share * difference, 0, 1)
        # A row that is not blended has no error of the prior, which may be unknown.
        prior_error = np.where(share < 1, (1 - share) * prior_error, 0)
        return blended, np.hypot(share * error, prior_error)


def mean_proba_of_classes(y_proba, transition_matrix, sample_weight):
    """Return the mean probabilities that T implies for the samples of each class."""
    clean = (y_proba @ np.linalg.pinv(transition_matrix)).clip(min=0)
    clean *= (sample_weight / clean.sum(axis=1))[:, np.newaxis]
    mass = clean.sum(axis=0)[:, np.newaxis]
    total, out = clean.T @ y_proba, transition_matrix.copy()
    return np.divide(total, mass, out=out, where=mass > 0)


def share_beyond_chance(difference, standard_error):
    """Return the share of each row's squared difference beyond sampling error."""
    distance = (difference**2).sum(axis=1)
    variance = (standard_error**2).sum(axis=1)
    beyond = (distance - variance).clip(min=0)
    return beyond / np.where(beyond > 0, distance, 1)


def match_rows(rows, candidates, mass):
    """Assign to each row the candidate that resembles it most, one to one."""
    distance = cdist(rows, candidates, "cityblock") / 2
    moved = 1 - np.eye(len(rows))
    # Only what is often labelled as a class can be that class under another name.
    distance += IMPOSSIBLE * moved * (candidates.T < MIN_FLIP_OF_OTHER)
    # The last term keeps rows without mass in place unless another row needs it.
    cost = mass[:, np.newaxis] * (distance + MIN_GAIN * moved)
    return linear_sum_assignment(cost + 1e-6 * mass.sum() * moved)[1]


def transition_matrix_from_labels(y_clean, y_noisy, *, labels=None, sample_weight=None):
    """Count how clean labels turned into noisy ones.

    Parameters
    ----------
    y_clean : array-like of shape (n_samples,)
        Clean labels, of any kind.

    y_noisy : array-like of shape (n_samples,)
        Noisy labels of the same samples.

    labels : array-like of shape (n_classes,), default=None
        The classes, in the order of the rows and columns. None takes all labels that
        occur, sorted.

    sample_weight : array-like of shape (n_samples,), default=None
        Weights, counted as frequencies.

    Returns
    -------
    transition_matrix : ndarray of shape (n_classes, n_classes)
        T[i, j], the share of the samples of clean class i that are labelled j. A class
        that no clean label names gets its row of the identity.

    Raises
    ------
    ValueError
        If a label is missing or not among `labels`, the labels are no classes, or a
        weight is negative.

    Examples
    --------
    >>> from sklnoise.transition import transition_matrix_from_labels
    >>> y_clean = ["ant", "ant", "bee", "bee"]
    >>> y_noisy = ["ant", "bee", "bee", "bee"]
    >>> transition_matrix_from_labels(y_clean, y_noisy)
    array([[0.5, 0.5],
           [0. , 1. ]])
    """
    y_clean, y_noisy = check_labels(y_clean, "y_clean"), check_labels(y_noisy, "y_noisy")
    check_consistent_length(y_clean, y_noisy)
    for y in (y_clean, y_noisy):
        check_classification_targets(y)
    weight = check_shares(sample_weight, len(y_clean))
    if labels is None:
        classes = sort_classes(y_clean, y_noisy)
    else:
        classes = check_classes(labels, len(check_labels(labels, "labels")))
    n_classes = len(classes)
    pairs = encode_labels(y_clean, classes, "y_clean") * n_classes
    pairs += encode_labels(y_noisy, classes, "y_noisy")
    counts = label_mass(pairs, weight, n_classes**2)
    return normalize_rows(counts.reshape(n_classes, n_classes))
