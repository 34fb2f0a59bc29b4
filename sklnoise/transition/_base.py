"""What every estimator of T shares: checks before, a valid matrix after."""

from abc import ABCMeta, abstractmethod

import numpy as np
from sklearn.base import BaseEstimator

from sklnoise._compat import fit_context
from sklnoise._matrix import normalize_rows
from sklnoise._validation import check_proba_and_labels

TIE = 1e-9
"""Slack of comparisons between probabilities, so that rounding never decides a row."""


class BaseTransitionEstimator(BaseEstimator, metaclass=ABCMeta):
    """Base of the estimators of T from held-out probabilities and noisy labels."""

    _parameter_constraints: dict = {}

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, y_proba, y, sample_weight=None, *, features=None, trusted=None):
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

        features : array-like of shape (n_samples, n_features), default=None
            Not used by this estimator.

        trusted : array-like of shape (n_samples,), dtype=bool, default=None
            Not used by this estimator.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If the probabilities, labels or weights are not valid.
        """
        y_proba, codes, weight = check_proba_and_labels(y_proba, y, sample_weight)
        rows, self.standard_error_ = self._estimate(y_proba, codes, weight)
        self.transition_matrix_ = normalize_rows(rows)
        return self

    @abstractmethod
    def _estimate(self, y_proba, y, sample_weight):
        """Return non-negative rows of T, not yet normalised, and their standard error."""


def label_mass(y, sample_weight, n_classes):
    """Return the weight of each noisy label.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        Label codes.

    sample_weight : ndarray of shape (n_samples,)
        Weights.

    n_classes : int
        Number of classes.

    Returns
    -------
    mass : ndarray of shape (n_classes,)
        Sum of the weights of each label.
    """
    return np.bincount(y, weights=sample_weight, minlength=n_classes)


def multinomial_standard_error(counts):
    """Return the standard error of the row frequencies of a matrix of counts.

    Parameters
    ----------
    counts : ndarray of shape (n_classes, n_classes)
        Weight of each (clean, noisy) pair.

    Returns
    -------
    standard_error : ndarray of shape (n_classes, n_classes)
        That of a Dirichlet posterior with one prior count a row, spread evenly.
    """
    posterior = counts + 1 / len(counts)
    mass = posterior.sum(axis=1, keepdims=True)
    share = posterior / mass
    return np.sqrt(share * (1 - share) / (mass + 1))
