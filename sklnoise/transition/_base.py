"""What every estimator of T shares: checks before, a valid matrix after."""

from abc import ABCMeta, abstractmethod

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_consistent_length

from sklnoise._compat import fit_context
from sklnoise._labels import match_labels
from sklnoise._tensors import as_numpy
from sklnoise._transition_matrix import normalize_rows
from sklnoise._validation import (
    check_features,
    check_folds,
    check_proba,
    check_trusted,
    check_weight,
)

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
    ):
        """Estimate T.

        Parameters
        ----------
        y_proba : array-like of shape (n_samples, n_classes)
            Held-out (out-of-fold) probabilities of the noisy labels. In-sample
            probabilities of a fitted net would pull T to the identity.

        y : array-like of shape (n_samples,)
            Noisy labels: codes 0..n_classes-1, or labels of which every class occurs
            and whose sorted order is that of the columns.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights, counted as frequencies.

        features : {array-like, sparse matrix} of shape (n_samples, ...), default=None
            A space in which neighbours share their clean class, such as the last
            hidden layer. Ignored by estimators that need no neighbours.

        trusted : array-like of shape (n_samples,), dtype=bool, default=None
            True where the label is known to be right. Such labels are no sample of
            the noise: estimators that make no other use of them leave them out.

        folds : array-like of shape (n_samples,), default=None
            The fold that held each sample out. Features of different nets are not
            comparable, so neighbours are searched inside each fold.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If the probabilities, labels, weights or what else is used is not valid.
        """
        if trusted is not None and "trusted" not in self._uses:
            sample_weight = weight_of_untrusted(trusted, sample_weight, len(y))
        kept_proba, codes, weight = check_proba_and_labels(y_proba, y, sample_weight)
        given = {"features": features, "trusted": trusted, "folds": folds}
        known = {name: given[name] for name in self._uses}
        known = check_known(known, len(y), sample_weight)
        T, self.standard_error_ = self._estimate(kept_proba, codes, weight, **known)
        self.transition_matrix_ = normalize_rows(T)
        return self

    @abstractmethod
    def _estimate(self, y_proba, y, sample_weight):
        """Return non-negative rows of T, not yet normalised, and their standard error."""


def check_proba_and_labels(y_proba, y, sample_weight=None):
    """Validate probabilities, labels and weights, and keep what has a weight."""
    y_proba = check_proba(y_proba)
    check_consistent_length(y_proba, y)
    codes, _ = match_labels(y, y_proba.shape[1])
    weight = check_weight(sample_weight, len(codes))
    kept = weight > 0
    if kept.all():  # spare a copy
        return y_proba, codes, weight
    return y_proba[kept], codes[kept], weight[kept]


def weight_of_untrusted(trusted, sample_weight, n_samples):
    """Give the samples whose label is known to be right a weight of 0."""
    weight = check_weight(sample_weight, n_samples)
    weight[check_trusted(trusted, n_samples)] = 0
    if not weight.any():
        raise ValueError(
            "no sample is left to estimate the noise from: all are trusted. Leave out "
            "trusted, or use TrustedEstimator, which reads T off the trusted samples."
        )
    return weight


def check_known(known, n_samples, sample_weight):
    """Validate what is known of the samples besides probabilities and labels."""
    kept = slice(None)
    if sample_weight is not None:
        kept = np.asarray(as_numpy(sample_weight), dtype=np.float64) > 0
    return {
        name: None if array is None else CHECKS[name](array, n_samples)[kept]
        for name, array in known.items()
    }


def fit_clone(estimator, y_proba, y, sample_weight, **known):
    """Fit a clone of an estimator of T, with those of the known arrays that it uses."""
    estimator = clone(estimator)
    if isinstance(estimator, BaseTransitionEstimator):
        uses = {"trusted", *estimator._uses}
        used = {name: array for name, array in known.items() if name in uses}
        return estimator.fit(y_proba, y, sample_weight, **used)
    trusted = known.get("trusted")
    noisy = slice(None) if trusted is None else ~trusted
    return estimator.fit(y_proba[noisy], y[noisy], sample_weight[noisy])


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
    posterior = counts + 1 / len(counts)
    mass = posterior.sum(axis=1, keepdims=True)
    share = posterior / mass
    return np.sqrt(share * (1 - share) / (mass + 1))
