"""Several estimates of T side by side, with what is suspicious about each."""

import numpy as np
from sklearn.utils import Bunch

from sklnoise._matrix import LARGEST_CONDITION, clean_prior, swappable_pairs
from sklnoise._validation import check_proba_and_labels
from sklnoise.transition._anchor import AnchorEstimator
from sklnoise.transition._auto import AutoEstimator
from sklnoise.transition._base import check_known, fit_clone, label_mass
from sklnoise.transition._clusterability import ClusterabilityEstimator
from sklnoise.transition._confident import ConfidentJointEstimator
from sklnoise.transition._dual import DualTransitionEstimator
from sklnoise.transition._frequency import LabelFrequencyEstimator
from sklnoise.transition._trusted import TrustedEstimator

FAR = 0.2


def compare_transition_estimators(
    y_proba,
    y,
    sample_weight=None,
    *,
    estimators=None,
    features=None,
    trusted=None,
    folds=None,
):
    """Fit several estimators of T to the same rows and tabulate what they say.

    Where they disagree by far more than their standard errors, the assumptions of at
    least one of them fail.

    Parameters
    ----------
    y_proba : array-like of shape (n_samples, n_classes)
        Held-out probabilities of the noisy labels.

    y : array-like of shape (n_samples,)
        Noisy labels.

    sample_weight : array-like of shape (n_samples,), default=None
        Weights, counted as frequencies.

    estimators : dict of str to estimator of T, default=None
        Are cloned. None takes all that can run on what is given: trusted rows and
        neighbours only where `trusted` and `features` are.

    features : {array-like, sparse matrix} of shape (n_samples, ...), default=None
        Passed on to the estimators that use them.

    trusted : array-like of shape (n_samples,), dtype=bool, default=None
        Passed on to the estimators that use it.

    folds : array-like of shape (n_samples,), default=None
        Passed on to the estimators that use them.

    Returns
    -------
    table : Bunch
        Columns of equal length, which `pandas.DataFrame(table)` takes: `estimator`,
        the names; `noise_rate`, the share of wrong labels; `smallest_diagonal`;
        `condition_number`; `largest_standard_error`; `disagreement`, the mean over the
        other estimators of the L1 distance of a row of T, averaged over the rows (NaN
        where there is no other); `warnings`, one string each, which names classes by
        their column and is empty where nothing is suspicious; and `transition_matrix`,
        a list of arrays.

    Raises
    ------
    ValueError
        If an array is not valid, or `estimators` is empty.

    Examples
    --------
    >>> import numpy as np
    >>> from sklnoise.transition import compare_transition_estimators
    >>> y_proba = np.repeat([[0.9, 0.1], [0.2, 0.8]], 500, axis=0)
    >>> y = np.r_[np.arange(500) % 10 == 0, np.arange(500) % 5 > 0].astype(int)
    >>> table = compare_transition_estimators(y_proba, y)
    >>> table.estimator
    ['frequency', 'confident-joint', 'anchor', 'dual']
    >>> table.noise_rate.round(2)
    array([0.15, 0.15, 0.15, 0.27])
    """
    if estimators is None:
        estimators = applicable_estimators(features=features, trusted=trusted)
    if not estimators:
        raise ValueError(
            "estimators must hold at least one estimator of T; got an empty dict. Pass "
            "None for all that can run on what is given."
        )
    rows = check_proba_and_labels(y_proba, y, sample_weight)
    known = {"features": features, "trusted": trusted, "folds": folds}
    known = check_known(known, len(y), sample_weight)
    y_proba, y, weight = rows
    fits = [fit_clone(e, y_proba, y, weight, **known) for e in estimators.values()]

    matrices = np.array([fit.transition_matrix_ for fit in fits])
    noisy = label_mass(y, weight, y_proba.shape[1]) / weight.sum()
    priors = [clean_prior(T, noisy, weight.sum())[0] for T in matrices]
    diagonals = matrices.diagonal(axis1=1, axis2=2)
    distance = np.abs(matrices[:, np.newaxis] - matrices).sum(axis=3).mean(axis=2)
    others = [np.delete(row, at) for at, row in enumerate(distance)]
    return Bunch(
        estimator=list(estimators),
        noise_rate=1 - (priors * diagonals).sum(axis=1),
        smallest_diagonal=diagonals.min(axis=1),
        condition_number=np.linalg.cond(matrices),
        largest_standard_error=np.array([fit.standard_error_.max() for fit in fits]),
        disagreement=np.array([o.mean() if len(o) else np.nan for o in others]),
        warnings=["; ".join(suspicions(T, o)) for T, o in zip(matrices, others)],
        transition_matrix=list(matrices),
    )


def applicable_estimators(*, features, trusted):
    """Return the estimators of T that can run on what is given."""
    estimators = {
        "frequency": LabelFrequencyEstimator(),
        "confident-joint": ConfidentJointEstimator(),
        "anchor": AnchorEstimator(),
        "dual": DualTransitionEstimator(),
    }
    if trusted is not None and np.any(trusted):
        estimators["trusted"] = TrustedEstimator(AutoEstimator())
    if features is not None:
        estimators["clusterability"] = ClusterabilityEstimator(random_state=0)
    return estimators


def suspicions(transition_matrix, distance_to_others):
    """Yield what should be looked at before an estimate of T is trusted."""
    T = transition_matrix
    flips = T - np.diag(T.diagonal() + 1)
    for i, j in enumerate(flips.argmax(axis=1)):
        if T[i, i] <= flips[i, j]:
            yield f"class {i} is labelled {j} ({T[i, j]:.2f}) no less than {i}"
    for i, j in swappable_pairs(T):
        yield (
            f"classes {i} and {j} are taken for each other ({T[i, j]:.2f} and "
            f"{T[j, i]:.2f}): their names may be swapped"
        )
    condition = np.linalg.cond(T)
    if condition > LARGEST_CONDITION:
        yield f"ill conditioned ({condition:.3g})"
    if len(distance_to_others) and np.median(distance_to_others) > FAR:
        yield f"far from the other estimates ({np.median(distance_to_others):.2f})"
