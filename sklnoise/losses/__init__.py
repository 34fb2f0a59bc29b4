"""Criteria on logits that learn clean classes from noisy labels."""

from sklnoise.losses._adaptation import (
    ComplexAdaptationLoss,
    SimpleAdaptationLoss,
    SparseAdaptationLoss,
)
from sklnoise.losses._annotators import AnnotatorForwardLoss
from sklnoise.losses._correction import BackwardLoss, ForwardLoss, ReweightedLoss
from sklnoise.losses._early_learning import EarlyLearningLoss
from sklnoise.losses._robust import (
    ClippedCrossEntropyLoss,
    GeneralizedCrossEntropyLoss,
    HardBootstrappingLoss,
    LabelSmoothingLoss,
    MeanAbsoluteErrorLoss,
    SavageLoss,
    SigmoidLoss,
    SoftBootstrappingLoss,
    UnhingedLoss,
)

__all__ = [
    "AnnotatorForwardLoss",
    "BackwardLoss",
    "ClippedCrossEntropyLoss",
    "ComplexAdaptationLoss",
    "EarlyLearningLoss",
    "ForwardLoss",
    "GeneralizedCrossEntropyLoss",
    "HardBootstrappingLoss",
    "LabelSmoothingLoss",
    "MeanAbsoluteErrorLoss",
    "ReweightedLoss",
    "SavageLoss",
    "SigmoidLoss",
    "SimpleAdaptationLoss",
    "SoftBootstrappingLoss",
    "SparseAdaptationLoss",
    "UnhingedLoss",
]
