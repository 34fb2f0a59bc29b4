"""Data with noisy labels: transition matrices, label corruption, loaders."""

from sklnoise.datasets._digits import load_noisy_digits
from sklnoise.datasets._noise import make_noisy_labels, make_transition_matrix

__all__ = ["load_noisy_digits", "make_noisy_labels", "make_transition_matrix"]
