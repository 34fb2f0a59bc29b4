"""What every estimator of T shares: checks before, a valid matrix after."""

from abc import ABCMeta, abstractmethod

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from sklnoise._compat import fit_context
from sklnoise._labels import check_labels, match_labels
from sklnoise._names import frame_classes
from sklnoise._text import shorten
from sklnoise._transition_matrix import normalize_rows
from sklnoise._validation import (
    check_features,
    check_folds,
    check_proba,
    check_transition_matrix,
    check_trusted,
    check_weight,
)
from sklnoise.transition._draws import draw_transition_matrices

# Slack of comparisons between probabilities, so that rounding never decides anything.
TIE = 1e-9

# Samples that a bootstrap draws, however large the weights are.
MAX_DRAWN = 10**9

CHECKS = {"features": check_features, "trusted": check_trusted, "folds": check_folds}


class BaseTransitionEstimator(BaseEstimator, metaclass=ABCMeta):
    """Base of the estimators of T from held-out probabilities and noisy labels.

    An estimator names in `_uses` what else it wants to know of the samples, out of
    "features", "trusted" and "folds"; its `_estimate` then gets these as keywords,
    None where they were not given.
    """

    _parameter_constraints: dict = {}
    _uses = ()

    @fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        y_proba,
        y,
        sample_weight=None,
        *,
        features=None,
        trusted=None,
        folds=None,
        labels=None,
    ):
        """Estimate T.

        Parameters
        ----------
        y_proba : array-like of shape (n_samples, n_classes)
            Held-out (out-of-fold) probabilities of the noisy labels. In-sample
            probabilities of a fitted net would pull T to the identity. The columns of a
            frame that are named as the classes are sorted by name.

        y : array-like of shape (n_samples,)
            Noisy labels: codes 0..n_classes-1, or labels of which every class occurs
            and whose sorted order is that of the columns.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights, counted as frequencies; scaled to mean 1 where their mean is below
            0.5.

        features : {array-like, sparse matrix} of shape (n_samples, ...), default=None
            A space in which neighbours share their clean class, such as the last
            hidden layer. Ignored by estimators that need no neighbours.

        trusted : array-like of shape (n_samples,), dtype=bool, default=None
            True where the label is known to be right. Such labels are no sample of
            the noise: estimators that make no other use of them leave them out.

        folds : array-like of shape (n_samples,), default=None
            The fold that held each sample out. Features of different nets are not
            comparable, so neighbours are searched inside each fold.

        labels : array-like of shape (n_classes,), default=None
            The class of each column, where some class does not occur in y.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If the probabilities, labels, weights or what else is used is not valid.
        """
        y_proba, codes, weight = check_proba_and_labels(y_proba, y, sample_weight, labels)
        given = {"features": features, "trusted": trusted, "folds": folds}
        known = {name: given[name] for name in {"trusted", *self._uses}}
        known, before = check_known(known, len(codes)), vars(self).copy()
        try:
            return self._fit_codes(y_proba, codes, weight, **known)
        except BaseException:  # leave no estimator that is half fitted
            vars(self).clear()
            vars(self).update(before)
            raise

    def draw(self, n_draws=200, random_state=None):
        """Draw transition matrices that show how uncertain the estimate is.

        Parameters
        ----------
        n_draws : int, default=200
            Number of matrices.

        random_state : int, RandomState instance or None, default=None
            Draws the matrices.

        Returns
        -------
        draws : ndarray of shape (n_draws, n_classes, n_classes)
            Transition matrices, drawn by :func:`draw_transition_matrices` from the
            estimate and its standard error.

        Raises
        ------
        ValueError
            If the standard error of an entry is not known.
        """
        check_is_fitted(self, "transition_matrix_")
        return draw_transition_matrices(
            self.transition_matrix_,
            self.standard_error_,
            n_draws,
            random_state=random_state,
        )

    def _fit_codes(self, y_proba, codes, sample_weight, **known):
        """Estimate T from samples that have been validated."""
        if "trusted" not in self._uses:
            sample_weight = weight_of_untrusted(known.get("trusted"), sample_weight)
        known = {name: known.get(name) for name in self._uses}
        kept = sample_weight > 0
        if not kept.all():
            y_proba, codes, sample_weight = (
                part[kept] for part in (y_proba, codes, sample_weight)
            )
            known = {k: None if part is None else part[kept] for k, part in known.items()}
        T, self.standard_error_ = self._estimate(y_proba, codes, sample_weight, **known)
        self.transition_matrix_ = normalize_rows(T)
        return self

    @abstractmethod
    def _estimate(self, y_proba, y, sample_weight):
        """Return non-negative rows of T, not yet normalised, and their standard error."""


