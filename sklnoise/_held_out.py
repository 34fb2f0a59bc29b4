"""What held-out predictions say of the labels, and whether it is more than chance."""

from typing import NamedTuple

import numpy as np

# Standard errors that a difference must exceed to be more than chance.
CHANCE = 2

MIN_LIKELIHOOD = np.finfo(np.float32).eps


class FirstPassGain(NamedTuple):
    """What predictions gain over class frequencies, in the mean, with standard errors."""

    accuracy: float  # over always predicting the most frequent label
    accuracy_error: float
    log_likelihood: float  # over always predicting the frequencies
    log_likelihood_error: float

    @property
    def is_beyond_chance(self):
        """Whether the predictions have learned anything.

        Where a class is rare, the accuracy need not show it; where predictions are
        overconfident, the likelihood need not.
        """
        return (
            self.accuracy > CHANCE * self.accuracy_error
            or self.log_likelihood > CHANCE * self.log_likelihood_error
        )


def measure_gain(y_proba, y, sample_weight):
    """Compare the predictions for held-out samples with the frequencies of labels."""
    frequency = np.bincount(y, weights=sample_weight, minlength=y_proba.shape[1])
    by_chance = frequency.argmax() == y
    right = (y_proba.argmax(axis=1) == y).astype(float) - by_chance
    likelihood = y_proba[np.arange(len(y)), y].clip(MIN_LIKELIHOOD)
    gain = np.log(likelihood / (frequency / frequency.sum())[y].clip(MIN_LIKELIHOOD))
    return FirstPassGain(
        *mean_with_error(right, sample_weight), *mean_with_error(gain, sample_weight)
    )


def mean_with_error(values, sample_weight):
    """Return the weighted mean over the last axis, with its standard error."""
    mean = np.average(values, axis=-1, weights=sample_weight)
    deviation = np.square(values - mean[..., np.newaxis])
    variance = np.average(deviation, axis=-1, weights=sample_weight)
    return mean, np.sqrt(variance / sample_weight.sum())
