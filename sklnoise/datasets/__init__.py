"""Data with noisy labels: transition matrices, label corruption, loaders."""

from sklnoise.datasets._cifar100 import fetch_cifar100
from sklnoise.datasets._instance import make_instance_dependent_labels
from sklnoise.datasets._loaders import (
    fetch_cifar10,
    fetch_imdb,
    fetch_mnist,
    load_noisy_digits,
)
from sklnoise.datasets._noise import make_noisy_labels, make_transition_matrix

__all__ = [
    "fetch_cifar10",
    "fetch_cifar100",
    "fetch_imdb",
    "fetch_mnist",
    "load_noisy_digits",
    "make_instance_dependent_labels",
    "make_noisy_labels",
    "make_transition_matrix",
]
