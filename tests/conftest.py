"""Data and networks that the tests share."""

import numpy as np
import pytest
import torch
from sklearn.datasets import make_blobs
from skorch import NeuralNetClassifier

from sklnoise.datasets import make_noisy_labels, make_transition_matrix
from sklnoise.nn import MLP


@pytest.fixture
def quick_net():
    """A small network that learns blobs in a blink."""
    return NeuralNetClassifier(
        MLP,
        module__hidden=8,
        optimizer=torch.optim.Adam,
        lr=0.02,
        max_epochs=40,
        batch_size=256,
        train_split=None,
        verbose=0,
    )


@pytest.fixture
def noisy_blobs():
    """Three blobs, 40 % of the labels flipped to the next one: X, y_noisy, y, T."""
    X, y = make_blobs(240, centers=[[0, 0], [7, 0], [0, 7]], random_state=0)
    T = make_transition_matrix("pair", 3, 0.4)
    return X, make_noisy_labels(y, T, random_state=0), y, T


@pytest.fixture
def rng():
    """A generator of its own for each test."""
    return np.random.RandomState(0)
