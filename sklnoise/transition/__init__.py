"""Estimators of the transition matrix T from held-out probabilities and noisy labels."""

from sklnoise.transition._anchor import AnchorEstimator
from sklnoise.transition._base import BaseTransitionEstimator
from sklnoise.transition._confident import ConfidentJointEstimator
from sklnoise.transition._frequency import LabelFrequencyEstimator

__all__ = [
    "AnchorEstimator",
    "BaseTransitionEstimator",
    "ConfidentJointEstimator",
    "LabelFrequencyEstimator",
]
