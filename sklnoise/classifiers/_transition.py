"""From the parameter `transition` to a known T or to an estimator of it."""

from numbers import Real

import numpy as np
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from sklnoise._compat import set_random_states
from sklnoise._transition_matrix import uniform_flips
from sklnoise._validation import check_transition_matrix
from sklnoise.classifiers._correction import needs_transition, own_transition
from sklnoise.transition import (
    AnchorEstimator,
    AutoEstimator,
    BaseTransitionEstimator,
    ClusterabilityEstimator,
    ConfidentJointEstimator,
    ConfusionEstimator,
    DualTransitionEstimator,
    LabelFrequencyEstimator,
    TrustedEstimator,
)

TRANSITION_ESTIMATORS = {
    "auto": AutoEstimator(),
    "anchor": AnchorEstimator(),
    "frequency": LabelFrequencyEstimator(),
    "confident-joint": ConfidentJointEstimator(),
    "confusion": ConfusionEstimator(),
    "dual": DualTransitionEstimator(),
    "trusted": TrustedEstimator(AutoEstimator()),
    "clusterability": ClusterabilityEstimator(),
}


def known_transition(transition, n_classes, loss):
    """Return T where it need not be estimated."""
    if not needs_transition(loss):
        return own_transition(loss, n_classes)
    if isinstance(transition, FrozenEstimator):
        check_is_fitted(transition.estimator, "transition_matrix_")
        transition = transition.estimator.transition_matrix_
    elif isinstance(transition, str) or hasattr(transition, "fit"):
        return None
    elif isinstance(transition, Real):
        return uniform_flips(n_classes, transition)
    return check_transition_matrix(transition, n_classes)


def new_estimator(transition):
    """Return the estimator of T that is meant."""
    if isinstance(transition, str):
        transition = TRANSITION_ESTIMATORS[transition]
    return clone(transition)


def standard_error_of(estimator, n_classes):
    """Return the standard error of an estimate of T, as far as it is known."""
    return getattr(estimator, "standard_error_", np.zeros((n_classes, n_classes)))


def wanted_features(estimator):
    """Tell which features an estimator of T wants to be handed."""
    for name, value in estimator.get_params().items():
        if name.split("__")[-1] == "space":
            return value
    return None


def fit_transition(estimator, first_pass, data, trusted, seed):
    """Estimate T from the rows that were held out."""
    set_random_states(estimator, seed)
    held_out = ~np.isnan(first_pass.y_proba).any(axis=1)
    known = {}
    if trusted.any():
        known["trusted"] = trusted
    if first_pass.features is not None:
        known |= {"features": first_pass.features, "folds": first_pass.folds}
    elif wanted_features(estimator):
        known["features"] = data.X
    if not isinstance(estimator, BaseTransitionEstimator):
        held_out, known = held_out & ~trusted, {}
    estimator.fit(
        first_pass.y_proba[held_out],
        data.y[held_out],
        data.sample_weight[held_out],
        **{name: array[held_out] for name, array in known.items()},
    )
    return estimator.estimator_ if isinstance(estimator, AutoEstimator) else estimator
