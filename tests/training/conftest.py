"""A small problem, and classifiers around nets that are trained in a moment."""

import numpy as np
import pytest
import torch
from skorch import NeuralNetClassifier
from torch import nn

from sklnoise import NoiseRobustClassifier


@pytest.fixture
def table():
    """Samples of four features, and three classes that two of them make."""
    X = np.random.RandomState(0).normal(size=(60, 4))
    return X, (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)


@pytest.fixture
def splits():
    """Three folds of the table."""
    rows = np.arange(60)
    return [(np.setdiff1d(rows, rows[k::3]), rows[k::3]) for k in range(3)]


@pytest.fixture
def plain():
    """Make a module of the user with fixed initial weights."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 3))


@pytest.fixture
def make_net():
    """Make a net for a few epochs of batches, the last of them smaller."""

    def make(module, kind=NeuralNetClassifier, **params):
        defaults = {
            "optimizer": torch.optim.Adam,
            "max_epochs": 3,
            "batch_size": 9,
            "lr": 0.02,
            "train_split": None,
            "verbose": 0,
        }
        return kind(module, **(defaults | params))

    return make


@pytest.fixture
def make_clf(splits):
    """Make a classifier with three folds, a first pass and a refit."""

    def make(net=None, **params):
        defaults = {"transition": "frequency", "cv": splits, "device": "cpu"}
        return NoiseRobustClassifier(net, **(defaults | {"random_state": 0} | params))

    return make


@pytest.fixture
def two_threads():
    """Let torch use two threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)
