"""Classifiers that are fitted on noisy labels and predict clean ones."""

from sklnoise.classifiers._confident_learning import ConfidentLearningClassifier
from sklnoise.classifiers._conformal import NoiseRobustConformalClassifier
from sklnoise.classifiers._noise_calibrated import NoiseCalibratedClassifier
from sklnoise.classifiers._noise_robust import NoiseRobustClassifier

__all__ = [
    "ConfidentLearningClassifier",
    "NoiseCalibratedClassifier",
    "NoiseRobustClassifier",
    "NoiseRobustConformalClassifier",
]
