"""Torch modules that the classifiers train; each gives logits."""

from sklnoise.nn._mlp import MLP

__all__ = ["MLP"]
