"""Calibration of a classifier by what it predicts of samples that it has not seen."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy.stats import chi2

from sklnoise._calibration import (
    CALIBRATIONS,
    TemperatureScaling,
    log_evidence,
    log_likelihood,
    log_of_label,
)
from sklnoise._containers import innermost
from sklnoise._held_out import CHANCE, mean_with_error
from sklnoise._transition_matrix import is_identity, mix_with_identity
from sklnoise.classifiers._correction import (
    as_loss,
    has_memory,
    loss_class,
    min_identity_weight,
    stable_identity_weight,
)
from sklnoise.classifiers._transition import (
    Transition,
    can_draw,
    estimate_transition,
    known_transition,
)
from sklnoise.issues import clean_posterior
from sklnoise.issues._transition import shrink_estimate
from sklnoise.losses import EarlyLearningLoss, ForwardLoss
from sklnoise.losses._annotators import EvidenceLoss, EvidenceMemoryLoss
from sklnoise.training import predict_proba

# Share of the logarithm of a temperature that the mean of several nets with a memory
# needs, measured on tables and images.
SHARE_OF_SEVERAL = 0.7

# Draws of an estimate of T, over which calibrated probabilities are averaged.
N_DRAWS = 10

# Log-likelihood that one more parameter gains by chance in one of a hundred cases.
MIN_GAIN = chi2.isf(0.01, df=1) / 2


class MeanCalibration(NamedTuple):
    """The calibrations by T itself, and by draws of it, whose mean is predicted."""

    by_estimate: object
    by_draws: list

    def apply(self, y_proba):
        """Return calibrated clean probabilities."""
        each = self.by_draws or [self.by_estimate]
        return sum(one.apply(y_proba) for one in each) / len(each)


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
    """Calibrate held-out probabilities, read as those that predict noisy labels best.

    They are read as clean ones unless the other reading is better than by chance: it
    fits any noisy posterior, and is certain where T is wrong.
    """
    T = transition_matrix

    def fit(noisy_scaling=None):
        reading = Calibration(T, noisy_scaling)
        clean = reading.read(y_proba)
        scaling = CALIBRATIONS[method].fit(clean, y, sample_weight, T)
        likelihood = log_likelihood(scaling.calibrate(clean), y, T)
        return replace(reading, scaling=scaling), likelihood

    if not len(y):
        scaling = CALIBRATIONS[method].fit(y_proba, y, sample_weight, T)
        return Calibration(T, scaling=scaling)
    direct, likelihood = fit()
    if is_identity(T):
        return direct
    noisy = TemperatureScaling.fit(y_proba, y, sample_weight, np.eye(len(T)))
    solved, other = fit(noisy)
    gain, error = mean_with_error(other - likelihood, sample_weight)
    return solved if gain > CHANCE * error else direct


def calibrate_by_draws(method, y_proba, y, sample_weight, transition, seed):
    """Calibrate held-out probabilities by T, and by draws of it where it is estimated.

    A single estimate that is wrong makes the probabilities far too certain.
    """
    known = [y_proba, y, sample_weight]
    by_estimate = calibrate_held_out(method, *known, transition.matrix)
    draws = []
    if can_draw(transition.estimator) and not is_identity(transition.matrix):
        draws = transition.estimator.draw(N_DRAWS, random_state=seed)
    if method == "isotonic":
        draws = [mix_with_identity(T, min_identity_weight(T)) for T in draws]
    by_draws = [calibrate_held_out(method, *known, T) for T in draws]
    return MeanCalibration(by_estimate, by_draws)


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
    rows = data.rows[first_pass.is_held_out[data.rows]]
    if not len(rows):
        return Transition.identity(data.n_classes)
    found = estimate_transition(transition, first_pass, data, seed)
    if not is_auto:
        return found
    mass = np.bincount(data.y[rows], data.sample_weight[rows], minlength=data.n_classes)
    return replace(found, matrix=shrink_estimate(found.estimator, found.matrix, mass))


def make_invertible(transition):
    """Mix an estimate of T with the identity as far as its inverse needs it."""
    if transition.estimator is None:
        return transition
    T = transition.matrix
    return replace(transition, matrix=mix_with_identity(T, stable_identity_weight(T)))


def refit_temperature(fitted, data, splits, correction, transition, n_nets):
    """Return the temperature of a refit, by held-out samples of the nets before it.

    These have learned with the same T, and cost nothing more. It is 1 where there are
    none, or where another one is not better by more than chance.
    """
    is_em = isinstance(correction, str) and correction == "em"
    loss = as_loss("none" if is_em else correction)
    # An identity that nobody has given says that T could not be estimated.
    knows_noise = transition.is_known or not transition.is_identity
    made_by = loss_class(loss) or type(loss)
    has_t = made_by in (ForwardLoss, EarlyLearningLoss)
    if made_by in (EvidenceLoss, EvidenceMemoryLoss):
        has_t = knows_noise = True
    if not fitted or not has_t or not knows_noise:
        return 1.0
    T, splits = transition.matrix, splits[: len(fitted)]
    nets = zip(fitted, splits, strict=True)
    y_proba = np.concatenate(
        [predict_proba(net, data.X, test) for net, (_, test) in nets]
    )
    rows = np.concatenate([test for _, test in splits])
    weight = np.where(data.trusted, 0, data.sample_weight)[rows]
    if data.of_answers is None:
        of_label = log_of_label(data.y[rows], T)
    else:
        of_label = data.of_answers[rows].astype(np.float64)
    scaling = TemperatureScaling.fit_to_evidence(y_proba, of_label, weight)
    better = log_evidence(scaling.calibrate(y_proba), of_label)
    gain = weight @ (better - log_evidence(y_proba, of_label))
    if gain <= MIN_GAIN:
        return 1.0
    if n_nets == 1 or scaling.temperature < 1:
        return scaling.temperature
    # The mean of several nets is less certain than each of them, and needs less or none.
    return scaling.temperature**SHARE_OF_SEVERAL if has_memory(loss) else 1.0


def apply_temperature(y_proba, temperature):
    """Return calibrated probabilities; those given where the temperature is 1."""
    if temperature == 1:
        return y_proba
    return TemperatureScaling(temperature).calibrate(y_proba).astype(y_proba.dtype)
