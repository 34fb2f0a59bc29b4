"""Learn clean classes from noisy labels, the scikit-learn way."""

from importlib.metadata import version

from sklnoise.classifiers import (
    ConfidentLearningClassifier,
    NoiseCalibratedClassifier,
    NoiseRobustClassifier,
    NoiseRobustConformalClassifier,
)
from sklnoise.issues import find_label_issues, label_quality_scores

__all__ = [
    "ConfidentLearningClassifier",
    "NoiseCalibratedClassifier",
    "NoiseRobustClassifier",
    "NoiseRobustConformalClassifier",
    "__version__",
    "find_label_issues",
    "label_quality_scores",
]

__version__ = version("sklnoise")
