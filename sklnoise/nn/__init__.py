"""Torch modules that the classifiers train; each gives logits."""

from sklnoise.nn._images import ConvNet, ResNet
from sklnoise.nn._mlp import MLP
from sklnoise.nn._text import TextEmbeddingNet, TextLSTM

__all__ = ["MLP", "ConvNet", "ResNet", "TextEmbeddingNet", "TextLSTM"]
