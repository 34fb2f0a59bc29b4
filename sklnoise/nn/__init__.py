"""Torch modules that the classifiers train: nets, which give logits, and encodings."""

from sklnoise.nn._encoding import PiecewiseLinearEncoding, RobustScaling
from sklnoise.nn._images import ConvNet, ResNet
from sklnoise.nn._mlp import MLP
from sklnoise.nn._text import TextEmbeddingNet, TextLSTM

__all__ = [
    "MLP",
    "ConvNet",
    "PiecewiseLinearEncoding",
    "ResNet",
    "RobustScaling",
    "TextEmbeddingNet",
    "TextLSTM",
]
