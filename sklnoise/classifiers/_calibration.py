"""Calibration of a classifier by what it predicts of samples that it has not seen."""

from dataclasses import dataclass, replace

import numpy as np

from sklnoise._calibration import CALIBRATIONS, TemperatureScaling, log_likelihood
from sklnoise._containers import innermost
from sklnoise._transition_matrix import is_identity, mix_with_identity
from sklnoise.classifiers._correction import as_loss, stable_identity_weight
from sklnoise.classifiers._transition import (
    Transition,
    estimate_transition,
    known_transition,
)
from sklnoise.issues import clean_posterior
from sklnoise.issues._transition import shrink_estimate


@dataclass(frozen=True, eq=False)
class Calibration:
    """From the probabilities of a classifier to those of the clean classes.

    Where `noisy_scaling` is known the probabilities are read as those of noisy labels,
    which are calibrated first, and from which the clean ones are solved for.
    """

    transition_matrix: np.ndarray
    noisy_scaling: TemperatureScaling | None = None
    scaling: object = None

    def read(self, y_proba):
        """Return clean probabilities that are not calibrated yet."""
        if self.noisy_scaling is None:
            return y_proba
        noisy = self.noisy_scaling.calibrate(y_proba)
        return clean_posterior(noisy, self.transition_matrix)

    def apply(self, y_proba):
        """Return calibrated clean probabilities."""
        return self.scaling.calibrate(self.read(y_proba))


def calibrate_held_out(method, y_proba, y, sample_weight, transition_matrix):
    """Calibrate held-out probabilities, read as those that predict noisy labels best."""
    T = transition_matrix
    readings = [Calibration(T)]
    if not is_identity(T):
        noisy = TemperatureScaling.fit(y_proba, y, sample_weight, np.eye(len(T)))
        readings.append(Calibration(T, noisy))
    fitted, likelihoods = [], []
    for reading in readings:
        clean = reading.read(y_proba)
        scaling = CALIBRATIONS[method].fit(clean, y, sample_weight, T)
        fitted.append(Calibration(T, reading.noisy_scaling, scaling))
        calibrated = scaling.calibrate(clean)
        likelihoods.append(log_likelihood(calibrated, y, sample_weight, T))
    return fitted[int(np.argmax(likelihoods))]


def given_transition(transition, classes):
    """Return the T that the parameter `transition` gives, None if it is estimated."""
    return known_transition(transition, as_loss("forward"), classes)


def own_transition(fitted, classes):
    """Return the T of a classifier that predicts clean classes, None if it has none."""
    classifier = innermost(fitted)
    T = getattr(classifier, "transition_matrix_", None)
    if T is None or not hasattr(classifier, "predict_noisy_proba"):
        return None
    # Without a T of its own a classifier has learned the noisy labels.
    says_nothing = getattr(classifier, "transition_estimator_", T) is None
    if T.shape != (len(classes),) * 2 or (is_identity(T) and says_nothing):
        return None
    return T


def resolve_transition(transition, own, first_pass, data, seed):
    """Return T, that of the classifier or an estimate from held-out noisy posteriors."""
    is_auto = isinstance(transition, str) and transition == "auto"
    if own is not None and is_auto:
        return Transition(own, np.zeros_like(own))
    found = estimate_transition(transition, first_pass, data, seed)
    rows = data.rows[first_pass.is_held_out[data.rows]]
    if not is_auto or not len(rows):
        return found
    mass = np.bincount(data.y[rows], data.sample_weight[rows], minlength=data.n_classes)
    T = shrink_estimate(found.matrix, found.standard_error, mass)
    return replace(found, matrix=T)


def make_invertible(transition):
    """Mix an estimate of T with the identity as far as its inverse needs it."""
    if transition.estimator is None:
        return transition
    T = transition.matrix
    return replace(transition, matrix=mix_with_identity(T, stable_identity_weight(T)))
