"""T with what is known of the noise beforehand: forbidden flips, clean classes, rank."""

from numbers import Integral, Real

import numpy as np

from sklnoise._compat import HasMethods, Interval
from sklnoise._transition_matrix import mix_with_identity, normalize_rows
from sklnoise.transition._base import (
    BaseTransitionEstimator,
    fit_clone,
    standard_error_of,
)
from sklnoise.transition._frequency import LabelFrequencyEstimator

N_UPDATES = 500
FLOOR = 1e-12


class ConstrainedEstimator(BaseTransitionEstimator):
    """Estimate T by another estimator, then impose what is known of the noise.

    In this order: flips that cannot happen are forced to 0 and the rows renormalised,
    rows of clean classes become those of the identity, the remaining flips are replaced
    by a matrix of low rank, and T is shrunk towards the identity.

    Parameters
    ----------
    estimator : estimator of T, default=None
        Is cloned and fitted; None is a `LabelFrequencyEstimator`.

    allowed_flips : array-like of shape (n_classes, n_classes), dtype=bool, default=None
        Where class i may be labelled j. The diagonal is always allowed; None allows
        all.

    clean_classes : array-like of int, or of bool and shape (n_classes,), default=()
        Classes, as column indices of `y_proba` or as a mask of these, whose rows always
        keep their label.

    shrinkage : float, default=0.0
        The share s of labels that is taken to be clean beforehand: T becomes
        `(1 - s) T + s I`.

    rank : int, default=None
        Rank of the non-negative product that replaces the flips, fitted by
        Kullback-Leibler divergence with the diagonal treated as missing. Rank 1 says
        that wrong labels are drawn alike whatever the clean class is. The diagonal
        of T stays. None leaves the flips as they are.

    Attributes
    ----------
    transition_matrix_ : ndarray of shape (n_classes, n_classes)
        The estimated T[i, j] = P(noisy = j | clean = i).

    standard_error_ : ndarray of shape (n_classes, n_classes)
        That of `estimator_`, scaled like the entries it belongs to and 0 where they are
        forced. A low rank lowers the true one further.

    estimator_ : estimator of T
        The fitted clone.

    Examples
    --------
    >>> import numpy as np
    >>> from sklnoise.transition import ConfusionEstimator, ConstrainedEstimator
    >>> y_proba = np.repeat([[0.9, 0.1], [0.1, 0.9]], 10, axis=0)
    >>> y = np.array([0] * 10 + [1] * 10)
    >>> estimator = ConstrainedEstimator(ConfusionEstimator(), clean_classes=[0])
    >>> estimator.fit(y_proba, y).transition_matrix_
    array([[1. , 0. ],
           [0.1, 0.9]])
    """

    _parameter_constraints: dict = {
        "estimator": [HasMethods("fit"), None],
        "allowed_flips": ["array-like", None],
        "clean_classes": ["array-like"],
        "shrinkage": [Interval(Real, 0, 1, closed="both")],
        "rank": [Interval(Integral, 1, None, closed="left"), None],
    }

    def __init__(
        self,
        estimator=None,
        *,
        allowed_flips=None,
        clean_classes=(),
        shrinkage=0.0,
        rank=None,
    ):
        self.estimator = estimator
        self.allowed_flips = allowed_flips
        self.clean_classes = clean_classes
        self.shrinkage = shrinkage
        self.rank = rank

    @property
    def _uses(self):
        return getattr(self.estimator, "_uses", ())

    def _estimate(self, y_proba, y, sample_weight, **known):
        n_classes = y_proba.shape[1]
        allowed = check_allowed_flips(self.allowed_flips, n_classes)
        allowed[check_clean_classes(self.clean_classes, n_classes)] = False
        np.fill_diagonal(allowed, True)
        estimator = self.estimator
        if estimator is None:
            estimator = LabelFrequencyEstimator()
        self.estimator_ = fit_clone(estimator, y_proba, y, sample_weight, **known)

        T, error = self.estimator_.transition_matrix_, standard_error_of(self.estimator_)
        kept = np.where(allowed, T, 0).sum(axis=1, keepdims=True)
        # A row with one entry left is certain; so is one of which nothing is left.
        free = allowed & (allowed.sum(axis=1, keepdims=True) > 1) & (kept > 0)
        error = np.where(free, error / np.where(kept > 0, kept, 1), 0)
        T = normalize_rows(np.where(allowed, T, 0))
        if self.rank is not None:
            T = low_rank_flips(T, allowed, self.rank)
        return mix_with_identity(T, self.shrinkage), (1 - self.shrinkage) * error


def check_allowed_flips(allowed_flips, n_classes):
    """Validate the mask of the flips that may happen."""
    if allowed_flips is None:
        return np.ones((n_classes, n_classes), dtype=bool)
    allowed = np.array(allowed_flips)
    if allowed.shape != (n_classes, n_classes) or not np.isin(allowed, (0, 1)).all():
        raise ValueError(
            "allowed_flips must be a boolean array, one row for each clean class and "
            f"one column for each noisy one, shape ({n_classes}, {n_classes}); got shape "
            f"{allowed.shape} and dtype {allowed.dtype}. Pass for example T_guess > 0."
        )
    return allowed.astype(bool)


def check_clean_classes(clean_classes, n_classes):
    """Validate the classes that keep their labels."""
    classes = np.asarray(clean_classes)
    if classes.dtype == bool and len(classes) == n_classes:
        classes = np.flatnonzero(classes)
    valid = np.isin(classes, np.arange(n_classes)) & (classes.dtype != bool)
    if not valid.all():
        raise ValueError(
            f"clean_classes must hold column indices of y_proba, 0..{n_classes - 1}; "
            f"got {classes.tolist()}. Pass the positions of the classes in sorted order."
        )
    return classes.astype(np.intp)


def low_rank_flips(transition_matrix, allowed, rank):
    """Replace the flips of T by a non-negative product of low rank."""
    observed = allowed & ~np.eye(len(allowed), dtype=bool)
    flips = np.where(observed, transition_matrix, 0)
    rate = flips.sum(axis=1, keepdims=True)
    if not rate.any():
        return transition_matrix
    left, right = starting_factors(flips, observed, min(rank, len(flips)))
    for _ in range(N_UPDATES):  # Lee and Seung's, with the missing entries masked
        left *= (flips / (left @ right + FLOOR)) @ right.T
        left /= observed @ right.T + FLOOR
        right *= left.T @ (flips / (left @ right + FLOOR))
        right /= left.T @ observed + FLOOR
    product = np.where(observed, left @ right, 0)
    mass = product.sum(axis=1, keepdims=True)
    product *= rate / np.where(mass > 0, mass, 1)
    return product + np.diag(transition_matrix.diagonal())


def starting_factors(flips, observed, rank):
    """Return the leading singular vectors, made non-negative, as factors."""
    rows, columns = flips.sum(axis=1), flips.sum(axis=0)
    filled = np.where(observed, flips, np.outer(rows, columns) / flips.sum())
    left, scale, right = np.linalg.svd(filled)
    left, right = left[:, :rank] * scale[:rank], right[:rank]
    # An update cannot leave 0, so that every factor starts above it.
    floor = filled.mean()
    return np.abs(left) + floor, np.abs(right) + floor