def check_proba_and_labels(y_proba, y, sample_weight=None, labels=None):
    """Validate probabilities, labels and weights."""
    check_consistent_length(y_proba, y)
    y = check_labels(y, "y")
    labels = frame_classes(y_proba, y) if labels is None else labels
    y_proba = check_proba(y_proba, labels)
    codes, _ = match_labels(y, y_proba.shape[1], labels)
    return y_proba, codes, check_weight(sample_weight, len(codes))


def weight_of_untrusted(trusted, sample_weight):
    """Give the samples whose label is known to be right a weight of 0."""
    if trusted is None:
        return sample_weight
    weight = np.where(trusted, 0, sample_weight)
    if not weight.any():
        raise ValueError(
            "no sample is left to estimate the noise from: all are trusted. Leave out "
            "trusted, or use TrustedEstimator, which reads T off the trusted samples."
        )
    return weight


def check_known(known, n_samples):
    """Validate what is known of the samples besides probabilities and labels."""
    return {
        name: None if array is None else CHECKS[name](array, n_samples)
        for name, array in known.items()
    }


def fit_clone(estimator, y_proba, y, sample_weight, **known):
    """Fit a clone of an estimator of T to samples that have been validated."""
    if isinstance(estimator, type) or not hasattr(estimator, "fit"):
        raise TypeError(
            "an estimator of T must be an instance with fit, such as AnchorEstimator(); "
            f"got {shorten(repr(estimator))}."
        )
    return fit_codes(clone(estimator), y_proba, y, sample_weight, **known)


def fit_codes(estimator, y_proba, y, sample_weight, **known):
    """Fit an estimator of T to validated samples, with what it uses of the known."""
    if isinstance(estimator, BaseTransitionEstimator):
        estimator._validate_params()
        return estimator._fit_codes(y_proba, y, sample_weight, **known)
    trusted = known.get("trusted")
    noisy = slice(None) if trusted is None else ~trusted
    estimator.fit(y_proba[noisy], y[noisy], sample_weight[noisy])
    if not hasattr(estimator, "transition_matrix_"):
        raise TypeError(
            "an estimator of T must have transition_matrix_ once it is fitted; got "
            f"{shorten(repr(estimator))}. Pass one of sklnoise.transition."
        )
    check_transition_matrix(estimator.transition_matrix_, y_proba.shape[1])
    return estimator


def add_absent_classes(estimator, occurring, n_classes):
    """Give the fitted T of some classes the others too, which have no noise."""
    among = np.ix_(occurring, occurring)
    T, error = np.eye(n_classes), np.zeros((n_classes, n_classes))
    T[among], error[among] = estimator.transition_matrix_, standard_error_of(estimator)
    estimator.transition_matrix_ = T
    estimator.standard_error_ = np.nan_to_num(error)
    if hasattr(estimator, "_add_absent_classes"):
        estimator._add_absent_classes(occurring, n_classes)


def standard_error_of(estimator):
    """Return the standard error of an estimate of T, NaN where it is not known."""
    unknown = np.full_like(estimator.transition_matrix_, np.nan, dtype=np.float64)
    return getattr(estimator, "standard_error_", unknown)


def label_mass(y, sample_weight, n_classes):
    """Return the weight of each noisy label."""
    return np.bincount(y, weights=sample_weight, minlength=n_classes)


def soft_counts(membership, y, sample_weight):
    """Return the weight with which members of each class bear each noisy label."""
    n_classes = membership.shape[1]
    return np.stack(
        [label_mass(y, sample_weight * share, n_classes) for share in membership.T]
    )


def multinomial_standard_error(counts):
    """Return the standard error of the row frequencies of a matrix of counts."""
    share = counts + 1 / len(counts)
    mass = share.sum(axis=1, keepdims=True)
    share /= mass
    variance = share * (1 - share)
    variance /= mass + 1
    return np.sqrt(variance, out=variance)
