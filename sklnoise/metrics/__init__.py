"""Scores that mean something on noisy labels."""

from sklnoise.metrics._calibration import noise_corrected_calibration_error
from sklnoise.metrics._classification import (
    noise_corrected_accuracy_score,
    noise_corrected_confusion_matrix,
)
from sklnoise.metrics._compare import compare_models
from sklnoise.metrics._instance_dependence import instance_dependence_test
from sklnoise.metrics._likelihood_scorer import noisy_log_likelihood_scorer
from sklnoise.metrics._probabilities import (
    noise_corrected_brier_score_loss,
    noise_corrected_coverage_score,
    noise_corrected_log_loss,
    noise_corrected_top_k_accuracy_score,
)
from sklnoise.metrics._ranking import (
    noise_corrected_average_precision_score,
    noise_corrected_roc_auc_score,
)
from sklnoise.metrics._ratios import (
    noise_corrected_balanced_accuracy_score,
    noise_corrected_f1_score,
)
from sklnoise.metrics._scorer import make_noise_corrected_scorer
from sklnoise.metrics._transition_error import transition_error

__all__ = [
    "compare_models",
    "instance_dependence_test",
    "make_noise_corrected_scorer",
    "noise_corrected_accuracy_score",
    "noise_corrected_average_precision_score",
    "noise_corrected_balanced_accuracy_score",
    "noise_corrected_brier_score_loss",
    "noise_corrected_calibration_error",
    "noise_corrected_confusion_matrix",
    "noise_corrected_coverage_score",
    "noise_corrected_f1_score",
    "noise_corrected_log_loss",
    "noise_corrected_roc_auc_score",
    "noise_corrected_top_k_accuracy_score",
    "noisy_log_likelihood_scorer",
    "transition_error",
]
