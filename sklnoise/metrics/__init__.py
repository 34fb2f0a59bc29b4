"""Scores that mean something on noisy labels."""

from sklnoise.metrics._classification import (
    noise_corrected_accuracy_score,
    noise_corrected_confusion_matrix,
)
from sklnoise.metrics._likelihood_scorer import noisy_log_likelihood_scorer
from sklnoise.metrics._scorer import make_noise_corrected_scorer
from sklnoise.metrics._transition_error import transition_error

__all__ = [
    "make_noise_corrected_scorer",
    "noise_corrected_accuracy_score",
    "noise_corrected_confusion_matrix",
    "noisy_log_likelihood_scorer",
    "transition_error",
]
