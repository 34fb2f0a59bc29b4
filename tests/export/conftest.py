"""Fitted classifiers to be stored."""

import numpy as np
import pytest
from sklearn.datasets import make_blobs

from sklnoise import NoiseRobustClassifier


@pytest.fixture(scope="session")
def blobs():
    """Three blobs with named classes, some of the labels wrong."""
    X, y = make_blobs(240, centers=[[0, 0], [7, 0], [0, 7]], random_state=0)
    y[::10] = (y[::10] + 1) % 3
    return X.astype(np.float32), np.array(["cat", "dog", "eel"])[y]


@pytest.fixture(scope="session")
def fitted(blobs):
    """The default classifier, with folds and several networks."""
    return NoiseRobustClassifier(n_estimators=3, random_state=0).fit(*blobs)


@pytest.fixture(scope="session")
def small(blobs):
    """A small classifier without folds."""
    clf = NoiseRobustClassifier(transition=0.1, n_estimators=1, random_state=0)
    clf.set_params(estimator__module__hidden=4, estimator__max_epochs=5)
    return clf.fit(*blobs)
