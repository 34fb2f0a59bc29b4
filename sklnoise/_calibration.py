"""Calibration of held-out probabilities for clean labels, from noisy labels and T.

The likelihood of a noisy label is that of the noise after the clean posterior,
`(softmax(z) T)[y]`: a proper score, whose best z is that of the clean labels.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq, minimize, minimize_scalar
from scipy.special import logsumexp, softmax
from sklearn.isotonic import IsotonicRegression

from sklnoise._validation import check_invertible

# Logits are logarithms of probabilities, of which those below are rounding.
MIN_PROBABILITY = 1e-7

# Temperatures and scales of classes are searched for between 1/64 and 64.
LOG_LIMIT = np.log(64.0)
N_TRIED = 17

# Of the normal priors on log-scales and biases, which count as one sample, and without
# which no temperature would be best where all labels are predicted or nothing is known.
PRIOR_SD = 2.0


@dataclass(frozen=True, eq=False)
class TemperatureScaling:
    """`softmax(log p / temperature)`; no class changes its rank."""

    temperature: float = 1.0

    @classmethod
    def fit(cls, y_proba, y, sample_weight, transition_matrix):
        """Search for the temperature by which the noisy labels are most likely."""
        of_label = log_of_label(y, transition_matrix)
        return cls.fit_to_evidence(y_proba, of_label, sample_weight)

    @classmethod
    def fit_to_evidence(cls, y_proba, of_label, sample_weight):
        """Search for it by how often each class gives what was said of each sample."""
        objective = make_objective(of_label, sample_weight)
        logits = log_proba(y_proba)

        def negative_likelihood(log_temperature):
            inverse = np.exp(-log_temperature)
            value, slope = objective(logits * inverse)
            by_temperature = -inverse * np.einsum("ij,ij->", slope, logits)
            return (
                value + 0.5 * np.square(log_temperature / PRIOR_SD),
                by_temperature + log_temperature / PRIOR_SD**2,
            )

        return cls(float(np.exp(minimize_smooth(negative_likelihood))))

    def calibrate(self, y_proba):
        """Return calibrated probabilities."""
        return softmax(log_proba(y_proba) / self.temperature, axis=1)


@dataclass(frozen=True, eq=False)
class VectorScaling:
    """`softmax(scale * log p + bias)`, with a positive scale and a bias per class."""

    scale: np.ndarray
    bias: np.ndarray

    @classmethod
    def fit(cls, y_proba, y, sample_weight, transition_matrix):
        """Search for the scales and biases, from the best temperature on."""
        of_label = log_of_label(y, transition_matrix)
        objective = make_objective(of_label, sample_weight)
        logits, n_classes = log_proba(y_proba), y_proba.shape[1]
        start = TemperatureScaling.fit(y_proba, y, sample_weight, transition_matrix)
        center = np.zeros(2 * n_classes)
        center[:n_classes] = -np.log(start.temperature)

        def negative_likelihood(params):
            scale, bias = np.exp(params[:n_classes]), params[n_classes:]
            value, slope = objective(logits * scale + bias)
            of_scale = scale * np.einsum("ij,ij->j", slope, logits)
            distance = (params - center) / PRIOR_SD
            return (
                value + 0.5 * distance @ distance,
                np.append(of_scale, slope.sum(axis=0)) + distance / PRIOR_SD,
            )

        # Without limits the line search can try scales that overflow.
        limits = [(-LOG_LIMIT, LOG_LIMIT)] * n_classes + [(None, None)] * n_classes
        found = minimize(
            negative_likelihood, center, jac=True, method="L-BFGS-B", bounds=limits
        ).x
        return cls(np.exp(found[:n_classes]), found[n_classes:])

    def calibrate(self, y_proba):
        """Return calibrated probabilities."""
        return softmax(log_proba(y_proba) * self.scale + self.bias, axis=1)


@dataclass(frozen=True, eq=False)
class IsotonicScaling:
    """A monotone curve per class, normalised."""

    curves: tuple

    @classmethod
    def fit(cls, y_proba, y, sample_weight, transition_matrix):
        """Fit each class to `inv(T)[y, k]`, whose mean is that of `clean == k`."""
        check_invertible(transition_matrix, 'Use method="temperature".')
        targets = np.linalg.inv(transition_matrix)[y]
        if not len(y):  # the diagonal
            y_proba = targets = np.repeat([[0.0], [1.0]], y_proba.shape[1], axis=1)
            sample_weight = np.ones(2)
        return cls(
            tuple(
                # Bounds clip the curve, not the targets, which would then be biased.
                IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(
                    scores, target, sample_weight
                )
                for scores, target in zip(y_proba.astype(np.float64).T, targets.T)
            )
        )

    def calibrate(self, y_proba):
        """Return calibrated probabilities; those given where all curves are 0."""
        y_proba = y_proba.astype(np.float64)
        found = [curve.predict(p) for curve, p in zip(self.curves, y_proba.T)]
        found = np.stack(found, axis=1)
        mass = found.sum(axis=1, keepdims=True)
        return np.divide(found, mass, out=y_proba, where=mass > 0)


CALIBRATIONS = {
    "temperature": TemperatureScaling,
    "vector": VectorScaling,
    "isotonic": IsotonicScaling,
}


def log_proba(y_proba):
    """Return logits of probabilities, in double precision."""
    return np.log(np.maximum(y_proba, MIN_PROBABILITY, dtype=np.float64))


def make_objective(of_label, sample_weight):
    """Return the negative log-likelihood of noisy labels, with its slope, of logits."""

    def objective(logits):
        log_clean, joint, likelihood = likelihood_of(logits, of_label)
        slope = np.exp(log_clean) - np.exp(joint - likelihood[:, np.newaxis])
        slope *= sample_weight[:, np.newaxis]
        return -sample_weight @ likelihood, slope

    return objective


def log_of_label(y, transition_matrix):
    """Return the logarithms of how often each class gives the label of each sample."""
    with np.errstate(divide="ignore"):
        of_label = np.log(transition_matrix.T)[y]
    # Labels that T calls impossible for every class say nothing of the class.
    of_label[~(of_label > -np.inf).any(axis=1)] = 0.0
    return of_label


def likelihood_of(logits, of_label):
    """Return log-probabilities of classes, those jointly with the label, and of it."""
    log_clean = logits - logsumexp(logits, axis=1, keepdims=True)
    joint = log_clean + of_label
    return log_clean, joint, logsumexp(joint, axis=1)


def log_likelihood(y_proba, y, transition_matrix):
    """Return the log-likelihood of each noisy label, given clean probabilities."""
    return log_evidence(y_proba, log_of_label(y, transition_matrix))


def log_evidence(y_proba, of_label):
    """Return the log-likelihood of what was said of each sample."""
    return likelihood_of(log_proba(y_proba), of_label)[2]


def minimize_smooth(function):
    """Find the log-temperature of the least value, by values and slopes.

    The likelihood can have several minima where there is noise, so a grid comes first.
    """
    tried = np.linspace(-LOG_LIMIT, LOG_LIMIT, N_TRIED)
    best = int(np.argmin([function(point)[0] for point in tried]))
    low, high = tried[max(best - 1, 0)], tried[min(best + 1, N_TRIED - 1)]

    def slope(point):
        return function(point)[1]

    if slope(low) < 0 < slope(high):
        return brentq(slope, low, high, xtol=1e-13)
    return minimize_scalar(
        lambda point: function(point)[0],
        bounds=(low, high),
        method="bounded",
        options={"xatol": 1e-9},
    ).x
