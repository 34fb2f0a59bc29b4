"""Several estimates of T: compared in a table with warnings, or one picked by a rule."""

import numpy as np
from sklearn.utils import Bunch
from sklearn.utils.validation import check_is_fitted

from sklnoise._transition_matrix import (
    MAX_CONDITION,
    clean_prior,
    is_dominated,
    swappable_pairs,
)
from sklnoise.transition._agreement import AgreementEstimator
from sklnoise.transition._anchor import AnchorEstimator, DualTransitionEstimator
from sklnoise.transition._base import (
    BaseTransitionEstimator,
    check_known,
    check_proba_and_labels,
    fit_clone,
    fit_codes,
    label_mass,
    standard_error_of,
)
from sklnoise.transition._clusterability import ClusterabilityEstimator
from sklnoise.transition._confusion import ConfidentJointEstimator
from sklnoise.transition._frequency import LabelFrequencyEstimator
from sklnoise.transition._trusted import TrustedEstimator

# Disagreement with the other estimates above which a warning is given.
DISAGREEMENT_THRESHOLD = 0.2


class AutoEstimator(BaseTransitionEstimator):
    """Estimate T by the agreement of labels and predictions, unless a class is dominated.

    The rule: a `LabelFrequencyEstimator` of the top 5 % where it finds a class that is
    labelled as another one more often than correctly, by more than two standard errors,
    as predictions then name the other class; an `AgreementEstimator` everywhere else.
    With trusted samples, a `TrustedEstimator` around what the rule picks for the others.

    Attributes
    ----------
    transition_matrix_ : ndarray of shape (n_classes, n_classes)
        The estimated T[i, j] = P(noisy = j | clean = i).

    standard_error_ : ndarray of shape (n_classes, n_classes)
        That of `estimator_`.

    estimator_ : estimator of T
        The one that was picked, fitted.

    Examples
    --------
    >>> import numpy as np
    >>> from sklnoise.transition import AutoEstimator
    >>> y_proba = np.repeat([[0.9, 0.1], [0.2, 0.8]], 10, axis=0)
    >>> y = np.array([0] * 8 + [1] * 2 + [1] * 10)
    >>> AutoEstimator().fit(y_proba, y).estimator_
    AgreementEstimator()
    """

    _uses = ("trusted",)

    def _estimate(self, y_proba, y, sample_weight, *, trusted):
        samples = y_proba, y, sample_weight
        if trusted is not None and trusted.any():
            self.estimator_ = TrustedEstimator(AutoEstimator())
            fit_codes(self.estimator_, *samples, trusted=trusted)
        else:
            frequency = fit_codes(LabelFrequencyEstimator(share=0.05), *samples)
            error = frequency.standard_error_
            if is_dominated(frequency.transition_matrix_, error).any():
                self.estimator_ = frequency
            else:
                self.estimator_ = fit_codes(AgreementEstimator(), *samples)
        return self.estimator_.transition_matrix_, self.estimator_.standard_error_

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
            Transition matrices, drawn by `estimator_`.
        """
        check_is_fitted(self, "transition_matrix_")
        return self.estimator_.draw(n_draws, random_state)


def compare_transition_estimators(
    y_proba,
    y,
    sample_weight=None,
    *,
    estimators=None,
    features=None,
    trusted=None,
    folds=None,
    labels=None,
):
    """Fit several estimators of T to the same samples and tabulate the results.

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
        Are cloned. None takes all that can run on what is given: trusted samples
        and neighbours only where `trusted` and `features` are.

    features : {array-like, sparse matrix} of shape (n_samples, ...), default=None
        Passed on to the estimators that use them.

    trusted : array-like of shape (n_samples,), dtype=bool, default=None
        Passed on to the estimators that use it.

    folds : array-like of shape (n_samples,), default=None
        Passed on to the estimators that use them.

    labels : array-like of shape (n_classes,), default=None
        The class of each column, where some class does not occur in y.

    Returns
    -------
    table : Bunch
        Columns of equal length, which `pandas.DataFrame(table)` takes: `estimator`,
        the names; `noise_rate`, the share of wrong labels; `smallest_diagonal`;
        `condition_number`; `largest_standard_error`, NaN for an estimator without
        `standard_error_`; `disagreement`, the median over the other estimators of the
        L1 distance of a row of T, averaged over the rows (NaN where there is no other);
        `warnings`, one string each, which names classes by their column and is empty
        where nothing is suspicious; and `transition_matrix`, a list of arrays.

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
    ['agreement', 'frequency', 'confident-joint', 'anchor', 'dual']
    >>> table.noise_rate.round(2)
    array([0.15, 0.15, 0.15, 0.15, 0.27])
    """
    if not (estimators is None or isinstance(estimators, dict)):
        raise TypeError(
            "estimators must be a dict from names to estimators of T, or None for all "
            f"that can run on what is given; got {type(estimators).__name__}."
        )
    if estimators is not None and not estimators:
        raise ValueError(
            "estimators must hold at least one estimator of T; got an empty dict. Pass "
            "None for all that can run on what is given."
        )
    y_proba, y, weight = check_proba_and_labels(y_proba, y, sample_weight, labels)
    known = {"features": features, "trusted": trusted, "folds": folds}
    known = check_known(known, len(y))
    if estimators is None:
        estimators = applicable_estimators(
            features=known["features"], trusted=known["trusted"]
        )
    fits = [fit_clone(e, y_proba, y, weight, **known) for e in estimators.values()]

    matrices = np.array([fit.transition_matrix_ for fit in fits])
    noisy = label_mass(y, weight, y_proba.shape[1]) / weight.sum()
    priors = [clean_prior(T, noisy, weight.sum())[0] for T in matrices]
    diagonals = matrices.diagonal(axis1=1, axis2=2)
    conditions = np.linalg.cond(matrices)
    distance = np.abs(matrices[:, np.newaxis] - matrices).sum(axis=3).mean(axis=2)
    others = [np.delete(row, at) for at, row in enumerate(distance)]
    # By the median, one estimate that is far off does not make the others suspicious.
    disagreement = np.array([np.median(o) if len(o) else np.nan for o in others])
    return Bunch(
        estimator=list(estimators),
        noise_rate=(1 - (priors * diagonals).sum(axis=1)).clip(0, 1),
        smallest_diagonal=diagonals.min(axis=1),
        condition_number=conditions,
        largest_standard_error=np.array([standard_error_of(fit).max() for fit in fits]),
        disagreement=disagreement,
        warnings=[
            "; ".join(s) for s in map(suspicions, matrices, conditions, disagreement)
        ],
        transition_matrix=list(matrices),
    )


def applicable_estimators(*, features, trusted):
    """Return the estimators of T that can run on what is given."""
    estimators = {
        "agreement": AgreementEstimator(),
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


def suspicions(transition_matrix, condition, disagreement):
    """Yield what should be looked at before an estimate of T is trusted."""
    T = transition_matrix
    flips = T - np.diag(T.diagonal() + 1)
    for i, j in enumerate(flips.argmax(axis=1)):
        if T[i, i] <= flips[i, j]:
            yield f"class {i} is labelled {j} ({T[i, j]:.2f}) at least as often as {i}"
    for i, j in swappable_pairs(T):
        yield (
            f"classes {i} and {j} are taken for each other ({T[i, j]:.2f} and "
            f"{T[j, i]:.2f}): their names may be swapped"
        )
    if condition > MAX_CONDITION:
        yield f"ill conditioned ({condition:.3g})"
    if disagreement > DISAGREEMENT_THRESHOLD:  # False for NaN
        yield f"far from the other estimates ({disagreement:.2f})"
