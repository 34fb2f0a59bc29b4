"""Estimators of the transition matrix T from held-out probabilities and noisy labels."""

from sklnoise.transition._agreement import AgreementEstimator
from sklnoise.transition._anchor import AnchorEstimator, DualTransitionEstimator
from sklnoise.transition._base import BaseTransitionEstimator
from sklnoise.transition._clusterability import ClusterabilityEstimator
from sklnoise.transition._compare import AutoEstimator, compare_transition_estimators
from sklnoise.transition._confusion import ConfidentJointEstimator, ConfusionEstimator
from sklnoise.transition._constrained import ConstrainedEstimator
from sklnoise.transition._draws import draw_transition_matrices
from sklnoise.transition._frequency import LabelFrequencyEstimator
from sklnoise.transition._trusted import TrustedEstimator, transition_matrix_from_labels
from sklnoise.transition._uncertainty import bootstrap_transition

__all__ = [
    "AgreementEstimator",
    "AnchorEstimator",
    "AutoEstimator",
    "BaseTransitionEstimator",
    "ClusterabilityEstimator",
    "ConfidentJointEstimator",
    "ConfusionEstimator",
    "ConstrainedEstimator",
    "DualTransitionEstimator",
    "LabelFrequencyEstimator",
    "TrustedEstimator",
    "bootstrap_transition",
    "compare_transition_estimators",
    "draw_transition_matrices",
    "transition_matrix_from_labels",
]
