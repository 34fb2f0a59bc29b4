"""Criteria on logits that learn clean classes from noisy labels."""

from sklnoise.losses._adaptation import SimpleAdaptationLoss
from sklnoise.losses._adaptation_complex import ComplexAdaptationLoss
from sklnoise.losses._adaptation_sparse import SparseAdaptationLoss
from sklnoise.losses._bootstrapping import HardBootstrappingLoss, SoftBootstrappingLoss
from sklnoise.losses._correction import BackwardLoss, ForwardLoss
from sklnoise.losses._generalized import (
    GeneralizedCrossEntropyLoss,
    MeanAbsoluteErrorLoss,
)
from sklnoise.losses._margin import SavageLoss, SigmoidLoss, UnhingedLoss
from sklnoise.losses._reweighting import ReweightedLoss
from sklnoise.losses._smoothing import ClippedCrossEntropyLoss, LabelSmoothingLoss

__all__ = [
    "BackwardLoss",
    "ClippedCrossEntropyLoss",
    "ComplexAdaptationLoss",
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
