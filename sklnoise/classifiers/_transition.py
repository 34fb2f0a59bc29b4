"""From the parameter `transition` to a known T or to an estimator of it."""

from numbers import Real

import numpy as np
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from sklnoise._matrix import uniform_flips
from sklnoise._validation import check_transition_matrix
from sklnoise.classifiers._correction import needs_transition
from sklnoise.losses import BackwardLoss
from sklnoise.transition import (
    AnchorEstimator,
    ConfidentJointEstimator,
    LabelFrequencyEstimator,
)

TRANSITION_ESTIMATORS = {
    "auto": LabelFrequencyEstimator,
    "anchor": AnchorEstimator,
    "frequency": LabelFrequencyEstimator,
    "confident-joint": ConfidentJointEstimator,
}


def known_transition(transition, n_classes, loss):
    """Return T where it need not be estimated.

    Parameters
    ----------
    transition : str, estimator, float or array-like of shape (n_classes, n_classes)
        The parameter of the classifier.

    n_classes : int
        Number of classes.

    loss : type or torch.nn.Module
        The loss. One that takes no T has the identity; for the backward correction a
        singular T is an error.

    Returns
    -------
    transition_matrix : ndarray of shape (n_classes, n_classes) or None
        None where T has to be estimated.
    """
    if not needs_transition(loss):
        return np.eye(n_classes)
    if isinstance(transition, FrozenEstimator):
        check_is_fitted(transition.estimator, "transition_matrix_")
        transition = transition.estimator.transition_matrix_
    elif isinstance(transition, str) or hasattr(transition, "fit"):
        return None
    elif isinstance(transition, Real):
        return uniform_flips(n_classes, transition)
    invertible = issubclass(loss, BackwardLoss)
    return check_transition_matrix(transition, n_classes, invertible=invertible)


def fit_transition(transition, y_proba, y, sample_weight):
    """Estimate T from the rows that were held out.

    Parameters
    ----------
    transition : str or estimator of T
        A name, or an estimator, which is cloned.

    y_proba : ndarray of shape (n_samples, n_classes)
        Out-of-fold probabilities; NaN where no fold held the row out.

    y : ndarray of shape (n_samples,)
        Label codes.

    sample_weight : ndarray of shape (n_samples,)
        Weights.

    Returns
    -------
    estimator : estimator of T
        Fitted.
    """
    if isinstance(transition, str):
        estimator = TRANSITION_ESTIMATORS[transition]()
    else:
        estimator = clone(transition)
    held_out = ~np.isnan(y_proba).any(axis=1)
    return estimator.fit(y_proba[held_out], y[held_out], sample_weight[held_out])
