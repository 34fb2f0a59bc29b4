"""Criteria on logits that learn clean classes from noisy labels."""

from sklnoise.losses._adaptation import SimpleAdaptationLoss
from sklnoise.losses._correction import BackwardLoss, ForwardLoss

__all__ = ["BackwardLoss", "ForwardLoss", "SimpleAdaptationLoss"]
