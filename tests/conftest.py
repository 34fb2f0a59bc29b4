"""Data and networks that the tests share."""

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.datasets import load_wine, make_blobs
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetClassifier

from sklnoise import NoiseRobustClassifier
from sklnoise.datasets import make_noisy_labels, make_transition_matrix
from sklnoise.nn import MLP


def pytest_addoption(parser):
    group = parser.getgroup("fuzz", "sklnoise: tests/test_fuzz.py")
    group.addoption(
        "--fuzz-examples",
        type=int,
        help="calls, and fits, at random; the same few hundred every time without it",
    )
    group.addoption("--fuzz-report", type=Path, help="file for counts and failures")


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


@pytest.fixture(scope="session")
def noisy_wine():
    """Wines, five labels of which are wrong: X, y, out-of-fold probabilities."""

    X, y = load_wine(return_X_y=True)
    wrong = np.array([3, 40, 70, 100, 150])
    y[wrong] = (y[wrong] + 1) % 3
    model = make_pipeline(StandardScaler(), LogisticRegression())
    return X, y, cross_val_predict(model, X, y, cv=5, method="predict_proba")


@pytest.fixture(scope="session")
def named_wine(noisy_wine):
    """Scaled wines and the names of their classes, five of them wrong."""

    X, y, _ = noisy_wine
    return StandardScaler().fit_transform(X), np.array(["red", "white", "rosé"])[y]


@pytest.fixture(scope="session")
def fitted_wine(named_wine):
    """A classifier with folds, fitted to these wines."""

    first_pass = LogisticRegression()
    clf = NoiseRobustClassifier(first_pass=first_pass, cv=3, random_state=0)
    return clf.fit(*named_wine)


@pytest.fixture(scope="session")
def learned_wine(named_wine):
    """A classifier without folds, fitted to these wines."""

    return NoiseRobustClassifier(transition=0.05, random_state=0).fit(*named_wine)
